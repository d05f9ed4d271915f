"""Bad input: the right status and code, a sentence that helps, a row in the log, never the secret or a traceback."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..protocol import errors, preflight, strict_json


@tagged("post_install", "-at_install")
class TestBadInput(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        cls.user = new_test_user(cls.env, "bad_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.connection = cls.env["mcp.connection"].create(
            {"name": "bad input", "user_id": cls.user.id, "rate_minute": 0, "rate_day": 0}
        )
        cls.key = cls.connection._do_generate_key()
        cls.secrets = [cls.key]

    def post(self, body=None, *, headers=None, query="", authorization=None):
        body = {"jsonrpc": "2.0", "id": 7, "method": "ping"} if body is None else body
        sent = {
            "Content-Type": "application/json",
            "Authorization": authorization if authorization is not None else f"Bearer {self.key}",
            **(headers or {}),
        }
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        before = self.env["mcp.audit.log"].search_count([("event", "=", "request")])
        with self.assertNoLogs("odoo.addons.mcp_gateway", "ERROR"):
            given = {name: value for name, value in sent.items() if value}
            response = self.url_open(f"/mcp{query}", data=data, headers=given, method="POST")
        self.assertEqual(self.env["mcp.audit.log"].search_count([("event", "=", "request")]), before + 1)
        self.assertNotIn("Traceback", response.text)
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertEqual(response.headers["Cache-Control"], "no-store")
        for secret in self.secrets:
            self.assertNotIn(secret[:30], response.text)
        return response

    def tearDown(self):
        self.env.cr.execute("SELECT string_agg(l::text, ' ') FROM mcp_audit_log l")
        log = self.env.cr.fetchone()[0] or ""
        for secret in self.secrets:
            self.assertNotIn(secret[:30], log)
        super().tearDown()

    def refused(self, response, status: int, code: int, words: str):
        self.assertEqual(response.status_code, status, response.text)
        error = response.json()["error"]
        self.assertEqual(error["code"], code)
        self.assertIn(words, error["message"])
        row = self.env["mcp.audit.log"].search([("event", "=", "request")], limit=1)
        self.assertEqual((row.outcome, row.http_status), ("refused", status))
        if status in (400, 401) and code == errors.UNAUTHORIZED:
            self.assertTrue(response.headers["WWW-Authenticate"].startswith("Bearer "))

    def unauthorized(self, authorization: str, words: str, status: int = 401):
        self.refused(self.post(authorization=authorization), status, errors.UNAUTHORIZED, words)

    def test_a_credential_that_is_none_is_refused(self):
        """Issue: wrong, truncated, checksum-broken keys; two headers; another scheme; none."""
        typo = self.key[:-1] + ("a" if self.key[-1] != "a" else "b")
        self.unauthorized("", "Authorization is needed")
        self.unauthorized("Basic YWRtaW46YWRtaW4=", "Authorization is needed")
        self.unauthorized("Bearer nonsense", "not a complete key")
        self.unauthorized(f"Bearer {self.key[:-3]}", "not a complete key")
        self.unauthorized(f"Bearer {typo}", "not a complete key")
        self.unauthorized(f"Bearer {self.key}, Bearer {self.key}", "exactly one Authorization header", 400)
        self.unauthorized("Bearer ", "", 400)

    def test_a_key_that_no_longer_counts_is_refused(self):
        """Issue: rotated away, revoked, expired, suspended; of an archived user, of one who left the group."""
        old, self.key = self.key, self.connection._do_rotate_key()
        self.secrets.append(self.key)
        self.unauthorized(f"Bearer {old}", "not valid, or not any more")
        live = f"Bearer {self.key}"
        self.connection.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.unauthorized(live, "expired")
        self.connection.expires_at = False
        self.connection.sudo().state = "suspended"
        self.refused(self.post(), 403, errors.FORBIDDEN, "suspended")
        self.connection.sudo().state = "active"
        self.user.active = False
        self.unauthorized(live, "not valid, or not any more")
        self.user.active = True
        self.refused(self.post(), 403, errors.FORBIDDEN, "suspended")
        self.user.group_ids = [Command.unlink(self.env.ref("mcp_gateway.group_mcp_user").id)]
        self.unauthorized(live, "not valid, or not any more")
        self.user.group_ids = [Command.link(self.env.ref("mcp_gateway.group_mcp_user").id)]
        self.refused(self.post(), 403, errors.FORBIDDEN, "suspended")
        self.connection.action_resume()
        self.assertEqual(self.post().status_code, 200)
        self.connection._do_revoke()
        self.unauthorized(live, "not valid, or not any more")

    def test_a_dead_key_raises_the_alarm_once_an_hour_and_cuts_nothing(self):
        """FEATURES K6: owner and administrators are told; the live key goes on."""
        old, self.key = self.key, self.connection._do_rotate_key()
        self.secrets.append(self.key)
        for _ in range(3):
            self.unauthorized(f"Bearer {old}", "not valid, or not any more")
        rows = self.env["mcp.audit.log"].search([("event", "=", "retired_secret")])
        self.assertEqual(rows.mapped("connection_ref"), [self.connection.id])
        alarm = self.connection.message_ids.filtered(lambda message: "that is dead" in (message.body or ""))
        self.assertEqual(len(alarm), 1)
        self.assertIn(self.user.partner_id, alarm.notified_partner_ids | alarm.partner_ids)
        self.assertIn(self.env.ref("base.user_admin").partner_id, alarm.notified_partner_ids | alarm.partner_ids)
        self.assertEqual(self.post().status_code, 200)

    def test_a_key_in_an_address_is_refused_and_reported(self):
        """PROTOCOL §0.6: never in a URL; its owner is told that it leaked."""
        for _ in range(2):
            response = self.post(query=f"?key={self.key}", authorization="")
            self.refused(response, 401, errors.UNAUTHORIZED, "must be rotated")
        self.refused(self.post(query=f"?key={self.key}"), 401, errors.UNAUTHORIZED, "must be rotated")
        self.assertEqual(self.env["mcp.audit.log"].search_count([("event", "=", "leaked_secret")]), 1)

    def test_a_body_that_is_no_message_is_refused(self):
        """JSON-RPC 2.0 and MCP basic/transports."""
        cases = {
            "empty": (b"", errors.PARSE_ERROR, "empty"),
            "not UTF-8": (b'{"a": "\xff"}', errors.PARSE_ERROR, "UTF-8"),
            "not JSON": (b"{", errors.PARSE_ERROR, "JSON"),
            "deep": (b"[" * 100_000, errors.PARSE_ERROR, "nested"),
            "doubled": (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "ping"}', errors.PARSE_ERROR, "twice"),
            "batch": (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', errors.INVALID_REQUEST, "one message"),
            "no method": (b'{"jsonrpc": "2.0", "id": 1}', errors.INVALID_REQUEST, "method"),
        }
        for name, (body, code, words) in cases.items():
            with self.subTest(name):
                self.refused(self.post(body), 400, code, words)

    def test_what_the_transport_forbids_is_refused_before_anyone_is_asked_who_they_are(self):
        """DESIGN §3: 403, 413, 415, then 503."""
        self.refused(self.post(headers={"Content-Type": "text/plain"}), 415, errors.MEDIA_TYPE, "application/json")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.refused(self.post(b"a=b", headers=form), 415, errors.MEDIA_TYPE, "application/json")
        self.refused(self.post(b'"' + b"x" * 10_000_000 + b'"'), 413, errors.TOO_LARGE, "4 MiB")
        self.refused(self.post(headers={"Origin": "https://evil.example"}), 403, errors.FORBIDDEN, "Origin")
        self.env["mcp.settings"]._get().enabled = False
        self.refused(self.post(authorization="Bearer nonsense"), 503, errors.SWITCHED_OFF, "switched off")

    def test_a_body_that_is_too_long_is_not_parsed_and_not_kept(self):
        """Without any credential it would cost seconds and hundreds of megabytes."""
        kept, body = [], b"[" + b"1," * 5_000_000 + b"1]"
        serve = type(self.env["mcp.gateway"])._serve

        def noticed(gateway, exchange, memo):
            kept.append(len(exchange.body))
            return serve(gateway, exchange, memo)

        for sent in (body, iter([body])):  # announced, and in chunks
            with (
                patch.object(type(self.env["mcp.gateway"]), "_serve", noticed),
                patch.object(strict_json, "loads", side_effect=AssertionError("parsed")),
            ):
                headers = {"Content-Type": "application/json"}
                response = self.opener.post(f"{self.base_url()}/mcp", data=sent, headers=headers, timeout=30)
            self.refused(response, 413, errors.TOO_LARGE, "4 MiB")
        self.assertEqual(kept, [preflight.MAX_BODY + 1] * 2)

    def test_other_verbs_are_told_which_one_to_use(self):
        """PROTOCOL §0.2: 405 with Allow, before authentication, and nothing in the log."""
        before = self.env["mcp.audit.log"].search_count([])
        for verb in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            response = self.opener.request(verb, f"{self.base_url()}/mcp", timeout=30)
            self.assertEqual((response.status_code, response.headers["Allow"]), (405, "POST, OPTIONS"), verb)
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), before)

    def test_a_cookie_of_an_administrator_opens_nothing(self):
        """DESIGN §3: a key is the only way in."""
        self.authenticate("admin", "admin")
        self.unauthorized("", "Authorization is needed")

    def test_what_does_not_exist_is_said_in_protocol(self):
        """MCP server/tools: unknown method and unknown tool are protocol errors."""
        legacy = self.post({"jsonrpc": "2.0", "id": 1, "method": "no/such"})
        self.assertEqual((legacy.status_code, legacy.json()["error"]["code"]), (200, errors.METHOD_NOT_FOUND))
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "initialize"}
        modern = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"_meta": meta}}
        self.refused(self.post(modern, headers=headers), 404, errors.METHOD_NOT_FOUND, "no such method")
        unknown = self.post(self.tool_call("no_such_tool", {}))
        self.assertEqual(unknown.json()["error"]["code"], errors.INVALID_PARAMS)
        self.assertIn("tools/list", unknown.json()["error"]["message"])

    def tool_call(self, name: str, arguments):
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}

    def test_wrong_arguments_are_explained_to_the_ai(self):
        """SEP-1303: an error of the input is a result with isError, and says what would work."""
        partner = {"model": "res.partner"}
        cases = {
            "wrong type": ({**partner, "limit": "3"}, "limit"),
            "out of range": ({**partner, "limit": 1000}, "limit"),
            "unknown argument": ({**partner, "colour": "red"}, "colour"),
            "missing argument": ({}, "model"),
            "no object": ([], "arguments"),
            "unknown model": ({"model": "no.model"}, "list_models"),
            "forbidden model": ({"model": "mcp.api.key"}, "list_models"),
            "not readable": ({"model": "ir.model.access"}, "list_models"),
            "no domain": ({**partner, "domain": ["name"]}, "A domain is a list"),
            "no operator": ({**partner, "domain": [["name", "resembles", "x"]]}, "A domain is a list"),
            "half an or": ({**partner, "domain": ["|", ["name", "=", "x"]]}, "A domain is a list"),
            "unknown field": ({**partner, "fields": ["colour_of_eyes"]}, "describe_model"),
            "hidden field": ({"model": "res.users", "fields": ["password"]}, "describe_model"),
            "hidden in domain": ({"model": "res.users", "domain": [["password", "like", "a"]]}, "describe_model"),
            "hidden behind a path": (
                {**partner, "domain": [["user_ids.api_key_ids.name", "like", "a"]]},
                "describe_model",
            ),
            "hidden inside any": (
                {**partner, "domain": [["user_ids", "any", [["password", "like", "a"]]]]},
                "describe_model",
            ),
            "hidden in order": ({"model": "res.users", "order": "password"}, "describe_model"),
            "no order": ({**partner, "order": "name; drop table"}, "asc or desc"),
            "foreign cursor": ({**partner, "cursor": "abc"}, "cursor"),
        }
        for name, (arguments, words) in cases.items():
            with self.subTest(name):
                response = self.post(self.tool_call("search_records", arguments))
                self.assertEqual(response.status_code, 200, response.text)
                result = response.json()["result"]
                self.assertTrue(result["isError"], response.text)
                self.assertIn(words, result["content"][0]["text"])
                row = self.env["mcp.audit.log"].search([("event", "=", "request")], limit=1)
                self.assertEqual((row.outcome, row.tool), ("error", "search_records"))

    def test_a_read_only_connection_neither_lists_nor_runs_a_writing_tool(self):
        """FEATURES G3."""
        self.connection.scope = "read"
        listed = self.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).json()["result"]["tools"]
        self.assertNotIn("test_write", [tool["name"] for tool in listed])
        response = self.post(self.tool_call("test_write", {"name": "x"}))
        self.refused(response, 403, errors.FORBIDDEN, "mcp:write")
        self.assertIn('error="insufficient_scope"', response.headers["WWW-Authenticate"])
        self.assertFalse(self.env["x.mcp.test.record"].search([("name", "=", "x")]))

    def test_a_secret_in_a_name_is_not_logged(self):
        """DESIGN §2.1: wherever a client puts it."""
        self.post({"jsonrpc": "2.0", "id": 1, "method": self.key})
        self.post(self.tool_call("search_records", {"model": self.key}))
        self.post(self.tool_call(self.key, {}))

    def test_a_bug_is_answered_in_json_rpc(self):
        """DESIGN §3: a dispatcher's handle_error; the same when Odoo's retries are used up.

        That its row outlives the rollback takes a real server: ``system/test_real_client.py``.
        """
        cases = (
            (ValueError("broken"), 500, errors.INTERNAL_ERROR, "administrator"),
            (ConcurrencyError("again"), 503, errors.BUSY, "Try again"),
        )
        for exception, status, code, words in cases:
            with (
                self.subTest(status),
                patch.object(type(self.env["mcp.gateway"]), "_answer", side_effect=exception),
                patch("odoo.service.model.MAX_TRIES_ON_CONCURRENCY_FAILURE", 1),
                mute_logger("odoo.http"),
            ):
                headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
                body = json.dumps({"jsonrpc": "2.0", "id": 9, "method": "ping"})
                response = self.url_open("/mcp", data=body, headers=headers)
                self.assertEqual(response.status_code, status)
                error = response.json()
                self.assertEqual((error["id"], error["error"]["code"]), (9, code))
                self.assertIn(words, error["error"]["message"])
