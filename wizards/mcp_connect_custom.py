from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..models.mcp_settings import SCOPES


class McpConnectCustom(models.TransientModel):
    """Connect a New Tool with an OAuth client made by hand, for what cannot register itself."""

    _name = "mcp.connect.custom"
    _inherit = ["mcp.connect.step"]
    _description = "Connect a Tool with a Custom OAuth Client"

    name = fields.Char(required=True)
    use = fields.Selection(
        [("people", "People log in with their browser"), ("server", "Server to server, without a person")],
        "Who Uses It",
        required=True,
        default="people",
    )
    redirect_uris = fields.Text(
        "Redirect Addresses", help="The app shows it, often as Callback or Redirect URL. One address a line."
    )
    auth_method = fields.Selection(
        [
            ("client_secret", "Confidential: the app keeps a Secret Key on a server"),
            ("none", "Public: the app runs on people's own machines and can keep no secret"),
        ],
        "Kind of App",
        required=True,
        default="client_secret",
    )
    user_id = fields.Many2one("res.users", "Acts As")
    scope = fields.Selection(SCOPES, required=True, default=lambda self: self.env["mcp.settings"]._get().default_scope)

    @api.constrains("use", "user_id", "redirect_uris")
    def _check_complete(self):
        for wizard in self:
            if wizard.use == "server" and not wizard.user_id:
                raise ValidationError(self.env._("Choose the user that the app acts as."))
            if wizard.use == "people" and not (wizard.redirect_uris or "").strip():
                raise ValidationError(self.env._("Enter the address that the app shows as Callback or Redirect URL."))

    def action_connect(self):
        """Make the OAuth client and its connection, and show what the app needs to know."""
        self.ensure_one()
        is_server = self.use == "server"
        client = self.env["mcp.oauth.client"].create(
            {
                "name": self.name,
                "auth_method": "client_secret" if is_server else self.auth_method,
                "redirect_uris": False if is_server else self.redirect_uris,
                "allows_client_credentials": is_server,
            }
        )
        connection = client.connection_ids
        connection.write({"scope": self.scope} | ({"user_id": self.user_id.id} if is_server else {}))
        if client.auth_method == "none":
            return self.env["mcp.oauth.secret.show"]._action_show_created(client, None)
        return connection._show_new_key("_first_secret_checked")
