from odoo import api, models

from odoo.addons.mcp_gateway.oauth import document


class McpOauthServer(models.AbstractModel):
    _inherit = "mcp.oauth.server"

    @api.model
    def _fetch_document(self, url: str):
        """A test can publish metadata documents on this machine, under any name, with an authority of its own."""
        ca_file = self.env["ir.config_parameter"].sudo().get_param("mcp_gateway_test.ca_file")
        if not ca_file:
            return super()._fetch_document(url)
        here = "127.0.0.1"
        return document.fetch(url, resolve=lambda _host, _port: [here], allowed_special=[here], ca_file=ca_file)
