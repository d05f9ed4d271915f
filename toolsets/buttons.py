"""The buttons that a form view offers for one record, as the web client would decide it."""

import ast
from typing import Any, NamedTuple

from lxml import etree

from odoo import fields
from odoo.tools.safe_eval import datetime, dateutil, safe_eval, time
from odoo.tools.view_validation import get_expression_field_names

# What a bad expression or a missing value raises. A button that cannot be judged is not offered.
_UNDECIDABLE = (ValueError, TypeError, SyntaxError, NameError, KeyError, AttributeError)


class Button(NamedTuple):
    """A button of a form view that is visible for a record."""

    name: str
    label: str
    # ``object`` calls the method ``name``, ``action`` opens the action whose id ``name`` is.
    kind: str
    confirm: str | None
    help: str | None
    context: str


class Form:
    """The form view of a record as its user sees it: what groups hide is gone already.

    :param record: one saved record, in the environment of the user
    """

    def __init__(self, record):
        self.record = record
        self.arch = etree.fromstring(record.get_view(view_type="form")["arch"])
        self._values = self._client_names()

    def buttons(self) -> list[Button]:
        """The visible buttons, in their order; those of embedded lists and the smart buttons are left out."""
        return [
            Button(
                name=node.get("name"),
                label=node.get("string") or " ".join("".join(node.itertext()).split()) or node.get("name"),
                kind=node.get("type"),
                confirm=node.get("confirm"),
                help=node.get("help") or node.get("title"),
                context=node.get("context") or "{}",
            )
            for node in self.arch.iter("button")
            if node.get("type") in ("object", "action") and not node.get("args") and self._is_step(node)
        ]

    def status_bar(self):
        """The node of the visible field that is shown as a status bar, or None."""
        for node in self.arch.iter("field"):
            if "statusbar" in node.get("widget", "") and self._is_own(node) and self.is_visible(node):
                return node
        return None

    def is_visible(self, node) -> bool:
        """Whether neither the node nor what it stands in is hidden for the record."""
        return not any(self._is_true(above.get("invisible")) for above in (node, *node.iterancestors()))

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of the view.

        :raise ValueError: if it has none
        """
        try:
            self._read(get_expression_field_names(expression))
            return safe_eval(expression.strip(), dict(self._values))
        except _UNDECIDABLE as error:
            raise ValueError(f"cannot evaluate {expression[:100]}") from error

    def _is_step(self, node) -> bool:
        """Smart buttons lead to other records; they are no step of this one."""
        above = (node, *node.iterancestors())
        smart = any("oe_stat_button" in (n.get("class") or "") or n.get("name") == "button_box" for n in above)
        return not smart and self._is_own(node) and self.is_visible(node)

    @staticmethod
    def _is_own(node) -> bool:
        return not any(above.tag == "field" for above in node.iterancestors())

    def _is_true(self, expression: str | None) -> bool:
        if not expression:
            return False
        try:
            return bool(self.evaluate(expression))
        except ValueError:
            return True

    def _client_names(self) -> dict[str, Any]:
        """What the web client gives to expressions besides the values of the record."""
        record, env = self.record, self.record.env
        today = fields.Date.to_string(fields.Date.context_today(record))
        own = {
            "id": record.id,
            "active_id": record.id,
            "active_ids": record.ids,
            "active_model": record._name,
            "uid": env.uid,
        }
        return {
            "context": {**env.context, **own},
            "allowed_company_ids": env.companies.ids,
            "current_company_id": env.company.id,
            "current_date": today,
            "today": today,
            "now": fields.Datetime.to_string(fields.Datetime.now()),
            "context_today": lambda: fields.Date.context_today(record),
            "time": time,
            "datetime": datetime,
            "relativedelta": dateutil.relativedelta.relativedelta,
            **own,
        }

    def _read(self, names: set[str]) -> None:
        """Add the values of fields: many2one as id, x2many as ids, dates as text.

        A field that the user may not read is not there, and what depends on it cannot be decided.
        """
        record = self.record
        wanted = [name for name in names - self._values.keys() if name in record._fields]
        [values] = record.read([n for n in wanted if record._has_field_access(record._fields[n], "read")], load=None)
        self._values |= {name: _as_client(record._fields[name], value) for name, value in values.items()}


def _as_client(field, value: Any) -> Any:
    if field.type == "date" and value:
        return fields.Date.to_string(value)
    if field.type == "datetime" and value:
        return fields.Datetime.to_string(value)
    return list(value) if isinstance(value, tuple) else value


def literal(text: str | None) -> dict[str, Any]:
    """The options of a node, which are written as a Python literal."""
    try:
        value = ast.literal_eval((text or "{}").strip())
    except (ValueError, SyntaxError):
        return {}
    return value if isinstance(value, dict) else {}
