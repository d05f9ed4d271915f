from odoo import models
from odoo.exceptions import UserError

from ..toolsets import context


class MailActivity(models.Model):
    """What tells a person to decide on something of this addon is no AI tool's to tick off."""

    _inherit = "mail.activity"

    def write(self, vals):
        self._check_not_hidden_from_ai()
        return super().write(vals)

    def unlink(self):
        self._check_not_hidden_from_ai()
        return super().unlink()

    def _check_not_hidden_from_ai(self) -> None:
        """:raise UserError: in the code of a tool, for an activity on a record that no tool may see"""
        if not context.is_serving() or self.env.su:
            return
        guard = self.env["mcp.guard"]
        if any(guard._hides_model(activity.res_model) for activity in self if activity.res_model):
            raise UserError(self.env._("AI tools cannot change this activity: a person has to see to it in Odoo."))
