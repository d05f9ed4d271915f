"""Who has nothing of ours knocks at the OAuth endpoints as at the MCP endpoint: counted, and never in anyone's way."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..models.mcp_throttle import LIMIT
from ..protocol import credentials
from .oauth_case import OauthCase

MORE = LIMIT + 5


@tagged("post_install", "-at_install")
class TestOauthThrottle(OauthCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.now = fields.Datetime.now().replace(second=30)
        self.enterContext(patch.object(type(self.env["mcp.gateway"]), "_clock", lambda _self: self.now))
        self.client = self.new_client()
        self.confidential = self.new_client(kind="manual", auth_method="client_secret")
        self.secret = self.confidential._new_secret()

    def guess(self, number: int, endpoint: str = "_token", **parameters) -> list[int]:
        given = {"grant_type": "refresh_token", **parameters}
        return [self.posted(endpoint, given).status for _ in range(number)]

    def rows(self) -> int:
        return self.env["mcp.audit.log"].search_count([("event", "in", ("oauth_token", "oauth_revocation"))])

    def assertCounted(self, statuses: list[int], answered: int, beyond: int):
        self.assertEqual(statuses, [answered] * LIMIT + [beyond] * (MORE - LIMIT))
        self.assertEqual(self.rows(), LIMIT)
        self.now += timedelta(minutes=1)
        before = self.env["mcp.audit.log"].search_count([("event", "=", "bad_credentials")])
        self.guess(1, client_id="nobody")
        after = self.env["mcp.audit.log"].search([("event", "=", "bad_credentials")])
        self.assertEqual(len(after), before + 1)
        self.assertIn(f"{MORE - LIMIT} more requests", after[:1].error)

    def test_a_client_id_that_is_unknown_is_told_so_always(self):
        """It is no secret, and AI tools register anew on 401 only."""
        self.assertCounted(self.guess(MORE, client_id="nobody"), 401, 401)

    def test_who_tries_secrets_is_turned_away(self):
        guessed = credentials.mint(credentials.Kind.CLIENT_SECRET)
        answered = self.guess(MORE, client_id=self.confidential.client_id, client_secret=guessed)
        self.assertCounted(answered, 401, 429)

    def test_who_tries_tokens_is_turned_away(self):
        """A public client's id is there for everyone to see."""
        guessed = credentials.mint(credentials.Kind.REFRESH_TOKEN)
        self.assertCounted(self.guess(MORE, client_id=self.client.client_id, refresh_token=guessed), 400, 429)

    def test_who_revokes_what_does_not_exist_is_answered_always(self):
        """RFC 7009 §2.2."""
        self.assertCounted(self.guess(MORE, "_revoke", client_id=self.client.client_id, token="x"), 200, 200)

    def test_whoever_has_something_of_ours_gets_through_and_stands_in_the_log(self):
        pair, ended = self.pair(self.client, self.user), self.pair(self.client, self.other)
        self.env["mcp.oauth.token"]._find(ended["refresh_token"]).family_id._end("client")
        self.guess(MORE, client_id=self.confidential.client_id, client_secret="wrong")
        answer = self.posted("_token", {"grant_type": "refresh_token", "client_id": self.confidential.client_id})
        self.assertNotEqual(answer.status, 429, "Nothing was tried")
        before = self.rows()
        right = {"client_id": self.confidential.client_id, "client_secret": self.secret, "refresh_token": "gone"}
        self.assertEqual(self.guess(3, **right), [400] * 3)
        self.assertEqual(self.refresh(self.client, pair).status, 200)
        self.assertEqual(self.posted("_revoke", {**self.named(), "token": pair["refresh_token"]}).status, 200)
        self.assertEqual(self.rows(), before + 5)
        # What once was good learns that it is not any more, as at the MCP endpoint.
        self.assertError(self.refresh(self.client, ended), "invalid_grant", 400)
        self.confidential._rotate_secret()
        self.assertEqual(self.guess(1, **right), [401])
        self.assertEqual(self.rows(), before + 5)

    def test_answers_beyond_the_limit_say_when_to_come_back(self):
        self.guess(LIMIT, client_id=self.confidential.client_id, client_secret="wrong")
        given = {"client_id": self.confidential.client_id, "client_secret": "wrong", "grant_type": "refresh_token"}
        answer = self.posted("_token", given)
        self.assertEqual((answer.status, dict(answer.headers)["Retry-After"]), (429, "30"))
        self.assertEqual(answer.body["error"], "temporarily_unavailable")

    def test_a_stranger_raises_no_alarm_of_refused_calls(self):
        self.pair(self.client, self.user)
        self.settings.alert_refusals = 5
        self.guess(10, client_id=self.client.client_id, refresh_token="x")
        self.env.ref("mcp_gateway.ir_cron_notice_refusals").ir_actions_server_id.run()
        self.assertFalse(self.env["mcp.audit.log"].search([("event", "=", "many_refusals")]))

    def named(self) -> dict[str, str]:
        return {"client_id": self.client.client_id}
