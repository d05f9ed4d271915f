from odoo import models

from ..protocol import errors, messages, revisions
from .call import Call, Refusal, loggable
from .mcp_connection_usage import SessionKey


class McpGateway(models.AbstractModel):
    """Which session a call belongs to (FEATURES S1, S2)."""

    _inherit = "mcp.gateway"

    def _session_key(self, call: Call) -> SessionKey | None:
        """How this request tells its session (PROTOCOL: by id, by the client's name, by the program's)."""
        message = call.message
        if isinstance(message, messages.Rejection) or message.method == "initialize":
            return None
        if message.era == revisions.MODERN_ERA:
            return SessionKey("derived", self._derived_token(call))
        if message.session_id is not None:
            return SessionKey("id", loggable(message.session_id))
        return SessionKey("agent", self._user_agent(call))

    def _derived_token(self, call: Call) -> str:
        return f"client:{loggable(call.message.client_name) or self._user_agent(call)}"

    def _user_agent(self, call: Call) -> str:
        return loggable(call.exchange.header("User-Agent"), 100) or "unknown"

    def _rung_session(self, call: Call) -> None:
        """A session id must be one of this connection's, and live; a client that sends none gets one of its own.

        A deactivated session looks like an absent one, and its client may begin anew (2025-11-25, basic/transports).
        """
        key = self._session_key(call)
        if key is None:
            return
        call.session = call.memo["admission"].session
        if call.session is None and key.by != "id":
            call.session = self._open_session(call)
        if call.session is None:
            raise Refusal(
                errors.http_status(errors.SESSION_GONE, call.message.era),
                errors.SESSION_GONE,
                "There is no such session, or it was ended. Begin a new one.",
            )

    def _open_session(self, call: Call):
        opened = self.env["mcp.session"]._open_derived(
            call.caller, call.message, self._derived_token(call), self._user_agent(call), call.exchange.remote_addr
        )
        # A retry of the same request finds it instead of opening another.
        call.memo["admission"] = call.memo["admission"]._replace(session=opened)
        return opened
