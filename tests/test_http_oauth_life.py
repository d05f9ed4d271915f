"""When tokens stop counting, as the next call sees it (FEATURES O9, DESIGN §2.3)."""

import json

from odoo.tests import HttpCase, tagged

from .oauth_case import OauthCase


@tagged("post_install", "-at_install")
class TestHttpOauthLife(OauthCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.client = self.new_client()

    def call(self, pair: dict) -> int:
        self.env.flush_all()
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_models", "arguments": {}}}
        headers = {"Authorization": f"Bearer {pair['access_token']}", "Content-Type": "application/json"}
        status = self.url_open("/mcp", data=json.dumps(body), headers=headers).status_code
        self.env.invalidate_all()
        return status

    def assertEnded(self, act):
        """``act`` ends the tokens at once, and they stay dead when it is undone."""
        pair, code = self.pair(self.client, self.user), self.code(self.client, self.user)
        self.assertEqual(self.call(pair), 200)
        undo = act()
        families = self.env["mcp.oauth.family"].search([("user_id", "=", self.user.id)])
        self.assertEqual(set(families.mapped("end_reason")), {"user"})  # before any request: in the same transaction
        self.assertEqual(self.call(pair), 401)
        undo()
        self.assertEqual(self.call(pair), 401)
        self.assertError(self.refresh(self.client, pair), "invalid_grant", 400)
        self.assertError(self.exchange(self.client, code), "invalid_grant", 400)

    def test_archiving_the_user_ends_tokens_at_once(self):
        def act():
            self.user.active = False
            return lambda: self.user.write({"active": True})

        self.assertEnded(act)

    def test_taking_the_group_from_the_user_ends_tokens_at_once(self):
        group = self.env.ref("mcp_gateway.group_mcp_user")

        def act():
            self.user.group_ids -= group
            return lambda: self.user.write({"group_ids": [(4, group.id)]})

        self.assertEnded(act)

    def test_taking_the_user_from_the_group_ends_tokens_at_once(self):
        group = self.env.ref("mcp_gateway.group_mcp_user")

        def act():
            group.user_ids -= self.user
            return lambda: group.write({"user_ids": [(4, self.user.id)]})

        self.assertEnded(act)

    def test_a_group_that_implies_no_more_ends_tokens_at_once(self):
        group = self.env.ref("mcp_gateway.group_mcp_user")
        role = self.env["res.groups"].create({"name": "Role", "implied_ids": [(4, group.id)]})
        self.user.group_ids = self.user.group_ids - group + role

        def act():
            role.implied_ids -= group
            return lambda: role.write({"implied_ids": [(4, group.id)]})

        self.assertEnded(act)

    def test_deleting_the_group_that_implied_ends_tokens_at_once(self):
        group = self.env.ref("mcp_gateway.group_mcp_user")
        role = self.env["res.groups"].create({"name": "Role", "implied_ids": [(4, group.id)]})
        self.user.group_ids = self.user.group_ids - group + role

        def act():
            role.unlink()
            return lambda: self.user.write({"group_ids": [(4, group.id)]})

        self.assertEnded(act)

    def test_others_are_left_alone(self):
        theirs = self.pair(self.client, self.other)
        self.pair(self.client, self.user)
        self.user.active = False
        self.env.ref("mcp_gateway.group_mcp_user").user_ids -= self.user
        self.assertEqual(self.call(theirs), 200)

    def test_suspended_is_403_and_comes_back(self):
        pair = self.pair(self.client, self.user)
        self.client.connection_ids.state = "suspended"
        self.assertEqual(self.call(pair), 403)
        self.client.connection_ids.state = "active"
        self.assertEqual(self.call(pair), 200)

    # RFC 7009

    def revoke(self, token: str, client=None, **parameters):
        form = {"client_id": (client or self.client).client_id, "token": token, **parameters}
        self.env.flush_all()
        answer = self.url_open("/mcp/oauth/revoke", data=form)
        self.env.invalidate_all()
        return answer.status_code

    def test_an_access_token_ends_alone(self):
        pair = self.pair(self.client, self.user)
        other = self.refresh(self.client, pair).body
        self.assertEqual(self.revoke(pair["access_token"]), 200)
        self.assertEqual([self.call(pair), self.call(other)], [401, 200])
        self.assertEqual(self.refresh(self.client, other).status, 200)

    def test_a_refresh_token_ends_its_family_and_no_other(self):
        pair, another = self.pair(self.client, self.user), self.pair(self.client, self.user)
        fresh = self.refresh(self.client, pair).body
        # A wrong hint is a hint only.
        self.assertEqual(self.revoke(fresh["refresh_token"], token_type_hint="access_token"), 200)
        self.assertEqual([self.call(pair), self.call(fresh), self.call(another)], [401, 401, 200])
        self.assertError(self.refresh(self.client, fresh), "invalid_grant", 400)

    def test_whatever_ends_tokens_collides_with_calls_in_flight(self):
        """DESIGN §2.3: who kills a credential updates the connection's row, and nobody else does."""
        spent, code = self.pair(self.client, self.user), self.code(self.client, self.user)
        self.refresh(self.client, spent)
        connection = self.client.connection_ids
        pairs = [self.pair(self.client, self.user) for _ in range(2)]
        self.exchange(self.client, code)
        self.env["mcp.oauth.token"]._find(spent["refresh_token"]).spent_at = "2026-01-01"
        client = self.client.client_id
        for name, act in (
            ("code", lambda: self.exchange(self.client, code)),
            ("refresh token", lambda: self.refresh(self.client, spent)),
            ("access token", lambda: self.posted("_revoke", {"client_id": client, "token": pairs[0]["access_token"]})),
            ("family", lambda: self.posted("_revoke", {"client_id": client, "token": pairs[1]["refresh_token"]})),
        ):
            with self.subTest(name):
                connection.credential_changed_at = False
                act()
                self.assertTrue(connection.credential_changed_at)
                connection.credential_changed_at = False
                act()
                self.assertFalse(connection.credential_changed_at, "What is dead already has no calls in flight")

    def test_a_token_of_somebody_else_and_none_are_answered_alike_and_stay(self):
        pair, stranger = self.pair(self.client, self.user), self.new_client()
        for token in (pair["access_token"], pair["refresh_token"], "nonsense"):
            self.assertEqual(self.revoke(token, stranger), 200)
        self.assertEqual(self.call(pair), 200)
        self.assertEqual(self.revoke("", stranger), 400)

    def test_ending_again_is_no_error(self):
        pair = self.pair(self.client, self.user)
        self.assertEqual([self.revoke(pair["refresh_token"]) for _ in range(2)], [200, 200])
