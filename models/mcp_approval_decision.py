import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.http import request

from ..toolsets import context
from .approval_sameness import changed_records, differing

_logger = logging.getLogger(__name__)


class McpApproval(models.Model):
    """What people decide: Approve, Reject, and Cancel for those who asked.

    Button = ``action_x`` → ``_check_can`` → ``_do_x``. ``can_x`` is computed once, for the view and for the guard.
    """

    _inherit = "mcp.approval"

    can_approve = fields.Boolean(compute="_compute_can")
    can_reject = fields.Boolean(compute="_compute_can")
    can_cancel = fields.Boolean(compute="_compute_can")
    # Why somebody who sees a pending request cannot decide on it.
    why_not = fields.Char(compute="_compute_can")

    @api.depends("status", "connection_id.approver_id", "connection_id.user_id")
    @api.depends_context("uid", "lang")
    def _compute_can(self):
        is_admin = self.env.user.has_group("mcp_gateway.group_mcp_admin")
        for approval in self:
            is_pending = approval.status == "pending"
            may_decide = is_pending and self.env.user in approval.connection_id._approvers()
            approval.can_approve = approval.can_reject = may_decide
            approval.can_cancel = is_pending and (is_admin or approval.user_id == self.env.user)
            approval.why_not = not may_decide and approval._why_not()

    def _why_not(self) -> str:
        name, status = self.display_name, self.status
        if status != "pending":
            label = dict(self._fields["status"]._description_selection(self.env))[status]
            return self.env._("%(name)s: this is decided already (%(status)s).", name=name, status=label)
        if self.user_id == self.env.user:
            return self.env._("%(name)s: nobody approves what their own AI tool asks for.", name=name)
        return self.env._("%(name)s: somebody else decides on this.", name=name)

    # Buttons

    def action_approve(self):
        self._check_can("approve")
        seen = self.env.context.get("preview_number")
        if seen and any(approval.preview_number != seen for approval in self):
            return self._action_look_again()
        left = self._do_approve()
        return left._action_look_again() if left else None

    def _action_look_again(self) -> dict:
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.env._(
                    "What this would do has changed since it was asked. Look at it again, and approve it if it is "
                    "still right."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_reject(self):
        return self.env["mcp.approval.decide"]._action_ask(self, "reject")

    def action_approve_selected(self):
        """From the list: one dialog that says in numbers what will happen."""
        return self.env["mcp.approval.decide"]._action_ask(self, "approve")

    def action_cancel(self):
        self._check_can("cancel")
        self._do_cancel()

    def action_view_logs(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_audit_log_action")
        references = [approval._reference() for approval in self]
        return {**action, "domain": [("credential", "in", references)], "context": {}}

    # Guards

    def _check_can(self, action: str) -> None:
        """:raise UserError: names each request for which ``action`` is not possible, and why"""
        self.check_access("read")
        self._check_is_person()
        if not self:
            raise UserError(self.env._("Select a request first."))
        if refused := self.filtered(lambda approval: not approval[f"can_{action}"]):
            raise UserError("\n".join(refused.mapped(lambda approval: approval._why_not())))
        if action == "approve" and not self.env["mcp.settings"]._get().enabled:
            raise UserError(self.env._("The MCP server is switched off, so nothing is run. Switch it on first."))

    def _check_is_person(self) -> None:
        """Not with anybody's rights, and by no way around: a server action, a method, an approved call."""
        if context.is_serving():
            raise UserError(self.env._("Nothing is decided through an AI tool."))

    def _lock(self):
        """These requests in sudo, locked: whoever decides at the same time is told so and waits for nothing.

        :raise UserError: if somebody else is at it
        """
        locked = self.sudo().try_lock_for_update(allow_referencing=True)
        if busy := self.sudo() - locked:
            names = ", ".join(busy.with_env(self.env).mapped("display_name"))
            raise UserError(self.env._("Somebody else is deciding on this right now: %(names)s.", names=names))
        return locked

    # What the buttons do

    def _do_approve(self):
        """Decide, run, and keep what came of it, in one transaction: a failing run takes no decision along.

        :return: those that go on waiting, because what they would do is not what was shown
        """
        self._check_is_person()
        calls = [approval._approve_and_run() for approval in self._lock().sorted(lambda a: (a.connection_id.id, a.id))]
        self.env["mcp.gateway"]._close_approved([call for call in calls if call])
        return self.filtered(lambda approval: approval.state == "pending")

    def _approve_and_run(self):
        """:return: the gateway's call, or None if there is none that could be run"""
        arguments = self._read_arguments()
        if arguments is None:
            self._decide("approved")
            error = self.env._(
                "The request was changed in the database after it was made, so what would run is not what was shown. "
                "Nothing was run."
            )
            self.write({"state": "failed", "error": error})
            self._log("approval_tampered", outcome="refused", error="arguments or what they are bound to changed")
            _logger.warning("approval #%s was changed in the database", self.id)
            return None
        gateway = self.env(user=SUPERUSER_ID, context={})["mcp.gateway"]
        address = request.httprequest.remote_addr if request else ""
        # It reads the connection as the database has it.
        self.env.flush_all()
        call = gateway._approved_call(self, arguments, address)
        # In the transaction that runs it, so that nothing comes in between.
        if not call.error and (outlook := gateway._changed_outlook(self, call, arguments)):
            self._show_again(outlook)
            return call
        self._decide("approved")
        self.flush_recordset()
        result = None if call.error else gateway._execute_approved(call)
        self.write({"state": "failed" if call.error else "executed", "error": call.error, "result": result})
        gateway._log_approved(call)
        return call

    def _differing(self, outlook: dict) -> set[tuple]:
        """Where ``outlook``, what the call would do now, is not what was shown."""
        shown = {"preview": self.preview or None, "watched": self.watched or []}
        return differing(shown, outlook, fields.Datetime.now() - self.previewed_at)

    def _show_again(self, outlook: dict) -> None:
        """Go on waiting, with what the call would do now."""
        self.write(
            {
                **outlook,
                "changed_since": changed_records(self.watched or [], outlook["watched"]),
                "previewed_at": fields.Datetime.now(),
                "preview_number": self.preview_number + 1,
            }
        )
        self._log("approval_changed")
        _logger.info("approval #%s is shown again: what it would do has changed", self.id)

    def _do_reject(self, reason: str | None) -> None:
        self._check_is_person()
        for approval in self._lock():
            approval._decide("rejected", reason)

    def _do_cancel(self) -> None:
        for approval in self._lock():
            approval._decide("cancelled")

    def _decide(self, state: str, reason: str | None = None) -> None:
        self.write(
            {"state": state, "decided_at": fields.Datetime.now(), "decided_by_id": self.env.uid, "reason": reason}
        )
        self._settle(f"approval_{state}", error=reason)
        _logger.info("approval #%s %s by %s (#%s)", self.id, state, self.env.user.login, self.env.uid)
