from typing import Any

from odoo import api, models

from ..protocol import content
from .prompt import Prompt, PromptArgument
from .tool import ToolError


class McpToolsetPrompts(models.AbstractModel):
    """The prompts that administrators write."""

    _name = "mcp.toolset.prompts"
    _description = "MCP Prompts of the Database"
    _inherit = ["mcp.toolset"]

    @api.model
    def _declared_prompts(self) -> list[Prompt]:
        # An addon that was installed later wins over a row of the same name.
        taken = self._names_in_code()
        rows = self.env["mcp.prompt"].sudo().search([("active", "=", True), ("name", "not in", list(taken))])
        return super()._declared_prompts() + [
            Prompt(
                name=row.name,
                title=row.title,
                description=row.description,
                arguments=tuple(
                    PromptArgument(argument.name, argument.description, argument.required, argument.model or None)
                    for argument in row.argument_ids
                ),
            )
            for row in rows
        ]

    @api.model
    def _names_in_code(self) -> set[str]:
        """The names of all prompts that are methods of toolsets."""
        toolsets = self.env.registry.descendants(["mcp.toolset"], "_inherit")
        return {prompt.name for toolset in toolsets for prompt in self.env[toolset]._declared("_mcp_prompt")}

    @api.model
    def _call_prompt(self, prompt: Prompt, arguments: dict[str, str]) -> list[dict[str, Any]]:
        row = self.env["mcp.prompt"].sudo().search([("name", "=", prompt.name)])
        if not row:
            raise ToolError(f"There is no prompt {prompt.name} any more.")
        return [content.message(content.text(row._render(arguments)))]
