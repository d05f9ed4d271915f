from odoo import fields, models

# What new connections ask for approval of → the risks of those tools
POLICIES = {
    "none": (),
    "execute": ("execute",),
    "destructive": ("destructive", "execute"),
    "write": ("write", "destructive", "execute"),
}


class McpSettings(models.Model):
    """What approvals new connections start with, and what holds for all of them."""

    _inherit = "mcp.settings"

    approval_policy = fields.Selection(
        [
            ("none", "No tool"),
            ("execute", "Tools that execute"),
            ("destructive", "Tools that execute or destroy"),
            ("write", "All tools that write"),
        ],
        "Approval Needed For",
        required=True,
        default="none",
        help="For new connections, by the risk of each tool. Each connection can then be set differently.",
    )
    approval_hours = fields.Integer(
        "Approvals Expire After (Hours)", required=True, default=24, help="For new connections."
    )
    approval_limit = fields.Integer(
        "Pending Approvals per Connection",
        required=True,
        default=20,
        help="An AI tool for which so many requests wait already must wait, too.",
    )
    allow_own_approval = fields.Boolean(
        "People May Approve Their Own",
        help="While this is off, whoever an AI tool acts as cannot approve what it asks for: four eyes see it.",
    )

    _approvals_bounded = models.Constraint(
        "CHECK (approval_hours BETWEEN 1 AND 8760 AND approval_limit BETWEEN 1 AND 1000)",
        "Approvals expire after 1 to 8760 hours, and 1 to 1000 may wait per connection.",
    )

    def _approval_risks(self) -> tuple[str, ...]:
        return POLICIES[self.approval_policy]
