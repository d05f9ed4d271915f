"""How old rows go (FEATURES L2): whole sealed stretches, on the record, with the chain still in one piece."""

from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from odoo.addons.mcp_gateway.models import mcp_audit_retention

from .audit_case import AuditCase

OLD = datetime(2020, 1, 1, 12, 0, 0)


class TestAuditRetention(AuditCase):
    def setUp(self):
        super().setUp()
        # What is already there must not be in the way: the oldest stretch decides first.
        self.unguarded("DELETE FROM mcp_audit_seal")
        self.unguarded("DELETE FROM mcp_audit_log")

    def kept(self, ids: list[int]) -> list[int]:
        return self.log.search([("id", "in", ids)]).sorted("id").ids

    def days(self, number: int) -> None:
        self.env["mcp.settings"]._get().retention_days = number

    def purge(self) -> list[int]:
        """Runs the cron; how many rows each of its commits was about."""
        batches = []
        cron = self.env.registry["ir.cron"]
        with patch.object(cron, "_commit_progress", lambda _self, done=0, **_kw: batches.append(done) or 60.0):
            self.seals._cron_purge()
        self.env.invalidate_all()
        return [done for done in batches if done]

    def assert_intact(self):
        verdict = self.seals._verify()
        self.assertIsNone(verdict.problem)
        return verdict

    def test_what_is_old_goes_and_the_chain_still_verifies(self):
        """FEATURES L2, L4: *Verify* says what retention removed."""
        old, young = self.sealed(4, date=OLD), self.sealed(3)
        seal = self.seals.search([("last_id", "=", old[-1])])
        digest = seal.digest
        self.assertEqual(self.purge(), [4])
        self.assertEqual(self.kept(old + young), young)
        self.assertEqual((bool(seal.removed_at), seal.digest, seal.row_count), (True, digest, 4))
        self.assertFalse(seal.leaves)
        verdict = self.assert_intact()
        self.assertEqual((verdict.removed_seals, verdict.removed_rows, verdict.rows), (1, 4, 3))
        self.assertEqual(self.seals._seal_next(), 1)  # the row about the removal
        self.assert_intact()

    def test_the_days_of_the_settings_are_the_boundary(self):
        """FEATURES L2: a second less than a day over it stays."""
        self.days(90)
        now = fields.Datetime.now()
        with patch.object(fields.Datetime, "now", lambda: now):
            for ago, purged in ((timedelta(days=90), []), (timedelta(days=90, seconds=2), [1])):
                with self.subTest(ago), self.env.cr.savepoint() as savepoint:
                    self.sealed(1, date=now - ago)
                    self.assertEqual(self.purge(), purged)
                    savepoint.rollback()

    def test_zero_days_keep_the_log_for_ever(self):
        """FEATURES L2."""
        old = self.sealed(2, date=OLD)
        self.days(0)
        self.assertEqual(self.purge(), [])
        self.assertEqual(self.kept(old), old)
        with self.assertRaisesRegex(ValidationError, "enter a number from 0"):
            self.days(-1)

    def test_a_stretch_goes_only_as_a_whole(self):
        """Ours: one young row keeps its stretch, and every later one."""
        first = self.sealed(2, date=OLD)
        mixed = self.record(2, date=OLD) + self.record(1)
        self.seals._seal_next()
        last = self.sealed(2, date=OLD)
        self.purge()
        self.assertEqual(self.kept(first + mixed + last), mixed + last)
        self.assert_intact()

    def test_unsealed_rows_stay_however_old(self):
        """Ours: what no seal covers would go without a trace."""
        rows = self.record(3, date=OLD)
        self.assertEqual(self.purge(), [])
        self.assertEqual(self.kept(rows), rows)

    def test_it_goes_in_batches_and_never_splits_a_stretch(self):
        """Ours: no transaction is long, and each makes progress, whatever the size of a stretch."""
        for size in (2, 2, 2, 9, 1):
            self.sealed(size, date=OLD)
        with patch.object(mcp_audit_retention, "ROWS_OF_A_BATCH", 4):
            self.assertEqual(self.purge(), [4, 2, 9, 1])
        self.assert_intact()

    def test_each_batch_is_on_the_record(self):
        """Ours: the database writes the row itself, with what went."""
        rows = self.sealed(3, date=OLD)
        self.purge()
        row = self.log.search([], limit=1)
        self.assertEqual((row.event, row.outcome), ("retention", "success"))
        self.assertEqual(row.details, f"3 rows removed, {rows[0]} to {rows[-1]}, the newest of 2020-01-01 12:00:00 UTC")

    def test_whoever_sets_the_exception_by_hand_is_on_the_record_too(self):
        """Ours: the exception lets rows go, but not without a row about it, and *Verify* misses them."""
        rows = self.sealed(3)
        cr = self.env.cr
        cr.execute("SELECT set_config('mcp_gateway.purge_through', %s, true)", [str(rows[1])])
        cr.execute("DELETE FROM mcp_audit_log WHERE id = %s", [rows[1]])
        for through, statement in (
            (rows[1], f"DELETE FROM mcp_audit_log WHERE id = {rows[2]}"),
            (rows[2], f"UPDATE mcp_audit_log SET tool = 'x' WHERE id = {rows[0]}"),
            (rows[2], "TRUNCATE mcp_audit_log"),
            (rows[2], "UPDATE mcp_audit_seal SET digest = 'x'"),
            (rows[2], "DELETE FROM mcp_audit_seal"),
        ):
            with (
                self.subTest(statement),
                self.assertRaises(psycopg2.errors.InsufficientPrivilege),
                mute_logger("odoo.sql_db"),
                cr.savepoint(),
            ):
                cr.execute("SELECT set_config('mcp_gateway.purge_through', %s, true)", [str(through)])
                cr.execute(statement)
        cr.execute("SELECT set_config('mcp_gateway.purge_through', '', true)")
        self.env.invalidate_all()
        self.assertEqual(self.log.search([], limit=1).event, "retention")
        verdict = self.seals._verify()
        self.assertEqual(verdict.row_id, rows[1])

    def test_the_exception_ends_with_the_function(self):
        """Ours: later in the same transaction the trigger refuses as before."""
        old, young = self.sealed(1, date=OLD), self.sealed(1)
        self.assertEqual(self.seals._purge_batch(datetime(2021, 1, 1)), 1)
        self.assertIsNone(self.seals._purge_batch(datetime(2021, 1, 1)))
        self.env.cr.execute(
            "INSERT INTO mcp_audit_log (id, date, event, outcome) VALUES (%s, now(), 'request', 'success')", old
        )
        for row_id in old + young:
            with (
                self.assertRaises(psycopg2.errors.InsufficientPrivilege),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute("DELETE FROM mcp_audit_log WHERE id = %s", [row_id])

    def test_a_row_in_a_removed_stretch_is_found(self):
        """Ours: what comes after the removal was never sealed."""
        rows = self.sealed(2, date=OLD)
        self.purge()
        self.env.cr.execute(
            "INSERT INTO mcp_audit_log (id, date, event, outcome) VALUES (%s, now(), 'request', 'success')", [rows[0]]
        )
        verdict = self.seals._verify()
        self.assertEqual((verdict.row_id, "inserted" in verdict.problem), (rows[0], True))

    def test_a_removal_out_of_turn_is_found(self):
        """Ours: retention removes the oldest first, so a hole in the middle is none of its."""
        self.sealed(2)
        middle = self.sealed(2)
        self.unguarded("DELETE FROM mcp_audit_log WHERE id BETWEEN %s AND %s", *middle)
        self.unguarded("UPDATE mcp_audit_seal SET removed_at = now() WHERE last_id = %s", middle[-1])
        self.assertIn("before older ones", self.seals._verify().problem)
