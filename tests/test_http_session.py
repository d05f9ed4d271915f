"""Sessions over HTTP: who gets which, and what a client hears of one that ended (FEATURES S1, S2, T7)."""

import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

MODERN = "2026-07-28"


@tagged("post_install", "-at_install")
class TestSession(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        groups = "base.group_user,mcp_gateway.group_mcp_user"
        cls.user = new_test_user(cls.env, "session_user", groups)
        cls.other = new_test_user(cls.env, "session_other", groups)
        cls.admin = new_test_user(cls.env, "session_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection, cls.key = cls.new_connection(cls.user)

    @classmethod
    def new_connection(cls, user):
        connection = cls.env["mcp.connection"].create(
            {"name": f"sessions of {user.login}", "user_id": user.id, "rate_minute": 0, "rate_day": 0}
        )
        return connection, connection._do_generate_key()

    def post(self, method, params=None, *, key=None, session=None, agent="tester/1", notification=False, **headers):
        body = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if not notification:
            body["id"] = 1
        sent = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {key or self.key}",
            "User-Agent": agent,
            **({"Mcp-Session-Id": session} if session else {}),
            **headers,
        }
        return self.url_open("/mcp", data=json.dumps(body), headers=sent)

    def begin(self, name="Claude", **options):
        params = {"protocolVersion": "2025-06-18", "clientInfo": {"name": name, "version": "2"}, "capabilities": {}}
        answer = self.post("initialize", params, **options)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.headers["Mcp-Session-Id"]

    def modern(self, name, key=None):
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": name, "version": "1"},
        }
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"}
        return self.post("tools/list", {"_meta": meta}, key=key, **headers)

    def sessions(self, connection=None):
        self.env.invalidate_all()
        return self.env["mcp.session"].search([("connection_id", "=", (connection or self.connection).id)], order="id")

    def tool(self, name, arguments=None, **options):
        result = self.post("tools/call", {"name": name, "arguments": arguments or {}}, **options).json()["result"]
        self.assertFalse(result["isError"], result)
        return result["structuredContent"]

    def test_initialize_begins_a_session_that_counts_its_calls(self):
        """S1: connection, client and version, protocol, address, started, last activity, calls."""
        token = self.begin()
        self.assertTrue(token.isascii() and token.isprintable() and len(token) >= 43)
        self.assertEqual(self.post("notifications/initialized", session=token, notification=True).status_code, 202)
        self.assertEqual(self.post("ping", session=token).json()["result"], {})
        session = self.sessions()
        self.assertEqual(session.display_name, "Claude 2")
        self.assertEqual((session.revision, session.ip, session.request_count), ("2025-06-18", "127.0.0.1", 2))
        self.assertEqual(session.status, "live")
        self.assertEqual(self.connection.session_count, 1)
        row = self.env["mcp.audit.log"].search([("method", "=", "ping")], limit=1)
        self.assertEqual((row.session_ref, row.client), (session.id, "Claude"))

    def test_a_deactivated_session_is_gone_and_its_client_begins_anew(self):
        """S2, 2025-11-25 basic/transports: 404, then initialize gives another one; Reactivate brings the first back."""
        token = self.begin()
        session = self.sessions()
        session.with_user(self.user).action_deactivate()
        refused = self.post("tools/list", session=token)
        self.assertEqual((refused.status_code, refused.json()["error"]["code"]), (404, 404))
        fresh = self.begin()
        self.assertNotEqual(fresh, token)
        self.assertEqual(self.post("tools/list", session=fresh).status_code, 200)
        self.assertEqual(self.post("tools/list", session=token).status_code, 404)
        with self.assertRaises(UserError):
            session.with_user(self.user).action_reactivate()
        session.with_user(self.admin).action_reactivate()
        self.assertEqual(self.post("tools/list", session=token).status_code, 200)
        events = self.env["mcp.audit.log"].search([("connection_ref", "=", self.connection.id)]).mapped("event")
        self.assertIn("session_deactivated", events)
        self.assertIn("session_reactivated", events)

    def test_several_are_deactivated_at_once_or_none(self):
        """S1, from the list: one that cannot be deactivated any more is named, and the others stay as they are."""
        self.begin("Claude")
        self.begin("Cursor")
        sessions = self.sessions().with_user(self.admin)
        sessions[0].action_deactivate()
        with self.assertRaisesRegex(UserError, "Claude"):
            sessions.action_deactivate()
        self.assertEqual(sessions.mapped("state"), ["deactivated", "active"])
        sessions[0].action_reactivate()
        sessions.action_deactivate()
        self.assertEqual(sessions.mapped("state"), ["deactivated", "deactivated"])
        self.assertEqual(sessions.deactivated_by_id, self.admin)

    def test_a_foreign_session_answers_as_one_that_does_not_exist(self):
        """DESIGN §2.13."""
        token = self.begin()
        _connection, key = self.new_connection(self.other)
        foreign = self.post("tools/list", key=key, session=token)
        absent = self.post("tools/list", key=key, session="A" * 43)
        self.assertEqual((foreign.status_code, foreign.text), (404, absent.text))
        # A name that we derived ourselves is none that a client may send.
        self.modern("Claude")
        self.assertEqual(self.post("tools/list", session="client:Claude").status_code, 404)

    def test_a_client_that_never_sends_the_id_back_stays_in_its_session(self):
        """PROTOCOL §0.3: attached to the last session of its program; without one it gets one."""
        self.begin(agent="forgetful/1")
        for _ in range(3):
            self.assertEqual(self.post("tools/list", agent="forgetful/1").status_code, 200)
        self.assertEqual(self.sessions().mapped("request_count"), [3])
        for _ in range(2):
            self.post("tools/list", agent="curl/8")
        self.assertEqual(self.sessions().mapped("request_count"), [3, 2])
        self.assertEqual(self.sessions()[1].client, "curl/8")

    def test_a_modern_client_has_one_session_of_its_name(self):
        """PROTOCOL §0.3: derived from connection and client; a session id is ignored."""
        for name in ("Claude", "Claude", "Cursor"):
            answer = self.modern(name)
            self.assertEqual(answer.status_code, 200, answer.text)
            self.assertNotIn("Mcp-Session-Id", answer.headers)
        self.assertEqual(self.sessions().mapped("request_count"), [2, 1])
        self.sessions()[0].with_user(self.admin).action_deactivate()
        self.assertEqual(self.modern("Claude").status_code, 404)
        self.assertEqual(self.modern("Cursor").status_code, 200)

    def test_revoking_ends_every_session_for_good(self):
        """SPEC: deactivates every live session; DESIGN §5: Reactivate brings nothing back."""
        token = self.begin()
        self.modern("Claude")
        self.connection.with_user(self.admin).action_revoke()
        self.assertEqual(set(self.sessions().mapped("state")), {"deactivated"})
        self.assertEqual(self.post("tools/list", session=token).status_code, 401)
        self.connection.with_user(self.admin).action_reactivate()
        key = self.connection._do_generate_key()
        self.assertEqual(self.post("tools/list", key=key, session=token).status_code, 404)
        for session in self.sessions():
            self.assertFalse(session.with_user(self.admin).can_reactivate)
            with self.assertRaises(UserError):
                session.with_user(self.admin).action_reactivate()
        self.assertEqual(self.modern("Claude", key=key).status_code, 200)
        ended = self.connection.message_ids.filtered(lambda message: "Ended" in (message.body or ""))
        self.assertIn("sessions: 2", ended.body)

    def test_what_a_revocation_could_not_see_does_not_count(self):
        """DESIGN §2.3: a row that another transaction committed beside it carries the old generation."""
        token = self.begin()
        self.connection._do_revoke()
        self.sessions().write({"state": "active"})
        self.connection._do_reactivate()
        key = self.connection._do_generate_key()
        session = self.sessions()
        self.assertEqual((session.state, session.status, session.can_deactivate), ("active", "deactivated", False))
        self.assertNotIn(session, self.env["mcp.session"].search([("status", "in", ["live", "idle"])]))
        self.assertEqual(self.post("tools/list", key=key, session=token).status_code, 404)

    def test_people_see_their_own_sessions_and_change_none(self):
        """FEATURES C8: an administrator sees all; nobody writes one by hand, and the token is nobody's to read."""
        self.begin()
        session = self.sessions()
        self.assertFalse(self.env["mcp.session"].with_user(self.other).search([]))
        self.assertIn(session, self.env["mcp.session"].with_user(self.user).search([]))
        with self.assertRaises(AccessError):
            session.with_user(self.other).action_deactivate()
        for user in (self.user, self.admin):
            with self.assertRaises(AccessError):
                session.with_user(user).write({"state": "deactivated"})
            with self.assertRaises(AccessError):
                session.with_user(user).read(["token"])

    def test_the_context_belongs_to_one_session_and_is_small(self):
        """T7."""
        token, other = self.begin(), self.begin()
        self.tool("update_session_context", {"values": {"customer_id": 12, "period": "Q3"}}, session=token)
        kept = self.tool("update_session_context", {"values": {"period": None}}, session=token)
        self.assertEqual(kept, {"context": {"customer_id": 12}})
        info = self.tool("get_session", session=token)
        self.assertEqual((info["context"], info["login"]), ({"customer_id": 12}, "session_user"))
        self.assertEqual((info["client"], info["connection"]), ("Claude", self.connection.name))
        self.assertEqual(self.tool("get_session", session=other)["context"], {})
        too_long = {"name": "update_session_context", "arguments": {"values": {"x": "y" * 5000}}}
        result = self.post("tools/call", too_long, session=token).json()["result"]
        self.assertTrue(result["isError"])
        self.assertIn("4000 bytes", result["content"][0]["text"])
        self.assertEqual(self.tool("get_session", session=token)["context"], {"customer_id": 12})

    def test_a_first_call_may_keep_something_already(self):
        """The session's row is made beside the call's transaction, which cannot see it yet."""
        kept = self.tool("update_session_context", {"values": {"a": 1}}, agent="first/1")
        self.assertEqual(kept, {"context": {"a": 1}})
        self.assertEqual(self.tool("get_session", agent="first/1")["context"], {"a": 1})

    def test_the_level_of_log_messages_is_the_sessions(self):
        """2025-11-25 server/utilities/logging: nothing until a level is set; then as an event stream."""
        token = self.begin()
        stream = {"Accept": "application/json, text/event-stream"}
        call = {"name": "test_tool_with_logging", "arguments": {}}
        quiet = self.post("tools/call", call, session=token, **stream)
        self.assertEqual(quiet.headers["Content-Type"], "application/json")
        self.assertEqual(self.post("logging/setLevel", {"level": "info"}, session=token).json()["result"], {})
        loud = self.post("tools/call", call, session=token, **stream)
        self.assertEqual(loud.headers["Content-Type"].partition(";")[0], "text/event-stream")
        events = [json.loads(line[6:]) for line in loud.text.splitlines() if line.startswith("data: ")]
        self.assertEqual([event.get("method") for event in events], ["notifications/message"] * 3 + [None])
        self.assertEqual(events[-1]["id"], 1)
        # Who cannot read a stream gets the answer alone.
        self.assertEqual(
            self.post("tools/call", call, session=token, Accept="application/json").json()["result"],
            events[-1]["result"],
        )
        self.post("logging/setLevel", {"level": "error"}, session=token)
        self.assertEqual(
            self.post("tools/call", call, session=token, **stream).headers["Content-Type"], "application/json"
        )
        wrong = self.post("logging/setLevel", {"level": "loud"}, session=token)
        self.assertEqual(wrong.json()["error"]["code"], -32602)

    def test_sessions_that_nobody_uses_are_forgotten(self):
        """S1, daily cleanup; what they did stays in the audit log."""
        token, fresh = self.begin(), self.begin()
        self.tool("update_session_context", {"values": {"a": 1}}, session=token)
        old = self.sessions()[0]
        old.usage_id.sudo().write({"last_activity": "2020-01-01 00:00:00"})
        self.env.flush_all()
        count, more = self.env["mcp.session"]._gc_unused()
        self.assertEqual((count, more), (1, False))
        self.assertEqual(len(self.sessions()), 1)
        self.assertFalse(self.env["mcp.session.context"].search([("session_ref", "=", old.id)]))
        self.assertEqual(self.post("ping", session=token).status_code, 404)
        self.assertEqual(self.post("ping", session=fresh).status_code, 200)
