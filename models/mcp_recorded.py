from typing import Any

from odoo import api, fields, models
from odoo.tools import format_list

# A text that is longer is said to have changed: the log is to be read at a glance, and is kept for good.
LONGEST_TOLD = 200


class McpRecorded(models.AbstractModel):
    """Base of what an administrator sets for all connections: each change of it stands in the audit log.

    What Odoo itself writes while it loads, when it installs the addon or brings the list of tools up to date, is
    nobody's decision and is left out.
    """

    _name = "mcp.recorded"
    _description = "MCP Rows Whose Changes Are Logged"

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        for row in rows:
            row._record_change(self.env._("%(name)s added: %(values)s", **row._told()))
        return rows

    def write(self, vals):
        names = self._recorded_among(vals)
        before = [(row, row._raw_values(names)) for row in self]
        done = super().write(vals)
        for row, old in before:
            new = row._raw_values(names)
            if changed := [name for name in names if old[name] != new[name]]:
                told = "; ".join(row._told_change(name, old[name], new[name]) for name in changed)
                row._record_change(self.env._("%(name)s: %(changes)s", name=row.display_name, changes=told))
        return done

    def unlink(self):
        for row in self:
            row._record_change(self.env._("%(name)s removed: %(values)s", **row._told()))
        return super().unlink()

    def _record_change(self, details: str) -> None:
        if self.env.registry.ready:
            self.env["mcp.audit.log"]._record_event(
                "settings_changed", model=self._name, record_refs=str(self.id), details=details
            )

    @api.model
    def _recorded_among(self, names) -> list[str]:
        """Those of these fields that a person sets; the others are kept by the code, and some are secret."""
        found = []
        for name in names:
            field = self._fields.get(name)
            is_set = field is not None and field.store and not (field.readonly or field.compute or field.related)
            # The order on the screen decides about nothing, and rows of their own have their own entries.
            if is_set and field.groups != fields.NO_ACCESS and field.type != "one2many" and name != "sequence":
                found.append(name)
        return found

    def _raw_values(self, names: list[str]) -> dict[str, Any]:
        return {name: self.sudo()[name] for name in names}

    def _told(self) -> dict[str, str]:
        """For a text about the whole row: what it is called, and what stands in it."""
        values = self._raw_values([name for name in self._recorded_among(self._fields) if self.sudo()[name]])
        parts = [
            f"{self._label(name)}: {self._shortened(self._readable(name, value))}" for name, value in values.items()
        ]
        return {"name": self.display_name, "values": "; ".join(parts)}

    def _told_change(self, name: str, old, new) -> str:
        texts = [self._readable(name, value) for value in (old, new)]
        if max(map(len, texts)) > LONGEST_TOLD:
            return self.env._("%(field)s: changed", field=self._label(name))
        return f"{self._label(name)}: {' → '.join(texts)}"

    @api.model
    def _label(self, name: str) -> str:
        return self._fields[name].get_description(self.env, ["string"])["string"]

    @api.model
    def _readable(self, name: str, value) -> str:
        field = self._fields[name]
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value or "–")
        if isinstance(value, models.BaseModel):
            return format_list(self.env, value.mapped("display_name")) or "–"
        if value is False or value == "":
            return "–"
        return ", ".join(str(value).splitlines())

    @staticmethod
    def _shortened(text: str) -> str:
        return text if len(text) <= LONGEST_TOLD else f"{text[:LONGEST_TOLD]}…"
