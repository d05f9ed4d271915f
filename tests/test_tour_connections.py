"""The screens, in a real browser, with SPEC's words."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTourConnections(TourCase):
    def retired(self, connection):
        return self.env["mcp.retired.secret"].search([("connection_id", "=", connection.id)], order="id")

    def test_the_whole_life_of_a_key(self):
        """SPEC: Rotate Key, Revoke, Reactivate, Generate Key, each dialog word for word; group by Last used."""
        connection = self.connection("Tour: life", has_key=True)
        first_hint = connection.key_hint
        used = self.connection("Tour: used")
        used.usage_id.last_used = fields.Datetime.now() - timedelta(days=40)
        self.connection("Tour: never used")
        self.play("mcp_connection_life")
        self.assertEqual(connection.state, "active")
        self.assertFalse(connection.revoked_at or connection.revoked_by_id)
        self.assertEqual(connection.generation, 2)
        self.assertEqual(connection.api_key_ids.mapped("generation"), [2])
        self.assertEqual(
            self.events(connection),
            [
                "key_generated",
                "key_rotated",
                "key_rotated",
                "revoked",
                "reactivated",
                "key_generated",
                "key_rotated",
            ],
        )
        self.assertEqual(self.logged(connection)[1:].mapped("user_ref"), [self.admin.id] * 6)
        retired = self.retired(connection)
        self.assertEqual(retired.mapped("reason"), ["rotated", "rotated", "revoked", "rotated"])
        self.assertEqual(retired[0].hint, first_hint)
        self.assertEqual(len({*retired.mapped("digest"), connection.api_key_ids.digest}), 5)
        chatter = " ".join(connection.message_ids.mapped("body"))
        for text in ("generated", "rotated", "Connection revoked", "Connection reactivated"):
            self.assertIn(text, chatter)

    def test_an_oauth_connection_asks_in_its_own_words(self):
        """SPEC: OAuth + Active → Revoke."""
        connection = self.connection("Tour: OAuth", type="oauth")
        self.play("mcp_oauth_revoke_text")
        self.assertEqual((connection.state, connection.generation), ("revoked", 2))
        self.assertEqual(connection.revoked_by_id, self.admin)
        self.assertEqual(self.events(connection), ["revoked"])

    def test_an_mcp_user_looks_after_their_own(self):
        """FEATURES C8, DESIGN §2.12: own connections only; generate, rotate and revoke, nothing else."""
        user = new_test_user(self.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        mine, foreign = self.connection("Tour: mine", user), self.connection("Tour: life", has_key=True)
        self.play("mcp_user_life", "tour_user")
        self.assertEqual((mine.state, mine.generation, mine.revoked_by_id), ("revoked", 2, user))
        self.assertFalse(mine.api_key_ids)
        self.assertEqual(self.retired(mine).mapped("reason"), ["rotated", "revoked"])
        self.assertEqual(self.events(mine), ["key_generated", "key_rotated", "revoked"])
        self.assertEqual((foreign.state, len(foreign.api_key_ids)), ("active", 1))

    def test_an_mcp_administrator_gets_no_key_of_a_settings_administrator(self):
        """DESIGN §2.12, in the form and over /json/2."""
        admin = new_test_user(self.env, "tour_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        bare = self.connection("Tour: boss without key")
        keyed = self.connection("Tour: boss with key", has_key=True)
        key = keyed.api_key_ids
        self.play("mcp_admin_out_of_reach", "tour_admin")
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        rpc_key = self.env["res.users.apikeys"].with_user(admin).sudo()._generate("rpc", "tour", tomorrow)
        for connection, method in ((bare, "action_generate_key"), (keyed, "action_rotate_key")):
            with self.subTest(method=method), self.assertLogs("odoo.http", "WARNING"):
                answer = self.url_open(
                    f"/json/2/mcp.connection/{method}",
                    json={"ids": connection.ids},
                    headers={"Authorization": f"Bearer {rpc_key}"},
                )
                self.assertEqual(answer.status_code, 422, answer.text)
                self.assertIn("administration rights that you do not have", answer.json()["message"])
        self.env.invalidate_all()
        self.assertFalse(bare.api_key_ids)
        self.assertEqual(keyed.api_key_ids, key)
        self.assertFalse(self.events(bare))
        self.assertEqual(self.events(keyed), ["key_generated"])
        self.assertFalse(self.retired(keyed))

    def test_several_connections_are_revoked_after_one_question(self):
        """FEATURES C7: the dialog says in numbers what will end."""
        idle = self.connection("Tour: idle 1", has_key=True) + self.connection("Tour: idle 2", has_key=True)
        kept = self.connection("Tour: kept", has_key=True)
        self.play("mcp_revoke_selected")
        self.assertEqual(idle.mapped("state"), ["revoked", "revoked"])
        self.assertEqual(idle.mapped("generation"), [2, 2])
        self.assertFalse(idle.api_key_ids)
        for connection in idle:
            self.assertEqual(self.retired(connection).mapped("reason"), ["revoked"])
            self.assertEqual(self.events(connection), ["key_generated", "revoked"])
        self.assertEqual((kept.state, len(kept.api_key_ids)), ("active", 1))

    def test_every_screen_says_that_the_server_is_off(self):
        """FEATURES N1: in every screen of the app, until it is on again; other apps do not even ask."""
        self.settings.enabled = False
        self.connection("Tour: banner")
        last = self.env["mcp.audit.log"].search([], limit=1).id
        self.play("mcp_off_banner")
        self.assertFalse(self.settings.enabled)
        switched = self.env["mcp.audit.log"].search([("id", ">", last)], order="id")
        self.assertEqual(switched.mapped("event"), ["server_enabled", "server_disabled"])
        self.assertEqual(switched.mapped("user_ref"), [self.admin.id] * 2)

    def test_the_banner_offers_the_settings_to_administrators_only(self):
        """FEATURES N1."""
        self.settings.enabled = False
        user = new_test_user(self.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        self.connection("Tour: mine", user)
        self.play("mcp_off_banner_of_user", "tour_user")

    def test_a_session_is_ended_and_begun_again(self):
        """FEATURES S1, C6: from the connection's smart button, in the form."""
        connection = self.connection("Tour: sessions")
        sessions = self.env["mcp.session"]
        for name, version in (("Claude", "2"), ("Cursor", "1")):
            usage = self.env["mcp.session.usage"].create({"last_activity": fields.Datetime.now()})
            sessions += sessions.create(
                {
                    "connection_id": connection.id,
                    "generation": connection.generation,
                    "token": name,
                    "client": name,
                    "client_version": version,
                    "usage_id": usage.id,
                }
            )
        self.play("mcp_session_life")
        self.assertEqual(sessions.mapped("state"), ["active", "active"])
        self.assertEqual(self.events(connection), ["session_deactivated", "session_reactivated"])
