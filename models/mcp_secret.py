import hashlib
import hmac

from odoo import api, models

from ..protocol import credentials


class McpSecret(models.AbstractModel):
    """How a secret becomes what the database keeps of it (DESIGN §4)."""

    _name = "mcp.secret"
    _description = "MCP Secret"

    @api.model
    def _pepper(self) -> bytes:
        """The key of every digest, 32 bytes, different in each database.

        Derived from Odoo's own ``database.secret``, which Odoo renews when a database is copied: the copy then accepts
        no key of the original.
        """
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.digest(secret.encode(), b"mcp_gateway credential digest", hashlib.sha256)

    @api.model
    def _digest(self, secret: str) -> str:
        return credentials.digest(secret, self._pepper())

    @api.model
    def _fingerprint(self) -> str:
        """Tells two peppers apart without revealing either."""
        return hashlib.sha256(b"mcp_gateway fingerprint" + self._pepper()).hexdigest()[:16]
