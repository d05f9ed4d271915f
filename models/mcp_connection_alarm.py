import logging
from datetime import date

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import SQL, html_escape

from .side_cursor import side_cursor

_logger = logging.getLogger(__name__)

# One alarm of a kind an hour: whoever holds a dead key must not be able to flood people with messages.
ALARM_INTERVAL = "1 hour"
ACTIVITY = "mcp_gateway.mail_activity_alarm"


class McpConnectionUsage(models.Model):
    """When each kind of alarm was last raised, beside the connection: calls raise them (DESIGN §2.4)."""

    _inherit = "mcp.connection.usage"

    retired_secret_alarm_at = fields.Datetime(readonly=True)
    leaked_secret_alarm_at = fields.Datetime(readonly=True)
    new_address_alarm_at = fields.Datetime(readonly=True)
    new_client_alarm_at = fields.Datetime(readonly=True)
    many_refusals_alarm_at = fields.Datetime(readonly=True)
    approvals_pending_alarm_at = fields.Datetime(readonly=True)
    # Not an alarm, but held back as one: the message to those who are to approve something.
    approval_asked_alarm_at = fields.Datetime(readonly=True)


class McpConnection(models.Model):
    """Tells the people concerned that something about a connection needs their eyes (FEATURES K6, G)."""

    _inherit = "mcp.connection"

    def _raise_alarm(self, kind: str, hint: str | None = None, ip: str | None = None, **facts) -> bool:
        """Tell the owner and the administrators, and log it; no credential is touched.

        In a transaction of its own, which neither undoes the caller's nor is undone with it. What goes wrong in it is
        in the server's log only: an alarm makes no call fail.

        :param kind: one that ``mcp.connection.usage`` has a time for and this model an ``_alarm_…`` text
        :param hint: of the secret concerned
        :param ip: where it came from
        :param facts: what else the text of this kind tells
        :return: whether anyone was told, which is at most once an hour
        """
        self.ensure_one()
        try:
            with side_cursor(self.env.registry) as cr:
                connection = self.with_env(self.env(cr=cr, user=SUPERUSER_ID, context={}, su=True))
                is_first = connection._is_first_alarm(kind)
                if is_first:
                    connection._tell_alarm(kind, hint=hint, ip=ip, **facts)
        except Exception:
            _logger.exception("The alarm %s of connection #%s could not be raised", kind, self.id)
            return False
        return is_first

    def _claim_alarm(self, kind: str) -> bool:
        """Whether the caller is the first of this hour to tell of ``kind``, and so the one who does."""
        self.ensure_one()
        with side_cursor(self.env.registry) as cr:
            return self.with_env(self.env(cr=cr, user=SUPERUSER_ID, context={}, su=True))._is_first_alarm(kind)

    def _is_first_alarm(self, kind: str) -> bool:
        # The row stays locked until the alarm is committed: two requests at once neither collide nor both send.
        column = SQL.identifier(f"{kind}_alarm_at")
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE mcp_connection_usage SET %(column)s = now() AT TIME ZONE 'UTC'
                WHERE id = %(id)s AND (
                    %(column)s IS NULL OR %(column)s <= now() AT TIME ZONE 'UTC' - %(interval)s::interval
                ) RETURNING id
                """,
                column=column,
                id=self.usage_id.id,
                interval=ALARM_INTERVAL,
            )
        )
        return bool(rows)

    def _tell_alarm(self, kind: str, hint: str | None, ip: str | None, **facts) -> None:
        summary, body = getattr(self, f"_alarm_{kind}")(hint=hint, ip=ip, **facts)
        told = self._administrators() | self.user_id
        self.with_context(mail_notify_force_send=False).message_post(
            body=body, author_id=self.env.ref("base.partner_root").id, partner_ids=self._partners_told(told).ids
        )
        self._schedule(ACTIVITY, told, summary, body)
        self.env["mcp.audit.log"]._record_event(
            kind, self, ip=ip, credential=hint, user_ref=self.user_id.id or None, user_name=self.user_id.name or None
        )

    # Who is told, and how

    @api.model
    def _administrators(self):
        """The users who may do something about any connection, in sudo."""
        group = self.env.ref("mcp_gateway.group_mcp_admin", raise_if_not_found=False)
        return group.sudo().all_user_ids.filtered("active") if group else self.env["res.users"].sudo()

    @api.model
    def _partners_told(self, users):
        """Whom a message goes to, if the settings want messages."""
        wanted = self.env["mcp.settings"]._get().alert_by_mail
        return users.sudo().filtered("active").partner_id if wanted else self.env["res.partner"]

    def _schedule(self, activity: str, users, summary: str, note: str, deadline: date | None = None) -> None:
        """An activity for each of ``users`` who may open this connection and has none that says the same.

        :param note: plain text, which may repeat what a caller said
        """
        self.ensure_one()
        # A message, if any, is sent apart from it: this only puts it on their list.
        connection = self.sudo().with_context(mail_activity_quick_update=True)
        known = connection.activity_search([activity]).filtered(lambda known: known.summary == summary).user_id
        for user in users.sudo() - known:
            if user.active and user.has_group("mcp_gateway.group_mcp_user"):
                connection.activity_schedule(activity, deadline, summary, html_escape(note), user_id=user.id)

    # What each kind says: a title, and the text

    def _alarm_retired_secret(self, hint: str, ip: str) -> tuple[str, str]:
        return self.env._("A dead key was used"), self.env._(
            "Someone at %(ip)s used %(hint)s, a key of this connection that is dead. The call was refused, and the "
            "live key was not touched. If nobody forgot to replace the key in an AI tool, find out who has it.",
            ip=ip,
            hint=hint,
        )

    def _alarm_leaked_secret(self, hint: str, ip: str) -> tuple[str, str]:
        return self.env._("A key leaked"), self.env._(
            "The key %(hint)s of this connection was sent in the address of a request from %(ip)s, where servers and "
            "proxies log it. The call was refused. Rotate the key, and send it in the Authorization header only; if it "
            "is a token of OAuth (mcp_at_, mcp_rt_), revoke the connection and connect anew.",
            ip=ip,
            hint=hint,
        )

    def _alarm_new_address(self, hint: str, ip: str) -> tuple[str, str]:
        return self.env._("Used from a new address"), self.env._(
            "This connection was used from %(ip)s for the first time, with %(hint)s. If nobody who may use it works "
            "there, suspend it and rotate its key.",
            ip=ip,
            hint=hint,
        )

    def _alarm_new_client(self, hint: str, ip: str, client: str) -> tuple[str, str]:
        return self.env._("Used by a new AI tool"), self.env._(
            "A program that calls itself %(client)s used this connection for the first time, from %(ip)s with "
            "%(hint)s. If the key was not meant for it, suspend the connection and rotate its key.",
            client=client,
            ip=ip,
            hint=hint,
        )

    def _alarm_many_refusals(self, hint: None, ip: None, count: int) -> tuple[str, str]:
        return self.env._("Many refused calls"), self.env._(
            "%(count)s calls of this connection were refused within an hour. The audit log says why: its AI tool may "
            "be set up wrongly, or somebody tries what it may not do.",
            count=count,
        )

    def _alarm_approvals_pending(self, hint: None, ip: None, count: int) -> tuple[str, str]:
        return self.env._("Approvals are waiting"), self.env._(
            "%(count)s calls of this connection wait for an approval.", count=count
        )

    # Who notices

    @api.model
    def _cron_notice_refusals(self) -> None:
        """Raise the alarm for each connection of which many calls were refused during the last hour."""
        if threshold := self.env["mcp.settings"]._get().alert_refusals:
            self.env.cr.execute(_REFUSALS, {"threshold": threshold})
            for connection_id, count in self.env.cr.fetchall():
                if connection := self.browse(connection_id).exists():
                    connection._raise_alarm("many_refusals", count=count)

    def _notice_pending_approvals(self, count: int) -> bool:
        """Raise the alarm if ``count`` waiting approvals are as many as the settings find too many.

        :return: whether anyone was told
        """
        threshold = self.env["mcp.settings"]._get().alert_approvals
        return bool(threshold) and count >= threshold and self._raise_alarm("approvals_pending", count=count)


# The index on the date bounds what is read. Of calls alone: they name a connection only if they had a credential of
# it, while at the endpoints of OAuth anybody may name its client.
_REFUSALS = """
    SELECT connection_ref, count(*) FROM mcp_audit_log
    WHERE date > now() AT TIME ZONE 'UTC' - INTERVAL '1 hour' AND outcome = 'refused'
      AND event = 'request' AND connection_ref IS NOT NULL
    GROUP BY connection_ref HAVING count(*) >= %(threshold)s ORDER BY connection_ref
"""
