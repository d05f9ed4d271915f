"""Whatever is sent to the gateway, the answer is one that a client can read, and nothing happens that may not.

The examples are always the same ones, so that a failure can be repeated.
"""

import base64
import json
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import api
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..protocol import errors
from ..protocol.messages import Exchange
from .wild import ANYTHING, TEXT, Wild
from .wild_records import HIDDEN, PASSWORD, make_records, places, secrets

MODERN = "2026-07-28"
EXAMPLES = 40
REPEATABLE = {"derandomize": True, "deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
# The tools of these fail, sleep or lie on purpose.
EXCEPTED = {"mcp.toolset.test", "mcp.toolset.slow"}
# What any call may write, also one that failed: what it was, and what was counted.
COUNTING = {
    *("mcp_audit_log", "mcp_connection_usage", "mcp_secret_usage"),
    *("mcp_session", "mcp_session_usage", "mcp_session_context"),
}
# Of the models that the guards close, those that tools or deletions write in their own ways.
OPEN = ("ir.attachment", "ir.model.data", "mail.message", "mail.mail", "bus.")
METHODS = (
    *("resources/read", "prompts/get", "completion/complete", "resources/read", "prompts/get", "completion/complete"),
    *("tools/list", "resources/list", "resources/templates/list", "prompts/list", "initialize", "logging/setLevel"),
    *("server/discover", "ping", "notifications/cancelled", "tools/call"),
)


@tagged("post_install", "-at_install")
class TestGatewayProperties(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        groups = "base.group_user,mcp_gateway.group_mcp_user"
        cls.user = new_test_user(cls.env, "wild_user", groups, password=PASSWORD)
        cls.admin = new_test_user(cls.env, "wild_admin", f"{groups},base.group_system,base.group_partner_manager")
        cls.keys = {user: cls._key(user) for user in (cls.user, cls.admin)}
        make_records(cls.env)
        cls.wild = Wild(places(cls.env))
        cls.secrets = [*cls.keys.values(), *secrets(cls.env)]

    @classmethod
    def _key(cls, user):
        connection = cls.env["mcp.connection"].create(
            {"name": user.login, "user_id": user.id, "scope": "execute", "rate_minute": 0, "rate_day": 0}
        )
        return connection._do_generate_key()

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.calls, self.outcomes = 0, Counter()
        self.before = self._versions(self.env.cr, self._writes(self.env.cr))
        self.closed = self._closed_tables()

    def repeatedly(self, examples: int, strategy, check) -> None:
        @settings(max_examples=examples, **REPEATABLE)
        @given(strategy)
        def run(value):
            check(value)

        run()

    # One call

    def exchange(self, user, method: str, params, *, modern: bool = False) -> Exchange:
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        headers["Authorization"] = f"Bearer {self.keys[user]}"
        if modern and isinstance(params, dict):
            meta = {"protocolVersion": MODERN, "clientCapabilities": {}, "clientInfo": {"name": "wild"}}
            own = params["_meta"] if isinstance(params.get("_meta"), dict) else {}
            params = {**params, "_meta": own | {f"io.modelcontextprotocol/{name}": meta[name] for name in meta}}
            headers |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
            named = params.get("uri") if method == "resources/read" else params.get("name")
            if isinstance(named, str):
                encoded = base64.b64encode(named.encode("utf-8", "surrogatepass")).decode()
                headers["Mcp-Name"] = f"=?base64?{encoded}?="
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        return Exchange("POST", tuple(headers.items()), "", body, "192.0.2.7")

    def call(self, user, method: str, params, **options) -> None:
        """Serve one request as the controller does, look at what came of it, and take all of it back."""
        self.calls += 1
        exchange = self.exchange(user, method, params, **options)
        with self.registry.cursor() as cr:
            try:
                cr.execute("SELECT COALESCE(max(id), 0) FROM mcp_audit_log")
                last, writes = cr.fetchone()[0], self._writes(cr)
                with mute_logger("odoo.sql_db"):
                    reply = api.Environment(cr, None, {})["mcp.gateway"]._serve(exchange, {})
                    cr.flush()
                self._check_reply(user, reply)
                self._check_row(cr, last, reply)
                self._check_tables(cr, writes, reply, params)
            finally:
                cr.rollback()
                self.registry.reset_changes()

    def _check_reply(self, user, reply) -> None:
        """One that can be sent, and that tells neither a secret nor how the server is made."""
        body = json.dumps([reply.body, reply.headers, reply.notifications], ensure_ascii=False, allow_nan=False)
        body.encode()
        self.assertIn(reply.status, (200, 400, 404), body)
        code = reply.body.get("error", {}).get("code")
        self.assertEqual(reply.body["id"], None if code == errors.PARSE_ERROR else 1)
        self.assertNotEqual(code, errors.INTERNAL_ERROR, body)
        for words in ("Traceback", "inside Odoo. The administrator", "psycopg2", 'File "/', "LINE 1:"):
            self.assertNotIn(words, body)
        for secret in (*self.secrets, HIDDEN) if user == self.user else self.secrets:
            self.assertNotIn(secret, body)

    def _check_row(self, cr, last: int, reply) -> None:
        """Exactly one, which says what the client was told (DESIGN §2.6)."""
        cr.execute("SELECT outcome, http_status FROM mcp_audit_log WHERE id > %s", [last])
        is_error = reply.body.get("result", {}).get("isError")
        outcome = "refused" if "error" in reply.body else "error" if is_error else "success"
        self.assertEqual(cr.fetchall(), [(outcome, reply.status)])
        self.outcomes[outcome] += 1

    def _check_tables(self, cr, writes: dict[str, int], reply, params) -> None:
        """What the guards close is as it was; after an error or a dry run, everything is (DESIGN §2.9)."""
        touched = {table for table, count in self._writes(cr).items() if count != writes[table]} - COUNTING
        changed = {table for table, version in self._versions(cr, touched).items() if version != self.before[table]}
        self.assertFalse(changed & self.closed)
        arguments = params.get("arguments") if isinstance(params, dict) else None
        is_dry = isinstance(arguments, dict) and arguments.get("dry_run") is True
        if is_dry or "error" in reply.body or reply.body["result"].get("isError"):
            self.assertFalse(changed)
            # The addon with the test models measures how long the lock is held, whatever the outcome.
            self.assertFalse([hook for hook in cr.postcommit._funcs if "_final_lock" not in hook.__qualname__])

    def _writes(self, cr) -> dict[str, int]:
        """How often each table was written in this transaction, counting also what was rolled back."""
        cr.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cr.fetchall())

    def _versions(self, cr, tables) -> dict[str, tuple]:
        """The number of a table's rows and a digest of their versions, which no write leaves as it was."""
        found = {}
        for table in tables:
            cr.execute(f"""SELECT count(*), sum(hashtext(ctid::text || xmin::text)) FROM "{table}" """)
            found[table] = cr.fetchone()
        return found

    def _closed_tables(self) -> set[str]:
        """The tables of the models that the guards close for writing, and those of the groups that users have."""
        guard = self.env["mcp.guard"]
        closed = {
            model._table
            for name, model in self.env.items()
            if not model._abstract and not name.startswith(OPEN) and guard._forbids("model", name, "write")
        }
        return (closed | {"res_groups_users_rel", "res_groups_implied_rel", "rule_group_rel"}) & self.before.keys()

    # Tools

    def check_tools(self, user) -> None:
        for name, (toolset, tool) in self.env["mcp.toolset"]._catalogue().items():
            if toolset in EXCEPTED:
                continue
            with self.subTest(tool=name):
                self.repeatedly(
                    EXAMPLES if tool.input_schema["properties"] else 3,
                    self.wild.arguments(tool.input_schema),
                    lambda given, name=name: self.call(user, "tools/call", {"name": name, "arguments": given}),
                )
        # Both are reached: what is refused, and what runs.
        self.assertGreater(min(self.outcomes["success"], self.outcomes["error"]), self.calls // 10, self.outcomes)

    def test_any_arguments_of_any_tool_as_a_user_with_few_rights(self):
        """DESIGN §2.5, §2.6, §2.9: no crash, no secret, one row, and nothing left of what failed."""
        self.check_tools(self.user)

    def test_any_arguments_of_any_tool_as_an_administrator(self):
        """The guards hold for those too who may do anything in Odoo."""
        self.check_tools(self.admin)

    # Everything else

    def params(self):
        toolset = self.env["mcp.toolset"]
        prompts = toolset._prompts()
        named = st.sampled_from(sorted({a.name for _model, prompt in prompts.values() for a in prompt.arguments}))
        name = st.one_of(st.sampled_from(sorted(prompts)), TEXT)
        uri = self.wild.uris(toolset._resources())
        reference = st.fixed_dictionaries(
            {"type": st.sampled_from(("ref/prompt", "ref/resource")) | TEXT},
            optional={"name": name, "uri": st.sampled_from(sorted(toolset._resources())) | uri},
        )
        argument = st.fixed_dictionaries({"name": named | st.just("model") | TEXT, "value": TEXT})
        texts = {
            "uri": uri,
            "name": name,
            "arguments": st.dictionaries(named | TEXT, TEXT, max_size=3),
            "ref": reference,
            "argument": argument,
        }
        others = ("cursor", "level", "requestState", "inputResponses", "_meta", "clientInfo", "capabilities")
        right = st.fixed_dictionaries(texts, optional=dict.fromkeys(others, ANYTHING))
        wrong = st.fixed_dictionaries({}, optional={part: st.one_of(texts[part], ANYTHING) for part in texts})
        return st.one_of(right, right, right, wrong, ANYTHING)

    def test_any_params_of_any_method(self):
        """Resources, prompts, completion and the rest, in both eras of the protocol."""
        asked = st.tuples(
            st.sampled_from((self.user, self.admin)), st.sampled_from(METHODS), self.params(), st.booleans()
        )
        self.repeatedly(500, asked, lambda asked: self.call(*asked[:3], modern=asked[3]))
        self.assertGreater(min(self.outcomes["success"], self.outcomes["refused"]), self.calls // 10, self.outcomes)
