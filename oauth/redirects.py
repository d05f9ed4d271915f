"""Redirect addresses: which may be registered, and when one that is asked for is one of them (OAuth 2.1 §2.3, §8.4)."""

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

# Longer than any that is known, and short enough for every proxy and for an index of PostgreSQL.
MAX_LENGTH = 2000

# RFC 3986 §2: its characters, and no "%" without two digits. A browser would forgive others, each in its own way.
_URI = re.compile(r"(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
_SITE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_LOOPBACK = re.compile(r"(?P<site>http://(?:127\.0\.0\.1|\[::1\]|localhost))(?::[0-9]{1,5})?(?P<rest>[/?].*|)")
_UNSAFE_WHEN_DECODED = re.compile(r"[\x00-\x1f\x7f\\]")
# What a browser itself acts on. None of these leads to an application.
_OF_BROWSERS = re.compile(
    "about|blob|chrome|data|edge|file|filesystem|ftps?|intent|jar|javascript|livescript|resource|vbscript|"
    "view-source|wss?"
)


def problem_with(uri: str) -> str | None:
    """Why ``uri`` may not be a redirect address, or None.

    Good are ``https``, ``http`` on this machine, and schemes that an application claims for itself, such as
    ``cursor://…`` (RFC 8252 §7).
    """
    if problem := syntax_problem(uri):
        return problem
    scheme, _colon, rest = uri.partition(":")
    scheme = scheme.lower()
    if scheme == "http":
        return None if _LOOPBACK.fullmatch(uri) else "http is for addresses on the same machine only. Use https."
    if scheme == "https":
        return None if urlsplit(uri).netloc else "It names no host."
    if _OF_BROWSERS.fullmatch(scheme) or not rest.startswith("/"):
        return "Its scheme does not lead to an application."
    return None


def syntax_problem(uri: str) -> str | None:
    """Why ``uri`` is no absolute address that everyone reads in the same way, or None."""
    if len(uri) > MAX_LENGTH:
        return f"It is longer than {MAX_LENGTH} characters."
    if not _URI.fullmatch(uri):
        return "It is empty, or has a character that an address may not have."
    if "#" in uri:
        return "It has a fragment (#)."
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return "Its host or port is not valid."
    if not parts.scheme:
        return "It is not absolute: it has to begin with https:// or the like."
    if "@" in parts.netloc:
        return "It has a user name or password."
    if port == 0 or (parts.netloc and not _SITE.fullmatch(parts.netloc)):
        return "Its host or port is not valid."
    return _problem_when_decoded(parts.path, parts.query)


def _problem_when_decoded(path: str, query: str) -> str | None:
    if _UNSAFE_WHEN_DECODED.search(unquote(f"{path}?{query}")):
        return "It has an encoded control character or backslash."
    if not {".", ".."}.isdisjoint(unquote(path).split("/")):
        return "Its path has a dot segment (. or ..)."
    return None


def matches(registered: Iterable[str], uri: str) -> bool:
    """Whether ``uri`` is one of the ``registered``: the same string, or on this machine the same but for the port.

    A program there takes the port that it gets (RFC 8252 §7.3; OAuth 2.1 §8.4.2 treats ``localhost`` likewise).
    """
    registered = list(registered)
    if uri in registered:
        return True
    asked = _without_port(uri)
    return asked is not None and any(asked == _without_port(other) for other in registered)


def _without_port(uri: str) -> tuple[str, str] | None:
    match = _LOOPBACK.fullmatch(uri)
    return None if match is None or problem_with(uri) else (match["site"], match["rest"])


def is_loopback_only(uris: Iterable[str]) -> bool:
    """Whether every one of them is on the person's own machine, where any program may be listening."""
    uris = list(uris)
    return bool(uris) and all(_LOOPBACK.fullmatch(uri) for uri in uris)


def host_of(uri: str) -> str:
    """The host for people to judge by, such as ``claude.ai``.

    For a scheme of an application that is ``cursor://host``: it is the scheme that decides who gets the code, and any
    host may stand behind it.
    """
    parts = urlsplit(uri)
    host = parts.hostname or ""
    return host if parts.scheme in ("http", "https") else f"{parts.scheme}://{host}"
