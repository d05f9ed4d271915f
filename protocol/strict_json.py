"""JSON as RFC 8259 means it, without what Python's parser lets through and PostgreSQL or Python choke on later."""

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
# Python itself refuses more than 4300 digits, with an error of its own; no number of ours comes near this.
_MAX_DIGITS = 400
# PostgreSQL cannot store a NUL, and half a surrogate pair cannot even be encoded.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_BOM = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """The bytes are no JSON that this server reads; the text says why and quotes nothing of them."""


def loads(raw: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """The JSON value in ``raw``.

    :param max_depth: how many arrays and objects may stand inside each other
    :raise Unreadable: for anything else; no other exception leaves this function, whatever the bytes
    """
    if not raw.strip():
        raise Unreadable("The body is empty; send one JSON-RPC message.")
    if raw.startswith(_BOM):
        # RFC 8259 §8.1: senders must not add one.
        raise Unreadable("The body begins with a byte order mark; send UTF-8 without it.")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except UnicodeDecodeError:
        raise Unreadable("The body is not valid UTF-8.") from None
    except RecursionError:
        # The C parser counts its own depth and stops at the interpreter's limit, far beyond ours.
        raise Unreadable(_too_deep(max_depth)) from None
    except ValueError:
        raise Unreadable("The body is not valid JSON.") from None
    _check_contents(value, max_depth)
    return value


def _too_deep(max_depth: int) -> str:
    return f"The body is nested deeper than {max_depth} levels."


def _check_contents(value: Any, max_depth: int) -> None:
    """Level by level and not by recursion, so that depth is something to count and not something to fail on."""
    level = [[value]]
    for _depth in range(max_depth + 1):
        below = []
        for container in level:
            for item in container:
                if isinstance(item, str):
                    if _UNSTORABLE.search(item):
                        raise Unreadable("A text holds a NUL character or half of a surrogate pair.")
                elif isinstance(item, list):
                    below.append(item)
                elif isinstance(item, dict):
                    below.append([*item, *item.values()])
        if not below:
            return
        level = below
    raise Unreadable(_too_deep(max_depth))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a doubled member may choose different ones, so neither is right (RFC 8259 §4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("An object has the same member twice.")
    return found


def _no_constant(_name: str) -> None:
    raise Unreadable("NaN and Infinity are not JSON; send null or leave the member out.")


def _integer(digits: str) -> int:
    return int(_bounded(digits))


def _number(digits: str) -> float:
    number = float(_bounded(digits))
    if not math.isfinite(number):
        raise Unreadable("A number is too large.")
    return number


def _bounded(digits: str) -> str:
    if len(digits) > _MAX_DIGITS:
        raise Unreadable(f"A number has more than {_MAX_DIGITS} digits.")
    return digits
