"""The counters are written in the request's own transaction."""

from odoo.addons.mcp_gateway.models import mcp_connection_usage

LINE = "2.4"
FILE = "test_races.py"
TESTS = "two_hundred"


def apply():
    admit = mcp_connection_usage.McpConnectionUsage._admit

    def in_the_request(self, *arguments):
        def own(_registry, statement, values):
            self.env.cr.execute(statement, values)
            return self.env.cr.fetchone()

        mcp_connection_usage.side_statement = own
        return admit(self, *arguments)

    mcp_connection_usage.McpConnectionUsage._admit = in_the_request
