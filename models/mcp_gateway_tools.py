from odoo import models

from ..oauth import scopes
from ..protocol import errors, results
from ..toolsets.context import InputRequired
from ..toolsets.tool import Result, ToolError, json_of
from .call import Call, Refusal


class McpGateway(models.AbstractModel):
    """``tools/list`` and ``tools/call`` (server/tools)."""

    _inherit = "mcp.gateway"

    def _method_tools_list(self, call: Call) -> dict:
        return self._page(call, "tools", [tool.definition() for tool in self._tools(call)])

    def _tools(self, call: Call) -> list:
        return [tool for _model, tool in self.env["mcp.toolset"]._catalogue().values() if self._may_use(call, tool)]

    def _may_use(self, call: Call, tool) -> bool:
        """The one place that decides whether a call may use a tool, or what shows the same as the tool."""
        caller = call.caller
        return self._is_granted(call, tool) and self.env["mcp.toolset"]._permits(
            tool, call.user, caller.scope, caller.allowed_tools
        )

    def _may_use_named(self, call: Call, name: str | None) -> bool:
        """As ``_may_use``; no name means that no tool shows the same."""
        _model, tool = self.env["mcp.toolset"]._catalogue().get(name, (None, None))
        return name is None or (tool is not None and self._may_use(call, tool))

    def _is_granted(self, call: Call, tool) -> bool:
        """Whether the token, if it is one, was granted what the tool needs."""
        granted = call.caller.token_scope
        return granted is None or f"mcp:{tool.scope}" in granted.split()

    def _method_tools_call(self, call: Call) -> dict:
        self._rung_tool(call)
        self._rung_scope(call)
        try:
            self._rung_arguments(call)
            return self._ask_approval(call) if self._needs_approval(call) else self._run_tool(call)
        except InputRequired as pause:
            return self._input_required(call, pause)
        except ToolError as error:
            call.error = str(error)
            return results.tool_result(None, str(error), is_error=True)

    def _rung_tool(self, call: Call) -> None:
        name = call.message.params.get("name")
        found = self.env["mcp.toolset"]._catalogue().get(name) if isinstance(name, str) else None
        if found is None or not self.env["mcp.toolset"]._is_tool_for(found[1], call.user):
            raise self._invalid_params(call, "There is no such tool. tools/list tells which there are.")
        call.toolset, call.tool = found

    def _rung_scope(self, call: Call) -> None:
        if self._may_use(call, call.tool):
            return
        name, needed = call.tool.name, f"mcp:{call.tool.scope}"
        if self._is_granted(call, call.tool) and self.env["mcp.toolset"]._is_within_scope(call.tool, call.caller.scope):
            raise Refusal(
                403,
                errors.FORBIDDEN,
                f"This connection may not use {name}. Its administrator decides that.",
            )
        # All that the call needs at once, so that one more consent is enough (FEATURES O11).
        header = self._challenge(error="insufficient_scope", scope=scopes.granted(call.tool.scope))
        raise Refusal(
            403,
            errors.FORBIDDEN,
            f"{name} needs the scope {needed}, which this connection does not have.",
            data={"requiredScope": needed},
            headers=(("WWW-Authenticate", header),),
        )

    def _rung_arguments(self, call: Call) -> None:
        call.arguments = call.tool.parse(call.message.params.get("arguments"))

    def _run_tool(self, call: Call) -> dict:
        return self._run(
            call,
            call.tool.name,
            lambda env: self._tool_result(call, env[call.toolset]._call_tool(call.tool, call.arguments)),
            read_only=call.tool.read_only,
            dry_run=bool(call.arguments.get("dry_run")),
        )

    def _tool_result(self, call: Call, result: Result) -> dict:
        """The result as it is sent, cut to the limit if need be; files have their own limit, so blocks do not count.

        :raise ToolError: if it cannot be cut; what the tool did is then rolled back
        """
        if call.tool.output_schema is None:
            return results.tool_result(None, None, *result._blocks)
        limit = call.caller.result_bytes
        structured, text = _dumped(result)
        size = len(text.encode())
        if size > limit and (shorter := result.shortened(limit)) is not None:
            structured, text = _dumped(shorter)
        if len(text.encode()) > limit:
            raise ToolError(
                f"The result has {size // 1000} kB, and at most {limit // 1000} kB are sent at once. Ask for fewer "
                f"fields or fewer records.{'' if call.tool.read_only else ' Nothing was changed.'}"
            )
        return results.tool_result(structured, text, *result._blocks)

    def _input_required(self, call: Call, pause: InputRequired) -> dict:
        state = self.env["mcp.secret"]._seal(pause.state, self._bound(call)) if pause.state else None
        return results.input_required(pause.requests, state)


def _dumped(result: Result) -> tuple[dict, str]:
    structured = result.model_dump(mode="json", exclude_none=True)
    return structured, json_of(structured)
