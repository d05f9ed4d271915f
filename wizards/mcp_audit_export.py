from datetime import timedelta
from typing import IO

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError


class McpAuditExport(models.TransientModel):
    """Asks which part of the log to export, and hands it out with its proof."""

    _name = "mcp.audit.export"
    _description = "Export the MCP Audit Log"

    date_from = fields.Datetime("From", required=True, default=lambda self: self._default_date_from())
    date_to = fields.Datetime("To", required=True, default=fields.Datetime.now)
    with_csv = fields.Boolean("For a Spreadsheet Too", help="Adds the rows as log.csv to those in JSON lines.")

    @api.model
    def _default_date_from(self):
        return fields.Datetime.now() - timedelta(days=7)

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for export in self:
            if export.date_from > export.date_to:
                raise ValidationError(self.env._("The export must end after it begins."))

    def action_export(self):
        """Seal what is new, so that it can be exported, and open the download."""
        self.env["mcp.audit.log"]._check_administrator()
        seals = self.env["mcp.audit.seal"].sudo()
        seals._seal_all()
        with self.env.registry.cursor() as cr:
            found = seals.with_env(api.Environment(cr, SUPERUSER_ID, {}))._of_time(self.date_from, self.date_to)
            numbers = found.mapped("number")
        if not numbers:
            raise UserError(self.env._("There are no sealed rows in this time."))
        self.env["mcp.audit.log"]._record_event(
            "log_exported", details=f"{self.date_from} – {self.date_to} UTC, {numbers[0]} – {numbers[-1]}"
        )
        return {"type": "ir.actions.act_url", "url": f"/mcp_gateway/audit_export/{self.id}", "target": "download"}

    def _write_to(self, target: IO[bytes]) -> None:
        """On one snapshot that is younger than the seals; retention may run beside it."""
        self.env["mcp.audit.log"]._check_administrator()
        seals = self.env["mcp.audit.seal"].sudo()._of_time(self.date_from, self.date_to)
        seals._write_export(target, with_csv=self.with_csv)
