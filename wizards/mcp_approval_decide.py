from odoo import api, fields, models
from odoo.exceptions import UserError


class McpApprovalDecide(models.TransientModel):
    """Asks before several requests are decided, and for the reason of a rejection."""

    _name = "mcp.approval.decide"
    _description = "Decide on MCP Approvals"

    approval_ids = fields.Many2many("mcp.approval", required=True, readonly=True)
    # Those that were selected and that the user cannot decide on.
    left_out = fields.Integer(readonly=True)
    decision = fields.Selection([("approve", "Approve"), ("reject", "Reject")], required=True, readonly=True)
    reason = fields.Text(help="The AI tool and the person it works for are told.")
    approval_count = fields.Integer(compute="_compute_approval_count")

    @api.depends("approval_ids")
    def _compute_approval_count(self):
        for wizard in self:
            wizard.approval_count = len(wizard.approval_ids)

    @api.model
    def _action_ask(self, approvals, decision: str) -> dict:
        possible = approvals.filtered(f"can_{decision}")
        if not possible:
            approvals._check_can(decision)
            raise UserError(self.env._("Select a request first."))
        wizard = self.create(
            {"approval_ids": possible.ids, "left_out": len(approvals - possible), "decision": decision}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Approve Requests") if decision == "approve" else self.env._("Reject Requests"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_decide(self):
        self.ensure_one()
        self.approval_ids._check_can(self.decision)
        if self.decision == "approve":
            return self._action_tell(self.approval_ids._do_approve())
        self.approval_ids._do_reject(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _action_tell(self, left) -> dict:
        """:param left: those that go on waiting, because what they would do has changed"""
        failed = self.approval_ids.filtered(lambda approval: approval.state == "failed")
        told = [
            self.env._(
                "Executed: %(executed)s. Failed: %(failed)s.",
                executed=len(self.approval_ids - failed - left),
                failed=len(failed),
            )
        ]
        if left:
            told.append(
                self.env._(
                    "Changed since they were asked, and left: %(count)s. Look at them again: %(names)s.",
                    count=len(left),
                    names=", ".join(left.mapped("summary")),
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if failed or left else "success",
                "sticky": bool(left),
                "message": " ".join(told),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
