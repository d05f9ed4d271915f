from odoo import api, fields, models
from odoo.tools import SQL


class McpSecretUsage(models.Model):
    """When and from where one secret was last used, apart from the secret itself: see ``mcp.connection.usage``."""

    _name = "mcp.secret.usage"
    _description = "MCP Secret Usage"
    _log_access = False

    last_used = fields.Datetime(readonly=True)
    last_ip = fields.Char("Last Address", readonly=True)

    @api.autovacuum
    def _gc_ownerless(self):
        """Forget the use of secrets that are gone.

        Not when they go: a button would then write a row that calls write, and lose against them (DESIGN §2.4).
        """
        owners = [
            SQL("NOT EXISTS (SELECT FROM %s WHERE usage_id = u.id)", SQL.identifier(model._table))
            for model in self.env["mcp.live.secret"]._kinds()
        ]
        self.env.cr.execute(SQL("DELETE FROM mcp_secret_usage u WHERE %s", SQL(" AND ").join(owners)))
