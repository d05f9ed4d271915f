"""get_workflow_state and transition_state: what the buttons of a form offer, to whom and when."""

from odoo.tests import TransactionCase, new_test_user, tagged

from ..toolsets.tool import ToolError


@tagged("post_install", "-at_install")
class TestToolsetWorkflow(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "flow_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.tools = cls.env["mcp.toolset.workflow"].with_user(cls.user)
        cls.order = cls.env["x.mcp.test.order"].with_user(cls.user).create({"name": "S1"})

    def state(self, tools=None):
        return (self.tools if tools is None else tools).get_workflow_state("x.mcp.test.order", self.order.id)

    def names(self, tools=None):
        return [transition.name for transition in self.state(tools).transitions if not transition.wizard]

    def move(self, transition):
        return self.tools.transition_state("x.mcp.test.order", self.order.id, transition)

    def refused(self, words, transition):
        with self.assertRaises(ToolError) as caught:
            self.move(transition)
        self.assertIn(words, str(caught.exception))
        return str(caught.exception)

    def test_the_state_its_steps_and_the_transitions(self):
        """FEATURES T4."""
        found = self.state()
        self.assertEqual((found.state.field, found.state.value, found.state.label), ("state", "draft", "Draft"))
        self.assertEqual([step.value for step in found.steps], ["draft", "confirmed", "done", "cancel"])
        self.assertEqual([step.label for step in found.steps if step.current], ["Draft"])
        self.assertFalse(found.settable)
        self.assertEqual(self.names(), ["action_confirm", "action_cancel", "action_vanish"])
        confirm = found.transitions[0]
        self.assertEqual((confirm.label, confirm.confirm), ("Confirm", "Confirm this order?"))
        [export] = [transition for transition in found.transitions if transition.wizard]
        self.assertEqual((export.label, export.wizard), ("Export", "base.language.export"))

    def test_a_transition_runs_with_the_context_of_its_button(self):
        result = self.move("action_confirm")
        self.assertEqual((result.state_before.label, result.state_after.label), ("Draft", "Confirmed"))
        self.assertEqual((self.order.state, self.order.note), ("confirmed", "S1"))
        self.assertEqual(self.names(), ["action_done", "action_cancel", "action_vanish"])
        self.assertIn("action_confirm", self.order.message_ids[0].body)
        self.assertEqual(self.move("mark done").state_after.value, "done")

    def test_only_what_is_offered_in_this_state_runs(self):
        """Hidden by its own condition, by what it stands in, by a condition that cannot be judged."""
        text = self.refused("Its state is Draft", "action_done")
        self.assertIn("action_confirm (Confirm)", text)
        self.assertEqual(self.order.state, "draft")
        self.refused("no such transition", "action_split")
        self.refused("no such transition", "Broken")
        self.order.active = False
        self.refused("no such transition", "action_vanish")
        self.assertTrue(self.order.exists())

    def test_only_what_is_offered_to_this_user_runs(self):
        self.assertNotIn("action_audit", self.names())
        self.refused("no such transition", "action_audit")
        admin = self.tools.with_user(self.env.ref("base.user_admin"))
        self.assertIn("action_audit", self.names(admin))

    def test_methods_without_a_button_or_behind_the_guard_do_not_run(self):
        """Smart buttons lead elsewhere; a button of a forbidden method is none."""
        for name in (
            "action_hidden",
            "_action_private",
            "action_whoami",
            "action_view_partner",
            "unlink",
            "Delete",
            "write",
        ):
            self.refused("no such transition", name)
        self.assertTrue(self.order.exists())

    def test_a_wizard_is_named_and_not_run(self):
        self.refused("opens a wizard", "Export")
        self.order.quantity = 2
        result = self.move("action_split")
        self.assertEqual((result.opens.kind, result.opens.model), ("wizard", "base.language.export"))
        self.assertEqual(result.state_after.value, "draft")

    def test_foreign_records_look_absent(self):
        self.env["ir.rule"].create(
            {
                "name": "no foreign orders",
                "model_id": self.env["ir.model"]._get_id("x.mcp.test.order"),
                "domain_force": "[('create_uid', '=', user.id)]",
            }
        )
        self.order = self.env["x.mcp.test.order"].create({"name": "hidden"})
        with self.assertRaisesRegex(ToolError, "has no record"):
            self.state()
        self.refused("has no record", "action_confirm")

    def test_reading_the_state_needs_no_right_to_write(self):
        self.env["ir.model.access"].search([("model_id.model", "=", "x.mcp.test.order")]).perm_write = False
        self.assertEqual(self.state().state.value, "draft")
        self.refused("lacks the right", "action_confirm")

    def test_a_model_without_a_workflow_has_none(self):
        found = self.tools.get_workflow_state("res.partner", self.user.partner_id.id)
        self.assertEqual((found.state.field, found.steps), (None, []))

    def test_a_record_that_is_deleted_by_its_transition_has_no_state(self):
        result = self.move("action_vanish")
        self.assertEqual((result.state_after, result.deleted_ids), (None, self.order.ids))
