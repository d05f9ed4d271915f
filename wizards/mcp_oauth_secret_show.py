from odoo import api, fields, models


class McpOauthSecretShow(models.AbstractModel):
    """The popup that shows a Secret Key, once; as ``mcp.secret.show``, nothing of it is kept anywhere."""

    _name = "mcp.oauth.secret.show"
    _description = "New MCP Secret Key"

    # Needed by the onchange that brings the values to the browser.
    id = fields.Id()
    secret = fields.Char("Secret Key", readonly=True)
    client_id = fields.Char("Client ID", readonly=True)
    app_name = fields.Char("Application", readonly=True)
    user_name = fields.Char("User", readonly=True)
    access_minutes = fields.Integer(readonly=True)
    needs_admin = fields.Boolean(readonly=True)
    overlap_until = fields.Datetime(readonly=True)
    server_url = fields.Char("MCP Address", readonly=True)
    authorize_url = fields.Char("Authorization Address", readonly=True)
    token_url = fields.Char("Token Address", readonly=True)

    @api.model
    def _action_show_rotated(self, connection, secret: str) -> dict:
        """The new secret, and what to do with it."""
        client, settings = connection.sudo().oauth_client_id, self.env["mcp.settings"]._get()
        values = {
            "secret": secret,
            "client_id": client.client_id,
            "app_name": client.name,
            "user_name": connection.user_id.name,
            "access_minutes": settings.access_minutes,
            "needs_admin": settings.reconnect_needs_admin,
            "overlap_until": connection.overlap_until and fields.Datetime.to_string(connection.overlap_until),
        }
        return self._action_show(self.env._("New Secret Key"), "rotated", values)

    @api.model
    def _action_show_created(self, client, secret: str | None) -> dict:
        """What an application needs to know of an OAuth client that was made for it."""
        settings, issuer = self.env["mcp.settings"]._get(), self.env["mcp.oauth.server"]._issuer()
        values = {
            "secret": secret,
            "client_id": client.client_id,
            "app_name": client.name,
            "user_name": client.connection_ids.user_id.name,
            "server_url": settings.server_url,
            "authorize_url": client.redirect_uris and f"{issuer}/mcp/oauth/authorize",
            "token_url": f"{issuer}/mcp/oauth/token",
        }
        return self._action_show(self.env._("New OAuth Client"), "created", values)

    @api.model
    def _action_show(self, title: str, view: str, values: dict) -> dict:
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "name": title,
            "views": [(self.env.ref(f"mcp_gateway.mcp_oauth_secret_show_view_{view}").id, "form")],
            "target": "new",
            "context": {"dialog_size": "medium", **{f"default_{name}": value for name, value in values.items()}},
        }
