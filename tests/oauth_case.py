"""An application and its people, for tests in one transaction."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

from odoo.tests import new_test_user

REDIRECT = "https://app.example/callback"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class OauthCase:
    """With a TransactionCase; what the server commits on cursors of its own is undone with the rest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.user = cls.new_user("life_user")
        cls.other = cls.new_user("life_other")

    def setUp(self):
        super().setUp()
        if not self._registry_patched:
            self.registry_enter_test_mode()

    @classmethod
    def new_user(cls, login: str):
        return new_test_user(cls.env, login, "base.group_user,mcp_gateway.group_mcp_user")

    def new_client(self, **values):
        return self.env["mcp.oauth.client"].create(
            {"name": "Life", "kind": "dynamic", "auth_method": "none", "redirect_uris": REDIRECT, **values}
        )

    def query(self, client, scope: str | None = None) -> dict[str, str]:
        return {
            "response_type": "code",
            "client_id": client if isinstance(client, str) else client.client_id,
            "redirect_uri": REDIRECT,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "state": "st",
            **({"scope": scope} if scope else {}),
        }

    def code(self, client, user, *, asked: str | None = None, granted: str | None = None) -> str:
        """The code of a consent to all that was asked for, or to ``granted``."""
        server = self.env["mcp.oauth.server"].with_user(user).sudo()
        consent = server._check_authorization(self.query(client, asked), user)
        self.assertIsNone(server._may_consent(client, user))
        answer = server._allow(consent, user, granted or consent.scope, "192.0.2.1")
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    def token(self, client, headers: dict[str, str] | None = None, **parameters):
        return self.posted("_token", {"client_id": client.client_id, **parameters}, headers)

    def posted(self, endpoint: str, parameters: dict[str, str], headers: dict[str, str] | None = None):
        self.env.flush_all()
        answer = getattr(self.env["mcp.oauth.server"].sudo(), endpoint)(parameters, headers or {}, "192.0.2.1")
        self.env.invalidate_all()
        return answer

    def exchange(self, client, code: str):
        return self.token(client, grant_type="authorization_code", code=code, code_verifier=VERIFIER)

    def refresh(self, client, pair: dict):
        return self.token(client, grant_type="refresh_token", refresh_token=pair["refresh_token"])

    def pair(self, client, user, **options) -> dict:
        answer = self.exchange(client, self.code(client, user, **options))
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body

    def family(self, client, user):
        return self.env["mcp.oauth.family"].search(
            [("client_ref_id", "=", client.id), ("user_id", "=", user.id)], limit=1
        )

    def assertError(self, answer, error: str, status: int):
        self.assertEqual((answer.status, answer.body.get("error")), (status, error), answer.body)
