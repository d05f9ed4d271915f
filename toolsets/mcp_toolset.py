import dataclasses
from typing import Any

from odoo import api, models, tools

from .prompt import Prompt
from .resource import Resource
from .tool import SCOPES, Result, Tool


class McpToolset(models.AbstractModel):
    """Base of all toolsets. A model that inherits it, in any addon, adds its decorated methods to the catalogue.

    What a toolset offers need not be code: it may override ``_declared_tools`` or ``_declared_prompts`` to add rows of
    the database, and ``_call_tool`` or ``_call_prompt`` to run them. Whoever changes such rows clears the registry's
    cache.
    """

    _name = "mcp.toolset"
    _description = "MCP Toolset"

    @api.model
    @tools.ormcache()
    def _declared_catalogue(self) -> dict[str, tuple[str, Tool]]:
        """All tools of the installed addons as their code declares them, name → (toolset model, tool), by name."""
        return self._collect("_declared_tools")

    @api.model
    @tools.ormcache()
    def _catalogue(self) -> dict[str, tuple[str, Tool]]:
        """The tools that are switched on, with the descriptions that the administrator gave them."""
        rows = {row.name: row for row in self.env["mcp.tool"].sudo().with_context(active_test=False).search([])}
        found = {}
        for name, (model, tool) in self._declared_catalogue().items():
            row = rows.get(name)
            if row and not row.active:
                continue
            if row and row.description and row.description != tool.description:
                tool = dataclasses.replace(tool, description=row.description)
            found[name] = (model, tool)
        return found

    @api.model
    @tools.ormcache()
    def _prompts(self) -> dict[str, tuple[str, Prompt]]:
        """All prompts: name → (toolset model, prompt), in the order of their names."""
        return self._collect("_declared_prompts")

    @api.model
    @tools.ormcache()
    def _resources(self) -> dict[str, tuple[str, Resource]]:
        """All resources and templates: URI → (toolset model, resource), in the order of their URIs."""
        return self._collect("_declared_resources", "uri")

    @api.model
    def _collect(self, method: str, key: str = "name") -> dict[str, tuple[str, Any]]:
        found: dict[str, tuple[str, Any]] = {}
        for model_name in self.env.registry.descendants([self._name], "_inherit"):
            for item in getattr(self.env[model_name], method)():
                name = getattr(item, key)
                if name in found and found[name][0] != model_name:
                    raise TypeError(f"Two toolsets declare {name}: {found[name][0]} and {model_name}")
                found[name] = (model_name, item)
        return dict(sorted(found.items()))

    @api.model
    def _declared_tools(self) -> list[Tool]:
        return self._declared("_mcp_tool")

    @api.model
    def _declared_prompts(self) -> list[Prompt]:
        return self._declared("_mcp_prompt")

    @api.model
    def _declared_resources(self) -> list[Resource]:
        return self._declared("_mcp_resource")

    @api.model
    def _declared(self, mark: str) -> list:
        """What this toolset's methods declare; a method that overrides another stays it, decorated again or not."""
        declared = {}
        for cls in reversed(type(self).mro()):
            for name, attribute in vars(cls).items():
                if (item := getattr(attribute, mark, None)) is not None:
                    declared[name] = item
        return list(declared.values())

    @api.model
    def _call_tool(self, tool: Tool, arguments: dict[str, Any]) -> Result:
        return getattr(self, tool.name)(**arguments)

    @api.model
    def _call_prompt(self, prompt: Prompt, arguments: dict[str, str]) -> list[dict[str, Any]]:
        return getattr(self, prompt.name)(**arguments)

    @api.model
    def _call_resource(self, resource: Resource, variables: dict[str, str]) -> str | bytes | None:
        return getattr(self, resource.method)(**variables)

    @api.model
    def _is_within_scope(self, tool: Tool, scope: str) -> bool:
        """Whether a connection's scope contains the one that the tool needs (DESIGN §5)."""
        return scope == "custom" or SCOPES.index(tool.scope) <= SCOPES.index(scope)

    @api.model
    def _permits(self, tool: Tool, user, scope: str, allowed: list[str] | None = None) -> bool:
        """Whether a connection may use a tool.

        :param user: a ``res.users`` record, whose groups count
        :param allowed: names of tools; None or empty means all, but with the scope ``custom`` none
        """
        return (
            self._is_within_scope(tool, scope)
            and (tool.name in allowed if allowed else scope != "custom")
            and self._is_tool_for(tool, user)
        )

    @api.model
    def _is_tool_for(self, tool: Tool, user) -> bool:
        """Whether the tool exists for ``user``, whatever the connection."""
        return (not tool.groups or user.has_groups(tool.groups)) and self._is_for("mcp.tool", tool.name, user)

    @api.model
    def _prompts_for(self, user) -> dict[str, tuple[str, Prompt]]:
        """The prompts that ``user``, a ``res.users`` record, may see: name → (toolset model, prompt)."""
        return {name: found for name, found in self._prompts().items() if self._is_for("mcp.prompt", name, user)}

    @api.model
    def _is_for(self, model: str, name: str, user) -> bool:
        """Whether ``user`` is in one of the groups that a tool or prompt is limited to in its row, if any."""
        groups = self._groups_of(model).get(name)
        return not groups or not groups.isdisjoint(user._get_group_ids())

    @api.model
    @tools.ormcache("model")
    def _groups_of(self, model: str) -> dict[str, frozenset[int]]:
        """The rows of ``mcp.tool`` or ``mcp.prompt`` that are limited to groups: name → ids of the groups."""
        rows = self.env[model].sudo().with_context(active_test=False).search([("group_ids", "!=", False)])
        return {row.name: frozenset(row.group_ids.ids) for row in rows}
