import json
from typing import Any

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol import errors, messages, revisions
from odoo.addons.mcp_gateway.protocol.messages import Exchange, Message, Rejection

SECRET = "mcp_ak_" + "a" * 49
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    "io.modelcontextprotocol/clientInfo": {"name": "Probe", "version": "1.2"},
}


def exchange(body: Any, *headers: tuple[str, str]) -> Exchange:
    """A POST of ``body``, which is encoded unless it is bytes already."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Exchange("POST", (("Content-Type", "application/json"), *headers), "", raw, "192.0.2.7")


def request(method: Any = "ping", **members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **members}


def modern(body: dict[str, Any], *headers: tuple[str, str]) -> Message | Rejection:
    always = (("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", str(body.get("method"))))
    return messages.read(exchange(body, *always, *headers))


class TestExchange(BaseCase):
    def test_headers_are_found_in_any_case_and_trimmed(self):
        """RFC 9110 §5.1, §5.5."""
        sent = exchange({}, ("X-One", " \ta b\t "), ("x-two", "1"), ("X-TWO", "2"), ("X-Empty", ""))
        self.assertEqual(sent.header("x-ONE"), "a b")
        self.assertEqual(sent.header("X-Empty"), "")
        self.assertIsNone(sent.header("X-None"))

    def test_a_repeated_header_is_joined_so_that_it_equals_neither(self):
        """RFC 9110 §5.2, §5.3."""
        self.assertEqual(exchange({}, ("X-Two", "1"), ("x-two", "2")).header("X-Two"), "1,2")

    def test_nothing_secret_is_shown(self):
        """DESIGN §2.1."""
        sent = Exchange("POST", (("Authorization", f"Bearer {SECRET}"),), f"key={SECRET}", SECRET.encode(), "192.0.2.7")
        self.assertNotIn("aaaa", repr(sent))


class TestEnvelope(BaseCase):
    def assertRejected(self, body: Any, code: int, words: str, **facts: Any) -> None:
        rejection = messages.read(exchange(body))
        self.assertIsInstance(rejection, Rejection)
        self.assertEqual((rejection.status, rejection.code), (400, code))
        self.assertIn(words, rejection.message)
        self.assertEqual((rejection.id, rejection.method), (facts.get("id"), facts.get("method")))

    def test_what_is_no_json_is_a_parse_error_without_an_id(self):
        """JSON-RPC 2.0 §5.1."""
        for raw in (b"", b"{", b'{"id":1,"id":1}', b"\xff", b"NaN", b"[" * 100_000, rb'{"a":"\u0000"}'):
            with self.subTest(raw=raw[:20]):
                self.assertRejected(raw, errors.PARSE_ERROR, "")

    def test_the_depth_is_the_callers_choice(self):
        """Ours."""
        body = exchange(request(params={"a": {"b": {}}}))
        self.assertIsInstance(messages.read(body, max_depth=4), Message)
        self.assertIsInstance(messages.read(body, max_depth=3), Rejection)

    def test_a_batch_is_refused(self):
        """2025-06-18 changelog; 2026-07-28 basic/transports/streamable-http: one message a request."""
        for body in ([], [request()], [request(), request()]):
            with self.subTest(body=body):
                self.assertRejected(body, errors.INVALID_REQUEST, "Batches")

    def test_the_body_is_an_object(self):
        """JSON-RPC 2.0 §4."""
        for body in (1, "a", None, True, 1.5):
            with self.subTest(body=body):
                self.assertRejected(body, errors.INVALID_REQUEST, "an object")

    def test_the_version_of_json_rpc_is_named(self):
        """JSON-RPC 2.0 §4."""
        for version in ("1.0", 2.0, None, ["2.0"]):
            with self.subTest(version=version):
                self.assertRejected(request(jsonrpc=version), errors.INVALID_REQUEST, '"jsonrpc"', id=1, method="ping")
        self.assertRejected({"id": 1, "method": "ping"}, errors.INVALID_REQUEST, '"jsonrpc"', id=1, method="ping")

    def test_an_id_is_a_string_or_an_integer(self):
        """2026-07-28 and 2025-11-25 basic/index: unlike JSON-RPC, never null."""
        for identity in (None, True, False, 1.5, 1.0, [], {}, [1]):
            with self.subTest(identity=identity):
                self.assertRejected(request(id=identity), errors.INVALID_REQUEST, '"id"', method="ping")
        for identity in (0, -1, 10**300, "", "a", "é" * 300):
            with self.subTest(identity=identity):
                self.assertEqual(messages.read(exchange(request(id=identity))).id, identity)

    def test_a_method_is_a_string(self):
        """JSON-RPC 2.0 §4."""
        for method in (None, 1, "", [], {}):
            with self.subTest(method=method):
                label = "" if method == "" else None
                self.assertRejected(request(method), errors.INVALID_REQUEST, '"method"', id=1, method=label)

    def test_a_message_without_a_method_must_be_a_response(self):
        """JSON-RPC 2.0 §5: an id, and either result or error."""
        for body in ({"id": 1}, {"result": {}}, {"id": 1, "result": {}, "error": {}}, {}):
            with self.subTest(body=body):
                self.assertRejected({"jsonrpc": "2.0", **body}, errors.INVALID_REQUEST, "missing", id=body.get("id"))

    def test_params_are_an_object(self):
        """2025-11-25 schema: unlike JSON-RPC, never an array."""
        for params in (None, [], [1], "a", 5):
            with self.subTest(params=params):
                self.assertRejected(request(params=params), errors.INVALID_REQUEST, '"params"', id=1, method="ping")

    def test_a_rejection_repeats_no_value(self):
        """DESIGN §2.1; the method is for the log only, and bounded."""
        for body in (
            request(SECRET * 9, jsonrpc=SECRET),
            request(id=[SECRET]),
            request(params=SECRET),
            SECRET,
            [SECRET],
        ):
            with self.subTest(body=body):
                rejection = messages.read(exchange(body))
                self.assertNotIn("aaaa", repr(rejection))
                self.assertLessEqual(len(rejection.method or ""), 100)


class TestLegacy(BaseCase):
    def test_a_request_is_read_with_the_revision_of_its_header(self):
        """2025-11-25 basic/transports, Protocol Version Header: without one, 2025-03-26."""
        for version in revisions.LEGACY:
            with self.subTest(version=version):
                message = messages.read(exchange(request(), ("mcp-protocol-version", f" {version} ")))
                self.assertEqual((message.era, message.revision), (revisions.LEGACY_ERA, version))
        message = messages.read(exchange(request("tools/call", params={"name": "x"}), ("Mcp-Session-Id", "abc")))
        self.assertEqual(
            message,
            Message(1, "tools/call", {"name": "x"}, revisions.LEGACY_ERA, "2025-03-26", session_id="abc"),
        )

    def test_initialize_tells_the_client_and_agrees_on_a_revision(self):
        """2025-11-25 basic/lifecycle."""
        params = {
            "protocolVersion": "2025-06-18",
            "clientInfo": {"name": "Probe", "version": "1.2"},
            "capabilities": {"roots": {}},
        }
        message = messages.read(exchange(request("initialize", params=params)))
        self.assertEqual(message.revision, "2025-06-18")
        self.assertEqual((message.client_name, message.client_version), ("Probe", "1.2"))
        self.assertEqual(message.capabilities, {"roots": {}})
        message = messages.read(exchange(request("initialize", params={"protocolVersion": "2026-07-28"})))
        self.assertEqual(message.revision, "2025-11-25")

    def test_what_a_client_says_of_itself_in_a_wrong_shape_is_ignored(self):
        """Ours: a name is for people to read, not worth refusing a client for."""
        for info in (None, 5, "x", [], {"name": 5, "version": None}):
            with self.subTest(info=info):
                message = messages.read(
                    exchange(request("initialize", params={"clientInfo": info, "capabilities": info}))
                )
                self.assertEqual((message.client_name, message.client_version), (None, None))
                self.assertIsInstance(message.capabilities, dict)
        long = {"clientInfo": {"name": "x" * 9999}}
        self.assertEqual(messages.read(exchange(request("initialize", params=long))).client_name, "x" * 100)

    def test_a_message_without_an_id_is_a_notification_whatever_its_name(self):
        """JSON-RPC 2.0 §4.1: nobody may run a tool unseen by leaving the id out."""
        for method in ("notifications/initialized", "notifications/cancelled", "tools/call", "initialize"):
            with self.subTest(method=method):
                message = messages.read(exchange({"jsonrpc": "2.0", "method": method}))
                self.assertEqual((message.is_notification, message.is_response), (True, False))
        message = messages.read(exchange(request("notifications/initialized")))
        self.assertFalse(message.is_notification)

    def test_a_response_is_accepted(self):
        """2025-11-25 basic/transports, Sending Messages, 4."""
        for member in ({"result": {}}, {"error": {"code": 1, "message": "x"}}):
            with self.subTest(member=member):
                message = messages.read(exchange({"jsonrpc": "2.0", "id": 7, **member}))
                self.assertEqual((message.is_response, message.is_notification, message.method), (True, False, ""))

    def test_modern_headers_and_meta_are_not_asked_of_a_legacy_client(self):
        """PROTOCOL §2B, Era selection."""
        message = messages.read(exchange(request(params={"_meta": {"progressToken": 1}}), ("Mcp-Method", "other")))
        self.assertEqual(message.era, revisions.LEGACY_ERA)
        message = messages.read(exchange(request(params={"_meta": 5})))
        self.assertEqual(message.era, revisions.LEGACY_ERA)


class TestModern(BaseCase):
    def test_a_request_tells_everything_about_itself(self):
        """2026-07-28 basic/index, _meta; a session id is ignored (basic/transports/streamable-http)."""
        message = modern(request("tools/list", params={"_meta": META}), ("Mcp-Session-Id", "abc"))
        self.assertEqual(
            message,
            Message(
                id=1,
                method="tools/list",
                params={"_meta": META},
                era=revisions.MODERN_ERA,
                revision="2026-07-28",
                client_name="Probe",
                client_version="1.2",
                capabilities={"elicitation": {}},
            ),
        )

    def test_whether_a_method_exists_is_not_asked_here(self):
        """2026-07-28: the gateway answers 404 and -32601, also to initialize and ping."""
        for method in ("initialize", "ping", "no/such"):
            with self.subTest(method=method):
                self.assertEqual(modern(request(method, params={"_meta": META})).method, method)

    def test_a_failed_header_is_refused_with_the_requests_id(self):
        """2026-07-28 basic/index: errors carry the id; basic/transports/streamable-http: 400."""
        rejection = messages.read(exchange(request("tools/list", id="a", params={"_meta": META})))
        self.assertEqual((rejection.status, rejection.code), (400, errors.HEADER_MISMATCH))
        self.assertEqual((rejection.id, rejection.method), ("a", "tools/list"))

    def test_an_unknown_revision_is_answered_with_the_known_ones(self):
        """2026-07-28 basic/versioning."""
        sent = exchange(request("server/discover"), ("MCP-Protocol-Version", "2031-01-01"))
        rejection = messages.read(sent)
        self.assertEqual((rejection.status, rejection.code), (400, errors.UNSUPPORTED_VERSION))
        self.assertEqual(rejection.data, {"supported": list(revisions.SUPPORTED), "requested": "2031-01-01"})

    def test_a_notification_is_accepted_with_no_more_than_a_known_revision(self):
        """2026-07-28 basic/transports/streamable-http: none is defined, so none has headers of its own."""
        for params in ({}, {"params": {}}, {"params": {"_meta": META}}):
            with self.subTest(params=params):
                body = {"jsonrpc": "2.0", "method": "notifications/cancelled", **params}
                message = messages.read(exchange(body, ("MCP-Protocol-Version", "2026-07-28")))
                self.assertTrue(message.is_notification)
        body = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
        rejection = messages.read(exchange(body, ("MCP-Protocol-Version", "2031-01-01")))
        self.assertEqual((rejection.status, rejection.code), (400, errors.UNSUPPORTED_VERSION))

    def test_a_response_is_refused(self):
        """2026-07-28 basic/transports/streamable-http: a client never sends one."""
        rejection = modern({"jsonrpc": "2.0", "id": 7, "result": {}})
        self.assertEqual((rejection.status, rejection.code, rejection.id), (400, errors.INVALID_REQUEST, 7))
