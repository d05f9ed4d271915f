"""What of the server's configuration would make AI tools fail, said where someone can mend it (FEATURES N3)."""

import threading
from functools import partial
from unittest.mock import patch

from werkzeug.routing import Map, Rule

from odoo import http
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import config


@tagged("post_install", "-at_install")
class TestSettingsChecks(TransactionCase):
    def setUp(self):
        super().setUp()
        self.settings = self.env["mcp.settings"]._get()
        self.env["ir.config_parameter"].set_param("web.base.url", "https://odoo.example.com:8443")

    def check(self, name: str, **configuration):
        self.env.invalidate_all()
        with patch.dict(config.options, configuration):
            return self.settings[name]

    def test_one_worker_is_too_few(self):
        self.assertEqual([self.check("has_one_worker", workers=number) for number in (0, 1, 2)], [False, True, False])

    def test_an_address_that_leads_to_several_databases_is_named(self):
        """ODOO19: without a session, Odoo answers 404 then."""
        here = self.env.cr.dbname
        with patch.object(http.odoo.service.db, "list_dbs", return_value=[here, "other"]):
            self.assertEqual(self.check("lost_host", db_name=[], dbfilter=""), "odoo.example.com:8443")
            self.assertFalse(self.check("lost_host", db_name=[here], dbfilter=""))
            self.assertFalse(self.check("lost_host", db_name=[], dbfilter=f"^{here}$"))
            self.assertEqual(self.check("lost_host", db_name=[], dbfilter="^other$"), "odoo.example.com:8443")
            self.assertEqual(self.check("lost_host", db_name=[], dbfilter="^%d$"), "odoo.example.com:8443")

    def test_a_module_that_answers_in_our_place_is_named(self):
        thread = threading.current_thread()
        self.enterContext(patch.object(thread, "dbname", self.env.cr.dbname, create=True))
        self.assertFalse(self.settings._taken_by())

        class Foreign(http.Controller):
            __module__ = "odoo.addons.other_mcp.controllers.main"

            def answer(self):
                """Never called."""

        rule = Rule("/mcp/oauth/token", endpoint=partial(Foreign().answer))
        with patch.object(type(self.env["ir.http"]), "routing_map", return_value=Map([rule])):
            self.assertEqual(self.settings._taken_by(), "other_mcp")

    def test_the_kill_switch_tells_what_it_stopped(self):
        """FEATURES G1: in numbers at once, and which connections in the audit log."""
        user = new_test_user(self.env, "switch_user", "base.group_user,mcp_gateway.group_mcp_user")
        connection, revoked = self.env["mcp.connection"].create(
            [{"name": name, "user_id": user.id} for name in ("stopped", "revoked")]
        )
        revoked._do_revoke()
        self.settings.enabled = True
        notice = self.settings.action_disable()["params"]
        self.assertIn(f"active connections: {self.settings.connection_count}, live sessions: 0", notice["message"])
        self.assertTrue(notice["sticky"])
        row = self.env["mcp.audit.log"].search([("event", "=", "server_disabled")], limit=1)
        refs = row.record_refs.split(",")
        self.assertEqual((row.model, str(connection.id) in refs), ("mcp.connection", True))
        self.assertNotIn(str(revoked.id), refs)
        self.settings.action_enable()
        row = self.env["mcp.audit.log"].search([("event", "=", "server_enabled")], limit=1)
        self.assertFalse(row.model or row.record_refs)
