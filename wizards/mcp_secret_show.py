import json
import shlex

from odoo import api, fields, models


class McpSecretShow(models.AbstractModel):
    """The popup that shows a new secret, once.

    Abstract, so that there is no table: the secret travels in the action's context to the browser that asked for it,
    and closing the popup forgets it.
    """

    _name = "mcp.secret.show"
    _description = "New MCP Key"

    # Needed by the onchange that brings the values to the browser.
    id = fields.Id()
    secret = fields.Char("Key", readonly=True)
    server_url = fields.Char("Address", readonly=True)
    snippet_claude_code = fields.Char("Claude Code", readonly=True)
    snippet_json = fields.Text("Other Tools", readonly=True)

    @api.model
    def _action_show_key(self, connection, secret: str) -> dict:
        url = self.env["mcp.settings"]._get().server_url
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "name": self.env._("New API Key"),
            "views": [(self.env.ref("mcp_gateway.mcp_secret_show_view_form").id, "form")],
            "target": "new",
            "context": {
                "dialog_size": "medium",
                "default_secret": secret,
                "default_server_url": url,
                "default_snippet_claude_code": self._claude_code(url, secret),
                "default_snippet_json": self._generic_json(url, secret),
            },
        }

    @api.model
    def _claude_code(self, url: str, secret: str) -> str:
        header = shlex.quote(f"Authorization: Bearer {secret}")
        return f"claude mcp add --transport http odoo {shlex.quote(url)} --header {header}"

    @api.model
    def _generic_json(self, url: str, secret: str) -> str:
        server = {"type": "http", "url": url, "headers": {"Authorization": f"Bearer {secret}"}}
        return json.dumps({"mcpServers": {"odoo": server}}, indent=2)
