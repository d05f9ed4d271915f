from odoo import api, fields, models
from odoo.exceptions import UserError


class McpConnectionRevoke(models.TransientModel):
    """Asks once before several connections are revoked, and says in numbers what that ends."""

    _name = "mcp.connection.revoke"
    _description = "Revoke MCP Connections"

    connection_ids = fields.Many2many("mcp.connection", required=True, readonly=True)
    connection_count = fields.Integer(compute="_compute_what_ends")
    what_ends = fields.Char(compute="_compute_what_ends")

    @api.depends("connection_ids")
    def _compute_what_ends(self):
        for wizard in self:
            connections = wizard.connection_ids._origin
            connections.check_access("read")
            wizard.connection_count = len(connections)
            wizard.what_ends = self.env["mcp.connection.dependent"]._tell_alive_of(connections)

    @api.model
    def _action_ask(self, connections) -> dict:
        if not connections:
            raise UserError(
                self.env._("None of the selected connections can be revoked by you, or all are revoked already.")
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Revoke Selected"),
            "res_model": self._name,
            "res_id": self.create({"connection_ids": connections.ids}).id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_revoke(self):
        self.connection_ids.action_revoke()
        return {"type": "ir.actions.client", "tag": "soft_reload"}
