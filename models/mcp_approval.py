import json
import random
from datetime import timedelta
from typing import Any

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, mute_logger

from ..protocol import credentials
from ..toolsets.tool import ToolError

STATES = [
    ("pending", "Pending"),
    # While it runs, which is in the same transaction: nobody else ever sees it.
    ("approved", "Approved"),
    ("executed", "Executed"),
    ("failed", "Failed"),
    ("rejected", "Rejected"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
]
ACTIVITY = "mcp_gateway.mail_activity_type_approval"
SWEEP_BATCH = 1000


class McpApproval(models.Model):
    """A tool call that waits for a person.

    Rows are made by the gateway and changed by buttons, in sudo: nobody has the right to write one by hand.
    """

    _name = "mcp.approval"
    _description = "MCP Approval"
    _inherit = ["mcp.connection.dependent", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"
    _allow_sudo_commands = False

    connection_id = fields.Many2one("mcp.connection", required=True, index=True, ondelete="restrict", readonly=True)
    connection_name = fields.Char(related="connection_id.name")
    generation = fields.Integer(required=True, readonly=True)
    user_id = fields.Many2one(related="connection_id.user_id", string="Requested As")
    client = fields.Char("AI Tool", readonly=True)
    approver_id = fields.Many2one(
        "res.users", readonly=True, index="btree_not_null", ondelete="restrict", help="Empty: any MCP Administrator."
    )
    tool = fields.Char(required=True, readonly=True)
    tool_title = fields.Char(required=True, readonly=True)
    model = fields.Char(readonly=True)
    # Not for people as they are: what a person may see of them is in the computed fields.
    arguments = fields.Text(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_scope = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    preview = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    # The records it is about, as they were when the preview was made; and how they differ from those of the one before.
    watched = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    changed_since = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    previewed_at = fields.Datetime("Tried Out On", readonly=True, default=fields.Datetime.now)
    # The button says which one the person looked at.
    preview_number = fields.Integer(readonly=True, default=1)
    result = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    # Over all that decides what runs; see _seal.
    digest = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    # Which of the connection's places among those that wait: the database counts, however many ask at once.
    slot = fields.Integer(required=True, readonly=True, groups=fields.NO_ACCESS)
    state = fields.Selection(STATES, required=True, readonly=True, default="pending", index=True)
    status = fields.Selection(STATES, compute="_compute_status", search="_search_status")
    expires_at = fields.Datetime("Expires On", required=True, readonly=True)
    decided_at = fields.Datetime("Decided On", readonly=True)
    decided_by_id = fields.Many2one("res.users", readonly=True, index="btree_not_null")
    reason = fields.Text(readonly=True)
    error = fields.Text(readonly=True)

    _one_pending = models.UniqueIndex("(digest) WHERE state = 'pending'", "The same call waits for approval already.")
    _slot_once = models.UniqueIndex(
        "(connection_id, generation, slot) WHERE state = 'pending'", "Somebody else took this place."
    )
    _by_expiry = models.Index("(expires_at) WHERE state = 'pending'")

    # What people are shown of the state: what cannot be decided any more has expired, marked or not.

    @api.depends("state", "expires_at", "generation", "connection_id.state", "connection_id.generation")
    def _compute_status(self):
        self.flush_recordset(["state", "expires_at", "generation"])
        self.connection_id.sudo().flush_recordset(["state", "generation"])
        query = self._search([("id", "in", self.ids)], bypass_access=True, order="id")
        status = self._field_to_sql(self._table, "status", query)
        found = dict(self.env.execute_query(query.select(SQL.identifier(self._table, "id"), status)))
        for approval in self:
            approval.status = found.get(approval.id, "pending")

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN %s", model._field_to_sql(alias, "status", query), tuple(value) or (None,)
            ),
            predicate=lambda approval: approval.status in value,
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        if field_expr != "status":
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            """CASE WHEN %(state)s = 'pending' AND (
                %(expires_at)s <= (now() AT TIME ZONE 'UTC') OR NOT EXISTS (
                    SELECT FROM mcp_connection c
                    WHERE c.id = %(connection)s AND c.generation = %(generation)s AND c.state = 'active'
                )
            ) THEN 'expired' ELSE %(state)s END""",
            state=SQL.identifier(alias, "state"),
            expires_at=SQL.identifier(alias, "expires_at"),
            connection=SQL.identifier(alias, "connection_id"),
            generation=SQL.identifier(alias, "generation"),
        )

    # What calls do

    @api.model
    def _pending_like(self, caller, tool: str, arguments: dict[str, Any]):
        """The request for the same call of the same connection that waits already."""
        self._expire_due([("connection_id", "=", caller.connection_id)])
        digest = self._seal(caller.connection_id, caller.generation, caller.token_scope, tool, arguments)
        return self.search([("digest", "=", digest), ("status", "=", "pending")])

    @api.model
    def _request(self, caller, tool, arguments: dict[str, Any], outlook: dict, client: str | None):
        """Make the request, in the call's own transaction, which ends with the final lock, and tell the approvers.

        :param caller: the gateway's ``Caller``
        :param outlook: what it would do, see ``_outlook`` of the gateway
        :raise ToolError: if it can never be approved, or too many wait already
        """
        connection = self.env["mcp.connection"].browse(caller.connection_id)
        text = json.dumps(arguments, ensure_ascii=False, sort_keys=True)
        if credentials.PATTERN.search(text):
            raise ToolError("The arguments hold a secret of this server. Nobody ever needs to put one into a record.")
        if not connection._approvers():
            raise ToolError(
                f"{tool.name} needs an approval, and there is nobody in this Odoo who can give it. Tell the user that "
                "an administrator has to name an approver for this connection."
            )
        values = {
            "connection_id": connection.id,
            "generation": caller.generation,
            "client": client,
            "approver_id": connection.approver_id.id,
            "tool": tool.name,
            "tool_title": tool.title,
            "model": self.env["mcp.toolset"]._target_of(tool.name, arguments)[0],
            "arguments": text,
            "token_scope": caller.token_scope,
            "preview": outlook["preview"],
            "watched": outlook["watched"],
            "digest": self._seal(connection.id, caller.generation, caller.token_scope, tool.name, arguments),
            "slot": self._free_slot(connection, caller.generation),
            "expires_at": fields.Datetime.now() + timedelta(hours=connection.approval_hours),
        }
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                approval = self.create(values)
        except UniqueViolation as error:
            # The same request, or one that took the same place, committed just now: Odoo runs this one again.
            raise ConcurrencyError("Another request for approval was made at the same time") from error
        approval._ask_approvers()
        connection._notice_pending_approvals(self._alive_of(connection)[1])
        return approval

    @api.model
    def _seal(self, connection_id: int, generation: int, token_scope: str | None, tool: str, arguments: Any) -> str:
        """The digest that binds a request to what was shown (DESIGN §2.8)."""
        bound = [connection_id, generation, token_scope or None, tool, arguments]
        return self.env["mcp.secret"]._authenticated(b"mcp_gateway approval", bound)

    def _read_arguments(self) -> dict[str, Any] | None:
        """The arguments, or None if anything that decides what runs is not what it was when the request was made."""
        try:
            arguments = json.loads(self.arguments)
        except ValueError:
            return None
        seal = self._seal(self.connection_id.id, self.generation, self.token_scope, self.tool, arguments)
        return arguments if seal == self.digest else None

    @api.model
    def _free_slot(self, connection, generation: int) -> int:
        limit = self.env["mcp.settings"]._get().approval_limit
        domain = [("connection_id", "=", connection.id), ("generation", "=", generation), ("state", "=", "pending")]
        free = set(range(limit)) - set(self.search(domain).mapped("slot"))
        if not free:
            raise ToolError(
                f"{limit} requests of this connection wait for approval already. Tell the user; cancel_approval "
                "withdraws one that is not needed any more."
            )
        # Any: the lowest would be everybody's who asks at the same time.
        return random.choice(sorted(free))

    # What happens by itself

    @api.model
    def _alive_of(self, connections) -> tuple[str, int]:
        domain = [("connection_id", "in", connections.ids), ("status", "=", "pending")]
        return self.env._("pending approvals"), self.search_count(domain)

    @api.model
    def _on_connections_revoked(self, connections) -> None:
        self._expire(self.search([("connection_id", "in", connections.ids), ("state", "=", "pending")]))

    @api.model
    def _on_connections_suspended(self, connections) -> None:
        self._on_connections_revoked(connections)

    @api.model
    def _on_connections_resumed(self, connections) -> None:
        # Somebody was deciding on it when Suspend was clicked, which waits for nobody: it was left as it was.
        self._on_connections_suspended(connections)

    @api.model
    def _expire_due(self, domain: list):
        """Mark what nobody can decide any more: its time is over, or its connection is not what it was.

        :return: what was marked
        """
        found = self.search([*domain, ("state", "=", "pending"), ("status", "=", "expired")], limit=SWEEP_BATCH)
        return self._expire(found)

    @api.model
    def _expire(self, approvals):
        expired = approvals._lock_undecided()
        expired.write({"state": "expired", "decided_at": fields.Datetime.now()})
        expired._settle("approval_expired")
        return expired

    def _lock_undecided(self):
        """Those of these pending requests that nobody is deciding on, or decided on since this transaction began.

        Revoke neither waits for a call that is being run nor runs again because of one that was (DESIGN §2.4). What is
        left out is running, and its connection's final lock refuses it if need be; or it waits no more.
        """
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                return self.try_lock_for_update(allow_referencing=True)
        except SerializationFailure:
            half = len(self) // 2
            return self[:half]._lock_undecided() | self[half:]._lock_undecided() if half else self.browse()

    def _settle(self, event: str, **values) -> None:
        """After a decision of whatever kind: no activity is left, and the log says so."""
        self.activity_unlink([ACTIVITY])
        for approval in self:
            approval._log(event, **values)

    def _log(self, event: str, **values) -> None:
        self.env["mcp.audit.log"]._record_event(
            event, self.connection_id, tool=self.tool, model=self.model, credential=self._reference(), **values
        )

    def _reference(self) -> str:
        """How the audit log names it."""
        return f"approval #{self.id}"

    @api.model
    def _cron_expire(self) -> None:
        if len(self.sudo()._expire_due([])) == SWEEP_BATCH:
            self.env.ref("mcp_gateway.ir_cron_expire_approvals").sudo()._trigger()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(self.env._("Approvals are not deleted: they say who decided what."))

    def copy(self, default=None):  # pylint: disable=method-required-super
        raise UserError(self.env._("An approval cannot be duplicated: only an AI tool asks for one."))
