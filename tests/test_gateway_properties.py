"""Whatever is sent to the gateway, the answer is one that a client can read, and nothing happens that may not.

The examples are always the same ones, so that a failure can be repeated.
"""

import base64
import json
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import api
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..protocol.messages import Exchange
from .wild import ANYTHING, TEXT, Place, Wild

MODERN = "2026-07-28"
MODELS = (
    *("x.mcp.test.record", "x.mcp.test.order", "x.mcp.test.line", "x.mcp.test.tag", "x.mcp.test.closed"),
    *(
        "res.partner",
        "res.users",
        "res.groups",
        "res.company",
        "res.country",
        "res.partner.bank",
        "res.partner.category",
    ),
    *("mail.message", "mail.activity", "mail.activity.type", "mail.followers", "mail.template", "discuss.channel"),
    *("ir.attachment", "ir.model", "ir.model.fields", "ir.model.access", "ir.rule", "ir.config_parameter", "ir.cron"),
    *(
        "ir.actions.server",
        "ir.ui.view",
        "ir.filters",
        "ir.sequence",
        "ir.default",
        "res.users.apikeys",
        "res.users.log",
    ),
    *("mcp.connection", "mcp.api.key", "mcp.settings", "mcp.audit.log", "mcp.tool", "mcp.session"),
    *("mail.thread", "mcp.guard", "base.language.export", "change.password.wizard"),
)
# The tools of these fail, sleep or lie on purpose.
EXCEPTED = {"mcp.toolset.test", "mcp.toolset.slow"}
# What any call may write, also one that failed: what it was, and what was counted.
COUNTING = {"mcp_audit_log", "mcp_connection_usage", "mcp_session", "mcp_session_usage", "mcp_session_context"}
# Of the models that the guards close, those that other tools write in their own ways.
OPEN = ("ir.attachment", "mail.message", "mail.mail", "bus.", "res.users.settings")
HIDDEN = "only-for-other-eyes"


@tagged("post_install", "-at_install")
class TestGatewayProperties(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        groups = "base.group_user,mcp_gateway.group_mcp_user"
        cls.user = new_test_user(cls.env, "wild_user", groups, password="Wild-Password-7")
        cls.admin = new_test_user(cls.env, "wild_admin", f"{groups},base.group_system,base.group_partner_manager")
        cls._make_records()
        cls.keys = {user: cls._key(user) for user in (cls.user, cls.admin)}
        cls.env.flush_all()
        cls.wild = Wild(cls._places())
        cls.secrets = cls._secrets()

    @classmethod
    def _key(cls, user):
        connection = cls.env["mcp.connection"].create(
            {"name": user.login, "user_id": user.id, "scope": "execute", "rate_minute": 0, "rate_day": 0}
        )
        return connection._do_generate_key()

    @classmethod
    def _make_records(cls):
        """Something to find for the user, and something of others that the user must not find."""
        other = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.env["res.partner"].create({"name": "Foreign", "ref": HIDDEN, "company_id": other.id})
        record = cls.env["x.mcp.test.record"]
        rule = {"model_id": cls.env["ir.model"]._get_id(record._name), "domain_force": "[('number', '!=', 666)]"}
        cls.env["ir.rule"].create(
            {"name": "not these", "groups": [Command.set([cls.env.ref("base.group_user").id])]} | rule
        )
        foreign = record.create({"name": "foreign", "number": 666, "description": HIDDEN})
        own = record.create(
            {
                "name": "own",
                "secret_note": f"note-{HIDDEN}",
                "line_ids": [Command.create({"name": "a", "api_key": HIDDEN})],
            }
        )
        for some in foreign + own:
            some.message_post(body=HIDDEN if some == foreign else "seen")
            some.activity_schedule(summary=HIDDEN if some == foreign else "call")
            some.env["ir.attachment"].create(
                {
                    "name": "a.txt",
                    "raw": (HIDDEN if some == foreign else "b").encode(),
                    "res_model": some._name,
                    "res_id": some.id,
                }
            )
        cls.env["x.mcp.test.order"].create([{"name": "O1", "margin": 77}, {"name": "O2", "state": "confirmed"}])
        cls.env["ir.actions.server"].create(
            {
                "name": "Note",
                "model_id": cls.env["ir.model"]._get_id("x.mcp.test.order"),
                "state": "code",
                "code": "records.write({'note': env.context['mcp_arguments'].get('note')})",
                "mcp_available": True,
                "mcp_tool_name": "wild_action",
                "mcp_description": "Notes.",
                "mcp_argument_ids": [
                    Command.create({"name": name, "type": kind, "description": name, "required": False})
                    for name, kind in (("note", "text"), ("day", "date"), ("count", "integer"), ("rate", "number"))
                ],
            }
        )

    @classmethod
    def _places(cls):
        reports = cls.env["ir.actions.report"].search([])
        users = ("wild_user", "wild", str(cls.admin.id))
        people = {"activity_type": ("To-Do", "call"), "assigned_to": users, "due_date": ("2026-03-31", "9999-12-31")}
        steps = ("action_confirm", "Mark Done", "action_cancel", "Export")
        fitting = {
            "x.mcp.test.order": {
                "transition": steps,
                "method": ("action_done", "action_cancel", "action_copy_partner"),
            },
            "x.mcp.test.record": people | {"query": ("own", "call own")},
            **{report.model: {"report": (report.report_name,)} for report in reports},
        }
        for name in MODELS:
            model = cls.env[name].with_context(active_test=False)
            stored = not (model._abstract or model._transient)
            ids = (model.search([], limit=3) + model.search([], order="id desc", limit=5)).ids if stored else ()
            fields = {field: definition.type for field, definition in model._fields.items()}
            yield Place(name, tuple(dict.fromkeys(ids)), fields, fitting.get(name, {}))

    @classmethod
    def _secrets(cls):
        """What no answer may hold, for anyone; the rest is for other eyes than the user's."""
        cr, secret = cls.env.cr, cls.env["mcp.secret"]
        found = [*cls.keys.values(), secret._fingerprint(), secret._pepper().hex(), "Wild-Password-7"]
        found += [base64.b64encode(secret._pepper()).decode(), repr(secret._pepper())]
        cr.execute("SELECT value FROM ir_config_parameter WHERE key LIKE '%%secret%%'")
        found += [row[0] for row in cr.fetchall()]
        cr.execute(
            "SELECT password FROM res_users UNION SELECT digest FROM mcp_api_key UNION SELECT token FROM mcp_session"
        )
        return [text for text in [*found, *(row[0] for row in cr.fetchall())] if text]

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.calls, self.outcomes = 0, Counter()
        self.before = self._versions(self.env.cr, self._writes(self.env.cr))

    # What is compared

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
        """The tables of the models that the guards close for writing, and of the groups that users have."""
        closed = {
            model._table
            for name, model in self.env.items()
            if self.env["mcp.guard"]._forbids("model", name, "write")
            and not model._abstract
            and not name.startswith(OPEN)
        }
        return (closed | {"res_groups_users_rel", "res_groups_implied_rel", "rule_group_rel"}) & self.before.keys()

    # One call

    def exchange(self, user, method: str, params, *, modern: bool = False) -> Exchange:
        headers = {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.keys[user]}",
        }
        if modern and isinstance(params, dict):
            meta = {"protocolVersion": MODERN, "clientCapabilities": {}, "clientInfo": {"name": "wild"}}
            params = {**params, "_meta": {f"io.modelcontextprotocol/{name}": value for name, value in meta.items()}}
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
                env = api.Environment(cr, None, {})
                with mute_logger("odoo.sql_db"):
                    reply = env["mcp.gateway"]._serve(exchange, {})
                    cr.flush()
                self._check_reply(user, reply)
                self._check_row(cr, last, reply)
                self._check_tables(cr, writes, reply, params)
            finally:
                cr.rollback()
                self.registry.reset_changes()

    def _check_reply(self, user, reply) -> None:
        body = json.dumps([reply.body, reply.headers, reply.notifications], ensure_ascii=False, allow_nan=False)
        body.encode()
        self.assertIn(reply.status, (200, 400, 404), body)
        self.assertEqual(reply.body["id"], None if reply.body.get("error", {}).get("code") == -32700 else 1)
        self.assertNotEqual(reply.body.get("error", {}).get("code"), -32603, body)
        for words in ("Traceback", "inside Odoo. The administrator", "psycopg2", 'File "/', "LINE 1:"):
            self.assertNotIn(words, body)
        for secret in (*self.secrets, HIDDEN) if user == self.user else self.secrets:
            self.assertNotIn(secret, body)

    def _check_row(self, cr, last: int, reply) -> None:
        cr.execute("SELECT outcome, http_status FROM mcp_audit_log WHERE id > %s", [last])
        rows = cr.fetchall()
        result = reply.body.get("result", {})
        outcome = "refused" if "error" in reply.body else "error" if result.get("isError") else "success"
        self.assertEqual(rows, [(outcome, reply.status)])
        self.outcomes[outcome] += 1

    def _check_tables(self, cr, writes: dict[str, int], reply, params) -> None:
        touched = {table for table, count in self._writes(cr).items() if count != writes[table]} - COUNTING
        changed = {table for table, version in self._versions(cr, touched).items() if version != self.before[table]}
        self.assertFalse(changed & self._closed_tables())
        arguments = params.get("arguments") if isinstance(params, dict) else None
        is_dry = isinstance(arguments, dict) and arguments.get("dry_run") is True
        if is_dry or "error" in reply.body or reply.body["result"].get("isError"):
            self.assertFalse(changed)
            # The addon with the test models measures how long the lock is held, whatever the outcome.
            left = [hook for hook in cr.postcommit._funcs if "_final_lock" not in hook.__qualname__]
            self.assertFalse(left)

    def repeatedly(self, examples: int, strategy, check) -> None:
        @settings(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def run(value):
            check(value)

        run()

    # Tools

    def check_tools(self, user, examples: int) -> None:
        for name, (toolset, tool) in self.env["mcp.toolset"]._catalogue().items():
            if toolset in EXCEPTED:
                continue
            with self.subTest(tool=name):
                self.repeatedly(
                    examples,
                    self.wild.arguments(tool.input_schema),
                    lambda given, name=name: self.call(user, "tools/call", {"name": name, "arguments": given}),
                )
        print(self.calls, self.outcomes)
        self.assertGreater(min(self.outcomes["success"], self.outcomes["error"]), self.calls // 20, self.outcomes)

    def test_any_arguments_of_any_tool_as_a_user_with_few_rights(self):
        """DESIGN §2.5, §2.6, §2.9: no crash, no secret, one row, and nothing left of what failed."""
        self.check_tools(self.user, 25)

    def test_any_arguments_of_any_tool_as_an_administrator(self):
        """The guards hold for those too who may do anything in Odoo."""
        self.check_tools(self.admin, 25)
