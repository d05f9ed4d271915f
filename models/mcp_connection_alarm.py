from odoo import models

from .side_cursor import side_cursor

# One alarm of a kind an hour: whoever holds a dead key must not be able to flood people with messages.
ALARM_INTERVAL = "1 hour"


class McpConnection(models.Model):
    """Tells the people concerned that one of a connection's secrets is in the wrong hands (FEATURES K6)."""

    _inherit = "mcp.connection"

    def _raise_alarm(self, kind: str, hint: str, ip: str) -> bool:
        """Tell the owner and the administrators, and log it; the live key is not touched.

        :param kind: ``retired_secret`` or ``leaked_secret``
        :return: whether anyone was told, which is at most once an hour
        """
        self.ensure_one()
        if not self._is_first_alarm(kind):
            return False
        connection = self.sudo().with_context(mail_notify_force_send=False, mail_create_nosubscribe=True)
        connection.message_post(
            body=connection._alarm_text(kind, hint, ip),
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=connection._alarm_recipients().ids,
            subtype_xmlid="mail.mt_comment",
        )
        self.env["mcp.audit.log"]._record_event(
            kind, self, ip=ip, credential=hint, user_ref=self.user_id.id, user_name=self.sudo().user_id.name
        )
        return True

    def _is_first_alarm(self, kind: str) -> bool:
        # Decided beside the request's transaction: two requests at once must not collide, nor both send.
        with side_cursor(self.env.registry) as cr:
            cr.execute(
                f"""
                UPDATE mcp_connection_usage SET {kind}_alarm_at = now() AT TIME ZONE 'UTC'
                WHERE id = %s AND (
                    {kind}_alarm_at IS NULL
                    OR {kind}_alarm_at < now() AT TIME ZONE 'UTC' - INTERVAL '{ALARM_INTERVAL}'
                ) RETURNING id
                """,
                [self.sudo().usage_id.id],
            )
            return bool(cr.fetchone())

    def _alarm_recipients(self):
        admins = self.env.ref("mcp_gateway.group_mcp_admin").sudo().all_user_ids
        return (self.user_id | admins).filtered("active").partner_id

    def _alarm_text(self, kind: str, hint: str, ip: str) -> str:
        if kind == "retired_secret":
            return self.env._(
                "Someone at %(ip)s used %(hint)s, a key of this connection that is dead. The call was refused, and the "
                "live key was not touched. If nobody forgot to replace the key in an AI tool, find out who has it.",
                ip=ip,
                hint=hint,
            )
        return self.env._(
            "The key %(hint)s of this connection was sent in the address of a request from %(ip)s, where servers and "
            "proxies log it. The call was refused. Rotate the key, and send it in the Authorization header only.",
            ip=ip,
            hint=hint,
        )
