from datetime import timedelta

from odoo import api, fields, models

from ..protocol import credentials


class McpOauthToken(models.Model):
    """An access or a refresh token: its digest, and when it ends. Whether it counts is its family's to say."""

    _name = "mcp.oauth.token"
    _description = "MCP OAuth Token"
    _order = "id desc"
    _allow_sudo_commands = False

    family_id = fields.Many2one("mcp.oauth.family", required=True, index=True, ondelete="cascade", readonly=True)
    kind = fields.Selection([("access", "Access"), ("refresh", "Refresh")], required=True, readonly=True)
    digest = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    hint = fields.Char("Token", required=True, readonly=True)
    scope = fields.Char(required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    # When a refresh token was used first; for a grace time it may be used again (FEATURES O8).
    spent_at = fields.Datetime(readonly=True)

    _digest_unique = models.Constraint("UNIQUE (digest)", "This token exists already.")

    @api.model
    def _mint(self, family, kind: str, scope: str, lifetime: timedelta) -> str:
        """:return: the plaintext, for this one time"""
        secret = credentials.mint(credentials.Kind.ACCESS_TOKEN if kind == "access" else credentials.Kind.REFRESH_TOKEN)
        self.sudo().create(
            {
                "family_id": family.id,
                "kind": kind,
                "digest": self.env["mcp.secret"]._digest(secret),
                "hint": credentials.parse(secret).hint,
                "scope": scope,
                "expires_at": fields.Datetime.now() + lifetime,
            }
        )
        return secret

    @api.model
    def _find(self, secret: str):
        """The token with this plaintext, or none; whether it still counts is another question."""
        parsed = credentials.parse(secret)
        digest = parsed and self.env["mcp.secret"]._digest(parsed.text)
        return self.sudo().search([("digest", "=", digest)]) if digest else self.sudo()

    @api.model
    def _find_live(self, secret: str):
        """The token with this plaintext, if something can be had with it, or none."""
        now = fields.Datetime.now()
        return self._find(secret).filtered(lambda token: token.expires_at > now and token.family_id._alive())

    @api.autovacuum
    def _gc_expired(self):
        """Spent refresh tokens stay until they would have ended, so that a late reuse is noticed."""
        old = self.sudo().search([("expires_at", "<", fields.Datetime.now() - timedelta(days=1))], limit=1000)
        old.unlink()
        return len(old), len(old) == 1000
