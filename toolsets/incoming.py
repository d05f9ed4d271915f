"""What a caller wants to write, checked and turned into what Odoo writes, as the user who writes it."""

from typing import Any

from odoo.models import MAGIC_COLUMNS

from .incoming_relations import Relations
from .parsing import parsed
from .tool import ToolError

_MAX_PROBLEMS = 20
_MAGIC = frozenset(MAGIC_COLUMNS) | {"parent_path"}


class Incoming(Relations):
    """Collects everything that is wrong, so that one error names all of it."""

    def values(self, model, values: dict[str, Any], record=None, at: str = "", depth: int = 0) -> dict[str, Any]:
        """``values`` as ``create`` (without a record) or ``write`` takes them; ``check`` before they are used."""
        converted = {}
        for name, value in values.items():
            where = f"{at}{name[:64]}"
            try:
                field = self._field(model, name, is_new=record is None)
                self._check_target(model, field, record, values)
                converted[name] = self._value(field, value, record, where, depth)
            except ToolError as error:
                self.problems.append(f"{where}: {error}")
        return converted

    def check(self) -> None:
        """:raise ToolError: names everything that cannot be written, and why"""
        if self.problems:
            more = len(self.problems) - _MAX_PROBLEMS
            rest = [f"… and {more} more."] if more > 0 else []
            raise ToolError("\n".join(["Nothing was written.", *self.problems[:_MAX_PROBLEMS], *rest]))

    def check_limits(self) -> None:
        """:raise ToolError: if what was written took another record out of what the connection is limited to"""
        for records in self.touched:
            self.guard._check_within_limit(records.exists())

    def _field(self, model, name: str, *, is_new: bool):
        if name in _MAGIC:
            raise ToolError("Odoo sets it itself.")
        self.guard._check_field(model, name)
        field = model._fields[name]
        if not model._has_field_access(field, "write"):
            raise ToolError("you may not change it.")
        if not is_new and _is_given_once(field):
            raise ToolError("it is given when a record is created, and stays.")
        if not _is_settable(field):
            raise ToolError("Odoo computes it, or changes it by an action of the record; it cannot be set.")
        if why := self._forbidden(model._name, field):
            raise ToolError(f"AI tools cannot set it ({why}).")
        return field

    def _forbidden(self, model_name: str, field) -> str | None:
        """Why the field must not be written, which may lie in the field that it passes its value on to."""
        if why := self.guard._forbids("field", f"{model_name}:{field.name}", "write") or self._forbidden_side(field):
            return why
        if not field.related:
            return None
        target = field.related_field
        if why := self.guard._forbids("model", target.model_name, "write"):
            return why
        return self._forbidden(target.model_name, target)

    def _check_target(self, model, field, record, values: dict[str, Any]) -> None:
        """:raise ToolError: if the field passes its value on to a record that may not be written"""
        if not field.related:
            return
        target = self.env[field.related_field.model_name]
        # What a new record inherits is made with it, unless it is given one.
        is_made = record is None and field.inherited and model._inherits.get(target._name) not in values
        self.guard._usable_model(target._name, "create" if is_made else "write")
        if record is not None:
            targets = record.mapped(path_of(field))
            self.touched.append(self.guard._records(target, targets.ids, "write"))

    def _forbidden_side(self, field) -> str | None:
        """Why the other side of a relation must not be written: what stands here also stands there."""
        if field.type not in ("one2many", "many2many"):
            return None
        reasons = (
            self.guard._forbids("model", side.model_name, "write")
            or self.guard._forbids("field", f"{side.model_name}:{side.name}", "write")
            for side in self.env.registry.field_inverses[field]
        )
        return next(filter(None, reasons), None)

    def _value(self, field, value: Any, record, where: str, depth: int) -> Any:
        if field.type == "many2one":
            return self._many2one(field, value)
        if field.type == "reference":
            return self._reference(field, value)
        if field.type in ("one2many", "many2many"):
            return self._commands(field, value, record, where, depth)
        return parsed(self.env, field, value)


def path_of(field) -> str:
    """The relations that lead from a record to the one that holds the value of a related field."""
    return field.related.rpartition(".")[0]


def _is_settable(field) -> bool:
    if field.readonly:
        return _is_given_once(field)
    return field.store or not field.compute or bool(field.inverse)


def _is_given_once(field) -> bool:
    """Whether it tells what a record is, as the type of an invoice does, though nobody can edit it in a form.

    Not so its status, which a copy of the record does not share.
    """
    is_choice = field.type in ("many2one", "selection")
    return field.readonly and field.required and field.copy and is_choice and not field.compute
