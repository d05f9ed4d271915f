from odoo import fields, models


class McpTestRecord(models.Model):
    """Something to write to, which chatters like business records do."""

    _name = "x.mcp.test.record"
    _description = "MCP Test Record"
    _inherit = ["mail.thread"]

    name = fields.Char(required=True, tracking=True)
    secret_note = fields.Char(groups="base.group_system")

    _name_unique = models.Constraint("UNIQUE (name)", "There is a record of this name already.")
