"""What is refused by looking at the HTTP request alone, before anyone asks who sent it (DESIGN §3)."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from . import errors
from .messages import Exchange, Rejection

MAX_BODY = 4 * 1024 * 1024
# How much of a longer body is read away, so that its sender can hear why it is refused.
MAX_DRAIN = 32 * 1024 * 1024


def check(exchange: Exchange, base_url: str) -> Rejection | None:
    """403 for a foreign Origin or Host, 413, 415; None if the request may go on.

    :param base_url: the address that this server is known by
    """
    return _check_site(exchange, base_url) or _check_size(exchange) or _check_type(exchange)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _check_site(exchange: Exchange, base_url: str) -> Rejection | None:
    """Against DNS rebinding: a browser that was led here shows the foreign name (MCP, basic/transports, Security)."""
    own = _site(base_url)
    host = _site(f"//{exchange.header('Host') or ''}", own[0])
    if host != own and not is_loopback(host[1]):
        return Rejection(
            403, errors.FORBIDDEN, "This server is not known by this host name. Use the address in its MCP settings."
        )
    origin = exchange.header("Origin")
    if origin is None:
        return None
    asked = _site(origin)
    if asked == own or (is_loopback(asked[1]) and is_loopback(host[1])):
        return None
    return Rejection(403, errors.FORBIDDEN, "Requests of web pages at this Origin are not accepted.")


def _site(url: str, scheme: str = "") -> tuple[str, str | None, int | None]:
    """Scheme, host and port; a port that is the scheme's own counts as none given."""
    try:
        parts = urlsplit(url.strip().lower())
        port = parts.port
    except ValueError:
        return ("", None, None)
    scheme = parts.scheme or scheme
    return (scheme, parts.hostname, None if port == {"http": 80, "https": 443}.get(scheme) else port)


def _check_size(exchange: Exchange) -> Rejection | None:
    if len(exchange.body) > MAX_BODY:
        return Rejection(413, errors.TOO_LARGE, f"The body is larger than {MAX_BODY // 2**20} MiB.")
    return None


def _check_type(exchange: Exchange) -> Rejection | None:
    media, _semicolon, parameters = (exchange.header("Content-Type") or "").lower().partition(";")
    charset = parameters.strip().replace('"', "")
    if media.strip() == "application/json" and charset in ("", "charset=utf-8", "charset=utf8"):
        return None
    return Rejection(415, errors.MEDIA_TYPE, "Send Content-Type: application/json, in UTF-8.")
