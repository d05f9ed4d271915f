import base64
import secrets

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..audit.signing import InvalidKey, SigningKey

# In Odoo's configuration file, where nobody who only reaches the database finds it.
OPTION = "mcp_audit_key"


class McpAuditKey(models.AbstractModel):
    """The key that signs seals and exports: the one of Odoo's configuration file, else one that the database keeps."""

    _name = "mcp.audit.key"
    _description = "MCP Audit Signing Key"

    @api.model
    def _get(self) -> SigningKey:
        """:raise UserError: if the configuration file has something else there"""
        if text := config.get(OPTION):
            try:
                return SigningKey.from_text(text)
            except InvalidKey:
                raise UserError(
                    self.env._(
                        "The option %(option)s in Odoo's configuration file is no key. "
                        "Make one with: openssl rand -base64 32",
                        option=OPTION,
                    )
                ) from None
        return SigningKey.from_text(self._of_database())

    @api.model
    def _is_configured(self) -> bool:
        return bool(config.get(OPTION))

    @api.model
    def _of_database(self) -> str:
        """The database's own key, made when it is first needed."""
        settings = self.env["mcp.settings"]._get()
        if not settings.audit_key:
            settings.audit_key = base64.b64encode(secrets.token_bytes(32)).decode()
        return settings.audit_key
