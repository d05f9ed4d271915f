"""What is approved runs with whatever arguments the row holds by then."""

import json

from odoo.addons.mcp_gateway.models import mcp_approval

LINE = "2.8"
FILE = "test_http_approval_execution.py"
TESTS = "changed_by_hand"


def apply():
    mcp_approval.McpApproval._read_arguments = lambda self: json.loads(self.arguments)
