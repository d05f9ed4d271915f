"""Web pages at the endpoint: which may talk to it, and what a browser has to be told (PROTOCOL §7.12)."""

import json

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, tagged

PAGE = "https://tools.example.com"


@tagged("post_install", "-at_install")
class TestCors(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.write({"enabled": True, "allowed_origins": f"{PAGE}\n\nhttp://localhost:6274"})
        cls.connection = cls.env["mcp.connection"].create(
            {"name": "cors", "user_id": cls.env.ref("base.user_admin").id, "rate_minute": 0, "rate_day": 0}
        )
        cls.key = cls.connection._do_generate_key()

    def preflight(self, origin):
        headers = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,mcp-protocol-version",
        }
        return self.url_open("/mcp", headers=headers, method="OPTIONS")

    def ping(self, origin, key=None):
        headers = {"Origin": origin, "Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        return self.url_open("/mcp", data=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}), headers=headers)

    def test_a_preflight_needs_no_credential_and_leaves_nothing(self):
        rows = self.env["mcp.audit.log"].search_count([])
        answer = self.preflight(PAGE)
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
        self.assertIn("Authorization", answer.headers["Access-Control-Allow-Headers"])
        self.assertIn("POST", answer.headers["Access-Control-Allow-Methods"])
        self.assertIn("Origin", answer.headers["Vary"])
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), rows)

    def test_a_foreign_page_is_refused_and_hears_nothing(self):
        for answer in (self.preflight("https://evil.example"), self.ping("https://evil.example")):
            self.assertEqual(answer.status_code, 403)
            self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_every_answer_can_be_read_by_the_page_refusals_too(self):
        """A page that cannot read a 401 cannot find out what to do about it."""
        for key, status in ((None, 200), ("nonsense", 401)):
            answer = self.ping(PAGE, key)
            self.assertEqual(answer.status_code, status)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
            self.assertIn("WWW-Authenticate", answer.headers["Access-Control-Expose-Headers"])

    def test_a_page_that_is_taken_off_the_list_is_refused_at_once(self):
        self.assertEqual(self.ping(PAGE).status_code, 200)
        self.settings.allowed_origins = False
        self.assertEqual(self.ping(PAGE).status_code, 403)
        self.assertEqual(self.preflight(PAGE).status_code, 403)

    def test_what_is_no_origin_is_not_saved(self):
        """Each line is one, and the wrong one is named."""
        for line in ("tools.example.com", f"{PAGE}/app", "*", "null", "javascript://x"):
            with self.assertRaises(ValidationError) as refused:
                self.settings.allowed_origins = f"{PAGE}\n{line}"
            self.assertIn(line, str(refused.exception))

    def test_other_verbs_are_refused_before_anything_else(self):
        """PROTOCOL §7.5: 405 with Allow, without a credential, also for HEAD."""
        for verb in ("GET", "HEAD", "PUT", "DELETE"):
            answer = self.url_open("/mcp", method=verb)
            self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST, OPTIONS"))
