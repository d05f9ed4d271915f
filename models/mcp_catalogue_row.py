from odoo import api, models


class McpCatalogueRow(models.AbstractModel):
    """Base of the rows that the cached catalogue of ``mcp.toolset`` is made of: each change clears the cache."""

    _name = "mcp.catalogue.row"
    _description = "Row of the MCP Catalogue"
    _inherit = ["mcp.recorded"]

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        self.env.registry.clear_cache()
        return rows

    def write(self, vals):
        done = super().write(vals)
        self.env.registry.clear_cache()
        return done

    def unlink(self):
        done = super().unlink()
        self.env.registry.clear_cache()
        return done
