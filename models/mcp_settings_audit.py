from odoo import api, fields, models, tools

from ..audit.redaction import Rules
from .mcp_bounded import DAYS


class McpSettings(models.Model):
    """What the audit log keeps, and for how long."""

    _inherit = "mcp.settings"

    retention_days = fields.Integer(
        "Keep the Log (Days)",
        required=True,
        default=90,
        help="Older rows are removed, in whole sealed stretches; the seals stay. 0 keeps them for ever.",
        bounds=(0, DAYS),
    )
    log_payloads = fields.Boolean(
        "Log Requests and Responses", help="What AI tools send and get, without passwords, keys and other secrets."
    )
    payload_kb = fields.Integer(
        "Kilobytes per Request and Response",
        required=True,
        default=16,
        bounds=(1, 1000),
    )
    redacted_fields = fields.Text(
        "Fields Never Logged",
        help="Names of fields, one a line, whose values are left out of logged requests and responses, for example "
        "bank_account_id. Those of passwords and keys always are.",
    )
    # A seed of Ed25519; not used where Odoo's configuration file has a key.
    audit_key = fields.Char(groups=fields.NO_ACCESS, copy=False)

    def write(self, vals):
        done = super().write(vals)
        if not vals.keys().isdisjoint(("log_payloads", "payload_kb", "redacted_fields")):
            self.env.registry.clear_cache()
        return done

    @api.model
    @tools.ormcache()
    def _payload_rules(self) -> Rules | None:
        """How requests and responses are logged, None if they are not."""
        settings = self._get()
        if not settings.log_payloads:
            return None
        names = frozenset(line.strip().lower() for line in (settings.redacted_fields or "").splitlines())
        return Rules(names - {""}, settings.payload_kb * 1000)
