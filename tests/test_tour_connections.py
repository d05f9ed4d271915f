"""The screens, in a real browser, with SPEC's words."""

from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestTourConnections(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.env["mcp.settings"]._get().enabled = True

    def connection(self, name: str, user=None, **values):
        return self.env["mcp.connection"].create({"name": name, "user_id": (user or self.admin).id, **values})

    def events(self, connection) -> list[str]:
        rows = self.env["mcp.audit.log"].search([("connection_ref", "=", connection.id)], order="id")
        return rows.mapped("event")

    def test_the_whole_life_of_a_key(self):
        """SPEC: Rotate Key, Revoke, Reactivate, Generate Key, each dialog word for word; group by Last used."""
        connection = self.connection("Tour: life")
        connection._do_generate_key()
        used = self.connection("Tour: used")
        used.usage_id.last_used = fields.Datetime.now() - timedelta(days=40)
        self.start_tour("/odoo", "mcp_connection_life", login="admin")
        self.assertEqual(connection.state, "active")
        self.assertEqual(connection.generation, 2)
        self.assertEqual(len(connection.api_key_ids), 1)
        self.assertEqual(
            self.events(connection),
            ["key_generated", "key_rotated", "key_rotated", "revoked", "reactivated", "key_generated"],
        )
        retired = self.env["mcp.retired.secret"].search([("connection_id", "=", connection.id)], order="id")
        self.assertEqual(retired.mapped("reason"), ["rotated", "rotated", "revoked"])
        chatter = " ".join(connection.message_ids.mapped("body"))
        for text in ("generated", "rotated", "Connection revoked", "Connection reactivated"):
            self.assertIn(text, chatter)

    def test_an_oauth_connection_asks_in_its_own_words(self):
        """SPEC: OAuth + Active → Revoke."""
        connection = self.connection("Tour: OAuth", type="oauth")
        self.start_tour("/odoo", "mcp_oauth_revoke_text", login="admin")
        self.assertEqual(connection.state, "revoked")

    def test_an_mcp_user_looks_after_their_own(self):
        """FEATURES C8, DESIGN §2.12: own connections only; generate, rotate and revoke, nothing else."""
        user = new_test_user(self.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        mine, foreign = self.connection("Tour: mine", user), self.connection("Tour: life")
        self.start_tour("/odoo", "mcp_user_life", login="tour_user")
        self.assertEqual(self.events(mine), ["key_generated", "key_rotated", "revoked"])
        self.assertEqual(foreign.state, "active")

    def test_an_mcp_administrator_gets_no_key_of_a_settings_administrator(self):
        """DESIGN §2.12, in the form and over /json/2."""
        boss, admin = (
            self.connection("Tour: boss"),
            new_test_user(self.env, "tour_admin", "base.group_user,mcp_gateway.group_mcp_admin"),
        )
        self.start_tour("/odoo", "mcp_admin_out_of_reach", login="tour_admin")
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        key = self.env["res.users.apikeys"].with_user(admin).sudo()._generate("rpc", "tour", tomorrow)
        for method in ("action_generate_key", "action_rotate_key"):
            answer = self.url_open(
                f"/json/2/mcp.connection/{method}",
                json={"ids": boss.ids},
                headers={"Authorization": f"Bearer {key}"},
            )
            self.assertEqual(answer.status_code, 422, answer.text)
            self.assertIn("administration rights that you do not have", answer.json()["message"])
        self.assertFalse(boss.api_key_ids)
        self.assertFalse(self.events(boss))

    def test_several_connections_are_revoked_after_one_question(self):
        """FEATURES C7: the dialog says in numbers what will end."""
        idle = self.connection("Tour: idle 1") + self.connection("Tour: idle 2")
        for connection in idle:
            connection._do_generate_key()
        self.start_tour("/odoo", "mcp_revoke_selected", login="admin")
        self.assertEqual(idle.mapped("state"), ["revoked", "revoked"])
        self.assertFalse(idle.api_key_ids)

    def test_every_screen_says_that_the_server_is_off(self):
        """FEATURES N1."""
        self.env["mcp.settings"]._get().enabled = False
        self.connection("Tour: banner")
        self.start_tour("/odoo", "mcp_off_banner", login="admin")
        self.assertFalse(self.env["mcp.settings"]._get().enabled)
