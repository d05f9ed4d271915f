"""Deleting records, and saying what goes with them."""

from contextlib import suppress

from odoo.fields import Domain

from .failures import naming
from .tool import Result, ToolError


class Named(Result):
    id: int
    name: str


class Deletion(Result):
    dry_run: bool
    model: str
    records: list[Named]
    # How many records of other models, by their model, go because they belong to these; those that the user can read.
    dependents: dict[str, int]


class _Undo(Exception):
    """Rolls back what was only tried."""


def deleted(records, dry_run: bool) -> Deletion:
    """Delete ``records``, which the user may delete.

    :raise ToolError: says which of them cannot be deleted, and why
    """
    result = Deletion(
        dry_run=dry_run,
        model=records._name,
        records=[Named(id=record.id, name=record.display_name or "") for record in records],
        dependents=_dependents(records),
    )
    try:
        with naming(records.env):
            records.unlink()
    except ToolError:
        if len(records) > 1:
            _blame(records)
        raise
    return result


def _dependents(records) -> dict[str, int]:
    guard = records.env["mcp.guard"]
    counts: dict[str, int] = {}
    for model, field in _cascading(records):
        if guard._sees_model(model) and guard._shows_field(model, field.name):
            domain = guard._limit_domain(model) & Domain(field.name, "in", records.ids)
            if number := model.search_count(domain):
                counts[model._name] = counts.get(model._name, 0) + number
    return counts


def _cascading(records):
    """The models, and their fields, whose records PostgreSQL deletes along with ``records``."""
    for name, cls in records.env.registry.items():
        if cls._abstract or cls._transient or not cls._auto:
            continue
        for field in cls._fields.values():
            if (
                field.type == "many2one"
                and field.comodel_name == records._name
                and field.store
                and field.ondelete == "cascade"
            ):
                yield records.env[name].with_context(active_test=False), field


def _blame(records) -> None:
    """:raise ToolError: names the first of ``records`` that cannot be deleted even by itself"""
    for record in records:
        with suppress(_Undo), naming(records.env, f"id {record.id}"):
            record.unlink()
            records.env.flush_all()
            raise _Undo
