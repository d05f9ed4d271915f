import json
from urllib.parse import urlsplit

from odoo import api, fields, models

from ..protocol import preflight


class McpConnectBrowser(models.TransientModel):
    """Connect a New Tool with Browser login: nothing to make, but what to do at the other end, and what would fail."""

    _name = "mcp.connect.browser"
    _inherit = ["mcp.connect.step"]
    _description = "Connect a Tool with Browser Login"

    allow_registration = fields.Boolean(related="settings_id.allow_registration")
    is_local = fields.Boolean(compute="_compute_is_local")
    user_id = fields.Many2one("res.users", "Who Will Log In?", domain="[('share', '=', False)]")
    lacks_group = fields.Boolean(compute="_compute_lacks_group")
    snippet_cursor = fields.Text("mcp.json", compute="_compute_snippet_cursor")

    @api.depends("base_url")
    def _compute_is_local(self):
        for wizard in self:
            wizard.is_local = preflight.is_loopback(urlsplit(wizard.base_url or "").hostname or "")

    @api.depends("user_id")
    def _compute_lacks_group(self):
        for wizard in self:
            user = wizard.user_id
            wizard.lacks_group = user and not user.has_group("mcp_gateway.group_mcp_user")

    @api.depends("server_url")
    def _compute_snippet_cursor(self):
        for wizard in self:
            wizard.snippet_cursor = json.dumps({"mcpServers": {"odoo": {"url": wizard.server_url}}}, indent=2)

    def action_allow_registration(self):
        self.settings_id.allow_registration = True
        return self._action_open(self)

    def action_open_user(self):
        return self.user_id.get_formview_action()
