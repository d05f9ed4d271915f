"""Relations that a caller wants to write: ids and names to records the user can see, lines to Odoo's commands."""

from typing import Any, NamedTuple

from odoo.fields import Command

from .parsing import INT_MAX
from .tool import ToolError

MAX_COMMANDS = 500
# A record, its lines, and the lines of those.
MAX_DEPTH = 2
_MAX_CANDIDATES = 8
# In the order in which they are carried out.
_VERBS = ("delete", "remove", "update", "add", "create")
_FORM = (
    'must be a list of ids, which replaces what is there, or an object like {"add": [5], "remove": [6], '
    '"create": [{"name": "New"}], "update": [{"id": 7, "name": "Changed"}], "delete": [8]}.'
)


class Side(NamedTuple):
    """A relation that is being written."""

    field: Any
    comodel: Any
    # The records in it now.
    current: Any

    @property
    def owns(self) -> bool:
        return self.field.type == "one2many"

    @property
    def removal(self) -> str:
        """What happens to a record that is taken out of it, as an operation of Odoo."""
        inverse = self.comodel._fields.get(self.field.inverse_name) if self.owns else None
        if inverse is None:
            return "read"
        return "unlink" if getattr(inverse, "ondelete", None) == "cascade" else "write"


class Relations:
    """
    :ivar problems: what cannot be written, and why
    :ivar touched: existing records of other models that are going to be changed, as recordsets
    """

    def __init__(self, env):
        self.env = env
        self.guard = env["mcp.guard"]
        self.problems: list[str] = []
        self.touched: list = []
        self._found: dict[tuple, int] = {}

    def values(self, model, values: dict[str, Any], record=None, at: str = "", depth: int = 0) -> dict[str, Any]:
        raise NotImplementedError

    # To one record

    def _many2one(self, field, value: Any) -> int | bool:
        if value is None:
            if field.required:
                raise ToolError("it cannot be empty.")
            return False
        return self.record_id(self.guard._readable_model(field.comodel_name), value)

    def _reference(self, field, value: Any) -> str | bool:
        if value is None:
            return False
        model, _comma, number = value.partition(",") if isinstance(value, str) else ("", "", "")
        if not number.isdecimal() or model not in field.get_values(self.env):
            raise ToolError('must be a model and an id, like "res.partner,5".')
        return f"{model},{self.record_id(self.guard._readable_model(model), int(number))}"

    def record_id(self, comodel, value: Any, operation: str = "read") -> int:
        """The id of the record that ``value`` means: an id, a name, or {"id": …} as the reading tools return it."""
        if isinstance(value, dict) and "id" in value:
            value = value["id"]
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise ToolError("must be an id or a name.")
        key = (comodel._name, operation, value)
        if key not in self._found:
            self._found[key] = self._checked_id(comodel, value, operation)
        return self._found[key]

    def _checked_id(self, comodel, value: int | str, operation: str) -> int:
        number = self._by_name(comodel, value) if isinstance(value, str) else value
        if not 0 < number <= INT_MAX:
            raise ToolError(f"{comodel._name} has no record {number}.")
        return self.guard._records(comodel, [number], operation).id

    def _by_name(self, comodel, name: str) -> int:
        """The one record of that name, or else the one whose name contains it."""
        if not name.strip():
            raise ToolError("must be an id or a name, or null to empty it.")
        limit = list(self.guard._limit_domain(comodel))
        for operator in ("=", "ilike"):
            found = comodel.name_search(name.strip(), limit, operator, limit=_MAX_CANDIDATES + 1)
            same = [row for row in found if row[1].casefold() == name.strip().casefold()]
            if len(found) == 1 or len(same) == 1:
                return (same or found)[0][0]
            if found:
                listed = ", ".join(f"{label} (id {number})" for number, label in found[:_MAX_CANDIDATES])
                more = " and others" if len(found) > _MAX_CANDIDATES else ""
                raise ToolError(f"several records of {comodel._name} match: {listed}{more}. Give the id.")
        raise ToolError(f"no {comodel._name} of this name that you can read. search_records finds those that you can.")

    # To many records

    def _commands(self, field, value: Any, record, where: str, depth: int) -> list:
        comodel = self.guard._readable_model(field.comodel_name)
        current = record.with_context(active_test=False)[field.name] if record else comodel.browse()
        side = Side(field, comodel, current.with_env(comodel.env))
        if value is None or isinstance(value, list):
            return self._replacement(side, value or [])
        if not isinstance(value, dict) or not value.keys() <= set(_VERBS):
            raise ToolError(_FORM)
        commands = []
        for verb in _VERBS:
            for number, item in enumerate(self._items(value.get(verb, []))):
                at = f"{where}.{verb}[{number}]"
                try:
                    commands.append(getattr(self, f"_{verb}")(side, item, at, depth))
                except ToolError as error:
                    self.problems.append(f"{at}: {error}")
        return commands

    def _items(self, items: Any) -> list:
        if not isinstance(items, list):
            raise ToolError(_FORM)
        if len(items) > MAX_COMMANDS:
            raise ToolError(f"more than {MAX_COMMANDS} at once.")
        return items

    def _replacement(self, side: Side, items: list):
        if any(isinstance(item, dict) and "id" not in item for item in self._items(items)):
            raise ToolError(_FORM)
        kept = [self.record_id(side.comodel, item, "write" if side.owns else "read") for item in items]
        removed = side.current.filtered(lambda line: line.id not in kept)
        self._permit(side, removed.ids, side.removal)
        if side.owns:
            self.touched.append(side.comodel.browse(kept))
        return [Command.set(kept)]

    def _add(self, side: Side, item: Any, at: str, depth: int):
        number = self.record_id(side.comodel, item)
        # The lines of a record carry its id, so linking one changes it.
        self._permit(side, [number], "write" if side.owns else "read")
        return Command.link(number)

    def _remove(self, side: Side, item: Any, at: str, depth: int):
        number = self._own(side, item)
        self._permit(side, [number], side.removal)
        return Command.unlink(number)

    def _delete(self, side: Side, item: Any, at: str, depth: int):
        number = self._own(side, item)
        self._permit(side, [number], "unlink")
        return Command.delete(number)

    def _update(self, side: Side, item: Any, at: str, depth: int):
        if not isinstance(item, dict) or "id" not in item:
            raise ToolError('must be an object with the id and the new values, like {"id": 7, "name": "x"}.')
        number = self._own(side, item)
        line = self._permit(side, [number], "write")
        values = {name: value for name, value in item.items() if name != "id"}
        return Command.update(number, self._nested(side, values, line, at, depth))

    def _create(self, side: Side, item: Any, at: str, depth: int):
        if not isinstance(item, dict):
            raise ToolError('must be an object of values, like {"name": "x"}.')
        self.guard._usable_model(side.comodel._name, "create")
        return Command.create(self._nested(side, item, None, at, depth))

    def _nested(self, side: Side, values: dict, record, at: str, depth: int) -> dict:
        if depth >= MAX_DEPTH:
            raise ToolError("nested too deeply; write these records by themselves.")
        return self.values(side.comodel, values, record, f"{at}.", depth + 1)

    def _own(self, side: Side, item: Any) -> int:
        """The id of a record that is in the relation now."""
        number = self.record_id(side.comodel, item)
        if number not in side.current.ids:
            raise ToolError(f"{side.comodel._name} {number} is not in {side.field.name} of this record.")
        return number

    def _permit(self, side: Side, ids: list[int], operation: str):
        """:raise ToolError: if the operation is not permitted for these records of the relation"""
        if operation != "read":
            self.guard._usable_model(side.comodel._name, operation)
        records = self.guard._records(side.comodel, ids, operation)
        if operation == "write":
            self.touched.append(records)
        return records
