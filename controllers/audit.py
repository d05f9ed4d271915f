"""The download of an exported audit log."""

import tempfile

from werkzeug.utils import send_file

from odoo import http
from odoo.http import request


class McpAuditController(http.Controller):
    # Not from a replica, which may not have the newest seals yet.
    @http.route("/mcp_gateway/audit_export/<int:export_id>", type="http", auth="user", methods=["GET"], readonly=False)
    def export(self, export_id: int):
        """The zip of an export that the same user asked for; 404 of anyone else's."""
        export = request.env["mcp.audit.export"].search([("id", "=", export_id), ("create_uid", "=", request.env.uid)])
        if not export:
            raise request.not_found()
        # Whole before it is sent: what a response yields later has no database cursor.
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it)
        export._write_to(file)
        file.seek(0)
        return send_file(
            file,
            request.httprequest.environ,
            mimetype="application/zip",
            as_attachment=True,
            download_name=f"mcp-audit-{export.date_from:%Y%m%d}-{export.date_to:%Y%m%d}.zip",
            response_class=http.Response,
        )
