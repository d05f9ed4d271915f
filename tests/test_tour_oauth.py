"""The administrator's side of OAuth on the screen, in a real browser, with SPEC's words."""

from odoo.tests import HttpCase, new_test_user, tagged

# Seconds of a whole tour: on a busy machine it takes several times as long, and is none the worse.
PATIENCE = 600


@tagged("post_install", "-at_install")
class TestTourOauth(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.user = new_test_user(cls.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.client = cls.env["mcp.oauth.client"].create(
            {"name": "Tour App", "redirect_uris": "https://app.example/callback"}
        )
        cls.connection = cls.client.connection_ids
        cls.secret = cls.client._new_secret()

    def play(self, tour: str, login: str = "admin") -> None:
        with self.assertNoLogs("odoo", "WARNING"):
            self.start_tour("/odoo", tour, login=login, timeout=PATIENCE)
        self.env.invalidate_all()

    def events(self) -> list[str]:
        log = self.env["mcp.audit.log"].search([("connection_ref", "=", self.connection.id)], order="id")
        return log.mapped("event")

    def consent(self, connection):
        return self.env["mcp.oauth.family"]._begin(connection, self.client, connection.user_id, "mcp:read", "r")

    def test_rotate_secret_key_word_for_word(self):
        """SPEC: dialog, popup, guide, fold-out; then Revoke as the fold-out says, and Reactivate without a dialog."""
        self.connection.user_id = self.admin
        family = self.consent(self.connection)
        self.play("mcp_rotate_secret")
        self.assertEqual(self.events(), ["secret_rotated", "secret_rotated", "revoked", "reactivated"])
        self.assertFalse(self.client._secret_of(self.secret))
        self.assertEqual(len(self.client.secret_ids), 1)
        self.assertEqual((self.connection.state, self.connection.generation), ("active", 2))
        self.assertEqual(family.end_reason, "revoked")

    def test_a_shared_oauth_client_says_how_many_share_it(self):
        """DESIGN §5: one sentence after SPEC's text, for Rotate Secret Key and for Revoke."""
        self.connection.user_id = self.admin
        values = {"type": "oauth", "user_id": self.user.id}
        second = self.connection.create({**values, "name": "Tour second", "oauth_client_id": self.client.id})
        self.connection.create({**values, "name": "Tour stranger"})
        mine, other = self.consent(self.connection), self.consent(second)
        self.play("mcp_shared_oauth_client")
        self.assertEqual(self.events(), ["secret_rotated", "revoked"])
        self.assertEqual((self.connection.state, second.state), ("revoked", "active"))
        self.assertEqual((mine.end_reason, other.end_reason), ("revoked", False))

    def test_rotating_a_shared_secret_with_overlap(self):
        """FEATURES K4, O6: dialog, popup, guide and banner, and the end of the overlap."""
        self.connection.user_id = self.admin
        values = {"name": "Tour second", "type": "oauth", "user_id": self.user.id}
        self.connection.create({**values, "oauth_client_id": self.client.id})
        self.play("mcp_oauth_overlap")
        self.assertEqual(self.events(), ["key_overlap_started", "key_overlap_ended"])
        self.assertFalse(self.client._secret_of(self.secret))
        self.assertEqual(len(self.client.secret_ids), 1)

    def test_connect_a_new_tool_in_three_ways(self):
        """FEATURES C4, N3."""
        new_test_user(self.env, "tour_stranger", "base.group_user", name="Tour Stranger")
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", "https://odoo.example")
        parameters.set_param("web.base.url.freeze", False)
        self.settings.write({"enabled": False, "allow_registration": False})
        self.play("mcp_connect_tool")
        self.assertTrue(self.settings.enabled and self.settings.allow_registration)
        self.assertFalse(self.settings.base_url_problem)
        key = self.env["mcp.connection"].search([("name", "=", "Tour key")])
        self.assertEqual((key.type, key.user_id, len(key.api_key_ids)), ("api_key", self.admin, 1))
        custom = self.env["mcp.connection"].search([("name", "=", "Tour custom")])
        self.assertEqual(custom.oauth_client_id.redirect_uris, "https://app.example/callback")
        self.assertEqual(len(custom.oauth_client_id.secret_ids), 1)

    def test_an_mcp_user_rotates_their_own_secret(self):
        """DESIGN §2.12."""
        self.connection.user_id = self.user
        self.play("mcp_rotate_secret_of_user", "tour_user")
        self.assertEqual(self.events(), ["secret_rotated"])
        self.assertFalse(self.client._secret_of(self.secret))
