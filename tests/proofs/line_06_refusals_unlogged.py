"""Only what was let in is logged."""

from odoo.addons.mcp_gateway.models import mcp_gateway

LINE = "2.6"
FILE = "test_http_invariants.py"
TESTS = "line_06"


def apply():
    close = mcp_gateway.McpGateway._close

    def forgetful(self, call, reply):
        if not call.refused:
            close(self, call, reply)

    mcp_gateway.McpGateway._close = forgetful
