"""The audit log on the screen, in a real browser (FEATURES L1, L4)."""

from odoo.tests import tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTourAudit(TourCase):
    def record(self, **values) -> None:
        self.env["mcp.audit.log"]._record(event="request", method="tools/call", tool="tour_tool", **values)

    def test_a_row_with_its_tabs_verify_export_and_the_other_views(self):
        """FEATURES L1, L2, L4: and nothing on the row looks as if it could be changed."""
        self.record(
            outcome="error",
            request_payload='{"tour request": 1}',
            response_payload='{"tour response": 1}',
            error="tour error",
        )
        self.play("mcp_audit_log")
        events = self.env["mcp.audit.log"].search([], limit=1)
        self.assertEqual(events.event, "log_verified")

    def test_verify_opens_the_row_that_was_edited(self):
        """FEATURES L4."""
        self.record()
        self.env["mcp.audit.seal"]._seal_all()
        cr = self.env.cr
        cr.execute("ALTER TABLE mcp_audit_log DISABLE TRIGGER USER")
        cr.execute("UPDATE mcp_audit_log SET ip = '192.0.2.66' WHERE tool = 'tour_tool'")
        cr.execute("ALTER TABLE mcp_audit_log ENABLE TRIGGER USER")
        self.env.invalidate_all()
        self.play("mcp_audit_forgery")
