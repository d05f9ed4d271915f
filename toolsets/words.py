"""What a call is about and what it will do, for the person who is to approve it (FEATURES A2)."""

from typing import Any

from odoo import api, models

from .tool import Tool


class McpToolset(models.AbstractModel):
    """How a toolset tells of its calls; one whose arguments are not ``model`` with ``id`` or ``ids`` says it itself."""

    _inherit = "mcp.toolset"

    @api.model
    def _target_of(self, name: str, arguments: dict[str, Any]) -> tuple[str | None, list[int]]:
        """The model and the ids of the records that a call of the tool ``name`` is about."""
        toolset, tool = self._declared_catalogue().get(name, (self._name, None))
        model, ids = self.env[toolset]._call_target(tool, arguments)
        return (model, ids) if isinstance(model, str) and model in self.env else (None, [])

    @api.model
    def _words_of(self, name: str, title: str, arguments: dict[str, Any]) -> str:
        """One line in the user's language that says what a call of the tool ``name`` will do."""
        toolset, tool = self._declared_catalogue().get(name, (self._name, None))
        return self.env[toolset]._call_in_words(tool, arguments) if tool else title

    @api.model
    def _call_target(self, _tool: Tool | None, arguments: dict[str, Any]) -> tuple[str | None, list[int]]:
        return arguments.get("model"), arguments.get("ids") or [id for id in [arguments.get("id")] if id]

    @api.model
    def _call_in_words(self, tool: Tool, arguments: dict[str, Any]) -> str:
        model, ids = self._target_of(tool.name, arguments)
        if model is None:
            return tool.title
        return self.env._("%(tool)s: %(records)s", tool=tool.title, records=self._records_in_words(model, len(ids)))

    @api.model
    def _records_in_words(self, model: str, count: int) -> str:
        name = self.env["ir.model"]._get(model).sudo().name or model
        if count == 1:
            return self.env._("1 record (%(model)s)", model=name)
        return self.env._("%(count)s records (%(model)s)", count=count, model=name)

    @api.model
    def _fields_in_words(self, model: str, names: set[str]) -> str:
        """Labels of fields, the first few; names that are none stay as they are."""
        fields = self.env[model]._fields if model in self.env else {}
        labels = [fields[name]._description_string(self.env) if name in fields else name for name in sorted(names)]
        more = [self.env._("%(count)s more", count=len(labels) - 4)] if len(labels) > 4 else []
        return ", ".join([*labels[:4], *more])


class McpToolsetWriting(models.AbstractModel):
    _inherit = "mcp.toolset.writing"

    @api.model
    def _call_target(self, tool, arguments):
        model, ids = super()._call_target(tool, arguments)
        return model, ids or [row["id"] for row in arguments.get("records") or () if isinstance(row.get("id"), int)]

    @api.model
    def _call_in_words(self, tool, arguments):
        model, ids = self._target_of(tool.name, arguments)
        if model is None:
            return super()._call_in_words(tool, arguments)
        verb = tool.name.partition("_")[0]
        if verb == "delete":
            return self.env._("Permanently delete %(records)s", records=self._records_in_words(model, len(ids)))
        rows = arguments.get("records") or [arguments.get("values") or {}]
        if verb == "create":
            return self.env._("Create %(records)s", records=self._records_in_words(model, len(rows)))
        names = {name for row in [*rows, arguments.get("common_values") or {}] for name in row if name != "id"}
        return self.env._(
            "Change %(fields)s of %(records)s",
            fields=self._fields_in_words(model, names),
            records=self._records_in_words(model, len(ids)),
        )


class McpToolsetMethods(models.AbstractModel):
    _inherit = "mcp.toolset.methods"

    @api.model
    def _call_in_words(self, tool, arguments):
        model, ids = self._target_of(tool.name, arguments)
        return self.env._(
            "Run %(method)s on %(records)s",
            method=arguments.get("method"),
            records=self._records_in_words(model or "?", len(ids)),
        )


class McpToolsetWorkflow(models.AbstractModel):
    _inherit = "mcp.toolset.workflow"

    @api.model
    def _call_in_words(self, tool, arguments):
        model, ids = self._target_of(tool.name, arguments)
        return self.env._(
            "Move to the next state with %(transition)s: %(records)s",
            transition=arguments.get("transition"),
            records=self._records_in_words(model or "?", len(ids)),
        )


class McpToolsetActions(models.AbstractModel):
    _inherit = "mcp.toolset.actions"

    @api.model
    def _call_target(self, tool, arguments):
        action = tool and self._available_actions([("mcp_tool_name", "=", tool.name)])
        return (action.model_id.model if action else None), arguments.get("ids") or []
