from odoo import models

from .mcp_approval import ACTIVITY


class McpApproval(models.Model):
    """How those who may decide hear of a request.

    Each request is an activity on their list. Messages are another matter: whoever makes an AI tool ask and withdraw in
    a loop must not be able to flood a mailbox, so one an hour tells of a connection's requests, as of its alarms.
    """

    _inherit = "mcp.approval"

    def _ask_approvers(self) -> None:
        """An activity for each who may decide, without a message of its own."""
        for approval in self.with_context(mail_activity_quick_update=True):
            for user in approval.connection_id._approvers():
                approval.activity_schedule(
                    ACTIVITY, summary=approval.with_context(lang=user.lang).summary, user_id=user.id
                )

    def _mail_approvers(self) -> None:
        """A message to each who may decide, if the settings want messages.

        It waits for Odoo's queue, so that no call waits for a mail server.
        """
        self.ensure_one()
        connection = self.connection_id
        for user in connection._approvers():
            partner = connection._partners_told(user)
            if not partner:
                continue
            approval = self.with_context(lang=user.lang, mail_notify_force_send=False)
            approval.message_notify(
                subject=approval.summary,
                body=approval.env._(
                    "%(connection)s asks for your approval: %(summary)s. What else it asks for within an hour is on "
                    "your list of activities, without a message.",
                    connection=connection.name,
                    summary=approval.summary,
                ),
                author_id=self.env.ref("base.partner_root").id,
                partner_ids=partner.ids,
            )

    def _hand_over(self) -> None:
        """The connection has another approver, who decides on what waits too."""
        waiting = self.filtered(lambda approval: approval.status == "pending").try_lock_for_update(
            allow_referencing=True
        )
        for approval in waiting:
            approval.approver_id = approval.connection_id.approver_id
            approval.activity_unlink([ACTIVITY])
            approval._ask_approvers()
        for approvals in waiting.grouped("connection_id").values():
            approvals[0]._mail_approvers()
