"""What the tests of the administrator's side of OAuth begin with."""

import base64

from odoo.tests import TransactionCase, new_test_user

REDIRECT = "https://app.example/callback"


class OauthAdminCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "oa_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.other = new_test_user(cls.env, "oa_other", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "oa_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.boss = cls.env.ref("base.user_admin")
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.check_identity = False
        cls.client = cls.env["mcp.oauth.client"].create({"name": "App", "redirect_uris": REDIRECT})
        cls.connection = cls.client.connection_ids
        cls.connection.user_id = cls.user
        cls.secret = cls.client._new_secret()

    def second(self, user=None):
        """Another connection that shares the OAuth client."""
        return self.env["mcp.connection"].create(
            {
                "name": "second",
                "type": "oauth",
                "oauth_client_id": self.client.id,
                "user_id": (user or self.other).id,
            }
        )

    def as_(self, user, connection=None):
        self.env.invalidate_all()
        return (connection or self.connection).with_user(user)

    def events(self, connection=None) -> list[str]:
        log = self.env["mcp.audit.log"].search(
            [("connection_ref", "=", (connection or self.connection).id)], order="id"
        )
        return log.mapped("event")

    def shown(self, action: dict) -> dict:
        self.assertEqual((action["res_model"], action["target"]), ("mcp.oauth.secret.show", "new"))
        return {
            name.removeprefix("default_"): value
            for name, value in action["context"].items()
            if name.startswith("default_")
        }

    def token(self, secret: str, client=None):
        """A token request of the application, with its secret in the Authorization header."""
        if not self._registry_patched:
            self.registry_enter_test_mode()  # so that the cursor of its own sees this test's rows
        self.env.flush_all()
        basic = base64.b64encode(f"{(client or self.client).client_id}:{secret}".encode()).decode()
        parameters = {"grant_type": "client_credentials"}
        return self.env["mcp.oauth.server"]._token(parameters, {"Authorization": f"Basic {basic}"}, "192.0.2.9")
