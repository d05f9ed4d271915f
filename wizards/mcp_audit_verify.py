from odoo import api, fields, models


class McpAuditVerify(models.TransientModel):
    """What *Verify* found, for an administrator to read."""

    _name = "mcp.audit.verify"
    _description = "Verified MCP Audit Log"

    problem = fields.Char(readonly=True)
    row_ref = fields.Integer("Row", readonly=True)
    seal_number = fields.Integer("Seal", readonly=True)
    seal_count = fields.Integer("Seals", readonly=True)
    row_count = fields.Integer("Sealed Rows", readonly=True)
    unsealed_count = fields.Integer("Rows Not Sealed Yet", readonly=True)
    removed_count = fields.Integer("Seals Whose Rows Were Removed", readonly=True)
    removed_rows = fields.Integer("Rows Removed by Retention", readonly=True)
    removed_until = fields.Datetime(readonly=True)
    keys = fields.Text(readonly=True, help="Fingerprints of the keys that signed, the newest last.")
    key_is_configured = fields.Boolean(readonly=True)
    row_exists = fields.Boolean(compute="_compute_row_exists")

    @api.depends("row_ref")
    def _compute_row_exists(self):
        for verify in self:
            verify.row_exists = bool(self.env["mcp.audit.log"].browse(verify.row_ref or ()).exists())

    @api.model
    def _action_verify(self) -> dict:
        """Seal what is new, walk the chain, and show what came of it."""
        seals = self.env["mcp.audit.seal"].sudo()
        seals._seal_all()
        verdict = seals._verify()
        self.env["mcp.audit.log"]._record_event(
            "log_verified", outcome="error" if verdict.problem else "success", details=verdict.problem
        )
        shown = self.create(
            {
                "problem": verdict.problem,
                "row_ref": verdict.row_id,
                "seal_number": verdict.seal,
                "seal_count": verdict.seals,
                "row_count": verdict.rows,
                "unsealed_count": verdict.unsealed,
                "removed_count": verdict.removed_seals,
                "removed_rows": verdict.removed_rows,
                "removed_until": verdict.removed_until,
                "keys": "\n".join(verdict.keys),
                "key_is_configured": self.env["mcp.audit.key"]._is_configured(),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Verify the Audit Log"),
            "res_model": self._name,
            "res_id": shown.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_view_row(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "mcp.audit.log",
            "res_id": self.row_ref,
            "views": [(False, "form")],
        }
