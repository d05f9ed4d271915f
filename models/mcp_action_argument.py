import re

from pydantic import BaseModel

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# What every tool of a server action takes anyway.
RESERVED = frozenset({"ids", "dry_run"})


class McpActionArgument(models.Model):
    """One argument of a server action that is available to AI."""

    _name = "mcp.action.argument"
    _description = "Argument of a Server Action for AI"
    _inherit = ["mcp.catalogue.row"]
    _order = "sequence, id"

    action_id = fields.Many2one("ir.actions.server", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=10)
    name = fields.Char(required=True, help="What the AI and the code of the action call it: a to z, 0 to 9 and _.")
    type = fields.Selection(
        [
            ("text", "Text"),
            ("integer", "Whole Number"),
            ("number", "Number"),
            ("boolean", "Yes or No"),
            ("date", "Date"),
        ],
        default="text",
        required=True,
        help="A date comes as text, for example 2026-03-31.",
    )
    description = fields.Char(required=True, help="What the AI reads to know what to put here.")
    required = fields.Boolean(default=True)

    _name_unique = models.Constraint("UNIQUE (action_id, name)", "There is an argument of this name already.")

    @api.constrains("name")
    def _check_name(self):
        for argument in self:
            name = argument.name
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name in RESERVED or hasattr(BaseModel, name):
                raise ValidationError(
                    self.env._(
                        "“%(name)s” cannot be the name of an argument: it takes a letter, then letters, digits and "
                        "underscores, up to 40, and a few names are taken.",
                        name=name,
                    )
                )
