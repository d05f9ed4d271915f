from odoo import api, fields, models


class McpConnect(models.TransientModel):
    """Connect a New Tool: the three ways, of which each card opens one."""

    _name = "mcp.connect"
    _description = "Connect a New Tool to MCP"

    def action_api_key(self):
        self.check_access("read")
        return self.env["mcp.connect.key"]._action_open()

    def action_browser(self):
        self.check_access("read")
        return self.env["mcp.connect.browser"]._action_open()

    def action_custom(self):
        self.check_access("read")
        return self.env["mcp.connect.custom"]._action_open()


class McpConnectStep(models.AbstractModel):
    """What the three ways have in common."""

    _name = "mcp.connect.step"
    _description = "A Way to Connect a Tool"

    settings_id = fields.Many2one(
        "mcp.settings", readonly=True, default=lambda self: self.env["mcp.settings"]._get().id
    )
    server_url = fields.Char(related="settings_id.server_url")
    base_url = fields.Char(related="settings_id.base_url")
    base_url_problem = fields.Selection(related="settings_id.base_url_problem")
    lost_host = fields.Char(related="settings_id.lost_host")
    taken_by = fields.Char(related="settings_id.taken_by")
    enabled = fields.Boolean(related="settings_id.enabled")

    @api.model
    def _action_open(self, record=None) -> dict:
        """The dialog of this way; of ``record`` if there is one already."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Connect a New Tool"),
            "res_model": self._name,
            "res_id": record and record.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "large"},
        }

    # The fixes beside the checks (FEATURES N3): the dialog stays open.

    def action_enable(self):
        self.check_access("read")
        self.settings_id.action_enable()
        return self._action_open(self)

    def action_freeze_base_url(self):
        self.check_access("read")
        self.settings_id.action_freeze_base_url()
        return self._action_open(self)
