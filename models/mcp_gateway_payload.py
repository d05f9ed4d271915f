from odoo import api, models

from ..audit import redaction
from .call import Call, Reply


class McpGateway(models.AbstractModel):
    """What the log keeps of a request and its response, where an administrator wants that."""

    _inherit = "mcp.gateway"

    @api.model
    def _payloads(self, call: Call, reply: Reply) -> dict[str, str]:
        """Columns of the log; none unless payloads are logged, and none of a caller that nobody knows."""
        rules = self.env["mcp.settings"]._payload_rules()
        if rules is None or call.caller is None or not call.caller.connection_id:
            return {}
        values = {"request_payload": redaction.payload(call.exchange.body, rules)}
        if reply.body is not None:
            values["response_payload"] = redaction.payload(reply.body, rules)
        return values
