"""Tools run as the user, but without Odoo's checks."""

from odoo.addons.mcp_gateway.models import mcp_gateway_run

LINE = "2.5"
FILE = "test_http_invariants.py"
TESTS = "line_05"


def apply():
    mcp_gateway_run.McpGateway._user_env = lambda self, call: self.env(user=call.caller.user_id, su=True)
