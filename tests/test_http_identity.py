"""Whoever makes a key confirms who they are first, if the settings ask for it (FEATURES K7)."""

import time

from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestIdentity(HttpCase):
    def setUp(self):
        super().setUp()
        self.env["mcp.settings"]._get().check_identity = True
        self.connection = self.env["mcp.connection"].create(
            {"name": "identity", "user_id": self.env.ref("base.user_admin").id}
        )

    def press(self, method: str):
        params = {"model": "mcp.connection", "method": method, "args": [self.connection.ids], "kwargs": {}}
        answer = self.url_open(
            f"/web/dataset/call_button/mcp.connection/{method}", json={"jsonrpc": "2.0", "params": params}
        )
        return answer.json()["result"]

    def test_a_key_is_made_after_the_password_only(self):
        """FEATURES K7: Odoo's own dialog, before Generate and before Rotate."""
        self.authenticate("admin", "admin")
        self.assertEqual(self.press("action_generate_key")["res_model"], "res.users.identitycheck")
        self.assertFalse(self.connection.api_key_ids)
        self.connection._do_generate_key()
        hint = self.connection.key_hint
        self.assertEqual(self.press("action_rotate_key")["res_model"], "res.users.identitycheck")
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.key_hint, hint)
        self.authenticate("admin", "admin", session_extra={"identity-check-last": time.time()})
        self.assertEqual(self.press("action_rotate_key")["res_model"], "mcp.secret.show")
        self.connection.invalidate_recordset()
        self.assertNotEqual(self.connection.key_hint, hint)

    def test_revoking_never_asks(self):
        """FEATURES K7."""
        self.connection._do_generate_key()
        self.authenticate("admin", "admin")
        self.assertFalse(self.press("action_revoke"))
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.state, "revoked")

    def test_the_setting_is_off_at_first(self):
        """SPEC: its steps know no such dialog."""
        self.assertFalse(self.env["mcp.settings"].new({}).check_identity)
