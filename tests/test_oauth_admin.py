"""Rotate Secret Key, its alarm, Revoke of an OAuth connection, Connect a New Tool (SPEC §2, FEATURES O6, K6, C4)."""

import base64
import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

REDIRECT = "https://app.example/callback"


@tagged("post_install", "-at_install")
class TestOauthAdmin(TransactionCase):
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

    # Rotate Secret Key

    def test_rotating_kills_the_old_secret_at_once(self):
        """SPEC: the current Secret Key stops working immediately; the popup shows the new one."""
        family = self.env["mcp.oauth.family"]._begin(self.connection, self.client, self.user, "mcp:read", "r")
        shown = self.shown(self.as_(self.user).action_rotate_secret())
        self.assertNotEqual(shown["secret"], self.secret)
        self.assertTrue(self.client._accepts_secret(shown["secret"]))
        self.assertFalse(self.client._accepts_secret(self.secret))
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
        self.assertEqual(self.client.secret_generation, 2)

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
        self.assertTrue(self.client._accepts_secret(self.secret))

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
        self.assertTrue(self.client._accepts_secret(self.secret))

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
        self.client.allows_client_credentials = True
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
        self.client.allows_client_credentials = True
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

    # Connect a New Tool

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
                lambda: other.connection_ids.write({"oauth_client_id": robot.id}),
                lambda: other.write({"allows_client_credentials": True}),
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
                self.assertEqual(client._accepts_secret(shown["secret"] or ""), method == "client_secret")
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
