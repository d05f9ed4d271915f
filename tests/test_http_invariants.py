"""DESIGN §2, line by line: each test is named after the line it holds.

``bin/prove`` takes the protection of a line away and sees the test fail. What only several workers can show stands in
``tests/system``.
"""

import json

import psycopg2

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

GATEWAY = "odoo.addons.mcp_gateway.models.mcp_gateway_run"


@tagged("post_install", "-at_install")
class TestInvariants(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        cls.user = new_test_user(cls.env, "line_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.connection = cls.env["mcp.connection"].create(
            {"name": "lines", "user_id": cls.user.id, "rate_minute": 0, "rate_day": 0}
        )
        cls.key = cls.connection._do_generate_key()

    def call(self, tool: str, arguments: dict | None = None, key: str | None = None):
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments or {}},
        }
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        return self.url_open("/mcp", data=json.dumps(body), headers=headers)

    def answer(self, tool: str, arguments: dict | None = None) -> dict:
        response = self.call(tool, arguments)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()["result"]

    def last_row(self):
        return self.env["mcp.audit.log"].search([("event", "=", "request")], limit=1)

    def test_line_01_no_plaintext_at_rest(self):
        """DESIGN §2.1: no text column of any table holds the key, after making, using, rotating and revoking it."""
        keys = [self.key, self.connection._do_rotate_key()]
        self.call("list_models", key=keys[0])
        self.call("list_models", key=keys[1])
        self.connection._do_revoke()
        self.env.flush_all()
        self.env.cr.execute("""
            SELECT table_name, column_name FROM information_schema.columns
            JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
              AND data_type IN ('text', 'character varying', 'jsonb', 'json')
        """)
        columns = self.env.cr.fetchall()
        self.assertGreater(len(columns), 500)
        for table, column in columns:
            for key in keys:
                self.env.cr.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s', [f"%{key[:40]}%"])
                self.assertEqual(self.env.cr.fetchone()[0], 0, f"{table}.{column} holds the key")

    def test_line_02_a_decision_is_read_not_remembered(self):
        """DESIGN §2.2: the very next request after a rotation and after a revocation knows of it."""
        self.assertEqual(self.call("list_models").status_code, 200)
        fresh = self.connection._do_rotate_key()
        self.assertEqual(self.call("list_models").status_code, 401)
        self.assertEqual(self.call("list_models", key=fresh).status_code, 200)
        self.connection._do_revoke()
        self.assertEqual(self.call("list_models", key=fresh).status_code, 401)

    def test_line_03_what_was_minted_beside_a_revocation_never_counts(self):
        """DESIGN §2.3, generation: a revocation cannot see, and so cannot kill, what commits beside it."""
        before = self.connection.generation
        self.connection._do_revoke()
        # As another transaction would have left it that began before the revocation.
        late = self.env["mcp.api.key"]._mint(self.connection)
        self.connection.api_key_ids.generation = before
        self.assertEqual(self.call("list_models", key=late).status_code, 401)
        self.connection._do_reactivate()
        self.assertEqual(self.call("list_models", key=late).status_code, 401)
        self.assertFalse(self.connection.key_hint)
        self.assertTrue(self.connection.can_generate)

    def test_line_04_calls_and_buttons_write_different_rows(self):
        """DESIGN §2.4: a call leaves the rows that buttons write as they were, to the last system column."""
        self.env.flush_all()
        tables = ("mcp_connection", "mcp_api_key", "mcp_settings", "mcp_retired_secret")

        def versions():
            for table in tables:
                self.env.cr.execute(f"SELECT id, xmin::text, ctid::text FROM {table} ORDER BY id")
                yield table, self.env.cr.fetchall()

        before = dict(versions())
        self.answer("list_models")
        self.answer("test_write", {"name": "line 4"})
        self.assertEqual(dict(versions()), before)
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.request_count, 2)
        self.assertTrue(self.connection.last_used)

    def test_line_05_rights_are_odoos(self):
        """DESIGN §2.5: the tool reads and writes as the user, with the user's record rules and field groups."""
        self.env["ir.rule"].create(
            {
                "name": "none of these",
                "model_id": self.env["ir.model"]._get_id("x.mcp.test.record"),
                "domain_force": "[('name', '!=', 'hidden')]",
            }
        )
        self.env["x.mcp.test.record"].create([{"name": "hidden"}, {"name": "shown"}])
        found = self.answer("search_records", {"model": "x.mcp.test.record", "fields": ["name"]})
        names = [record["name"] for record in found["structuredContent"]["records"]]
        self.assertEqual(names, self.env["x.mcp.test.record"].with_user(self.user).search([]).mapped("name"))
        self.assertNotIn("hidden", names)
        self.assertTrue(
            self.answer("search_records", {"model": "x.mcp.test.record", "fields": ["secret_note"]})["isError"]
        )
        self.assertTrue(self.answer("search_records", {"model": "ir.model.access"})["isError"])

    def test_line_06_everything_is_on_the_record(self):
        """DESIGN §2.6: a row for what succeeded, failed, crashed, was rolled back and was refused, and it stays."""
        rows = self.env["mcp.audit.log"].search_count([])
        self.answer("list_models")
        self.assertEqual((self.last_row().outcome, self.last_row().tool), ("success", "list_models"))
        with mute_logger(GATEWAY):
            self.assertTrue(self.answer("test_side_effects", {"name": "line 6", "fail": True})["isError"])
        self.assertEqual((self.last_row().outcome, self.last_row().tool), ("error", "test_side_effects"))
        self.assertEqual(self.call("list_models", key="nonsense").status_code, 401)
        self.assertEqual((self.last_row().outcome, self.last_row().http_status), ("refused", 401))
        self.assertEqual(self.url_open("/mcp", data=b"{", headers={"Content-Type": "text/plain"}).status_code, 415)
        self.assertEqual((self.last_row().outcome, self.last_row().http_status), ("refused", 415))
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), rows + 4)
        for statement in ("UPDATE mcp_audit_log SET tool = 'x'", "DELETE FROM mcp_audit_log", "TRUNCATE mcp_audit_log"):
            with (
                self.assertRaises(psycopg2.errors.InsufficientPrivilege),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)
        with self.assertRaises(UserError):
            self.last_row().sudo().write({"tool": "x"})
        with self.assertRaises(UserError):
            self.last_row().sudo().unlink()

    def test_line_09_a_rolled_back_tool_leaves_nothing(self):
        """DESIGN §2.9: no record, no mail, no callback after the commit, no right in a cache."""
        for arguments in ({"fail": True}, {"dry_run": True}):
            with self.subTest(arguments):
                mails = self.env["mail.mail"].search_count([])
                messages = self.env["mail.message"].search_count([])
                with mute_logger(GATEWAY):
                    result = self.answer("test_side_effects", {"name": "line 9", **arguments})
                self.assertEqual(result["isError"], "fail" in arguments)
                self.assertFalse(self.env["x.mcp.test.record"].search([("name", "=", "line 9")]))
                self.assertEqual(self.env["mail.mail"].search_count([]), mails)
                self.assertEqual(self.env["mail.message"].search_count([]), messages)
                self.assertNotIn("mcp_gateway_test", self.env.cr.postcommit.data)
                self.assertFalse(self.user.with_user(self.user).has_group("base.group_system"))
        with mute_logger("odoo.sql_db"):
            result = self.answer("test_lying_read", {"name": "line 9"})
        self.assertTrue(result["isError"])
        self.assertFalse(self.env["x.mcp.test.record"].search([("name", "=", "line 9")]))

    def test_line_12_nobody_reaches_above_themself(self):
        """DESIGN §2.12: only a Settings administrator makes a key that acts as one."""
        boss = self.env.ref("base.user_admin")
        connection = self.env["mcp.connection"].create({"name": "boss", "user_id": boss.id})
        admin = new_test_user(self.env, "line_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        own = connection.with_user(admin)
        self.assertFalse(own.can_generate)
        with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
            own.action_generate_key()
        self.assertFalse(connection.api_key_ids)
        self.assertEqual(connection.with_user(boss).action_generate_key()["res_model"], "mcp.secret.show")
        with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
            own.action_rotate_key()
        mine = self.connection.with_user(self.user)
        self.assertTrue(mine.can_rotate)
        self.assertFalse(mine.can_reactivate)

    def test_line_13_foreign_looks_like_absent(self):
        """DESIGN §2.13: what the user may not see answers exactly as what is not there."""
        rule = {
            "name": "none of these",
            "model_id": self.env["ir.model"]._get_id("x.mcp.test.record"),
            "domain_force": "[('name', '!=', 'foreign')]",
        }
        self.env["ir.rule"].create(rule)
        foreign = self.env["x.mcp.test.record"].create({"name": "foreign"})
        absent = foreign.id + 1000

        def text(model: str, number: int) -> str:
            result = self.answer("get_record", {"model": model, "id": number})
            self.assertTrue(result["isError"])
            return result["content"][0]["text"].replace(str(number), "N").replace(model, "M")

        self.assertEqual(text("x.mcp.test.record", foreign.id), text("x.mcp.test.record", absent))
        self.assertEqual(text("mcp.api.key", 1), text("no.such.model", 1))
        self.assertEqual(text("ir.config_parameter", 1), text("no.such.model", 1))
