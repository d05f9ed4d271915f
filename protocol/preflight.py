"""What is refused by looking at the HTTP request alone, before anyone asks who sent it (DESIGN §3)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from . import errors
from .messages import Exchange, Rejection

# The verbs of the endpoint, as the Allow header of a 405 lists them. GET would open a stream, DELETE end a session:
# both may be refused (2025-11-25, basic/transports), and a client must learn so before it is asked for a credential.
ALLOW = "POST, OPTIONS"

MAX_BODY = 4 * 1024 * 1024
# A longer body is still read up to here, so that its sender hears why it is refused.
MAX_READ = 32 * 1024 * 1024

_DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 9110 §7.2 and RFC 6454 §6.2, without what urlsplit would forgive: user names, paths, white space.
_HOST = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[0-9a-z._-]+)(?::(?P<port>[0-9]{1,5}))?", re.IGNORECASE | re.ASCII)
_ORIGIN = re.compile(r"(?P<scheme>https?)://" + _HOST.pattern, re.IGNORECASE | re.ASCII)


class _Site(NamedTuple):
    scheme: str
    host: str
    port: int | None

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def check(exchange: Exchange, base_url: str, extra_origins: Iterable[str] = ()) -> Rejection | None:
    """The first reason to refuse a request unread, or None: 405, then 403, 413, 415.

    :param base_url: the address that this server is known by
    :param extra_origins: further origins, of web pages or programs, that may send requests
    """
    return (
        check_verb(exchange)
        or check_origin(exchange, base_url, extra_origins)
        or check_size(exchange)
        or check_media_type(exchange)
    )


def check_verb(exchange: Exchange) -> Rejection | None:
    """405 for any other verb; the answer needs a header ``Allow: ALLOW`` (RFC 9110 §15.5.6)."""
    if exchange.method in ALLOW.split(", "):
        return None
    return Rejection(405, errors.METHOD_NOT_ALLOWED, "Send each message by POST.")


def check_origin(exchange: Exchange, base_url: str, extra_origins: Iterable[str] = ()) -> Rejection | None:
    """403 for a foreign Host or Origin.

    Against DNS rebinding (2025-11-25 and 2026-07-28, basic/transports, Security Warning): a browser that was led here
    under a foreign name shows that name. The Host must be the server's own or this machine; an Origin, if there is one,
    must be the server's own, a listed one, or on this machine while the request is to this machine too.
    """
    own = _own_site(base_url)
    host = _site(_HOST, exchange.header("Host") or "", own.scheme if own else "")
    if host is None or not (host == own or host.is_loopback):
        text = "This server is not known by this host name. Use the address in its MCP settings."
        return Rejection(403, errors.FORBIDDEN, text)
    named = exchange.header("Origin")
    if named is None or named.lower() in {origin.lower() for origin in extra_origins}:
        return None
    origin = _site(_ORIGIN, named)
    if origin is not None and (origin == own or (origin.is_loopback and host.is_loopback)):
        return None
    return Rejection(403, errors.FORBIDDEN, "Requests of web pages at this Origin are not accepted.")


def check_size(exchange: Exchange) -> Rejection | None:
    """413 for a body that is, or says it is, too long (RFC 9110 §15.5.14)."""
    announced = exchange.header("Content-Length") or ""
    # A number of ten digits is longer than any limit, and not worth converting.
    is_long = announced.isascii() and announced.isdigit() and (len(announced) > 9 or int(announced) > MAX_BODY)
    if is_long or len(exchange.body) > MAX_BODY:
        return Rejection(413, errors.TOO_LARGE, f"The body is larger than {MAX_BODY // 2**20} MiB.")
    return None


def check_media_type(exchange: Exchange) -> Rejection | None:
    """415 unless the body is JSON in UTF-8: a form would not survive Odoo, and a browser sends it to anyone."""
    media, _semicolon, parameters = (exchange.header("Content-Type") or "").lower().partition(";")
    charset = parameters.strip().replace('"', "")
    if media.strip() == "application/json" and charset in ("", "charset=utf-8", "charset=utf8"):
        return None
    return Rejection(415, errors.MEDIA_TYPE, "Send Content-Type: application/json, in UTF-8.")


def is_origin(text: str) -> bool:
    """Whether a text is the origin of a web page as a browser sends it (RFC 6454 §6.2)."""
    return _ORIGIN.fullmatch(text) is not None


def is_loopback(host: str | None) -> bool:
    """Whether a host name, or an address without brackets, is this very machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def _own_site(base_url: str) -> _Site | None:
    try:
        parts = urlsplit(base_url.strip().lower())
        # Odoo may keep a name in its own letters; on the wire it is always encoded.
        host = (parts.hostname or "").encode("idna").decode()
        return _Site(parts.scheme, host, _port(parts.scheme, parts.port))
    except ValueError:
        return None


def _site(pattern: re.Pattern, text: str, scheme: str = "") -> _Site | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    found = match.groupdict()
    scheme = found.get("scheme", scheme).lower()
    return _Site(
        scheme, found["host"].lower().strip("[]"), _port(scheme, int(found["port"]) if found["port"] else None)
    )


def _port(scheme: str, port: int | None) -> int | None:
    """A port that is the scheme's own counts as none given."""
    return None if port == _DEFAULT_PORTS.get(scheme) else port
