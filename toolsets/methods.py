# pylint: disable=dangerous-default-value
# pydantic copies a default, and the tools change none.
import difflib
import inspect
import logging
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

from ..protocol.credentials import redact
from . import outcome
from .records import ModelName
from .signatures import checked_arguments
from .tool import ToolError, tool
from .traces import leave_trace

_logger = logging.getLogger(__name__)

# The two of Odoo's base that are business: they do more than set a field.
ARCHIVING = frozenset({"action_archive", "action_unarchive"})
# What a method raises that was given values it cannot work with.
_MISUSE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, AssertionError)
MAX_RECORDS = 200

RecordIds = Annotated[
    list[Annotated[int, Field(ge=1, le=2**31 - 1)]],
    Field(description="Ids of the records, which search_records finds.", min_length=1, max_length=MAX_RECORDS),
]
DryRun = Annotated[bool, Field(description="True: do everything, tell the outcome, then undo all of it in Odoo.")]


class MethodResult(outcome.Outcome):
    model: str
    ids: list[int]
    method: str


class McpToolsetMethods(models.AbstractModel):
    _name = "mcp.toolset.methods"
    _description = "MCP Tools: Methods"
    _inherit = ["mcp.toolset"]

    @tool(title="Run a business method", scope="execute", read_only=False, destructive=True)
    def execute_method(
        self,
        model: ModelName,
        ids: RecordIds,
        method: Annotated[
            str, Field(description='For example "action_confirm" or "button_validate".', min_length=1, max_length=100)
        ],
        arguments: Annotated[
            dict[str, Any], Field(description="Arguments of the method by name. Most business methods take none.")
        ] = {},  # noqa: B006
        dry_run: DryRun = False,
    ) -> MethodResult:
        """Run a public business method of a model on records: what a button of Odoo's screen does.

        Prefer transition_state where get_workflow_state offers the step: it also checks that the step fits the state.
        Examples: sale.order action_confirm; account.move action_post; stock.picking button_validate;
        purchase.order button_confirm; hr.leave action_approve.
        Private methods, methods on no record, and what other tools do (create, write, unlink, read, messages) are
        refused. opens tells what Odoo would show next: a wizard that was opened was not run.
        """
        guard = self.env["mcp.guard"]
        target = guard._usable_model(model, "write")
        values = checked_arguments(self._business_method(target, method), arguments)
        records = guard._records(target, ids, "write")
        return MethodResult(model=model, ids=records.ids, method=method, **self._carry_out(records, method, values))

    @api.model
    def _carry_out(self, records, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a method that was checked, and note it on the records.

        :return: the members of an ``Outcome``
        :raise ToolError: if the method cannot work with what it was given
        """
        try:
            returned = getattr(records, name)(**arguments)
        except _MISUSE as error:
            _logger.info("%s.%s failed", records._name, name, exc_info=True)
            if "Expected singleton" in str(error):
                raise ToolError(f"{name} works on one {records._name} at a time.") from error
            raise ToolError(
                f"{name} failed inside Odoo. Most likely the arguments or the state of the records do not fit."
            ) from error
        return self._finish(records, returned, self.env._("%(method)s called", method=name))

    @api.model
    def _finish(self, records, returned: Any, done: str) -> dict[str, Any]:
        """After something ran on ``records``: the trace, the connection's limits, and what there is to tell."""
        remaining = records.with_env(self.env).exists()
        self.env["mcp.guard"]._check_within_limit(remaining)
        leave_trace(remaining, done)
        return self._tell(records, remaining, returned)

    @api.model
    def _tell(self, records, remaining, returned: Any) -> dict[str, Any]:
        members = outcome.members(returned, self.env)
        if deleted := (records - remaining).ids:
            members["deleted_ids"] = deleted
        return members

    # Which methods

    @api.model
    def _business_method(self, model, name: str) -> Callable:
        """The public business method ``name`` of ``model``.

        :raise ToolError: if there is none that a tool may call; names the ones that look like it
        """
        if why := self._refusal(model, name):
            public = [attribute for attribute in dir(type(model)) if not attribute.startswith("_")]
            near = difflib.get_close_matches(name, public, n=12, cutoff=0.6)
            near = [other for other in near if other != name and not self._refusal(model, other)][:4]
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise ToolError(f"AI tools cannot call {redact(name)!r} of {model._name}: {why}.{hint}")
        return getattr(type(model), name)

    @api.model
    def _refusal(self, model, name: str) -> str | None:
        """Why no tool calls the method; None if one may."""
        try:
            get_public_method(model, name)
        except AccessError:
            return "it is private"
        except AttributeError:
            return "there is no such method"
        # Odoo too looks at every definition: an override neither makes a method public nor a business method.
        definers = [cls for cls in type(model).mro() if name in vars(cls)]
        functions = [vars(cls)[name] for cls in definers]
        if not all(inspect.isfunction(function) for function in functions):
            return "there is no such method"
        guard = self.env["mcp.guard"]
        for called in {name, *(inspect.unwrap(function).__name__ for function in functions)}:
            if why := guard._forbids("method", called, "call"):
                return why
        for cls in definers:
            if getattr(cls, "_name", None) and (why := guard._forbids("model", cls._name, "write")):
                return why
        return _technical(definers, functions, name)


def _technical(definers: list[type], functions: list[Callable], name: str) -> str | None:
    if any(getattr(cls, "_abstract", False) for cls in definers) and name not in ARCHIVING:
        return "it is part of Odoo's framework and no step of the business"
    if any(getattr(function, "_api_model", False) for function in functions):
        return "it works on the model as a whole and not on records that could be checked"
    if any(getattr(function, "__has_check_identity", False) for function in functions):
        return "it asks a person for the password"
    return None
