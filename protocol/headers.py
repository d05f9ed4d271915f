"""What revision 2026-07-28 demands of headers and ``_meta``; the first failure answers."""

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import credentials, errors, revisions

if TYPE_CHECKING:
    from .messages import Exchange

VERSION = "MCP-Protocol-Version"

META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT = "io.modelcontextprotocol/clientInfo"
META_LOG_LEVEL = "io.modelcontextprotocol/logLevel"
META_SERVER = "io.modelcontextprotocol/serverInfo"

# Which member of params Mcp-Name repeats (basic/transports/streamable-http).
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_BASE64 = re.compile(r"=\?base64\?(.*)\?=", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """An error in JSON-RPC's terms."""

    code: int
    message: str
    data: dict[str, Any] | None = None


def check(exchange: "Exchange", method: str, params: dict[str, Any], meta: dict[str, Any]) -> Problem | None:
    """The first thing that is wrong with a modern request, or None (basic/transports/streamable-http, basic/index).

    In this order: revision in the header and in ``_meta``, revision known, ``_meta`` complete, ``Mcp-Method``,
    ``Mcp-Name``.
    """
    problem = check_version(exchange, meta) or _check_meta(meta) or _check_mirror(exchange, "Mcp-Method", method)
    if problem is None and method in _NAMED_BY:
        problem = _check_mirror(exchange, "Mcp-Name", params.get(_NAMED_BY[method]))
    return problem


def check_version(exchange: "Exchange", meta: dict[str, Any]) -> Problem | None:
    """The first two of these, which is all that is asked of a notification."""
    requested, named = exchange.header(VERSION), meta.get(META_VERSION)
    if not requested:
        return Problem(errors.HEADER_MISMATCH, f"The header {VERSION} is missing.")
    if named is not None and requested != named:
        return Problem(errors.HEADER_MISMATCH, f"The header {VERSION} and the revision in _meta differ.")
    if requested != revisions.MODERN:
        # The revision has to be repeated; a secret pasted into the wrong header has not.
        data = {"supported": list(revisions.SUPPORTED), "requested": credentials.redact(requested)[:40]}
        return Problem(errors.UNSUPPORTED_VERSION, "This revision of the protocol is not supported.", data)
    return None


def _check_meta(meta: dict[str, Any]) -> Problem | None:
    for name, kind, words in ((META_VERSION, str, "a string"), (META_CAPABILITIES, dict, "an object")):
        if not isinstance(meta.get(name), kind):
            return Problem(errors.INVALID_PARAMS, f'params._meta must have "{name}", {words}.')
    return None


def _check_mirror(exchange: "Exchange", name: str, value: object) -> Problem | None:
    header = exchange.header(name)
    if header is None and value is None:
        # They agree; that params lack a member is for the method to say.
        return None
    if header is None:
        return Problem(errors.HEADER_MISMATCH, f"The header {name} is missing.")
    decoded = _decoded(header)
    if decoded is None or decoded != value:
        return Problem(errors.HEADER_MISMATCH, f"The header {name} and the body differ.")
    return None


def _decoded(header: str) -> str | None:
    """A header's value; what is not plain ASCII travels as ``=?base64?…?=``. None if that is not canonical base64."""
    match = _BASE64.fullmatch(header)
    if match is None:
        return header
    payload = match[1]
    try:
        raw = base64.b64decode(payload)
        return raw.decode("utf-8") if base64.b64encode(raw).decode() == payload else None
    except ValueError:
        return None
