"""JSON-RPC error codes and the HTTP status that goes with each."""

from .revisions import MODERN_ERA

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# MCP 2026-07-28, basic/index, Error Codes.
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

# Ours stay outside -32768…-32000, which JSON-RPC and MCP keep for themselves.
UNAUTHORIZED = 401
FORBIDDEN = 403
METHOD_NOT_ALLOWED = 405
TOO_LARGE = 413
MEDIA_TYPE = 415
RATE_LIMITED = 429
SWITCHED_OFF = 503
BUSY = 5031

_STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    METHOD_NOT_FOUND: 404,
    INTERNAL_ERROR: 200,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
}
# What cannot be read as a message has no era and is refused by HTTP in both.
_LEGACY_STATUS = {PARSE_ERROR: 400, INVALID_REQUEST: 400, UNSUPPORTED_VERSION: 400}


def http_status(code: int, era: str) -> int:
    """The HTTP status of a JSON-RPC error; a legacy client reads most of them from a 200."""
    return _STATUS.get(code, 400) if era == MODERN_ERA else _LEGACY_STATUS.get(code, 200)
