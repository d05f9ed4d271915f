from odoo import api, fields, models


class McpRetiredSecret(models.Model):
    """Digest of a dead secret, read only after authentication failed. It can authenticate nothing."""

    _name = "mcp.retired.secret"
    _description = "MCP Retired Secret"
    _order = "id desc"

    connection_id = fields.Many2one("mcp.connection", required=True, index=True, ondelete="restrict", readonly=True)
    digest = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    hint = fields.Char("Key", required=True, readonly=True)
    reason = fields.Selection([("rotated", "Rotated away"), ("revoked", "Revoked")], required=True, readonly=True)

    _digest_unique = models.Constraint("UNIQUE (digest)", "This secret is retired already.")

    @api.model
    def _values_of(self, keys, reason: str) -> list[dict]:
        return [
            {"connection_id": key.connection_id.id, "digest": key.digest, "hint": key.hint, "reason": reason}
            for key in keys
        ]

    @api.model
    def _find(self, digest: str):
        return self.sudo().search([("digest", "=", digest)])
