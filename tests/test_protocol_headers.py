import base64
import json
from typing import Any

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import errors, headers, revisions
from odoo.addons.mcp_gateway.protocol.messages import Exchange

META = {headers.META_VERSION: "2026-07-28", headers.META_CAPABILITIES: {}}
GOOD = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "search"}


def check(sent: dict[str, str], params: dict[str, Any] | None = None, method: str = "tools/call", meta: Any = META):  # pylint: disable=dangerous-default-value
    exchange = Exchange("POST", tuple(sent.items()), "", b"", "192.0.2.7")
    return headers.check(exchange, method, {"name": "search"} if params is None else params, meta)


def encoded(text: str) -> str:
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


class TestHeaders(BaseCase):
    def assertMismatch(self, problem, name: str) -> None:
        self.assertEqual(problem.code, errors.HEADER_MISMATCH)
        self.assertIn(name, problem.message)
        self.assertIsNone(problem.data)

    def test_headers_that_repeat_the_body_pass(self):
        """2026-07-28 basic/transports/streamable-http; names in any case, white space around values trimmed."""
        for sent in (
            GOOD,
            {name.upper(): value for name, value in GOOD.items()},
            {name.lower(): f" \t{value} " for name, value in GOOD.items()},
            {**GOOD, "Mcp-Name": encoded("search")},
            {**GOOD, "Mcp-Method": encoded("tools/call")},
        ):
            with self.subTest(sent=sent):
                self.assertIsNone(check(sent))

    def test_the_name_is_the_member_that_its_method_is_about(self):
        """2026-07-28 basic/transports/streamable-http: params.name or params.uri."""
        for method, params in (
            ("tools/call", {"name": "x"}),
            ("prompts/get", {"name": "x"}),
            ("resources/read", {"uri": "x"}),
        ):
            with self.subTest(method=method):
                self.assertIsNone(check({**GOOD, "Mcp-Method": method, "Mcp-Name": "x"}, params, method))
                self.assertMismatch(check({**GOOD, "Mcp-Method": method, "Mcp-Name": "y"}, params, method), "Mcp-Name")
        self.assertIsNone(check({**GOOD, "Mcp-Method": "tools/list", "Mcp-Name": "y"}, {}, "tools/list"))

    def test_a_missing_header_is_a_mismatch(self):
        """2026-07-28 basic/transports/streamable-http: -32020."""
        for name in GOOD:
            with self.subTest(name=name):
                self.assertMismatch(check({k: v for k, v in GOOD.items() if k != name}), name)
                self.assertMismatch(check({**GOOD, name: ""}), name)
        self.assertMismatch(check({**GOOD, "MCP-Protocol-Version": ""}, meta={}), "MCP-Protocol-Version")

    def test_a_header_that_says_something_else_is_a_mismatch(self):
        """2026-07-28 basic/transports/streamable-http: values are case-sensitive, -32020."""
        for name, value in (
            ("MCP-Protocol-Version", "2031-01-01"),
            ("MCP-Protocol-Version", "2026-07-28,2026-07-28"),
            ("Mcp-Method", "TOOLS/CALL"),
            ("Mcp-Method", "tools/call,tools/call"),
            ("Mcp-Name", "Search"),
            ("Mcp-Name", "search search"),
            ("Mcp-Name", encoded("other")),
        ):
            with self.subTest(name=name, value=value):
                self.assertMismatch(check({**GOOD, name: value}), name)

    def test_a_name_beyond_ascii_travels_in_base64(self):
        """2026-07-28 basic/transports/streamable-http, SEP-2243."""
        for text in ("été", " padded ", "😀", "=?base64?eA==?="):
            with self.subTest(text=text):
                self.assertIsNone(check({**GOOD, "Mcp-Name": encoded(text)}, {"name": text}))

    def test_base64_that_is_none_matches_nothing(self):
        """SEP-2243: whoever routes by the header may decode it differently."""
        # Too short to hold both marks, this is plain text.
        self.assertIsNone(check({**GOOD, "Mcp-Name": "=?base64?="}, {"name": "=?base64?="}))
        self.assertMismatch(check({**GOOD, "Mcp-Name": "=?base64?="}, {"name": ""}), "Mcp-Name")
        for value in ("=?base64?!!?=", "=?base64?eB==?=", "=?base64?eA?=", "=?base64?/w==?=", "=?base64?é?="):
            for params in ({"name": "x"}, {"name": value}, {"name": None}):
                with self.subTest(value=value, params=params):
                    self.assertMismatch(check({**GOOD, "Mcp-Name": value}, params), "Mcp-Name")

    def test_a_body_without_the_member_needs_no_header_but_may_not_have_one(self):
        """Ours: what params lack is for the method to say (-32602)."""
        unnamed = {k: v for k, v in GOOD.items() if k != "Mcp-Name"}
        self.assertIsNone(check(unnamed, {}))
        self.assertMismatch(check(GOOD, {}), "Mcp-Name")
        self.assertMismatch(check(GOOD, {"name": 5}), "Mcp-Name")
        self.assertMismatch(check(unnamed, {"name": 5}), "Mcp-Name")

    def test_meta_must_name_revision_and_capabilities(self):
        """2026-07-28 basic/index, _meta: -32602; clientInfo is optional."""
        for meta in (
            {},
            {headers.META_VERSION: "2026-07-28"},
            {headers.META_CAPABILITIES: {}},
            {**META, headers.META_CAPABILITIES: None},
            {**META, headers.META_CAPABILITIES: []},
        ):
            with self.subTest(meta=meta):
                problem = check(GOOD, meta=meta)
                self.assertEqual(problem.code, errors.INVALID_PARAMS)
                self.assertIn("io.modelcontextprotocol/", problem.message)

    def test_an_unknown_revision_is_told_the_known_ones(self):
        """2026-07-28 basic/versioning: -32022 with supported and requested."""
        for meta in ({}, {**META, headers.META_VERSION: "2031-01-01"}):
            with self.subTest(meta=meta):
                problem = check({**GOOD, "MCP-Protocol-Version": "2031-01-01"}, meta=meta)
                self.assertEqual(problem.code, errors.UNSUPPORTED_VERSION)
                self.assertEqual(problem.data, {"supported": list(revisions.SUPPORTED), "requested": "2031-01-01"})

    def test_the_first_failure_answers(self):
        """DESIGN §3: revision, then _meta, then the method, then the name."""
        wrong = {"MCP-Protocol-Version": "2031-01-01", "Mcp-Method": "x", "Mcp-Name": "x"}
        self.assertMismatch(check(wrong), "MCP-Protocol-Version")
        self.assertEqual(check(wrong, meta={}).code, errors.UNSUPPORTED_VERSION)
        wrong["MCP-Protocol-Version"] = "2026-07-28"
        self.assertEqual(check(wrong, meta={}).code, errors.INVALID_PARAMS)
        self.assertMismatch(check(wrong), "Mcp-Method")

    def test_no_problem_repeats_a_value_except_a_short_revision_without_secrets(self):
        """DESIGN §2.1."""
        secret = "mcp_ak_" + "a" * 49
        for sent in (dict.fromkeys(GOOD, secret), {**GOOD, "Mcp-Name": secret}, {**GOOD, "Mcp-Method": secret}):
            for meta in ({}, META, {**META, headers.META_VERSION: secret}):
                with self.subTest(sent=sent, meta=meta):
                    self.assertNotIn("aaaa", json.dumps(vars(check(sent, meta=meta))))
        long = check({**GOOD, "MCP-Protocol-Version": "9" * 999}, meta={})
        self.assertEqual(long.data["requested"], "9" * 40)
