"""The approver's day on the screen, in a real browser (FEATURES A1-A5)."""

from odoo.tests import tagged

from .approval_case import RECORD, ApprovalCase
from .tour_case import Tours


@tagged("post_install", "-at_install")
class TestTourApproval(Tours, ApprovalCase):
    def test_the_day_of_an_approver(self):
        """The activity, words, arguments, before and after; one approved, one rejected, two decided at once."""
        approved = self.ask()
        doomed = self.env[RECORD].create([{"name": "Doomed"}, {"name": "Too"}])
        self.env["x.mcp.test.line"].create({"record_id": doomed[0].id, "name": "Line"})
        rejected = self.ask("delete_records", {"model": RECORD, "ids": doomed.ids})
        batch = [self.ask("create_record", {"model": RECORD, "values": {"name": name}}) for name in ("One", "Two")]
        self.play("mcp_approver_day", self.approver.login)
        self.assertEqual((approved.status, self.record.name), ("executed", "New name"))
        self.assertEqual((rejected.status, rejected.reason), ("rejected", "Not before the audit"))
        self.assertEqual(len(doomed.exists()), 2)
        self.assertEqual([approval.status for approval in batch], ["executed", "executed"])
        self.assertEqual(self.env[RECORD].search_count([("name", "in", ("One", "Two"))]), 2)
        outcomes = [self.outcome(approval)["status"] for approval in (approved, rejected, *batch)]
        self.assertEqual(outcomes, ["executed", "rejected", "executed", "executed"])
        self.assertFalse(self.env["mail.activity"].search([("res_model", "=", "mcp.approval")]))

    def test_the_approver_looks_again_at_what_has_changed(self):
        """The form is read anew, so that the next click is about what it shows then."""
        approval = self.ask()
        self.record.name = "Renamed since"
        self.play("mcp_approver_looks_again", self.approver.login)
        self.assertEqual((approval.status, self.record.name), ("executed", "New name"))

    def test_the_requester_sees_what_waits_and_withdraws_it(self):
        approval = self.ask()
        self.play("mcp_requester_sees_and_withdraws", self.requester.login)
        self.assertEqual((approval.status, self.record.name), ("cancelled", "Old name"))

    def test_an_administrator_says_what_waits_and_for_whom(self):
        """A1, A4: the approver who cannot be is refused when it is saved."""
        connection, _key = self.new_connection(self.requester, name="Tour: approvals", approval_tool_ids=False)
        self.play("mcp_connection_approvals", refused=True)
        self.assertEqual(connection.approval_tool_ids.mapped("name"), ["delete_record"])
        self.assertEqual(connection.approver_id, self.approver)
