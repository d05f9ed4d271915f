"""Registration over HTTP: what is refused, and the popular hosts all the way to their consent page (PROTOCOL §6)."""

import json
import re
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.mcp_gateway.models import mcp_oauth_registration
from odoo.addons.mcp_gateway.oauth import redirects

from .oauth_hosts import OF_HOSTS
from .oauth_requests import FORM, OauthRequests
from .test_protocol_oauth_redirects import OF_HOSTS as ADDRESSES
from .test_protocol_oauth_redirects import REFUSED

GOOD = {"client_name": "App", "redirect_uris": ["https://app.example/callback"]}
WRONG_BODIES = {
    "nothing": b"",
    "blank": b"  ",
    "no JSON": b"{",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "no UTF-8": b'{"client_name": "\xff"}',
    "a form": b"redirect_uris=https://app.example/callback",
    "a member twice": b'{"client_name": "a", "client_name": "b", "redirect_uris": ["https://app.example/"]}',
    "no number of JSON": b'{"redirect_uris": ["https://app.example/"], "x": NaN}',
    "too deep": b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "too long": json.dumps({**GOOD, "x": "x" * 20_000}).encode(),
}
WRONG_MEMBERS = (
    ("redirect_uris", None, "invalid_redirect_uri"),
    ("redirect_uris", [], "invalid_redirect_uri"),
    ("redirect_uris", "https://app.example/callback", "invalid_redirect_uri"),
    ("redirect_uris", [1], "invalid_redirect_uri"),
    ("redirect_uris", ["https://app.example/"] * 30, "invalid_redirect_uri"),
    ("client_name", 1, "invalid_client_metadata"),
    ("client_name", "x" * 300, "invalid_client_metadata"),
    ("token_endpoint_auth_method", "tls_client_auth", "invalid_client_metadata"),
    ("token_endpoint_auth_method", "private_key_jwt", "invalid_client_metadata"),
    ("grant_types", ["implicit"], "invalid_client_metadata"),
    ("grant_types", ["client_credentials"], "invalid_client_metadata"),
    ("response_types", ["token"], "invalid_client_metadata"),
    ("jwks", {"keys": []}, "invalid_client_metadata"),
    ("scope", "x" * 2000, "invalid_client_metadata"),
)


@tagged("post_install", "-at_install")
class TestHttpOauthRegister(OauthRequests, HttpCase):
    def registered(self, body: dict) -> dict:
        answer = self.register(body)
        self.assertEqual(answer.status_code, 201, answer.text)
        return answer.json()

    def consent_page(self, client_id: str, uri: str):
        query = {**self.query(client_id), "redirect_uri": uri, "state": "st"}
        return self.authorize(query, registered=(uri,))

    def test_every_popular_host_registers_and_reaches_its_consent_page(self):
        self.authenticate(self.user.login, self.user.login)
        for host, (body, needs_secret) in OF_HOSTS.items():
            with self.subTest(host):
                answer = self.registered(body)
                self.assertEqual("client_secret" in answer, needs_secret)
                self.assertFalse([name for name, value in answer.items() if value in (None, "", [], {})])
                for uri in body["redirect_uris"]:
                    self.assertPage(self.consent_page(answer["client_id"], uri), 200)

    def test_every_address_of_a_popular_host_reaches_the_consent_page_and_gets_its_answer(self):
        self.authenticate(self.user.login, self.user.login)
        for host, uris in ADDRESSES.items():
            client_id = self.registered({"client_name": host, "redirect_uris": uris})["client_id"]
            for uri in uris:
                with self.subTest(host, uri=uri):
                    page = self.consent_page(client_id, uri)
                    self.assertPage(page, 200)
                    self.assertIn(f">{redirects.host_of(uri)}<", page.text)
                    sent = self.decide(page, "deny", registered=(uri,))
                    self.assertTrue(sent.headers["Location"].startswith(f"{uri}?error=access_denied"))
                    if uri.startswith("http://"):
                        moved = re.sub(r"^(http://[^:/]+)(:\d+)?", r"\1:50123", uri)
                        self.assertPage(self.consent_page(client_id, moved), 200)

    def test_nothing_is_fetched_for_who_registers(self):
        """Nobody has logged in, and it would make this server wait for one of a stranger's choice."""
        body = GOOD | {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://host.example/keys"}
        with patch.object(mcp_oauth_registration.document, "fetch") as fetch:
            answer = self.register(body)
        self.assertAnswer(answer, 400, "invalid_client_metadata")
        self.assertIn("as jwks", answer.json()["error_description"])
        fetch.assert_not_called()

    def test_a_wrong_body_is_refused(self):
        before = self.env["mcp.oauth.client"].search_count([])
        for name, body in WRONG_BODIES.items():
            with self.subTest(name):
                self.assertAnswer(self.register(body), 400, "invalid_client_metadata")
        for name, value, error in WRONG_MEMBERS:
            with self.subTest(name, value=str(value)[:60]):
                self.assertAnswer(self.register(GOOD | {name: value}), 400, error)
        for name, uri in REFUSED.items():
            with self.subTest(name):
                # What PostgreSQL cannot keep is refused before anyone asks which member it is.
                error = "invalid_client_metadata" if "\0" in uri else "invalid_redirect_uri"
                self.assertAnswer(self.register(GOOD | {"redirect_uris": [uri]}), 400, error)
        self.assertEqual(self.env["mcp.oauth.client"].search_count([]), before)

    def test_a_body_beyond_all_measure_is_not_read(self):
        for endpoint, content_type in (("register", "application/json"), ("token", FORM), ("revoke", FORM)):
            with self.subTest(endpoint):
                headers = {"Content-Type": content_type}
                answer = self.send("POST", f"/mcp/oauth/{endpoint}", data=b"x" * 70_000, headers=headers)
                self.assertEqual((answer.status_code, answer.headers["Cache-Control"]), (413, "no-store"))

    def test_other_verbs_and_content_types_are_refused(self):
        for verb in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            answer = self.register(GOOD, method=verb)
            self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST, OPTIONS"))
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
            body = json.dumps(GOOD).encode()
            self.assertAnswer(self.register(body, content_type=content_type), 415, "invalid_client_metadata")
        self.assertEqual(self.register(GOOD, content_type="Application/JSON; charset=utf-8").status_code, 201)

    def test_what_is_unknown_is_passed_over_and_no_cookie_or_token_is_needed(self):
        answer = self.registered(GOOD | {"software_statement": "x", "unknown": {"a": [1]}})
        self.assertNotIn("unknown", answer)
        self.assertEqual(answer["client_secret_expires_at"], 0)

    def test_all_addresses_of_one_ipv6_network_count_as_one(self):
        """RFC 6177 §2: who has one address of a /64 has them all."""
        server, body = self.env["mcp.oauth.server"].sudo(), json.dumps(GOOD).encode()

        def status(address: str) -> int:
            return server._register_client(body, "application/json", address).status

        with patch.object(mcp_oauth_registration, "PER_HOUR", 2):
            addresses = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1", "::ffff:192.0.2.1")
            self.assertEqual([status(address) for address in addresses], [201, 201, 429, 201, 201])
        newest = self.env["mcp.oauth.client"].search([("kind", "=", "dynamic")], limit=2)
        self.assertEqual(newest.mapped("registered_ip"), ["192.0.2.1", "2001:db8:0:1::/64"])

    def test_one_address_registers_so_many_an_hour(self):
        with patch.object(mcp_oauth_registration, "PER_HOUR", 2):
            statuses = [self.register(GOOD).status_code for _ in range(3)]
            self.assertEqual(statuses, [201, 201, 429])
            self.assertEqual(self.register(GOOD).headers["Retry-After"], "3600")

    def test_switched_off_it_is_refused_and_existing_clients_go_on(self):
        client = self.new_client()
        pair = self.pair(client, self.user)
        self.settings.allow_registration = False
        self.assertAnswer(self.register(GOOD), 403, "access_denied")
        metadata = self.send("GET", "/.well-known/oauth-authorization-server").json()
        self.assertNotIn("registration_endpoint", metadata)
        refreshed = {"grant_type": "refresh_token", "refresh_token": pair["refresh_token"]}
        again = self.post("token", {"client_id": client.client_id, **refreshed})
        self.assertEqual(self.call_mcp(again.json()["access_token"]).status_code, 200)
        self.authenticate(self.user.login, self.user.login)
        self.assertPage(self.authorize(self.query(client)), 200)
