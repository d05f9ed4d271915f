"""What is asked for and what then runs: the same call, checked again, and all of it or nothing (DESIGN §2.8)."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..protocol import credentials
from .approval_case import RECORD, USER, ApprovalCase

TOOLSET = "odoo.addons.mcp_gateway_test.toolsets.mcp_toolset_test.McpToolsetTest"


@tagged("post_install", "-at_install")
class TestApprovalRequest(ApprovalCase):
    def approvals(self):
        return self.env["mcp.approval"].search([("connection_id", "=", self.connection.id)])

    def test_the_same_call_waits_once(self):
        """A call that is repeated does not pile up; another one, or the same one after a decision, is asked anew."""
        approval = self.ask()
        self.assertEqual(self.ask(arguments={**self.renaming("New name"), "dry_run": False}), approval)
        reordered = dict(reversed(self.renaming("New name").items()))
        self.assertEqual(self.ask(arguments=reordered), approval)
        self.assertNotEqual(self.ask(arguments=self.renaming("Other name")), approval)
        approval.with_user(self.approver).action_approve()
        self.assertNotEqual(self.ask(), approval)
        self.assertEqual(len(self.approvals()), 3)

    def test_a_dry_run_and_what_needs_no_approval_run_at_once(self):
        shown = self.structured("update_record", {**self.renaming("New name"), "dry_run": True})
        self.assertEqual(shown["records"][0]["after"], {"name": "New name"})
        self.assertEqual(self.record.name, "Old name")
        self.structured("update_records", {"model": RECORD, "records": [{"id": self.record.id, "number": 7}]})
        self.assertEqual(self.record.number, 7)
        self.assertFalse(self.approvals())

    def test_arguments_that_are_wrong_are_refused_before_anybody_is_asked(self):
        """DESIGN §3: rung 10 before rung 11; and what a dry run shows cannot work is not asked for either."""
        self.assertIn("Wrong arguments", self.failure("update_record", {"model": RECORD}))
        self.assertIn("has no field", self.failure("update_record", self.renaming("x", nothing=1)))
        self.assertIn("no record", self.failure("delete_records", {"model": RECORD, "ids": [999_999]}))
        self.assertFalse(self.approvals())

    def test_an_ai_tool_cannot_flood_the_approver(self):
        """So many wait at most; one that is decided or withdrawn makes room."""
        self.settings.approval_limit = 2
        first, _second = (self.ask(arguments=self.renaming(name)) for name in ("One", "Two"))
        refused = self.failure("update_record", self.renaming("Three"))
        self.assertIn("2 requests of this connection wait", refused)
        self.assertEqual(self.ask(arguments=self.renaming("One")), first)
        self.structured("cancel_approval", {"id": first.id})
        self.ask(arguments=self.renaming("Three"))
        self.assertEqual(len(self.approvals().filtered(lambda a: a.status == "pending")), 2)

    def test_trying_out_leaves_nothing(self):
        """DESIGN §2.9: what is shown comes from a real dry run, of which neither row, mail nor webhook remains."""
        sent = []
        with patch(f"{TOOLSET}._webhook", lambda _toolset, name: sent.append(name)):
            self.ask("test_side_effects", {"name": "tried"})
        self.assertFalse(sent)
        self.assertFalse(self.env[RECORD].search([("name", "=", "tried")]))
        self.assertEqual(self.env["mail.mail"].search_count([("subject", "=", "tried")]), 0)
        self.assertFalse(self.requester.has_group("base.group_system"))

    def test_before_and_after_are_of_the_time_of_the_request(self):
        """A2: with what Odoo changes as a consequence, in a table; what is approved is what was shown."""
        line = self.env["x.mcp.test.line"].create({"record_id": self.record.id, "name": "Line", "quantity": 2})
        lines = {"update": [{"id": line.id, "quantity": 5}]}
        approval = self.ask(arguments=self.renaming("New name", line_ids=lines))
        self.record.name = "Changed since"
        shown = approval.with_user(self.approver).preview_shown
        for text in ("Old name", "New name", "Total", "2.0", "5.0", f"/odoo/{RECORD}/{self.record.id}"):
            self.assertIn(text, shown)
        # The link says how the record is called now; the table, how it was.
        self.assertEqual(shown.count("Changed since"), 1)
        self.assertFalse(approval.with_user(self.approver).hides_something)
        self.assertEqual(json.loads(approval.arguments_shown), self.renaming("New name", line_ids=lines))

    def test_a_deletion_tells_what_goes_with_it(self):
        self.env["x.mcp.test.line"].create([{"record_id": self.record.id, "name": f"{n}"} for n in range(3)])
        approval = self.ask("delete_records", {"model": RECORD, "ids": self.record.ids})
        self.assertIn("3 records (MCP Test Line)", approval.with_user(self.approver).preview_shown)

    def test_a_secret_of_this_server_is_not_kept(self):
        """DESIGN §2.1."""
        secret = credentials.mint(credentials.Kind.API_KEY)
        self.assertIn("a secret", self.failure("update_record", self.renaming(secret)))
        self.assertFalse(self.approvals())

    def test_a_long_value_is_cut_on_the_screen_only(self):
        approval = self.ask(arguments=self.renaming("New name", description="x" * 50_000))
        self.assertLess(len(approval.arguments_shown), 5000)
        approval.with_user(self.approver).action_approve()
        self.assertGreater(len(self.record.description), 50_000)


@tagged("post_install", "-at_install")
class TestApprovalExecution(ApprovalCase):
    def approve(self, approval):
        approval.with_user(self.approver).action_approve()
        self.env.invalidate_all()

    def assertFailed(self, approval, text, record=None):
        """It was approved, and nothing but that remains; the AI tool is told why."""
        self.assertEqual(approval.state, "failed", approval.error)
        self.assertIn(text, approval.error)
        self.assertEqual(approval.decided_by_id, self.approver)
        self.assertEqual(approval.sudo().result, False)
        self.assertEqual(self.events(approval)[-2:], ["approval_approved", "approval_failed"])
        self.assertEqual(self.outcome(approval)["error"], approval.error)
        self.assertFalse(approval.activity_ids)

    def test_everything_is_checked_again(self):
        """A4: tool, scope, limits, rights, and the record, as they are when it is approved."""
        partners = self.env["ir.model"]._get("res.partner").id
        tools = self.env["mcp.tool"]
        for text, change in (
            ("no such tool", lambda: tools.search([("name", "=", "update_record")]).write({"active": False})),
            ("may not use", lambda: self.connection.write({"tool_ids": tools.search([("name", "=", "get_approval")])})),
            ("needs the scope", lambda: self.connection.write({"scope": "read"})),
            (
                "no model",
                lambda: self.connection.write(
                    {"model_ids": [Command.create({"model_id": partners, "can_write": True})]}
                ),
            ),
            ("no record", lambda: self.env[RECORD].search([("name", "like", "For ")]).unlink()),
            ("that you can read", self.hide_record),
        ):
            self.record = self.env[RECORD].create({"name": f"For {text}"})
            approval = self.ask(arguments=self.renaming("New name"))
            with self.subTest(text), self.env.cr.savepoint() as savepoint:
                change()
                approval.with_user(self.approver).action_approve()
                self.assertEqual(approval.state, "failed")
                self.assertIn(text, approval.error)
                self.assertNotEqual(self.record.exists().name, "New name")
                savepoint.rollback()
            self.env.registry.clear_cache()
            self.env.invalidate_all()
        approval.with_user(self.approver).action_approve()
        self.assertEqual((approval.state, self.record.name), ("executed", "New name"))

    def hide_record(self):
        model = self.env["ir.model"]._get(RECORD).id
        self.env["ir.rule"].create({"name": "test", "model_id": model, "domain_force": "[('name', '=', 'none')]"})

    def test_the_connection_is_checked_again(self):
        """Its end, and its user: who leaves the group suspends it, and nothing waits any more."""
        approval = self.ask()
        self.connection.expires_at = fields.Datetime.now() - timedelta(days=1)
        self.approve(approval)
        self.assertEqual((approval.state, self.record.name), ("failed", "Old name"))
        self.assertIn("has expired", approval.error)
        self.connection.expires_at = False
        approval = self.ask()
        self.requester.group_ids -= self.env.ref("mcp_gateway.group_mcp_user")
        self.assertEqual((approval.state, self.connection.state), ("expired", "suspended"))
        with self.assertRaisesRegex(UserError, "decided already"):
            self.approve(approval)
        self.assertEqual(self.record.name, "Old name")

    def test_nothing_runs_while_the_server_is_off(self):
        """FEATURES G1: the request goes on waiting."""
        approval = self.ask()
        self.settings.enabled = False
        with self.assertRaisesRegex(UserError, "switched off"):
            self.approve(approval)
        self.assertEqual((approval.state, self.record.name), ("pending", "Old name"))

    def test_a_failing_run_leaves_the_decision_and_nothing_else(self):
        """A4: its rollback takes neither the decision nor the log along."""
        approval = self.ask()
        other = self.env[RECORD].create({"name": "New name"})
        with mute_logger("odoo.sql_db"):
            self.approve(approval)
        self.assertFailed(approval, "already")
        self.assertEqual((self.record.name, other.name), ("Old name", "New name"))

    def test_a_run_that_breaks_in_the_middle_is_undone(self):
        """DESIGN §2.9: row, mail, granted group and webhook."""
        approval = self.ask("test_side_effects", {"name": "side"})
        broken = patch(f"{TOOLSET}.test_side_effects", side_effect=self.breaking(), autospec=True)
        with broken, mute_logger("odoo.addons.mcp_gateway.models.mcp_gateway_run"):
            self.approve(approval)
        self.assertFailed(approval, "error inside Odoo")
        self.assertFalse(self.env[RECORD].search([("name", "=", "side")]))
        self.assertFalse(self.env["mail.mail"].search([("subject", "=", "side")]))
        self.assertFalse(self.requester.has_group("base.group_system"))

    def breaking(self):
        run = type(self.env["mcp.toolset.test"]).test_side_effects
        return lambda toolset, name, dry_run=False, **_options: run(toolset, name, fail=not dry_run)

    def test_one_that_fails_does_not_stop_the_others(self):
        """A5: a batch."""
        bad, good = self.ask(arguments=self.renaming("Taken")), self.ask(arguments=self.renaming("Free"))
        self.env[RECORD].create({"name": "Taken"})
        with mute_logger("odoo.sql_db"):
            self.approve(bad | good)
        self.assertEqual((bad.state, good.state, self.record.name), ("failed", "executed", "Free"))

    def test_what_was_changed_by_hand_is_refused(self):
        """DESIGN §2.8: whoever writes into the database does not know the pepper."""
        other, _key = self.new_connection(new_test_user(self.env, "approval_other", USER), approver_id=self.approver.id)
        tampering = {
            "arguments": json.dumps(self.renaming("Evil name")),
            "tool": "delete_record",
            "token_scope": "mcp:read mcp:write mcp:execute",
            "connection_id": other.id,
        }
        for column, value in tampering.items():
            approval = self.ask()
            self.env.flush_all()
            self.env.cr.execute(f"UPDATE mcp_approval SET {column} = %s WHERE id = %s", [value, approval.id])
            self.env.invalidate_all()
            with self.assertLogs("odoo.addons.mcp_gateway.models.mcp_approval_decision", "WARNING"):
                self.approve(approval)
            self.assertEqual(approval.state, "failed", column)
            self.assertIn("changed in the database", approval.error)
            self.assertEqual(self.events(approval)[-2:], ["approval_approved", "approval_tampered"])
            self.assertEqual(self.record.name, "Old name")

    def test_what_is_no_json_any_more_is_refused_too(self):
        approval = self.ask()
        self.env.flush_all()
        self.env.cr.execute("UPDATE mcp_approval SET arguments = 'nonsense' WHERE id = %s", [approval.id])
        self.env.invalidate_all()
        self.assertTrue(approval.with_user(self.approver).arguments_shown)
        with self.assertLogs("odoo.addons.mcp_gateway.models.mcp_approval_decision", "WARNING"):
            self.approve(approval)
        self.assertEqual((approval.state, self.record.name), ("failed", "Old name"))

    def test_the_run_is_on_the_record_as_the_requesters(self):
        """DESIGN §2.6: tool, model and records as of a call; the decision is the approver's."""
        approval = self.ask()
        self.approve(approval)
        rows = self.env["mcp.audit.log"].search([("credential", "=", f"approval #{approval.id}")], order="id")
        self.assertEqual(rows.mapped("user_ref"), [self.requester.id, self.approver.id, self.requester.id])
        done = rows[-1]
        self.assertEqual((done.tool, done.model, done.record_refs), ("update_record", RECORD, str(self.record.id)))
        self.assertEqual((done.outcome, done.connection_ref), ("success", self.connection.id))
        self.assertGreater(done.duration_ms, 0)

    def test_a_result_that_is_too_long_is_not_sent_again(self):
        """FEATURES G8: the outcome is told all the same."""
        approval = self.ask()
        self.approve(approval)
        approval.sudo().result = {"text": "x" * 6000}
        self.assertEqual(self.outcome(approval)["result"], {"text": "x" * 6000})
        self.settings.result_kb = 5
        told = self.outcome(approval)
        self.assertEqual((told["status"], list(told["result"])), ("executed", ["note"]))

    def test_a_member_of_no_group_any_more_decides_nothing(self):
        """DESIGN §2.12: the approver's own rights are read when the button is pressed, too."""
        approval = self.ask()
        self.approver.group_ids -= self.env.ref("mcp_gateway.group_mcp_user")
        with self.assertRaises(AccessError):
            self.approve(approval)
        self.assertEqual((approval.state, self.record.name), ("pending", "Old name"))

    def test_an_approved_call_stays_in_the_companies_of_its_connection(self):
        """DESIGN §2.5: with them, and with its limits, as any call."""
        company = self.env["res.company"].create({"name": "Second"})
        self.requester.write({"company_ids": [Command.link(company.id)]})
        self.connection.company_ids = company
        approval = self.ask("create_record", {"model": RECORD, "values": {"name": "In company"}})
        seen = []
        create = type(self.env[RECORD]).create
        with patch.object(
            type(self.env[RECORD]),
            "create",
            autospec=True,
            side_effect=lambda model, vals: seen.append(model.env) or create(model, vals),
        ):
            self.approve(approval)
        self.assertEqual(approval.state, "executed", approval.error)
        self.assertEqual((seen[0].companies, seen[0].uid, seen[0].su), (company, self.requester.id, False))
