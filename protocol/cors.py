"""What lets a web page, which a browser keeps apart from us, talk to the endpoint (Fetch Standard, CORS protocol).

Whether an Origin may talk to us at all is ``preflight.check_origin``'s to say; this only tells the browser so.
"""

from . import preflight
from .messages import Exchange

# Named one by one, because a * would not cover Authorization (Fetch Standard §3.2.3).
_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Accept",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
    "Last-Event-ID",
)
_RESPONSE_HEADERS = "WWW-Authenticate, Mcp-Session-Id, Retry-After"
# A day is what browsers cap it at anyway; a change of the allowed origins is felt by the request itself.
_MAX_AGE = "7200"


def of_answer(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """The headers that let the page read an answer; call it for an Origin that was accepted."""
    origin = exchange.header("Origin")
    if origin is None:
        return ()
    return (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _RESPONSE_HEADERS))


def of_preflight(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    """The headers that let the page send its request; none of them asks who it is."""
    asked = [name.strip() for name in (exchange.header("Access-Control-Request-Headers") or "").split(",")]
    # The names of these are the tool's own to choose (2026-07-28, basic/transports/streamable-http).
    own = [name for name in asked if name.lower().startswith("mcp-param-") and name.replace("-", "").isalnum()]
    return (
        *of_answer(exchange),
        ("Access-Control-Allow-Methods", preflight.ALLOW),
        ("Access-Control-Allow-Headers", ", ".join((*_REQUEST_HEADERS, *own[:20]))),
        ("Access-Control-Max-Age", _MAX_AGE),
    )
