from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..protocol import addresses
from .mcp_bounded import SLOTS

RULES = ("allowed_ips", "blocked_ips")


class McpConnection(models.Model):
    """Where a connection's calls may come from, and how many of them at once (FEATURES G5; issue of governance)."""

    _inherit = "mcp.connection"

    allowed_ips = fields.Text(
        "Allowed Addresses",
        tracking=True,
        help="IPv4 or IPv6 addresses and networks, one a line, such as 192.0.2.0/24; # begins a comment. Empty: all.",
    )
    blocked_ips = fields.Text("Blocked Addresses", tracking=True, help="As above. What is blocked is never allowed.")
    max_in_flight = fields.Integer(
        "Calls at Once",
        default=lambda self: self._default_from_settings("default_in_flight"),
        tracking=True,
        help="So many calls may run at the same time, but always one less than Odoo has workers, so that one AI tool "
        "with slow calls never keeps people out. 0 means no limit.",
        bounds=(0, SLOTS),
    )

    @api.constrains(*RULES)
    def _check_ip_rules(self):
        for connection in self:
            for name in RULES:
                try:
                    addresses.parse(connection[name] or "")
                except addresses.InvalidRule as error:
                    field = self._fields[name].get_description(self.env, ["string"])["string"]
                    raise ValidationError(
                        self.env._(
                            "%(field)s, line %(number)s: %(line)s is no address and no network. Write 192.0.2.7, "
                            "192.0.2.0/24 or 2001:db8::/32, one a line.",
                            field=field,
                            number=error.number,
                            line=error.line,
                        )
                    ) from None
