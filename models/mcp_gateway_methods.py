import json
import logging
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import errors as pg_errors
from pydantic import BaseModel

from odoo import api, models
from odoo.exceptions import AccessError, ConcurrencyError, MissingError, UserError
from odoo.modules.module import get_manifest
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..protocol import challenge, errors, results, revisions
from ..toolsets.tool import ToolError
from .call import Call, Refusal, Reply

_logger = logging.getLogger(__name__)

# Odoo runs the request again for these, which is the only right answer to them.
RETRIED = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
INSTRUCTIONS = (
    "You work in an Odoo database as one of its users, with this user's rights. Find out what there is with "
    "list_models and describe_model before you search. What you cannot see is not there for this user."
)


class _DryRun(Exception):
    """Rolls a savepoint back although the tool succeeded."""


class McpGateway(models.AbstractModel):
    """What the methods of MCP do, once the ladder let the call up to them."""

    _inherit = "mcp.gateway"

    @api.model
    def _methods(self, era: str) -> dict[str, str]:
        """The methods of an era and who answers each; other issues of the protocol add theirs here."""
        common = {"tools/list": "_method_tools_list", "tools/call": "_method_tools_call"}
        if era == revisions.MODERN_ERA:
            return {"server/discover": "_method_discover", **common}
        return {"initialize": "_method_initialize", "ping": "_method_ping", **common}

    def _answer(self, call: Call) -> Reply:
        message = call.message
        if message.is_notification or message.is_response:
            return Reply(202)
        result = getattr(self, self._methods(message.era)[message.method])(call)
        return Reply(200, results.success(message, result, self._server_info()))

    @api.model
    def _server_info(self) -> dict[str, str]:
        return {
            "name": "mcp_gateway",
            "title": "MCP Server for Odoo",
            "version": get_manifest("mcp_gateway")["version"],
        }

    @api.model
    def _capabilities(self) -> dict:
        """What is advertised; nothing that would need a channel from server to client."""
        return {"tools": {}}

    def _method_discover(self, call: Call) -> dict:
        return results.discover(self._capabilities(), self._server_info(), INSTRUCTIONS)

    def _method_initialize(self, call: Call) -> dict:
        return results.initialize(call.message, self._capabilities(), self._server_info(), INSTRUCTIONS)

    def _method_ping(self, call: Call) -> dict:
        return {}

    def _method_tools_list(self, call: Call) -> dict:
        tools = self.env["mcp.toolset"]._tools_within(call.caller.scope)
        return results.tools_list([tool.definition() for tool in tools], call.message)

    def _method_tools_call(self, call: Call) -> dict:
        self._rung_tool(call)
        self._rung_scope(call)
        try:
            self._rung_arguments(call)
            self._rung_approval(call)
            result = self._run(call)
        except ToolError as error:
            call.error = str(error)
            return results.tool_result(None, str(error), is_error=True)
        return results.tool_result(result, _json(result), is_error=False)

    def _rung_tool(self, call: Call) -> None:
        name = call.message.params.get("name")
        found = self.env["mcp.toolset"]._catalogue().get(name) if isinstance(name, str) else None
        if found is None:
            status = errors.http_status(errors.INVALID_PARAMS, call.message.era)
            raise Refusal(status, errors.INVALID_PARAMS, "There is no such tool. tools/list tells which there are.")
        call.toolset, call.tool = found

    def _rung_scope(self, call: Call) -> None:
        needed = call.tool.scope
        if call.tool in self.env["mcp.toolset"]._tools_within(call.caller.scope):
            return
        header = challenge.bearer_challenge(error="insufficient_scope", scope=f"mcp:{needed}")
        raise Refusal(
            403,
            errors.FORBIDDEN,
            f"{call.tool.name} needs the scope mcp:{needed}, which this connection does not have.",
            data={"requiredScope": f"mcp:{needed}"},
            headers=(("WWW-Authenticate", header),),
        )

    def _rung_arguments(self, call: Call) -> None:
        call.arguments = call.tool.parse(call.message.params.get("arguments"))

    def _rung_approval(self, call: Call) -> None:
        """Approvals are not asked for yet."""

    def _run(self, call: Call) -> dict:
        """Run the tool as the connection's user, in a savepoint; what it returned, as JSON values.

        :raise ToolError: whatever went wrong in the tool, unless Odoo is to run the request again
        """
        # The gateway, not the tool, decides what a commit has to wait for: a tool that may write ends with the lock.
        call.writes = not call.tool.read_only
        env = self._user_env(call)
        result: BaseModel | None = None
        try:
            with suppress(_DryRun), self._all_or_nothing(read_only=call.tool.read_only):
                result = getattr(env[call.toolset], call.tool.name)(**call.arguments)
                if call.arguments.get("dry_run"):
                    # Constraints and computed fields belong to what a dry run is to show.
                    env.flush_all()
                    raise _DryRun
        except RETRIED:
            raise
        except Exception as error:
            raise ToolError(self._explain(call, error)) from error
        return result.model_dump(mode="json", exclude_none=True)

    def _user_env(self, call: Call):
        env = self.env(user=call.caller.user_id, context={}, su=False)
        return env(context=dict(env["res.users"].context_get()))

    @contextmanager
    def _all_or_nothing(self, *, read_only: bool):
        """A savepoint whose rollback leaves nothing at all, not even outside the database (DESIGN §2.9).

        Odoo's savepoint brings back neither the callbacks that would run after the commit, nor caches that were
        filled or invalidated on the strength of what is rolled back.
        """
        cr, registry = self.env.cr, self.env.registry
        callbacks, data = list(cr.postcommit._funcs), dict(cr.postcommit.data)
        try:
            with cr.savepoint():
                if read_only:
                    # Ends with the savepoint: PostgreSQL gives the outer transaction its own mode back.
                    cr.execute("SET LOCAL transaction_read_only = on")
                yield
        except Exception:
            cr.postcommit.clear()
            cr.postcommit._funcs.extend(callbacks)
            cr.postcommit.data.update(data)
            registry.reset_changes()
            raise

    def _explain(self, call: Call, error: Exception) -> str:
        """The words for the AI; what only a developer understands goes to the server's log instead."""
        if isinstance(error, (ToolError, UserError)):
            if isinstance(error, (AccessError, MissingError)):
                # Odoo's own text names records and groups of others.
                return "You may not do this with these records, or they do not exist."
            return str(error)
        if isinstance(error, pg_errors.ReadOnlySqlTransaction):
            return f"{call.tool.name} only reads, and what was asked for would write."
        if isinstance(error, pg_errors.QueryCanceled):
            return "This took too long and was stopped. Ask for less at once."
        if isinstance(error, psycopg2.DataError):
            return "A value does not fit its field: it is too long, too large, or of the wrong form."
        if isinstance(error, psycopg2.IntegrityError):
            return (
                "The database refused this: a required value is missing, or a value that must be unique exists already."
            )
        _logger.error("Tool %s failed", call.tool.name, exc_info=error)
        return (
            f"{call.tool.name} failed because of an error inside Odoo. The administrator finds it in the server's log."
        )


def _json(value: dict) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
