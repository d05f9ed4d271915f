import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..toolsets.actions import RUNNABLE


class IrActionsServer(models.Model):
    """A server action can be a tool: without code in an addon, with a schema that the administrator writes."""

    _inherit = "ir.actions.server"

    mcp_available = fields.Boolean(
        "Available to AI",
        copy=False,
        tracking=True,
        help="AI tools connected through MCP may run this action on records, with the rights of their user.",
    )
    mcp_tool_name = fields.Char(
        "Tool Name", copy=False, tracking=True, help="What the AI calls it: a to z, 0 to 9 and _, up to 40."
    )
    mcp_description = fields.Text(
        "Tool Description",
        help="What the AI reads before it decides to use this tool: what it does, and when.",
    )
    mcp_scope = fields.Selection(
        [("read", "Read Only"), ("write", "Read and Write"), ("execute", "Full Access")],
        "Least Scope",
        default="execute",
        required=True,
        tracking=True,
        help="The least scope that a connection needs for this tool.",
    )
    mcp_read_only = fields.Boolean(
        "Only Reads", tracking=True, help="The database refuses every write while an AI tool runs this action."
    )
    mcp_argument_ids = fields.One2many(
        "mcp.action.argument",
        "action_id",
        "Tool Arguments",
        copy=True,
        help="What the AI gives besides the records. The code of the action finds the values in "
        "env.context['mcp_arguments'], a dict by name; an optional argument that was not given is not in it.",
    )

    _mcp_tool_name_unique = models.Constraint("UNIQUE (mcp_tool_name)", "Another action has this tool name.")

    @api.constrains(
        "mcp_available",
        "mcp_tool_name",
        "mcp_description",
        "mcp_scope",
        "mcp_read_only",
        "model_id",
        "state",
        "usage",
        "child_ids",
    )
    def _check_mcp_tool(self):
        taken = self.env["mcp.toolset.actions"]._names_in_code()
        for action in self.filtered("mcp_available"):
            if problem := action._mcp_problem(taken):
                raise ValidationError(self.env._("%(action)s: %(problem)s", action=action.name, problem=problem))

    def _mcp_problem(self, taken: set[str]) -> str | None:
        """Why this action cannot be a tool; None if it can.

        :param taken: names of tools that an action cannot have
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.mcp_tool_name or ""):
            return self.env._("A tool name is a letter, then small letters, digits and underscores, up to 40.")
        if self.mcp_tool_name in taken:
            return self.env._("There is a tool “%(name)s” already.", name=self.mcp_tool_name)
        if not (self.mcp_description or "").strip():
            return self.env._("The AI needs a description of the tool.")
        if self.mcp_scope == "read" and not self.mcp_read_only:
            return self.env._("A tool for connections that only read has to be one that only reads.")
        if self.usage != "ir_actions_server":
            return self.env._("What Odoo runs by itself, on a schedule for example, cannot be a tool.")
        if not self._mcp_kinds() <= RUNNABLE:
            return self.env._("Only code, updating, creating, and several actions of these kinds can be a tool.")
        if self.env["mcp.guard"]._forbids("model", self.model_id.model, "write"):
            return self.env._("AI tools cannot change records of %(model)s.", model=self.model_id.name)
        return None

    def _mcp_kinds(self) -> set[str]:
        """The kinds of this action and of all that it runs."""
        return {self.state}.union(*(child._mcp_kinds() for child in self.child_ids))

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)
        if actions.filtered("mcp_available"):
            self.env["mcp.tool"]._sync()
        return actions

    def write(self, vals):
        # Odoo's own write clears the registry's cache, and with it the catalogue.
        done = super().write(vals)
        if any(name.startswith("mcp_") for name in vals) or any(self.mapped("mcp_available")):
            self.env["mcp.tool"]._sync()
        return done

    def unlink(self):
        were_tools = any(self.mapped("mcp_available"))
        done = super().unlink()
        if were_tools:
            self.env["mcp.tool"]._sync()
        return done
