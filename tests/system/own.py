"""What a user gets from Odoo itself, to hold against what the tools give them."""

import json
from datetime import UTC, datetime
from typing import Any

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.tools import html2plaintext

# Odoo itself searches none of the first, can only group the third, and numbers the rows of the last anew each time.
UNSEARCHABLE = {"account.code.mapping", "account.root", "vendor.delay.report", "report.stock.quantity"}
# Computed differently each time, which is no secret.
UNSTEADY = {
    ("account.move.line", "cumulated_balance"): "adds up the list that is shown",
    ("account.journal", "kanban_dashboard_graph"): "invents examples",
}
# A text that is longer is cut by some tools.
CUT = 900


class Own:
    """Odoo as a user sees it through Odoo's own methods.

    :param env: of the superuser
    """

    def __init__(self, env, user):
        self.env = env(user=user.id, su=False, context={})
        self.env = self.env(context=dict(self.env["res.users"].context_get()))

    def models(self) -> list[str]:
        """Those that the user may read."""
        tables = (name for name in sorted(self.env.registry) if not self.env[name]._abstract)
        return [name for name in tables if not self.env[name]._transient and self.env[name].has_access("read")]

    def search(self, model: str, domain: list = (), limit: int | None = None, *, archived: bool = True):
        self.env.invalidate_all()
        return self.env[model].with_context(active_test=not archived).search(list(domain), limit=limit)

    def everything(self, model: str) -> set[int]:
        """Ids of all records, whoever may read them."""
        return set(self.env[model].sudo().with_context(active_test=False).search([]).ids)

    def can_read(self, model: str, id: int) -> bool:
        return model in self.env and self.env[model].has_access("read") and bool(self.search(model, [("id", "=", id)]))

    def values(self, model: str, ids: list[int], fields: list[str], **context) -> dict[int, dict[str, Any]]:
        """As ``read`` returns them, by id; without the fields that it refuses or fails to compute."""
        self.env.invalidate_all()
        try:
            return {row["id"]: row for row in self.env[model].with_context(**context).browse(ids).read(fields)}
        except (AccessError, MissingError, UserError):
            if len(fields) < 2:
                return {id: {"id": id} for id in ids}
        half = len(fields) // 2
        halves = [self.values(model, ids, some, **context) for some in (fields[:half], fields[half:])]
        return {id: halves[0].get(id, {}) | halves[1].get(id, {}) for id in ids}

    def is_no_more(self, model: str, name: str, shown: Any, own: Any) -> bool:
        """Whether a value that a tool showed of a field tells nothing that ``own``, as ``read`` gave it, does not."""
        if shown is None or shown == [] or (model, name) in UNSTEADY:
            return True
        field = self.env[model]._fields[name]
        special = getattr(self, f"_is_{field.type}", None)
        if special:
            return special(field, shown, own)
        if field.type == "many2one_reference":
            return int(shown) == own
        if field.type in ("boolean", "integer", "float", "monetary"):
            return shown == (own or 0)
        return isinstance(own, str) and _is_same_text(shown, own)

    def _is_many2one(self, _field, shown, own) -> bool:
        return (shown["id"], shown["name"]) == own

    def _is_one2many(self, field, shown, own) -> bool:
        items = [item for item in shown if "id" in item]
        readable = self.search(field.comodel_name, [("id", "in", own or [])])
        names = {record.id: record.display_name for record in readable}
        cut = sum(item.get("more", 0) for item in shown)
        return all(names.get(item["id"], ...) == item["name"] for item in items) and len(items) + cut <= len(readable)

    _is_many2many = _is_one2many

    def _is_selection(self, _field, shown, own) -> bool:
        return shown["value"] == own

    def _is_date(self, _field, shown, own) -> bool:
        # Odoo writes the year 1 with one digit.
        return shown.zfill(10) == own.isoformat()

    def _is_datetime(self, _field, shown, own) -> bool:
        moment = datetime.fromisoformat(shown).astimezone(UTC).replace(tzinfo=None)
        # Some are computed from the present time.
        return abs((moment - own).total_seconds()) < 60

    def _is_html(self, _field, shown, own) -> bool:
        return _is_same_text(shown, str(own)) or _is_same_text(shown, html2plaintext(own))

    def _is_reference(self, _field, shown, own) -> bool:
        model, _comma, id = own.partition(",")
        name = shown.get("name")
        readable = name is None or self.can_read(model, int(id))
        return (shown["model"], shown["id"]) == (model, int(id)) and readable

    def _is_json(self, _field, shown, own) -> bool:
        return shown == own or _is_same_text(str(shown), json.dumps(own, ensure_ascii=False, default=str))

    def _is_properties(self, _field, shown, own) -> bool:
        values = {item["name"]: item.get("value") for item in own}
        return all(item["value"] in (None, values[item["name"]]) for item in shown)


def _is_same_text(shown: str, own: str) -> bool:
    return shown == own or (len(own) > CUT and shown[:CUT] == own[:CUT])
