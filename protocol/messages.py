"""Bytes to one JSON-RPC message, or to the reason why not."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import errors, headers, revisions

MAX_DEPTH = 64
# What PostgreSQL cannot store, or Python cannot encode, would fail much later and far from its cause.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_DIGITS = 400


@dataclass(frozen=True)
class Exchange:
    """The facts about an HTTP request that decide its fate."""

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
        """A header's value, its name in any case; a repeated one is joined by commas (RFC 9110 §5.2)."""
        return self._by_name.get(name.lower())


@dataclass(frozen=True)
class Message:
    """One request, notification or response that is well formed for its era."""

    id: str | int | None
    method: str
    params: dict[str, Any] = field(repr=False)
    era: str
    revision: str
    client_name: str | None = None
    client_version: str | None = None
    capabilities: dict[str, Any] = field(default_factory=dict, repr=False)
    session_id: str | None = None
    is_notification: bool = False
    is_response: bool = False


@dataclass(frozen=True)
class Rejection:
    """Why there is no message; ``id`` and ``method`` as far as they could be read."""

    status: int
    code: int
    message: str
    data: dict[str, Any] | None = None
    id: str | int | None = None
    method: str | None = None


class _Refused(Exception):
    """The body is not one JSON-RPC message; its text is for the caller."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


def read(exchange: Exchange) -> Message | Rejection:
    """The one message of a request (MCP 2026-07-28, basic/transports/streamable-http; 2025-11-25, basic/transports).

    Never raises for what a client sends. The texts say what is wrong and what would be right, and repeat no value.
    """
    try:
        body = _parse(exchange.body)
    except _Refused as refused:
        return Rejection(400, refused.code, str(refused))
    identity = body.get("id") if _is_id(body.get("id")) else None
    method = body["method"] if isinstance(body.get("method"), str) else None
    try:
        _check_envelope(body)
    except _Refused as refused:
        return Rejection(400, refused.code, str(refused), id=identity, method=method)
    if method is None:
        return _response(exchange, body)
    return _classify(exchange, body, identity, method)


def _classify(exchange: Exchange, body: dict, identity: str | int | None, method: str) -> Message | Rejection:
    params = body.get("params", {})
    meta = params.get("_meta") if isinstance(params.get("_meta"), dict) else {}
    version = exchange.header("MCP-Protocol-Version")
    era = revisions.era_of(version, meta.get(headers.META_VERSION))
    if era == revisions.MODERN_ERA and (problem := headers.check(exchange, method, params, meta)):
        return Rejection(
            errors.http_status(problem.code, era), problem.code, problem.message, problem.data, identity, method
        )
    if era == revisions.MODERN_ERA:
        revision, info, capabilities = revisions.MODERN, meta.get(headers.META_CLIENT), meta[headers.META_CAPABILITIES]
    elif method == "initialize":
        revision = revisions.negotiate(params.get("protocolVersion"))
        info, capabilities = params.get("clientInfo"), params.get("capabilities")
    else:
        revision, info, capabilities = version or revisions.ASSUMED, None, None
    info = info if isinstance(info, dict) else {}
    return Message(
        id=identity,
        method=method,
        params=params,
        era=era,
        revision=revision,
        client_name=_text(info.get("name")),
        client_version=_text(info.get("version")),
        capabilities=capabilities if isinstance(capabilities, dict) else {},
        session_id=exchange.header("Mcp-Session-Id") if era == revisions.LEGACY_ERA else None,
        is_notification="id" not in body,
    )


def _response(exchange: Exchange, body: dict) -> Message | Rejection:
    """A legacy client may answer a server's request; we send none, so it is accepted and dropped."""
    version = exchange.header("MCP-Protocol-Version")
    if revisions.era_of(version, None) == revisions.MODERN_ERA:
        return Rejection(400, errors.INVALID_REQUEST, "This revision has no messages without a method.", id=body.get("id"))
    return Message(
        body.get("id"), "", {}, revisions.LEGACY_ERA, version or revisions.ASSUMED, is_response=True
    )


def _text(value: object) -> str | None:
    return value[:100] if isinstance(value, str) else None


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _check_envelope(body: dict) -> None:
    """JSON-RPC 2.0 §4, with MCP's narrower ids (basic/index)."""
    if body.get("jsonrpc") != "2.0":
        raise _Refused(errors.INVALID_REQUEST, 'The member "jsonrpc" must be "2.0".')
    if "id" in body and not _is_id(body["id"]):
        raise _Refused(errors.INVALID_REQUEST, 'The member "id" must be a string or an integer.')
    if "method" in body:
        if not isinstance(body["method"], str) or not body["method"]:
            raise _Refused(errors.INVALID_REQUEST, 'The member "method" must be a string.')
    elif "id" not in body or not ("result" in body or "error" in body):
        raise _Refused(errors.INVALID_REQUEST, 'The member "method" is missing.')
    if not isinstance(body.get("params", {}), dict):
        raise _Refused(errors.INVALID_REQUEST, 'The member "params" must be an object.')


def _parse(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        raise _Refused(errors.PARSE_ERROR, "The body is empty; send one JSON-RPC message.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _Refused(errors.PARSE_ERROR, "The body is not valid UTF-8.") from None
    if _depth(text) > MAX_DEPTH:
        raise _Refused(errors.PARSE_ERROR, f"The body is nested deeper than {MAX_DEPTH} levels.")
    try:
        body = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_int=_bounded(int), parse_float=_finite
        )
    except ValueError:
        raise _Refused(errors.PARSE_ERROR, "The body is not valid JSON.") from None
    if isinstance(body, list):
        raise _Refused(errors.INVALID_REQUEST, "Batches are not supported: send one message per request.")
    if not isinstance(body, dict):
        raise _Refused(errors.INVALID_REQUEST, "The body must be one JSON-RPC message, an object.")
    if _has_unstorable(body):
        raise _Refused(errors.PARSE_ERROR, "A text holds a NUL character or half of a surrogate pair.")
    return body


def _depth(text: str) -> int:
    """How deep brackets nest outside of strings, found before the recursive parser could fail on it."""
    deepest = depth = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL):
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _no_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a doubled member may choose different ones, so neither is right (RFC 8259 §4)."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Refused(errors.PARSE_ERROR, "An object has the same member twice.")
        found[name] = value
    return found


def _no_constant(_name: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _bounded(convert):
    def parse(digits: str):
        if len(digits) > _MAX_DIGITS:
            raise _Refused(errors.PARSE_ERROR, "A number has too many digits.")
        return convert(digits)

    return parse


def _finite(digits: str) -> float:
    number = _bounded(float)(digits)
    if number in (float("inf"), float("-inf")):
        raise _Refused(errors.PARSE_ERROR, "A number is too large.")
    return number


def _has_unstorable(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_UNSTORABLE.search(value))
    if isinstance(value, dict):
        return any(_has_unstorable(item) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(map(_has_unstorable, value))
