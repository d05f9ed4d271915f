"""The wizard Connect a New Tool: an API key, browser login, a custom OAuth client (FEATURES C4)."""

import json

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .oauth_admin_case import REDIRECT, OauthAdminCase


@tagged("post_install", "-at_install")
class TestOauthConnect(OauthAdminCase):
    def test_an_api_key_in_one_go(self):
        """FEATURES C4."""
        form = Form(self.env["mcp.connect.key"].with_user(self.admin))
        form.name, form.user_id, form.scope = "Laptop", self.user, "read"
        action = form.save().action_connect()
        self.assertEqual(action["res_model"], "mcp.secret.show")
        connection = self.env["mcp.connection"].search([("name", "=", "Laptop")])
        self.assertEqual((connection.user_id, connection.scope, len(connection.api_key_ids)), (self.user, "read", 1))

    def test_nobody_connects_a_tool_above_them(self):
        """DESIGN §2.12."""
        key = self.env["mcp.connect.key"].with_user(self.admin).create({"name": "Above", "user_id": self.boss.id})
        with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
            key.action_connect()
        custom = self.env["mcp.connect.custom"].with_user(self.admin)
        wizard = custom.create({"name": "Above", "use": "server", "user_id": self.boss.id})
        with self.assertRaisesRegex(UserError, "by itself"):
            wizard.action_connect()

    def test_no_user_is_put_behind_a_secret_of_somebody_below(self):
        """DESIGN §2.12: neither by choosing the user later, nor by allowing it later."""
        clients = self.env["mcp.oauth.client"].with_user(self.admin)
        robot = clients.create({"name": "Robot", "allows_client_credentials": True})
        other = clients.create({"name": "Other", "redirect_uris": REDIRECT})
        other.sudo().connection_ids.user_id = self.boss
        values = {"name": "c", "type": "oauth", "user_id": self.boss.id, "oauth_client_id": robot.id}
        for number, act in enumerate(
            (
                lambda: robot.connection_ids.write({"user_id": self.boss.id}),
                lambda: self.env["mcp.connection"].with_user(self.admin).create(values),
                lambda: other.write({"allows_client_credentials": True, "redirect_uris": False}),
            )
        ):
            with self.subTest(number), self.assertRaisesRegex(UserError, "by itself"), self.env.cr.savepoint():
                act()
        self.env.invalidate_all()
        robot.with_user(self.boss).connection_ids.user_id = self.boss

    def test_browser_login_says_what_would_fail(self):
        """FEATURES N3: each problem with its fix."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", "http://odoo.example")
        parameters.set_param("web.base.url.freeze", False)
        self.settings.write({"enabled": False, "allow_registration": False})
        wizard = self.env["mcp.connect.browser"].with_user(self.boss).create({})
        self.assertEqual((wizard.base_url_problem, wizard.server_url), ("insecure", "http://odoo.example/mcp"))
        parameters.set_param("web.base.url", "https://odoo.example")
        self.env.invalidate_all()
        self.assertEqual(wizard.base_url_problem, "unfrozen")
        for fix in (wizard.action_freeze_base_url, wizard.action_enable, wizard.action_allow_registration):
            self.assertEqual(fix()["res_id"], wizard.id, "The dialog stays open")
        self.env.invalidate_all()
        self.assertFalse(wizard.base_url_problem or wizard.is_local)
        self.assertTrue(self.settings.enabled and self.settings.allow_registration)
        wizard.user_id = new_test_user(self.env, "oa_stranger", "base.group_user")
        self.assertTrue(wizard.lacks_group)
        wizard.user_id = self.user
        self.assertFalse(wizard.lacks_group)
        self.assertEqual(
            json.loads(wizard.snippet_cursor), {"mcpServers": {"odoo": {"url": "https://odoo.example/mcp"}}}
        )
        parameters.set_param("web.base.url", "http://localhost:8069")
        self.env.invalidate_all()
        self.assertTrue(wizard.is_local)

    def test_a_custom_client_for_people(self):
        """FEATURES C4: confidential gets a secret, public none; the connection waits for a consent."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", "https://odoo.example")
        for method in ("client_secret", "none"):
            with self.subTest(method=method):
                form = Form(self.env["mcp.connect.custom"].with_user(self.admin))
                form.name, form.redirect_uris, form.auth_method, form.scope = f"Tool {method}", REDIRECT, method, "read"
                shown = self.shown(form.save().action_connect())
                client = self.env["mcp.oauth.client"].search([("name", "=", f"Tool {method}")])
                self.assertEqual(shown["client_id"], client.client_id)
                self.assertEqual(bool(client._secret_of(shown["secret"] or "")), method == "client_secret")
                self.assertEqual(bool(shown["secret"]), method == "client_secret")
                self.assertEqual(shown["authorize_url"], "https://odoo.example/mcp/oauth/authorize")
                self.assertEqual(shown["token_url"], "https://odoo.example/mcp/oauth/token")
                connection = client.connection_ids
                self.assertEqual(
                    (connection.user_id.id, connection.scope, connection.status), (False, "read", "awaiting")
                )

    def test_a_custom_client_from_server_to_server(self):
        """FEATURES O10: it gets tokens by itself, as the chosen user."""
        custom = self.env["mcp.connect.custom"].with_user(self.admin)
        values = {"name": "Robot", "use": "server", "user_id": self.user.id, "scope": "read"}
        wizard = custom.create({**values, "redirect_uris": REDIRECT})
        shown = self.shown(wizard.action_connect())
        client = self.env["mcp.oauth.client"].search([("name", "=", "Robot")])
        self.assertFalse(shown["authorize_url"] or client.redirect_uris)
        answer = self.token(shown["secret"], client)
        self.assertEqual((answer.status, answer.body["scope"]), (200, "mcp:read"))

    def test_a_custom_client_has_to_be_complete(self):
        custom = self.env["mcp.connect.custom"].with_user(self.admin)
        for values, problem in (
            ({"use": "server"}, "user"),
            ({"use": "people"}, "Callback"),
            ({"use": "people", "redirect_uris": " \n"}, "Callback"),
            ({"use": "people", "redirect_uris": "http://app.example/callback"}, "http is for"),
            ({"use": "people", "redirect_uris": f"{REDIRECT}\njavascript:alert(1)"}, "javascript"),
        ):
            with self.subTest(values=values), self.assertRaisesRegex(ValidationError, problem):
                custom.create({"name": "Bad", **values}).action_connect()

    def test_only_administrators_connect_tools(self):
        for model in ("mcp.connect", "mcp.connect.key", "mcp.connect.browser", "mcp.connect.custom"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.user).create({})

    def test_an_application_works_by_itself_or_for_people(self):
        """Whoever lets it in on the consent page has not let it act without them."""
        for values in (
            {"allows_client_credentials": True, "redirect_uris": REDIRECT},
            {"allows_client_credentials": True, "redirect_uris": f"  \n{REDIRECT}"},
        ):
            with self.assertRaisesRegex(ValidationError, "make one OAuth client for each"):
                self.env["mcp.oauth.client"].create({"name": "Both", **values})
        with self.assertRaisesRegex(ValidationError, "make one OAuth client for each"):
            self.client.allows_client_credentials = True

    def test_an_application_that_works_by_itself_does_so_on_one_consent(self):
        """What a revocation ends is told in numbers: not one for each token."""
        self.client.write({"allows_client_credentials": True, "redirect_uris": False})
        self.assertEqual([self.token(self.secret).status for _ in range(3)], [200] * 3)
        self.env.invalidate_all()
        self.assertEqual(len(self.connection.family_ids), 1)
        self.connection.family_ids._end("client")
        self.assertEqual(self.token(self.secret).status, 200)
        self.env.invalidate_all()
        self.assertEqual(len(self.connection.family_ids), 2)
