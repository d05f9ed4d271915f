"""Error codes, and the HTTP status that goes with each."""

from .revisions import LEGACY_ERA, MODERN_ERA

# JSON-RPC 2.0 §5.1.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
# MCP 2026-07-28, basic/index, Error Codes.
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

# MCP 2025-11-25, server/resources; forbidden since 2026-07-28, which says -32602.
LEGACY_RESOURCE_NOT_FOUND = -32002

# Ours stay outside -32768…-32000, which JSON-RPC and MCP keep for themselves. They are the HTTP status, so that a
# client that shows only the code still tells people something.
UNAUTHORIZED = 401
FORBIDDEN = 403
SESSION_GONE = 404
METHOD_NOT_ALLOWED = 405
TOO_LARGE = 413
MEDIA_TYPE = 415
RATE_LIMITED = 429
SWITCHED_OFF = 503
# 503 as well, but worth trying again at once.
BUSY = 5031

_APPLICATION = {
    UNAUTHORIZED: 401,
    FORBIDDEN: 403,
    SESSION_GONE: 404,
    METHOD_NOT_ALLOWED: 405,
    TOO_LARGE: 413,
    MEDIA_TYPE: 415,
    RATE_LIMITED: 429,
    SWITCHED_OFF: 503,
    BUSY: 503,
}
_MODERN = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    METHOD_NOT_FOUND: 404,
    INVALID_PARAMS: 400,
    INTERNAL_ERROR: 200,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
}
_LEGACY_ONLY = {LEGACY_RESOURCE_NOT_FOUND: 200}
# A legacy client reads an error out of a 200, unless there was no message to answer.
_LEGACY = dict.fromkeys(_MODERN, 200) | {PARSE_ERROR: 400, INVALID_REQUEST: 400, UNSUPPORTED_VERSION: 400}

_STATUS = {MODERN_ERA: _APPLICATION | _MODERN, LEGACY_ERA: _APPLICATION | _LEGACY | _LEGACY_ONLY}


def http_status(code: int, era: str) -> int:
    """The HTTP status of an error in an era (2026-07-28 basic/transports/streamable-http; 2025-11-25 basic/transports).

    :raise KeyError: for a code that is none of the above: the specification forbids inventing any
    """
    return _STATUS[era][code]
