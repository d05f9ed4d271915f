"""Whoever clicks runs the call, whether or not somebody decided before."""

from odoo.addons.mcp_gateway.models import mcp_approval_decision

LINE = "2.8"
FILE = "test_approval_races.py"
TESTS = "ten_clicks"


def apply():
    mcp_approval_decision.McpApproval._check_can = lambda self, action: None
    mcp_approval_decision.McpApproval._lock = lambda self: self.sudo()
