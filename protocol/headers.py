"""What revision 2026-07-28 demands of headers and ``_meta``; the first failure answers."""

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import errors, revisions

if TYPE_CHECKING:
    from .messages import Exchange

META_VERSION = "io.modelcontextprotocol/protocolVersion"
META_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
META_CLIENT = "io.modelcontextprotocol/clientInfo"
META_SERVER = "io.modelcontextprotocol/serverInfo"

# Which member of params Mcp-Name repeats (basic/transports/streamable-http).
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


@dataclass(frozen=True)
class Problem:
    """An error in JSON-RPC's terms."""

    code: int
    message: str
    data: dict[str, Any] | None = None


def check(exchange: "Exchange", method: str, params: dict, meta: dict) -> Problem | None:
    """The first thing that is wrong with a modern request, or None."""
    return (
        _check_version(exchange, meta)
        or _check_meta(meta)
        or _check_mirror(exchange, "Mcp-Method", method)
        or (_check_mirror(exchange, "Mcp-Name", params.get(_NAMED_BY[method])) if method in _NAMED_BY else None)
    )


def _check_version(exchange: "Exchange", meta: dict) -> Problem | None:
    header, named = exchange.header("MCP-Protocol-Version"), meta.get(META_VERSION)
    if header is None:
        return Problem(errors.HEADER_MISMATCH, "The header MCP-Protocol-Version is missing.")
    requested = header.strip()
    if named is not None and requested != named:
        return Problem(errors.HEADER_MISMATCH, "The header MCP-Protocol-Version and the revision in _meta differ.")
    if requested not in revisions.SUPPORTED:
        data = {"supported": list(revisions.SUPPORTED), "requested": requested[:40]}
        return Problem(errors.UNSUPPORTED_VERSION, "This revision of the protocol is not supported.", data)
    return None


def _check_meta(meta: dict) -> Problem | None:
    for name, kind in ((META_VERSION, str), (META_CAPABILITIES, dict)):
        if not isinstance(meta.get(name), kind):
            return Problem(errors.INVALID_PARAMS, f'params._meta must have "{name}".')
    return None


def _check_mirror(exchange: "Exchange", name: str, value: object) -> Problem | None:
    header = exchange.header(name)
    if header is None:
        return Problem(errors.HEADER_MISMATCH, f"The header {name} is missing.")
    if _decoded(header.strip()) != value:
        return Problem(errors.HEADER_MISMATCH, f"The header {name} and the body differ.")
    return None


def _decoded(header: str) -> str | None:
    """A header's value; what is not plain ASCII travels as ``=?base64?…?=``."""
    if not (header.startswith("=?base64?") and header.endswith("?=")):
        return header
    try:
        return base64.b64decode(header[9:-2], validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return None
