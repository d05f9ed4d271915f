"""The code of a tool decides as a person does."""

from odoo.addons.mcp_gateway.models import mcp_approval_decision

LINE = "2.8"
FILE = "test_http_approval_rights.py"
TESTS = "server_action_for_ai"


def apply():
    mcp_approval_decision.McpApproval._check_is_person = lambda self: None
