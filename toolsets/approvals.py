from typing import Annotated, Any

from pydantic import Field

from odoo import api, models

from .context import current
from .pending import KEY
from .tool import Result, ToolError, tool

ApprovalId = Annotated[int, Field(description="The id that pending_approval gave.", ge=1, le=2**31 - 1)]


class ApprovalInfo(Result):
    id: int
    # pending_approval, executed, failed, rejected, expired or cancelled
    status: str
    summary: str
    tool: str
    expires_at: str | None = None
    decided_at: str | None = None
    # Why it was rejected, if the approver said so.
    reason: str | None = None
    # Why it failed although it was approved.
    error: str | None = None
    # What the tool returned when it was executed.
    result: dict[str, Any] | None = None

    def shortened(self, limit: int) -> "ApprovalInfo":
        return self.model_copy(update={"result": {"note": "Too large to be shown again: the call was executed."}})


class McpToolsetApprovals(models.AbstractModel):
    """What an AI tool may know of its own requests. Nothing here, nor anywhere else, decides on one."""

    _name = "mcp.toolset.approvals"
    _description = "MCP Tools: Approvals"
    _inherit = ["mcp.toolset"]

    @tool(title="Get an approval", scope="read", read_only=True, idempotent=True)
    def get_approval(self, id: ApprovalId) -> ApprovalInfo:
        """Tell what came of a call that needed an approval: pass the id that pending_approval gave.

        status is pending_approval as long as nobody decided, then executed (result is what the tool returned), failed
        (error says why), rejected (reason, if one was given), expired or cancelled. A call that was not executed did
        nothing; repeat it only if the user wants to ask again.
        """
        return self._info(self._own(id))

    @tool(title="Withdraw a request for approval", scope="read", read_only=False, idempotent=True)
    def cancel_approval(self, id: ApprovalId) -> ApprovalInfo:
        """Withdraw a call of yours that still waits for an approval, so that nobody has to decide on it any more."""
        approval = self._own(id)
        if approval.status == "pending":
            approval._do_cancel()
        return self._info(approval)

    @api.model
    def _own(self, id: int):
        """:raise ToolError: if this connection did not ask for it; another's looks like none at all"""
        domain = [("id", "=", id), ("connection_id", "=", current().connection_id)]
        approval = self.env["mcp.approval"].sudo().search(domain)
        if not approval:
            raise ToolError(f"There is no approval {id} of this connection.")
        return approval

    @api.model
    def _info(self, approval) -> ApprovalInfo:
        return ApprovalInfo(
            id=approval.id,
            status=KEY if approval.status == "pending" else approval.status,
            summary=approval.summary,
            tool=approval.tool,
            expires_at=_iso(approval.expires_at) if approval.status == "pending" else None,
            decided_at=_iso(approval.decided_at),
            reason=approval.reason or None,
            error=approval.error or None,
            result=approval.result or None,
        )


def _iso(moment) -> str | None:
    return f"{moment.isoformat()}+00:00" if moment else None
