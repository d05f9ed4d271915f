"""Each worker counts for itself."""

from collections import Counter

from odoo.addons.mcp_gateway.models import mcp_connection_usage

LINE = "2.7"
FILE = "test_limits.py"
TESTS = "exactly"


def apply():
    seen = Counter()

    def count(self, caller, *_arguments):
        seen[caller.usage_id] += 1
        count = seen[caller.usage_id]
        return mcp_connection_usage.Admission(count, count, 30, 30, False, False, None)

    mcp_connection_usage.McpConnectionUsage._admit = count
