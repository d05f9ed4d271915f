from datetime import datetime, timedelta, timezone

from odoo import api, fields, models

# An assertion that promises to live longer is not remembered for so long, so it is not accepted.
LONGEST = timedelta(hours=1)


class McpOauthAssertion(models.Model):
    """Assertions that applications signed to authenticate, so that none is used twice (RFC 7523 §3)."""

    _name = "mcp.oauth.assertion"
    _description = "MCP OAuth Assertion"
    _log_access = False

    client_id = fields.Char(required=True, readonly=True)
    jti = fields.Char(required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True, index=True)

    _once = models.Constraint("UNIQUE (client_id, jti)", "This assertion was used.")

    @api.model
    def _remember(self, client_id: str, jti: str, expires: int) -> bool:
        """:return: whether this is its first use"""
        now = fields.Datetime.now()
        try:
            expires_at = datetime.fromtimestamp(expires, timezone.utc).replace(tzinfo=None)
        except (ValueError, OverflowError, OSError, TypeError):
            return False
        if len(jti) > 200 or expires_at > now + LONGEST:
            return False
        self.env.cr.execute(
            "INSERT INTO mcp_oauth_assertion (client_id, jti, expires_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (client_id, jti) DO NOTHING RETURNING id",
            [client_id, jti, expires_at],
        )
        return bool(self.env.cr.fetchone())

    @api.autovacuum
    def _gc_expired(self):
        limit = fields.Datetime.now() - timedelta(hours=1)
        old = self.sudo().search([("expires_at", "<", limit)], limit=1000)
        old.unlink()
        return len(old), len(old) == 1000
