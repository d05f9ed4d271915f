"""The parameters of a request to the authorization server: each at most once, and of characters that it may have.

What would make Authlib raise (other characters in what it repeats in an error, a broken Basic header) ends here.
"""

import base64
import binascii
import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

MAX_BYTES = 16 * 1024
MAX_COUNT = 50
MAX_VALUE = 8 * 1024

# What the two endpoints for programs and the one for people read; others are passed over (RFC 6749 §3.1, §3.2).
KNOWN = frozenset(
    {
        "assertion",
        "client_assertion",
        "client_assertion_type",
        "client_id",
        "client_secret",
        "code",
        "code_challenge",
        "code_challenge_method",
        "code_verifier",
        "grant_type",
        "nonce",
        "prompt",
        "redirect_uri",
        "refresh_token",
        "resource",
        "response_mode",
        "response_type",
        "scope",
        "state",
        "token",
        "token_type_hint",
    }
)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# RFC 6749 appendix A, and what an error description may repeat (§5.2). The state is only ever given back encoded.
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_QUOTABLE = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]*")
_FORM = re.compile(r'application/x-www-form-urlencoded\s*(?:;\s*charset="?utf-?8"?\s*)?;?\s*', re.IGNORECASE)
_TOKEN68 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class Refused(Exception):
    """A request that is answered with an error of OAuth.

    :param error: ``invalid_request``, ``invalid_target`` or ``invalid_client``
    :param description: an ASCII sentence, which repeats nothing of the request but names of parameters
    """

    def __init__(self, description: str, *, error: str = "invalid_request", status: int = 400):
        super().__init__(description)
        self.error, self.description, self.status = error, description, status
        # RFC 6749 §5.2: the scheme that the client used.
        self.headers = (("WWW-Authenticate", 'Basic realm="MCP"'),) if status == 401 else ()


class BasicCredentials(NamedTuple):
    """What a Basic header says."""

    client_id: str
    client_secret: str


def from_query(query: bytes) -> dict[str, str]:
    """The parameters of an authorization request.

    :raise Refused: if they cannot be relied on; so nobody is redirected, since the address is one of them
    """
    return _parameters(query)


def from_form(body: bytes, content_type: str, headers: dict[str, str]) -> dict[str, str]:
    """The parameters of a request to the token or revocation endpoint, whose Basic header was looked at too.

    :param headers: of the request, as Authlib will get them
    :raise Refused: if they cannot be relied on, or if the client says in two ways who it is
    """
    if not _FORM.fullmatch(content_type):
        raise Refused("Send the parameters as application/x-www-form-urlencoded.", status=415)
    found = _parameters(body)
    credentials = basic(headers.get("Authorization"))
    if credentials and any(found.get(name, value) != value for name, value in credentials._asdict().items()):
        raise Refused("The Authorization header and the form name different clients or secrets.")
    return found


def basic(header: str | None) -> BasicCredentials | None:
    """The client of a Basic header (RFC 6749 §2.3.1), or None if there is no such header.

    :raise Refused: if it is broken
    """
    scheme, *rest = (header or "").split(None, 1) or [""]
    if scheme.lower() != "basic":
        # Authlib trips over a scheme and a blank without anything behind.
        if header and not rest and " " in header:
            raise _broken_basic()
        return None
    token = rest[0].strip(" \t") if rest else ""
    try:
        text = base64.b64decode(token, validate=True).decode("ascii") if _TOKEN68.fullmatch(token) else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    name, colon, secret = text.partition(":")
    if not (colon and name):
        raise _broken_basic()
    return BasicCredentials(_credential(name), _credential(secret))


def _credential(text: str) -> str:
    """A name or secret, which is encoded as in a form."""
    try:
        decoded = _decoded(text.encode())
    except Refused:
        raise _broken_basic() from None
    if not _QUOTABLE.fullmatch(decoded):
        raise _broken_basic()
    return decoded


def _broken_basic() -> Refused:
    text = "The Basic header has to be the client ID, a colon and the secret, encoded in Base64."
    return Refused(text, error="invalid_client", status=401)


def _parameters(raw: bytes) -> dict[str, str]:
    if len(raw) > MAX_BYTES:
        raise Refused(f"The parameters are longer than {MAX_BYTES} bytes.")
    pieces = [piece for piece in raw.split(b"&") if piece]
    if len(pieces) > MAX_COUNT:
        raise Refused(f"There are more than {MAX_COUNT} parameters.")
    found: dict[str, str] = {}
    for piece in pieces:
        name, _equals, value = piece.partition(b"=")
        _add(found, _decoded(name), _decoded(value))
    # Without a value is as if it were not there (RFC 6749 §3.1, §3.2).
    return {name: value for name, value in found.items() if value and name in KNOWN}


def _add(found: dict[str, str], name: str, value: str) -> None:
    known = name in KNOWN
    label = name if known else "A parameter"
    if name in found:
        # Several resources are allowed, but this server is one only (RFC 8707 §2).
        raise Refused(f"{label} is there twice.", error="invalid_target" if name == "resource" else "invalid_request")
    if len(value) > MAX_VALUE:
        raise Refused(f"{label} is longer than {MAX_VALUE} characters.")
    if known and not (_PRINTABLE if name == "state" else _QUOTABLE).fullmatch(value):
        raise Refused(f"{label} has a character that it may not have.")
    found[name] = value


def _decoded(encoded: bytes) -> str:
    if _BROKEN_ESCAPE.search(encoded):
        raise Refused("A parameter is not encoded properly: a percent sign needs two digits.")
    try:
        text = unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("A parameter is not encoded properly: it is not UTF-8.") from None
    if _CONTROL.search(text):
        raise Refused("A parameter has a control character.")
    return text
