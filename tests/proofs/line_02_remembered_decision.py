"""Each worker remembers what it once looked up."""

from odoo.addons.mcp_gateway.models import mcp_gateway

LINE = "2.2"
FILE = "test_real_client.py"
TESTS = "whole_life and legacy"


def apply():
    look_up, known = mcp_gateway.McpGateway._look_up, {}

    def remembering(self, bearer):
        if bearer.token not in known:
            known[bearer.token] = look_up(self, bearer)
        return known[bearer.token]

    mcp_gateway.McpGateway._look_up = remembering
