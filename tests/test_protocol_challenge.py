from odoo.tests import BaseCase

from odoo.addons.mcp_gateway.protocol.challenge import bearer_challenge

METADATA = "https://odoo.example.com/.well-known/oauth-protected-resource/mcp"


class TestBearerChallenge(BaseCase):
    def test_all_parameters_are_quoted_in_one_challenge(self):
        """RFC 6750 §3, RFC 9728 §5.1; python-sdk reads the header with one regular expression (PROTOCOL §2G)."""
        header = bearer_challenge(
            resource_metadata=METADATA,
            scope="mcp:read mcp:write",
            error="insufficient_scope",
            description="This needs more.",
        )
        self.assertEqual(
            header,
            f'Bearer resource_metadata="{METADATA}", scope="mcp:read mcp:write", '
            'error="insufficient_scope", error_description="This needs more."',
        )

    def test_without_credentials_no_error_is_named(self):
        """RFC 6750 §3.1."""
        self.assertEqual(bearer_challenge(scope="mcp:read"), 'Bearer scope="mcp:read"')

    def test_a_challenge_has_at_least_one_parameter(self):
        """RFC 6750 §3."""
        for arguments in ({}, {"scope": ""}, {"description": "é\n"}):
            with self.subTest(arguments=arguments):
                self.assertEqual(bearer_challenge(**arguments), 'Bearer realm="MCP"')

    def test_no_value_can_end_its_quotes_or_the_header(self):
        """RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E; anything else would inject a parameter or a header."""
        evil = 'a", error="b\\\r\nSet-Cookie: x\x00\x7f\t…é'
        for name in ("resource_metadata", "scope", "error", "description"):
            with self.subTest(name=name):
                header = bearer_challenge(**{name: evil})
                self.assertRegex(header, r'\ABearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"\Z')
                self.assertEqual(header.count('"'), 2)
