import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..toolsets.context import SessionFacts
from .call import loggable
from .side_cursor import side_cursor

# A session counts as live while it was used within this time.
LIVE_MINUTES = 60
CLEANUP_BATCH = 1000


class McpSession(models.Model):
    """One conversation of one AI tool. It tells calls apart and keeps their context; it is never a credential."""

    _name = "mcp.session"
    _description = "MCP Session"
    _inherit = ["mcp.connection.dependent"]
    _order = "last_activity desc, id desc"
    _rec_name = "client"
    _allow_sudo_commands = False

    connection_id = fields.Many2one("mcp.connection", required=True, index=True, ondelete="restrict", readonly=True)
    user_id = fields.Many2one(related="connection_id.user_id")
    generation = fields.Integer(required=True, readonly=True)
    # What the client sends back as Mcp-Session-Id, or what it is recognised by if it sends none.
    token = fields.Char(required=True, readonly=True, copy=False, groups=fields.NO_ACCESS)
    is_derived = fields.Boolean(readonly=True)
    user_agent = fields.Char(readonly=True)
    client = fields.Char("AI Tool", readonly=True)
    client_version = fields.Char("Version", readonly=True)
    revision = fields.Char("Protocol", readonly=True)
    ip = fields.Char("Address", readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("deactivated", "Deactivated")], required=True, readonly=True, default="active"
    )
    deactivated_at = fields.Datetime("Deactivated On", readonly=True)
    deactivated_by_id = fields.Many2one("res.users", readonly=True, index="btree_not_null")
    usage_id = fields.Many2one("mcp.session.usage", required=True, readonly=True, ondelete="restrict", index=True)
    last_activity = fields.Datetime(related="usage_id.last_activity")
    request_count = fields.Integer("Calls", related="usage_id.request_count", aggregator="sum")

    status = fields.Selection(
        [("live", "Live"), ("idle", "Idle"), ("deactivated", "Deactivated")],
        compute="_compute_status",
        search="_search_status",
    )
    can_deactivate = fields.Boolean(compute="_compute_status")
    can_reactivate = fields.Boolean(compute="_compute_status")

    _token_unique = models.UniqueIndex("(connection_id, generation, token)", "This session exists already.")
    _by_agent = models.Index("(connection_id, user_agent, id)")

    @api.depends("state", "generation", "connection_id.generation", "connection_id.state", "usage_id.last_activity")
    @api.depends_context("uid")
    def _compute_status(self):
        is_admin = self.env.su or self.env.user.has_group("mcp_gateway.group_mcp_admin")
        live_since = fields.Datetime.now() - timedelta(minutes=LIVE_MINUTES)
        for session in self:
            connection = session.connection_id.sudo()
            may_act = is_admin or connection.user_id == self.env.user
            # What was made before a revocation is over, whatever its own row says.
            counts = session.generation == connection.generation
            alive = session.state == "active" and counts
            session.can_deactivate = may_act and alive
            session.can_reactivate = is_admin and session.state == "deactivated" and counts
            session.can_reactivate = session.can_reactivate and connection.state != "revoked"
            if not alive:
                session.status = "deactivated"
            else:
                session.status = "live" if (session.last_activity or live_since) > live_since else "idle"

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        live_since = fields.Datetime.now() - timedelta(minutes=LIVE_MINUTES)
        self.env.cr.execute(
            "SELECT s.id FROM mcp_session s JOIN mcp_connection c ON c.id = s.connection_id "
            "JOIN mcp_session_usage u ON u.id = s.usage_id WHERE CASE "
            "WHEN s.state != 'active' OR s.generation != c.generation THEN 'deactivated' "
            "WHEN u.last_activity > %s THEN 'live' ELSE 'idle' END = ANY(%s)",
            [live_since, list(value)],
        )
        return [("id", "in", [row[0] for row in self.env.cr.fetchall()])]

    # What calls do

    @api.model
    def _open(self, caller, message, user_agent: str, ip: str) -> str:
        """A new session in the call's own transaction, which ends with the final lock.

        :return: the value of ``Mcp-Session-Id``, visible ASCII (2025-11-25, basic/transports)
        """
        usage = self.env["mcp.session.usage"].sudo().create({"last_activity": fields.Datetime.now()})
        values = {
            "connection_id": caller.connection_id,
            "generation": caller.generation,
            "token": secrets.token_urlsafe(32),
            "user_agent": user_agent,
            "client": loggable(message.client_name) or user_agent,
            "client_version": loggable(message.client_version),
            "revision": message.revision,
            "ip": ip,
            "usage_id": usage.id,
        }
        return self.sudo().create(values).token

    @api.model
    def _open_derived(self, caller, message, token: str, user_agent: str, ip: str) -> SessionFacts | None:
        """The session of a client that sends no id, made at its first call.

        Beside the call's own transaction, so that first calls at the same time share one row instead of colliding.

        :return: None if it was deactivated, or the connection is not any more what it was when the call was let in
        """
        values = {
            "connection": caller.connection_id,
            "generation": caller.generation,
            "token": token,
            "user_agent": user_agent,
            "client": loggable(message.client_name) or user_agent,
            "client_version": loggable(message.client_version),
            "revision": message.revision,
            "ip": ip,
        }
        with side_cursor(self.env.registry) as cr:
            # Queues behind a button, and behind another first call, and then sees what they did.
            cr.execute(_LOCK_CONNECTION, values)
            if not cr.fetchone():
                return None
            cr.execute(_FIND_DERIVED, values)
            row = cr.fetchone()
            if row is None:
                cr.execute(_OPEN_DERIVED, values)
                row = cr.fetchone()
        *facts, state = row
        return SessionFacts(*facts) if state == "active" else None

    # Buttons

    def action_deactivate(self):
        self._check_can("deactivate")
        self._end()
        for session in self:
            self.env["mcp.audit.log"]._record_event("session_deactivated", session.connection_id, client=session.client)

    def action_reactivate(self):
        self._check_can("reactivate")
        self.sudo().write({"state": "active", "deactivated_at": False, "deactivated_by_id": False})
        for session in self:
            self.env["mcp.audit.log"]._record_event("session_reactivated", session.connection_id, client=session.client)

    def action_view_logs(self):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("mcp_gateway.mcp_audit_log_action")
        return {**action, "domain": [("session_ref", "in", self.ids)], "context": {}}

    def _end(self) -> None:
        values = {"state": "deactivated", "deactivated_at": fields.Datetime.now(), "deactivated_by_id": self.env.uid}
        self.sudo().filtered(lambda session: session.state == "active").write(values)

    def _check_can(self, action: str) -> None:
        """:raise UserError: names each session for which ``action`` is not possible"""
        self.check_access("read")
        if refused := self.filtered(lambda session: not session[f"can_{action}"]):
            raise UserError(
                self.env._(
                    "This is not possible for: %(sessions)s. A session ends for good when its connection is revoked.",
                    sessions=", ".join(refused.mapped("display_name")),
                )
            )

    @api.depends("client", "client_version")
    def _compute_display_name(self):
        for session in self:
            session.display_name = " ".join(filter(None, (session.client, session.client_version))) or f"#{session.id}"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_cleanup(self):
        if not self.env.su:
            raise UserError(self.env._("Sessions are not deleted by hand: deactivate them."))

    # What happens by itself

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        count = self._read_group(
            [("connection_id", "in", connections.ids), ("state", "=", "active")],
            ["connection_id", "generation"],
            ["__count"],
        )
        return self.env._("sessions"), sum(
            number for connection, generation, number in count if generation == connection.generation
        )

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        self.search([("connection_id", "in", connections.ids), ("state", "=", "active")])._end()

    @api.autovacuum
    def _gc_unused(self):
        """Forget sessions that nobody used for long; the audit log keeps what they did.

        :return: how many went, and whether there are more (Odoo's contract for autovacuum)
        """
        days = self.env["mcp.settings"]._get().session_days
        limit = fields.Datetime.now() - timedelta(days=days)
        old = self.sudo().search([("last_activity", "<", limit)], limit=CLEANUP_BATCH)
        usages, refs = old.usage_id, old.ids
        self.env["mcp.session.context"].sudo().search([("session_ref", "in", refs)]).unlink()
        old.unlink()
        usages.unlink()
        return len(refs), len(refs) == CLEANUP_BATCH


_LOCK_CONNECTION = """
    SELECT id FROM mcp_connection
    WHERE id = %(connection)s AND generation = %(generation)s AND state = 'active' FOR NO KEY UPDATE
"""
_FIND_DERIVED = """
    SELECT s.id, s.token, s.client, s.create_date, u.request_count, c.log_level, s.state
    FROM mcp_session s
    JOIN mcp_session_usage u ON u.id = s.usage_id
    LEFT JOIN mcp_session_context c ON c.session_ref = s.id
    WHERE s.connection_id = %(connection)s AND s.generation = %(generation)s AND s.token = %(token)s
"""
_OPEN_DERIVED = """
    WITH usage AS (
        INSERT INTO mcp_session_usage (last_activity, request_count) VALUES (now() AT TIME ZONE 'UTC', 1) RETURNING id
    )
    INSERT INTO mcp_session (connection_id, generation, token, is_derived, user_agent, client, client_version, revision,
                             ip, state, usage_id, create_uid, create_date, write_uid, write_date)
    SELECT %(connection)s, %(generation)s, %(token)s, TRUE, %(user_agent)s, %(client)s, %(client_version)s,
           %(revision)s, %(ip)s, 'active', usage.id, 1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
    FROM usage
    RETURNING id, token, client, create_date, 1, NULL, state
"""
