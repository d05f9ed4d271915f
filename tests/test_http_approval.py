"""The day of an approver, over HTTP: asked, decided, run, told (FEATURES A1-A5, DESIGN §2.8)."""

from odoo.tests import tagged

from .approval_case import ApprovalCase


@tagged("post_install", "-at_install")
class TestApproval(ApprovalCase):
    def test_what_is_approved_runs_once_as_the_requester(self):
        """A2, A3: the call waits, the approver is told, and what runs is the requester's."""
        approval = self.ask()
        self.assertEqual((self.record.name, approval.status), ("Old name", "pending"))
        self.assertEqual(self.outcome(approval)["status"], "pending_approval")
        approval.with_user(self.approver).action_approve()
        self.assertEqual((self.record.name, approval.status), ("New name", "executed"))
        self.assertEqual(self.record.write_uid, self.requester)
        told = self.outcome(approval)
        self.assertEqual(told["status"], "executed")
        self.assertEqual(told["result"]["records"][0]["after"], {"name": "New name"})
        self.assertEqual(self.events(approval), ["approval_requested", "approval_approved", "approval_executed"])
