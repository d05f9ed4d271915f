"""The counters are written in the request's own transaction."""

from contextlib import contextmanager

from odoo.addons.mcp_gateway.models import mcp_connection_usage

LINE = "2.4"
FILE = "test_races.py"
TESTS = "two_hundred"


def apply():
    admit = mcp_connection_usage.McpConnectionUsage._admit

    def in_the_request(self, *arguments):
        @contextmanager
        def own(_registry):
            yield self.env.cr

        mcp_connection_usage.side_cursor = own
        return admit(self, *arguments)

    mcp_connection_usage.McpConnectionUsage._admit = in_the_request
