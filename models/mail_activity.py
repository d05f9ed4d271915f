from odoo import models
from odoo.exceptions import UserError

from ..toolsets import context


class MailActivity(models.Model):
    """What tells a person to decide on something of this addon is theirs, and no AI tool's to tick off."""

    _inherit = "mail.activity"

    def _check_access(self, operation: str):
        """Of a request, only whom the activity asks may change it.

        Odoo lets everybody do so who may read the request, since they may write in its chatter, and who made the
        activity, which is the user whose AI tool asks.
        """
        result = super()._check_access(operation)
        if operation not in ("write", "unlink") or self.env.su:
            return result
        others = self.sudo().filtered(
            lambda activity: activity.res_model == "mcp.approval" and activity.user_id != self.env.user
        )
        if not others:
            return result
        forbidden = others.sudo(False) | (result[0] if result else self.browse())
        return forbidden, lambda: forbidden._make_access_error(operation)

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
