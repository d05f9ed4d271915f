"""What must hold for any input at all. The examples are always the same ones, so that a failure can be repeated."""

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import credentials, errors, messages, pagination, preflight, revisions
from odoo.addons.mcp_gateway.protocol.challenge import bearer_challenge
from odoo.addons.mcp_gateway.protocol.messages import Exchange, Message, Rejection

repeatable = settings(max_examples=200, derandomize=True, deadline=None, database=None)

# Surrogates too: JSON can spell them, and they are what breaks later.
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
# What a server puts into a cursor comes out of PostgreSQL.
STORABLE = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
VERSION = st.sampled_from((*revisions.SUPPORTED, "2031-01-01", ""))
META = st.fixed_dictionaries(
    {},
    optional={
        "io.modelcontextprotocol/protocolVersion": VERSION | JSON,
        "io.modelcontextprotocol/clientCapabilities": st.just({}) | JSON,
        "io.modelcontextprotocol/clientInfo": st.just({"name": "x"}) | JSON,
    },
)
PARAMS = st.fixed_dictionaries({}, optional={"_meta": META | JSON, "name": JSON, "clientInfo": JSON, "uri": TEXT})
# What any client may ask, with arguments that a tool has to cope with.
ACCEPTABLE = st.fixed_dictionaries(
    {
        "jsonrpc": st.just("2.0"),
        "id": st.integers() | TEXT,
        "method": st.sampled_from(("tools/call", "resources/read", "no/such")) | TEXT.filter(bool),
        "params": st.dictionaries(TEXT, JSON, max_size=3).filter(lambda params: "_meta" not in params),
    }
)
MODERN_META = {
    "io.modelcontextprotocol/protocolVersion": revisions.MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
# Mostly right, so that the later steps are reached.
BODY = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | JSON},
    optional={
        "id": st.integers() | TEXT | JSON,
        "method": st.sampled_from(("initialize", "tools/call", "ping", "notifications/initialized")) | JSON,
        "params": PARAMS | JSON,
        "result": JSON,
        "error": JSON,
    },
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Host", "Origin", "X")),
        VERSION | st.sampled_from(("tools/call", "ping", "=?base64?eA==?=", "=?base64?")) | TEXT,
    ),
    max_size=5,
).map(tuple)


SECRET = credentials.mint(credentials.Kind.API_KEY, lambda size: bytes(range(size)))


def _encoded(text: str) -> str:
    """A header's value (2026-07-28 basic/transports/streamable-http)."""
    return f"=?base64?{base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}?="


def _planted(body, member):
    """``body`` with the secret as a value, as a member's name, or as the revision that it asks for."""
    if member == "_meta":
        return {**body, "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": SECRET, SECRET: SECRET}}}
    return {**body, member: SECRET, "error": {SECRET: [SECRET]}}


class TestProperties(BaseCase):
    def _read(self, body: bytes, headers=()) -> None:
        outcome = messages.read(Exchange("POST", headers, "", body, "192.0.2.7"))
        self.assertIsInstance(outcome, (Message, Rejection))
        if isinstance(outcome, Rejection):
            self.assertEqual(outcome.status, 400)
            outcome.message.encode("ascii")
        else:
            self.assertIn(outcome.revision, revisions.SUPPORTED)
            self.assertIn(outcome.era, (revisions.MODERN_ERA, revisions.LEGACY_ERA))
            self.assertIsInstance(outcome.params, dict)
            # What was accepted can be stored and sent back.
            json.dumps([outcome.id, outcome.params], ensure_ascii=False, allow_nan=False).encode("utf-8")
            self.assertEqual(outcome.id is None, outcome.is_notification)

    @repeatable
    @given(st.binary(max_size=200), HEADERS)
    def test_reading_never_raises_on_any_bytes(self, body, headers):
        """Ours: JSON-RPC 2.0 §5.1 has an error for everything."""
        self._read(body, headers)

    @repeatable
    @given(JSON | BODY, HEADERS)
    def test_reading_never_raises_on_any_json(self, body, headers):
        """Ours: as above, beyond the parser."""
        self._read(json.dumps(body).encode(), headers)

    @repeatable
    @given(ACCEPTABLE, HEADERS)
    def test_what_was_accepted_is_what_was_sent(self, body, headers):
        """Ours: nothing is converted, dropped or added on the way to a tool; a number stays the number it was."""
        outcome = messages.read(Exchange("POST", headers, "", json.dumps(body).encode(), "192.0.2.7"))
        if isinstance(outcome, Message):
            read = [outcome.id, outcome.method, outcome.params]
            self.assertEqual(json.dumps(read), json.dumps([body["id"], body["method"], body["params"]]))
            self.assertFalse(outcome.is_notification or outcome.is_response)

    @repeatable
    @given(ACCEPTABLE, st.sampled_from(("tools/call", "prompts/get", "resources/read", "ping")), TEXT)
    def test_a_modern_request_with_the_right_headers_is_accepted(self, body, method, named):
        """2026-07-28 basic/transports/streamable-http: whatever it names, and whatever else is in its params."""
        params = {**body["params"], "name": named, "uri": named, "_meta": MODERN_META}
        headers = [("MCP-Protocol-Version", revisions.MODERN), ("mcp-method", method), ("Mcp-Name", _encoded(named))]
        raw = json.dumps({**body, "method": method, "params": params}).encode()
        outcome = messages.read(Exchange("POST", tuple(headers), "", raw, "192.0.2.7"))
        if isinstance(outcome, Rejection):
            # Only what cannot be stored, which is refused wherever it stands.
            self.assertEqual(outcome.code, errors.PARSE_ERROR)
            self.assertRegex(json.dumps([body, named]), r"\\u0000|\\ud[89a-f]|NaN|Infinity")
        else:
            self.assertEqual((outcome.era, outcome.params), (revisions.MODERN_ERA, params))
            headers[2] = ("Mcp-Name", _encoded(f"{named}x"))
            outcome = messages.read(Exchange("POST", tuple(headers), "", raw, "192.0.2.7"))
            self.assertEqual(getattr(outcome, "code", None), errors.HEADER_MISMATCH if method != "ping" else None)

    @repeatable
    @given(BODY, HEADERS, st.data())
    def test_a_rejection_never_repeats_a_secret_from_the_request(self, body, headers, data):
        """DESIGN §2.1: what it says goes to the client and to the log. Its id the client must get back."""
        member = data.draw(st.sampled_from(("jsonrpc", "method", "params", "result", SECRET, "_meta", "header", "cut")))
        raw = json.dumps(_planted(body, member)).encode()
        if member == "cut":
            raw = data.draw(st.sampled_from((raw[:-1], raw + SECRET.encode(), SECRET.encode() + b"\xff")))
        if member == "header":
            headers = tuple((name, data.draw(st.sampled_from((value, SECRET)))) for name, value in headers)
        outcome = messages.read(Exchange("POST", headers, f"key={SECRET}", raw, "192.0.2.7"))
        if isinstance(outcome, Rejection):
            self.assertNotIn(SECRET[7:23], f"{outcome.message} {outcome.data}")
        self.assertNotIn(SECRET[7:23], repr(outcome) if outcome.id is None else "")

    @repeatable
    @given(st.integers(0, 300), st.sampled_from(("[", '{"a":', '[{"a":')), st.booleans())
    def test_reading_never_raises_on_any_depth(self, depth, opened, closes):
        """Ours: an unfinished text fails as quietly as a finished one."""
        closed = "".join({"[": "]", "{": "}"}.get(character, "") for character in reversed(opened))
        self._read((opened * depth + "1" + closed * depth * closes).encode())

    @repeatable
    @given(HEADERS, TEXT, TEXT)
    def test_preflight_never_raises(self, headers, base_url, verb):
        """Ours: Host, Origin and the configured address may be anything."""
        rejection = preflight.check(Exchange(verb, headers, "", b"", ""), base_url)
        self.assertIn(rejection.status, (403, 405, 413, 415))

    @repeatable
    @given(st.none() | TEXT | TEXT.map("Bearer {}".format))
    def test_any_authorization_header_is_read(self, header):
        """RFC 6750 §2.1."""
        found = credentials.bearer(header)
        if found.token is None:
            return
        self.assertFalse(found.malformed)
        self.assertRegex(found.token, r"\A[\w.~+/-]+=*\Z")

    @repeatable
    @given(st.binary(min_size=32, max_size=32), st.sampled_from(list(credentials.Kind)), TEXT, TEXT)
    def test_a_secret_is_recognised_and_never_survives_redaction(self, random, kind, before, after):
        """DESIGN §2.1, §4."""
        secret = credentials.mint(kind, lambda _size: random)
        self.assertEqual(credentials.parse(secret).kind, kind)
        self.assertNotIn(secret[7:23], credentials.redact(f"{before}{secret}{after}"))

    @repeatable
    @given(TEXT)
    def test_a_challenge_stays_one_header(self, text):
        """RFC 6750 §3, RFC 9110 §5.5."""
        self.assertRegex(bearer_challenge(error="invalid_token", description=text), r"\A[\x20-\x7e]+\Z")

    @repeatable
    @given(st.dictionaries(STORABLE.filter(lambda key: key != "v"), STORABLE | st.integers(), max_size=2), TEXT)
    def test_a_cursor_is_read_back_or_refused(self, position, foreign):
        """2025-11-25 server/utilities/pagination."""
        cursor = pagination.encode(position)
        if len(cursor) <= 1024:
            self.assertEqual(json.dumps(pagination.decode(cursor)), json.dumps(position))
        with self.assertRaises(pagination.InvalidCursor):
            pagination.decode(foreign)

    def test_every_rejection_uses_a_code_that_has_a_status(self):
        """Ours."""
        for body in (b"", b"[]", b"{}"):
            with self.subTest(body=body):
                rejection = messages.read(Exchange("POST", (), "", body, ""))
                self.assertEqual(errors.http_status(rejection.code, revisions.LEGACY_ERA), rejection.status)
