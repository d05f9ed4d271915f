"""Rotate Secret Key, its alarm, Revoke of an OAuth connection (SPEC §2, FEATURES O6, K6, C4)."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .oauth_admin_case import OauthAdminCase


@tagged("post_install", "-at_install")
class TestOauthAdmin(OauthAdminCase):
    # Rotate Secret Key

    def test_rotating_kills_the_old_secret_at_once(self):
        """SPEC: the current Secret Key stops working immediately; the popup shows the new one."""
        family = self.env["mcp.oauth.family"]._begin(self.connection, self.client, self.user, "mcp:read", "r")
        shown = self.shown(self.as_(self.user).action_rotate_secret())
        self.assertNotEqual(shown["secret"], self.secret)
        self.assertTrue(self.client._secret_of(shown["secret"]))
        self.assertFalse(self.client._secret_of(self.secret))
        self.assertEqual(len(self.client.secret_ids), 1)
        self.assertEqual(shown["client_id"], self.client.client_id)
        self.assertEqual((shown["app_name"], shown["user_name"]), ("App", self.user.name))
        self.assertEqual(shown["access_minutes"], self.settings.access_minutes)
        self.assertFalse(family.ended_at)

    def test_a_rotation_is_on_the_record_without_the_secret(self):
        """DESIGN §2.1, §2.6: at every connection that it concerns."""
        second = self.second()
        shown = self.shown(self.as_(self.admin).action_rotate_secret())
        for connection in (self.connection, second):
            self.assertEqual(self.events(connection), ["secret_rotated"])
            body = connection.message_ids.sorted("id")[-1].body
            self.assertIn(self.client.secret_hint, body)
            self.assertNotIn(shown["secret"], body)
            self.assertTrue(connection.credential_changed_at)

    def test_only_confidential_applications_have_a_secret(self):
        """SPEC: for confidential OAuth clients."""
        key = self.env["mcp.connection"].create({"name": "key", "user_id": self.user.id})
        public = self.env["mcp.oauth.client"].create({"name": "Public", "auth_method": "none"}).connection_ids
        for connection in (key, public):
            self.assertFalse(self.as_(self.admin, connection).can_rotate_secret)
            with self.assertRaisesRegex(UserError, "has no Secret Key"):
                self.as_(self.admin, connection).action_rotate_secret()

    def test_a_connection_that_is_not_active_rotates_nothing(self):
        self.connection._do_revoke()
        self.assertFalse(self.as_(self.admin).can_rotate_secret)
        with self.assertRaisesRegex(UserError, "not active"):
            self.as_(self.admin).action_rotate_secret()
        self.assertTrue(self.client._secret_of(self.secret))

    def test_a_user_rotates_what_is_theirs_alone(self):
        """DESIGN §2.12, §2.13."""
        with self.assertRaises(AccessError):
            self.as_(self.other).action_rotate_secret()
        self.assertTrue(self.as_(self.user).can_rotate_secret)
        self.second()
        self.assertFalse(self.as_(self.user).can_rotate_secret)
        with self.assertRaisesRegex(UserError, "not yours alone"):
            self.as_(self.user).action_rotate_secret()
        self.assertEqual(self.as_(self.user).sharing_count, 0, "A colleague's connection is nobody else's business")
        self.assertEqual(self.as_(self.admin).sharing_count, 1)
        self.assertTrue(self.as_(self.admin).can_rotate_secret)

    def test_nobody_makes_a_secret_that_reaches_above_them(self):
        """DESIGN §2.12: a secret is good for every connection of its OAuth client, revoked ones too."""
        second = self.second(self.boss)
        for revoked in (False, True):
            with self.subTest(revoked=revoked):
                if revoked:
                    second._do_revoke()
                self.assertFalse(self.as_(self.admin).can_rotate_secret)
                with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
                    self.as_(self.admin)._rotate_secret()
        self.assertTrue(self.as_(self.boss).can_rotate_secret)

    def test_the_identity_check_comes_first(self):
        """FEATURES K7."""
        self.settings.check_identity = True
        with patch.object(type(self.connection), "_rotate_secret_checked", lambda _self: "checked"):
            self.assertEqual(self.as_(self.user).action_rotate_secret(), "checked")
        self.assertTrue(self.client._secret_of(self.secret))

    def test_the_question_counts_those_who_share(self):
        """DESIGN §5."""
        self.second()
        action = self.as_(self.admin).action_ask_rotate_secret()
        ask = self.env["mcp.oauth.ask"].with_user(self.admin).with_context(**action["context"]).create({})
        self.assertEqual((ask.asked, ask.sharing_count), ("rotate_secret", 1))
        self.assertTrue(self.shown(ask.action_rotate_secret())["secret"])
        domain = ask.action_view_sharing()["domain"]
        self.assertEqual(self.env["mcp.connection"].search(domain), self.client.connection_ids)

    def test_the_question_tells_nothing_of_what_is_foreign(self):
        """DESIGN §2.13."""
        ask = self.env["mcp.oauth.ask"].with_user(self.other)
        ask = ask.with_context(connection_id=self.connection.id, asked="revoke").create({})
        for read in (lambda: ask.sharing_count, ask.action_revoke, ask.action_rotate_secret, ask.action_view_sharing):
            with self.assertRaises(AccessError):
                read()

    # The alarm

    def test_the_secret_that_died_last_raises_the_alarm(self):
        """FEATURES K6: refused, told, and the live secret is not touched."""
        self.client.write({"allows_client_credentials": True, "redirect_uris": False})
        first, second = self.secret, self.client._rotate_secret()
        third = self.client._rotate_secret()
        self.assertEqual(self.token(first).status, 401)
        self.assertEqual(self.token("mcp_cs_typo").status, 401)
        self.assertNotIn("retired_secret", self.events())
        self.assertEqual(self.token(second).status, 401)
        self.assertEqual(self.events().count("retired_secret"), 1)
        row = self.env["mcp.audit.log"].search([("event", "=", "retired_secret")], limit=1)
        self.assertEqual((row.ip, row.credential), ("192.0.2.9", f"mcp_cs_…{second[-4:]}"))
        message = self.connection.message_ids.sorted("id")[-1]
        self.assertIn(self.user.partner_id, message.notified_partner_ids)
        self.assertIn(self.admin.partner_id, message.notified_partner_ids)
        self.assertEqual(self.token(third).status, 200)

    # Revoke

    def test_revoking_invalidates_every_token_and_session(self):
        """SPEC: what revoke really does."""
        self.client.write({"allows_client_credentials": True, "redirect_uris": False})
        family = self.env["mcp.oauth.family"]._begin(self.connection, self.client, self.user, "mcp:read", "r")
        tokens = self.env["mcp.oauth.token"]
        for kind in ("access", "refresh"):
            tokens._mint(family, kind, "mcp:read", timedelta(hours=1))
        session = self.env["mcp.session"].create(
            {
                "connection_id": self.connection.id,
                "generation": 1,
                "token": "t",
                "usage_id": self.env["mcp.session.usage"].create({"last_activity": fields.Datetime.now()}).id,
            }
        )
        self.as_(self.user).action_revoke()
        self.assertEqual((self.connection.state, self.connection.generation), ("revoked", 2))
        self.assertEqual(family.end_reason, "revoked")
        self.assertEqual(session.state, "deactivated")
        self.assertIn("consents: 1", self.connection.message_ids.sorted("id")[-1].body)
        self.assertEqual(self.token(self.secret).status, 400, "An application that acts by itself is out, too")
        self.assertEqual(self.events()[0], "revoked")
        self.as_(self.boss).action_reactivate()
        self.assertEqual(self.connection.state, "active")
        self.assertTrue(family.ended_at, "Reactivate brings nothing back")

    def test_revoking_one_leaves_the_others(self):
        """DESIGN §5."""
        second = self.second()
        family = self.env["mcp.oauth.family"]._begin(second, self.client, self.other, "mcp:read", "r")
        self.as_(self.user).action_revoke()
        self.assertEqual((second.state, family.ended_at), ("active", False))
