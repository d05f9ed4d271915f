from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import split_every

BATCH = 500
# Read together: what a request asked for may have megabytes.
TOGETHER = 20


class McpApproval(models.Model):
    """What was asked for goes as the log does (see ``mcp_audit_retention.py``); who decided what, and when, stays."""

    _inherit = "mcp.approval"

    emptied_at = fields.Datetime("Contents Removed On", readonly=True)
    # What it was about, in the requester's language: what the summary is otherwise made of is gone.
    words = fields.Char(readonly=True)

    _by_decision = models.Index("(decided_at) WHERE emptied_at IS NULL AND decided_at IS NOT NULL")

    @api.depends("words")
    def _compute_summary(self):  # pylint: disable=missing-return
        emptied = self.filtered("emptied_at")
        super(McpApproval, self - emptied)._compute_summary()
        for approval in emptied:
            approval.summary = approval.words

    @api.autovacuum
    def _gc_contents(self) -> tuple[int, bool]:
        """Empty what was decided before the time that the settings keep the log for.

        :return: how many were emptied, and whether there are more (Odoo's contract for autovacuum)
        """
        days = self.env["mcp.settings"]._get().retention_days
        if not days:
            return 0, False
        before = fields.Datetime.now() - timedelta(days=days)
        domain = [("emptied_at", "=", False), ("state", "!=", "pending"), ("decided_at", "<", before)]
        found = self.sudo().search(domain, limit=BATCH, order="decided_at")
        for ids in split_every(TOGETHER, found.ids):
            # Apart from the others, so that no more than these are read at once.
            for approval in self.sudo().browse(ids):
                approval._empty()
            self.env.flush_all()
            self.env.invalidate_all()
        return len(found), len(found) == BATCH

    def _empty(self) -> None:
        # The seal over the arguments is looked at when a request is approved, which this one was or never can be.
        self.write(
            {
                "words": self.with_context(lang=self.user_id.lang).summary,
                "emptied_at": fields.Datetime.now(),
                "arguments": "{}",
                "preview": False,
                "result": False,
                "watched": False,
                "changed_since": False,
            }
        )
