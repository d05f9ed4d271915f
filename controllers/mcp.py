"""The MCP endpoint: facts about the HTTP request in, a reply out. Everything else is the gateway's."""

import logging
from contextlib import suppress

import psycopg2
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from odoo import SUPERUSER_ID, api, http
from odoo.http import request

from ..models.call import Reply
from ..models.mcp_gateway_run import RETRIED
from ..protocol import errors, preflight, results
from ..protocol.messages import Exchange
from . import responses

_logger = logging.getLogger(__name__)

MEMO = "mcp_gateway.memo"


class McpDispatcher(http.HttpDispatcher):
    """Odoo's way of serving a route, but the body stays bytes, and every failure is answered in JSON-RPC."""

    routing_type = "mcp"

    def dispatch(self, endpoint, args):
        # Not through HttpDispatcher: it would read a form out of the body, which is then empty.
        self.request.params = args
        return self.request.registry["ir.http"]._dispatch(endpoint)

    def handle_error(self, exc: Exception):
        """Answer what the gateway could not: retries that are used up, and bugs. Both roll back, so both log here."""
        lost = self._has_lost_database(exc)
        if isinstance(exc, HTTPException):
            reply = Reply(exc.code or 500, results.failure(None, errors.INTERNAL_ERROR, exc.name))
        elif lost:
            # Neither BUSY nor Retry-After: what was cut off may have been its commit.
            body = results.failure(
                self._message_id(),
                errors.INTERNAL_ERROR,
                "Odoo lost its database during this call. It was carried out or it was not: look before you repeat it.",
            )
            reply = Reply(503, body)
        elif isinstance(exc, RETRIED):
            body = results.failure(self._message_id(), errors.BUSY, "Odoo is busy with the same data. Try again.")
            reply = Reply(503, body, (("Retry-After", "1"),))
        else:
            # Odoo itself writes the traceback to the server's log.
            body = results.failure(
                self._message_id(),
                errors.INTERNAL_ERROR,
                "Internal error. The administrator finds it in the server's log.",
            )
            reply = Reply(500, body)
        self._log(reply, exc, lost)
        return responses.build(reply, self.request.httprequest.environ.get(MEMO, {}).get("cors", ()))

    def _has_lost_database(self, exc: Exception) -> bool:
        """Whether the connection broke, of which only a statement would tell; Odoo's own, later, would fail."""
        if self.request.env is None:
            # Odoo failed to close its cursor, after everything else.
            return isinstance(exc, psycopg2.Error)
        cr = self.request.env.cr
        if isinstance(exc, psycopg2.Error):
            with suppress(psycopg2.Error):
                cr.rollback()
        return cr.closed

    def _call(self):
        return self.request.httprequest.environ.get(MEMO, {}).get("call")

    def _message_id(self):
        call = self._call()
        return call and call.message.id

    def _log(self, reply: Reply, exc: Exception, lost: bool) -> None:
        call = self._call()
        if call is None:
            return
        call.error = f"{type(exc).__name__}: {'connection to the database lost' if lost else 'rolled back'}"
        values = call.log_values(reply)
        try:
            with self.request.registry.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {})
                env["mcp.audit.log"]._record(**values | env["mcp.gateway"]._payloads(call, reply))
        except psycopg2.Error:
            # The database is away, and the client gets its answer all the same.
            _logger.exception("Missing in the audit log: %s", values)


class McpController(http.Controller):
    # Every verb, because with a list Odoo's web client could take the others; not read-only, because every call is
    # logged; no cookie, because a key is the only way in.
    @http.route(
        ["/mcp", "/mcp/"],
        type="mcp",
        auth="none",
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=preflight.MAX_READ,
    )
    def mcp(self, **_kwargs):
        httprequest = request.httprequest
        if httprequest.method not in ("POST", "OPTIONS"):
            return responses.build(Reply(405, None, (("Allow", preflight.ALLOW),)))
        if httprequest.method == "OPTIONS":
            return responses.build(request.env["mcp.gateway"]._preflight(self._exchange(httprequest)))
        memo = httprequest.environ.setdefault(MEMO, {})
        if "exchange" not in memo:
            # Once: the body is a stream, and Odoo may run this request again.
            memo["exchange"] = self._exchange(httprequest)
        reply = request.env["mcp.gateway"]._serve(memo["exchange"], memo)
        return responses.build(reply, memo.get("cors", ()))

    def _exchange(self, httprequest) -> Exchange:
        try:
            body = httprequest.get_data(cache=False)
        except RequestEntityTooLarge:
            body = b""  # its Content-Length says enough
        return Exchange(
            method=httprequest.method,
            headers=tuple(httprequest.headers.items()),
            query=httprequest.query_string.decode("latin-1"),
            # Enough to see that it is too long; the rest was read so that its sender hears the answer.
            body=body[: preflight.MAX_BODY + 1],
            remote_addr=httprequest.remote_addr,
        )
