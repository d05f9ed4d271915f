"""Field values in the form that an AI reads without guessing."""

from typing import Any

import pytz

from odoo import fields

# Left to tools of their own: a binary in a record list is a flood.
OMITTED_TYPES = ("binary", "image", "properties_definition")


def readable(records, names: list[str]) -> list[dict[str, Any]]:
    """One dict per record: relations as ``{id, name}``, times with the user's offset, empty as null, no binaries."""
    zone = pytz.timezone(records.env.context.get("tz") or "UTC")
    names = [name for name in names if records._fields[name].type not in OMITTED_TYPES]
    return [
        {name: _value(records._fields[name], row[name], zone) for name in ("id", *names) if name in row}
        for row in records._read_format(names)
    ]


def _value(field, value: Any, zone) -> Any:
    kind = field.type
    if kind == "boolean":
        return bool(value)
    if kind in ("integer", "float", "monetary"):
        return value or 0
    if value is False or value is None:
        return None
    if kind == "many2one":
        return {"id": value[0], "name": value[1]}
    if kind == "datetime":
        return pytz.utc.localize(value).astimezone(zone).isoformat()
    if kind == "date":
        return fields.Date.to_string(value)
    if kind in ("one2many", "many2many"):
        return list(value)
    return value if isinstance(value, (str, int, float, list, dict)) else str(value)
