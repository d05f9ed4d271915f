"""An approval counts, under which generation it may have been asked for."""

from odoo.addons.mcp_gateway.models import mcp_approval

LINE = "2.3"
FILE = "test_http_approval.py"
TESTS = "could_not_see"


def apply():
    field_to_sql = mcp_approval.McpApproval._field_to_sql

    def blind(self, alias, field_expr, query=None):
        return field_to_sql(self, alias, "state" if field_expr == "status" else field_expr, query)

    mcp_approval.McpApproval._field_to_sql = blind
