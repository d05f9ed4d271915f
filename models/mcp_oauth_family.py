from datetime import timedelta

from odoo import api, fields, models

KEEP_DAYS = 30
BATCH = 1000


class McpOauthFamily(models.Model):
    """One consent, and all the tokens that follow from it: they live and end together."""

    _name = "mcp.oauth.family"
    _description = "MCP OAuth Consent"
    _inherit = ["mcp.connection.dependent"]
    _order = "id desc"
    _allow_sudo_commands = False

    connection_id = fields.Many2one("mcp.connection", required=True, index=True, ondelete="restrict", readonly=True)
    generation = fields.Integer(required=True, readonly=True)
    client_ref_id = fields.Many2one(
        "mcp.oauth.client", "OAuth Client", required=True, index=True, ondelete="restrict", readonly=True
    )
    user_id = fields.Many2one("res.users", required=True, ondelete="restrict", readonly=True, index=True)
    scope = fields.Char(required=True, readonly=True)
    resource = fields.Char(required=True, readonly=True)
    ended_at = fields.Datetime(readonly=True)
    end_reason = fields.Selection(
        [
            ("revoked", "Connection revoked"),
            ("reused", "A spent code or token came back"),
            ("client", "Ended by the application"),
            ("user", "User archived or without the group"),
        ],
        readonly=True,
    )

    @api.model
    def _begin(self, connection, client, user, scope: str, resource: str):
        return self.sudo().create(
            {
                "connection_id": connection.id,
                "generation": connection.generation,
                "client_ref_id": client.id,
                "user_id": user.id,
                "scope": scope,
                "resource": resource,
            }
        )

    def _alive(self):
        """Those that count."""
        return self.filtered(lambda f: not f.ended_at and f.generation == f.connection_id.generation)

    def _end(self, reason: str) -> None:
        self.sudo().filtered(lambda family: not family.ended_at).write(
            {"ended_at": fields.Datetime.now(), "end_reason": reason}
        )

    def _end_at_once(self, reason: str) -> None:
        """End this one where nothing else of its connection changes; calls in flight do not commit (DESIGN §2.3).

        First the connection, then the family: the order of a revocation.
        """
        self.ensure_one()
        if self.ended_at:
            return
        self.connection_id._touch_credential()
        # Somebody may have ended it while this waited.
        self.invalidate_recordset(["ended_at"])
        self._end(reason)

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        alive = self.search([("connection_id", "in", connections.ids), ("ended_at", "=", False)])
        return self.env._("consents"), len(alive._alive())

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        self.search([("connection_id", "in", connections.ids), ("ended_at", "=", False)])._end("revoked")

    @api.autovacuum
    def _gc_ended(self):
        """Forget consents without any token, a month after; the audit log keeps that they were."""
        limit = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        with_tokens = self.env["mcp.oauth.token"].sudo()._search([]).subselect("family_id")
        gone = self.sudo().search([("create_date", "<", limit), ("id", "not in", with_tokens)], limit=BATCH)
        gone.unlink()
        return len(gone), len(gone) == BATCH
