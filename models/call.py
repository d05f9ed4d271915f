"""What the gateway knows of one call, how it says no, and what it answers."""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from ..protocol.credentials import redact
from ..protocol.messages import Exchange, Message, Rejection
from ..toolsets.context import Context, SessionFacts
from ..toolsets.tool import Tool

RECORDS_LOGGED = 100


@dataclass(frozen=True)
class Reply:
    """An HTTP answer; ``body`` None means none."""

    status: int
    body: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    # Sent before the body, which makes the answer an event stream.
    notifications: tuple[dict[str, Any], ...] = ()


class Refusal(Exception):
    """A rung says no. Caught inside the gateway: what leaves a controller as an exception takes the log row along."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        data: dict[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        reason: str | None = None,
    ):
        """
        :param message: for the caller: helps an honest one, tells an attacker nothing
        :param reason: for the log only, where the real reason must not be told
        """
        super().__init__(message)
        self.status, self.code, self.message, self.data, self.headers = status, code, message, data, headers
        self.reason = reason or message


class Caller(NamedTuple):
    """A credential that was found, and what it belongs to, as the database had it in this request."""

    enabled: bool
    # Seconds that a call may take, and bytes that its result may have.
    call_seconds: int
    result_bytes: int
    credential: str | None
    credential_generation: int | None
    connection_id: int | None
    connection_name: str | None
    state: str | None
    generation: int | None
    scope: str | None
    expired: bool | None
    usage_id: int | None
    rate_minute: int | None
    rate_day: int | None
    user_id: int | None
    user_name: str | None
    user_active: bool | None
    # Names of the only tools, ids of the only companies; none is all. Whether there are limits to models.
    allowed_tools: list[str]
    companies: list[int]
    has_model_limits: bool | None
    # What a token was granted, of OAuth; None is an API key, which has its connection's scope.
    token_scope: str | None
    # Where the use of the credential itself is counted.
    credential_usage_id: int | None
    # Rules about addresses, as text; how many calls may run at once, and which of their slots this one has.
    allowed_ips: str | None
    blocked_ips: str | None
    max_in_flight: int | None
    slot: int | None
    # Names of the tools that a person has to approve first.
    approval_tools: list[str]


@dataclass
class Call:
    """One request on its way up the ladder."""

    exchange: Exchange
    # Outlives Odoo's retries of the request (the WSGI environ); what must happen once per request is remembered here.
    memo: dict[str, Any]
    message: Message | Rejection
    started: float = field(default_factory=monotonic)
    caller: Caller | None = None
    # A record of res.users, whom the call acts as, with that user's own environment; once the caller is known.
    user: Any = None
    session: SessionFacts | None = None
    context: Context = field(default_factory=Context)
    tool: Tool | None = None
    toolset: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    # Whether this transaction writes or mints anything besides its log row, and so ends with the final lock.
    writes: bool = False
    error: str | None = None
    refused: bool = False
    # Whether it is only counted in the log (DESIGN §2.6).
    unlogged: bool = False
    # Headers that the answer to this method has besides the usual ones.
    headers: tuple[tuple[str, str], ...] = ()

    def log_values(self, reply: Reply) -> dict[str, Any]:
        """The row of the audit log."""
        caller, message = self.caller, self.message
        named = (getattr(message, "client_name", None), getattr(message, "client_version", None))
        client = " ".join(filter(None, named)) or (self.session and self.session.client)
        return {
            "event": "request",
            "outcome": "refused" if self.refused else "error" if self.error else "success",
            "method": loggable(message.method),
            "tool": self.tool and self.tool.name,
            "model": loggable(self.arguments.get("model")),
            "record_refs": self._record_refs(),
            "user_ref": caller and caller.user_id,
            "user_name": caller and caller.user_name,
            "connection_ref": caller and caller.connection_id,
            "connection_name": caller and caller.connection_name,
            "session_ref": self.session and self.session.id,
            "credential": caller and caller.credential,
            "client": loggable(client or None),
            "ip": self.exchange.remote_addr,
            "revision": getattr(message, "revision", None),
            "http_status": reply.status,
            "error_code": ((reply.body or {}).get("error") or {}).get("code"),
            "error": loggable(self.error, 500),
            "duration_ms": (monotonic() - self.started) * 1000,
        }

    def _record_refs(self) -> str | None:
        ids = self.arguments.get("ids") or filter(None, [self.arguments.get("id")])
        return ",".join(str(number) for number in list(ids)[:RECORDS_LOGGED]) or None


def loggable(text: Any, length: int = 128) -> str | None:
    """Text that a caller chose: bounded, without secrets, and without what PostgreSQL cannot keep."""
    return redact(text)[:length].replace("\x00", "") if isinstance(text, str) else None
