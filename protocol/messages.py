"""Bytes to one JSON-RPC message, or to the reason why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from . import errors, headers, revisions, strict_json

# What a client says of itself, and a method's name in a rejection, are only for people to read.
_LABEL_LENGTH = 100


@dataclass(frozen=True)
class Exchange:
    """The facts about an HTTP request that decide its fate.

    :param method: the verb
    :param headers: pairs of name and value, in the order received
    :param query: the query string without ``?``, as received
    :param body: at most one byte more than is accepted
    """

    method: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    query: str = field(repr=False)
    body: bytes = field(repr=False)
    remote_addr: str

    @cached_property
    def _by_name(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            found[key] = f"{found[key]},{value}" if key in found else value
        return found

    def header(self, name: str) -> str | None:
        """A header's value without the white space around it; a repeated one is joined by commas (RFC 9110 §5.2)."""
        value = self._by_name.get(name.lower())
        return None if value is None else value.strip(" \t")


@dataclass(frozen=True)
class Message:
    """One request, notification or response that is well formed for its era.

    ``revision`` is the one spoken from here on: for ``initialize`` the one agreed. A response has no method ('').
    ``client_name``, ``client_version`` and ``capabilities`` are known where the message itself tells them: always in
    the modern era, in ``initialize`` only in the legacy one.
    """

    id: str | int | None
    # A client may put anything there, a secret too, and of any length.
    method: str = field(repr=False)
    params: dict[str, Any] = field(repr=False)
    era: str
    revision: str
    client_name: str | None = field(default=None, repr=False)
    client_version: str | None = field(default=None, repr=False)
    capabilities: dict[str, Any] = field(default_factory=dict, repr=False)
    session_id: str | None = field(default=None, repr=False)
    is_notification: bool = False
    is_response: bool = False


@dataclass(frozen=True)
class Rejection:
    """Why a request goes no further.

    ``id`` and ``method`` as far as they could be read, ``method`` cut to what a log needs.
    """

    status: int
    code: int
    message: str
    data: dict[str, Any] | None = None
    id: str | int | None = None
    method: str | None = field(default=None, repr=False)


def read(exchange: Exchange, max_depth: int = strict_json.MAX_DEPTH) -> Message | Rejection:
    """The one message of a request (2026-07-28 basic/transports/streamable-http; 2025-11-25 basic/transports).

    Never raises for what a client sends. The texts say what is wrong and what would be right, and repeat no value.
    Whether the method exists is the caller's question.
    """
    try:
        body = strict_json.loads(exchange.body, max_depth)
    except strict_json.Unreadable as reason:
        return Rejection(400, errors.PARSE_ERROR, str(reason))
    if isinstance(body, list):
        return _invalid("Batches are not supported: send one message per request.")
    if not isinstance(body, dict):
        return _invalid("The body must be one JSON-RPC message, an object.")
    outcome = _envelope_problem(body) or _message(exchange, body)
    if isinstance(outcome, Rejection):
        return replace(
            outcome, id=body.get("id") if _is_id(body.get("id")) else None, method=_label(body.get("method"))
        )
    return outcome


def _invalid(text: str) -> Rejection:
    return Rejection(400, errors.INVALID_REQUEST, text)


def _envelope_problem(body: Mapping[str, Any]) -> Rejection | None:
    """JSON-RPC 2.0 §4 and §5, with MCP's narrower ids and params (basic/index)."""
    if body.get("jsonrpc") != "2.0":
        return _invalid('The member "jsonrpc" must be "2.0".')
    if "id" in body and not _is_id(body["id"]):
        return _invalid('The member "id" must be a string or an integer.')
    if "method" not in body:
        answers = "id" in body and ("result" in body) != ("error" in body)
        return None if answers else _invalid('The member "method" is missing.')
    if not isinstance(body["method"], str) or not body["method"]:
        return _invalid('The member "method" must be a string.')
    if not isinstance(body.get("params", {}), dict):
        return _invalid('The member "params" must be an object.')
    return None


def _message(exchange: Exchange, body: Mapping[str, Any]) -> Message | Rejection:
    params = body.get("params", {}) if "method" in body else {}
    meta = params["_meta"] if isinstance(params.get("_meta"), dict) else {}
    version = exchange.header(headers.VERSION)
    if revisions.era_of(version, meta.get(headers.META_VERSION)) == revisions.MODERN_ERA:
        return _modern(exchange, body, params, meta)
    return _legacy(exchange, body, params, version or revisions.ASSUMED)


def _modern(
    exchange: Exchange, body: Mapping[str, Any], params: dict[str, Any], meta: dict[str, Any]
) -> Message | Rejection:
    if "method" not in body:
        return _invalid("This revision has no messages without a method.")
    is_notification = "id" not in body
    if is_notification:
        problem = headers.check_version(exchange, meta)
    else:
        problem = headers.check(exchange, body["method"], params, meta)
    if problem:
        status = errors.http_status(problem.code, revisions.MODERN_ERA)
        return Rejection(status, problem.code, problem.message, problem.data)
    return Message(
        id=body.get("id"),
        method=body["method"],
        params=params,
        era=revisions.MODERN_ERA,
        revision=revisions.MODERN,
        is_notification=is_notification,
        **_client(meta.get(headers.META_CLIENT), meta.get(headers.META_CAPABILITIES)),
    )


def _legacy(exchange: Exchange, body: Mapping[str, Any], params: dict[str, Any], revision: str) -> Message:
    """A response is accepted too: an older client may answer a request that it thinks we sent; we send none."""
    client: dict[str, Any] = {}
    if body.get("method") == "initialize":
        revision = revisions.negotiate(params.get("protocolVersion"))
        client = _client(params.get("clientInfo"), params.get("capabilities"))
    return Message(
        id=body.get("id"),
        method=body.get("method", ""),
        params=params,
        era=revisions.LEGACY_ERA,
        revision=revision,
        session_id=exchange.header("Mcp-Session-Id"),
        is_notification="id" not in body,
        is_response="method" not in body,
        **client,
    )


def _client(info: object, capabilities: object) -> dict[str, Any]:
    """What a client says of itself; none of it is required, so a wrong shape is as good as silence."""
    info = info if isinstance(info, dict) else {}
    return {
        "client_name": _label(info.get("name")),
        "client_version": _label(info.get("version")),
        "capabilities": capabilities if isinstance(capabilities, dict) else {},
    }


def _label(value: object) -> str | None:
    return value[:_LABEL_LENGTH] if isinstance(value, str) else None


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)
