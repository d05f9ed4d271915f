from odoo import api, fields, models
from odoo.tools import format_datetime


class McpRotateOverlap(models.TransientModel):
    """Asks for how long the old key goes on working, and says what will happen.

    Which connection it is stands in the context and not in a field: a field would tell the name of a connection to
    whoever writes its number there.
    """

    _name = "mcp.rotate.overlap"
    _description = "Rotate an MCP Key with Overlap"

    hours = fields.Selection(
        [("1", "1 hour"), ("24", "24 hours"), ("168", "7 days")],
        "The Old Key Works For",
        required=True,
        default="24",
    )
    what_happens = fields.Char(compute="_compute_what_happens")
    sharing_count = fields.Integer(compute="_compute_what_happens")

    @api.depends("hours")
    @api.depends_context("connection_id", "tz", "lang")
    def _compute_what_happens(self):
        connection = self._connection()
        connection.check_access("read")
        self.sharing_count = connection.sharing_count
        for wizard in self:
            until = self.env["mcp.live.secret"]._end_of_overlap(int(wizard.hours or 0))
            wizard.what_happens = self.env._(
                "A new key is made now and shown once; the old key %(old)s works beside it until %(until)s, and then "
                "stops by itself.",
                old=connection.key_hint,
                until=format_datetime(self.env, until),
            )

    @api.model
    def _connection(self):
        return self.env["mcp.connection"].browse(self.env.context.get("connection_id"))

    @api.model
    def _action_ask(self, connection) -> dict:
        connection.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rotate with Overlap"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {"connection_id": connection.id, "dialog_size": "medium"},
        }

    def action_rotate(self):
        self.ensure_one()
        connection = self._connection()
        connection._check_can("overlap")
        return connection._show_new_key("_start_overlap_checked", int(self.hours))
