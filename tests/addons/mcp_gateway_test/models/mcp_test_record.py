from odoo import api, fields, models


class McpTestTag(models.Model):
    _name = "x.mcp.test.tag"
    _description = "MCP Test Tag"

    name = fields.Char(required=True)


class McpTestRecord(models.Model):
    """Something to write to, which chatters like business records do."""

    _name = "x.mcp.test.record"
    _description = "MCP Test Record"
    _inherit = ["mail.thread", "mail.activity.mixin"]

    name = fields.Char(required=True, tracking=True)
    secret_note = fields.Char(groups="base.group_system", tracking=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company")
    partner_id = fields.Many2one("res.partner", tracking=True)
    partner_name = fields.Char(related="partner_id.name", string="Name of the Partner", readonly=False)
    line_ids = fields.One2many("x.mcp.test.line", "record_id")
    tag_ids = fields.Many2many("x.mcp.test.tag")
    user_ids = fields.Many2many("res.users")
    grade = fields.Selection([("0", "Low"), ("1", "High")], default="0", tracking=True)
    kind = fields.Selection([("in", "In"), ("out", "Out")], required=True, readonly=True, default="in")
    status = fields.Selection(
        [("draft", "Draft"), ("done", "Done")], required=True, default="draft", readonly=True, copy=False
    )
    due_date = fields.Date()
    moment = fields.Datetime(tracking=True)
    number = fields.Integer()
    total = fields.Float(compute="_compute_total", store=True)
    description = fields.Html()
    anything = fields.Html(sanitize=False)
    document = fields.Binary()
    distribution = fields.Json()
    subject_ref = fields.Reference([("res.partner", "Contact"), ("x.mcp.test.tag", "Tag")])

    _name_unique = models.Constraint("UNIQUE (name)", "There is a record of this name already.")

    @api.depends("line_ids.quantity")
    def _compute_total(self):
        for record in self:
            record.total = sum(record.line_ids.mapped("quantity"))


class McpTestLine(models.Model):
    """A part of a record, without a chatter."""

    _name = "x.mcp.test.line"
    _description = "MCP Test Line"

    record_id = fields.Many2one("x.mcp.test.record", required=True, ondelete="cascade", index=True)
    name = fields.Char(required=True)
    quantity = fields.Float()
    api_key = fields.Char()
    tag_id = fields.Many2one("x.mcp.test.tag", ondelete="restrict")
