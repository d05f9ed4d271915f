"""Applications that act by themselves, and that sign instead of having a secret (FEATURES O10; RFC 7523)."""

import base64
import hmac
import json
import time
from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from odoo import fields
from odoo.tests import TransactionCase, tagged

from .oauth_case import OauthCase

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@tagged("post_install", "-at_install")
class TestOauthAssertion(OauthCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {"RS256": RSAKey.generate_key(2048), "ES256": ECKey.generate_key("P-256")}
        cls.client = cls.env["mcp.oauth.client"].create(
            {
                "name": "Signer",
                "auth_method": "private_key_jwt",
                "allows_client_credentials": True,
                "jwks": cls.key_set("RS256"),
            }
        )
        cls.client.connection_ids.write({"user_id": cls.user.id, "scope": "read"})

    @classmethod
    def key_set(cls, *names: str) -> str:
        return json.dumps({"keys": [cls.keys[name].as_dict(private=False) for name in names]})

    def claims(self, **changed) -> dict:
        now = int(time.time())
        claims = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": f"{self.env['mcp.oauth.server']._issuer()}/mcp/oauth/token",
            "exp": now + 60,
            "iat": now,
            "jti": f"j{time.monotonic_ns()}",
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def signed(self, algorithm: str = "RS256", key=None, **changed) -> str:
        return jwt.encode(
            {"alg": algorithm}, self.claims(**changed), key or self.keys[algorithm], algorithms=[algorithm]
        )

    def ask(self, assertion: str, **parameters):
        return self.posted(
            "_token",
            {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION,
                "client_assertion": assertion,
                **parameters,
            },
        )

    def assertRefused(self, assertion: str):
        before = self.env["mcp.oauth.token"].search_count([])
        answer = self.ask(assertion)
        self.assertError(answer, "invalid_client", 401)
        self.assertEqual(self.env["mcp.oauth.token"].search_count([]), before)

    # private_key_jwt

    def test_an_application_signs_with_its_own_key(self):
        for algorithm in self.keys:
            with self.subTest(algorithm=algorithm):
                self.client.jwks = self.key_set(algorithm)
                answer = self.ask(self.signed(algorithm))
                self.assertEqual((answer.status, answer.body.get("scope")), (200, "mcp:read"), answer.body)
                self.assertNotIn("refresh_token", answer.body)
                self.assertEqual(self.family(self.client, self.user).connection_id, self.client.connection_ids)

    def test_the_issuer_is_an_audience_too(self):
        self.assertEqual(self.ask(self.signed(aud=self.env["mcp.oauth.server"]._issuer())).status, 200)

    def test_a_wrong_assertion_is_refused(self):
        now = int(time.time())
        for name, changed in {
            "audience": {"aud": "https://elsewhere.example/token"},
            "no audience": {"aud": None},
            "expired": {"exp": now - 120},
            "no end": {"exp": None},
            "too long": {"exp": now + 2 * 3600},
            "end of another kind": {"exp": "tomorrow"},
            "not yet": {"nbf": now + 600},
            "no jti": {"jti": None},
            "jti of another kind": {"jti": 7},
            "long jti": {"jti": "j" * 201},
            "issuer": {"iss": "somebody"},
            "no issuer": {"iss": None},
            "subject": {"sub": "somebody"},
            "no subject": {"sub": None},
        }.items():
            with self.subTest(name):
                self.assertRefused(self.signed(**changed))
        self.assertEqual(self.ask(self.signed()).status, 200)

    def test_a_wrong_signature_is_refused(self):
        self.assertRefused(self.signed(key=RSAKey.generate_key(2048)))
        self.assertRefused(self.signed("ES256"))  # with a key that is not registered
        good = self.signed()
        head, body, signature = good.split(".")
        self.assertRefused(f"{head}.{body}.{signature[:-6]}AAAAAA")
        forged = _b64(json.dumps(self.claims(scope="x")).encode())
        self.assertRefused(f"{head}.{forged}.{signature}")
        for broken in ("", "a", "a.b.c", f"{head}.{body}", f"{head}.{body}."):
            with self.subTest(broken=broken):
                self.assertIn(self.ask(broken).status, (400, 401))

    def test_no_signature_and_a_signature_with_the_public_key_are_refused(self):
        head, body = (_b64(json.dumps(part).encode()) for part in ({"alg": "none"}, self.claims()))
        self.assertRefused(f"{head}.{body}.")
        signed = f"{_b64(json.dumps({'alg': 'HS256'}).encode())}.{body}"
        mac = hmac.digest(self.keys["RS256"].as_pem(private=False), signed.encode(), "sha256")
        self.assertRefused(f"{signed}.{_b64(mac)}")

    def test_an_assertion_works_once(self):
        assertion = self.signed()
        self.assertEqual(self.ask(assertion).status, 200)
        self.assertRefused(assertion)
        # Its id may be another application's too.
        self.assertTrue(self.env["mcp.oauth.assertion"]._remember("another", "j1", int(time.time()) + 60))
        self.assertTrue(self.env["mcp.oauth.assertion"]._remember("one more", "j1", int(time.time()) + 60))

    def test_an_assertion_is_forgotten_when_it_cannot_come_back(self):
        self.ask(self.signed(jti="old"))
        self.ask(self.signed(jti="new"))
        old = self.env["mcp.oauth.assertion"].search([("jti", "=", "old")])
        old.expires_at = fields.Datetime.now() - timedelta(hours=2)
        self.env["mcp.oauth.assertion"]._gc_expired()
        self.assertEqual(self.env["mcp.oauth.assertion"].search([]).mapped("jti"), ["new"])

    def test_who_signs_has_no_other_way_in(self):
        secret = self.client._new_secret()
        basic = base64.b64encode(f"{self.client.client_id}:{secret}".encode()).decode()
        for headers, parameters in (
            ({}, {}),
            ({}, {"client_secret": secret}),
            ({"Authorization": f"Basic {basic}"}, {}),
        ):
            answer = self.token(self.client, headers, grant_type="client_credentials", **parameters)
            self.assertError(answer, "invalid_client", 401)
        self.client.auth_method = "client_secret"
        self.assertRefused(self.signed())

    def test_keys_that_are_none_let_nobody_in(self):
        for jwks in (False, "no JSON", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}', '"x"'):
            with self.subTest(jwks=jwks):
                self.client.jwks = jwks
                self.assertRefused(self.signed())

    # client_credentials

    def test_without_a_user_nobody_is_acted_as(self):
        client = self.client.copy({"client_id": "second"})
        secret = self.with_secret(client)
        self.assertError(self.by_itself(client, secret), "unauthorized_client", 400)
        client.connection_ids.user_id = self.user
        self.assertEqual(self.by_itself(client, secret).status, 200)

    def test_only_where_an_administrator_allowed_it_and_never_a_public_client(self):
        secret = self.with_secret(self.client)
        self.client.allows_client_credentials = False
        self.assertError(self.by_itself(self.client, secret), "unauthorized_client", 400)
        self.client.write({"allows_client_credentials": True, "auth_method": "none"})
        self.assertError(self.token(self.client, grant_type="client_credentials"), "invalid_client", 401)

    def test_an_archived_user_and_a_connection_at_its_end_give_no_token(self):
        secret, connection = self.with_secret(self.client), self.client.connection_ids
        self.assertEqual(self.by_itself(self.client, secret).status, 200)
        self.user.active = False
        self.assertError(self.by_itself(self.client, secret), "unauthorized_client", 400)
        self.user.active = True
        connection.state = "suspended"
        self.assertError(self.by_itself(self.client, secret), "unauthorized_client", 400)
        connection.state = "active"
        connection.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertError(self.by_itself(self.client, secret), "unauthorized_client", 400)
        connection.expires_at = False
        connection._do_revoke()
        self.assertError(self.by_itself(self.client, secret), "unauthorized_client", 400)
        self.assertFalse(self.family(self.client, self.user).filtered(lambda f: not f.ended_at))

    def test_it_gets_no_more_than_its_connection_has(self):
        secret = self.with_secret(self.client)
        answer = self.by_itself(self.client, secret, scope="mcp:read mcp:write mcp:execute")
        self.assertEqual(answer.body["scope"], "mcp:read")

    def with_secret(self, client) -> str:
        client.auth_method = "client_secret"
        return client._new_secret()

    def by_itself(self, client, secret: str, **parameters):
        return self.token(client, grant_type="client_credentials", client_secret=secret, **parameters)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
