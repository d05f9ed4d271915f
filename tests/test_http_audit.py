"""The log over HTTP (FEATURES L2, L3): payloads of calls, the download of an export, and no way to write by RPC."""

import io
import json
import zipfile
from datetime import datetime

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

GATEWAY = "odoo.addons.mcp_gateway.models.mcp_gateway_run"


@tagged("post_install", "-at_install")
class TestHttpAudit(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.user = new_test_user(cls.env, "audit_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "audit_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        connection = cls.env["mcp.connection"].create({"name": "audit", "user_id": cls.user.id, "rate_minute": 0})
        cls.key = connection._do_generate_key()

    def call(self, tool: str, arguments: dict, key: str | None = None):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        return self.url_open("/mcp", data=json.dumps(body), headers=headers)

    def last_row(self):
        self.env.invalidate_all()
        return self.env["mcp.audit.log"].search([("event", "=", "request")], limit=1)

    def json2(self, method: str, **body):
        key = (
            self.env["res.users.apikeys"].with_user(self.env.ref("base.user_admin")).sudo()._generate("rpc", "t", False)
        )
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return self.url_open(f"/json/2/mcp.audit.log/{method}", data=json.dumps(body), headers=headers)

    def test_requests_and_responses_are_not_kept_unless_wanted(self):
        """FEATURES L2: off by default."""
        self.call("list_models", {})
        row = self.last_row()
        self.assertEqual((row.tool, row.request_payload, row.response_payload), ("list_models", False, False))

    def test_what_is_kept_is_redacted_and_cut(self):
        """FEATURES L2: the request, the response, and a text in it that is JSON itself."""
        self.settings.write({"log_payloads": True, "redacted_fields": "name"})
        self.call("test_write", {"name": "confidential"})
        row = self.last_row()
        self.assertIn('"method": "tools/call"', row.request_payload)
        self.assertIn('"isError": false', row.response_payload)
        self.settings.write({"redacted_fields": False, "payload_kb": 1})
        self.call("search_records", {"model": "ir.module.module", "domain": [["name", "!=", f"x {self.key}"]]})
        row = self.last_row()
        self.assertNotIn(self.key[:20], row.request_payload)
        self.assertIn("mcp_ak_…[redacted]", row.request_payload)
        self.call("list_models", {})
        row = self.last_row()
        self.assertTrue(row.response_payload.endswith("… [cut]"))
        self.assertLess(len(row.response_payload), 1100)

    def test_a_chosen_field_is_left_out_of_both(self):
        """FEATURES L2."""
        self.settings.write({"log_payloads": True, "redacted_fields": "email"})
        self.env["res.partner"].create({"name": "Hidden", "email": "hidden@example.com"})
        domain = [["email", "=", "hidden@example.com"]]
        answer = self.call("search_records", {"model": "res.partner", "domain": domain, "fields": ["name", "email"]})
        self.assertIn("hidden@example.com", answer.text)
        row = self.last_row()
        for payload in (row.request_payload, row.response_payload):
            self.assertNotIn("hidden@example.com", payload)
            self.assertIn("[redacted]", payload)
        self.assertIn("Hidden", row.response_payload)

    def test_a_failed_call_keeps_them_too(self):
        """FEATURES L2: they are wanted most then."""
        self.settings.log_payloads = True
        with mute_logger(GATEWAY):
            self.call("test_side_effects", {"name": "payload", "fail": True})
        row = self.last_row()
        self.assertEqual(row.outcome, "error")
        self.assertIn('"fail": true', row.request_payload)
        self.assertIn('"isError": true', row.response_payload)

    def test_of_a_stranger_nothing_is_kept(self):
        """Ours: nobody without a key fills the disk of an administrator who looks at payloads."""
        self.settings.log_payloads = True
        self.assertEqual(self.call("list_models", {"x": "y" * 1000}, key="nonsense").status_code, 401)
        row = self.last_row()
        self.assertEqual((row.outcome, row.request_payload, row.response_payload), ("refused", False, False))

    def test_payloads_cost_no_query(self):
        """DESIGN §8: neither on nor off."""
        counts = {}
        for wanted in (False, True, False, True):  # the first ones fill Odoo's caches
            self.settings.log_payloads = wanted
            self.call("list_models", {})
            before = self.env.cr.sql_log_count
            self.call("list_models", {})
            counts[wanted] = self.env.cr.sql_log_count - before
        self.assertGreater(counts[True], 3)
        self.assertEqual(counts[True], counts[False])

    def test_rpc_cannot_change_the_log(self):
        """FEATURES L3: as the administrator of everything."""
        self.call("list_models", {})
        row = self.last_row()
        for method, body in (
            ("write", {"ids": row.ids, "vals": {"tool": "x"}}),
            ("unlink", {"ids": row.ids}),
            ("create", {"vals_list": [{"event": "request"}]}),
            ("copy", {"ids": row.ids}),
            ("_record", {"event": "request"}),
            ("web_save", {"ids": row.ids, "vals": {"tool": "x"}, "specification": {}}),
        ):
            with self.subTest(method), mute_logger("odoo.http", "odoo.addons.rpc.controllers.json2"):
                self.assertGreaterEqual(self.json2(method, **body).status_code, 400)
        self.assertEqual(self.last_row().tool, "list_models")

    def test_an_administrator_downloads_their_own_export(self):
        """FEATURES L4; DESIGN §2.13: of somebody else it is not there."""
        self.call("list_models", {})
        export = self.env["mcp.audit.export"].with_user(self.admin).create({"date_to": datetime(2100, 1, 1)})
        path = export.action_export()["url"]
        self.authenticate("audit_admin", "audit_admin")
        answer = self.url_open(path)
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "application/zip"))
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            self.assertIn("export.sig", archive.namelist())
        new_test_user(self.env, "audit_other", "base.group_user,mcp_gateway.group_mcp_admin")
        self.authenticate("audit_other", "audit_other")
        self.assertEqual(self.url_open(path).status_code, 404)
        self.authenticate("audit_user", "audit_user")
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(path).status_code, 403)
