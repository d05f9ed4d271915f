from contextlib import contextmanager
from time import monotonic
from typing import Any

from odoo import models

from ..protocol import errors, results, revisions
from ..protocol.messages import Exchange, Message
from ..toolsets.context import InputRequired
from ..toolsets.pending import KEY, PendingApproval
from ..toolsets.tool import ToolError, json_of
from .approval_sameness import differing
from .call import Call, Caller, Refusal, Reply

NEXT = (
    "Nothing was done yet: a person has to approve this in Odoo. Tell the user so. Do not repeat the call; ask "
    "get_approval with this id later what came of it, or withdraw it with cancel_approval."
)
# The checks of a call that hold for an approved one as well, at the time it runs.
CHECKS = ("_check_enabled", "_rung_connection", "_rung_tool", "_rung_scope", "_rung_arguments")


class McpGateway(models.AbstractModel):
    """Rung 11: calls that wait for a person, and how they run once they are approved (DESIGN §2.8)."""

    _inherit = "mcp.gateway"

    def _needs_approval(self, call: Call) -> bool:
        return (
            bool(call.caller.approval_tools)
            and call.tool.name in call.caller.approval_tools
            and call.tool.is_approvable
            # The gateway undoes it, whatever the tool does.
            and not call.arguments.get("dry_run")
        )

    def _ask_approval(self, call: Call) -> dict:
        """Instead of running it, make a request of the call, or find the one that waits already."""
        call.writes = True
        arguments = dict(call.message.params.get("arguments") or {})
        # To say false is the same as to say nothing.
        arguments.pop("dry_run", None)
        approvals = self.env["mcp.approval"].with_user(call.caller.user_id).sudo()
        approval = approvals._pending_like(call.caller, call.tool.name, arguments)
        if not approval:
            outlook = self._outlook(call, arguments)
            client = getattr(call.message, "client_name", None) or (call.session and call.session.client)
            approval = approvals._request(call.caller, call.tool, arguments, outlook, client)
            approval._log("approval_requested", ip=call.exchange.remote_addr, client=client)
            if self._may_mail_approvers(call, approval.connection_id):
                approval._mail_approvers()
        pending = PendingApproval(
            id=approval.id,
            status=KEY,
            summary=approval.summary,
            expires_at=f"{approval.expires_at.isoformat()}+00:00",
            next=NEXT,
        )
        structured = {KEY: pending.model_dump(mode="json")}
        return results.tool_result(structured, json_of(structured))

    def _may_mail_approvers(self, call: Call, connection) -> bool:
        """Whether no message about this connection's requests went out within the hour; asked once per HTTP request."""
        if "mails_approvers" not in call.memo:
            call.memo["mails_approvers"] = connection._claim_alarm("approval_asked")
        return call.memo["mails_approvers"]

    def _outlook(self, call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
        """What the call would do as things are, with the requester's rights.

        :return: ``preview``, what a dry run shows, None if the tool has none; ``watched``, of the records it is about
        :raise ToolError: if it cannot work as things are, so that nobody is asked in vain
        """
        trial = self._call_of(call.caller, call.tool.name, {**arguments, "dry_run": True}, call.exchange.remote_addr)
        trial.toolset, trial.tool = call.toolset, call.tool
        watched = self._run(
            trial,
            call.tool.name,
            lambda env: env["mcp.toolset"]._watched_of(call.tool, arguments),
            read_only=True,
        )
        return {"watched": watched, "preview": self._tried_out(trial) if call.tool.can_dry_run else None}

    def _tried_out(self, trial: Call) -> dict | None:
        self._rung_arguments(trial)
        return self._run_tool(trial).get("structuredContent")

    def _changed_outlook(self, approval, call: Call, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """What an approved call would do by now, if that is not what was shown; None if it is.

        What differs between two dry runs that follow on each other, ids and numbers that are given out once, has
        nothing to do with what was shown.
        """
        with self._telling(call):
            now = self._outlook(call, arguments)
            found = approval._differing(now)
            if not found:
                return None
            again = self._outlook(call, arguments)
            return now if found - differing(now, again) else None
        return None

    def _call_of(self, caller: Caller | None, tool: str, arguments: dict[str, Any], address: str) -> Call:
        """The call of a request as it runs at its approval: nobody is there who could be asked back."""
        message = Message(
            id=None,
            method="tools/call",
            params={"name": tool, "arguments": arguments},
            era=revisions.LEGACY_ERA,
            revision=revisions.ASSUMED,
        )
        return Call(Exchange("POST", (), "", b"", address), {}, message, caller=caller)

    def _approved_call(self, approval, arguments: dict[str, Any], address: str) -> Call:
        """The call of a request, after everything was checked as for a call that comes now; ``error`` says what failed.

        Whoever calls this ends the transaction with ``_close_approved``.
        """
        caller = self._caller_by(_APPROVAL, approval=approval.id)
        call = self._call_of(caller, approval.tool, arguments, address)
        with self._telling(call):
            for check in CHECKS:
                getattr(self, check)(call)
        return call

    def _execute_approved(self, call: Call) -> dict | None:
        """Run an approved call as its requester.

        :return: what is kept of the result; None if it failed, and ``error`` of the call then says why
        """
        # What was tried out before has taken a time of its own.
        call.started = monotonic()
        with self._telling(call):
            return self._kept(self._run_tool(call))
        return None

    @contextmanager
    def _telling(self, call: Call):
        """What goes wrong in the block is the call's error: a decision does not fail because of what it decides on."""
        try:
            yield
        except Refusal as refusal:
            call.refused, call.error = True, refusal.reason
        except InputRequired:
            call.error = "This tool asks back while it runs, which nobody could answer."
        except ToolError as error:
            call.error = str(error)

    def _kept(self, result: dict) -> dict:
        """What get_approval tells of a result: its structure, cut and checked as it is, or its texts; never files."""
        texts = [block for block in result["content"] if block["type"] == "text"]
        return result.get("structuredContent", {"content": texts})

    def _check_enabled(self, call: Call) -> None:
        if not call.caller.enabled:
            raise Refusal(503, errors.SWITCHED_OFF, "The MCP server of this Odoo is switched off.")

    def _log_approved(self, call: Call) -> None:
        """The row of an executed or failed approval, as of the requester, whose call it is."""
        event = "approval_failed" if call.error else "approval_executed"
        values = call.log_values(Reply(status=0)) | {"event": event, "http_status": None}
        self.env["mcp.audit.log"]._record(**values)

    def _close_approved(self, calls: list[Call]) -> None:
        """The end of a transaction in which approved calls ran: flush, then final locks (DESIGN §2.3)."""
        self.env.cr.flush()
        callers = {call.caller.connection_id: call.caller for call in calls}
        for _connection, caller in sorted(callers.items()):
            self._final_lock(caller)


# One of the sources of mcp_gateway.py: the request stands where a call has its credential.
_APPROVAL = """
    SELECT 'approval #' || id AS hint, generation, connection_id, token_scope, NULL::int AS usage_id
    FROM mcp_approval WHERE id = %(approval)s
"""
