"""What a write changed: the record before and after, and what Odoo changed along with it."""

from itertools import chain
from typing import Any

from .incoming import path_of
from .records import TECHNICAL_FIELDS
from .tool import Result, size_of
from .values import MANY, OMITTED_TYPES, readable, visible

_MAX_RELATED = 50
_MAX_TEXT = 1000
DRY_RUN_NOTE = "A dry run: all of it is undone, and new records will have other ids."
_CHATTER = ("mail.thread", "mail.activity.mixin")


class RecordChange(Result):
    """Values by field name. A new record has nothing before, one that is gone nothing after."""

    model: str
    id: int
    name: str
    before: dict[str, Any]
    after: dict[str, Any]
    # Of a record that the call named: fields that it did not, which Odoo changed because of the others.
    consequences: list[str]


class Changes(Result):
    dry_run: bool
    records: list[RecordChange]
    # Lines that were written with the record, and records that the written ones are part of.
    related: list[RecordChange]
    note: str | None = None

    def shortened(self, limit: int) -> "Changes | None":
        note = "Too much to show in full: some values are left out. get_record shows them."
        records = [record.model_copy() for record in self.records]
        room = limit - size_of([record.model_dump(mode="json") for record in records]) - 500
        for record in reversed(records):
            if room >= 0:
                break
            room += size_of(record.before) + size_of(record.after) + size_of(record.consequences) - 6
            record.before, record.after, record.consequences = {}, {}, []
        return self.model_copy(update={"records": records, "related": [], "note": note}) if room >= 0 else None


class Observation:
    """Remembers records before they are written, and tells afterwards what became of them.

    :param records: those that are going to be changed, none if they are going to be created
    :param rows: for each of them what is going to be written, as ``write`` and ``create`` take it
    """

    def __init__(self, target, records, rows: list[dict[str, Any]]):
        self.guard = target.env["mcp.guard"]
        self.target, self.records, self.rows = target, records, rows
        self.named = set(chain.from_iterable(rows))
        self.names = self._names(target, self.named)
        self.before = self._values(records, self.names)
        self.parents = self._parents()
        self.related_before = self._related(records)

    def changes(self, written, dry_run: bool) -> Changes:
        """:param written: the records, changed or new, in the order of the rows"""
        after = self._values(written, self.names)
        shown = [
            self._change(record, self.before.get(record.id, {}), after.get(record.id, {}), frozenset(row))
            for record, row in zip(written, self.rows, strict=True)
        ]
        related = self._related_changes(written)
        return Changes(
            dry_run=dry_run,
            records=shown,
            related=related[:_MAX_RELATED],
            note=" ".join(self._notes(len(related) - _MAX_RELATED, dry_run)) or None,
        )

    def _notes(self, more: int, dry_run: bool):
        if dry_run:
            yield DRY_RUN_NOTE
        if more > 0:
            yield f"{more} more related changes are not shown."

    def reached(self, record, row: dict[str, Any]) -> dict[str, Any]:
        """The other records that ``row`` reaches from ``record``, by field: in relations, and behind related fields."""
        record = record.with_context(active_test=False)
        fields = [record._fields[name] for name in row]
        return {
            **{field.name: record[field.name] for field in fields if field.type in MANY},
            **{field.name: record.mapped(path_of(field)) for field in fields if field.related},
        }

    def _change(self, record, before: dict, after: dict, named: frozenset = frozenset()) -> RecordChange:
        names = [name for name in {**before, **after} if self._tells(name, before, after, named)]
        return RecordChange(
            model=record._name,
            id=record.id,
            name=record.display_name or "" if after else "",
            before={name: before[name] for name in names if name in before},
            after={name: after[name] for name in names if name in after},
            consequences=[name for name in names if name not in named] if named and before and after else [],
        )

    def _tells(self, name: str, before: dict, after: dict, named: frozenset) -> bool:
        if name in named:
            return True
        if before and after:
            return before[name] != after[name]
        # Of a record that is new or gone, what is empty tells nothing.
        return (after or before)[name] not in (None, False, 0, "", [])

    # Lines and parents

    def _parents(self) -> list:
        """The records that the written ones are part of: an order's totals change with its lines."""
        found = []
        for name, field in self.guard._readable_fields(self.target).items():
            if field.type != "many2one" or not field.store or field.ondelete != "cascade":
                continue
            comodel = self.target.env[field.comodel_name]
            if comodel._name != self.target._name and self.guard._sees_model(comodel):
                ids = set(self.records[name].ids) | {row[name] for row in self.rows if row.get(name)}
                found.append(comodel.browse(sorted(ids)[:_MAX_RELATED]))
        return found

    def _lines(self, records) -> list:
        env = self.target.env
        fields = [self.target._fields[name] for name in sorted(self.named)]
        lines = [records.with_context(active_test=False)[f.name] for f in fields if f.type == "one2many"]
        return [some.with_env(env)[: 2 * _MAX_RELATED] for some in lines]

    def _related(self, records) -> dict[tuple[str, int], dict]:
        found = {}
        for some in chain(self.parents, self._lines(records)):
            values = self._values(some, self._names(some, set()))
            found.update({(some._name, number): row for number, row in values.items()})
        return found

    def _related_changes(self, written) -> list[RecordChange]:
        before, after = self.related_before, self._related(written)
        changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        env = self.target.env
        return [
            self._change(env[model].browse(number), before.get((model, number), {}), after.get((model, number), {}))
            for model, number in changed
            if model != self.target._name or number not in written.ids
        ]

    # Values

    def _names(self, model, named: set[str]) -> list[str]:
        """The fields to watch: what is named, and what is stored with the record and says something."""
        chatter = set(chain.from_iterable(model.env[name]._fields for name in _CHATTER))
        return [
            name
            for name, field in self.guard._readable_fields(model).items()
            if field.type not in OMITTED_TYPES
            and (name in named or (field.store and field.column_type and name not in TECHNICAL_FIELDS | chatter))
        ]

    def _values(self, records, names: list[str]) -> dict[int, dict[str, Any]]:
        return {
            row.pop("id"): {name: _cut(value) for name, value in row.items()}
            for row in readable(visible(records), names)
        }


def _cut(value: Any) -> Any:
    return f"{value[:_MAX_TEXT]}…" if isinstance(value, str) and len(value) > _MAX_TEXT else value
