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
# Wider: what is nearly a secret is most of one. Some encoders of addresses spare not even the underscore, some encode
# twice, and keyboards capitalise. What begins the next secret does not belong to this one.
_GAP = "(?:_|%(?:25)*5f)"
_MARK = f"mcp{_GAP}({_KINDS}){_GAP}"
_CHARACTER = f"(?!{_MARK})[0-9a-z]"
# A wrong character or a line break early on would else shield all that follows, and guessing one character is easy.
# After 16 characters it may: those are 95 bits that nobody guesses. The dots are those of what was redacted already.
_LOOKALIKE = re.compile(
    f"{_MARK}(?:(?:{_CHARACTER}){{0,15}}[^0-9a-z…]{{1,3}}){{0,2}}(?:{_CHARACTER}){{16,}}", re.IGNORECASE | re.ASCII
)
# RFC 9110 §5.6.2 and §11.6.2.
_SCHEME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_BEARER = re.compile(r"bearer +([0-9A-Za-z._~+/-]+=*)", re.IGNORECASE)
_BEARER_AGAIN = re.compile(r",\s*bearer\b", re.IGNORECASE)


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
    """A new secret: prefix, 256 random bits, checksum over all before it.

    :param random: gives as many random bytes as it is asked for
    """
    body = f"{PREFIX}{kind.value}_" + _base62(int.from_bytes(random(_RANDOM_BYTES), "big"), _RANDOM_CHARS)
    return body + _checksum(body)


def parse(text: str) -> Secret | None:
    """The secret that ``text`` is, or None if it is none of ours: a typo costs no query."""
    match = PATTERN.fullmatch(text)
    if match is None or not hmac.compare_digest(_checksum(text[:-_CHECK_CHARS]), text[-_CHECK_CHARS:]):
        return None
    return Secret(text, Kind(match[1]))


def digest(secret: str, pepper: bytes) -> str:
    """What the database keeps of a secret: HMAC-SHA-256 in hexadecimal. No slow hash: nobody guesses 256 bits.

    :param pepper: the key, the database's own, so that a digest means nothing elsewhere
    """
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()


def redact(text: str) -> str:
    """``text`` with every secret, whole, cut or misspelt, replaced by ``mcp_ak_…[redacted]`` or its like."""
    return _LOOKALIKE.sub(rf"{PREFIX}\1_…[redacted]", text)


def bearer(header: str | None) -> Bearer:
    """The bearer token of an ``Authorization`` header (RFC 6750 §2.1).

    Another scheme counts as no bearer token, and so does a secret without a scheme. Two headers reach us joined by a
    comma and are malformed, as is anything but one token after the scheme (RFC 9110 §11.6.2).
    """
    value = (header or "").strip(" \t")
    if _SCHEME.match(value)[0].lower() != "bearer":
        return Bearer(malformed=bool(_BEARER_AGAIN.search(value)))
    match = _BEARER.fullmatch(value)
    return Bearer(match[1]) if match else Bearer(malformed=True)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECK_CHARS)
