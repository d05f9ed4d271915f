"""An approved call commits whatever happened to its connection while it ran."""

from odoo.addons.mcp_gateway.models import mcp_gateway_approval

LINE = "2.3"
FILE = "test_approval_races.py"
TESTS = "after_revoke or waits_for_no"


def apply():
    mcp_gateway_approval.McpGateway._close_approved = lambda self, calls: self.env.cr.flush()
