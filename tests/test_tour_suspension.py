"""Suspend and Resume on the screen, in a real browser."""

from odoo.tests import HttpCase, new_test_user, tagged

# Seconds of a whole tour: on a busy machine it takes several times as long, and is none the worse.
PATIENCE = 600


@tagged("post_install", "-at_install")
class TestTourSuspension(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True

    def connection(self, name: str, user):
        connection = self.env["mcp.connection"].create({"name": name, "user_id": user.id})
        connection._do_generate_key()
        return connection

    def test_suspending_and_resuming(self):
        """The dialog, the banner with its reason and the way out, and buttons that show when they work."""
        connection = self.connection("Tour: suspension", self.env.ref("base.user_admin"))
        with self.assertNoLogs("odoo", "WARNING"):
            self.start_tour("/odoo", "mcp_suspension", login="admin", timeout=PATIENCE)
        log = self.env["mcp.audit.log"].search([("connection_ref", "=", connection.id)], order="id")
        self.assertEqual(log.mapped("event"), ["key_generated", "suspended", "resumed"])

    def test_there_is_no_resume_while_the_cause_persists(self):
        """The banner says what to do first."""
        user = new_test_user(self.env, "tour_susp", "base.group_user,mcp_gateway.group_mcp_user")
        self.connection("Tour: archived", user)
        user.active = False
        with self.assertNoLogs("odoo", "WARNING"):
            self.start_tour("/odoo", "mcp_suspension_of_archived", login="admin", timeout=PATIENCE)
