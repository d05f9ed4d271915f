"""Numbers that people set: none is taken that would break a list, a form, a scheduled action or a call."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from .cron_case import run_cron


@tagged("post_install", "-at_install")
class TestBounded(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = new_test_user(cls.env, "bounded_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.settings = cls.env["mcp.settings"]._get()
        cls.connection = cls.env["mcp.connection"].create({"name": "bounded", "user_id": user.id})

    def refused(self, row, **values) -> str:
        with self.assertRaises(ValidationError) as caught, self.env.cr.savepoint():
            row.write(values)
        row.invalidate_recordset()
        return str(caught.exception)

    def test_every_number_has_bounds(self):
        """Whoever adds one says which; those of approvals have a constraint of their own."""
        kept = {"id", "generation", "expiry_warned_days", "request_count"}
        for row in (self.settings, self.connection):
            numbers = {name for name, field in row._fields.items() if field.type == "integer" and field.store}
            with self.subTest(row._name):
                found = numbers - kept - {"approval_hours", "approval_limit"} - row._bounds().keys()
                self.assertFalse({name for name in found if not row._fields[name].related})

    def test_bounds_belong_to_what_they_bound(self):
        for row in (self.settings, self.connection):
            for name, (low, high) in row._bounds().items():
                for number in (low, high):
                    row[name] = number if name != "default_lifetime_days" else 0
                for number in (low - 1, high + 1, 2**31 - 1, 2**40):
                    label = row._fields[name].string
                    with self.subTest(f"{name}={number}"):
                        words = self.refused(row, **{name: number})
                        self.assertEqual(words, f"{label}: enter a number from {low} to {high}.")

    def test_everything_works_with_the_largest_numbers(self):
        self.settings.max_lifetime_days = self.settings._bounds()["max_lifetime_days"][1]
        self.settings.write({name: high for name, (_low, high) in self.settings._bounds().items()})
        connections = self.env["mcp.connection"]
        connections.default_get(list(connections._fields))
        connections.search([("status", "=", "idle")])
        self.assertTrue(self.connection.status)
        run_cron(self.env, "ir_cron_suspend_idle")
        self.env["mcp.session"]._gc_unused()

    def test_an_end_that_odoo_cannot_show_is_refused(self):
        """On either side; a hundred years from now are no such end."""
        for end in ("9999-12-31 23:59:59", "0001-01-01 00:00:00"):
            self.assertIn("within 36500 days", self.refused(self.connection, expires_at=end))
        self.connection.expires_at = fields.Datetime.now() + timedelta(days=36_500)
        for zone in ("Pacific/Auckland", "America/Lima"):
            self.env["mcp.connection"].with_context(tz=zone).formatted_read_group(
                [("id", "=", self.connection.id)], ["expires_at:month"], ["__count"]
            )
