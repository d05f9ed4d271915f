"""The day of an approver, over HTTP: asked, decided, run, told (FEATURES A1-A5, DESIGN §2.8)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .approval_case import RECORD, USER, ApprovalCase


@tagged("post_install", "-at_install")
class TestApproval(ApprovalCase):
    def activities(self, approval):
        return self.env["mail.activity"].search([("res_model", "=", "mcp.approval"), ("res_id", "=", approval.id)])

    def test_what_is_approved_runs_once_as_the_requester(self):
        """A2, A3: the call waits, and what runs is the requester's."""
        approval = self.ask()
        self.assertEqual((self.record.name, approval.status), ("Old name", "pending"))
        self.assertEqual(self.outcome(approval)["status"], "pending_approval")
        approval.with_user(self.approver).action_approve()
        self.assertEqual((self.record.name, approval.status), ("New name", "executed"))
        self.assertEqual((self.record.write_uid, approval.decided_by_id), (self.requester, self.approver))
        told = self.outcome(approval)
        self.assertEqual(told["status"], "executed")
        self.assertEqual(told["result"]["records"][0]["after"], {"name": "New name"})
        with self.assertRaisesRegex(UserError, "decided already"):
            approval.with_user(self.approver).action_approve()
        self.assertEqual(self.events(approval), ["approval_requested", "approval_approved", "approval_executed"])
        self.assertIn("connection “AI of approval_requester”", self.record.message_ids[0].body)

    def test_the_answer_says_what_waits_and_what_comes_next(self):
        """A2: not an error; the same for the model and for programs."""
        result = self.result("update_record", self.renaming("New name"))
        self.assertFalse(result["isError"])
        pending = result["structuredContent"]["pending_approval"]
        self.assertEqual(pending["status"], "pending_approval")
        self.assertEqual(pending["summary"], "Change Name of 1 record (MCP Test Record)")
        self.assertIn("get_approval", pending["next"])
        until = fields.Datetime.to_datetime(pending["expires_at"][:19].replace("T", " "))
        self.assertAlmostEqual(until, fields.Datetime.now() + timedelta(hours=24), delta=timedelta(minutes=5))
        self.assertIn('"pending_approval":{"id":', result["content"][0]["text"])

    def test_the_approver_is_told_in_words(self):
        """A2: an activity of its own type, gone as soon as somebody decided."""
        records = self.env[RECORD].create([{"name": f"Delete {number}"} for number in range(12)])
        approval = self.ask("delete_records", {"model": RECORD, "ids": records.ids})
        activity = self.activities(approval)
        self.assertEqual(activity.user_id, self.approver)
        self.assertEqual(activity.activity_type_id, self.env.ref("mcp_gateway.mail_activity_type_approval"))
        self.assertEqual(activity.summary, "Permanently delete 12 records (MCP Test Record)")
        self.assertTrue(activity.with_user(self.approver).has_access("read"))
        approval.with_user(self.approver).action_approve()
        self.assertFalse(self.activities(approval))
        self.assertFalse(records.exists())

    def mails(self):
        domain = [("model", "=", "mcp.approval"), ("partner_ids", "in", self.approver.partner_id.ids)]
        return self.env["mail.message"].search(domain)

    def test_an_ai_tool_cannot_flood_the_approvers_mailbox(self):
        """Asking and withdrawing in a loop: each is on the approver's list, and one message an hour tells of them."""
        for number in range(3):
            approval = self.ask(arguments=self.renaming(f"Name {number}"))
            self.assertEqual(self.activities(approval).user_id, self.approver)
            self.structured("cancel_approval", {"id": approval.id})
        self.assertEqual(len(self.mails()), 1)
        self.assertIn("AI of approval_requester", self.mails().body)
        self.assertIn("Change Name of 1 record", self.mails().body)
        self.connection.usage_id.approval_asked_alarm_at = self.env.cr.now() - timedelta(minutes=61)
        self.env.flush_all()
        self.ask()
        self.assertEqual(len(self.mails()), 2)

    def test_approvers_get_no_mail_if_the_settings_want_none(self):
        self.settings.alert_by_mail = False
        approval = self.ask()
        self.assertTrue(self.activities(approval))
        self.assertFalse(self.mails())

    def test_who_takes_over_is_told_once(self):
        for name in ("One", "Two"):
            self.ask(arguments=self.renaming(name))
        other = new_test_user(self.env, "approval_next", USER)
        self.connection.approver_id = other
        domain = [("model", "=", "mcp.approval"), ("partner_ids", "in", other.partner_id.ids)]
        self.assertEqual(self.env["mail.message"].search_count(domain), 1)

    def test_what_is_decided_is_not_looked_at_again(self):
        """A connection has thousands of them, of which a new approver decides on none."""
        decided, waiting = self.ask(), self.ask(arguments=self.renaming("Two"))
        self.structured("cancel_approval", {"id": decided.id})
        handed = []
        with patch.object(type(waiting), "_hand_over", lambda approvals: handed.extend(approvals.ids)):
            self.connection.approver_id = self.admin
        self.assertEqual(handed, waiting.ids)

    def test_without_a_named_approver_every_administrator_is_told(self):
        """A1."""
        self.connection.approver_id = False
        asked = self.activities(self.ask()).user_id
        self.assertIn(self.admin, asked)
        self.assertEqual(asked, self.env.ref("mcp_gateway.group_mcp_admin").all_user_ids.filtered("active"))

    def test_another_approver_takes_over_what_waits(self):
        approval = self.ask()
        self.connection.approver_id = self.admin
        self.assertEqual((approval.approver_id, self.activities(approval).user_id), (self.admin, self.admin))
        self.assertFalse(approval.with_user(self.admin).sudo(False).why_not)
        with self.assertRaises(UserError):
            approval.sudo().with_user(self.approver).sudo().action_approve()
        approval.with_user(self.admin).action_approve()
        self.assertEqual(self.record.name, "New name")

    def test_a_rejection_tells_its_reason(self):
        """A3."""
        approval = self.ask()
        wizard = self.reject(approval, "Not before the audit.")
        self.assertEqual(wizard.approval_count, 1)
        self.assertEqual((self.record.name, approval.status), ("Old name", "rejected"))
        self.assertFalse(self.activities(approval))
        told = self.outcome(approval)
        self.assertEqual((told["status"], told["reason"]), ("rejected", "Not before the audit."))
        self.assertEqual(self.events(approval), ["approval_requested", "approval_rejected"])

    def reject(self, approvals, reason):
        action = approvals.with_user(self.approver).action_reject()
        wizard = self.env["mcp.approval.decide"].with_user(self.approver).browse(action["res_id"])
        wizard.reason = reason
        wizard.action_decide()
        return wizard

    def test_several_are_decided_in_one_dialog_that_counts(self):
        """A5: from the list; what cannot be decided is left out, and the dialog says how many."""
        done = self.ask()
        first, second = (
            self.ask("create_record", {"model": RECORD, "values": {"name": name}}) for name in ("One", "Two")
        )
        done.with_user(self.approver).action_approve()
        action = (done | first | second).with_user(self.approver).action_approve_selected()
        wizard = self.env["mcp.approval.decide"].with_user(self.approver).browse(action["res_id"])
        self.assertEqual((wizard.approval_count, wizard.left_out), (2, 1))
        told = wizard.action_decide()
        self.assertEqual(told["params"]["message"], "Executed: 2. Failed: 0.")
        self.assertEqual((first.status, second.status), ("executed", "executed"))
        self.assertEqual(self.env[RECORD].search_count([("name", "in", ("One", "Two"))]), 2)
        with self.assertRaisesRegex(UserError, "decided already"):
            (done | first).with_user(self.approver).action_approve_selected()

    def test_nobody_decides_after_the_time_is_over(self):
        """A3: the cron marks it; until it comes it has expired all the same."""
        approval = self.ask()
        approval.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual((approval.state, approval.status), ("pending", "expired"))
        self.assertNotIn(approval, self.env["mcp.approval"].search([("status", "=", "pending")]))
        with self.assertRaisesRegex(UserError, "Expired"):
            approval.with_user(self.approver).action_approve()
        self.assertEqual(self.outcome(approval)["status"], "expired")
        self.env.ref("mcp_gateway.ir_cron_expire_approvals").ir_actions_server_id.run()
        self.assertEqual((approval.state, self.record.name), ("expired", "Old name"))
        self.assertFalse(self.activities(approval))
        self.assertEqual(self.events(approval), ["approval_requested", "approval_expired"])

    def test_revoking_expires_what_waits_for_good(self):
        """SPEC: marks pending approval requests on the connection as expired."""
        approval, decided = self.ask(), self.ask(arguments=self.renaming("Decided"))
        decided.with_user(self.approver).action_approve()
        wizard = self.env["mcp.connection.revoke"].browse(self.connection.action_revoke_selected()["res_id"])
        self.assertIn("pending approvals: 1", wizard.what_ends)
        wizard.action_revoke()
        self.assertEqual((approval.state, decided.state), ("expired", "executed"))
        self.assertFalse(self.activities(approval))
        self.connection.action_reactivate()
        self.key = self.connection._do_generate_key()
        with self.assertRaises(UserError):
            approval.with_user(self.approver).action_approve()
        self.assertEqual(self.outcome(approval)["status"], "expired")
        self.assertNotEqual(self.ask(), approval)

    def test_what_a_revocation_could_not_see_does_not_count(self):
        """DESIGN §2.3: a request that another transaction committed beside it carries the old generation."""
        approval = self.ask()
        self.connection._do_revoke()
        approval.write({"state": "pending"})
        self.connection._do_reactivate()
        self.key = self.connection._do_generate_key()
        self.assertEqual(
            (approval.state, approval.status, approval.with_user(self.approver).can_approve),
            (
                "pending",
                "expired",
                False,
            ),
        )
        self.assertNotIn(approval, self.env["mcp.approval"].search([("status", "=", "pending")]))
        self.env["mcp.approval"]._cron_expire()
        self.assertEqual(approval.state, "expired")

    def test_suspending_expires_what_waits(self):
        approval = self.ask()
        self.connection.sudo()._do_suspend("administrator")
        self.assertEqual(approval.state, "expired")
        self.connection.sudo().state = "active"
        self.assertEqual(approval.status, "expired")

    def test_what_a_suspension_had_to_leave_does_not_come_back(self):
        """Somebody was deciding on it when Suspend was clicked, so that it was left as it was."""
        approval = self.ask()
        with patch.object(type(approval), "_lock_undecided", lambda approvals: approvals.browse()):
            self.connection.sudo()._do_suspend("administrator")
        self.assertEqual((approval.state, approval.status), ("pending", "expired"))
        self.connection.sudo()._do_resume()
        self.env.invalidate_all()
        self.assertEqual((approval.state, approval.status), ("expired", "expired"))
        self.assertFalse(self.activities(approval))

    def test_a_rotation_leaves_what_waits(self):
        """DESIGN §5."""
        approval = self.ask()
        self.key = self.connection._do_rotate_key()
        approval.with_user(self.approver).action_approve()
        self.assertEqual(self.outcome(approval)["status"], "executed")

    def test_the_requester_withdraws(self):
        """By the AI tool, or by the user it acts as, with a button."""
        first, second = self.ask(), self.ask(arguments=self.renaming("Two"))
        self.assertEqual(self.structured("cancel_approval", {"id": first.id})["status"], "cancelled")
        self.assertEqual(self.structured("cancel_approval", {"id": first.id})["status"], "cancelled")
        second.with_user(self.requester).action_cancel()
        self.assertEqual((first | second).mapped("state"), ["cancelled", "cancelled"])
        self.assertFalse(self.activities(first) | self.activities(second))
        self.assertEqual(self.events(first), ["approval_requested", "approval_cancelled"])
        with self.assertRaises(UserError):
            self.ask(arguments=self.renaming("Three")).with_user(self.approver).action_cancel()
