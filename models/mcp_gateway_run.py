import errno
import logging
from collections.abc import Callable
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

import psycopg2
from psycopg2 import errors as pg_errors

from odoo import models
from odoo.exceptions import AccessError, ConcurrencyError, MissingError, RedirectWarning, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ..protocol import errors, headers, revisions
from ..toolsets import context
from ..toolsets.tool import ToolError
from .call import Call, Refusal

_logger = logging.getLogger(__name__)

# Odoo runs the request again for these, which is the only right answer to them.
RETRIED = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
# Reasons of the operating system why a file is not stored.
NOT_STORED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EIO),
    *(errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE),
}
INVALID_STATE = "requestState is not one of this server, belongs to another request, or is too old. Begin again."


class _Commits(Exception):
    """The code tried to end the transaction itself."""


@contextmanager
def _never_committing(cr):
    """Refuse a commit or rollback in the block: what a dry run or a revocation undoes must still be undoable."""

    def refuse():
        raise _Commits

    cr.commit = cr.rollback = refuse
    try:
        yield
    finally:
        del cr.commit, cr.rollback


class _DryRun(Exception):
    """Rolls a savepoint back although the code succeeded."""


class McpGateway(models.AbstractModel):
    """How code of a toolset runs: as the connection's user, within its limits, all of it or nothing."""

    _inherit = "mcp.gateway"

    def _run(self, call: Call, what: str, function: Callable[[Any], Any], *, read_only: bool, dry_run: bool = False):
        """Run ``function`` with the user's environment; what it returned.

        :param what: its name, for the server's log
        :raise ToolError: whatever went wrong in it, unless Odoo is to run the request again
        :raise context.InputRequired: it cannot go on without an answer of the client
        """
        # The gateway, not the code, decides what a commit has to wait for: what may write ends with the lock.
        call.writes = not read_only
        result = None
        call.context = self._context(call)
        try:
            with context.serving(call.context), suppress(_DryRun), self._all_or_nothing(call, read_only):
                result = function(self._user_env(call))
                if not read_only:
                    # Constraints and computed fields belong to what was done, and to what a dry run is to show.
                    self.env.flush_all()
                if monotonic() - call.started > call.caller.call_seconds:
                    raise ToolError(self._too_slow(call))
                if dry_run:
                    raise _DryRun
        except (*RETRIED, context.InputRequired):
            raise
        except context.MissingCapability as error:
            raise self._missing_capability(call, error) from None
        except Exception as error:
            if self.env.cr.closed:
                raise  # the database is lost, and with it whatever could be said here
            raise ToolError(self._explain(call, what, error)) from error
        return result

    def _user_env(self, call: Call):
        env = self.env(user=call.caller.user_id, context={}, su=False)
        values = dict(env["res.users"].context_get())
        if call.caller.companies:
            # Odoo checks that they are the user's own.
            values["allowed_company_ids"] = call.caller.companies
        return env(context=values)

    def _context(self, call: Call) -> context.Context:
        message, caller = call.message, call.caller
        meta = message.params["_meta"] if isinstance(message.params.get("_meta"), dict) else {}
        is_modern = message.era == revisions.MODERN_ERA
        token = meta.get("progressToken")
        level = meta.get(headers.META_LOG_LEVEL) if is_modern else call.session and call.session.log_level
        responses = message.params.get("inputResponses")
        # What is no object is no answer, and is asked for again.
        responses = responses.items() if isinstance(responses, dict) else ()
        return context.Context(
            connection_id=caller.connection_id,
            connection_name=caller.connection_name,
            scope=caller.scope,
            session=call.session,
            models=self._model_limits(caller),
            capabilities=message.capabilities,
            can_ask=is_modern,
            responses={name: answer for name, answer in responses if isinstance(answer, dict)},
            state=self._request_state(call),
            progress_token=token if isinstance(token, (str, int)) and not isinstance(token, bool) else None,
            log_level=level if level in context.LEVELS else None,
        )

    def _model_limits(self, caller) -> dict[str, context.ModelLimit] | None:
        return self.env["mcp.connection.model"]._limits_of(caller.connection_id) if caller.has_model_limits else None

    # Asking back (2026-07-28, basic/patterns/mrtr)

    def _request_state(self, call: Call) -> dict:
        sealed = call.message.params.get("requestState")
        if sealed is None or call.message.era != revisions.MODERN_ERA:
            return {}
        state = self.env["mcp.secret"]._open_seal(sealed, self._bound(call)) if isinstance(sealed, str) else None
        if state is None:
            raise self._invalid_params(call, INVALID_STATE)
        return state

    def _bound(self, call: Call) -> list:
        """What a requestState is worth something with: this connection, as it is now, and this request."""
        caller, params = call.caller, call.message.params
        named = params.get("name") or params.get("uri")
        return [caller.connection_id, caller.generation, call.message.method, named, params.get("arguments")]

    def _missing_capability(self, call: Call, error: context.MissingCapability) -> Exception:
        if call.message.era != revisions.MODERN_ERA:
            return ToolError("This needs an AI tool that can be asked back, with protocol 2026-07-28.")
        return Refusal(
            errors.http_status(errors.MISSING_CAPABILITY, call.message.era),
            errors.MISSING_CAPABILITY,
            f"This needs a client with the capability {', '.join(error.names)}.",
            data={"requiredCapabilities": {name: {} for name in error.names}},
        )

    # Rolling back, and explaining

    @contextmanager
    def _all_or_nothing(self, call: Call, read_only: bool):
        """A savepoint whose rollback leaves nothing at all, not even outside the database (DESIGN §2.9).

        Odoo's savepoint brings back neither the callbacks that would run after the commit, nor caches that were
        filled or invalidated on the strength of what is rolled back.
        """
        cr, registry = self.env.cr, self.env.registry
        callbacks, data = list(cr.postcommit._funcs), dict(cr.postcommit.data)
        try:
            with cr.savepoint(), _never_committing(cr):
                # Both end with the savepoint if it is rolled back; the mode ends with it in any case.
                mode = SQL("SET LOCAL transaction_read_only = on; ") if read_only else SQL()
                cr.execute(SQL("%sSET LOCAL statement_timeout = %s", mode, call.caller.call_seconds * 1000))
                yield
        except Exception:
            cr.postcommit.clear()
            cr.postcommit._funcs.extend(callbacks)
            cr.postcommit.data.update(data)
            registry.reset_changes()
            raise

    def _too_slow(self, call: Call) -> str:
        return (
            f"This took longer than {call.caller.call_seconds} seconds and was stopped; nothing was changed. "
            "Ask for less at once: fewer records, a narrower domain."
        )

    def _explain(self, call: Call, what: str, error: Exception) -> str:
        """The words for the AI; what only a developer understands goes to the server's log instead."""
        if isinstance(error, (AccessError, MissingError)):
            # Odoo's own text names records and groups of others.
            return "You may not do this with these records, or they do not exist."
        if isinstance(error, (ToolError, UserError, RedirectWarning)):
            return str(error.args[0])
        if isinstance(error, _Commits):
            return f"{what} cannot do this: Odoo would save it at once and for good. A person has to do it in Odoo."
        if isinstance(error, pg_errors.ReadOnlySqlTransaction):
            return f"{what} only reads, and what was asked for would write."
        if isinstance(error, pg_errors.QueryCanceled):
            return self._too_slow(call)
        if isinstance(error, pg_errors.UndefinedColumn):
            return "Odoo cannot list the records of this model: it only groups them, which aggregate_records does."
        if isinstance(error, (psycopg2.DataError, pg_errors.UndefinedFunction)):
            return "A value does not fit its field: it is too long, too large, or of the wrong form."
        if isinstance(error, psycopg2.IntegrityError):
            return (
                "The database refused this: a required value is missing, or a value that must be unique exists already."
            )
        _logger.error("%s failed", what, exc_info=error)
        if isinstance(error, OSError) and error.errno in NOT_STORED:
            return (
                "Odoo's server cannot store files at the moment; nothing was changed. The administrator finds the "
                "reason in the server's log."
            )
        return f"{what} failed because of an error inside Odoo. The administrator finds it in the server's log."
