"""Rotation with overlap (FEATURES K4): what the buttons do, and who may press them when."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from .cron_case import run_cron


@tagged("post_install", "-at_install")
class TestOverlap(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "over_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.other = new_test_user(cls.env, "over_other", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "over_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection = cls.env["mcp.connection"].create({"name": "overlap", "user_id": cls.user.id})
        cls.connection._do_generate_key()
        cls.first = cls.connection.api_key_ids

    def start(self, hours: int = 24):
        self.connection._do_start_overlap(hours)
        return self.connection.api_key_ids - self.first

    def can(self, user=None, connection=None) -> dict[str, bool]:
        seen = (connection or self.connection).with_user(user or self.user)
        actions = ("generate", "rotate", "overlap", "end_overlap", "cancel_rotation", "revoke")
        return [action for action in actions if seen[f"can_{action}"]]

    def expire(self, key):
        key.expires_at = self.env.cr.now().replace(microsecond=0)
        self.env.invalidate_all()

    def retired(self, hint: str):
        return self.env["mcp.retired.secret"].search([("hint", "=", hint)])

    def last_event(self):
        return self.env["mcp.audit.log"].search([("connection_ref", "=", self.connection.id)], limit=1).event

    def last_message(self) -> str:
        return self.connection.message_ids.sorted("id")[-1].body

    def test_the_old_key_gets_an_end_and_the_new_one_has_none(self):
        """FEATURES K4: by the database's clock, in whole seconds."""
        for hours in (1, 24, 168):
            with self.subTest(hours=hours):
                second = self.start(hours)
                end = self.env.cr.now().replace(microsecond=0) + timedelta(hours=hours)
                self.assertEqual(self.first.expires_at, end)
                self.assertFalse(second.expires_at)
                self.assertEqual(self.connection.overlap_until, end)
                self.assertEqual(self.connection.key_hint, second.hint)
                self.assertEqual(self.connection.old_key_hint, self.first.hint)
                triggers = self.env["ir.cron.trigger"].search(
                    [("cron_id", "=", self.env.ref("mcp_gateway.ir_cron_retire_expired").id), ("call_at", "=", end)]
                )
                self.assertEqual(len(triggers), 1)
                self.assertEqual(self.last_event(), "key_overlap_started")
                for text in (self.first.hint, second.hint, str(end)):
                    self.assertIn(text, self.last_message())
                self.connection._do_cancel_rotation()

    def test_there_are_two_live_keys_at_most(self):
        """FEATURES K4: no overlap within an overlap; the buttons follow."""
        self.assertEqual(self.can(), ["rotate", "overlap", "revoke"])
        self.start()
        self.assertEqual(self.can(), ["rotate", "end_overlap", "cancel_rotation", "revoke"])
        for act in ("action_rotate_with_overlap", "_start_overlap"):
            with self.assertRaisesRegex(UserError, "has two keys"):
                getattr(self.connection.with_user(self.user), act)(*([24] if act == "_start_overlap" else []))
        self.assertEqual(len(self.connection.api_key_ids), 2)

    def test_ending_the_overlap_kills_the_old_key(self):
        """FEATURES K4."""
        second, hint = self.start(), self.first.hint
        self.connection.with_user(self.user).action_end_overlap()
        self.assertEqual(self.connection.api_key_ids, second)
        self.assertEqual(self.retired(hint).reason, "rotated")
        self.assertFalse(self.connection.overlap_until or self.connection.old_key_hint)
        self.assertEqual(self.can(), ["rotate", "overlap", "revoke"])
        self.assertEqual(self.last_event(), "key_overlap_ended")
        self.assertIn(f"the old key {hint} no longer works", self.last_message())

    def test_cancelling_kills_the_new_key_and_the_old_one_has_no_end(self):
        """FEATURES K4."""
        hint = self.start().hint
        self.connection.with_user(self.user).action_cancel_rotation()
        self.assertEqual(self.connection.api_key_ids, self.first)
        self.assertFalse(self.first.expires_at)
        self.assertTrue(self.retired(hint))
        self.assertEqual(self.connection.key_hint, self.first.hint)
        self.assertEqual(self.can(), ["rotate", "overlap", "revoke"])
        self.assertEqual(self.last_event(), "key_rotation_cancelled")
        self.assertIn(f"the new key {hint} no longer works", self.last_message())

    def test_rotate_key_ends_both_keys(self):
        """SPEC: the old key stops working immediately; during an overlap there are two of them."""
        second = self.start()
        hints = [self.first.hint, second.hint]
        self.connection.with_user(self.user).action_rotate_key()
        self.assertEqual(len(self.connection.api_key_ids), 1)
        self.assertFalse((self.first + second).exists())
        for hint in hints:
            self.assertTrue(self.retired(hint))
            self.assertIn(hint, self.last_message())
        self.assertEqual(self.can(), ["rotate", "overlap", "revoke"])

    def test_revoke_ends_both_keys(self):
        """SPEC: what revoke really does."""
        hints = [self.first.hint, self.start().hint]
        self.connection.with_user(self.user).action_revoke()
        self.assertFalse(self.connection.api_key_ids)
        self.assertEqual([self.retired(hint).reason for hint in hints], ["revoked"] * 2)
        self.assertIn("API keys: 2", self.last_message())
        self.assertFalse(self.can())
        for action in ("action_rotate_with_overlap", "action_end_overlap", "action_cancel_rotation"):
            with self.assertRaisesRegex(UserError, "is revoked"):
                getattr(self.connection.with_user(self.user), action)()
        self.connection._do_reactivate()
        self.assertEqual(self.can(), ["generate", "revoke"])

    def test_a_key_at_its_end_counts_no_more(self):
        """FEATURES K4: before anything buried it, too."""
        second = self.start()
        self.expire(self.first)
        self.assertEqual(self.connection._live_keys(), second)
        self.assertFalse(self.connection.overlap_until)
        self.assertEqual(self.can(), ["rotate", "overlap", "revoke"])
        for action in ("action_end_overlap", "action_cancel_rotation"):
            with self.assertRaisesRegex(UserError, "no old key beside the new one any more"):
                getattr(self.connection.with_user(self.user), action)()

    def test_the_cron_buries_what_came_to_its_end(self):
        """FEATURES K4, K6: and nothing else."""
        second, hint = self.start(), self.first.hint
        run_cron(self.env, "ir_cron_retire_expired")
        self.assertEqual(self.connection.api_key_ids, self.first + second)
        self.expire(self.first)
        run_cron(self.env, "ir_cron_retire_expired")
        self.assertEqual(self.connection.api_key_ids, second)
        self.assertTrue(self.retired(hint))
        self.assertEqual(self.last_event(), "key_overlap_ended")
        self.assertIn(f"the old key {hint} no longer works", self.last_message())

    def test_each_button_touches_the_connection(self):
        """DESIGN §2.3: what kills or limits a credential collides with the calls in flight and with other buttons."""
        for act in (
            self.start,
            self.connection._do_cancel_rotation,
            self.start,
            self.connection._do_end_overlap,
        ):
            self.connection.credential_changed_at = False
            act()
            self.assertTrue(self.connection.credential_changed_at)

    def test_the_use_of_a_key_is_forgotten_after_the_key(self):
        """DESIGN §2.4: not by the button, which writes no row that calls write."""
        second = self.start()
        usages = self.first.usage_id + second.usage_id
        self.connection._do_end_overlap()
        self.env.flush_all()
        self.assertEqual(usages.exists(), usages)
        self.env["mcp.secret.usage"]._gc_ownerless()
        self.env.invalidate_all()
        self.assertEqual(usages.exists(), second.usage_id)

    def test_nobody_reaches_above_themself(self):
        """DESIGN §2.12: who may not make a key may end one, but neither start an overlap nor let an old key live on."""
        boss = self.env["mcp.connection"].create({"name": "boss", "user_id": self.env.ref("base.user_admin").id})
        boss._do_generate_key()
        self.assertEqual(self.can(self.admin, boss), ["revoke"])
        boss._do_start_overlap(1)
        self.env.invalidate_all()
        self.assertEqual(self.can(self.admin, boss), ["end_overlap", "revoke"])
        for action in ("action_rotate_with_overlap", "action_cancel_rotation"):
            with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
                getattr(boss.with_user(self.admin), action)()
        self.assertEqual(len(boss.api_key_ids), 2)

    def test_a_connection_of_someone_else_cannot_be_touched_or_named(self):
        """DESIGN §2.13: not through the dialog either."""
        foreign = self.connection.with_user(self.other)
        for action in ("action_rotate_with_overlap", "action_end_overlap", "action_cancel_rotation"):
            with self.assertRaises(AccessError):
                getattr(foreign, action)()
        dialog = self.env["mcp.rotate.overlap"].with_user(self.other).with_context(connection_id=self.connection.id)
        for act in (lambda: dialog.new({}).what_happens, lambda: dialog.create({}).action_rotate()):
            with self.assertRaises(AccessError):
                act()
        self.assertEqual(self.connection.api_key_ids, self.first)

    def test_the_dialog_says_what_will_happen_and_shows_the_key(self):
        """FEATURES K4, K2: in one sentence, then the popup as after Rotate Key."""
        action = self.connection.with_user(self.user).action_rotate_with_overlap()
        wizard = self.env[action["res_model"]].with_user(self.user).with_context(**action["context"]).create({})
        self.assertEqual(wizard.hours, "24")
        self.assertIn(self.first.hint, wizard.what_happens)
        before = wizard.what_happens
        wizard.hours = "168"
        self.assertNotEqual(wizard.what_happens, before)
        shown = wizard.action_rotate()
        self.assertEqual(shown["res_model"], "mcp.secret.show")
        self.assertEqual(shown["context"]["default_secret"][-4:], self.connection.key_hint[-4:])
        self.assertEqual(self.first.expires_at - self.env.cr.now().replace(microsecond=0), timedelta(days=7))
