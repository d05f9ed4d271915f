from odoo import api, fields, models

from ..protocol import credentials


class McpApiKey(models.Model):
    """A secret of a connection: its digest, and what tells people which key it is."""

    _name = "mcp.api.key"
    _description = "MCP API Key"
    _inherit = ["mcp.connection.dependent", "mcp.live.secret"]
    _order = "id desc"
    _allow_sudo_commands = False

    connection_id = fields.Many2one("mcp.connection", required=True, index=True, ondelete="restrict", readonly=True)
    generation = fields.Integer(required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    hint = fields.Char("Key", required=True, readonly=True, help="The beginning and the last four characters.")

    _digest_unique = models.Constraint("UNIQUE (digest)", "This key exists already.")

    @api.model
    def _mint(self, connection) -> str:
        """Make a key for ``connection``; the plaintext is returned and kept nowhere."""
        secret = credentials.mint(credentials.Kind.API_KEY)
        self.create(
            {
                "connection_id": connection.id,
                "generation": connection.generation,
                "digest": self.env["mcp.secret"]._digest(secret),
                "hint": credentials.parse(secret).hint,
            }
        )
        return secret

    def _connections(self):
        return self.sudo().connection_id

    def _retire(self, reason: str) -> None:
        remembered = self.env["mcp.retired.secret"]._values_of(self, reason)
        # First: of two that bury one key at once, PostgreSQL refuses the later so that Odoo runs it again. It would
        # refuse a second row about the key too, but for good.
        self.unlink()
        self.env["mcp.retired.secret"].sudo().create(remembered)

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        return self.env._("API keys"), sum(len(connection._live_keys()) for connection in connections.sudo())

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        connections.sudo().api_key_ids._retire("revoked")
