import operator
from datetime import date
from functools import reduce
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from odoo import api, models
from odoo.fields import Command

from .methods import DryRun, RecordIds
from .outcome import Outcome
from .schema import flat_schema
from .tool import Result, Tool, ToolError

# Of Odoo's kinds of server action, those that do something in Odoo to the records they are given.
RUNNABLE = frozenset({"code", "object_write", "object_create", "multi"})


def _as_date(text: str) -> str:
    date.fromisoformat(text)
    return text


# The types of an argument and what each is in Python. JSON knows no dates: the gateway checks the text.
TYPES: dict[str, Any] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_as_date)],
}


class ActionResult(Outcome):
    action: str
    model: str
    ids: list[int]


class McpToolsetActions(models.AbstractModel):
    """Server actions that an administrator marked *Available to AI* (FEATURES T12)."""

    _name = "mcp.toolset.actions"
    _description = "MCP Tools: Server Actions"
    _inherit = ["mcp.toolset"]

    @api.model
    def _declared_tools(self) -> list[Tool]:
        taken = self._names_in_code()
        actions = self._available_actions([])
        return [
            *super()._declared_tools(),
            *(self._tool_of(action) for action in actions if action.mcp_tool_name not in taken),
        ]

    @api.model
    def _names_in_code(self) -> set[str]:
        """The names of the tools that are code, which come first: a later addon may bring one that an action has."""
        toolsets = self.env.registry.descendants(["mcp.toolset"], "_inherit")
        return {tool.name for name in toolsets for tool in self.env[name]._declared("_mcp_tool")}

    @api.model
    def _available_actions(self, domain: list):
        """In sudo: who may not read server actions may still run them, as from Odoo's own action menu."""
        wanted = [("mcp_available", "=", True), ("usage", "=", "ir_actions_server"), *domain]
        return self.env["ir.actions.server"].sudo().search(wanted)

    @api.model
    def _tool_of(self, action) -> Tool:
        arguments = _arguments_of(action)
        external_ids = action.group_ids.get_external_id().values()
        return Tool(
            name=action.mcp_tool_name,
            title=action.name,
            description=f"{action.mcp_description}\n\nWorks on records of {action.model_name}, whose ids it takes.",
            scope=action.mcp_scope,
            annotations={
                "title": action.name,
                "readOnlyHint": action.mcp_read_only,
                "destructiveHint": not action.mcp_read_only,
                "idempotentHint": action.mcp_read_only,
                "openWorldHint": False,
            },
            arguments=arguments,
            input_schema=flat_schema(arguments) | {"additionalProperties": False},
            output_schema=flat_schema(ActionResult, "serialization"),
            # A group without an external id cannot be named here; the call itself is refused all the same.
            groups=",".join(external_ids) if all(external_ids) else "",
        )

    @api.model
    def _call_tool(self, tool: Tool, arguments: dict[str, Any]) -> Result:
        # Read again: the catalogue may be of the moment before the action was withdrawn.
        action = self._available_actions([("mcp_tool_name", "=", tool.name)])
        if not action or action.mcp_scope != tool.scope or action.mcp_read_only != tool.read_only:
            raise ToolError(f"{tool.name} is no longer available as it was. tools/list tells which tools there are.")
        guard = self.env["mcp.guard"]
        target = guard._usable_model(action.model_id.model, "write")
        records = guard._records(target, arguments["ids"], "write")
        own = set(action.mcp_argument_ids.mapped("name"))
        values = {name: value for name, value in arguments.items() if name in own and value is not None}
        returned = self._run(action, records, values)
        if tool.read_only:
            members = self.env["mcp.toolset.methods"]._tell(records, records, returned)
        else:
            done = self.env._("Action “%(action)s” run", action=action.name)
            members = self.env["mcp.toolset.methods"]._finish(records, returned, done)
        return ActionResult(action=action.name, model=records._name, ids=records.ids, **members)

    @api.model
    def _run(self, action, records, values: dict[str, Any]) -> Any:
        """Run a server action as the current user, also where Odoo itself would go on in sudo."""
        if action.group_ids and not action.group_ids & self.env.user.all_group_ids:
            raise ToolError(f"You may not run {action.name}: your user is in none of the groups that it is for.")
        if action.state not in RUNNABLE:
            raise ToolError(f"{action.name} is of a kind that AI tools do not run.")
        if action.warning:
            raise ToolError(f"{action.name} is not set up completely. An administrator has to see to it in Odoo.")
        if action.state == "object_create":
            return self._create_for_each(action, records)
        if action.state == "object_write":
            self._check_targets(action, records)
        if action.state == "multi":
            results = [self._run(child, records, values) for child in action.child_ids.sorted()]
            return next((result for result in reversed(results) if result), False)
        return (
            self.env["ir.actions.server"]
            .browse(action.id)
            .with_context(
                active_model=records._name, active_id=records.ids[0], active_ids=records.ids, mcp_arguments=values
            )
            .run()
        )

    @api.model
    def _create_for_each(self, action, records):
        guard = self.env["mcp.guard"]
        target = guard._usable_model(action.crud_model_id.model, "create")
        created = target.browse([target.name_create(action.value)[0] for _record in records])
        guard._check_within_limit(created)
        if link := action.link_field_id:
            self._check_field(action, records, link.name)
            for record, new in zip(records, created, strict=True):
                many = link.ttype in ("one2many", "many2many")
                record.write({link.name: [Command.link(new.id)] if many else new.id})
        return created

    @api.model
    def _check_targets(self, action, records) -> None:
        """:raise ToolError: if the action would update, in Odoo's sudo, what the user may not"""
        guard = self.env["mcp.guard"]
        *path, name = action.update_path.split(".")
        # As Odoo will find them, which is in sudo: the user may see fewer, and then this is refused.
        found = reduce(operator.getitem, path, records.sudo())
        targets = guard._records(guard._usable_model(found._name, "write"), found.ids, "write")
        self._check_field(action, targets, name)

    @api.model
    def _check_field(self, action, records, name: str) -> None:
        field = records._fields[name]
        if self.env["mcp.guard"]._hides_field(field) or not records._has_field_access(field, "write"):
            raise ToolError(f"You may not change {name} of {records._name}, which {action.name} does.")


def _arguments_of(action) -> type[BaseModel]:
    own = {}
    for line in action.mcp_argument_ids:
        kind = TYPES[line.type] if line.required else TYPES[line.type] | None
        own[line.name] = (Annotated[kind, Field(description=line.description)], ... if line.required else None)
    return create_model(
        f"{action.mcp_tool_name}_arguments",
        __config__=ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True, protected_namespaces=()),
        ids=(RecordIds, ...),
        **own,
        dry_run=(DryRun, False),
    )
