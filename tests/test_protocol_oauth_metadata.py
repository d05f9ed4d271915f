from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.oauth import metadata, scopes

ISSUER = "https://odoo.example.com"


class TestMetadata(BaseCase):
    def test_the_issuer_stands_everywhere_in_the_same_spelling(self):
        """RFC 8414 §3.3, PROTOCOL §7.1: strict clients compare character by character."""
        server = metadata.authorization_server(ISSUER, registration=True)
        self.assertEqual(server["issuer"], ISSUER)
        self.assertEqual(metadata.protected_resource(ISSUER)["authorization_servers"], [ISSUER])
        for name, value in server.items():
            if name.endswith("_endpoint"):
                with self.subTest(name=name):
                    self.assertTrue(value.startswith(f"{ISSUER}/mcp/oauth/"))

    def test_a_client_learns_all_that_it_must(self):
        """PROTOCOL §2F and §2G; RFC 8414 §2: algorithms MUST be listed beside private_key_jwt."""
        server = metadata.authorization_server(ISSUER, registration=True)
        self.assertEqual(server["authorization_endpoint"], f"{ISSUER}/mcp/oauth/authorize")
        self.assertEqual(server["token_endpoint"], f"{ISSUER}/mcp/oauth/token")
        self.assertEqual(server["revocation_endpoint"], f"{ISSUER}/mcp/oauth/revoke")
        self.assertEqual(server["registration_endpoint"], f"{ISSUER}/mcp/oauth/register")
        self.assertEqual(server["code_challenge_methods_supported"], ["S256"])
        self.assertEqual(server["response_types_supported"], ["code"])
        self.assertEqual(server["grant_types_supported"], ["authorization_code", "refresh_token", "client_credentials"])
        methods = ["none", "client_secret_post", "client_secret_basic", "private_key_jwt"]
        self.assertEqual(server["token_endpoint_auth_methods_supported"], methods)
        self.assertIs(server["authorization_response_iss_parameter_supported"], True)
        self.assertIs(server["client_id_metadata_document_supported"], True)
        for endpoint in ("token", "revocation"):
            self.assertEqual(server[f"{endpoint}_endpoint_auth_signing_alg_values_supported"], ["RS256", "ES256"])

    def test_what_there_is_not_is_not_named(self):
        """FEATURES O3, O9; PROTOCOL §2E: offline_access is in no document."""
        server = metadata.authorization_server(ISSUER, registration=False)
        self.assertNotIn("registration_endpoint", server)
        self.assertNotIn("introspection_endpoint", server)
        for document in (server, metadata.protected_resource(ISSUER)):
            self.assertEqual(document["scopes_supported"], ["mcp:read", "mcp:write", "mcp:execute"])
            self.assertTrue(all(value not in (None, "", []) for value in document.values()))

    def test_the_resource_is_the_address_of_the_endpoint(self):
        """RFC 9728 §3.3; VS Code, n8n, rmcp and Gemini CLI give up on another one (PROTOCOL §2E)."""
        resource = metadata.protected_resource(ISSUER)
        self.assertEqual(resource["resource"], f"{ISSUER}/mcp")
        self.assertEqual(resource["bearer_methods_supported"], ["header"])


class TestScopes(BaseCase):
    def test_each_level_contains_the_ones_before(self):
        """DESIGN §5."""
        for level, scope in (
            ("read", "mcp:read"),
            ("write", "mcp:read mcp:write"),
            ("execute", "mcp:read mcp:write mcp:execute"),
            ("custom", "mcp:read mcp:write mcp:execute"),
            ("", "mcp:read"),
            (None, "mcp:read"),
            ("other", "mcp:read"),
        ):
            with self.subTest(level=level):
                self.assertEqual(scopes.granted(level), scope)

    def test_nobody_is_granted_more_than_there_is(self):
        """RFC 6749 §3.3, §6."""
        for asked, held, expected in (
            ("mcp:read", "mcp:read mcp:write", "mcp:read"),
            ("mcp:write", "mcp:read mcp:write mcp:execute", "mcp:read mcp:write"),
            ("mcp:execute", "mcp:read mcp:write", "mcp:read mcp:write"),
            ("mcp:write  mcp:read mcp:read", "mcp:read mcp:write", "mcp:read mcp:write"),
            ("mcp:write", "", ""),
        ):
            with self.subTest(asked=asked, held=held):
                self.assertEqual(scopes.narrow(asked, held), expected)

    def test_who_names_no_scope_gets_what_there_is(self):
        """RFC 6749 §3.3; ChatGPT leaves it out when it reconnects (PROTOCOL §2F)."""
        for asked in (None, "", "  "):
            with self.subTest(asked=asked):
                self.assertEqual(scopes.narrow(asked, "mcp:read mcp:write"), "mcp:read mcp:write")

    def test_unknown_scopes_are_passed_over(self):
        """RFC 6749 §3.3; Claude adds offline_access (PROTOCOL §7.11)."""
        for asked, expected in (
            ("offline_access", "mcp:read mcp:write"),
            ("openid profile", "mcp:read mcp:write"),
            ("mcp:read offline_access", "mcp:read"),
            ("MCP:WRITE mcp:read", "mcp:read"),
        ):
            with self.subTest(asked=asked):
                self.assertEqual(scopes.narrow(asked, "mcp:read mcp:write"), expected)
        self.assertEqual(scopes.normalise("x mcp:write"), "mcp:read mcp:write")
        self.assertEqual(scopes.normalise("offline_access"), "")
        for scope, level in ((None, "read"), ("mcp:write", "write"), ("x mcp:read mcp:execute", "execute")):
            self.assertEqual(scopes.level_of(scope), level)
        self.assertEqual(scopes.normalise(None), "")

    def test_the_resource_may_be_spelt_in_several_ways(self):
        """PROTOCOL §2E, §7.2."""
        for named in (
            "https://odoo.example.com/mcp",
            "https://odoo.example.com/mcp/",
            "HTTPS://Odoo.Example.COM/mcp",
            "https://odoo.example.com:443/mcp",
        ):
            with self.subTest(named=named):
                self.assertTrue(scopes.is_same_resource(named, f"{ISSUER}/mcp"))

    def test_another_resource_is_another(self):
        """RFC 8707 §2."""
        for named in (
            "",
            "https://odoo.example.com",
            "https://odoo.example.com/MCP",
            "https://odoo.example.com/mcp//",
            "https://odoo.example.com/mcp#",
            "https://odoo.example.com/mcp#x",
            "https://odoo.example.com/mcp?x",
            "https://odoo.example.com:444/mcp",
            "https://odoo.example.com:x/mcp",
            "http://odoo.example.com/mcp",
            "https://x@odoo.example.com/mcp",
            "https://odoo.example.com/x/../mcp",
            "https://evil.example/mcp",
            "https://odoo.example.com/mcp\n",
            "https://[/mcp",
        ):
            with self.subTest(named=named):
                self.assertFalse(scopes.is_same_resource(named, f"{ISSUER}/mcp"))
