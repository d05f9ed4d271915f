"""Scheduled actions that go through rows: each row by itself, and a bad one holds up no other."""

from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .cron_case import run_cron
from .suspension_case import SuspensionCase


@tagged("post_install", "-at_install")
class TestOneByOne(SuspensionCase):
    def setUp(self):
        super().setUp()
        self.both = self.connection + self.foreign
        self.now = self.env.cr.now()

    def run_with_a_bad_row(self, cron: str, model: str, method: str, bad) -> None:
        """Let ``method`` write and then fail for the row ``bad``, and see that each row had a commit of its own."""
        connections, original = self.env["mcp.connection"], getattr(type(self.env[model]), method)

        def work(row, *arguments):
            done = original(row, *arguments)
            if row == bad:
                connections.browse(self.connection.id).sudo().name = "written before it failed"
                raise ValueError("a bad row")
            return done

        with (
            patch.object(type(self.env[model]), method, work),
            self.assertLogs("odoo.addons.mcp_gateway.models.one_by_one", "ERROR") as logs,
        ):
            commits = run_cron(self.env, cron)
        self.assertIn("left for the next run", logs.output[0])
        self.assertIn("a bad row", logs.output[0])
        self.assertEqual(commits.count(1), 2)
        self.assertEqual(self.connection.name, "mine", "what the bad row wrote is undone")

    def test_idle_connections(self):
        self.settings.suspend_idle_days = 30
        long_ago = self.now - timedelta(days=31)
        self.both.write({"active_since": long_ago, "credential_changed_at": long_ago})
        self.run_with_a_bad_row("ir_cron_suspend_idle", "mcp.connection", "_do_suspend", self.connection)
        self.assertEqual(self.both.mapped("state"), ["active", "suspended"])
        run_cron(self.env, "ir_cron_suspend_idle")
        self.assertEqual(self.both.mapped("state"), ["suspended", "suspended"])

    def test_warnings_of_expiry(self):
        self.both.write({"expires_at": self.now + timedelta(days=60)})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mcp_connection SET expires_at = %s WHERE id IN %s", [self.now + timedelta(days=7), self.both._ids]
        )
        self.env.invalidate_all()
        self.run_with_a_bad_row("ir_cron_warn_of_expiry", "mcp.connection", "_warn_of_expiry", self.connection)
        self.assertEqual(self.both.mapped("expiry_warned_days"), [0, 7])
        run_cron(self.env, "ir_cron_warn_of_expiry")
        self.assertEqual(self.both.mapped("expiry_warned_days"), [7, 7])

    def test_ends_of_overlaps(self):
        for connection in self.both:
            connection._do_start_overlap(1)
        old = self.both.api_key_ids.filtered("expires_at").sorted("id")
        old.expires_at = self.now - timedelta(seconds=1)
        self.run_with_a_bad_row("ir_cron_retire_expired", "mcp.api.key", "_retire", old[0])
        self.assertEqual(old.exists(), old[0])
        self.assertEqual(self.events().count("key_overlap_ended"), 0)
        run_cron(self.env, "ir_cron_retire_expired")
        self.assertFalse(old.exists())
        self.assertEqual(self.events().count("key_overlap_ended"), 1)

    def test_what_somebody_saw_to_meanwhile_is_left_alone(self):
        """A run can take long: what was due when it began is asked again when its turn comes."""
        self.settings.suspend_idle_days = 30
        long_ago = self.now - timedelta(days=31)
        self.both.write({"active_since": long_ago, "credential_changed_at": long_ago})
        connections, original = type(self.env["mcp.connection"]), type(self.env["mcp.connection"])._do_suspend

        def suspend(row, reason):
            original(row, reason)
            if row == self.connection:
                self.foreign._do_revoke()

        with patch.object(connections, "_do_suspend", suspend):
            run_cron(self.env, "ir_cron_suspend_idle")
        self.assertEqual(self.both.mapped("state"), ["suspended", "revoked"])
