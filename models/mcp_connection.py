from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .mcp_bounded import RATE
from .mcp_settings import SCOPES

# What an administrator sets and an MCP User may not (DESIGN §2.12); buttons write the rest.
LIFECYCLE_FIELDS = frozenset(
    {
        "state",
        "generation",
        "usage_id",
        "revoked_at",
        "revoked_by_id",
        "credential_changed_at",
        "suspended_at",
        "suspended_reason",
        "active_since",
        "is_expiry_default",
        "expiry_warned_days",
    }
)


class McpConnection(models.Model):
    """One AI tool acting as exactly one Odoo user."""

    _name = "mcp.connection"
    _description = "MCP Connection"
    _inherit = ["mail.thread", "mail.activity.mixin", "mcp.bounded"]
    _order = "last_used desc, id desc"
    _allow_sudo_commands = False

    name = fields.Char(required=True, tracking=True)
    type = fields.Selection(
        [("api_key", "API Key"), ("oauth", "OAuth Client")], required=True, readonly=True, default="api_key", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The AI tool acts as this user, with this user's rights and companies. It cannot be changed later.",
    )
    state = fields.Selection(
        [("active", "Active"), ("suspended", "Suspended"), ("revoked", "Revoked")],
        required=True,
        readonly=True,
        default="active",
        copy=False,
        index=True,
        tracking=True,
    )
    # Raised by every revocation; see mcp.connection.dependent.
    generation = fields.Integer(readonly=True, required=True, default=1, copy=False)
    # Written by everything that kills a credential, so that a call in flight collides with it (DESIGN §2.3).
    credential_changed_at = fields.Datetime("Credential Changed On", readonly=True, copy=False)
    revoked_at = fields.Datetime("Revoked On", readonly=True, copy=False)
    revoked_by_id = fields.Many2one("res.users", readonly=True, copy=False, index="btree_not_null")

    scope = fields.Selection(
        SCOPES, required=True, default=lambda self: self._default_from_settings("default_scope"), tracking=True
    )
    expires_at = fields.Datetime("Expires On", tracking=True, help="Empty means never.")
    rate_minute = fields.Integer(
        "Requests per Minute",
        default=lambda self: self._default_from_settings("default_rate_minute"),
        tracking=True,
        help="0 means no limit.",
        bounds=(0, RATE),
    )
    rate_day = fields.Integer(
        "Requests per Day",
        default=lambda self: self._default_from_settings("default_rate_day"),
        tracking=True,
        help="0 means no limit.",
        bounds=(0, RATE),
    )
    note = fields.Text("Notes")

    api_key_ids = fields.One2many("mcp.api.key", "connection_id")
    usage_id = fields.Many2one(
        "mcp.connection.usage", readonly=True, required=True, ondelete="restrict", copy=False, index=True
    )
    first_used = fields.Datetime(related="usage_id.first_used")
    last_used = fields.Datetime(related="usage_id.last_used")
    last_ip = fields.Char("Last Address", related="usage_id.last_ip")
    request_count = fields.Integer("Requests", related="usage_id.request_count", aggregator="sum")
    log_count = fields.Integer("Log Entries", compute="_compute_log_count")
    session_count = fields.Integer("Sessions", compute="_compute_session_count")

    _user_of_api_key = models.Constraint(
        "CHECK (type != 'api_key' OR user_id IS NOT NULL)", "A connection with an API key needs the user it acts as."
    )

    @api.model
    def _default_from_settings(self, name: str):
        return self.env["mcp.settings"]._get()[name]

    @api.constrains("user_id")
    def _check_user(self):
        for user in self.user_id:
            if not user.has_group("mcp_gateway.group_mcp_user"):
                raise ValidationError(
                    self.env._(
                        "%(user)s is not in the group MCP User, so no AI tool can act as this user. "
                        "Add the group in Settings ‣ Users first.",
                        user=user.name,
                    )
                )

    def _compute_log_count(self):
        counts = dict(
            self.env["mcp.audit.log"]._read_group([("connection_ref", "in", self.ids)], ["connection_ref"], ["__count"])
        )
        for connection in self:
            connection.log_count = counts.get(connection.id, 0)

    def _compute_session_count(self):
        counts = dict(
            self.env["mcp.session"]._read_group([("connection_id", "in", self.ids)], ["connection_id"], ["__count"])
        )
        for connection in self:
            connection.session_count = counts.get(connection, 0)

    @api.model_create_multi
    def create(self, vals_list):
        usages = self.env["mcp.connection.usage"].sudo().create([{} for _ in vals_list])
        rows = [
            {key: value for key, value in vals.items() if key not in LIFECYCLE_FIELDS} | {"usage_id": usage.id}
            for vals, usage in zip(vals_list, usages, strict=True)
        ]
        return super().create(rows)

    def write(self, vals):
        if not self.env.su and LIFECYCLE_FIELDS & vals.keys():
            raise UserError(self.env._("The state of a connection is changed with its buttons only."))
        for name in ("user_id", "type", "oauth_client_id"):
            if name in vals and any(
                connection[name] and vals[name] != self._raw(connection[name]) for connection in self
            ):
                raise UserError(
                    self.env._(
                        "A connection acts as one user for good, and its type and its OAuth client stay. Revoke it and "
                        "make a new one."
                    )
                )
        return super().write(vals)

    @staticmethod
    def _raw(value):
        return value.id if isinstance(value, models.BaseModel) else value

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(
            self.env._("Connections are never deleted: their history stays. Revoke the connection instead.")
        )

    def copy(self, default=None):  # pylint: disable=method-required-super
        raise UserError(self.env._("A connection cannot be duplicated. Make a new one with New."))

    def action_view_logs(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_audit_log_action")
        return {**action, "domain": [("connection_ref", "in", self.ids)], "context": {}}

    def action_view_sessions(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_session_action")
        return {**action, "domain": [("connection_id", "in", self.ids)], "context": {}}
