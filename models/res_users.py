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

    def write(self, vals):
        done = super().write(vals)
        if "active" in vals or "group_ids" in vals:
            self.env["mcp.connection"]._suspend_of_strangers(self)
        return done

    def _set_password(self):
        """Here every new password comes past, whatever field, dialog or link it was entered in."""
        done = super()._set_password()
        # Nobody is logged in where a link from a mail is followed, which is the user's own act.
        if not self.env.user._is_public() and (others := self - self.env.user):
            self.env["mcp.connection"]._suspend_of_new_password(others)
        return done

    def action_view_mcp_connections(self):
        """The user's own AI tools, from the preferences."""
        self.env["mcp.connection"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_connection_action")
        return {**action, "domain": [("user_id", "=", self.env.uid)]}
