"""Rotation with overlap for the Secret Key of an OAuth client (FEATURES K4, O6): what the buttons do, and for whom."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .cron_case import run_cron
from .oauth_admin_case import OauthAdminCase


@tagged("post_install", "-at_install")
class TestOauthOverlap(OauthAdminCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client.write({"allows_client_credentials": True, "redirect_uris": False})
        cls.first = cls.client.secret_ids

    def start(self) -> str:
        return self.as_(self.admin)._do_start_overlap(24)

    def can(self, user, connection=None) -> list[str]:
        seen = self.as_(user, connection)
        actions = ("generate", "rotate", "rotate_secret", "overlap", "end_overlap", "cancel_rotation")
        return [action for action in actions if seen[f"can_{action}"]]

    def statuses(self, *secrets: str) -> list[int]:
        return [self.token(secret).status for secret in secrets]

    def test_both_secrets_get_tokens_until_the_overlap_is_ended(self):
        second = self.start()
        self.assertEqual(self.statuses(self.secret, second), [200, 200])
        self.assertTrue(self.first.expires_at)
        self.assertEqual(self.connection.overlap_until, self.first.expires_at)
        self.assertEqual(self.connection.old_key_hint, self.first.hint)
        self.assertEqual(self.connection.key_hint, self.client.secret_hint)
        self.as_(self.admin).action_end_overlap()
        self.assertEqual(self.statuses(self.secret, second), [401, 200])
        self.assertEqual(self.events().count("retired_secret"), 1)

    def test_cancelling_kills_the_new_secret_and_the_old_one_has_no_end(self):
        second = self.start()
        self.as_(self.admin).action_cancel_rotation()
        self.assertEqual(self.statuses(self.secret, second), [200, 401])
        self.assertEqual(self.client.secret_ids, self.first)
        self.assertFalse(self.first.expires_at)

    def test_rotate_secret_key_ends_both(self):
        second = self.start()
        third = self.shown(self.as_(self.admin).action_rotate_secret())["secret"]
        self.assertEqual(self.statuses(self.secret, second, third), [401, 401, 200])

    def test_the_clock_ends_the_old_secret_and_the_cron_buries_it(self):
        second = self.start()
        self.first.expires_at = self.env.cr.now().replace(microsecond=0)
        self.assertEqual(self.statuses(self.secret, second), [401, 200])
        self.assertFalse(self.connection.overlap_until)
        self.assertEqual(self.can(self.admin), ["rotate_secret", "overlap"])
        run_cron(self.env, "ir_cron_retire_expired")
        self.assertFalse(self.first.exists())
        self.assertIn("key_overlap_ended", self.events())

    def test_revoke_leaves_no_secret_that_gets_anything_and_ends_the_overlap(self):
        """SPEC: reactivating needs no new secret; what was on its way out does not come back."""
        second = self.start()
        self.as_(self.admin).action_revoke()
        self.assertIn("old Secret Keys: 1", self.connection.message_ids.sorted("id")[-1].body)
        self.assertEqual(self.statuses(self.secret, second), [401, 400])
        self.assertFalse(self.first.exists())
        self.as_(self.admin).action_reactivate()
        self.assertEqual(self.statuses(self.secret, second), [401, 200])

    def test_revoking_one_of_several_leaves_the_others_their_overlap(self):
        """The others still have to change over."""
        self.start()
        second = self.second()
        self.as_(self.admin).action_revoke()
        self.assertTrue(self.first.exists())
        self.assertTrue(self.as_(self.admin, second).overlap_until)
        self.as_(self.admin, second).action_revoke()
        self.assertFalse(self.first.exists())

    def test_two_connections_of_one_client_are_ended_together_once(self):
        self.start()
        both = self.connection + self.second()
        self.as_(self.admin, both).action_end_overlap()
        self.assertEqual(len(self.client.secret_ids), 1)
        for connection in both:
            self.assertEqual(self.events(connection).count("key_overlap_ended"), 1)

    def test_every_connection_that_shares_the_secrets_is_touched_and_told(self):
        """DESIGN §2.3: calls of each collide with it."""
        second = self.second()
        for act, event in (
            (self.start, "key_overlap_started"),
            (self.connection._do_cancel_rotation, "key_rotation_cancelled"),
            (self.start, "key_overlap_started"),
            (self.connection._do_end_overlap, "key_overlap_ended"),
        ):
            (self.connection + second).credential_changed_at = False
            act()
            for connection in self.connection + second:
                self.assertTrue(connection.credential_changed_at)
                self.assertEqual(self.events(connection)[-1], event)

    def test_the_buttons_follow_what_is_possible(self):
        self.assertEqual(self.can(self.admin), ["rotate_secret", "overlap"])
        self.assertEqual(self.can(self.user), ["rotate_secret", "overlap"])
        self.start()
        self.assertEqual(self.can(self.user), ["rotate_secret", "end_overlap", "cancel_rotation"])
        with self.assertRaisesRegex(UserError, "two keys"):
            self.as_(self.admin).action_rotate_with_overlap()

    def test_a_secret_that_others_use_is_an_administrators(self):
        """DESIGN §2.12."""
        self.second()
        self.assertFalse(self.can(self.user))
        with self.assertRaisesRegex(UserError, "not yours alone"):
            self.as_(self.user).action_rotate_with_overlap()
        self.start()
        self.assertFalse(self.can(self.user))
        with self.assertRaises(UserError):
            self.as_(self.user).action_end_overlap()
        self.assertEqual(self.can(self.admin), ["rotate_secret", "end_overlap", "cancel_rotation"])

    def test_a_secret_for_someone_above_is_only_taken_away(self):
        """DESIGN §2.12: ending is taking away, cancelling lets a secret live."""
        boss = self.second(self.boss)
        self.as_(self.boss, boss)._do_start_overlap(24)
        self.assertEqual(self.can(self.admin, boss), ["end_overlap"])
        self.assertEqual(self.can(self.boss, boss), ["rotate_secret", "end_overlap", "cancel_rotation"])

    def test_without_a_secret_there_is_nothing_to_overlap(self):
        self.client.secret_ids.unlink()
        self.assertEqual(self.can(self.admin), ["rotate_secret"])
        with self.assertRaisesRegex(UserError, "no Secret Key yet: click Rotate Secret Key"):
            self.as_(self.admin).action_rotate_with_overlap()

    def test_a_public_application_has_nothing_to_rotate(self):
        public = self.env["mcp.oauth.client"].create({"name": "Public", "auth_method": "none"}).connection_ids
        self.assertFalse(self.can(self.admin, public))
        with self.assertRaisesRegex(UserError, "has no Secret Key"):
            self.as_(self.admin, public).action_rotate_with_overlap()

    def test_the_last_use_of_each_secret_is_kept_apart(self):
        """FEATURES K4: when and from where, at the token endpoint, which is where a secret is used."""
        second = self.start()
        self.assertEqual(self.statuses(second), [200])
        self.assertFalse(self.connection.old_key_last_used)
        self.assertEqual(self.statuses(self.secret), [200])
        self.env.invalidate_all()
        self.assertTrue(self.connection.old_key_last_used)
        self.assertEqual(self.connection.old_key_last_ip, "192.0.2.9")

    def test_the_popup_says_how_long_the_old_one_works(self):
        dialog = self.as_(self.admin).action_rotate_with_overlap()
        wizard = self.env[dialog["res_model"]].with_user(self.admin).with_context(**dialog["context"]).create({})
        self.assertIn(self.first.hint, wizard.what_happens)
        shown = self.shown(wizard.action_rotate())
        self.assertEqual(shown["overlap_until"], str(self.first.expires_at))
        self.assertEqual(self.statuses(shown["secret"], self.secret), [200, 200])
        self.assertFalse(self.shown(self.as_(self.admin).action_rotate_secret())["overlap_until"])

    def test_the_question_counts_the_others(self):
        self.second()
        dialog = self.as_(self.admin).action_rotate_with_overlap()
        wizard = self.env[dialog["res_model"]].with_user(self.admin).with_context(**dialog["context"]).create({})
        self.assertEqual(wizard.sharing_count, 1)
