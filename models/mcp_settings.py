from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ..protocol import preflight
from .call import RECORDS_LOGGED
from .mcp_bounded import DAYS, RATE, SLOTS

SCOPES = [
    ("read", "Read Only"),
    ("write", "Read and Write"),
    ("execute", "Full Access"),
]


class McpSettings(models.Model):
    """The one row that says whether the server answers at all, and what new connections start with."""

    _name = "mcp.settings"
    _description = "MCP Server Settings"
    _inherit = ["mcp.recorded", "mcp.bounded"]
    _rec_name = "display_name"

    enabled = fields.Boolean(readonly=True, copy=False, help="While this is off, every request is refused.")
    default_scope = fields.Selection(SCOPES, required=True, default="write")
    default_rate_minute = fields.Integer(
        "Requests per Minute",
        required=True,
        default=60,
        help="For new connections. 0 means no limit.",
        bounds=(0, RATE),
    )
    default_rate_day = fields.Integer(
        "Requests per Day",
        required=True,
        default=10_000,
        help="For new connections. 0 means no limit.",
        bounds=(0, RATE),
    )
    default_in_flight = fields.Integer(
        "Calls at Once",
        required=True,
        default=4,
        help="For new connections. 0 means no limit.",
        bounds=(0, SLOTS),
    )
    idle_days = fields.Integer(
        "Idle After (Days)",
        required=True,
        default=7,
        help="A connection that was not used for longer is shown as Idle.",
        bounds=(1, DAYS),
    )
    check_identity = fields.Boolean(
        "Ask for the Password Before Making a Key",
        help="Whoever generates or rotates a key confirms their identity first. Revoking never asks.",
    )
    session_days = fields.Integer(
        "Forget Sessions After (Days)",
        required=True,
        default=30,
        help="Sessions that nobody used for longer are deleted.",
        bounds=(1, DAYS),
    )
    call_seconds = fields.Integer(
        "Seconds per Call",
        required=True,
        default=60,
        help="A call that takes longer is stopped, and nothing of it stays.",
        bounds=(1, 3600),
    )
    result_kb = fields.Integer(
        "Kilobytes per Result",
        required=True,
        default=100,
        help="A result that is larger is cut, and says how to go on. Files have their own limit.",
        bounds=(5, 10_000),
    )
    access_minutes = fields.Integer(
        "Access Token (Minutes)",
        required=True,
        default=60,
        bounds=(1, 1440),
    )
    refresh_days = fields.Integer(
        "Refresh Token (Days)",
        required=True,
        default=30,
        help="An AI tool that is not used for longer must ask again.",
        bounds=(1, 365),
    )
    refresh_grace = fields.Integer(
        "Refresh Grace (Seconds)",
        required=True,
        default=120,
        help="For so long a refresh token may be used again, since AI tools lose answers and run in several processes.",
        bounds=(0, 600),
    )
    consent_scope = fields.Selection(
        SCOPES, "People May Consent To", required=True, default="write", help="At most; each person may grant less."
    )
    allow_registration = fields.Boolean(
        "AI Tools Register Themselves", default=True, help="Dynamic registration, which most AI tools use."
    )
    reconnect_needs_admin = fields.Boolean(
        "Only an Administrator Brings Back", help="After a revocation nobody can consent to the same application again."
    )
    allowed_origins = fields.Text(
        "Web Pages",
        help="Addresses of web pages that may use the MCP server from a browser, one a line, for example "
        "https://tools.example.com. AI tools that are programs or services need none.",
    )
    # Which database the keys were made in; see _compute_is_copy.
    fingerprint = fields.Char(groups=fields.NO_ACCESS, copy=False)

    server_url = fields.Char("MCP Address", compute="_compute_server_url")
    base_url = fields.Char("Base URL", compute="_compute_server_url")
    base_url_problem = fields.Selection(
        [
            ("missing", "Missing"),
            ("insecure", "Not https"),
            ("unfrozen", "Not frozen"),
        ],
        compute="_compute_server_url",
    )
    is_copy = fields.Boolean(compute="_compute_is_copy")
    connection_count = fields.Integer(compute="_compute_counts")
    log_count = fields.Integer("Logs (7d)", compute="_compute_counts")
    session_count = fields.Integer("Active Sessions", compute="_compute_counts")

    _one_row = models.UniqueIndex("((TRUE))", "There is only one row of MCP Server settings.")

    @api.constrains("allowed_origins")
    def _check_allowed_origins(self):
        for settings in self:
            for line in settings._origin_lines():
                if not preflight.is_origin(line):
                    raise ValidationError(
                        self.env._(
                            "%(line)s is not the address of a web page: write https://, the name, nothing after it.",
                            line=line,
                        )
                    )

    def _origin_lines(self) -> list[str]:
        return [line.strip() for line in (self.allowed_origins or "").splitlines() if line.strip()]

    @api.model
    @tools.ormcache()
    def _allowed_origins(self) -> tuple[str, ...]:
        return tuple(self._get()._origin_lines())

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Server Settings")

    def _compute_server_url(self):
        parameters = self.env["ir.config_parameter"].sudo()
        base_url = (parameters.get_param("web.base.url") or "").rstrip("/")
        problem = self._base_url_problem(base_url, parameters.get_param("web.base.url.freeze"))
        for settings in self:
            settings.base_url = base_url
            settings.server_url = f"{base_url}/mcp"
            settings.base_url_problem = problem

    @api.model
    def _base_url_problem(self, base_url: str, frozen: str | bool) -> str | bool:
        parts = urlsplit(base_url)
        if not parts.hostname:
            return "missing"
        if parts.scheme != "https" and not preflight.is_loopback(parts.hostname):
            return "insecure"
        return False if frozen else "unfrozen"

    def _compute_is_copy(self):
        here = self.env["mcp.secret"]._fingerprint()
        for settings in self.sudo():
            settings.is_copy = settings.fingerprint and settings.fingerprint != here

    def _compute_counts(self):
        week_ago = fields.Datetime.now() - timedelta(days=7)
        for settings in self:
            settings.connection_count = self.env["mcp.connection"].search_count([("state", "=", "active")])
            settings.log_count = self.env["mcp.audit.log"].search_count([("date", ">=", week_ago)])
            settings.session_count = self.env["mcp.session"].search_count([("status", "=", "live")])

    @api.model_create_multi
    def create(self, vals_list):
        fingerprint = self.env["mcp.secret"]._fingerprint()
        return super().create([{**vals, "fingerprint": fingerprint} for vals in vals_list])

    def write(self, vals):
        switched = self.filtered(lambda row: "enabled" in vals and row.enabled != bool(vals["enabled"]))
        done = super().write(vals)
        if "allowed_origins" in vals:
            self.env.registry.clear_cache()
        for settings in switched:
            event, stopped = ("server_enabled", {}) if settings.enabled else ("server_disabled", self._stopped())
            self.env["mcp.audit.log"]._record_event(event, **stopped)
        return done

    @api.model
    def _stopped(self) -> dict[str, str]:
        """What the log says about a switch-off: the connections that worked until then."""
        active = self.env["mcp.connection"].sudo().search([("state", "=", "active")], limit=RECORDS_LOGGED)
        return {"model": "mcp.connection", "record_refs": ",".join(map(str, active.ids))} if active else {}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("The MCP Server settings cannot be deleted."))

    @api.model
    def _get(self):
        """The row, in sudo."""
        return self.env.ref("mcp_gateway.mcp_settings").sudo()

    @api.model
    def is_enabled(self) -> bool:
        """For the banner of the app; nobody else's business."""
        if not self.env.user.has_group("mcp_gateway.group_mcp_user"):
            raise AccessError(self.env._("Only MCP Users may ask this."))
        return self._get().enabled

    def action_enable(self):
        self.enabled = True
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_disable(self):
        """The kill switch; what it stopped is told in numbers, and stands in the audit log."""
        self.enabled = False
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("The MCP server is off"),
                "message": self.env._(
                    "Every request is refused from now on. Stopped: active connections: %(connections)s, "
                    "live sessions: %(sessions)s.",
                    connections=self.connection_count,
                    sessions=self.session_count,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_adopt_copy(self):
        """The copy becomes a database in its own right: from now on its own keys are the expected ones."""
        self.check_access("write")
        self.sudo().fingerprint = self.env["mcp.secret"]._fingerprint()

    def action_freeze_base_url(self):
        """Keep Odoo from rewriting the address at an administrator's next login."""
        self.env["ir.config_parameter"].set_param("web.base.url.freeze", "True")

    def action_view_connections(self):
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_connection_action")

    def action_view_sessions(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_session_action")
        return {**action, "context": {"search_default_live": 1}}

    def action_view_logs(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_audit_log_action")
        return {**action, "context": {"search_default_last_7_days": 1}}
