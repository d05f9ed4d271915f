from datetime import datetime, timedelta

from odoo import api, fields, models

from .side_cursor import side_cursor

# One run at a time: a second one would only find the same rows gone.
LOCK = 0x6D6370_60E5
# So few that a transaction beside the calls is short, and so many that its rows in the log are few.
ROWS_OF_A_BATCH = 5000


class McpAuditSeal(models.Model):
    """Retention: rows that are old enough go, in whole sealed stretches; their seals stay, and so does the chain."""

    _inherit = "mcp.audit.seal"

    @api.model
    def _cron_purge(self) -> None:
        """Remove what is older than the settings keep, a batch and a commit at a time."""
        days = self.env["mcp.settings"]._get().retention_days
        if not days:
            return
        before = fields.Datetime.now() - timedelta(days=days)
        cron = self.env["ir.cron"]
        while (removed := self._purge_batch(before)) is not None:
            if not cron._commit_progress(removed, remaining=self._purgeable_count(before)):
                return
        cron._commit_progress(remaining=0)

    @api.model
    def _purge_batch(self, before: datetime) -> int | None:
        """Remove the oldest stretches without a row of ``before`` (UTC) or later.

        :return: how many rows went, None if there was no such stretch, or another run at the same moment
        """
        with side_cursor(self.env.registry) as cr:
            cr.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cr.fetchone()[0]:
                return None
            cr.execute("SELECT mcp_audit_log_purge(%s, %s)", [before, ROWS_OF_A_BATCH])
            return cr.fetchone()[0]

    @api.model
    def _purgeable_count(self, before: datetime) -> int:
        self.env.cr.execute(
            "SELECT COALESCE(sum(row_count), 0) FROM mcp_audit_seal WHERE removed_at IS NULL AND newest < %s", [before]
        )
        return int(self.env.cr.fetchone()[0])
