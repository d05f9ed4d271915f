"""Rotation with overlap on the screen, in a real browser (FEATURES K4)."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from .tour_case import TourCase


@tagged("post_install", "-at_install")
class TestTourOverlap(TourCase):
    def test_rotating_with_overlap_ending_and_cancelling(self):
        """FEATURES K4: dialog, popup, banner with the old key's last use, both ways out, and Rotate Key within."""
        connection = self.connection("Tour: overlap", has_key=True)
        connection.api_key_ids.usage_id.write(
            {"last_used": fields.Datetime.now() - timedelta(days=3), "last_ip": "192.0.2.77"}
        )
        self.play("mcp_overlap")
        self.assertEqual(
            self.events(connection),
            [
                "key_generated",
                *("key_overlap_started", "key_rotation_cancelled"),
                *("key_overlap_started", "key_overlap_ended"),
                *("key_overlap_started", "key_rotated"),
            ],
        )
        self.assertEqual(len(connection.api_key_ids), 1)
        self.assertEqual(self.env["mcp.retired.secret"].search_count([("connection_id", "=", connection.id)]), 4)

    def test_an_mcp_user_rotates_their_own_with_overlap(self):
        """FEATURES C8: a rotation is theirs to do, with overlap too."""
        user = new_test_user(self.env, "tour_user", "base.group_user,mcp_gateway.group_mcp_user")
        connection = self.connection("Tour: mine", user, has_key=True)
        self.play("mcp_overlap_of_user", "tour_user")
        self.assertEqual(self.events(connection), ["key_generated", "key_overlap_started"])
        self.assertAlmostEqual(
            connection.overlap_until, fields.Datetime.now() + timedelta(hours=1), delta=timedelta(minutes=5)
        )
