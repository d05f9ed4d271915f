from datetime import timedelta

from odoo import api, fields, models

from ..protocol import credentials

SECONDS = 60


class McpOauthCode(models.Model):
    """An authorization code: good for a minute, once (OAuth 2.1 §4.1.2)."""

    _name = "mcp.oauth.code"
    _description = "MCP OAuth Code"
    _order = "id desc"
    _allow_sudo_commands = False

    family_id = fields.Many2one("mcp.oauth.family", required=True, index=True, ondelete="cascade", readonly=True)
    digest = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    redirect_uri = fields.Char(required=True, readonly=True)
    challenge = fields.Char(required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    spent_at = fields.Datetime(readonly=True)

    _digest_unique = models.Constraint("UNIQUE (digest)", "This code exists already.")

    @api.model
    def _mint(self, family, redirect_uri: str, challenge: str) -> str:
        """:return: the plaintext, for this one time"""
        code = credentials.mint(credentials.Kind.CODE)
        self.sudo().create(
            {
                "family_id": family.id,
                "digest": self.env["mcp.secret"]._digest(code),
                "redirect_uri": redirect_uri,
                "challenge": challenge,
                "expires_at": fields.Datetime.now() + timedelta(seconds=SECONDS),
            }
        )
        return code

    @api.autovacuum
    def _gc_expired(self):
        old = self.sudo().search([("expires_at", "<", fields.Datetime.now() - timedelta(days=1))], limit=1000)
        old.unlink()
        return len(old), len(old) == 1000
