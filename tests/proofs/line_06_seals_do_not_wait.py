"""A seal takes what is visible, and does not wait for rows that are still on their way."""

from odoo.addons.mcp_gateway.models import mcp_audit_seal

LINE = "2.6"
FILE = "test_audit_races.py"
TESTS = "late or drawn"


def apply():
    mcp_audit_seal.McpAuditSeal._writers = lambda self: set()
