import time

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import strict_json

SECRET = "mcp_ak_" + "a" * 49


class TestStrictJson(BaseCase):
    def assertUnreadable(self, raw: bytes, words: str) -> None:
        with self.assertRaises(strict_json.Unreadable) as caught:
            strict_json.loads(raw)
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("mcp_ak_", str(caught.exception))
        # What Python's own error would show of the text, a traceback would print.
        self.assertTrue(caught.exception.__context__ is None or caught.exception.__suppress_context__)

    def test_json_is_read_as_it_is(self):
        """RFC 8259."""
        for raw, value in (
            (b'{"a":[1,-2.5,1e3,true,null,"\xc3\xa9"]}', {"a": [1, -2.5, 1000.0, True, None, "é"]}),
            (b' \r\n\t"\\ud83d\\ude00"\n', "😀"),
            (b'"{[[\\"]}"', '{[["]}'),
            (b"5", 5),
            (b"9" * 400, int("9" * 400)),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(strict_json.loads(raw), value)

    def test_what_is_no_json_is_refused(self):
        """RFC 8259 §2, §6, §7; JSON-RPC 2.0 §5.1, Parse error."""
        for raw in (
            b"{",
            b"nope",
            b'{"a":1}{',
            b"{'a':1}",
            b'{"a":01}',
            b"[1,]",
            b'"\n"',
            b'"\x00"',
            b"// x",
            b"\xc2\xa0",
            b"+1",
        ):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "not valid JSON")

    def test_an_empty_body_is_named_as_such(self):
        """Ours: the commonest mistake with curl."""
        for raw in (b"", b" \r\n"):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "empty")

    def test_only_utf_8_without_a_byte_order_mark_is_read(self):
        """RFC 8259 §8.1."""
        for raw in (b'"\xff"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', '{"a":"é"}'.encode("latin-1")):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "UTF-8")
        self.assertUnreadable('{"a":1}'.encode("utf-16"), "UTF-8")
        self.assertUnreadable(b"\xef\xbb\xbf{}", "byte order mark")

    def test_a_doubled_member_is_refused_at_any_depth(self):
        """RFC 8259 §4: what reads the message before us may have chosen the other."""
        for raw in (b'{"a":1,"a":1}', b'[{"b":{"a":1,"a":2}}]', b'{"a":1,"\\u0061":2}'):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "twice")

    def test_numbers_are_finite_and_bounded(self):
        """RFC 8259 §6; CPython refuses to convert more than 4300 digits, with a text that is not for clients."""
        for raw in (b"NaN", b"-Infinity", b'{"a":Infinity}'):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "NaN and Infinity")
        for raw in (b"1e999", b"[-1e999]"):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "too large")
        for raw in (b"9" * 401, b"9" * 5000, b"0." + b"1" * 5000, b"-" + b"9" * 1_000_000):
            with self.subTest(length=len(raw)):
                self.assertUnreadable(raw, "400 digits")

    def test_nesting_is_bounded_without_running_out_of_stack(self):
        """Ours: neither the parser nor what reads its result may fail by recursion."""
        for opened, closed in ((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")):
            levels = opened.count(b"[") + opened.count(b"{")
            fits, too_deep = 64 // levels, 64 // levels + 1
            with self.subTest(opened=opened):
                strict_json.loads(opened * fits + b"1" + closed * fits)
                self.assertUnreadable(opened * too_deep + b"1" + closed * too_deep, "deeper than 64")
                for depth in (900, 100_000, 1_000_000):
                    self.assertUnreadable(opened * depth + b"1" + closed * depth, "deeper than 64")
        self.assertUnreadable(b"[" * 4_000_000, "deeper than 64")

    def test_the_time_grows_with_the_length_only(self):
        """Ours: a stranger may send 4 MiB; what takes a quadratic parser minutes takes this one a moment."""
        size = 4 * 1024 * 1024
        for part, start in (
            (b'"', b""),
            (b"\\", b'"'),
            (b'\\"', b""),
            (b"a", b'"'),
            (b'"[",', b"["),
            (b"[", b""),
            (b'{"":', b""),
            (b"1", b""),
            (b"-", b""),
            (b"\n", b""),
            (rb"\ud83d", b'"'),
        ):
            with self.subTest(part=part, start=start):
                started = time.process_time()
                with self.assertRaises(strict_json.Unreadable):
                    strict_json.loads(start + part * (size // len(part)))
                self.assertLess(time.process_time() - started, 1)

    def test_the_depth_is_the_callers_choice(self):
        """Ours."""
        self.assertEqual(strict_json.loads(b"[[1]]", max_depth=2), [[1]])
        self.assertEqual(strict_json.loads(b"1", max_depth=0), 1)
        with self.assertRaises(strict_json.Unreadable):
            strict_json.loads(b"[[1]]", max_depth=1)

    def test_width_is_not_depth(self):
        """Ours: brackets side by side, or inside a string, do not nest."""
        self.assertEqual(strict_json.loads(b"[" + b"[]," * 1000 + b"[]]"), [[]] * 1001)
        self.assertEqual(strict_json.loads(b'"' + b"[" * 1000 + b'"'), "[" * 1000)

    def test_text_that_postgresql_cannot_store_is_refused_in_members_and_values(self):
        """RFC 8259 §8.2; PostgreSQL's text has no NUL and no surrogates."""
        for raw in (
            rb'"\u0000"',
            rb'{"\u0000":1}',
            rb'{"a":{"b":["x\u0000y"]}}',
            rb'"\ud800"',
            rb'"\udc00\ud800"',
            rb'{"\udfff":1}',
            rb'["\ud800x"]',
        ):
            with self.subTest(raw=raw):
                self.assertUnreadable(raw, "NUL character")

    def test_no_text_repeats_what_was_sent(self):
        """DESIGN §2.1: the error goes to the log and back to the client."""
        secret = SECRET.encode()
        for raw, words in (
            (b'{"' + secret + b'":1,"' + secret + b'":2}', "twice"),
            (b'{"a":' + secret + b"}", "not valid JSON"),
            (b'"' + secret + rb'\u0000"', "NUL"),
            (secret + b"\xff", "UTF-8"),
        ):
            with self.subTest(words=words):
                self.assertUnreadable(raw, words)
