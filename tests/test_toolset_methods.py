"""execute_method: which methods an AI tool may call, on what, with what, and what it is told."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..toolsets import context
from ..toolsets.tool import ToolError

FRAMEWORK = """
sudo with_user with_context with_env browse create write unlink copy read search export_data load message_post
message_subscribe activity_schedule check_access invalidate_model mapped filtered ensure_one get_view web_save
web_read onchange fields_get init stamp toggle_active action_all get_metadata
"""
BUSINESS = """
action_confirm action_post button_validate action_done action_draft action_cancel action_lock action_unlock
action_assign action_register_payment button_confirm button_approve button_draft button_cancel action_approve
action_refuse action_validate action_set_won action_set_lost action_reverse do_unreserve button_mark_done
action_apply_inventory action_feedback reconcile remove_move_reconcile action_submit compute_landed_cost
"""
DENIED = """
action_unlink_recurrence action_delete_duplicates get_portal_url get_confirm_url action_signup_prepare
install_l10n_modules google_map_img get_barcodes_and_pin_hashed action_create_users action_send_mail
"""


@tagged("post_install", "-at_install")
class TestToolsetMethods(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "method_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.tools = cls.env["mcp.toolset.methods"].with_user(cls.user)
        cls.orders = cls.env["x.mcp.test.order"].with_user(cls.user)
        cls.order = cls.orders.create({"name": "S1"})

    def call(self, method, ids=None, model="x.mcp.test.order", **arguments):
        return self.tools.execute_method(model, self.order.ids if ids is None else ids, method, arguments)

    def refused(self, words, method, ids=None, model="x.mcp.test.order", **arguments):
        with self.assertRaises(ToolError) as caught:
            self.call(method, ids, model, **arguments)
        self.assertIn(words, str(caught.exception))
        return str(caught.exception)

    def test_a_business_method_runs_as_the_user_and_leaves_a_trace(self):
        """FEATURES T4, L5."""
        result = self.call("action_confirm")
        self.assertEqual((self.order.state, result.message), ("confirmed", "Done. It returned true."))
        self.assertIn("action_confirm", self.order.message_ids[0].body)
        self.assertEqual(self.order.message_ids[0].author_id, self.user.partner_id)
        value = self.call("action_whoami").value["value"]
        self.assertEqual((value["uid"], value["su"], value["context"]), (self.user.id, False, None))

    def test_what_odoo_answers_reaches_the_caller(self):
        self.order.state = "done"
        with self.assertRaisesRegex(UserError, "Only a draft"):
            self.call("action_confirm")

    def test_private_methods_are_refused(self):
        """By name, by decorator, and through what is no method at all."""
        for name in ("_action_private", "action_hidden", "_write", "__class__", "env", "_fields", "ids", "state"):
            self.refused("AI tools cannot call", name)
        for name in (
            "action_static",
            "ACTION_CONFIRM",
            "action_confirm ",
            "action_confirm\n",
            "action_confirm.__call__",
        ):
            self.refused("there is no such method", name)
        self.assertFalse(self.order.note)

    def test_what_other_tools_or_nobody_should_do_is_refused(self):
        """The deny list, the framework, and mixins, however the model overrides them."""
        for name in FRAMEWORK.split():
            self.refused("AI tools cannot call", name)
        self.assertTrue(self.order.exists())
        self.call("action_archive")
        self.assertFalse(self.order.active)

    def test_the_deny_list_holds_under_another_name(self):
        for name in ("action_unlink_drafts", "action_tidy"):
            self.refused("delete_record does this", name)
        self.assertTrue(self.order.exists())

    def test_what_asks_for_the_password_is_for_people(self):
        self.refused("asks a person for the password", "action_with_password")

    def test_names_of_business_methods_are_not_on_the_deny_list(self):
        guard = self.env["mcp.guard"]
        self.assertFalse([name for name in BUSINESS.split() if guard._forbids("method", name, "call")])
        self.assertFalse([name for name in DENIED.split() if not guard._forbids("method", name, "call")])

    def test_near_matches_are_ones_that_work(self):
        text = self.refused("Did you mean action_confirm", "action_confrim")
        self.assertNotIn("action_hidden", text)
        self.assertNotIn("action_static", self.refused("no such method", "action_stati"))

    def test_guarded_models_stay_guarded(self):
        """Of an administrator too."""
        self.tools = self.env["mcp.toolset.methods"].with_user(self.env.ref("base.user_admin"))
        self.refused("AI tools cannot change", "run", [1], "ir.actions.server")
        self.refused("AI tools cannot change", "action_reset_password", self.user.ids, "res.users")
        self.refused("There is no model", "action_revoke", [1], "mcp.connection")
        self.refused("There is no model", "create", [1], "mail.thread")

    def test_rights_of_the_model_and_the_records_decide(self):
        """DESIGN §2.5, §2.13: a foreign record looks like an absent one."""
        closed = self.env["x.mcp.test.closed"].create({"name": "closed"})
        foreign = self.refused("There is no model", "action_open", closed.ids, "x.mcp.test.closed")
        absent = self.refused("There is no model", "action_open", closed.ids, "x.mcp.test.nothing")
        self.assertEqual(foreign.replace("closed", "nothing"), absent)
        # The id of a record of another model, which this one does not have.
        beyond = self.orders.search([], order="id desc", limit=1).id + 1000
        self.refused(f"has no record {beyond}", "action_confirm", [*self.order.ids, beyond])
        self.env["ir.rule"].create(
            {
                "name": "no foreign orders",
                "model_id": self.env["ir.model"]._get_id("x.mcp.test.order"),
                "domain_force": "[('create_uid', '=', user.id)]",
            }
        )
        hidden = self.env["x.mcp.test.order"].create({"name": "hidden"})
        self.refused(f"has no record {hidden.id}", "action_confirm", [*self.order.ids, hidden.id])
        self.assertEqual((self.order.state, hidden.state), ("draft", "draft"))
        self.env["ir.model.access"].search([("model_id.model", "=", "x.mcp.test.order")]).perm_write = False
        self.refused("lacks the right", "action_confirm")

    def test_the_limits_of_the_connection_bind(self):
        """FEATURES G2: models per operation, and a domain, before and after."""
        limits = {"x.mcp.test.order": context.ModelLimit(frozenset({"read"}), [])}
        with context.serving(context.Context(models=limits)):
            self.refused("This connection may not change", "action_confirm")
        limits = {"x.mcp.test.order": context.ModelLimit(frozenset({"read", "write"}), [("state", "!=", "cancel")])}
        with context.serving(context.Context(models=limits)):
            self.call("action_confirm")
            self.refused("limited to certain records", "action_cancel")

    def test_arguments_are_checked_against_the_signature(self):
        self.call("action_done", quantity=3, day="2026-03-31", tags=["a", "b"])
        self.assertEqual((self.order.quantity, str(self.order.date_done), self.order.note), (3, "2026-03-31", "a,b"))
        text = self.refused("takes no argument 'quantiy'. Did you mean quantity?", "action_done", quantiy=1)
        self.assertIn("tags", text)
        for arguments in (
            {"quantity": "3"},
            {"quantity": True},
            {"tags": "a"},
            {"tags": [1]},
            {"day": "soon"},
            {"note": 1},
        ):
            self.refused("action_done: ", "action_done", **arguments)
        self.refused("It takes no arguments", "action_confirm", self_=1)
        self.assertEqual(self.order.quantity, 3)

    def test_nothing_but_declared_arguments_goes_in(self):
        """No context, no user, no recordset, not even where a method takes anything."""
        for method in ("action_whoami", "action_with_context", "action_confirm"):
            self.refused("takes no argument 'context'", method, context={"sneaky": 1})
        for name in ("self", "env", "uid", "_uid", "sudo", "options"):
            self.refused("takes no argument", "action_whoami", **({name: {}} if name != "self" else {"__self__": {}}))

    def test_a_method_that_breaks_says_so(self):
        self.refused("failed inside Odoo", "action_raise", amount=1)
        self.refused("failed inside Odoo", "action_raise", amount=0)
        self.refused("works on one", "action_raise_single", self.order.ids)

    def test_results_are_what_an_ai_can_use(self):
        partner = self.env["res.partner"].create({"name": "Deco"})
        self.order.partner_id = partner
        self.assertEqual(
            self.call("action_copy_partner").records, [{"model": "res.partner", "id": partner.id, "name": "Deco"}]
        )
        window = self.call("action_view_partner").opens
        self.assertEqual((window.kind, window.model, window.ids), ("window", "res.partner", partner.ids))
        self.assertEqual(window.domain, [["id", "=", 1]])
        wizard = self.call("action_split").opens
        self.assertEqual((wizard.kind, wizard.name, wizard.model), ("wizard", "Split", "base.language.export"))
        self.assertIn("not run", wizard.note)
        self.assertEqual(self.call("action_cancel").message, "Done. It returned nothing.")

    def test_records_that_are_gone_are_told(self):
        done = self.orders.create({"name": "S2", "state": "done"})
        result = self.call("action_vanish", [self.order.id, done.id])
        self.assertEqual(result.deleted_ids, self.order.ids)
        self.assertTrue(done.exists())
        self.assertIn("action_vanish", done.message_ids[0].body)
