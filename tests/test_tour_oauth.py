"""The administrator's side of OAuth on the screen, in a real browser, with SPEC's words."""

from odoo.tests import new_test_user, tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTourOauth(TourCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.client = cls.env["mcp.oauth.client"].create(
            {"name": "Tour App", "redirect_uris": "https://app.example/callback"}
        )
        cls.shared = cls.client.connection_ids
        cls.secret = cls.client._new_secret()

    def consent(self, connection):
        return self.env["mcp.oauth.family"]._begin(connection, self.client, connection.user_id, "mcp:read", "r")

    def test_rotate_secret_key_word_for_word(self):
        """SPEC: dialog, popup, guide, fold-out; then Revoke as the fold-out says, and Reactivate without a dialog."""
        self.shared.user_id = self.admin
        family = self.consent(self.shared)
        self.play("mcp_rotate_secret")
        self.assertEqual(self.events(self.shared), ["secret_rotated", "secret_rotated", "revoked", "reactivated"])
        self.assertFalse(self.client._secret_of(self.secret))
        self.assertEqual(len(self.client.secret_ids), 1)
        self.assertEqual((self.shared.state, self.shared.generation), ("active", 2))
        self.assertEqual(family.end_reason, "revoked")

    def test_a_shared_oauth_client_says_how_many_share_it(self):
        """DESIGN §5: one sentence after SPEC's text, for Rotate Secret Key and for Revoke."""
        self.shared.user_id = self.admin
        values = {"type": "oauth", "user_id": self.user.id}
        second = self.shared.create({**values, "name": "Tour second", "oauth_client_id": self.client.id})
        self.shared.create({**values, "name": "Tour stranger"})
        mine, other = self.consent(self.shared), self.consent(second)
        self.play("mcp_shared_oauth_client")
        self.assertEqual(self.events(self.shared), ["secret_rotated", "revoked"])
        self.assertEqual((self.shared.state, second.state), ("revoked", "active"))
        self.assertEqual((mine.end_reason, other.end_reason), ("revoked", False))

    def test_rotating_a_shared_secret_with_overlap(self):
        """FEATURES K4, O6: dialog, popup, guide and banner, and the end of the overlap."""
        self.shared.user_id = self.admin
        values = {"name": "Tour second", "type": "oauth", "user_id": self.user.id}
        self.shared.create({**values, "oauth_client_id": self.client.id})
        self.play("mcp_oauth_overlap")
        self.assertEqual(self.events(self.shared), ["key_overlap_started", "key_overlap_ended"])
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
        self.shared.user_id = self.user
        self.play("mcp_rotate_secret_of_user", "tour_user")
        self.assertEqual(self.events(self.shared), ["secret_rotated"])
        self.assertFalse(self.client._secret_of(self.secret))
