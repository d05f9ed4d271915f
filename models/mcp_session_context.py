from odoo import api, fields, models


class McpSessionContext(models.Model):
    """What calls of a session keep for later calls.

    A number instead of a foreign key: a session's first call makes its row in another transaction, which this one
    cannot see yet.
    """

    _name = "mcp.session.context"
    _description = "MCP Session Context"
    _log_access = False

    session_ref = fields.Integer(required=True, readonly=True)
    data = fields.Json(readonly=True)
    log_level = fields.Char(readonly=True)

    _session_unique = models.Constraint("UNIQUE (session_ref)", "A session has one context.")

    @api.model
    def _get(self, session_id: int) -> dict:
        return self.sudo().search([("session_ref", "=", session_id)]).data or {}

    @api.model
    def _set(self, session_id: int, **values) -> None:
        row = self.sudo().search([("session_ref", "=", session_id)])
        if row:
            row.write(values)
        else:
            self.sudo().create({"session_ref": session_id, **values})
