from odoo import models


class IrRule(models.Model):
    _inherit = "ir.rule"

    def _make_access_error(self, operation, records):
        """Foreign rows of this addon tell nothing of themselves (DESIGN §2.13).

        In debug mode, which anybody can ask for in the address, Odoo's error names the record and the rule.
        """
        return super()._make_access_error(operation, records.browse() if records._name.startswith("mcp.") else records)
