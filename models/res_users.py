from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    mcp_connection_count = fields.Integer(compute="_compute_mcp_connection_count")

    @property
    def SELF_READABLE_FIELDS(self):
        return [*super().SELF_READABLE_FIELDS, "mcp_connection_count"]

    def _compute_mcp_connection_count(self):
        counts = dict(
            self.env["mcp.connection"].sudo()._read_group([("user_id", "in", self.ids)], ["user_id"], ["__count"])
        )
        for user in self:
            user.mcp_connection_count = counts.get(user, 0)

    def action_view_mcp_connections(self):
        """The user's own AI tools, from the preferences."""
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_connection_action")
        return {**action, "domain": [("user_id", "=", self.env.uid)]}
