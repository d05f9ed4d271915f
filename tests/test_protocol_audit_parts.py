"""What seals and exports are made of: statements, digests, signatures, cells (FEATURES L4)."""

import base64
from datetime import datetime

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.audit import csv_rows, signing, stretch
from odoo.addons.mcp_gateway.audit.statement import Statement
from odoo.addons.mcp_gateway.audit.stretch import Misfit, Row

ROWS = [Row(3, '{"id": 3}'), Row(5, '{"id": 5}'), Row(8, '{"id": 8, "tool": "ü"}')]
NOON = datetime(2026, 1, 2, 12, 0, 0)


def statement(**values) -> Statement:
    fields = {
        "database": "db",
        "number": 2,
        "first_id": 3,
        "last_id": 8,
        "rows": 3,
        "oldest": NOON,
        "newest": NOON,
        "sealed_at": NOON,
        "key": "k",
        "rows_digest": "r",
        "leaves_digest": "l",
        "previous_digest": "p",
    }
    return Statement(**fields | values)


class TestStatement(BaseCase):
    def test_its_form_never_changes_because_signed_ones_must_verify(self):
        """Ours: the format of sha256sum, which skips lines that begin with #."""
        expected = (
            "# MCP Server audit seal\n# database: db\n# seal: 2\n# ids: 3 to 8\n# rows: 3\n"
            "# oldest: 2026-01-02T12:00:00Z\n# newest: 2026-01-02T12:00:00Z\n# sealed: 2026-01-02T12:00:00Z\n"
            "# key: k\n# leaves: l\nr  rows/00000002.jsonl\np  seals/00000001.txt\n"
        )
        self.assertEqual(statement().text, expected)

    def test_the_first_one_names_none_before(self):
        """Ours."""
        self.assertEqual(statement(number=1, previous_digest=None).text.splitlines()[-1], "r  rows/00000001.jsonl")

    def test_every_fact_is_part_of_its_digest(self):
        """FEATURES L4: what is not signed could be changed."""
        later = datetime(2026, 1, 2, 12, 0, 1)
        changes = {"number": 3, "first_id": 4, "last_id": 9, "rows": 4, "oldest": later, "newest": later}
        changes |= {"sealed_at": later, "previous_digest": None}
        changes |= dict.fromkeys(("database", "key", "rows_digest", "leaves_digest"), "x")
        digests = {statement().digest} | {statement(**{name: value}).digest for name, value in changes.items()}
        self.assertEqual(len(digests), 13)


class TestStretch(BaseCase):
    def test_the_digest_is_that_of_the_file(self):
        """Ours: a stranger computes it with sha256sum."""
        self.assertEqual(stretch.digest([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        self.assertEqual(stretch.digest(ROWS[:1]), "d9fdd2924292d316e7921d48f991839f34a3953a8d6b4512a729812c0f1e83f4")

    def test_the_first_row_that_does_not_fit_is_named(self):
        """FEATURES L4."""
        sealed = stretch.leaves(ROWS)
        edited = Row(5, '{"id": 5, "tool": "x"}')
        for rows, expected in (
            ([ROWS[0], edited, ROWS[2]], Misfit(5, "edited")),
            ([ROWS[0], ROWS[2]], Misfit(5, "missing")),
            (ROWS[:2], Misfit(8, "missing")),
            ([], Misfit(3, "missing")),
            ([*ROWS[:2], Row(6, "{}"), ROWS[2]], Misfit(6, "inserted")),
            ([Row(1, "{}"), edited], Misfit(1, "inserted")),
            (ROWS, Misfit(None, "unnamed")),
        ):
            with self.subTest(expected):
                self.assertEqual(stretch.find_misfit(rows, sealed), expected)


class TestSigning(BaseCase):
    def test_the_signature_is_that_of_rfc_8032(self):
        """RFC 8032 §7.1, test 1: the empty message."""
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        key = signing.SigningKey.from_text(base64.b64encode(seed).decode())
        self.assertEqual(
            base64.b64decode(key.public).hex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        )
        signature = key.sign("")
        self.assertTrue(
            base64.b64decode(signature).hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974")
        )
        self.assertTrue(signing.is_signed("", signature, key.public))
        self.assertFalse(signing.is_signed("x", signature, key.public))

    def test_what_is_malformed_is_no_signature(self):
        """Ours: an attacker chooses it, and nothing may break."""
        key = signing.SigningKey.from_text("A" * 43 + "=")
        for signature, public in (
            ("", key.public),
            ("é", key.public),
            ("AAAA", key.public),
            (key.sign("x"), ""),
            (key.sign("x"), "AAAA"),
        ):
            self.assertFalse(signing.is_signed("x", signature, public))

    def test_a_key_shows_itself_to_nobody(self):
        """DESIGN §2.1."""
        self.assertEqual(repr(signing.SigningKey.from_text("A" * 43 + "=")), "SigningKey()")
        for text in ("", "hunter2", "AAAA", "é", "A" * 43):
            with self.assertRaises(signing.InvalidKey) as caught:
                signing.SigningKey.from_text(text)
            self.assertEqual(str(caught.exception), "")


class TestCsv(BaseCase):
    def test_no_cell_begins_a_formula(self):
        """OWASP, CSV Injection."""
        for text in ("=1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠x"):
            self.assertEqual(csv_rows.harmless(text), f"'{text}")
            for separator in (";", "\t", "\r", "\n"):
                self.assertTrue(csv_rows.harmless(f"x{separator}{text}").endswith(f"{separator}'{text}"))
                self.assertIn(f"{separator}'{text}", csv_rows.harmless(f"{separator}{text}"))
        self.assertEqual(csv_rows.harmless(-32601), "'-32601")
        for value, text in (("a=1", "a=1"), (None, ""), (0, "0"), (2.5, "2.5")):
            self.assertEqual(csv_rows.harmless(value), text)

    def test_cells_are_quoted_as_rfc_4180_wants_it(self):
        """RFC 4180 §2."""
        self.assertEqual(csv_rows.line({"a": 'x,"y"\nz', "b": 1}, ["b", "a", "c"]), '1,"x,""y""\nz",\r\n')
