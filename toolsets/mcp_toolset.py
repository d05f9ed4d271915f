from odoo import api, models, tools

from .tool import SCOPES, Tool


class McpToolset(models.AbstractModel):
    """Base of all toolsets. A model that inherits it, in any addon, adds its decorated methods to the catalogue."""

    _name = "mcp.toolset"
    _description = "MCP Toolset"

    @api.model
    @tools.ormcache()
    def _catalogue(self) -> dict[str, tuple[str, Tool]]:
        """All tools of the installed addons: name → (toolset model, tool), in the order of their names."""
        found: dict[str, tuple[str, Tool]] = {}
        for model_name in self.env.registry.descendants([self._name], "_inherit"):
            for tool in self.env[model_name]._declared_tools():
                if tool.name in found and found[tool.name][0] != model_name:
                    raise TypeError(f"Two toolsets have a tool {tool.name}: {found[tool.name][0]} and {model_name}")
                found[tool.name] = (model_name, tool)
        return dict(sorted(found.items()))

    @api.model
    def _declared_tools(self) -> list[Tool]:
        """The tools of this toolset; a method that overrides a tool stays that tool, decorated again or not."""
        declared: dict[str, Tool] = {}
        for cls in reversed(type(self).mro()):
            for name, attribute in vars(cls).items():
                if isinstance(tool := getattr(attribute, "_mcp_tool", None), Tool):
                    declared[name] = tool
        return list(declared.values())

    @api.model
    def _tools_within(self, scope: str) -> list[Tool]:
        """The tools that a connection of this scope may use."""
        granted = SCOPES[: SCOPES.index(scope) + 1]
        return [tool for _model, tool in self._catalogue().values() if tool.scope in granted]
