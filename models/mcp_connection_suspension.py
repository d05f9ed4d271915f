from odoo import api, fields, models

REASONS = [
    ("administrator", "By an Administrator"),
    ("archived", "User Archived"),
    ("group", "User Left the Group MCP User"),
    ("password", "Password Set by Someone Else"),
    ("idle", "Not Used for Too Long"),
]
ACTIVITY = "mcp_gateway.mail_activity_suspended"
# Causes that concern the person behind the connection, who is then not the one to tell.
DRIFT_OF_USER = ("archived", "group")


class McpConnection(models.Model):
    """Suspend and Resume: no call gets through meanwhile, and nothing of the credential dies."""

    _inherit = "mcp.connection"

    suspended_at = fields.Datetime("Suspended On", readonly=True, copy=False)
    suspended_reason = fields.Selection(REASONS, "Suspended Because", readonly=True, copy=False)
    # From when on the idle policy counts; a use, a key or a consent since then counts as well.
    active_since = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now)
    can_suspend = fields.Boolean(compute="_compute_can")
    can_resume = fields.Boolean(compute="_compute_can")
    way_out = fields.Char(compute="_compute_way_out")

    @api.depends("state", "user_id.active", "user_id.all_group_ids")
    def _compute_can(self):  # pylint: disable=missing-return
        super()._compute_can()
        is_admin = self._is_admin()
        for connection in self:
            connection.can_suspend = is_admin and bool(connection.id) and connection.state == "active"
            connection.can_resume = connection.state == "suspended" and not connection._why_not_resumed()

    @api.depends("state", "suspended_reason", "user_id.active", "user_id.all_group_ids")
    @api.depends_context("uid", "lang")
    def _compute_way_out(self):
        for connection in self:
            if connection.state == "suspended":
                connection.way_out = connection._why_not_resumed() or connection._what_to_check()
            else:
                connection.way_out = connection.state == "revoked" and connection._what_user_lacks()

    def _why_not_resumed(self) -> str | None:
        """What stands between this suspended connection and Resume, for the current user; None if nothing does."""
        owner = self.sudo().user_id
        if not self._is_admin():
            return self.env._("Only an MCP Administrator can resume it.")
        if not self._is_within_reach():
            return self.env._(
                "%(user)s has administration rights that you do not have. Only someone with the same rights can resume "
                "it.",
                user=owner.name,
            )
        return self._what_user_lacks()

    def _what_to_check(self) -> str:
        """What an administrator should know to be true before they click Resume."""
        user = self.sudo().user_id.name
        if self.suspended_reason in DRIFT_OF_USER:
            return self.env._(
                "%(user)s may be acted as again. If the AI tool is still theirs to use, click Resume; if not, "
                "revoke it.",
                user=user,
            )
        if self.suspended_reason == "password":
            return self.env._(
                "Ask %(user)s whether the new password was their wish and whether they still have the AI tool. If so, "
                "click Resume; if not, revoke the connection.",
                user=user,
            )
        if self.suspended_reason == "idle":
            return self.env._("If somebody still needs it, click Resume; if not, revoke it.")
        return self.env._("When the AI tool may work again, click Resume. Its key and its consents are as they were.")

    def _why_not(self, action: str) -> str:
        name = self.display_name
        if action == "suspend" and self.state == "suspended":
            return self.env._("%(name)s is suspended already.", name=name)
        if action == "suspend" and self.state == "active":
            return self.env._("Only an MCP Administrator can suspend %(name)s.", name=name)
        if action == "resume" and self.state == "active":
            return self.env._("%(name)s is not suspended.", name=name)
        if action == "resume" and self.state == "suspended":
            return self.env._("%(name)s: %(why)s", name=name, why=self._why_not_resumed())
        return super()._why_not(action)

    # Buttons

    def action_suspend(self):
        self._check_can("suspend")
        self._do_suspend("administrator")

    def action_resume(self):
        self._check_can("resume")
        self._do_resume()

    # What the buttons do

    def _do_suspend(self, reason: str) -> None:
        """Refuse every call from now on; calls in flight fail at their final lock (DESIGN §2.3).

        :param reason: one of ``REASONS``; whoever did not decide it themself is told
        """
        dependents = self.env["mcp.connection.dependent"]._dependents()
        for connection in self.sorted("id"):
            connection._set_state(
                {"state": "suspended", "suspended_at": fields.Datetime.now(), "suspended_reason": reason}
            )
            for model in dependents:
                model._on_connections_suspended(connection)
            told = connection._concerned(reason)
            body = connection._suspension_text(reason)
            connection._on_record("suspended", body, told)
            connection._schedule(ACTIVITY, told, self.env._("Suspended connection"), body)

    def _do_resume(self) -> None:
        """Let calls through again, with the credentials that there were."""
        now = fields.Datetime.now()
        for connection in self.sorted("id"):
            for model in self.env["mcp.connection.dependent"]._dependents():
                model._on_connections_resumed(connection)
            connection._set_state(
                {"state": "active", "suspended_at": False, "suspended_reason": False, "active_since": now}
            )
            connection.sudo().activity_unlink([ACTIVITY])
            connection._on_record("resumed", self.env._("Connection resumed."))

    def _set_state(self, values: dict) -> None:
        # First of all and at once: calls in flight collide with this row, and two buttons queue on it.
        self.sudo().write(values)
        self.sudo().flush_recordset()

    def _do_revoke(self) -> None:  # pylint: disable=missing-return
        super()._do_revoke()
        self.sudo().activity_unlink([ACTIVITY])

    def _do_reactivate(self) -> None:  # pylint: disable=missing-return
        super()._do_reactivate()
        self.sudo().write({"active_since": fields.Datetime.now(), "suspended_at": False, "suspended_reason": False})

    def _concerned(self, reason: str):
        """The users to tell of a suspension that nobody decided: administrators, and whom it does not concern."""
        if reason == "administrator":
            return self.env["res.users"]
        return self._administrators() if reason in DRIFT_OF_USER else self._administrators() | self.sudo().user_id

    def _suspension_text(self, reason: str) -> str:
        user = self.sudo().user_id.name
        if reason == "archived":
            return self.env._("Connection suspended: its user %(user)s was archived.", user=user)
        if reason == "group":
            return self.env._("Connection suspended: its user %(user)s left the group MCP User.", user=user)
        if reason == "password":
            return self.env._("Connection suspended: the password of %(user)s was set by someone else.", user=user)
        if reason == "idle":
            return self.env._(
                "Connection suspended: it was not used for more than %(days)s days.",
                days=self.env["mcp.settings"]._get().suspend_idle_days,
            )
        return self.env._("Connection suspended.")
