from functools import cache
from typing import Any

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from ..audit import patterns
from . import audit_guard

EVENTS = [
    ("request", "Request"),
    ("key_generated", "Key generated"),
    ("key_rotated", "Key rotated"),
    ("key_overlap_started", "Key rotated with overlap"),
    ("key_overlap_ended", "Overlap ended"),
    ("key_rotation_cancelled", "Rotation cancelled"),
    ("revoked", "Connection revoked"),
    ("reactivated", "Connection reactivated"),
    ("secret_rotated", "Secret key rotated"),
    ("oauth_consent", "Consent given"),
    ("oauth_denied", "Consent denied"),
    ("oauth_token", "Token request"),
    ("oauth_revocation", "Token revocation"),
    ("oauth_registration", "Application registered"),
    ("session_deactivated", "Session deactivated"),
    ("session_reactivated", "Session reactivated"),
    ("retired_secret", "Dead key used"),
    ("leaked_secret", "Key sent in a URL"),
    ("bad_credentials", "Bad keys, counted"),
    ("server_enabled", "Server enabled"),
    ("server_disabled", "Server disabled"),
    ("settings_changed", "Settings changed"),
    ("approval_requested", "Approval requested"),
    ("approval_approved", "Approved"),
    ("approval_rejected", "Rejected"),
    ("approval_executed", "Approved call executed"),
    ("approval_failed", "Approved call failed"),
    ("approval_changed", "Approval shown again"),
    ("approval_tampered", "Approval changed by hand"),
    ("approval_expired", "Approval expired"),
    ("approval_cancelled", "Approval cancelled"),
    ("retention", "Old rows removed"),
    ("audit_key_changed", "Signing key changed"),
    ("log_verified", "Log verified"),
    ("log_exported", "Log exported"),
    ("suspended", "Connection suspended"),
    ("resumed", "Connection resumed"),
    ("expiry_warned", "Warned of expiry"),
    ("new_address", "New address"),
    ("new_client", "New AI tool"),
    ("many_refusals", "Many refused calls"),
    ("approvals_pending", "Many approvals waiting"),
]


@cache
def _insertion(names: tuple[str, ...], relaxed: bool) -> str:
    mode = "SET LOCAL synchronous_commit = off; " if relaxed else ""
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(
        "COALESCE(%(date)s, clock_timestamp() AT TIME ZONE 'UTC')" if name == "date" else f"%({name})s"
        for name in names
    )
    return f"{mode}INSERT INTO mcp_audit_log ({columns}) VALUES ({values})"


class McpAuditLog(models.Model):
    """What happened, for good.

    Rows are only ever added, by ``_record``; a database trigger refuses everything else, except the retention job, and
    writes a row about that itself (``audit_guard``). There is no foreign key: ids stand as plain numbers beside the
    names, because a deleted user must neither change the log nor be held by it. For the same reason no field may get a
    default or become a stored compute later: an upgrade would update all rows.

    Seals (``mcp.audit.seal``) cover all columns. One may be added later, since it is empty in old rows; none may be
    dropped, renamed or given another type.
    """

    _name = "mcp.audit.log"
    _description = "MCP Audit Log"
    _log_access = False
    # What every filter on a date can walk along, so that no plan has to sort or to look at the whole table.
    _order = "date desc, id desc"

    date = fields.Datetime(readonly=True, required=True)
    event = fields.Selection(EVENTS, readonly=True, required=True)
    outcome = fields.Selection(
        [("success", "Success"), ("error", "Error"), ("refused", "Refused")], readonly=True, required=True
    )
    method = fields.Char(readonly=True)
    tool = fields.Char(readonly=True)
    model = fields.Char(readonly=True)
    record_refs = fields.Char("Records", readonly=True, help="Ids of the records concerned, the first hundred.")
    user_ref = fields.Integer("User ID", readonly=True, aggregator=None)
    user_name = fields.Char("User", readonly=True)
    connection_ref = fields.Integer("Connection ID", readonly=True, aggregator=None)
    connection_name = fields.Char("Connection", readonly=True)
    session_ref = fields.Integer("Session ID", readonly=True, aggregator=None)
    credential = fields.Char("Key", readonly=True, help="The beginning and the last four characters.")
    client = fields.Char("AI Tool", readonly=True)
    ip = fields.Char("Address", readonly=True)
    revision = fields.Char("Protocol", readonly=True)
    http_status = fields.Integer("HTTP Status", readonly=True, aggregator=None)
    error_code = fields.Integer(readonly=True, aggregator=None)
    error = fields.Char(readonly=True)
    details = fields.Char(readonly=True)
    request_payload = fields.Text("Request", readonly=True)
    response_payload = fields.Text("Response", readonly=True)
    duration_ms = fields.Float("Duration (ms)", readonly=True, digits=(12, 1), aggregator="avg")

    connection_id = fields.Many2one("mcp.connection", "Open Connection", compute="_compute_links")
    user_id = fields.Many2one("res.users", "Open User", compute="_compute_links")

    _by_date = models.Index("(date, id)")
    # Small where most rows are successful requests; for what is looked for across the whole log.
    _by_outcome = models.Index("(outcome, date, id) WHERE outcome != 'success'")
    _by_event = models.Index("(event, date, id) WHERE event != 'request'")
    _by_connection = models.Index("(connection_ref, date, id)")
    _by_user = models.Index("(user_ref, date, id)")
    _by_session = models.Index("(session_ref, date, id) WHERE session_ref IS NOT NULL")

    def init(self):
        self._drop_guard()
        self.env.cr.execute(audit_guard.OF_LOG)

    @api.model
    def _drop_guard(self) -> None:
        self.env.cr.execute(audit_guard.DROP_OF_LOG)

    @api.depends("event")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["event"]._description_selection(self.env))
        for row in self:
            row.display_name = f"{labels.get(row.event, row.event)} #{row.id}"

    @api.depends("connection_ref", "user_ref")
    def _compute_links(self):
        for name, ref in (("connection_id", "connection_ref"), ("user_id", "user_ref")):
            existing = self.env[self._fields[name].comodel_name].browse(filter(None, self.mapped(ref))).exists()
            for row in self:
                row[name] = existing.filtered(lambda target, row=row, ref=ref: target.id == row[ref])

    @api.model
    def _record(self, *, _relaxed: bool = False, **values: Any) -> None:
        """Write one row, the only way there is.

        :param _relaxed: the commit need not wait for the disk, because nothing else is in this transaction
        :param values: by field name; what is left out stays empty. What looks like a secret is taken out of texts.
        """
        values = {"date": None, "outcome": "success"} | values
        values = {name: patterns.redact(value) if isinstance(value, str) else value for name, value in values.items()}
        self.env.cr.execute(_insertion(tuple(values), _relaxed), values)

    @api.model
    def _record_event(self, event: str, connection=None, **values: Any) -> None:
        """What a person or the server did, as opposed to a request of an AI tool."""
        if connection:
            values |= {"connection_ref": connection.id, "connection_name": connection.sudo().name}
        values.setdefault("user_ref", self.env.uid)
        values.setdefault("user_name", self.env.user.sudo().name)
        values.setdefault("ip", request.httprequest.remote_addr if request else None)
        self._record(event=event, **values)

    def action_verify(self):
        self._check_administrator()
        return self.env["mcp.audit.verify"]._action_verify()

    def action_ask_export(self):
        self._check_administrator()
        return self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_audit_export_action")

    @api.model
    def _check_administrator(self) -> None:
        if not self.env.user.has_group("mcp_gateway.group_mcp_admin"):
            raise AccessError(self.env._("Only MCP Administrators may verify or export the audit log."))

    # pylint: disable=method-required-super
    # These refuse, so there is nothing to hand on.
    @api.model_create_multi
    def create(self, vals_list):
        raise UserError(self.env._("The audit log is written by the MCP server only."))

    def write(self, vals):
        raise UserError(self.env._("The audit log cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Nothing is deleted from the audit log."))
