"""What one person may see of a call that somebody else's AI tool wants to make."""

from typing import Any, NamedTuple

from ..toolsets.changes import DRY_RUN_NOTE

HIDDEN = "•••"


class Seen(NamedTuple):
    """A record as it is shown; without a name it is one that the person may not read."""

    model: str
    id: int
    name: str | None

    @property
    def url(self) -> str:
        # As Odoo's own addresses: a model without a dot would be taken for the path of an action.
        return f"/odoo/{self.model if '.' in self.model else f'm-{self.model}'}/{self.id}"


class Line(NamedTuple):
    """One field before and after."""

    label: str
    before: str
    after: str
    is_consequence: bool


class Sight:
    """With a person's rights: records, fields and names that Odoo itself would not show are left out.

    :ivar hides: whether anything was left out so far
    """

    def __init__(self, env, model: str | None, ids: list[int]):
        self.env = env(su=False)
        self.hides = False
        self.model = self.env[model] if model else None
        self.records = self._seen(model, ids) if model else []

    def _seen(self, model: str, ids: list[int]) -> list[Seen]:
        readable = self._readable(model, ids)
        found = [Seen(model, id, readable[id].display_name if id in readable else None) for id in ids]
        self.hides = self.hides or any(seen.name is None for seen in found)
        return found

    def _readable(self, model: str, ids: list[int]) -> dict[int, Any]:
        records = self.env[model].with_context(active_test=False)
        if not records.has_access("read"):
            return {}
        return {record.id: record for record in records.search([("id", "in", ids)])}

    def _shows(self, model, name: str) -> bool:
        return model.has_access("read") and model._has_field_access(model._fields[name], "read")

    # Arguments

    def masked(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments; a value for a field, or of a record, that the person may not read is hidden."""
        if self.model is None:
            return arguments
        blind = any(seen.name is None for seen in self.records)
        return {key: self._masked(value, self.model, blind) for key, value in arguments.items()}

    def _masked(self, value: Any, model, blind: bool) -> Any:
        if isinstance(value, list):
            return [self._masked(item, model, blind) for item in value]
        if not isinstance(value, dict):
            return value
        return {key: self._masked_item(key, item, model, blind) for key, item in value.items()}

    def _masked_item(self, key: str, value: Any, model, blind: bool) -> Any:
        field = model._fields.get(key)
        if field is None or key == "id":
            return self._masked(value, model, blind)
        if blind or not self._shows(model, key):
            self.hides = True
            return HIDDEN
        return self._masked(value, self.env[field.comodel_name] if field.relational else model, blind)

    # What a dry run showed

    def changes(self, preview: dict[str, Any]) -> tuple[list[tuple[Seen, list[Line]]], list[str]]:
        """What the dry run changed, record by record, and what else it told.

        :param preview: the structured content of the tool's result
        """
        found = [item for name in ("records", "related") for item in preview.get(name) or () if "before" in item]
        return self.tables(found), self._facts(preview)

    def tables(self, items: list[dict[str, Any]]) -> list[tuple[Seen, list[Line]]]:
        """What changed, record by record."""
        return [(self._title(item), lines) for item in items if (lines := self._lines(item))]

    def _title(self, item: dict[str, Any]) -> Seen:
        if not item["before"]:
            # It was there in the dry run only.
            return Seen(item["model"], 0, self.env._("New: %(model)s", model=self._label_of(item["model"])))
        return self._seen(item["model"], [item["id"]])[0]

    def _label_of(self, model: str) -> str:
        return self.env["ir.model"]._get(model).sudo().name or model

    def _lines(self, item: dict[str, Any]) -> list[Line]:
        if item["model"] not in self.env:
            return []
        model = self.env[item["model"]]
        blind = bool(item["before"]) and item["id"] not in self._readable(item["model"], [item["id"]])
        names = [name for name in {**item["before"], **item["after"]} if name in model._fields]
        values = {name: [self._value(item[side], name, model, blind) for side in ("before", "after")] for name in names}
        return [
            Line(model._fields[name]._description_string(self.env), before, after, name in item["consequences"])
            for name, (before, after) in values.items()
            # A list of lines is the same although the lines changed, which stand below.
            if before != after or before == HIDDEN
        ]

    def _value(self, values: dict[str, Any], name: str, model, blind: bool) -> str:
        if name not in values:
            return ""
        if blind or not self._shows(model, name):
            self.hides = True
            return HIDDEN
        return self._text(values[name], model._fields[name])

    def _text(self, value: Any, field) -> str:
        if isinstance(value, list):
            return ", ".join(self._text(item, field) for item in value)
        if isinstance(value, dict) and field.relational and "id" in value:
            readable = self._readable(field.comodel_name, [value["id"]])
            return str(value.get("name")) if readable else f"#{value['id']}"
        if isinstance(value, dict):
            return str(value.get("label") or value.get("name") or value.get("more") or value)
        if isinstance(value, bool):
            return self.env._("Yes") if value else self.env._("No")
        return "" if value is None else str(value)

    def _facts(self, preview: dict[str, Any]) -> list[str]:
        facts = [
            self.env._(
                "%(count)s records (%(model)s) that belong to it go with it.", count=n, model=self._label_of(name)
            )
            for name, n in (preview.get("dependents") or {}).items()
        ]
        if not any(seen.name is None for seen in self.records):
            facts += self._told(preview)
        return facts

    def _told(self, preview: dict[str, Any]) -> list[str]:
        before, after = (preview.get(side) or {} for side in ("state_before", "state_after"))
        notes = [preview[name] for name in ("message", "note") if isinstance(preview.get(name), str)]
        # That it was a dry run stands above it already.
        told = [note for note in (note.removeprefix(DRY_RUN_NOTE).strip() for note in notes) if note]
        if before.get("label") and after.get("label") and self._shows(self.model, before["field"]):
            told.append(f"{before['field_label']}: {before['label']} → {after['label']}")
        return told
