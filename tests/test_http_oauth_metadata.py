"""How an application finds its way over HTTP: the documents, the challenge, and a server that is off."""

from odoo.tests import HttpCase, tagged

from odoo.addons.mcp_gateway.oauth import metadata

from .oauth_requests import OauthRequests

RESOURCE = ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp")
SERVER = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/mcp",
    "/.well-known/openid-configuration",
)


@tagged("post_install", "-at_install")
class TestHttpOauthMetadata(OauthRequests, HttpCase):
    def test_the_documents_are_there_in_every_spelling_for_anyone(self):
        expected = {
            **dict.fromkeys(RESOURCE, metadata.protected_resource(self.issuer)),
            **dict.fromkeys(SERVER, metadata.authorization_server(self.issuer, registration=True)),
        }
        for path, document in expected.items():
            for headers in ({}, {"MCP-Protocol-Version": "1999-01-01"}, {"Origin": "https://evil.example"}):
                with self.subTest(path, headers=headers):
                    answer = self.send("GET", path, headers=headers)
                    self.assertEqual((answer.status_code, answer.json()), (200, document))
                    self.assertEqual(answer.headers["Content-Type"], "application/json")
                    self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
                    self.assertNotIn("Set-Cookie", answer.headers)
            head = self.send("HEAD", path)
            self.assertEqual((head.status_code, head.text), (200, ""))
            self.assertEqual(head.headers["Content-Length"], answer.headers["Content-Length"])
            preflight = self.send("OPTIONS", path)
            self.assertEqual((preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]), (204, "*"))
            self.assertIn("MCP-Protocol-Version", preflight.headers["Access-Control-Allow-Headers"])
            for verb in ("POST", "PUT", "DELETE"):
                self.assertEqual(self.send(verb, path).status_code, 405)

    def test_the_issuer_comes_from_the_settings_and_not_from_the_request(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://Odoo.example/web")
        headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example"}
        for path in (*RESOURCE, *SERVER):
            answer = self.send("GET", path, headers=headers)
            self.assertIn('"https://odoo.example', answer.text)
            self.assertNotIn("evil", answer.text)

    def test_the_endpoints_that_are_named_are_there(self):
        named = self.send("GET", SERVER[0]).json()
        for name in ("token_endpoint", "revocation_endpoint", "registration_endpoint"):
            path = named[name].removeprefix(self.issuer)
            self.assertEqual(self.send("OPTIONS", path).status_code, 204)

    def challenge(self, answer, status: int) -> str:
        self.assertEqual(answer.status_code, status, answer.text)
        header = answer.headers["WWW-Authenticate"]
        self.assertTrue(header.startswith("Bearer "), header)
        where = f'resource_metadata="{self.issuer}/.well-known/oauth-protected-resource/mcp"'
        self.assertIn(where, header)
        return header

    def test_who_sends_nothing_learns_where_to_begin_and_with_which_scope(self):
        header = self.challenge(self.call_mcp(""), 401)
        self.assertIn('scope="mcp:read mcp:write"', header)
        self.assertNotIn("error=", header)

    def test_what_is_no_token_of_this_resource_is_401(self):
        client = self.new_client()
        pair, foreign = self.pair(client, self.user), self.pair(client, self.other)
        family = self.family(client, self.other)
        self.env.cr.execute(
            "UPDATE mcp_oauth_family SET resource = 'https://other.example/mcp' WHERE id = %s", [family.id]
        )
        for name, token in {
            "nonsense": "nonsense",
            "cut": pair["access_token"][:-1],
            "a refresh token": pair["refresh_token"],
            "of another resource": foreign["access_token"],
        }.items():
            with self.subTest(name):
                self.assertIn('error="invalid_token"', self.challenge(self.call_mcp(token), 401))
        self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 200)

    def test_a_token_is_good_at_the_address_that_it_was_issued_for_only(self):
        pair = self.pair(self.new_client(), self.user)
        before = self.env["ir.config_parameter"].get_param("web.base.url")
        self.env["ir.config_parameter"].set_param("web.base.url", before.replace("127.0.0.1", "localhost"))
        self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 401)
        self.env["ir.config_parameter"].set_param("web.base.url", before)
        self.assertEqual(self.call_mcp(pair["access_token"]).status_code, 200)

    def test_a_token_in_the_address_opens_nothing(self):
        pair = self.pair(self.new_client(), self.user)
        query = f"?access_token={pair['access_token']}"
        for token in ("", pair["access_token"]):
            self.assertIn('error="invalid_request"', self.challenge(self.call_mcp(token, query=query), 401))

    def test_a_token_in_the_address_is_reported_as_leaked(self):
        """PROTOCOL §0.6: as a key is; its connection is told, unless nothing can be done with it any more."""
        for name, is_told in (("access_token", True), ("refresh_token", True), ("ended", False)):
            with self.subTest(name):
                client = self.new_client()
                pair = self.pair(client, self.user)
                connection = client.connection_ids
                if name == "ended":
                    connection.family_ids._end("client")
                self.call_mcp("", query=f"?access_token={pair.get(name, pair['access_token'])}")
                leaked = [("event", "=", "leaked_secret"), ("connection_ref", "=", connection.id)]
                self.assertEqual(self.env["mcp.audit.log"].search_count(leaked), int(is_told))

    def test_a_header_that_is_malformed_is_400(self):
        self.assertIn('error="invalid_request"', self.challenge(self.call_mcp("two tokens"), 400))

    def test_who_was_granted_less_learns_which_scope_is_needed(self):
        pair = self.pair(self.new_client(), self.user, granted="mcp:read")
        answer = self.call_mcp(pair["access_token"], "create_record", {"model": "res.partner", "values": {"name": "x"}})
        header = self.challenge(answer, 403)
        self.assertIn('error="insufficient_scope"', header)
        self.assertIn('scope="mcp:read mcp:write"', header)

    def test_while_the_server_is_off_nobody_gets_in_and_the_documents_stay(self):
        client = self.new_client()
        code = self.code(client, self.user)
        self.settings.enabled = False
        self.authenticate(self.user.login, self.user.login)
        self.assertAnswer(self.post("token", self.form(client, code)), 503, "temporarily_unavailable")
        self.assertAnswer(self.post("revoke", {"client_id": "x", "token": "t"}), 503, "temporarily_unavailable")
        self.assertAnswer(self.register({"redirect_uris": ["https://app.example/"]}), 403, "access_denied")
        self.assertPage(self.authorize(self.query(client)), 503)
        for path in (*RESOURCE, *SERVER):
            self.assertEqual(self.send("GET", path).status_code, 200)
        self.settings.enabled = True
        self.assertAnswer(self.post("token", self.form(client, code)), 200)
