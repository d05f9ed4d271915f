from urllib.parse import urlsplit

from odoo import fields, http, models
from odoo.http import request
from odoo.tools import config

# What a proxy adds to the requests that it hands on.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded")
OURS = ("/mcp", "/mcp/", "/.well-known/oauth-")


class McpSettings(models.Model):
    """What of the server's own configuration would make AI tools fail, or the audit log say what is not (N3).

    The fix of each is a line in Odoo's configuration file, which no button can write.
    """

    _inherit = "mcp.settings"

    is_proxy_ignored = fields.Boolean(compute="_compute_checks")
    has_one_worker = fields.Boolean(compute="_compute_checks")
    lost_host = fields.Char(compute="_compute_checks")
    taken_by = fields.Char(compute="_compute_checks")

    def _compute_checks(self):
        for settings in self:
            settings.is_proxy_ignored = self._is_proxy_ignored()
            settings.has_one_worker = config["workers"] == 1
            settings.lost_host = self._lost_host(settings.base_url)
            # Odoo knows its routes where it serves some.
            settings.taken_by = bool(request) and self._taken_by()

    def _is_proxy_ignored(self) -> bool:
        """Whether a proxy says whom it speaks for, and Odoo does not listen: all addresses would be the proxy's."""
        return bool(request) and not config["proxy_mode"] and any(map(request.httprequest.headers.get, FORWARDED))

    def _lost_host(self, base_url: str) -> str | bool:
        """The host of the address if it does not lead to this database alone: an AI tool sends no database."""
        host = urlsplit(base_url).netloc
        return bool(host) and http.db_list(force=True, host=host) != [self.env.cr.dbname] and host

    def _taken_by(self) -> str | bool:
        """The module that answers at one of our addresses in our place."""
        for rule in self.env["ir.http"].routing_map().iter_rules():
            if rule.rule == OURS[0] or rule.rule.startswith(OURS[1:]):
                # The class that Odoo makes of a controller and of all that extend it stands first.
                modules = [cls.__module__ for cls in type(rule.endpoint.func.__self__).__mro__]
                if not any(module.startswith("odoo.addons.mcp_gateway.") for module in modules):
                    return modules[0].removeprefix("odoo.addons.").partition(".")[0]
        return False
