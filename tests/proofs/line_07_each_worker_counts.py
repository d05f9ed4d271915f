"""Each worker counts for itself."""

from collections import Counter

from odoo.addons.mcp_gateway.models import mcp_connection_usage

LINE = "2.7"
FILE = "test_races.py"
TESTS = "limiter"


def apply():
    seen = Counter()

    def count(self, usage_id, *_arguments):
        seen[usage_id] += 1
        return mcp_connection_usage.Admission(seen[usage_id], seen[usage_id], 30, 30)

    mcp_connection_usage.McpConnectionUsage._admit = count
