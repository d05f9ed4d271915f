from odoo import api, models

from .one_by_one import one_by_one


class McpConnection(models.Model):
    """Connections that lose the ground they stood on are suspended by themselves (FEATURES C9)."""

    _inherit = "mcp.connection"

    @api.model
    def _suspend_of_strangers(self, users=None) -> None:
        """End the tokens and suspend the connections of users that AI tools may no longer act as.

        :param users: whose rights changed; None means that it may be anyone's
        """
        group_id = self.env["ir.model.data"]._xmlid_to_res_id("mcp_gateway.group_mcp_user", raise_if_not_found=False)
        if not group_id:
            return  # this addon is being uninstalled
        among = [("id", "in", users.ids)] if users is not None else []
        members = (
            self.env["res.users"]
            .sudo()
            ._search([*among, ("active", "=", True), ("all_group_ids", "in", [group_id])], active_test=False)
        )
        domain = [("state", "!=", "revoked"), ("user_id", "!=", False), ("user_id", "not in", members)]
        if users is not None:
            domain.append(("user_id", "in", users.ids))
        if connections := self.sudo().search(domain, order="id"):
            connections.with_env(self.env)._lose_user()

    def _lose_user(self) -> None:
        families = self.env["mcp.oauth.family"].sudo()
        families = families.search([("connection_id", "in", self.ids), ("ended_at", "=", False)])
        for connection in self.sudo():
            if connection.state == "active":
                reason = "group" if connection.user_id.active else "archived"
                connection.with_env(self.env)._do_suspend(reason)
            elif connection in families.connection_id:
                connection._touch_credential()
        families._end("user")

    @api.model
    def _suspend_of_new_password(self, users) -> None:
        """Suspend the connections of ``users``, whose password somebody else has set."""
        connections = self.sudo().search([("user_id", "in", users.ids), ("state", "=", "active")])
        connections.with_env(self.env)._do_suspend("password")

    @api.model
    def _cron_suspend_idle(self) -> None:
        """Suspend what nobody used, made, resumed, or gave a key or a consent, for longer than the settings say."""
        one_by_one(self._idle_too_long, lambda connection: connection._do_suspend("idle"))

    @api.model
    def _idle_too_long(self, ids: list[int] | None):
        days = self.env["mcp.settings"]._get().suspend_idle_days
        if not days:
            return self.browse()
        self.env.flush_all()
        self.env.cr.execute(_IDLE, {"days": days, "ids": ids})
        return self.browse(row[0] for row in self.env.cr.fetchall())


# GREATEST passes over what is NULL.
_IDLE = """
    SELECT c.id FROM mcp_connection c JOIN mcp_connection_usage u ON u.id = c.usage_id
    WHERE c.state = 'active' AND GREATEST(
        u.last_used, c.active_since, c.credential_changed_at,
        (SELECT MAX(f.create_date) FROM mcp_oauth_family f WHERE f.connection_id = c.id)
    ) < now() AT TIME ZONE 'UTC' - %(days)s * INTERVAL '1 day'
    AND (%(ids)s::int[] IS NULL OR c.id = ANY(%(ids)s::int[]))
    ORDER BY c.id
"""
