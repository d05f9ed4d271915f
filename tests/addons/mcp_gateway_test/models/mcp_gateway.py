from datetime import datetime

from odoo import fields, models


class McpGateway(models.AbstractModel):
    _inherit = "mcp.gateway"

    def _clock(self) -> datetime | None:
        """A test can stop the clock of the rate windows on all workers."""
        stopped = self.env["ir.config_parameter"].sudo().get_param("mcp_gateway_test.clock")
        return fields.Datetime.to_datetime(stopped) if stopped else super()._clock()
