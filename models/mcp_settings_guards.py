from odoo import fields, models

from .mcp_bounded import DAYS, RATE


class McpSettings(models.Model):
    """When connections are suspended or end by themselves, and what people are told (FEATURES C9, K5, G)."""

    _inherit = "mcp.settings"

    suspend_idle_days = fields.Integer(
        "Suspend After (Days Without Use)",
        required=True,
        default=0,
        help="A connection that was not used for longer is suspended. 0 means never.",
        bounds=(0, DAYS),
    )
    default_lifetime_days = fields.Integer(
        "Lifetime (Days)",
        required=True,
        default=0,
        help="For new connections. 0 means that they do not expire.",
        bounds=(0, DAYS),
    )
    max_lifetime_days = fields.Integer(
        "Longest Lifetime (Days)",
        required=True,
        default=0,
        help="No connection may be set to expire later than so many days from then. 0 means no limit.",
        bounds=(0, DAYS),
    )
    alert_by_mail = fields.Boolean(
        "Send Messages Too",
        default=True,
        help="Besides the activity, the people concerned get a message, by mail or in Odoo as each prefers.",
    )
    alert_new_address = fields.Boolean(
        "New Address", default=True, help="A connection is used from an address that it was not used from before."
    )
    alert_new_client = fields.Boolean(
        "New AI Tool", default=True, help="A connection is used by a program that calls itself by another name."
    )
    alert_refusals = fields.Integer(
        "Refused Calls per Hour",
        required=True,
        default=50,
        help="From so many on, people are told. 0 means never.",
        bounds=(0, RATE),
    )
    alert_approvals = fields.Integer(
        "Waiting Approvals",
        required=True,
        default=20,
        help="From so many on, people are told. 0 means never.",
        bounds=(0, RATE),
    )

    _default_within_longest = models.Constraint(
        "CHECK (max_lifetime_days = 0 OR default_lifetime_days <= max_lifetime_days)",
        "New connections cannot live longer than the longest lifetime.",
    )
