from odoo import models
from odoo.exceptions import AccessError


class IrRule(models.Model):
    """A foreign row of this addon tells nothing of itself (DESIGN §2.13).

    Odoo's error names the row and the rules in debug mode, which anybody can ask for in the address.
    """

    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        error = super()._make_access_error(operation, records)
        if records._name.startswith("mcp."):
            return AccessError(self.env._("There is no such record, or you have no right to it."))
        return error
