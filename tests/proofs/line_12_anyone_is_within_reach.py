"""An MCP Administrator makes a key for anyone."""

from odoo.addons.mcp_gateway.models import mcp_connection_credentials

LINE = "2.12"
FILE = "test_http_invariants.py"
TESTS = "line_12"


def apply():
    mcp_connection_credentials.McpConnection._is_within_reach = lambda self: True
