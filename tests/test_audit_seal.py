"""The signed chain over the audit log (FEATURES L4): what it covers, and what *Verify* finds."""

import base64
import logging
import re
from itertools import pairwise
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import config, mute_logger

from odoo.addons.mcp_gateway.audit import signing
from odoo.addons.mcp_gateway.models import mcp_audit_seal

from .audit_case import AuditCase


class TestAuditSeal(AuditCase):
    def verify(self):
        self.env.flush_all()
        return self.seals._verify()

    def assert_intact(self):
        verdict = self.verify()
        self.assertIsNone(verdict.problem)
        return verdict

    def assert_found(self, kind: str, row_id: int | None, seal: int | None = None):
        verdict = self.verify()
        self.assertRegex(verdict.problem or "", kind)
        self.assertEqual(verdict.row_id, row_id)
        if seal:
            self.assertEqual(verdict.seal, seal)

    def test_a_seal_is_called_by_its_number(self):
        self.sealed(1)
        seal = self.seals.search([], limit=1)
        self.assertEqual(seal.display_name, f"Seal {seal.number}")

    def test_every_row_is_covered_by_exactly_one_link(self):
        """FEATURES L4: the ids of two links leave no gap, and each link names the one before."""
        self.sealed(3)
        self.env.cr.execute("SELECT nextval('mcp_audit_log_id_seq')")  # a transaction that was rolled back
        self.sealed(2)
        seals = self.seals.search([], order="number")
        self.assertEqual(seals.mapped("number"), list(range(1, len(seals) + 1)))
        self.assertEqual(seals[0].first_id, 1)
        for before, after in pairwise(seals):
            self.assertEqual(after.first_id, before.last_id + 1)
            self.assertEqual(after.previous_digest, before.digest)
        self.assertEqual(sum(seals.mapped("row_count")), self.log.search_count([]))
        verdict = self.assert_intact()
        self.assertEqual((verdict.seals, verdict.rows), (len(seals), self.log.search_count([])))
        self.assertEqual(verdict.unsealed, 0)

    def test_a_long_log_is_sealed_in_stretches(self):
        """Ours: a stretch is held in memory and removed as a whole, so it is bounded."""
        rows = self.record(7)
        with patch.object(mcp_audit_seal, "ROWS_OF_A_SEAL", 3):
            self.seals._seal_all()
        self.assertEqual(self.seals.search([], limit=3).mapped("row_count"), [1, 3, 3])
        self.assertEqual(self.seals.search([], limit=1).last_id, rows[-1])

    def test_large_rows_are_sealed_in_shorter_stretches(self):
        """Ours: as above; one row at least, whatever its size."""
        self.record(3, request_payload="x" * 3000, response_payload="y" * 3000)
        self.record(2)
        with patch.object(mcp_audit_seal, "BYTES_OF_A_SEAL", 9000):
            self.seals._seal_all()
        self.assertEqual(self.seals.search([], limit=3).mapped("row_count"), [3, 1, 1])
        self.record(1, request_payload="x" * 3000)
        with patch.object(mcp_audit_seal, "BYTES_OF_A_SEAL", 10):
            self.assertEqual(self.seals._seal_next(), 1)
        self.assert_intact()

    def test_rows_that_come_while_it_runs_do_not_make_it_run_for_ever(self):
        """Ours: under load there is always a new row, and each run would make a link for it."""
        self.record(2)
        seals, seal_next = type(self.seals), type(self.seals)._seal_next

        def busy(seals):
            self.record(1)
            return seal_next(seals)

        before = self.seals.search_count([])
        with patch.object(seals, "_seal_next", busy), patch.object(mcp_audit_seal, "ROWS_OF_A_SEAL", 2):
            self.seals._seal_all()
            with patch.object(self.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kw: 60.0):
                self.seals._cron_seal()
        self.assertEqual(self.seals.search_count([]), before + 2)

    def test_nothing_new_makes_no_link(self):
        """Ours."""
        before = self.seals.search_count([])
        self.assertEqual(self.seals._seal_next(), 0)
        self.assertEqual(self.seals.search_count([]), before)

    def test_the_cron_seals_everything_and_says_how_far_it_is(self):
        """Ours: with Odoo 19's way for a job to commit on its way."""
        self.record(7)
        progress = []
        cron = self.env.registry["ir.cron"]
        with (
            patch.object(mcp_audit_seal, "ROWS_OF_A_SEAL", 3),
            patch.object(cron, "_commit_progress", lambda _self, done=0, **kw: progress.append((done, kw)) or 60.0),
        ):
            self.seals._cron_seal()
        self.assertEqual([done for done, _more in progress], [3, 3, 1, 0])
        self.assertEqual([more["remaining"] for _done, more in progress], [4, 1, 0, 0])

    def test_each_new_head_goes_to_the_servers_log(self):
        """Ours: there whoever owns the database cannot change it."""
        self.record(2)
        with self.assertLogs("odoo.addons.mcp_gateway.models.mcp_audit_seal", logging.INFO) as logged:
            self.seals._seal_next()
        head = self.seals.search([], limit=1)
        self.assertIn(f"Audit seal {head.number} covers rows {head.first_id} to {head.last_id}", logged.output[0])
        self.assertIn(head.digest, logged.output[0])

    def test_an_edited_row_is_named(self):
        """FEATURES L4: every column counts, an empty one too."""
        rows = self.sealed(5, tool="list_models", user_ref=7)
        self.sealed(5)
        self.assert_intact()
        for change in ("tool = 'x'", "user_ref = NULL", "ip = '192.0.2.1'", "date = date + INTERVAL '1 us'"):
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self.unguarded(f"UPDATE mcp_audit_log SET {change} WHERE id IN (%s, %s)", rows[2], rows[3])
                self.assert_found("edited", rows[2])
                savepoint.rollback()
        self.assert_intact()

    def test_a_missing_row_is_named(self):
        """FEATURES L4."""
        rows = self.sealed(5)
        self.unguarded("DELETE FROM mcp_audit_log WHERE id = %s", rows[1])
        self.assert_found("missing", rows[1])

    def test_a_row_that_came_later_is_named(self):
        """FEATURES L4: into a gap of the ids, and before the first of them."""
        self.sealed(2)
        self.env.cr.execute("SELECT nextval('mcp_audit_log_id_seq')")
        gap = self.env.cr.fetchone()[0]
        self.sealed(2)
        insert = "INSERT INTO mcp_audit_log (id, date, event, outcome) VALUES (%s, now(), 'request', 'success')"
        for late in (gap, -3):
            with self.subTest(late), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(insert, [late])
                self.assert_found("inserted", late)
                savepoint.rollback()

    def test_a_changed_seal_is_found(self):
        """Ours: its columns, its signature, a re-made digest, the link to the one before, and its absence."""
        for _number in range(3):
            self.sealed(2)
        number = self.seals.search([], limit=1).number - 1
        forged = signing.SigningKey.from_text(base64.b64encode(bytes(32)).decode())
        changes = {
            "last_id = last_id - 1": "was changed",
            "sealed_at = sealed_at - INTERVAL '1 day'": "was changed",
            "newest = newest - INTERVAL '1 day'": "was changed",
            "signature = 'AAAA'": "was changed",
            "signature = 'é'": "was changed",
            "digest = rows_digest": "was changed",
            "database = 'é'": "was changed",
            f"public_key = '{forged.public}'": "was changed",
            "public_key = '?'": "was changed",
            "number = number + 100": "is missing",
            "leaves = leaves || ' '": None,
        }
        for change, problem in changes.items():
            with self.subTest(change), self.env.cr.savepoint() as savepoint:
                self.unguarded(f"UPDATE mcp_audit_seal SET {change} WHERE number = %s", number)
                if problem:
                    self.assert_found(problem, None)
                else:
                    self.assert_intact()
                savepoint.rollback()
        self.assert_intact()

    def test_who_changes_the_list_of_rows_too_is_found_without_a_name(self):
        """Ours: a list that is no longer the sealed one names nobody."""
        rows = self.sealed(3)
        self.unguarded("UPDATE mcp_audit_seal SET leaves = replace(leaves, ' ', ' 0') WHERE last_id = %s", rows[-1])
        self.unguarded("UPDATE mcp_audit_log SET tool = 'x' WHERE id = %s", rows[0])
        self.assert_found("list that would name them", None)

    def test_a_chain_that_was_made_anew_with_another_key_is_found(self):
        """Ours: whoever owns the database can sign, but not as the key of the configuration file."""
        key = base64.b64encode(b"k" * 32).decode()
        with patch.dict(config.options, {"mcp_audit_key": key}):
            self.sealed(1)
        self.assert_found("another key", None)

    def test_a_new_key_goes_on_with_the_chain_and_is_on_the_record(self):
        """Ours: its first link vouches for all before it."""
        self.sealed(2)
        with patch.dict(config.options, {"mcp_audit_key": base64.b64encode(b"k" * 32).decode()}):
            self.assertEqual(self.seals._seal_next(), 1)
            self.assertEqual(self.log.search([], limit=1).event, "audit_key_changed")
            self.sealed(2)
            verdict = self.assert_intact()
            self.assertEqual(verdict.keys[-1], self.seals.search([], limit=1).key)
            self.assertEqual(len(verdict.keys), 2)
        self.assertEqual(self.seals._seal_next(), 1)
        self.assert_intact()

    def test_a_key_that_is_none_is_refused_without_being_quoted(self):
        """Ours."""
        for text in ("hunter2", base64.b64encode(b"short").decode(), "é"):
            with patch.dict(config.options, {"mcp_audit_key": text}), self.assertRaises(UserError) as caught:
                self.record(1)
                self.seals._seal_next()
            self.assertNotIn(text, str(caught.exception))

    def test_the_key_of_the_database_is_nobodys_to_read(self):
        """DESIGN §2.1: not even an administrator's."""
        self.sealed(1)
        settings = self.env["mcp.settings"]._get()
        self.assertEqual(len(base64.b64decode(settings.audit_key)), 32)
        boss = self.env.ref("base.user_admin")
        with self.assertRaises(AccessError):
            settings.with_user(boss).read(["audit_key"])
        with self.assertRaises(AccessError):
            self.seals.with_user(boss).search([], limit=1).read(["leaves"])
        self.assertNotIn("audit_key", settings.with_user(boss).fields_get())

    def test_administrators_read_seals_and_nobody_writes_them(self):
        """FEATURES L3: over RPC and with plain SQL."""
        self.sealed(1)
        admin = new_test_user(self.env, "seal_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        user = new_test_user(self.env, "seal_user", "base.group_user,mcp_gateway.group_mcp_user")
        seal = self.seals.with_user(admin).search([], limit=1)
        self.assertRegex(seal.digest, re.compile(r"\A[0-9a-f]{64}\Z"))
        with self.assertRaises(AccessError):
            self.seals.with_user(user).search([])
        for act in (lambda: seal.write({"row_count": 2}), seal.unlink, lambda: seal.create({"number": 1})):
            with self.assertRaises(AccessError):
                act()
        for statement in (
            "UPDATE mcp_audit_seal SET row_count = 2",
            "UPDATE mcp_audit_seal SET removed_at = now()",
            "DELETE FROM mcp_audit_seal",
            "TRUNCATE mcp_audit_seal",
        ):
            with (
                self.subTest(statement),
                self.assertRaisesRegex(Exception, "stay as they are"),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_the_encoding_of_a_row_never_changes(self):
        """Ours: a seal of today must verify with the code of tomorrow."""
        self.log._record(
            event="request",
            date="2026-01-02 03:04:05.000006",
            tool='a\nb"ü',
            duration_ms=1.50,
            http_status=200,
        )
        row_id = self.last_id()
        row = self.seals._rows(row_id, row_id)[0]
        expected = (
            '{"id": %s, "date": "2026-01-02T03:04:05.000006", "tool": "a\\nb\\"ü", "event": "request", '
            '"outcome": "success", "duration_ms": 1.5, "http_status": 200}'
        )
        self.assertEqual(row.line, expected % row_id)
