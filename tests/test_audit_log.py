"""The log itself (FEATURES L1, L3, L5): nobody changes a row, and nothing that is deleted elsewhere does."""

import psycopg2

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, new_test_user
from odoo.tools import mute_logger

from odoo.addons.mcp_gateway.models.mcp_audit_log import EVENTS
from odoo.addons.mcp_gateway.protocol import credentials

from .audit_case import AuditCase


class TestAuditLog(AuditCase):
    def row_text(self, row_id: int) -> str:
        """Every column, and the system columns that any change would change."""
        self.env.cr.execute("SELECT l::text, l.xmin::text, l.ctid::text FROM mcp_audit_log l WHERE id = %s", [row_id])
        return self.env.cr.fetchone()

    def test_the_orm_refuses_everyone(self):
        """FEATURES L3: an administrator and the superuser."""
        [row_id] = self.record(1)
        before = self.row_text(row_id)
        for log in (self.log.with_user(self.env.ref("base.user_admin")), self.log.sudo()):
            row = log.browse(row_id)
            for act in (
                lambda row=row: row.write({"tool": "x"}),
                lambda row=row: row.unlink(),
                lambda row=row: row.create({"event": "request"}),
                lambda row=row: row.copy(),
            ):
                with self.subTest(user=log.env.user.login), self.assertRaises(UserError):
                    act()
        self.assertEqual(self.row_text(row_id), before)

    def test_the_database_refuses_its_own_user(self):
        """FEATURES L3: UPDATE, DELETE and TRUNCATE, of one row, of none in particular, and by way of another table."""
        [row_id] = self.record(1)
        before = self.row_text(row_id)
        values = f"({row_id}, now(), 'request', 'success') ON CONFLICT (id) DO UPDATE SET tool = 'x'"
        for statement in (
            f"UPDATE mcp_audit_log SET tool = 'x' WHERE id = {row_id}",
            "UPDATE mcp_audit_log SET tool = tool",
            f"DELETE FROM mcp_audit_log WHERE id = {row_id}",
            "DELETE FROM mcp_audit_log",
            "TRUNCATE mcp_audit_log",
            "TRUNCATE mcp_audit_log RESTART IDENTITY CASCADE",
            f"INSERT INTO mcp_audit_log (id, date, event, outcome) VALUES {values}",
        ):
            with (
                self.subTest(statement),
                self.assertRaises(psycopg2.errors.InsufficientPrivilege),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)
        self.assertEqual(self.row_text(row_id), before)

    def test_what_appears_in_it_can_be_deleted_and_changes_no_row(self):
        """FEATURES L5: a user, a company, an OAuth client; their names stay readable."""
        user = new_test_user(self.env, "gone_user", "base.group_user,mcp_gateway.group_mcp_user")
        company = self.env["res.company"].create({"name": "Gone"})
        client = self.env["mcp.oauth.client"].create(
            {
                "name": "Gone",
                "kind": "dynamic",
                "auth_method": "none",
                "redirect_uris": "https://gone.example/callback",
            }
        )
        [row_id] = self.record(
            1,
            user_ref=user.id,
            user_name=user.name,
            client=client.name,
            model="res.company",
            record_refs=str(company.id),
        )
        self.assertEqual(self.seals._seal_next(), 1)
        before, name, user_ref = self.row_text(row_id), user.name, user.id
        for record in (user, company, client):
            with self.subTest(record):
                record.unlink()
                self.env.flush_all()
                self.assertFalse(record.exists())
                self.assertEqual(self.row_text(row_id), before)
        self.env.invalidate_all()
        row = self.log.browse(row_id)
        self.assertEqual(
            (row.user_name, row.user_id.id, row.user_ref),
            (name, False, user_ref),
        )
        self.assertIsNone(self.seals._verify().problem)

    def test_no_secret_enters_a_row_whoever_writes_it(self):
        """DESIGN §2.1: not by an error, a name, or a detail."""
        secret = credentials.mint(credentials.Kind.API_KEY)
        for name in ("error", "client", "method", "details", "tool", "ip"):
            [row_id] = self.record(1, **{name: f"x {secret} password=hunter2 x"})
            text = self.row_text(row_id)[0]
            self.assertNotIn(secret[:30], text)
            self.assertNotIn("hunter2", text)

    def test_every_event_has_a_filter_or_is_a_request(self):
        """FEATURES L1: the filters of the search view name events, which must exist."""
        view = self.env.ref("mcp_gateway.mcp_audit_log_view_search").arch
        named = {event for event, _label in EVENTS if f"'{event}'" in view}
        self.assertIn("oauth_token", named)
        self.assertLess({"key_rotated", "revoked", "reactivated", "retired_secret"}, named)
        for condition in ("'oauth_consent'", "'leaked_secret'"):
            self.assertIn(condition, view)

    def test_the_filters_and_groups_of_the_screen_work(self):
        """FEATURES L1: each of them, with the one that the action opens with."""
        self.record(3, tool="list_models", user_name="A", connection_name="B", client="C", ip="192.0.2.1", model="m")
        self.record(1, outcome="refused", error="No")
        view = self.log.get_views([(self.env.ref("mcp_gateway.mcp_audit_log_view_search").id, "search")])
        arch = view["views"]["search"]["arch"]
        groups = [part.split("'")[3] for part in arch.split('context="{')[1:]]
        self.assertEqual(len(groups), 10)
        for group in groups:
            answer = self.log.web_read_group([("date", ">=", "today")], [group], ["__count", "duration_ms:avg"])
            self.assertTrue(answer["groups"], group)
        for domain in (
            [("outcome", "=", "refused")],
            [("tool", "!=", False)],
            [("date", ">=", "today -7d")],
            [("date", ">=", "today -30d")],
        ):
            self.assertTrue(self.log.search(domain, limit=1), domain)

    def test_the_menu_opens_with_today(self):
        """Ours: a log of any length then opens quickly."""
        action = self.env.ref("mcp_gateway.mcp_audit_log_action")
        self.assertIn("'search_default_today': 1", action.context)
        self.assertEqual(action.view_mode, "list,form,graph,pivot")

    def test_the_settings_of_the_log_start_as_promised(self):
        """FEATURES L2: 90 days, no requests and responses; bounded."""
        settings = self.env["mcp.settings"].browse(self.env["mcp.settings"]._get().id)
        self.assertEqual((settings.retention_days, settings.log_payloads, settings.payload_kb), (90, False, 16))
        with Form(settings) as form:
            form.log_payloads = True
            form.redacted_fields = "acc_number\n\n Bank_IDs "
            form.payload_kb = 2
        rules = settings._payload_rules()
        self.assertEqual((rules.names, rules.length), ({"acc_number", "bank_ids"}, 2000))
        settings.log_payloads = False
        self.assertIsNone(settings._payload_rules())
        for values in ({"payload_kb": 0}, {"payload_kb": 1001}, {"retention_days": -1}):
            with self.assertRaisesRegex(ValidationError, "enter a number from"):
                settings.write(values)
