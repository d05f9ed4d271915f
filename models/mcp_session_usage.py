from odoo import fields, models


class McpSessionUsage(models.Model):
    """The hot counters of a session, apart from the row that buttons write (DESIGN §2.4)."""

    _name = "mcp.session.usage"
    _description = "MCP Session Usage"
    _log_access = False

    last_activity = fields.Datetime(readonly=True, index=True)
    request_count = fields.Integer(readonly=True)
