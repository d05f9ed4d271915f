"""Rotation with overlap (FEATURES K4) as calls see it: which key works, and where its last use is kept."""

import json
import time
from datetime import timedelta

from odoo.tests import HttpCase, new_test_user, tagged

from .cron_case import run_cron


@tagged("post_install", "-at_install")
class TestHttpOverlap(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        cls.user = new_test_user(cls.env, "over_http", "base.group_user,mcp_gateway.group_mcp_user")
        cls.connection = cls.env["mcp.connection"].create(
            {"name": "overlap", "user_id": cls.user.id, "rate_minute": 3, "rate_day": 0}
        )
        cls.old = cls.connection._do_generate_key()

    def call(self, key: str) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_models", "arguments": {}}}
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        status = self.url_open("/mcp", data=json.dumps(body), headers=headers).status_code
        self.env.invalidate_all()
        return status

    def statuses(self, *keys: str) -> list[int]:
        return [self.call(key) for key in keys]

    def expire(self):
        self.connection.api_key_ids.sorted("id")[0].expires_at = self.env.cr.now().replace(microsecond=0)

    def alarms(self) -> int:
        return self.env["mcp.audit.log"].search_count(
            [("connection_ref", "=", self.connection.id), ("event", "=", "retired_secret")]
        )

    def test_both_keys_work_until_the_overlap_is_ended(self):
        """FEATURES K4."""
        new = self.connection._do_start_overlap(1)
        self.assertEqual(self.statuses(self.old, new), [200, 200])
        self.connection._do_end_overlap()
        self.assertEqual(self.statuses(self.old, new), [401, 200])
        self.assertEqual(self.alarms(), 1)

    def test_cancelling_keeps_the_old_key_only(self):
        """FEATURES K4."""
        new = self.connection._do_start_overlap(1)
        self.connection._do_cancel_rotation()
        self.assertEqual(self.statuses(self.old, new), [200, 401])
        self.assertEqual(self.alarms(), 1)

    def test_revoke_and_rotate_end_both(self):
        """SPEC: immediately, whatever overlaps."""
        for act in ("_do_rotate_key", "_do_revoke"):
            with self.subTest(act=act):
                keys = [self.connection._do_rotate_key(), self.connection._do_start_overlap(1)]
                getattr(self.connection, act)()
                self.assertEqual(self.statuses(*keys), [401, 401])

    def test_a_key_at_its_end_is_an_unknown_key(self):
        """FEATURES K4, K6: refused at once, and an alarm as soon as it is buried."""
        new = self.connection._do_start_overlap(1)
        self.expire()
        self.assertEqual(self.statuses(self.old, new), [401, 200])
        row = self.env["mcp.audit.log"].search([("event", "=", "request"), ("http_status", "=", 401)], limit=1)
        self.assertFalse(row.connection_ref or row.user_ref)
        self.assertIn("Unknown key", row.error)
        run_cron(self.env, "ir_cron_retire_expired")
        self.assertEqual(self.alarms(), 0)
        self.assertEqual(self.statuses(self.old, new), [401, 200])
        self.assertEqual(self.alarms(), 1)

    def test_the_banner_names_the_last_use_of_the_old_key(self):
        """FEATURES K4, DESIGN §2.4: each key's own, in a row that no button writes."""
        first = self.connection.api_key_ids
        new = self.connection._do_start_overlap(1)
        self.assertFalse(self.connection.old_key_last_used or self.connection.old_key_last_ip)
        self.call(new)
        self.assertFalse(self.connection.old_key_last_used)
        self.assertEqual(self.connection.api_key_ids.sorted("id")[1].last_ip, "127.0.0.1")
        self.call(self.old)
        self.assertTrue(self.connection.old_key_last_used)
        self.assertEqual(self.connection.old_key_last_ip, "127.0.0.1")
        self.assertEqual(self.connection.old_key_last_used, first.usage_id.last_used)
        self.assertEqual(self.connection.request_count, 2)

    def test_the_two_keys_share_one_limit(self):
        """FEATURES G4: of the connection, kept through a rotation."""
        self.env["mcp.connection"].flush_model()
        new = self.connection._do_start_overlap(1)
        self.assertEqual(sorted(self.statuses(self.old, new, self.old, new)), [200, 200, 200, 429])

    def test_the_password_is_asked_before_the_new_key_is_made(self):
        """FEATURES K7: in the dialog; ending never asks."""
        self.env["mcp.settings"]._get().check_identity = True
        self.authenticate("admin", "admin")
        self.assertEqual(self.press_dialog()["res_model"], "res.users.identitycheck")
        self.assertEqual(len(self.connection.api_key_ids), 1)
        self.authenticate("admin", "admin", session_extra={"identity-check-last": time.time()})
        shown = self.press_dialog()
        self.assertEqual(shown["res_model"], "mcp.secret.show")
        self.assertEqual(self.statuses(self.old, shown["context"]["default_secret"]), [200, 200])
        self.authenticate("admin", "admin")
        self.assertFalse(self.press("mcp.connection", self.connection.id, "action_end_overlap"))
        self.env.invalidate_all()
        self.assertEqual(len(self.connection.api_key_ids), 1)

    def test_the_password_dialog_goes_on_where_it_was_asked(self):
        """FEATURES K7: the hours that were chosen survive it."""
        self.env["mcp.settings"]._get().check_identity = True
        self.authenticate("admin", "admin")
        check = self.press_dialog(hours="168")
        shown = self.press("res.users.identitycheck", check["res_id"], "run_check", {"password": "admin"})
        self.assertEqual(shown["res_model"], "mcp.secret.show")
        self.env.invalidate_all()
        self.assertGreater(self.connection.overlap_until, self.env.cr.now() + timedelta(days=6))

    def press_dialog(self, hours: str = "24"):
        action = self.press("mcp.connection", self.connection.id, "action_rotate_with_overlap")
        wizard = self.env["mcp.rotate.overlap"].with_user(self.env.ref("base.user_admin")).create({"hours": hours})
        return self.press("mcp.rotate.overlap", wizard.id, "action_rotate", action["context"])

    def press(self, model: str, record_id: int, method: str, context: dict | None = None):
        params = {"model": model, "method": method, "args": [[record_id]], "kwargs": {"context": context or {}}}
        answer = self.url_open(
            f"/web/dataset/call_button/{model}/{method}", json={"jsonrpc": "2.0", "params": params}
        ).json()
        self.assertIn("result", answer, answer)
        return answer["result"]
