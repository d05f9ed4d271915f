import json
import logging
from typing import Any

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from ..toolsets.tool import SCOPES, Tool

_logger = logging.getLogger(__name__)

RISKS = [
    ("read", "Reads"),
    ("write", "Writes"),
    ("destructive", "Destroys"),
    ("execute", "Executes"),
]
# The rest mirrors the code.
EDITABLE = frozenset({"active", "description", "group_ids"})
# Of the workers that start together, one writes; any number that nobody else uses.
_SYNC_LOCK = 0x6D63705F746F6F6C


class McpTool(models.Model):
    """One tool of the catalogue: what the code declares, and what the administrator decided about it."""

    _name = "mcp.tool"
    _description = "MCP Tool"
    _inherit = ["mcp.catalogue.row"]
    _order = "category, name"
    _rec_name = "title"
    _rec_names_search = ["title", "name"]

    name = fields.Char("Technical Name", required=True, readonly=True)
    title = fields.Char(required=True, readonly=True)
    category = fields.Char(required=True, readonly=True)
    toolset = fields.Char(required=True, readonly=True, help="The model whose code answers this tool.")
    risk = fields.Selection(RISKS, required=True, readonly=True)
    scope = fields.Selection(
        [(scope, f"mcp:{scope}") for scope in SCOPES],
        required=True,
        readonly=True,
        help="The least scope that a connection needs for this tool.",
    )
    read_only = fields.Boolean(readonly=True, help="The database refuses every write while this tool runs.")
    destructive = fields.Boolean(readonly=True, help="May overwrite or delete what is there.")
    idempotent = fields.Boolean(readonly=True, help="Called twice, it does no more than called once.")
    open_world = fields.Boolean("Reaches Beyond Odoo", readonly=True)
    input_schema = fields.Text("Arguments", readonly=True, help="JSON Schema")
    default_description = fields.Text("Original Description", required=True, readonly=True)
    description = fields.Text(
        required=True, help="What the AI reads before it decides to use this tool. Changes apply at once."
    )
    active = fields.Boolean(default=True, help="A tool that is off does not exist for any AI tool.")
    is_gone = fields.Boolean("No Longer Provided", readonly=True, help="No installed addon has this tool any more.")
    # Restrict: a tool whose only group vanished would be everybody's.
    group_ids = fields.Many2many(
        "res.groups",
        string="Only for Groups",
        ondelete="restrict",
        help="Only users in one of these groups see this tool. Empty means everybody whom the connection permits it.",
    )

    _name_unique = models.Constraint("UNIQUE (name)", "There is a tool of this name already.")

    def write(self, vals):
        if not self.env.su and vals.keys() - EDITABLE:
            raise AccessError(self.env._("Tools come from code: only their description, groups and switch can be set."))
        return super().write(vals)

    def action_reset_description(self):
        for tool in self:
            tool.description = tool.default_description

    def _register_hook(self):
        super()._register_hook()
        try:
            # Muted: to be second is no error, and neither is code that is newer than its tables.
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                if self._lock_sync():
                    self._sync()
        except psycopg2.Error as error:
            _logger.info("The list of tools was left as it is: %s", error)

    @api.model
    def _sync(self) -> None:
        """Make the rows mirror what the code declares; nothing is written when they do already.

        What the administrator set is kept, through the absence of a tool too.
        """
        tools = self.sudo().with_context(active_test=False)
        rows = {row.name: row for row in tools.search([])}
        declared = {
            name: self._mirror(toolset, tool)
            for name, (toolset, tool) in self.env["mcp.toolset"]._declared_catalogue().items()
        }
        new = [values for name, values in declared.items() if name not in rows]
        changes = {row: values for name, row in rows.items() if (values := row._changes(declared.get(name)))}
        if not (new or changes):
            return
        tools.create([values | {"description": values["default_description"]} for values in new])
        for row, values in changes.items():
            row.write(values)
        tools.flush_model()

    @api.model
    def _lock_sync(self) -> bool:
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(%s)", [_SYNC_LOCK])
        return self.env.cr.fetchone()[0]

    def _changes(self, declared: dict[str, Any] | None) -> dict[str, Any]:
        """What of this row differs from its tool in the code; None is a tool that is gone."""
        if declared is None:
            return {} if self.is_gone else {"is_gone": True}
        changed = {name: value for name, value in declared.items() if self[name] != value}
        if "default_description" in changed and self.description == self.default_description:
            changed["description"] = changed["default_description"]
        return changed

    @api.model
    def _mirror(self, toolset: str, tool: Tool) -> dict[str, Any]:
        hints = tool.annotations
        return {
            "name": tool.name,
            "title": tool.title,
            "category": toolset.removeprefix("mcp.toolset.").replace(".", " ").replace("_", " ").capitalize(),
            "toolset": toolset,
            "risk": self._risk(tool),
            "scope": tool.scope,
            "read_only": hints["readOnlyHint"],
            "destructive": hints["destructiveHint"],
            "idempotent": hints["idempotentHint"],
            "open_world": hints["openWorldHint"],
            "input_schema": json.dumps(tool.input_schema, indent=2, ensure_ascii=False),
            "default_description": tool.description,
            "is_gone": False,
        }

    @api.model
    def _risk(self, tool: Tool) -> str:
        if tool.read_only:
            return "read"
        if tool.scope == "execute":
            return "execute"
        return "destructive" if tool.annotations["destructiveHint"] else "write"
