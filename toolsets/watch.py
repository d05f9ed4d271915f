"""What of existing records a waiting call depends on, so that a change of it is noticed (DESIGN §2.8)."""

from typing import Any

from odoo import api, models

from .changes import Observation
from .records import telling_fields
from .tool import Tool
from .values import readable, visible

# Of more records than this only the most telling fields are watched.
_MAX_IN_FULL = 20


class McpToolset(models.AbstractModel):
    """A toolset whose calls depend on more than the records that they are about says so itself."""

    _inherit = "mcp.toolset"

    @api.model
    def _watched_of(self, tool: Tool, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The records that a call is about, as the user sees them now: names; before something is run on them, values.

        What a tool of the scope ``execute`` does depends on all of a record, of which its own answer tells little.
        """
        model, ids = self._target_of(tool.name, arguments)
        if model is None or not ids or not self.env["mcp.guard"]._sees_model(self.env[model]):
            return []
        records = visible(self.env[model].browse(ids))
        rows = {row["id"]: row for row in readable(records, ["display_name"])}
        if tool.scope == "execute" and len(records) <= _MAX_IN_FULL:
            full = Observation(records.browse(), records, []).before
            rows = {id: {**row, **full.get(id, {})} for id, row in rows.items()}
        elif tool.scope == "execute":
            rows = {row["id"]: row for row in readable(records, ["display_name", *telling_fields(records.browse())])}
        return [
            {"model": model, "id": id, "values": {name: value for name, value in row.items() if name != "id"}}
            for id, row in rows.items()
        ]
