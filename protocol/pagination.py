"""Cursors: opaque to the client, and not trusted when they come back."""

import base64
import binascii
import json
from typing import Any

_VERSION = 1


class InvalidCursor(ValueError):
    """The cursor is not one that this server made."""


def encode(position: dict[str, Any]) -> str:
    """A cursor for ``position``."""
    raw = json.dumps({"v": _VERSION, **position}, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(cursor: str) -> dict[str, Any]:
    """The position behind a cursor.

    :raise InvalidCursor: if this server cannot have made it
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError):
        raise InvalidCursor("not a cursor of this server") from None
    if not isinstance(position, dict) or position.pop("v", None) != _VERSION:
        raise InvalidCursor("not a cursor of this server")
    return position
