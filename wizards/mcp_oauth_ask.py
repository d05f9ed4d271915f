from odoo import api, fields, models


class McpOauthAsk(models.TransientModel):
    """Asks before a button of a connection whose OAuth client others share: SPEC's words, and how many others.

    Odoo's own confirmation of a button knows no numbers. Which connection it is stands in the context, as in
    ``mcp.rotate.overlap``.
    """

    _name = "mcp.oauth.ask"
    _description = "Ask About a Shared MCP OAuth Client"

    asked = fields.Selection(
        [("rotate_secret", "Rotate Secret Key"), ("revoke", "Revoke")],
        required=True,
        readonly=True,
        default=lambda self: self.env.context.get("asked"),
    )
    sharing_count = fields.Integer(compute="_compute_sharing_count")

    @api.depends_context("connection_id")
    def _compute_sharing_count(self):
        connection = self._connection()
        connection.check_access("read")
        self.sharing_count = connection.sharing_count

    @api.model
    def _connection(self):
        return self.env["mcp.connection"].browse(self.env.context.get("connection_id"))

    @api.model
    def _action_ask(self, connection, asked: str) -> dict:
        """:param asked: what the button does, one of ``asked``"""
        connection.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Confirmation"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"connection_id": connection.id, "asked": asked, "dialog_size": "medium"},
        }

    def action_rotate_secret(self):
        return self._connection().action_rotate_secret()

    def action_revoke(self):
        return self._connection().action_revoke()

    def action_view_sharing(self):
        return self._connection().action_view_sharing()
