"""Fetching a client ID metadata document: an address that a stranger named, so nothing of it is trusted.

MCP 2026-07-28 client-registration; draft-ietf-oauth-client-id-metadata-document §3, §6.
"""

import re
import socket
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from . import redirects

SECONDS = 5
MAX_BYTES = 5 * 1024
# How long an answer is kept at least and at most, in seconds, whatever its headers say.
MIN_AGE, MAX_AGE = 60, 24 * 3600
# Of one host; the first that answers is taken, since not every machine can reach IPv6.
MAX_ADDRESSES = 4

# Before anything was received all failures are one: which it was would tell about the network behind this server.
UNREACHABLE = "The description of the application cannot be fetched from the address that is its client ID."
TOO_SLOW = "The description of the application did not arrive in time."

_JSON = re.compile(r"application/(?:[a-z0-9.!#$&^_-]+\+)?json", re.IGNORECASE)
_GLOBAL_UNICAST = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")
# Special (RFC 6890 and the registries since), and not, or not always, known as such to Python's ipaddress. In Teredo
# (within 2001::/23) and 6to4 stands an IPv4 address that may be anything.
_ALSO_SPECIAL = [
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]


class DocumentError(Exception):
    """There is no document to be had; the text is for people and tells nothing of the network behind this server."""


class Document(NamedTuple):
    """What was fetched.

    :param max_age: seconds for which it may be kept, within bounds; None if its headers do not say
    """

    body: bytes
    max_age: int | None


def check_url(url: str) -> str | None:
    """Why ``url`` cannot be the client ID of a metadata document, or None."""
    if not url.startswith("https://"):
        return "It has to begin with https://."
    if problem := redirects.syntax_problem(url):
        return problem
    parts = urlsplit(url)
    if not parts.hostname:
        return "It names no host."
    return "It has no path." if parts.path in ("", "/") else None


def resolve(host: str, port: int) -> list[str]:
    """The IP addresses of a host name.

    :raise OSError, UnicodeError: if it has none
    """
    return [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    *,
    resolve: Callable[[str, int], list[str]] = resolve,
    allowed_special: Collection[str] = (),
    ca_file: str | None = None,
) -> Document:
    """The document at ``url``, which takes :data:`SECONDS` at most, name resolution and all.

    :param allowed_special: IP addresses to allow although they are special, for tests
    :param ca_file: who certifies the host instead of the usual authorities, for tests
    :raise DocumentError: for anything but one small, direct answer of JSON; the caller keeps nothing of it
    """
    if problem := check_url(url):
        raise DocumentError(f"The client ID is not the address of a description: {problem}")
    lifeline = _Lifeline()
    # A time limit of a socket is one for each packet. This one is for all of it.
    executor = ThreadPoolExecutor(1, "mcp-document")
    try:
        return executor.submit(_fetch, url, resolve, frozenset(allowed_special), ca_file, lifeline).result(SECONDS)
    except TookTooLong:
        lifeline.cut()
        raise DocumentError(TOO_SLOW) from None
    finally:
        executor.shutdown(wait=False)


class _Lifeline:
    """What makes a thread stop that waits for a socket."""

    def __init__(self):
        self.is_cut = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def hold(self, opened: socket.socket) -> None:
        with self._lock:
            self._sockets.append(opened)
            if self.is_cut:
                _shut(opened)

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            for opened in self._sockets:
                _shut(opened)


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        # Not the method of an SSL socket, which takes it apart under the hands of the other thread.
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


def _fetch(url: str, resolve, allowed: frozenset[str], ca_file: str | None, lifeline: _Lifeline) -> Document:
    parts = urlsplit(url)
    for address in _addresses(parts.hostname, parts.port or 443, resolve, allowed):
        if lifeline.is_cut:
            break
        with requests.Session() as session:
            # No proxy, no .netrc and no certificates of the environment.
            session.trust_env = False
            session.mount("https://", _PinnedAdapter(parts.hostname, lifeline))
            try:
                with _get(session, parts, address, ca_file) as response:
                    return _document(response)
            except requests.ConnectionError:
                continue
            except requests.RequestException:
                break
    raise DocumentError(UNREACHABLE)


def _get(session: requests.Session, parts, address: str, ca_file: str | None) -> requests.Response:
    literal = f"[{address}]" if ":" in address else address
    return session.get(
        parts._replace(netloc=f"{literal}:{parts.port or 443}").geturl(),
        headers={
            "Host": parts.netloc,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "mcp_gateway",
            "Connection": "close",
        },
        allow_redirects=False,
        stream=True,
        timeout=SECONDS,
        verify=ca_file or True,
    )


class _PinnedAdapter(HTTPAdapter):
    """Connects to the IP address in the URL, and takes it for ``host``: in the TLS greeting and in the certificate."""

    def __init__(self, host: str, lifeline: _Lifeline):
        self.host, self.lifeline = host, lifeline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **options):  # pylint: disable=missing-return
        class Connection(HTTPSConnection):
            def connect(connection):  # pylint: disable=missing-return
                super().connect()
                self.lifeline.hold(connection.sock)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        super().init_poolmanager(*args, **options, server_hostname=self.host)
        self.poolmanager.pool_classes_by_scheme = {"https": Pool}


def _addresses(host: str, port: int, resolve, allowed: frozenset[str]) -> list[str]:
    """Where to connect to; one special address among them spoils all, since nobody means both."""
    try:
        found = list(dict.fromkeys(resolve(host, port)))
        is_good = bool(found) and all(text in allowed or _is_public(ip_address(text)) for text in found)
    except (OSError, ValueError):
        is_good = False
    if not is_good:
        raise DocumentError(UNREACHABLE)
    return found[:MAX_ADDRESSES]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if address.version == 6:
        if address in _NAT64:
            # The only way to IPv4 on a network that has none.
            return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _ALSO_SPECIAL)


def _document(response: requests.Response) -> Document:
    if 300 <= response.status_code < 400:
        raise DocumentError("The address of the description leads to another one, which is not followed.")
    if response.status_code != 200:
        raise DocumentError(f"The address of the description answers with HTTP status {response.status_code}.")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if not _JSON.fullmatch(media_type):
        raise DocumentError("The description of the application is not served as application/json.")
    # Others, and several inside each other, unpack to more than fits into memory before anyone can count it.
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("identity", "gzip"):
        raise DocumentError("The description of the application is packed, which nobody asked for.")
    body = b""
    for chunk in response.iter_content(MAX_BYTES + 1):
        body += chunk
        if len(body) > MAX_BYTES:
            raise DocumentError(f"The description of the application is longer than {MAX_BYTES} bytes.")
    return Document(body, _max_age(response.headers.get("Cache-Control", "")))


def _max_age(header: str) -> int | None:
    directives = {}
    for directive in header.lower().split(","):
        name, _equals, value = directive.partition("=")
        directives[name.strip()] = value.strip(' "')
    if not {"no-store", "no-cache"}.isdisjoint(directives):
        return MIN_AGE
    seconds = directives.get("max-age", "")
    # More digits than these are a longer time than the longest.
    if not re.fullmatch("[0-9]+", seconds):
        return None
    return min(max(int(seconds[:10]), MIN_AGE), MAX_AGE)
