"""Cursors: opaque to the client, and not trusted when they come back."""

import base64
import json
from typing import Any

from . import strict_json

_VERSION = 1
# A cursor holds a position, not data; what is longer was not made here.
_MAX_LENGTH = 1024


class InvalidCursor(ValueError):
    """The cursor is not one that this server made."""


def encode(position: dict[str, Any]) -> str:
    """A cursor for ``position``, a small dict of JSON values; "v" is reserved."""
    raw = json.dumps({**position, "v": _VERSION}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: object) -> dict[str, Any]:
    """The position behind a cursor. Anyone can write one, so check what is in it.

    :raise InvalidCursor: if this server cannot have made it; the text is fit for the client
    """
    position = _loads(cursor) if isinstance(cursor, str) and len(cursor) <= _MAX_LENGTH else None
    if not isinstance(position, dict) or position.pop("v", None) != _VERSION:
        raise InvalidCursor("This is not a cursor of this server. Leave it out to start from the beginning.")
    return position


def _loads(cursor: str) -> Any:
    try:
        # Strictly: a NaN or a NUL in a forged cursor would go on into a query.
        return strict_json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, strict_json.Unreadable):
        return None
