"""Revoke locks requests like any other row, and fails when one of them was decided since it began."""

from odoo.addons.mcp_gateway.models import mcp_approval

LINE = "2.4"
FILE = "test_approval_races.py"
TESTS = "does_not_run_again"


def apply():
    mcp_approval.McpApproval._lock_undecided = lambda self: self.try_lock_for_update(allow_referencing=True)
