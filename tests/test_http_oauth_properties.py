"""What holds for any request to the OAuth endpoints. The examples are always the same ones."""

import base64
import json
from unittest.mock import patch
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import HttpCase, tagged

from odoo.addons.mcp_gateway.models import mcp_oauth_registration
from odoo.addons.mcp_gateway.oauth import parameters, registration

from .oauth_case import CHALLENGE, REDIRECT, VERIFIER
from .oauth_requests import OauthRequests

repeatable = settings(
    max_examples=120,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LOOPBACK = "http://127.0.0.1/cb"
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
NAME = st.sampled_from(sorted(parameters.KNOWN))
NEARLY = {
    "response_type": ("token", "code token"),
    "grant_type": ("refresh_token", "client_credentials", "password"),
    "client_id": ("unknown", "https://127.0.0.1/x"),
    "client_secret": ("wrong",),
    "redirect_uri": ("http://127.0.0.1:5/cb", "https://evil.example/", f"{REDIRECT}#", "//evil.example", "cursor:x"),
    "code_challenge": ("short", VERIFIER),
    "code_challenge_method": ("plain", "s256"),
    "code_verifier": (CHALLENGE, "short"),
    "code": ("unknown",),
    "scope": ("mcp:read", "mcp:write offline_access", "x"),
    "state": ("a b&c=d", "%0d%0a"),
    "resource": ("https://evil.example/mcp", "mcp"),
    "token": ("unknown",),
}
# What becomes of a right request: a parameter gets another value, is dropped, or comes again.
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from([(n, v) for n, values in NEARLY.items() for v in values])),
        st.tuples(st.just("set"), st.tuples(NAME, PRINTABLE)),
        st.tuples(st.just("set"), st.tuples(TEXT, TEXT)),
        st.tuples(st.just("drop"), st.tuples(st.sampled_from(sorted(NEARLY)), st.just(""))),
        st.tuples(st.just("add"), st.tuples(NAME, PRINTABLE)),
    ),
    max_size=2,
)
REST = st.sampled_from(("",) * 8 + ("&%", "&%00=", "&&", "&state=%ff"))

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
GOOD = {"client_name": "App", "redirect_uris": [REDIRECT]}
METADATA = st.dictionaries(
    st.sampled_from(sorted(registration.ClientMetadata.model_fields)),
    ANY_JSON | PRINTABLE | st.lists(st.sampled_from((REDIRECT, "authorization_code", "code")), max_size=2),
    max_size=2,
).map(lambda changed: GOOD | changed)
AUTHORIZATION = st.none() | st.none() | st.binary(max_size=20).map(lambda text: b"Basic " + base64.b64encode(text))


def apply(right: dict[str, str], changes) -> list[tuple[str, str]]:
    changed, added = dict(right), []
    for what, (name, value) in changes:
        if what == "set":
            changed[name] = value
        elif what == "drop":
            changed.pop(name, None)
        else:
            added.append((name, value))
    return [*changed.items(), *added]


def raw(pairs, rest: str) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs) + rest


@tagged("post_install", "-at_install")
class TestHttpOauthProperties(OauthRequests, HttpCase):
    def setUp(self):
        super().setUp()
        self.client = self.new_client(redirect_uris=f"{REDIRECT}\n{LOOPBACK}", auth_method="client_secret")

    def test_whatever_is_asked_for_nobody_is_sent_to_an_unchecked_address(self):
        self.authenticate(self.user.login, self.user.login)
        seen = set()

        @repeatable
        @given(CHANGES, REST)
        def check(changes, rest):
            pairs = apply(self.query(self.client), changes)
            answer = self.authorize(raw(pairs, rest), registered=(REDIRECT, LOOPBACK))
            seen.add(answer.status_code)
            self.assertIn(answer.status_code, (200, 303, 400))
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            if answer.status_code != 400:
                self.assertEqual([value for name, value in pairs if name == "client_id"], [self.client.client_id])

        check()
        self.assertEqual(seen, {200, 303, 400})

    def test_whatever_is_sent_only_a_right_request_gets_a_token(self):
        secret = self.client._new_secret()
        seen = set()

        @repeatable
        @given(CHANGES, REST, AUTHORIZATION)
        def check(changes, rest, authorization):
            right = self.form(self.client, self.code(self.client, self.user), client_secret=secret)
            pairs = apply(right, changes)
            answer = self.post("token", raw(pairs, rest), {"Authorization": authorization})
            seen.add(answer.status_code)
            self.assertIn(answer.status_code, (200, 400, 401))
            self.assertEqual("access_token" in answer.json(), answer.status_code == 200)
            if answer.status_code == 200:
                sent = {name: value for name, value in pairs if value}
                self.assertEqual({**right, **sent}, {**sent, **right})
                self.assertLessEqual(right.keys() - sent.keys(), {"redirect_uri"})
                self.assertIn(sent.get("resource"), (None, f"{self.issuer}/mcp"))

        check()
        self.assertEqual(seen, {200, 400, 401})

    def test_no_plaintext_at_rest_wherever_it_was_sent(self):
        """DESIGN §2.1, of what an application holds."""
        secret, code = self.client._new_secret(), self.code(self.client, self.user)
        pair = self.post("token", self.form(self.client, code, client_secret=secret)).json()
        secrets = [secret, code, pair["access_token"], pair["refresh_token"]]
        for text in secrets:
            self.post("token", self.form(self.client, text, client_secret=text, scope=text))
            self.post("revoke", {"client_id": text, "token": text})
            self.register({**GOOD, "client_name": text})
            self.authorize({**self.query(text), "state": text})
        self.env.cr.execute("""
            SELECT table_name, column_name FROM information_schema.columns
            JOIN information_schema.tables USING (table_schema, table_name)
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name LIKE 'mcp%'
              AND data_type IN ('text', 'character varying', 'jsonb', 'json')
        """)
        columns = self.env.cr.fetchall()
        self.assertGreater(len(columns), 50)
        for table, column in columns:
            for text in secrets:
                self.env.cr.execute(
                    f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s', [f"%{text[:40]}%"]
                )
                self.assertEqual(self.env.cr.fetchone()[0], 0, f"{table}.{column} holds {text[:6]}")

    def test_whatever_is_to_be_revoked_is_answered(self):
        secret = self.client._new_secret()

        @repeatable
        @given(CHANGES, REST, AUTHORIZATION)
        def check(changes, rest, authorization):
            right = {"client_id": self.client.client_id, "client_secret": secret, "token": "unknown"}
            answer = self.post("revoke", raw(apply(right, changes), rest), {"Authorization": authorization})
            self.assertIn(answer.status_code, (200, 400, 401))

        check()

    def test_whatever_is_registered_can_be_used_or_is_refused(self):
        seen = set()

        @repeatable
        @given(METADATA | METADATA | ANY_JSON | st.binary(max_size=40))
        def check(body):
            answer = self.register(body if isinstance(body, bytes) else json.dumps(body))
            seen.add(answer.status_code)
            self.assertIn(answer.status_code, (201, 400))
            if answer.status_code == 201:
                client = self.env["mcp.oauth.client"]._find(answer.json()["client_id"])
                self.assertTrue(client.name and client._redirect_uris())
            else:
                self.assertIn(answer.json()["error"], ("invalid_redirect_uri", "invalid_client_metadata"))

        with patch.object(mcp_oauth_registration, "PER_HOUR", 10_000):
            check()
        self.assertEqual(seen, {201, 400})
