"""A record behind a rule is told apart from one that is not there."""

from odoo.addons.mcp_gateway.models import mcp_gateway_run

LINE = "2.13"
FILE = "test_http_invariants.py"
TESTS = "line_13"


def apply():
    explain = mcp_gateway_run.McpGateway._explain

    def talkative(self, call, error):
        record = self.env.get(call.arguments.get("model"))
        if record is not None and record.sudo().browse(call.arguments.get("id", 0)).exists():
            return "You may not see this record."
        return explain(self, call, error)

    mcp_gateway_run.McpGateway._explain = talkative
