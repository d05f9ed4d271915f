"""One value of a field, from what an AI writes to what Odoo writes; relations are in ``incoming.py``."""

import math
import re
from contextlib import suppress
from datetime import date, datetime, timezone
from typing import Any

from odoo.tools import html_sanitize, plaintext2html

from .tool import ToolError

INT_MAX = 2**31 - 1
_MAX_CHOICES = 40
_TAG = re.compile(r"<[a-zA-Z!/]")


def parsed(env, field, value: Any) -> Any:
    """``value`` as ``create`` and ``write`` take it; None empties the field.

    :raise ToolError: what the value has to look like
    """
    parse = _PARSERS.get(field.type)
    if parse is None:
        raise ToolError(_UNSUPPORTED.get(field.type, "this tool cannot set fields of this type."))
    if value is not None:
        return parse(env, field, value)
    if field.required:
        raise ToolError("it cannot be empty.")
    if field.type == "boolean":
        raise ToolError("must be true or false.")
    return False


def _boolean(env, field, value) -> bool:
    if not isinstance(value, bool):
        raise ToolError("must be true or false.")
    return value


def _integer(env, field, value) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > INT_MAX:
        raise ToolError("must be a whole number, without quotes.")
    return value


def _float(env, field, value) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise ToolError("must be a number, without quotes.")
    return value


def _text(env, field, value) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ToolError("must be text.")
    size = getattr(field, "size", None)
    if size and len(value) > size:
        raise ToolError(f"must have at most {size} characters.")
    return value


def _html(env, field, value) -> str:
    value = _text(env, field, value)
    if not _TAG.search(value):
        return plaintext2html(value)
    # Where Odoo trusts a person with any HTML, it need not trust what an AI was told to write.
    trusting = not field.sanitize or getattr(field, "sanitize_overridable", False)
    return html_sanitize(value) if trusting else value


def _date(env, field, value) -> date:
    with suppress(TypeError, ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            return date.fromisoformat(value)
    raise ToolError('must be a date like "2026-03-31".')


def _datetime(env, field, value) -> datetime:
    with suppress(TypeError, ValueError, OverflowError):
        # Python 3.10 knows no "Z".
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value)) if len(value) > 10 else None
        if moment is not None:
            if moment.tzinfo is not None:
                moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
            return moment.replace(microsecond=0)
    raise ToolError('must be a time with its offset, like "2026-03-31T14:00:00+02:00"; without an offset it is UTC.')


def _selection(env, field, value) -> str:
    choices = field._description_selection(env)
    if isinstance(value, dict):
        # As the reading tools return it.
        value = value.get("value")
    if not isinstance(value, bool) and str(value) in dict(choices):
        return str(value)
    named = {key for key, label in choices if isinstance(value, str) and label.casefold() == value.strip().casefold()}
    if len(named) == 1:
        return named.pop()
    listed = "; ".join(f'"{key}" ({label})' for key, label in choices[:_MAX_CHOICES])
    raise ToolError(f"must be one of {listed}.")


def _json(env, field, value) -> Any:
    if not isinstance(value, (dict, list)):
        raise ToolError('must be an object, like {"12": 100.0}.')
    return value


_PARSERS = {
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "monetary": _float,
    "char": _text,
    "text": _text,
    "html": _html,
    "date": _date,
    "datetime": _datetime,
    "selection": _selection,
    "json": _json,
}
_UNSUPPORTED = {
    "binary": "files and images are not set as values; use upload_attachment.",
    "image": "files and images are not set as values; use upload_attachment.",
    "properties": "properties cannot be set by AI tools yet.",
    "many2one_reference": "it cannot be set by itself; schedule_activity, post_message and upload_attachment attach "
    "things to a record.",
}
