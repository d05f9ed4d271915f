"""What in dev/ can be told without Odoo, PostgreSQL or a network."""

import re
import socket
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import environment
import odoo_process
import places
import postgres
import prove
import rings
import source
from trouble import Trouble


class TestDev(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_database_names(self):
        for name in ("mcp", "mcp_2"):
            self.assertEqual(postgres.checked(name), name)
        for name in ("postgres", "", "Mcp", "2mcp", "m-c-p", 'm"; DROP', "m" * 61):
            with self.subTest(name), self.assertRaises(Trouble):
                postgres.checked(name)

    def test_a_change_of_a_requirement_is_another_environment(self):
        file = self.folder / "requirements.txt"
        file.write_text("mcp==1")
        before = environment.stamp_for((file,))
        self.assertEqual(environment.stamp_for((file,)), before)
        file.write_text("mcp==2")
        self.assertNotEqual(environment.stamp_for((file,)), before)

    def test_each_proof_names_a_test_that_there_is(self):
        for path in sorted(prove.PROOFS.glob("[a-z]*.py")):
            proof = prove._read(path)
            (file,) = (places.CHECKOUT / "tests").rglob(proof.file)
            tests = re.findall(r"def (test_\w+)", file.read_text())
            words = set(re.findall(r"\w+", proof.tests)) - {"and", "or", "not"}
            with self.subTest(proof.name):
                self.assertTrue(any(word in test for word in words for test in tests))

    def _odoo_tree(self, version: str) -> Path:
        for name in ("odoo/release.py", "odoo-bin", "odoo/addons/base/__manifest__.py", "addons/web/__manifest__.py"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).touch()
        (self.folder / "odoo/release.py").write_text(f"version_info = ({version}, 0, FINAL, 0, '')\n")
        return self.folder

    def test_a_source_tree_is_found(self):
        found = source.at(self._odoo_tree("19, 0"))
        self.assertEqual(found.script, self.folder / "odoo-bin")
        self.assertEqual(found.addons, (self.folder / "odoo/addons", self.folder / "addons"))

    def test_another_odoo_is_told(self):
        with self.assertRaisesRegex(Trouble, r"is 18\.0; this addon needs 19\.0"):
            source.at(self._odoo_tree("18, 0"))
        with self.assertRaisesRegex(Trouble, "There is no Odoo in"):
            source.at(self.folder / "addons")

    def test_without_apt_odoo_home_is_asked_for(self):
        with (
            patch.object(source, "STAMP", self.folder / "missing"),
            patch.dict("os.environ", {"ODOO_HOME": ""}),
            patch("shutil.which", return_value=None),
            self.assertRaisesRegex(Trouble, "ODOO_HOME"),
        ):
            source.fetch()

    def test_rings(self):
        files = [
            Path("tests", name)
            for name in ("test_protocol_a.py", "test_b.py", "test_http_c.py", "test_tour_d.py", "system/test_e.py")
        ]
        self.assertEqual([rings.ring_of(file) for file in files], list(rings.RINGS))
        self.assertEqual([ring.files for ring in rings.chosen([], files)], [[file] for file in files])
        self.assertEqual(
            [ring.name for ring in rings.chosen(["tests/test_b.py", "system"], files)], ["model", "system"]
        )
        with self.assertRaisesRegex(Trouble, "test_nothing.py"):
            rings.chosen(["test_nothing.py"], files)

    def test_what_in_a_log_is_bad(self):
        log = self.folder / "log"
        start = "2026-01-01 10:00:00,000 1"
        warning = f"{start} WARNING db odoo.orm: something"
        error = f"{start} ERROR db odoo.sql_db: bad query: UPDATE x\nERROR: could not serialize access due to"
        foreign = f"{start} WARNING ? py.warnings: /x/passlib: old"
        ours = f"{start} WARNING ? py.warnings: /x/mcp_gateway/models: old"
        log.write_text("\n".join([warning, f"{start} INFO db x: WARNING", error, foreign, ours, ""]))
        self.assertEqual(odoo_process.bad_lines(log), [warning, error, ours])
        self.assertEqual(odoo_process.bad_lines(log, ["bad query.*could not serialize"]), [warning, ours])

    def test_a_taken_port_is_told(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            with self.assertRaisesRegex(Trouble, "Port"):
                odoo_process.check_port(other.getsockname()[1])
        with self.assertRaisesRegex(Trouble, "Port"):
            odoo_process.check_port(99999)
