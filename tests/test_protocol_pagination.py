import base64
import json

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import pagination


def _cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class TestPagination(BaseCase):
    def test_a_cursor_leads_back_to_its_position(self):
        """2025-11-25 server/utilities/pagination: an opaque string."""
        for position in ({}, {"offset": 0}, {"offset": 10**9, "after": "é/ü?~"}, {"v": 7}):
            with self.subTest(position=position):
                cursor = pagination.encode(position)
                self.assertRegex(cursor, r"\A[0-9A-Za-z_-]+\Z")
                self.assertEqual(pagination.decode(cursor), {k: v for k, v in position.items() if k != "v"})

    def test_a_tampered_cursor_is_refused_or_another_position_but_never_a_crash(self):
        """2025-11-25 server/utilities/pagination: the caller checks what is in it."""
        good = pagination.encode({"offset": 5})
        for index in range(len(good)):
            for character in ("A", "_", "=", "é", ""):
                with self.subTest(index=index, character=character):
                    try:
                        position = pagination.decode(good[:index] + character + good[index + 1 :])
                    except pagination.InvalidCursor:
                        continue
                    self.assertIsInstance(position, dict)

    def test_a_foreign_cursor_is_refused_with_words_for_the_client(self):
        """2025-11-25 server/utilities/pagination: invalid cursors are errors (-32602), never a crash."""
        good = pagination.encode({"offset": 5})
        for cursor in (
            "",
            "?",
            "é",
            "a",
            good + "!",
            good + "\n",
            good[:-1],
            None,
            5,
            ["a"],
            _cursor(b"\xff"),
            _cursor(b"5"),
            _cursor(b"[1]"),
            _cursor(b'{"offset":5}'),
            _cursor(b'{"offset":5,"v":2}'),
            _cursor(json.dumps({"v": 1, "x": "a" * 2000}).encode()),
            _cursor(b"[" * 700),
            _cursor(b'{"v":' + b"9" * 700 + b"}"),
            # What Python's own parser lets through and a query chokes on.
            _cursor(b'{"offset":NaN,"v":1}'),
            _cursor(b'{"offset":1e999,"v":1}'),
            _cursor(b'{"offset":' + b"9" * 500 + b',"v":1}'),
            _cursor(rb'{"after":"\u0000","v":1}'),
            _cursor(rb'{"after":"\ud800","v":1}'),
            _cursor(b'{"offset":1,"offset":2,"v":1}'),
            "a" * 5_000_000,
        ):
            with self.subTest(cursor=cursor):
                with self.assertRaises(pagination.InvalidCursor) as caught:
                    pagination.decode(cursor)
                self.assertIsInstance(caught.exception, ValueError)
                self.assertEqual(
                    str(caught.exception),
                    "This is not a cursor of this server. Leave it out to start from the beginning.",
                )
                self.assertIsNone(caught.exception.__cause__)
