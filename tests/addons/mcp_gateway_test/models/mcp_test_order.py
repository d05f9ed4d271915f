from datetime import date

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_users import check_identity


class McpTestStampMixin(models.AbstractModel):
    """A technical mixin, as business models have many."""

    _name = "x.mcp.test.stamp.mixin"
    _description = "MCP Test Mixin"

    def stamp(self):
        """Public, and no business."""


class McpTestOrder(models.Model):
    """Something with a workflow: its buttons are what orders, invoices and transfers have."""

    _name = "x.mcp.test.order"
    _description = "MCP Test Order"
    _inherit = ["mail.thread", "x.mcp.test.stamp.mixin"]

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("draft", "Draft"), ("confirmed", "Confirmed"), ("done", "Done"), ("cancel", "Cancelled")],
        default="draft",
        tracking=True,
    )
    note = fields.Char()
    quantity = fields.Integer()
    date_done = fields.Date()
    partner_id = fields.Many2one("res.partner")
    margin = fields.Float(groups="base.group_system")

    def action_confirm(self):
        if any(order.state != "draft" for order in self):
            raise UserError(self.env._("Only a draft can be confirmed."))
        self.write({"state": "confirmed", "note": self.env.context.get("confirm_note")})
        return True

    def action_done(self, quantity: int = 0, day: date | None = None, tags: list[str] | None = None, note=""):
        self.write({"state": "done", "quantity": quantity, "date_done": day, "note": ",".join(tags or []) or note})
        return quantity

    def action_cancel(self):
        self.state = "cancel"

    def action_audit(self):
        self.note = "audited"

    def action_split(self):
        """Opens a wizard, as registering a payment does."""
        return {
            "type": "ir.actions.act_window",
            "name": "Split",
            "res_model": "base.language.export",
            "target": "new",
            "context": {"default_name": "x"},
        }

    def action_view_partner(self):
        return {
            "type": "ir.actions.act_window",
            "name": "Partner",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "domain": "[('id', '=', 1)]",
        }

    def action_copy_partner(self):
        return self.partner_id

    def action_vanish(self):
        self.filtered(lambda order: order.state == "draft").unlink()

    def action_raise(self, amount=0):
        return 1 // 0 if amount == 0 else [][amount]

    def action_raise_single(self):
        return self.browse([self.id, self.id + 1]).name

    def action_whoami(self, **options):
        return {"uid": self.env.uid, "su": self.env.su, "context": self.env.context.get("sneaky"), "options": options}

    def action_with_context(self, context=None):
        return context

    def stamp(self):
        self.note = "stamped"

    @api.model
    def action_all(self):
        self.search([("id", ">", 0)]).write({"note": "all"})

    def action_unlink_drafts(self):
        self.action_vanish()

    # Another name does not make it another method.
    action_tidy = action_unlink_drafts

    @check_identity
    def action_with_password(self):
        self.note = "checked"

    @api.private
    def action_hidden(self):
        self.note = "hidden"

    def _action_private(self):
        self.note = "private"

    @staticmethod
    def action_static():
        return "static"


class McpTestNote(models.Model):
    """Another kind of record, to find out whether its ids pass for an order's."""

    _name = "x.mcp.test.closed"
    _description = "MCP Test: Only for Administrators"

    name = fields.Char()

    def action_open(self):
        self.name = "opened"
