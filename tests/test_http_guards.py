"""Where calls may come from, and how many run at once, as calls see it (FEATURES G5)."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.sql_db import db_connect
from odoo.tests import tagged
from odoo.tools import config

from .call_case import CallCase


@tagged("post_install", "-at_install")
class TestHttpGuards(CallCase):
    def call(self, **headers: str):
        return self.post(self.key, headers)

    def last_row(self):
        return self.env["mcp.audit.log"].search([("connection_ref", "=", self.connection.id)], limit=1)

    # Addresses

    def test_a_call_from_elsewhere_is_refused_and_on_the_record(self):
        self.connection.allowed_ips = "192.0.2.0/24"
        answer = self.call()
        self.assertEqual(answer.status_code, 403)
        self.assertIn("may not be used from your address", answer.json()["error"]["message"])
        self.assertEqual((self.last_row().outcome, self.last_row().error), ("refused", "Address not allowed"))
        self.connection.allowed_ips = "192.0.2.0/24\n127.0.0.0/8 # this machine"
        self.assertEqual(self.call().status_code, 200)
        self.connection.blocked_ips = "127.0.0.1"
        self.assertEqual(self.call().status_code, 403)

    def test_only_a_proxy_that_odoo_trusts_says_whom_it_speaks_for(self):
        """A forged header lets nobody in, and keeps nobody out."""
        self.connection.allowed_ips = "192.0.2.7"
        forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "odoo.example", "X-Forwarded-Proto": "https"}
        with patch.dict(config.options, {"proxy_mode": False}):
            self.assertEqual(self.call(**forwarded).status_code, 403)
            self.connection.allowed_ips = "127.0.0.1"
            self.assertEqual(self.call(**forwarded).status_code, 200)
        self.env["ir.config_parameter"].set_param("web.base.url", "https://odoo.example")
        with patch.dict(config.options, {"proxy_mode": True}):
            self.assertEqual(self.call(**forwarded).status_code, 403)
            self.connection.allowed_ips = "192.0.2.7"
            self.assertEqual(self.call(**forwarded).status_code, 200)
            self.assertEqual(self.last_row().ip, "192.0.2.7")

    def test_a_wrong_line_is_named_when_it_is_saved(self):
        for name, label in (("allowed_ips", "Allowed Addresses"), ("blocked_ips", "Blocked Addresses")):
            message = f"{label}, line 3: office is no address"
            with self.subTest(name), self.assertRaisesRegex(ValidationError, message), self.env.cr.savepoint():
                self.connection[name] = "192.0.2.1\n# comment\noffice # ours"
            self.connection.invalidate_recordset()

    # Calls at once

    def take(self, number: int):
        """As so many calls of this connection that run on other workers."""
        cursors = [db_connect(self.env.cr.dbname).cursor() for _ in range(number)]
        for slot, cr in enumerate(cursors, start=1):
            self.addCleanup(cr.close)
            cr.execute("SELECT pg_try_advisory_xact_lock(x'6d637000'::int + %s, %s)", [slot, self.connection.id])
            self.assertTrue(cr.fetchone()[0])
        return cursors

    def test_a_call_too_many_at_once_is_refused_until_one_has_ended(self):
        self.connection.max_in_flight = 4
        running = self.take(4)
        answer = self.call()
        self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (429, "1"))
        self.assertIn("4 calls running", answer.json()["error"]["message"])
        self.assertFalse(self.connection.request_count, "It costs nothing of the limits a minute and a day")
        self.assertEqual(self.last_row().http_status, 429)
        running[1].rollback()
        self.assertEqual(self.call().status_code, 200)

    def test_one_worker_is_left_for_people(self):
        self.connection.max_in_flight = 4
        running = self.take(1)
        with patch.dict(config.options, {"workers": 2}):
            self.assertIn("has 1 calls running", self.call().json()["error"]["message"])
        with patch.dict(config.options, {"workers": 3}):
            self.assertEqual(self.call().status_code, 200)
        running[0].rollback()
        with patch.dict(config.options, {"workers": 1}):
            self.assertEqual(self.call().status_code, 200)

    def test_a_connection_without_a_limit_takes_no_place(self):
        self.take(4)
        self.connection.max_in_flight = 0
        with patch.dict(config.options, {"workers": 2}):
            self.assertEqual(self.call().status_code, 200)
