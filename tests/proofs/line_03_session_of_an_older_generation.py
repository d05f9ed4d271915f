"""A session is found whatever generation it was made under."""

from odoo.addons.mcp_gateway.models import mcp_connection_usage

LINE = "2.3"
FILE = "test_http_session.py"
TESTS = "could_not_see"


def apply():
    statements = mcp_connection_usage._ADMIT
    for by, statement in statements.items():
        statements[by] = statement.replace("AND generation = %(generation)s ", "")
