from odoo import fields, models

from ..models.mcp_settings import SCOPES


class McpConnectKey(models.TransientModel):
    """Connect a New Tool with an API key."""

    _name = "mcp.connect.key"
    _inherit = ["mcp.connect.step"]
    _description = "Connect a Tool with an API Key"

    name = fields.Char(required=True)
    user_id = fields.Many2one("res.users", "Acts As", required=True, default=lambda self: self.env.user)
    scope = fields.Selection(SCOPES, required=True, default=lambda self: self.env["mcp.settings"]._get().default_scope)

    def action_connect(self):
        """Make the connection, and show its key."""
        self.ensure_one()
        connection = self.env["mcp.connection"].create(
            {"name": self.name, "user_id": self.user_id.id, "scope": self.scope}
        )
        return connection.action_generate_key()
