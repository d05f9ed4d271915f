"""What was asked for goes as the log does; that it was asked for, and who decided, stays."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .approval_case import ApprovalCase

CONTENTS = ("preview", "result", "watched", "changed_since")


@tagged("post_install", "-at_install")
class TestApprovalRetention(ApprovalCase):
    def vacuum(self):
        done = self.env["mcp.approval"]._gc_contents()
        self.env.invalidate_all()
        return done

    def decided(self, days, name="New name"):
        approval = self.ask(arguments=self.renaming(name))
        approval.with_user(self.approver).action_approve()
        approval.decided_at = fields.Datetime.now() - timedelta(days=days)
        return approval

    def test_old_contents_go_and_the_decision_stays(self):
        self.settings.retention_days = 30
        old, young = self.decided(31), self.decided(29, "Other name")
        waiting = self.ask(arguments=self.renaming("Waits"))
        waiting.sudo().create_date = fields.Datetime.now() - timedelta(days=99)
        words = old.summary
        self.assertEqual(self.vacuum(), (1, False))
        self.assertEqual((old.sudo().arguments, old.sudo().mapped("preview")), ("{}", [False]))
        self.assertFalse(any(old.sudo()[name] for name in CONTENTS))
        self.assertEqual((old.state, old.status, old.decided_by_id), ("executed", "executed", self.approver))
        self.assertEqual((old.summary, old.display_name, old.model), (words, words, self.record._name))
        self.assertTrue(old.emptied_at)
        self.assertFalse(old.with_user(self.approver).has_preview)
        told = self.outcome(old)
        self.assertEqual((told["status"], told["summary"]), ("executed", words))
        self.assertNotIn("result", told)
        for kept in (young, waiting):
            self.assertTrue(kept.sudo().preview)
            self.assertFalse(kept.emptied_at)
        # Once is enough, and nothing of it looks as if somebody had changed it by hand.
        self.assertEqual(self.vacuum(), (0, False))
        self.assertNotIn("approval_tampered", self.events(old))
        waiting.with_user(self.approver).action_approve()
        self.assertEqual(waiting.status, "executed")

    def test_nothing_goes_if_the_log_is_kept_for_ever(self):
        self.settings.retention_days = 0
        old = self.decided(9999)
        self.assertEqual(self.vacuum(), (0, False))
        self.assertTrue(old.sudo().preview)
