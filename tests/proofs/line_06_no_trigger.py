"""Only the ORM guards the log."""

from odoo.addons.mcp_gateway.models import mcp_audit_log

LINE = "2.6"
FILE = "test_http_invariants.py"
TESTS = "line_06"


def apply():
    mcp_audit_log.McpAuditLog._register_hook = lambda self: self._drop_guard()
