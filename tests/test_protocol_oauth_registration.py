import json

from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey

from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.oauth import registration

from .oauth_hosts import BOTH, OF_HOSTS

URL = "https://app.example.com/oauth/client.json"
PUBLIC_KEY = ECKey.generate_key("P-256", private=False).as_dict()
JWKS = {"keys": [{**PUBLIC_KEY, "kid": "1", "use": "sig"}]}

GOOD = {"redirect_uris": ["https://host.example/cb"], "client_name": "App"}


def body(**members) -> bytes:
    return json.dumps(GOOD | members).encode()


def document(**members) -> bytes:
    return body(client_id=URL, **members)


class RegistrationCase(BaseCase):
    def assertRefused(self, call, *arguments, error="invalid_client_metadata", about=""):
        with self.assertRaises(registration.Refused) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.error, error)
        self.assertRegex(caught.exception.description, r"\A[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
        self.assertIn(about, caught.exception.description)
        return caught.exception.description


class TestRegistration(RegistrationCase):
    def test_every_popular_host_is_registered_as_it_asks(self):
        """PROTOCOL §6, §7.9; RFC 7591 §3.2.1."""
        for host, (sent, needs_secret) in OF_HOSTS.items():
            with self.subTest(host=host):
                wanted = registration.from_registration(json.dumps(sent).encode())
                self.assertIs(wanted.token_endpoint_auth_method.startswith("client_secret"), needs_secret)
                answer = registration.response(
                    wanted, client_id="mcp_client_1", issued_at=17, client_secret="s" if needs_secret else None
                )
                self.assertEqual(answer["redirect_uris"], sent["redirect_uris"])
                self.assertEqual((answer["grant_types"], answer["response_types"]), (BOTH, ["code"]))
                self.assertEqual((answer["client_id"], answer["client_id_issued_at"]), ("mcp_client_1", 17))
                self.assertEqual(answer.get("client_secret_expires_at"), 0 if needs_secret else None)
                self.assertEqual("client_secret" in answer, needs_secret)
                self.assertFalse([name for name, value in answer.items() if value in (None, "", [], {})])
                for name in ("client_name", "client_uri", "application_type", "token_endpoint_auth_method"):
                    if sent.get(name):
                        self.assertEqual(answer[name], sent[name])

    def test_who_names_no_way_to_authenticate_gets_a_secret(self):
        """RFC 7591 §2: client_secret_basic is the default."""
        self.assertEqual(registration.from_registration(body()).token_endpoint_auth_method, "client_secret_basic")

    def test_the_scope_that_was_understood_is_what_is_registered(self):
        """RFC 7591 §3.2.1: a server may replace values."""
        for sent, kept in (("mcp:write openid", "mcp:read mcp:write"), ("openid", None), ("", None)):
            with self.subTest(sent=sent):
                self.assertEqual(registration.from_registration(body(scope=sent)).scope, kept)

    def test_of_grants_those_are_kept_that_there_are(self):
        """RFC 7591 §3.2.1; VS Code names the device code too."""
        wanted = registration.from_registration(body(grant_types=["implicit", "authorization_code"]))
        self.assertEqual(wanted.grant_types, ["authorization_code"])
        for grants in (["refresh_token"], ["client_credentials"], ["implicit"], "authorization_code", [1], ["a"] * 21):
            with self.subTest(grants=grants):
                self.assertRefused(registration.from_registration, body(grant_types=grants), about="grant_types")
        for types in (["token"], "code", [None]):
            with self.subTest(types=types):
                self.assertRefused(registration.from_registration, body(response_types=types), about="response_types")

    def test_wrong_redirect_addresses_have_an_error_of_their_own(self):
        """RFC 7591 §3.2.2."""
        for uris in (
            None,
            [],
            "https://host.example/cb",
            [None],
            [1],
            [["https://host.example/cb"]],
            {"0": "https://host.example/cb"},
            ["https://host.example/cb", "http://host.example/cb"],
            ["javascript://host/%0Aalert(1)"],
            ["https://host.example/cb#x"],
            [f"https://host.example/{number}" for number in range(21)],
        ):
            with self.subTest(uris=uris):
                self.assertRefused(
                    registration.from_registration, body(redirect_uris=uris), error="invalid_redirect_uri"
                )
        self.assertRefused(registration.from_registration, b"{}", error="invalid_redirect_uri", about="redirect_uris")

    def test_repeated_addresses_count_once(self):
        """Ours."""
        wanted = registration.from_registration(body(redirect_uris=["https://h/b", "https://h/a", "https://h/b"]))
        self.assertEqual(wanted.redirect_uris, ["https://h/b", "https://h/a"])

    def test_other_wrong_members_are_refused(self):
        """RFC 7591 §3.2.2."""
        for members in (
            {"token_endpoint_auth_method": "tls_client_auth"},
            {"token_endpoint_auth_method": ["none"]},
            {"token_endpoint_auth_method": "private_key_jwt"},
            {"client_name": 1},
            {"client_name": "x" * 201},
            {"scope": ["mcp:read"]},
            {"scope": "x" * 1001},
            {"software_id": {"a": 1}},
            {"jwks": JWKS, "jwks_uri": "https://host.example/keys"},
            {"jwks_uri": "http://host.example/keys"},
            {"jwks_uri": 1},
        ):
            with self.subTest(members=members):
                self.assertRefused(registration.from_registration, body(**members))

    def test_what_is_no_json_object_is_refused(self):
        """RFC 7591 §3.1; issue "Bad input"."""
        for raw in (
            b"",
            b" ",
            b"[]",
            b"null",
            b'"x"',
            b"{",
            b'{"a":1,"a":2}',
            b"\xff",
            b"a=b",
            b"[" * 9999,
            b'{"a":NaN}',
        ):
            with self.subTest(raw=raw[:20]):
                text = self.assertRefused(registration.from_registration, raw)
                self.assertNotIn("JSON-RPC", text)
        self.assertRefused(registration.from_registration, b" " * (registration.MAX_BODY + 1))

    def test_a_name_cannot_disturb_the_consent_page(self):
        """RFC 7591 §5: the name is the application's own word, so it may not hide or turn what is around it."""
        for sent, shown in (
            ("  Claude\n\tCode ", "Claude Code"),
            ("evil\u202eedualC", "evil edualC"),
            ("a\u200b\u2066b\ufeff\u2028c", "a b c"),
            ("Büro 日本", "Büro 日本"),
            ("\u200b \u202e", None),
        ):
            with self.subTest(sent=sent):
                self.assertEqual(registration.from_registration(body(client_name=sent)).client_name, shown)

    def test_ornament_that_is_no_web_address_is_left_out(self):
        """RFC 7591 §2: what a server does not understand it ignores."""
        for value in ("javascript:alert(1)", "vscode://x/y", "https://a b", 1, ["https://host.example/"], "x" * 3000):
            with self.subTest(value=value):
                answer = registration.response(
                    registration.from_registration(body(logo_uri=value, client_uri=value)), client_id="x", issued_at=1
                )
                self.assertNotIn("logo_uri", answer)
                self.assertNotIn("client_uri", answer)

    def test_only_public_keys_that_work_are_taken(self):
        """RFC 7591 §2, RFC 7517; Authlib raises on others."""
        good = registration.from_registration(body(token_endpoint_auth_method="private_key_jwt", jwks=JWKS))
        self.assertEqual(good.jwks, JWKS)
        private, symmetric = ECKey.generate_key("P-256").as_dict(private=True), OctKey.generate_key(256).as_dict()
        for keys in (
            [],
            None,
            "x",
            {},
            [1],
            [{}],
            [{"kty": "EC"}],
            [{"kty": 5}],
            [private],
            [PUBLIC_KEY, private],
            [symmetric],
            [PUBLIC_KEY | {"x": "AQAB"}],
            [PUBLIC_KEY | {"crv": "P-999"}],
            [PUBLIC_KEY | {"kid": 5}],
            [{"kty": "RSA", "e": "AQAB", "n": "!" * 342}],
            [{"kty": "RSA", "e": "AQAB", "n": None}],
            [{"kty": "RSA", "e": "AQAB", "n": "_" * 170 + "w"}],
            [PUBLIC_KEY] * 11,
        ):
            with self.subTest(keys=keys):
                sent = body(token_endpoint_auth_method="private_key_jwt", jwks={"keys": keys})
                self.assertRefused(registration.from_registration, sent, about="jwks")
                self.assertRefused(registration.keys_from, json.dumps({"keys": keys}).encode(), about="jwks")
        self.assertEqual(registration.keys_from(json.dumps(JWKS | {"more": 1}).encode()), JWKS)

    def test_nothing_of_the_metadata_comes_back_in_an_error(self):
        """DESIGN §2.1: people paste secrets anywhere."""
        secret = "mcp_cs_0123456789"
        for members in (
            {"redirect_uris": [secret]},
            {"token_endpoint_auth_method": secret},
            {"client_name": [secret]},
            {"jwks": {"keys": [{secret: secret}]}},
            {"jwks": {secret: secret}},
        ):
            with self.subTest(members=members), self.assertRaises(registration.Refused) as caught:
                registration.from_registration(body(**members))
            self.assertNotIn(secret, str(caught.exception))

    @settings(max_examples=300, derandomize=True, deadline=None, database=None)
    @given(
        st.binary(max_size=40)
        | st.dictionaries(
            st.sampled_from([*registration.ClientMetadata.model_fields, "client_id", "x"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("https://h/c"),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.just("keys") | st.text(max_size=3), inner)
                ),
                max_leaves=6,
            ),
        ).map(lambda members: json.dumps(members).encode())
    )
    def test_any_body_is_taken_or_refused(self, raw):
        """Ours: no other exception leaves."""
        for read in (
            registration.from_registration,
            lambda raw: registration.from_document(raw, URL),
            registration.keys_from,
        ):
            try:
                found = read(raw)
            except registration.Refused as problem:
                self.assertRegex(problem.description, r"\A[\x20-\x21\x23-\x5b\x5d-\x7e]+\Z")
            else:
                json.dumps(found if isinstance(found, dict) else found.model_dump(exclude_none=True))


class TestDocument(RegistrationCase):
    def test_the_documents_of_popular_hosts_are_taken(self):
        """PROTOCOL §6: Claude Code's has no port; ChatGPT signs with a key whose address it names."""
        url = "https://claude.ai/oauth/claude-code-client-metadata"
        sent = {
            "client_id": url,
            "client_name": "Claude Code",
            "client_uri": "https://claude.ai",
            "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
            "grant_types": BOTH,
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        }
        found = registration.from_document(json.dumps(sent).encode(), url)
        self.assertEqual(found.redirect_uris, sent["redirect_uris"])
        url = "https://chatgpt.com/oauth/Zx81/client.json"
        sent = {
            "client_id": url,
            "client_name": "ChatGPT",
            "redirect_uris": ["https://chatgpt.com/connector/oauth/Zx81"],
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "RS256",
            "jwks_uri": "https://chatgpt.com/oauth/jwks.json",
        }
        found = registration.from_document(json.dumps(sent).encode(), url)
        self.assertEqual(found.jwks_uri, sent["jwks_uri"])

    def test_without_a_method_there_is_no_secret(self):
        """CIMD draft §4.1: the default of RFC 7591 would be a shared secret."""
        self.assertEqual(registration.from_document(document(), URL).token_endpoint_auth_method, "none")

    def test_the_client_id_has_to_be_the_address_as_a_string(self):
        """MCP 2026-07-28 client-registration; RFC 3986 §6.2.1."""
        for client_id in (URL + "/", URL.upper(), URL.replace(".com/", ".com:443/"), URL + "?", "", None, 1, [URL], {}):
            with self.subTest(client_id=client_id):
                sent = json.dumps(GOOD | {"client_id": client_id}).encode()
                self.assertRefused(registration.from_document, sent, URL, about="client_id")
        self.assertRefused(registration.from_document, body(), URL, about="client_id")

    def test_no_secret_is_shared_in_a_document(self):
        """MCP 2026-07-28 client-registration; CIMD draft §4.1."""
        for members in (
            {"token_endpoint_auth_method": "client_secret_post"},
            {"token_endpoint_auth_method": "client_secret_basic"},
            {"token_endpoint_auth_method": "client_secret_jwt"},
            {"client_secret": "x"},
            {"client_secret_expires_at": 0},
        ):
            with self.subTest(members=members):
                self.assertRefused(registration.from_document, document(**members), URL)

    def test_name_and_addresses_are_needed(self):
        """MCP 2026-07-28 client-registration."""
        for name in (None, "", "\u200b"):
            with self.subTest(name=name):
                self.assertRefused(registration.from_document, document(client_name=name), URL, about="client_name")
        self.assertRefused(registration.from_document, document(redirect_uris=None), URL, error="invalid_redirect_uri")
