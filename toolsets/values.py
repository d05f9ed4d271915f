"""Field values in the form that an AI reads without guessing, and never more than the user may see."""

import json
import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import pytz

from odoo.fields import Domain
from odoo.tools import html2plaintext

from .tool import ToolError

# Left to tools of their own: a binary in a record list is a flood.
OMITTED_TYPES = ("binary", "image", "properties_definition")
MANY = ("one2many", "many2many")


class Detail(NamedTuple):
    """How much of a record is shown: characters of a text, records of a list, HTML as it is or its text."""

    text: int
    related: int
    html: bool


IN_LIST = Detail(text=2_000, related=20, html=False)
ALONE = Detail(text=50_000, related=200, html=True)


def readable(records, names: list[str], detail: Detail = IN_LIST) -> list[dict[str, Any]]:
    """One dict per record.

    Relations come as ``{id, name}`` (lists of them end with ``{more: n}`` when cut), selections as ``{value, label}``,
    times with the user's offset, empty as null, amounts with their currency beside them, no binaries.

    :param names: fields, or dotted paths of relations that end in one; the user may read all of them
    """
    shown = [
        name
        for name in _with_currencies(records, names)
        if name != "id" and _field_at(records, name).type not in OMITTED_TYPES
    ]
    columns = _columns(records, shown, detail)
    return [{"id": row.id, **{name: columns[name].get(row.id) for name in shown}} for row in records]


def visible(records):
    """Those of ``records`` that the user may read and the connection is not limited from, in their order."""
    if not records:
        return records
    domain = records.env["mcp.guard"]._limit_domain(records) & Domain("id", "in", records.ids)
    allowed = set(records.with_context(active_test=False).search(domain)._ids)
    return records.filtered(lambda record: record.id in allowed)


def follow(records, steps: list[str]):
    """Where relations lead, one after the other.

    :return: ids of the records reached, by the id of the record they were reached from; and these records
    """
    reached = {record.id: [record.id] for record in records}
    for step in steps:
        ends = visible(records.mapped(step))
        allowed = set(ends.ids)
        onward = {record.id: [end for end in record[step].ids if end in allowed] for record in records}
        reached = {
            start: list(dict.fromkeys(end for middle in middles for end in onward[middle]))
            for start, middles in reached.items()
        }
        records = ends
    return reached, records


def check_path(model, path: str):
    """The model that holds the last field of a path.

    :raise ToolError: if a step is not there for the user, or leads to records that the user cannot read
    """
    guard = model.env["mcp.guard"]
    *steps, last = path.split(".")
    for step in steps:
        guard._check_field(model, step)
        if not model._fields[step].relational:
            raise ToolError(f"{step} of {model._name} is no relation, so nothing can follow it.")
        model = guard._readable_model(model._fields[step].comodel_name)
    guard._check_field(model, last)
    if model._fields[last].type in MANY:
        guard._readable_model(model._fields[last].comodel_name)
    return model


def formatter(field, env, detail: Detail = IN_LIST) -> Callable[[Any], Any]:
    """What makes values of ``field``, as ``read`` gives them, readable."""
    kind = field.type
    if kind == "boolean":
        return bool
    if kind in ("integer", "many2one_reference", "float", "monetary"):
        return lambda value: value or 0
    if kind == "selection":
        labels = dict(field._description_selection(env))
        return _unless_empty(lambda value: {"value": value, "label": labels.get(value, str(value))})
    if kind == "reference":
        return _unless_empty(lambda value: _reference(env, value))
    zone = pytz.timezone(env.context.get("tz") or "UTC")
    special = {
        "many2one": lambda value: {"id": value[0], "name": value[1]},
        "datetime": lambda value: localised(value, zone),
        "date": operator.methodcaller("isoformat"),
        "html": lambda value: cut(str(value) if detail.html else html2plaintext(value), detail.text, field.name),
        "properties": lambda value: [_property(item) for item in value],
        "json": lambda value: _bounded_json(value, detail.text, field.name),
    }
    return _unless_empty(special.get(kind, lambda value: cut(str(value), detail.text, field.name)))


def localised(moment: datetime, zone) -> str:
    return pytz.utc.localize(moment).astimezone(zone).isoformat(timespec="seconds")


def cut(text: str, limit: int, name: str) -> str:
    """``text``, or its beginning and how to get the rest."""
    if len(text) <= limit:
        return text
    more = f": get_record with fields=[{json.dumps(name)}]" if limit < ALONE.text else ""
    return f"{text[:limit]}… ({len(text) - limit} more characters{more})"


def _unless_empty(form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is False or value is None else form(value)


def _field_at(model, path: str):
    *steps, last = path.split(".")
    for step in steps:
        model = model.env[model._fields[step].comodel_name]
    return model._fields[last]


def _with_currencies(records, names: list[str]) -> list[str]:
    """An amount without its currency invites a wrong sum."""
    guard = records.env["mcp.guard"]
    found = dict.fromkeys(names)
    for name in names:
        field = records._fields.get(name)
        currency = field.get_currency_field(records) if field and field.type == "monetary" else None
        if currency and guard._shows_field(records, currency):
            found.setdefault(currency)
    return list(found)


def _columns(records, names: list[str], detail: Detail) -> dict[str, dict[int, Any]]:
    """The values of each field or path, by the id of the record."""
    forms = {
        name: formatter(records._fields[name], records.env, detail)
        for name in names
        if "." not in name and records._fields[name].type not in MANY
    }
    rows = records._read_format(list(forms))
    columns = {name: {row["id"]: form(row[name]) for row in rows} for name, form in forms.items()}
    for name in names:
        if "." in name:
            columns[name] = _path_column(records, name, detail)
        elif name not in forms:
            columns[name] = _many_column(records, name, detail)
    return columns


def _many_column(records, name: str, detail: Detail) -> dict[int, list]:
    reached, related = follow(records, [name])
    names = {record.id: record.display_name for record in related}
    return {
        start: _bounded([{"id": end, "name": names[end]} for end in ends], detail.related)
        for start, ends in reached.items()
    }


def _path_column(records, path: str, detail: Detail) -> dict[int, Any]:
    *steps, last = path.split(".")
    many = any(_field_at(records, ".".join(steps[: n + 1])).type in MANY for n in range(len(steps)))
    reached, ends = follow(records, steps)
    values = _columns(ends, [last], detail)[last]
    if many:
        return {start: _bounded([values[end] for end in found], detail.related) for start, found in reached.items()}
    return {start: values[found[0]] if found else None for start, found in reached.items()}


def _bounded(items: list, limit: int) -> list:
    return items if len(items) <= limit else [*items[:limit], {"more": len(items) - limit}]


def _reference(env, value: str) -> dict[str, Any]:
    name, _comma, number = value.partition(",")
    target = env.get(name)
    found = visible(target.browse(int(number))) if env["mcp.guard"]._sees_model(target) else None
    return {"model": name, "id": int(number), "name": found.display_name if found else None}


def _property(item: dict[str, Any]) -> dict[str, Any]:
    value = item.get("value")
    if isinstance(value, (tuple, list)) and item.get("type") == "many2one":
        value = {"id": value[0], "name": value[1]}
    elif item.get("type") == "many2many":
        value = [{"id": number, "name": name} for number, name in value or ()]
    return {"name": item["name"], "label": item.get("string"), "type": item.get("type"), "value": value}


def _bounded_json(value: Any, limit: int, name: str) -> Any:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return json.loads(text) if len(text) <= limit else cut(text, limit, name)
