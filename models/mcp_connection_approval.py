from odoo import api, fields, models
from odoo.exceptions import ValidationError

# What only reads, or writes nothing but what its own session keeps, never waits for anybody (Tool.is_approvable).
APPROVABLE = [("read_only", "=", False), ("scope", "!=", "read")]
USER_GROUP, ADMIN_GROUP = "mcp_gateway.group_mcp_user", "mcp_gateway.group_mcp_admin"


class McpConnection(models.Model):
    """Which tools of a connection wait for a person, for whom, and for how long (FEATURES A1)."""

    _inherit = "mcp.connection"

    # Restrict: a tool that vanished from the list would run unasked.
    approval_tool_ids = fields.Many2many(
        "mcp.tool",
        "mcp_connection_approval_tool_rel",
        "connection_id",
        "tool_id",
        "Tools That Need Approval",
        ondelete="restrict",
        context={"active_test": False},
        domain=APPROVABLE,
        default=lambda self: self._default_approval_tools(),
    )
    approver_id = fields.Many2one(
        "res.users",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="Who decides. Empty means any MCP Administrator.",
    )
    approval_hours = fields.Integer(
        "Approvals Expire After (Hours)",
        required=True,
        default=lambda self: self._default_from_settings("approval_hours"),
        tracking=True,
    )
    approval_ids = fields.One2many("mcp.approval", "connection_id")
    approval_count = fields.Integer("Approvals", compute="_compute_approval_count")
    has_no_approver = fields.Boolean(compute="_compute_has_no_approver")

    _approval_hours_bounded = models.Constraint(
        "CHECK (approval_hours BETWEEN 1 AND 8760)", "Approvals expire after 1 to 8760 hours."
    )

    @api.model
    def _default_approval_tools(self):
        risks = self.env["mcp.settings"]._get()._approval_risks()
        return self.env["mcp.tool"].sudo().search([*APPROVABLE, ("risk", "in", risks)])

    def _compute_approval_count(self):
        domain = [("connection_id", "in", self.ids)]
        counts = dict(self.env["mcp.approval"]._read_group(domain, ["connection_id"], ["__count"]))
        for connection in self:
            connection.approval_count = counts.get(connection, 0)

    @api.depends("approval_tool_ids", "approver_id", "user_id")
    def _compute_has_no_approver(self):
        for connection in self:
            connection.has_no_approver = bool(connection.approval_tool_ids and not connection._approvers())

    @api.constrains("approval_tool_ids")
    def _check_approval_tools(self):
        for connection in self:
            if wrong := connection.approval_tool_ids - connection.approval_tool_ids.filtered_domain(APPROVABLE):
                raise ValidationError(
                    self.env._(
                        "%(tools)s only reads, or keeps something for its own session: nobody has to approve that.",
                        tools=", ".join(wrong.mapped("title")),
                    )
                )

    @api.constrains("approver_id", "user_id")
    def _check_approver(self):
        allows_own = self.env["mcp.settings"]._get().allow_own_approval
        for connection in self.filtered("approver_id"):
            approver = connection.approver_id
            if not approver.has_group(USER_GROUP):
                raise ValidationError(
                    self.env._(
                        "%(user)s is not in the group MCP User, so approvals cannot be seen.", user=approver.name
                    )
                )
            if approver == connection.user_id and not allows_own:
                raise ValidationError(
                    self.env._(
                        "This connection acts as %(user)s, who cannot approve what it asks for. Name somebody else, or "
                        "let people approve their own in Server Settings.",
                        user=approver.name,
                    )
                )

    def _approvers(self):
        """Who may decide on what this connection asks for; nobody decides on their own unless a setting allows it.

        The named approver does; once they are archived or left the group, any administrator does.
        """
        self.ensure_one()
        connection = self.sudo()
        excluded = connection.user_id
        if self.env["mcp.settings"]._get().allow_own_approval:
            excluded = excluded.browse()
        named = connection.approver_id.filtered(lambda user: user.active and user.has_group(USER_GROUP)) - excluded
        return named or self.env.ref(ADMIN_GROUP).sudo().all_user_ids.filtered("active") - excluded

    @api.model
    def _told_lists(self) -> tuple[str, ...]:
        return (*super()._told_lists(), "approval_tool_ids")

    def write(self, vals):
        done = super().write(vals)
        if "approver_id" in vals:
            # Not all of its approvals: those that were decided are many.
            waiting = [("connection_id", "in", self.ids), ("state", "=", "pending")]
            self.env["mcp.approval"].sudo().search(waiting)._hand_over()
        return done

    def _inherited_approvals(self, user) -> dict:
        """What a connection of ``user`` takes over from this one; nobody becomes their own approver by it."""
        approver = self.approver_id.filtered(lambda approver: approver.active and approver != user)
        return {
            "approval_tool_ids": [fields.Command.set(self.approval_tool_ids.ids)],
            "approver_id": approver.has_group(USER_GROUP) and approver.id if approver else False,
        }

    def action_view_approvals(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_approval_action")
        return {**action, "domain": [("connection_id", "in", self.ids)], "context": {}}
