from odoo import models


class ResGroups(models.Model):
    _inherit = "res.groups"

    def write(self, vals):
        done = super().write(vals)
        if not {"user_ids", "implied_ids", "implied_by_ids"}.isdisjoint(vals):
            self._end_consents_of_strangers()
        return done

    def unlink(self):
        done = super().unlink()
        # Odoo leaves in its cache who had which groups.
        self.env.registry.clear_cache()
        self._end_consents_of_strangers()
        return done

    def _end_consents_of_strangers(self) -> None:
        """As for users whose groups changed: any of those with a consent may have lost the group MCP User."""
        families = self.env["mcp.oauth.family"].sudo().search([("ended_at", "=", False)])
        families.user_id._end_consents_of_strangers()
