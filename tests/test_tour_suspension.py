"""Suspend and Resume on the screen, in a real browser."""

from odoo.tests import new_test_user, tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTourSuspension(TourCase):
    def test_suspending_and_resuming(self):
        """The dialog, the banner with its reason and the way out, and buttons that show when they work."""
        connection = self.connection("Tour: suspension", has_key=True)
        self.play("mcp_suspension")
        self.assertEqual(self.events(connection), ["key_generated", "suspended", "resumed"])

    def test_there_is_no_resume_while_the_cause_persists(self):
        """The banner says what to do first."""
        user = new_test_user(self.env, "tour_susp", "base.group_user,mcp_gateway.group_mcp_user")
        self.connection("Tour: archived", user, has_key=True)
        user.active = False
        self.play("mcp_suspension_of_archived")
