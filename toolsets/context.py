"""What the code of a tool, prompt or resource may know of the call it serves, and say besides its result."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# RFC 5424 §6.2.1, from the chattiest to the gravest (server/utilities/logging).
LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")
# Which capability a client must have declared to be asked something (2026-07-28, basic/patterns/mrtr).
_CAPABILITIES = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}


class InputRequired(Exception):
    """The call cannot go on without an answer of the client; everything that was done is rolled back.

    :ivar requests: name → ``{"method": …, "params": …}``
    :ivar state: what the code wants back, unseen by the client and untouched, when the call comes again
    """

    def __init__(self, requests: dict[str, dict[str, Any]], state: dict[str, Any]):
        super().__init__("Input of the client is needed")
        self.requests, self.state = requests, state


class MissingCapability(Exception):
    """The client did not declare what the call needs."""

    def __init__(self, names: list[str]):
        super().__init__("The client lacks a capability")
        self.names = names


class ModelLimit(NamedTuple):
    """What a connection may do with one model: read, create, write, unlink; and to which records."""

    operations: frozenset[str]
    domain: list


class SessionFacts(NamedTuple):
    """The session that a call belongs to."""

    id: int
    token: str
    client: str | None
    # UTC, naive, as Odoo keeps times.
    started: Any
    request_count: int
    # What the client asked for with logging/setLevel.
    log_level: str | None = None


@dataclass
class Context:
    """One call, as far as the code that answers it is concerned.

    The defaults are those of code that runs outside a call, in a test for example: nothing is limited.
    """

    connection_id: int | None = None
    connection_name: str | None = None
    scope: str = "execute"
    session: SessionFacts | None = None
    # None: every model that the user's rights permit.
    models: dict[str, ModelLimit] | None = None
    capabilities: dict[str, Any] = field(default_factory=dict)
    # Whether this revision lets a server ask back at all.
    can_ask: bool = False
    responses: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    progress_token: str | int | None = None
    log_level: str | None = None
    notifications: list[dict[str, Any]] = field(default_factory=list)

    def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress, if the client asked for it; sent before the result (basic/utilities/progress)."""
        if self.progress_token is None:
            return
        params = {"progressToken": self.progress_token, "progress": progress, "total": total, "message": message}
        self._notify("notifications/progress", {key: value for key, value in params.items() if value is not None})

    def log(self, level: str, data: Any, logger: str = "odoo") -> None:
        """Tell the client something of the level it asked for or graver (server/utilities/logging)."""
        if self.log_level is not None and LEVELS.index(level) >= LEVELS.index(self.log_level):
            self._notify("notifications/message", {"level": level, "logger": logger, "data": data})

    def _notify(self, method: str, params: dict[str, Any]) -> None:
        self.notifications.append({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, requests: dict[str, dict[str, Any]], state: dict[str, Any] | None = None) -> dict[str, Any]:
        """The client's answers to ``requests``, by name.

        :param requests: name → ``{"method": "elicitation/create", "params": …}`` and the like
        :param state: comes back as ``self.state``
        :raise InputRequired: until all of them are answered
        :raise MissingCapability: if the client cannot answer
        """
        self.require(*(_CAPABILITIES[request["method"]] for request in requests.values()))
        if missing := {name: request for name, request in requests.items() if name not in self.responses}:
            raise InputRequired(missing, self.state if state is None else state)
        return {name: self.responses[name] for name in requests}

    def require(self, *capabilities: str) -> None:
        """:raise MissingCapability: unless the client declared all of ``capabilities``"""
        missing = [name for name in dict.fromkeys(capabilities) if name not in self.capabilities]
        if missing or (capabilities and not self.can_ask):
            raise MissingCapability(missing or list(capabilities))


_current: ContextVar[Context | None] = ContextVar("mcp_gateway_call", default=None)


def current() -> Context:
    """The call that is being answered."""
    return _current.get() or Context()


def is_serving() -> bool:
    """Whether code of a tool is running, so that whatever happens is the AI tool's doing."""
    return _current.get() is not None


@contextmanager
def serving(context: Context) -> Iterator[Context]:
    """Make ``context`` the current one."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
