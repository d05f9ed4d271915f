"""Whatever hangs on a connection counts, under which generation it may have been made."""

from odoo.addons.mcp_gateway.models import mcp_gateway

LINE = "2.3"
FILE = "test_http_invariants.py"
TESTS = "line_03"


def apply():
    look_up = mcp_gateway.McpGateway._look_up

    def blind(self, bearer):
        caller = look_up(self, bearer)
        return caller._replace(credential_generation=caller.generation)

    mcp_gateway.McpGateway._look_up = blind
