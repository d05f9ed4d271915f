"""The export (FEATURES L4): what docs/audit.md tells a stranger to run, which fails after one byte is changed."""

import csv
import io
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user
from odoo.tools import config

from odoo.addons.mcp_gateway.models import mcp_audit_seal

from .audit_case import AuditCase

DOCS = Path(__file__).parents[1] / "docs" / "audit.md"
DAY = datetime(2021, 5, 5)


class TestAuditExport(AuditCase):
    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()), "export")
        for number in range(3):
            self.sealed(
                4, date=DAY + timedelta(days=number), tool="=1+1", error="@home", client="+49", error_code=-32601
            )

    def exported(self, seals, *, with_csv: bool = True) -> list[str]:
        """Unpacks the export of ``seals`` into an empty folder; the names of its files."""
        shutil.rmtree(self.folder, ignore_errors=True)
        file = io.BytesIO()
        seals._write_export(file, with_csv=with_csv)
        with zipfile.ZipFile(file) as archive:
            archive.extractall(self.folder)
            return sorted(archive.namelist())

    def of_days(self, first: int, last: int):
        return self.seals._of_time(DAY + timedelta(days=first), DAY + timedelta(days=last))

    def documented(self) -> subprocess.CompletedProcess:
        """Runs exactly the lines of the documentation."""
        [lines] = re.findall(r"```sh verify\n(.*?)```", DOCS.read_text(), re.DOTALL)
        return subprocess.run(["bash", "-c", lines], cwd=self.folder, capture_output=True, text=True, check=False)

    def assert_verifies(self):
        done = self.documented()
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1:]), (0, ["Nothing was changed."]), done.stderr)

    def assert_fails(self):
        done = self.documented()
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Nothing was changed", done.stdout)

    def flip(self, name: str, position: int) -> bytes:
        """Changes one byte of a file; what it was before."""
        path = self.folder / name
        before = path.read_bytes()
        changed = bytearray(before)
        changed[position] ^= 1
        path.write_bytes(changed)
        return before

    def test_the_documented_lines_verify_an_export(self):
        """FEATURES L4: of the newest stretches, of some in the middle, and of the whole chain."""
        for seals in (self.of_days(0, 3), self.of_days(1, 1), self.seals.search([], order="number")):
            with self.subTest(seals.mapped("number")):
                self.exported(seals)
                self.assert_verifies()

    def test_one_changed_byte_anywhere_makes_them_fail(self):
        """FEATURES L4: in the beginning, the middle and the end of every file."""
        names = self.exported(self.of_days(0, 3))
        for name in names:
            size = (self.folder / name).stat().st_size
            # A PEM has unused characters; its key itself is what matters.
            for position in (size // 2,) if name.endswith(".pem") else (0, size // 2, size - 1):
                with self.subTest(name, position=position):
                    before = self.flip(name, position)
                    self.assert_fails()
                    (self.folder / name).write_bytes(before)
        self.assert_verifies()

    def test_a_file_that_is_missing_makes_them_fail(self):
        """Ours."""
        for name in self.exported(self.of_days(0, 3)):
            with self.subTest(name):
                path = self.folder / name
                before = path.read_bytes()
                path.unlink()
                self.assert_fails()
                path.write_bytes(before)

    def test_a_file_that_was_added_makes_them_fail(self):
        """Ours: ``cat rows/*.jsonl`` would take it for a part of the log."""
        self.exported(self.of_days(0, 3))
        (self.folder / "rows" / "00000000.jsonl").write_text("{}\n")
        self.assert_fails()

    def test_the_seals_alone_show_a_change_that_a_new_manifest_hides(self):
        """Ours: who makes the export anew, without the key of the seals, does not get past the loop."""
        seals = self.of_days(0, 3)
        row = seals[1].last_id
        self.unguarded("UPDATE mcp_audit_log SET user_name = 'someone else' WHERE id = %s", row)
        self.exported(seals)
        done = self.documented()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"rows/{seals[1].number:08}.jsonl", done.stdout + done.stderr)

    def test_an_export_over_a_change_of_keys_verifies(self):
        """Ours: each seal by the key that signed it."""
        key = "a" * 43 + "="
        with patch.dict(config.options, {"mcp_audit_key": key}):
            self.assertEqual(self.seals._seal_next(), 1)
            names = self.exported(self.seals.search([], limit=3).sorted("number"))
            self.assert_verifies()
        self.assertEqual(len([name for name in names if name.startswith("keys/")]), 2)

    def test_whole_stretches_of_the_time_are_exported(self):
        """Ours: those that reach into it, and none that lies beside it."""
        numbers = self.seals.search([], limit=3).sorted("number").mapped("number")
        self.assertEqual(self.of_days(0, 0).mapped("number"), numbers[:1])
        self.assertEqual(self.of_days(1, 5).mapped("number"), numbers[1:])
        self.assertFalse(self.of_days(-9, -3))
        names = self.exported(self.of_days(1, 5), with_csv=False)
        self.assertEqual(
            [name for name in names if name.startswith("rows/")], [f"rows/{n:08}.jsonl" for n in numbers[1:]]
        )
        self.assertNotIn("log.csv", names)

    def test_the_rows_are_in_json_lines_and_in_csv(self):
        """FEATURES L4: the same rows, by the names of the columns."""
        seals = self.of_days(0, 3)
        self.exported(seals)
        lines = [
            json.loads(line) for path in sorted(self.folder.glob("rows/*")) for line in path.read_text().splitlines()
        ]
        with (self.folder / "log.csv").open(newline="") as file:
            cells = list(csv.DictReader(file))
        rows = self.log.search([("id", ">=", seals[0].first_id), ("id", "<=", seals[-1].last_id)], order="id")
        self.assertEqual([line["id"] for line in lines], rows.ids)
        self.assertEqual([int(row["id"]) for row in cells], rows.ids)
        self.assertEqual((lines[0]["tool"], lines[0]["error_code"]), ("=1+1", -32601))

    def test_no_cell_is_a_formula(self):
        """OWASP, CSV Injection: an AI tool chooses its name, and the name of a tool."""
        self.exported(self.of_days(0, 3))
        with (self.folder / "log.csv").open(newline="") as file:
            rows = list(csv.reader(file))
        self.assertFalse([cell for row in rows for cell in row if cell[:1] in tuple("=+-@\t\r")])
        named = dict(zip(rows[0], rows[1], strict=True))
        self.assertEqual((named["tool"], named["error"], named["client"]), ("'=1+1", "'@home", "'+49"))

    def test_a_row_of_just_now_is_exported_too(self):
        """Ours: what can be sealed is sealed first; and the export is on the record."""
        self.record(1, method="just now")
        admin = new_test_user(self.env, "export_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        wizard = self.env["mcp.audit.export"].with_user(admin).create({"date_to": datetime(2100, 1, 1)})
        action = wizard.action_export()
        self.assertEqual(action["url"], f"/mcp_gateway/audit_export/{wizard.id}")
        file = io.BytesIO()
        wizard._write_to(file)
        with zipfile.ZipFile(file) as archive:
            rows = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("rows/"))
        self.assertIn(b'"method": "just now"', rows)
        last = self.log.search([], limit=1)
        self.assertEqual((last.event, last.user_ref), ("log_exported", admin.id))

    def test_only_administrators_export(self):
        """DESIGN §2.12: an MCP User sees their own rows, an export shows everyone's."""
        user = new_test_user(self.env, "export_user", "base.group_user,mcp_gateway.group_mcp_user")
        with self.assertRaises(AccessError):
            self.env["mcp.audit.export"].with_user(user).create({})
        for method in ("action_verify", "action_ask_export"):
            with self.assertRaises(AccessError):
                getattr(self.log.with_user(user), method)()

    def test_a_time_without_rows_and_a_time_backwards_are_refused(self):
        """Ours."""
        make = self.env["mcp.audit.export"].create
        with self.assertRaises(UserError):
            make({"date_from": datetime(1999, 1, 1), "date_to": datetime(1999, 1, 2)}).action_export()
        with self.assertRaises(ValidationError):
            make({"date_from": datetime(1999, 1, 2), "date_to": datetime(1999, 1, 1)})

    def test_verify_shows_an_administrator_what_it_found(self):
        """FEATURES L4: and leaves a row of it."""
        admin = new_test_user(self.env, "verify_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        log = self.log.with_user(admin)
        shown = self.env["mcp.audit.verify"].with_user(admin).browse(log.action_verify()["res_id"])
        self.assertEqual((shown.problem, shown.row_exists, shown.unsealed_count), (False, False, 0))
        self.assertEqual(shown.row_count, self.log.search_count([]) - 1)
        self.assertEqual(self.log.search([], limit=1).event, "log_verified")
        row = self.seals.search([], limit=1).last_id
        self.unguarded("UPDATE mcp_audit_log SET ip = '192.0.2.9' WHERE id = %s", row)
        shown = shown.browse(log.action_verify()["res_id"])
        self.assertEqual((shown.row_ref, shown.row_exists), (row, True))
        self.assertEqual(shown.action_view_row()["res_id"], row)
        self.assertEqual(self.log.search([], limit=1).outcome, "error")

    def test_a_seal_that_no_run_could_make_leaves_the_rest_exportable(self):
        """Ours: a transaction that stays open holds the newest rows back, nothing else."""
        self.record(1)
        with (
            patch.object(mcp_audit_seal, "PATIENCE_SECONDS", 0.05),
            patch.object(type(self.seals), "_writers", lambda _self: {"1/1"}),
        ):
            self.assertEqual(self.seals._seal_next(), 0)
        self.exported(self.of_days(0, 3))
        self.assert_verifies()
