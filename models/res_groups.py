from odoo import models


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        done = super().write(vals)
        if not {"user_ids", "implied_ids", "implied_by_ids"}.isdisjoint(vals):
            self.env["mcp.connection"]._suspend_of_strangers()
        return done

    def unlink(self):
        done = super().unlink()
        # Odoo leaves in its cache who had which groups.
        self.env.registry.clear_cache()
        self.env["mcp.connection"]._suspend_of_strangers()
        return done
