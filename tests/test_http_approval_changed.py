"""What was shown is what runs: what would happen differs at the approval, and a person looks again (DESIGN §2.8)."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ..models.approval_sameness import differing
from .approval_case import RECORD, ApprovalCase

ORDER = "x.mcp.test.order"
TOOLS = ("update_record", "delete_records", "create_record", "transition_state", "execute_method", "post_message")


@tagged("post_install", "-at_install")
class TestApprovalChanged(ApprovalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection.approval_tool_ids = cls.env["mcp.tool"].search([("name", "in", TOOLS)])

    def approve(self, approval):
        told = approval.with_user(self.approver).action_approve()
        self.env.invalidate_all()
        return told

    def assertLooksAgain(self, approval):
        """The first click runs nothing and shows what is so now; the second one, of who saw that, runs it."""
        told = self.approve(approval)
        self.assertEqual(approval.status, "pending", approval.error)
        self.assertFalse(approval.decided_by_id)
        self.assertEqual(told["tag"], "display_notification")
        self.assertIn("has changed since it was asked", told["params"]["message"])
        self.assertTrue(told["params"]["sticky"])
        self.assertEqual(approval.activity_ids.user_id, self.approver)
        self.assertEqual(self.events(approval), ["approval_requested", "approval_changed"])
        return approval.with_user(self.approver).preview_shown

    def assertRuns(self, approval):
        self.assertFalse(self.approve(approval))
        self.assertEqual(approval.status, "executed", approval.error)

    def test_a_name_that_means_another_record_by_now(self):
        """The AI tool makes the record that the name then means, with a tool that needs no approval."""
        meant = self.env["res.partner"].create({"name": "Zz Azure Interior"})
        approval = self.ask(arguments=self.renaming("New name", partner_id="Zz Azure"))
        self.assertIn("Zz Azure Interior", approval.with_user(self.approver).preview_shown)
        other = self.env["res.partner"].create({"name": "Zz Azure"})
        self.assertNotIn("Zz Azure Interior", self.assertLooksAgain(approval))
        self.assertFalse(self.record.partner_id)
        self.assertRuns(approval)
        self.assertEqual(self.record.partner_id, other)
        self.assertNotEqual(self.record.partner_id, meant)

    def test_a_value_that_is_another_by_now(self):
        approval = self.ask()
        self.record.name = "Renamed since"
        self.assertIn("Renamed since", self.assertLooksAgain(approval))
        self.assertRuns(approval)

    def test_a_record_to_be_deleted_that_is_called_otherwise_by_now(self):
        approval = self.ask("delete_records", {"model": RECORD, "ids": self.record.ids})
        self.record.name = "Not the one"
        self.assertLooksAgain(approval)
        self.assertTrue(self.record.exists())
        self.assertRuns(approval)
        self.assertFalse(self.record.exists())

    def test_a_method_on_a_record_that_was_changed(self):
        """What it does depends on all of the record, of which its own answer tells little."""
        order = self.env[ORDER].create({"name": "Order", "quantity": 1})
        approval = self.ask("execute_method", {"model": ORDER, "ids": order.ids, "method": "action_confirm"})
        order.quantity = 1000
        shown = self.assertLooksAgain(approval)
        for text in ("Changed since it was asked", "Quantity", "1000"):
            self.assertIn(text, shown)
        self.assertEqual(order.state, "draft")
        self.assertRuns(approval)
        self.assertEqual(order.state, "confirmed")

    def test_a_message_waits_on_the_same_record(self):
        """What does not depend on the record's values minds its name only."""
        approval = self.ask("post_message", {"model": RECORD, "id": self.record.id, "body": "Hello"})
        self.record.number = 77
        self.assertRuns(approval)
        approval = self.ask("post_message", {"model": RECORD, "id": self.record.id, "body": "Hello"})
        self.record.name = "Another"
        self.assertLooksAgain(approval)

    def test_a_tool_without_a_dry_run_minds_its_records(self):
        tool = type(self.env["mcp.toolset"]._catalogue()["post_message"][1])
        with patch.object(tool, "can_dry_run", property(lambda _tool: False)):
            approval = self.ask("post_message", {"model": RECORD, "id": self.record.id, "body": "Hello"})
            self.assertFalse(approval.has_preview)
            self.record.name = "Another"
            self.assertIn("Another", self.assertLooksAgain(approval))

    def test_what_is_new_each_time_is_no_change(self):
        """The ids of what is created, and the time."""
        values = {"name": "Fresh", "line_ids": {"create": [{"name": "Line", "quantity": 2}]}}
        approval = self.ask("create_record", {"model": RECORD, "values": values})
        self.env[RECORD].create({"name": "Meanwhile"})
        self.assertRuns(approval)
        self.assertEqual(self.env[RECORD].search_count([("name", "=", "Fresh")]), 1)

    def test_a_batch_leaves_out_what_changed(self):
        """The second of two changes of one record is not what was shown once the first was made."""
        first, second = (self.ask(arguments=self.renaming(name)) for name in ("One", "Two"))
        action = (first | second).with_user(self.approver).action_approve_selected()
        wizard = self.env["mcp.approval.decide"].with_user(self.approver).browse(action["res_id"])
        told = wizard.action_decide()["params"]
        self.env.invalidate_all()
        self.assertEqual((first.status, second.status, self.record.name), ("executed", "pending", "One"))
        self.assertIn("Executed: 1. Failed: 0.", told["message"])
        self.assertIn("Changed since they were asked, and left: 1", told["message"])
        self.assertIn(second.summary, told["message"])
        self.assertRuns(second)

    def test_who_looks_at_an_older_preview_looks_again(self):
        """Somebody else's click has brought a new one meanwhile."""
        approval = self.ask()
        number = approval.preview_number
        self.record.name = "Renamed since"
        self.assertLooksAgain(approval)
        told = self.approve(approval.with_context(preview_number=number))
        self.assertIn("has changed", told["params"]["message"])
        self.assertEqual(approval.status, "pending")
        self.assertFalse(self.approve(approval.with_context(preview_number=approval.preview_number)))
        self.assertEqual(approval.status, "executed")

    def test_a_preview_changed_in_the_database_is_not_what_is_approved(self):
        approval = self.ask()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mcp_approval SET preview = replace(preview::text, 'New name', 'Nice name')::jsonb WHERE id = %s",
            [approval.id],
        )
        self.env.invalidate_all()
        self.assertIn("Nice name", approval.with_user(self.approver).preview_shown)
        self.assertNotIn("Nice name", self.assertLooksAgain(approval))


@tagged("post_install", "-at_install")
class TestSameness(TransactionCase):
    """What counts as a difference between two previews."""

    def paths(self, one, two, passed=None):
        return differing(one, two, passed)

    def test_any_other_value_is_a_difference(self):
        one = {"records": [{"id": 1, "after": {"name": "A", "tags": [1, 2]}}]}
        self.assertFalse(self.paths(one, {"records": [{"after": {"tags": [1, 2], "name": "A"}, "id": 1}]}))
        for two in (
            {"records": [{"id": 1, "after": {"name": "B", "tags": [1, 2]}}]},
            {"records": [{"id": 1, "after": {"name": "A", "tags": [1]}}]},
            {"records": [{"id": 1, "after": {"name": "A", "tags": [1, 2], "more": None}}]},
            {"records": []},
            None,
        ):
            self.assertTrue(self.paths(one, two), two)
            self.assertTrue(self.paths(two, one), two)

    def test_true_is_not_one(self):
        self.assertTrue(self.paths({"a": True}, {"a": 1}))
        self.assertFalse(self.paths({"a": 1.0}, {"a": 1}))

    def test_time_goes_on(self):
        """What is so and so long after now, is so still; a date that somebody set is not."""
        now, day = datetime(2026, 3, 1, 10), date(2026, 3, 1)
        passed = timedelta(days=2, hours=3)
        for one, two, same in (
            (now, now + passed, True),
            (now, now + passed + timedelta(seconds=50), True),
            (now, now + timedelta(days=1), False),
            (day, day + timedelta(days=2), True),
            (day, day + timedelta(days=3), True),
            (day, day + timedelta(days=9), False),
            (day, day, True),
        ):
            found = self.paths({"a": one.isoformat()}, {"a": two.isoformat()}, passed)
            self.assertEqual(not found, same, (one, two))
        self.assertTrue(self.paths({"before": {"a": day.isoformat()}}, {"before": {"a": "2026-03-03"}}, passed))
