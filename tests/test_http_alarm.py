"""What calls set off, as the next call and the people see it (FEATURES K5, G)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .call_case import CallCase

ALARM = "odoo.addons.mcp_gateway.models.mcp_connection_alarm"


@tagged("post_install", "-at_install")
class TestHttpAlarm(CallCase):
    def call(self, client: str | None = None) -> int:
        if not client:
            return self.post(self.key).status_code
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": client, "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "list_models"}
        return self.post(self.key, headers, meta).status_code

    def alarms(self, kind: str):
        return self.env["mcp.audit.log"].search([("event", "=", kind), ("connection_ref", "=", self.connection.id)])

    def elsewhere(self):
        """The calls of this test come from an address that the connection was not used from."""
        self.connection.usage_id.known_addresses = ["192.0.2.1"]

    def test_a_new_address_raises_the_alarm_once_and_the_first_does_not(self):
        self.assertEqual(self.call(), 200)
        self.assertFalse(self.alarms("new_address"))
        for _ in range(2):
            self.elsewhere()
            self.assertEqual(self.call(), 200)
        alarm = self.alarms("new_address")
        self.assertEqual((len(alarm), alarm.ip), (1, "127.0.0.1"))
        self.assertEqual(alarm.credential, self.connection.key_hint)
        self.assertTrue(self.connection.activity_search(["mcp_gateway.mail_activity_alarm"]))

    def test_a_new_ai_tool_raises_the_alarm_once_and_the_first_does_not(self):
        self.assertEqual([self.call("first"), self.call("first")], [200, 200])
        self.assertFalse(self.alarms("new_client"))
        self.assertEqual([self.call("second"), self.call("third")], [200, 200])
        self.assertEqual(len(self.alarms("new_client")), 1)
        self.assertIn("calls itself second", self.connection.message_ids.sorted("id")[-1].body)
        self.assertFalse(self.alarms("new_address"))

    def test_each_can_be_switched_off(self):
        self.settings.write({"alert_new_address": False, "alert_new_client": False})
        self.call("first")
        self.elsewhere()
        self.assertEqual(self.call("second"), 200)
        self.assertFalse(self.alarms("new_address") + self.alarms("new_client"))

    @mute_logger(ALARM)
    def test_an_alarm_that_fails_makes_no_call_fail(self):
        self.elsewhere()
        with patch.object(type(self.env["mcp.connection"]), "_tell_alarm", side_effect=ValueError):
            self.assertEqual(self.call(), 200)
        self.assertFalse(self.alarms("new_address"))

    def test_an_expired_connection_works_again_when_it_is_extended(self):
        """FEATURES K5: with the same key."""
        self.connection.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertEqual(self.call(), 401)
        self.connection.expires_at = fields.Datetime.now() + timedelta(days=1)
        self.assertEqual(self.call(), 200)

    def test_a_suspended_connection_is_refused_until_it_is_resumed(self):
        self.connection._do_suspend("administrator")
        self.assertEqual(self.call(), 403)
        self.connection._do_resume()
        self.assertEqual(self.call(), 200)
