"""A proxy that Odoo does not listen to, noticed from the request of whoever looks at the settings (FEATURES N3)."""

from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import config

from ..models import mcp_settings_checks as checks


@tagged("post_install", "-at_install")
class TestProxyCheck(HttpCase):
    def ignored(self, headers: dict[str, str], *, proxy_mode: bool) -> bool:
        """As the form asks it, over the wire."""
        self.authenticate("admin", "admin")
        settings = self.env["mcp.settings"]._get()
        params = {
            "model": "mcp.settings",
            "method": "read",
            "args": [[settings.id], ["is_proxy_ignored"]],
            "kwargs": {},
        }
        with patch.dict(config.options, {"proxy_mode": proxy_mode}):
            answer = self.url_open(
                "/web/dataset/call_kw/mcp.settings/read",
                json={"jsonrpc": "2.0", "method": "call", "params": params},
                headers=headers,
            )
        return answer.json()["result"][0]["is_proxy_ignored"]

    def test_a_proxy_that_odoo_does_not_listen_to_is_noticed(self):
        """The log would name the proxy's address for everyone."""
        for header in checks.FORWARDED:
            with self.subTest(header):
                self.assertTrue(self.ignored({header: "for=192.0.2.1"}, proxy_mode=False))
        self.assertFalse(self.ignored({"X-Forwarded-For": "192.0.2.1"}, proxy_mode=True))
        self.assertFalse(self.ignored({}, proxy_mode=False))
