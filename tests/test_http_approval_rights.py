"""Who may decide and who may see, whatever way they come (FEATURES A4, A5, DESIGN §2.12, §2.13)."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .approval_case import RECORD, USER, ApprovalCase

MODEL, ORDER = "mcp.approval", "x.mcp.test.order"


@tagged("post_install", "-at_install")
class TestApprovalRights(ApprovalCase):
    def test_nobody_approves_what_their_own_ai_tool_asks_for(self):
        """A4: four eyes, also of an administrator; unless a setting allows it."""
        connection, key = self.new_connection(self.admin)
        approval = self.ask(key=key)
        own = approval.with_user(self.admin)
        self.assertFalse(own.can_approve or own.can_reject)
        self.assertIn("their own AI tool", own.why_not)
        for button in (own.action_approve, own.action_approve_selected, own.action_reject):
            with self.assertRaisesRegex(UserError, "their own AI tool"):
                button()
        self.assertEqual(approval.state, "pending")
        self.settings.allow_own_approval = True
        own.invalidate_recordset()
        own.action_approve()
        self.assertEqual((approval.state, connection.approval_ids), ("executed", approval))

    def test_only_the_named_approver_decides(self):
        """A1: neither the requester, nor an administrator who is not it, nor the superuser."""
        approval = self.ask()
        for user in (self.requester, self.admin, self.env.ref("base.user_root")):
            theirs = approval.with_user(user)
            self.assertFalse(theirs.can_approve or theirs.can_reject)
            with self.assertRaises(UserError):
                theirs.action_approve()
        self.assertEqual(approval.state, "pending")

    def test_administrators_decide_when_the_approver_has_left(self):
        approval = self.ask()
        self.approver.active = False
        approval.with_user(self.admin).action_approve()
        self.assertEqual(approval.state, "executed")

    def test_where_nobody_can_approve_nobody_is_asked(self):
        """A request that can never be decided would wait for nothing, and the AI tool is told so."""
        admins = self.env.ref("mcp_gateway.group_mcp_admin").all_user_ids
        (admins - self.admin).active = False
        connection, key = self.new_connection(self.admin)
        self.assertTrue(connection.has_no_approver)
        self.assertIn("nobody in this Odoo", self.failure("update_record", self.renaming("New name"), key))
        self.assertFalse(connection.approval_ids)

    def test_nothing_is_decided_through_an_ai_tool(self):
        """A5: not by the approver's own AI tool either, by no tool at all."""
        approval = self.ask()
        _connection, key = self.new_connection(self.approver, approval_tool_ids=False)
        id = approval.id
        for tool, arguments in (
            ("execute_method", {"model": MODEL, "ids": [id], "method": "action_approve"}),
            ("execute_method", {"model": MODEL, "ids": [id], "method": "action_reject"}),
            ("transition_state", {"model": MODEL, "id": id, "transition": "action_approve"}),
            ("update_record", {"model": MODEL, "id": id, "values": {"state": "approved"}}),
            ("delete_record", {"model": MODEL, "id": id}),
            ("create_record", {"model": "mcp.approval.decide", "values": {"approval_ids": [id]}}),
            ("search_records", {"model": MODEL}),
            ("get_record", {"model": MODEL, "id": id}),
            ("post_message", {"model": MODEL, "id": id, "body": "yes"}),
        ):
            self.assertIn("no model", self.failure(tool, arguments, key), tool)
        self.assertEqual((approval.state, self.record.name), ("pending", "Old name"))

    def test_a_server_action_for_ai_decides_nothing(self):
        """A5: whatever its code does, with whose rights."""
        approval = self.ask()
        for number, way in enumerate(
            (
                "env['mcp.approval'].browse(%s).action_approve()",
                "env['mcp.approval'].browse(%s).sudo().action_approve()",
                "env['mcp.approval'].sudo().browse(%s)._do_approve()",
                "env['mcp.approval'].sudo().browse(%s)._do_reject('no')",
            )
        ):
            name = f"approve_in_some_way_{number}"
            self.env["ir.actions.server"].create(
                {
                    "name": name,
                    "model_id": self.env["ir.model"]._get(RECORD).id,
                    "state": "code",
                    "code": way % approval.id,
                    "mcp_available": True,
                    "mcp_tool_name": name,
                    "mcp_description": "Approves.",
                }
            )
            _connection, key = self.new_connection(self.approver, approval_tool_ids=False, name=name)
            self.assertIn("through an AI tool", self.failure(name, {"ids": self.record.ids}, key))
        self.assertEqual((approval.state, self.record.name), ("pending", "Old name"))

    def test_no_ai_tool_ticks_off_the_approvers_activity(self):
        approval = self.ask()
        activity = approval.activity_ids
        _connection, key = self.new_connection(self.approver, approval_tool_ids=False)
        model = "mail.activity"
        for tool, arguments in (
            ("execute_method", {"model": model, "ids": activity.ids, "method": "action_done"}),
            ("delete_record", {"model": model, "id": activity.id}),
            ("update_record", {"model": model, "id": activity.id, "values": {"summary": "never mind"}}),
        ):
            self.failure(tool, arguments, key)
        self.assertTrue(activity.exists().active)
        self.assertEqual(activity.summary, approval.summary)

    def test_the_approvers_activity_is_the_approvers(self):
        """The requester made it, in sudo, and sees it; to write, delete or tick it off is not theirs."""
        approval = self.ask()
        theirs = approval.activity_ids.with_user(self.requester)
        self.assertTrue(theirs.summary)
        for change in (
            lambda: theirs.write({"summary": "never mind"}),
            lambda: theirs.write({"user_id": self.requester.id}),
            theirs.unlink,
            theirs.action_done,
            lambda: approval.with_user(self.requester).activity_feedback(["mcp_gateway.mail_activity_type_approval"]),
            lambda: approval.with_user(self.requester).activity_unlink(["mcp_gateway.mail_activity_type_approval"]),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                change()
        activity = approval.activity_ids
        self.assertEqual((activity.summary, activity.user_id), (approval.summary, self.approver))
        self.assertFalse(theirs.has_access("write") or theirs.has_access("unlink"))
        activity.with_user(self.approver).action_done()
        self.assertFalse(approval.activity_ids)
        self.assertEqual(approval.status, "pending")

    def test_another_connections_approval_looks_like_none(self):
        """DESIGN §2.13: also another one of the same user's."""
        approval = self.ask()
        for user in (self.requester, self.approver):
            _connection, key = self.new_connection(user, name="other")
            for tool in ("get_approval", "cancel_approval"):
                foreign = self.failure(tool, {"id": approval.id}, key)
                absent = self.failure(tool, {"id": 999_999_999}, key)
                self.assertEqual(foreign.replace(str(approval.id), "N"), absent.replace("999999999", "N"))
        self.assertEqual(approval.state, "pending")

    def test_people_see_their_own_and_those_they_decide_on_and_write_none(self):
        """DESIGN §2.12."""
        approval = self.ask()
        stranger = new_test_user(self.env, "approval_stranger", USER)
        seen = {
            user: approval in self.env[MODEL].with_user(user).search([])
            for user in (self.requester, self.approver, self.admin, stranger)
        }
        self.assertEqual(list(seen.values()), [True, True, True, False])
        with self.assertRaises(AccessError):
            approval.with_user(stranger).action_approve()
        for user in (self.requester, self.approver, self.admin):
            theirs = approval.with_user(user)
            for do in (lambda a: a.write({"state": "approved"}), lambda a: a.create({}), lambda a: a.unlink()):
                with self.assertRaises(AccessError):
                    do(theirs)
            for name in ("arguments", "preview", "result", "digest", "token_scope"):
                with self.assertRaises(AccessError):
                    theirs.read([name])
            theirs.read()
            theirs.web_read({"connection_id": {"fields": {"display_name": {}}}, "summary": {}, "preview_shown": {}})

    def test_values_that_the_approver_may_not_read_are_not_shown(self):
        """A2 with DESIGN §2.5: neither in the arguments nor before and after; who may read them sees them."""
        self.requester.group_ids += self.env.ref("base.group_system")
        order = self.env[ORDER].create({"name": "Order", "margin": 1111.5})
        values = {"name": "New name", "margin": 2222.5}
        approval = self.ask("update_record", {"model": ORDER, "id": order.id, "values": values})
        theirs = approval.with_user(self.approver)
        self.assertIn("New name", theirs.arguments_shown)
        self.assertIn("New name", theirs.preview_shown)
        shown = theirs.arguments_shown + theirs.preview_shown + theirs.records_shown
        self.assertNotRegex(shown, "1111|2222")
        self.assertIn("•••", shown)
        self.assertTrue(theirs.hides_something)
        full = approval.with_user(self.env.ref("base.user_admin"))
        self.assertIn("2222.5", full.arguments_shown)
        self.assertIn("1111.5", full.preview_shown)
        self.assertFalse(full.hides_something)
        theirs.action_approve()
        self.assertEqual(order.margin, 2222.5)

    def test_a_record_that_the_approver_may_not_read_is_not_shown(self):
        """By a record rule: neither its name nor its values."""
        partner = self.env["res.partner"].create({"name": "Hidden Partner"})
        self.record.write(
            {"name": "Hidden Record", "partner_id": partner.id, "user_ids": [Command.set(self.requester.ids)]}
        )
        for model, domain in (
            (RECORD, "[('user_ids', 'in', user.id)]"),
            ("res.partner", f"[('id', '!=', {partner.id})]"),
        ):
            values = {"name": "test", "model_id": self.env["ir.model"]._get(model).id, "domain_force": domain}
            rule = self.env["ir.rule"].create(values)
            if model == "res.partner":
                rule.groups = self.env["res.groups"].create({"name": "blind", "user_ids": self.approver.ids})
        approval = self.ask(arguments=self.renaming("Renamed Record", partner_id=None))
        theirs = approval.with_user(self.approver)
        shown = theirs.arguments_shown + theirs.preview_shown + theirs.records_shown + theirs.summary
        self.assertNotRegex(shown, "Hidden|Renamed")
        self.assertIn("you may not read this record", theirs.records_shown)
        self.assertTrue(theirs.hides_something)
        self.record.user_ids += self.approver
        theirs.invalidate_recordset()
        shown = theirs.preview_shown + theirs.records_shown
        self.assertIn("Hidden Record", shown)
        # A name behind a relation is a record's, too.
        self.assertNotIn("Hidden Partner", shown)
