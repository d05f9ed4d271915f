"""Secrets as strings: how they are made, recognised, digested and kept out of texts (DESIGN §4)."""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

PREFIX = "mcp_"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_BYTES = 32
_RANDOM_CHARS = 43  # the fewest base62 characters that hold 256 bits
_CHECK_CHARS = 6  # the fewest that hold a CRC-32

_KINDS = "ak|cs|at|rt|ac"
# For secret scanners; the README publishes it. Nothing is asked of what stands before: in an address it may be "%3D".
PATTERN = re.compile(rf"mcp_({_KINDS})_[0-9A-Za-z]{{49}}(?![0-9A-Za-z])")
# Wider: what is nearly a secret is most of one.
_LOOKALIKE = re.compile(rf"(mcp_(?:{_KINDS})_)[0-9A-Za-z]{{16,}}")


class Kind(str, Enum):
    """What a secret is for; its value stands in the prefix."""

    API_KEY = "ak"
    CLIENT_SECRET = "cs"
    ACCESS_TOKEN = "at"
    REFRESH_TOKEN = "rt"
    CODE = "ac"


@dataclass(frozen=True)
class Secret:
    """A well-formed secret with the right checksum, which does not mean that anyone issued it."""

    text: str = field(repr=False)
    kind: Kind

    @property
    def hint(self) -> str:
        """What people may see of it: the prefix and the last four characters, which belong to the checksum."""
        return f"{PREFIX}{self.kind.value}_…{self.text[-4:]}"


@dataclass(frozen=True)
class Bearer:
    """What an ``Authorization`` header says: a token, nothing for us, or something malformed."""

    token: str | None = field(default=None, repr=False)
    malformed: bool = False


def mint(kind: Kind, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """A new secret: prefix, 256 random bits, checksum over all before it."""
    body = f"{PREFIX}{kind.value}_" + _base62(int.from_bytes(random(_RANDOM_BYTES), "big"), _RANDOM_CHARS)
    return body + _checksum(body)


def parse(text: str) -> Secret | None:
    """The secret in ``text``, or None if it is not one: a typo costs no query."""
    match = PATTERN.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text[:-_CHECK_CHARS]), text[-_CHECK_CHARS:]):
        return None
    return Secret(text, Kind(match[1]))


def digest(secret: str, pepper: bytes) -> str:
    """What the database keeps of a secret: HMAC-SHA-256 in hexadecimal. No slow hash: nobody guesses 256 bits."""
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def redact(text: str) -> str:
    """``text`` with every secret, whole, cut or misspelt, replaced by its prefix."""
    return _LOOKALIKE.sub(r"\1…[redacted]", text)


def bearer(header: str | None) -> Bearer:
    """The bearer token of an ``Authorization`` header (RFC 6750 §2.1).

    Another scheme counts as no bearer token. Two headers reach us joined by a comma and are malformed, as is anything
    but one token after the scheme (RFC 9110 §11.6.2).
    """
    if header is None or not header.strip():
        return Bearer()
    scheme, _space, rest = header.strip().partition(" ")
    if scheme.lower().rstrip(",") != "bearer":
        return Bearer(malformed="," in header and "bearer" in header.lower())
    token = rest.strip()
    if not re.fullmatch(r"[0-9A-Za-z\-._~+/]+=*", token):
        return Bearer(malformed=True)
    return Bearer(token)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_CHARS)
