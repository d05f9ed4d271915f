"""Odoo's savepoint alone: callbacks and caches outlive the rollback."""

from contextlib import contextmanager

from odoo.addons.mcp_gateway.models import mcp_gateway_run

LINE = "2.9"
FILE = "test_http_invariants.py"
TESTS = "line_09"


def apply():
    @contextmanager
    def plain(self, call, read_only):
        with self.env.cr.savepoint():
            yield

    mcp_gateway_run.McpGateway._all_or_nothing = plain
