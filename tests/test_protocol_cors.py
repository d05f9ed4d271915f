"""What a browser is told."""

from odoo.tests import BaseCase

from ..protocol import cors
from ..protocol.messages import Exchange


def _exchange(**headers: str) -> Exchange:
    return Exchange("OPTIONS", tuple((name.replace("_", "-"), v) for name, v in headers.items()), "", b"", "192.0.2.1")


class TestCors(BaseCase):
    def test_a_program_hears_nothing_of_it(self):
        """Fetch Standard §3.2.1: only a browser sends an Origin."""
        self.assertEqual(cors.of_answer(_exchange(Host="odoo.example.com")), ())

    def test_an_answer_may_be_read_by_the_page_that_asked_and_no_other(self):
        """Fetch Standard §3.2.3: the one origin, and the headers that a client has to see."""
        headers = dict(cors.of_answer(_exchange(Origin="https://tools.example.com")))
        self.assertEqual(headers["Access-Control-Allow-Origin"], "https://tools.example.com")
        self.assertIn("Mcp-Session-Id", headers["Access-Control-Expose-Headers"])
        self.assertIn("WWW-Authenticate", headers["Access-Control-Expose-Headers"])
        # A cookie is no way in, so none is asked for.
        self.assertNotIn("Access-Control-Allow-Credentials", headers)

    def test_a_preflight_allows_every_header_of_the_protocol(self):
        """PROTOCOL §7.12: Authorization by name, because a * does not cover it; Mcp-Param-* as asked for."""
        asked = "authorization, mcp-protocol-version, Mcp-Param-Region, x-evil, Mcp-Param-;bad"
        headers = dict(cors.of_preflight(_exchange(Origin="https://a.example", Access_Control_Request_Headers=asked)))
        allowed = headers["Access-Control-Allow-Headers"].split(", ")
        for name in ("Authorization", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id"):
            self.assertIn(name, allowed)
        self.assertIn("Mcp-Param-Region", allowed)
        self.assertNotIn("x-evil", allowed)
        self.assertNotIn("Mcp-Param-;bad", allowed)
        self.assertEqual(headers["Access-Control-Allow-Methods"], "POST, OPTIONS")
