"""What tests of the audit log have in common."""

from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class AuditCase(TransactionCase):
    """A log with some rows, and cursors of their own that see what the test does."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.log = self.env["mcp.audit.log"]
        self.seals = self.env["mcp.audit.seal"]
        self.seals._seal_all()

    def record(self, number: int = 1, **values) -> list[int]:
        """New rows; their ids."""
        made = []
        for index in range(number):
            self.log._record(**({"event": "request", "method": "ping", "duration_ms": index / 3} | values))
            made.append(self.last_id())
        return made

    def last_id(self) -> int:
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM mcp_audit_log")
        return self.env.cr.fetchone()[0]

    def sealed(self, number: int = 1, **values) -> list[int]:
        """New rows in a stretch of their own; their ids."""
        rows = self.record(number, **values)
        self.assertEqual(self.seals._seal_next(), number)
        return rows

    def unguarded(self, statement: str, *parameters) -> None:
        """SQL as the owner of the tables can run it: without the triggers."""
        cr = self.env.cr
        cr.execute("ALTER TABLE mcp_audit_log DISABLE TRIGGER USER; ALTER TABLE mcp_audit_seal DISABLE TRIGGER USER")
        cr.execute(statement, parameters)
        cr.execute("ALTER TABLE mcp_audit_log ENABLE TRIGGER USER; ALTER TABLE mcp_audit_seal ENABLE TRIGGER USER")
        self.env.invalidate_all()
