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
            self._end_consents_of_strangers()
        return done

    def _end_consents_of_strangers(self) -> None:
        """End the tokens of users that AI tools may no longer act as, in this very transaction."""
        families = self.env["mcp.oauth.family"].sudo().search([("user_id", "in", self.ids), ("ended_at", "=", False)])
        for user, theirs in families.grouped("user_id").items():
            if not user.active or not user.has_group("mcp_gateway.group_mcp_user"):
                for connection in theirs.connection_id:
                    connection._touch_credential()
                theirs._end("user")

    def action_view_mcp_connections(self):
        """The user's own AI tools, from the preferences."""
        self.env["mcp.connection"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_connection_action")
        return {**action, "domain": [("user_id", "=", self.env.uid)]}
