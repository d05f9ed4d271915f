"""Bad credentials by address (FEATURES G6, DESIGN §2.6): throttled, counted, and no good one ever kept out."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models.mcp_throttle import LIMIT
from ..protocol import credentials
from .call_case import CallCase


@tagged("post_install", "-at_install")
class TestHttpThrottle(CallCase):
    def setUp(self):
        super().setUp()
        # The window stands still, and so does the test.
        self.now = fields.Datetime.now().replace(second=30)
        gateway = type(self.env["mcp.gateway"])
        self.enterContext(patch.object(gateway, "_clock", lambda _self: self.now))

    def try_keys(self, number: int, key: str | None = "nonsense") -> list[int]:
        return [self.post(key).status_code for _ in range(number)]

    def rows(self, event: str = "request"):
        return self.env["mcp.audit.log"].search([("event", "=", event), ("http_status", "in", (400, 401, 429))])

    def test_who_tries_keys_is_turned_away_and_leaves_one_counted_row(self):
        before = len(self.rows())
        self.assertEqual(self.try_keys(LIMIT), [401] * LIMIT)
        answer = self.post(credentials.mint(credentials.Kind.API_KEY))
        self.assertEqual((answer.status_code, answer.headers["Retry-After"]), (429, "30"))
        self.assertNotIn("WWW-Authenticate", answer.headers)
        self.assertEqual(self.try_keys(4), [429] * 4)
        self.assertEqual(len(self.rows()), before + LIMIT)
        self.now += timedelta(minutes=1)
        self.assertEqual(self.try_keys(1), [401])
        counted = self.rows("bad_credentials")
        self.assertEqual(counted.error, "5 more requests without a valid key within one minute")
        self.assertEqual(counted.ip, "127.0.0.1")
        self.assertEqual(len(self.rows()), before + LIMIT + 1)

    def test_a_good_key_is_never_kept_out(self):
        self.try_keys(LIMIT + 2)
        self.assertEqual(self.try_keys(2, self.key), [200, 200])

    def test_who_has_no_key_yet_still_learns_where_to_get_one(self):
        """RFC 9728 §5.1: the first answer that an AI tool gets, from an address that others share."""
        self.try_keys(LIMIT + 2)
        rows = len(self.rows())
        answer = self.post(None)
        self.assertEqual(answer.status_code, 401)
        self.assertIn("resource_metadata=", answer.headers["WWW-Authenticate"])
        self.assertEqual(len(self.rows()), rows, "It is counted, as the others are")

    def test_what_once_was_good_is_told_that_it_is_not_any_more(self):
        """SPEC: after Revoke the AI tool sees authentication errors; and one whose token is over has to refresh it."""
        old, over = self.key, self.connection._do_rotate_key()
        self.connection._do_start_overlap(1)
        self.connection.api_key_ids.filtered("expires_at").expires_at = "2026-01-01"
        family = self.env["mcp.oauth.family"]._begin(
            self.connection, self.env["mcp.oauth.client"].create({"name": "c"}), self.user, "mcp:read", "r"
        )
        token = self.env["mcp.oauth.token"]._mint(family, "access", "mcp:read", timedelta(hours=-1))
        self.try_keys(LIMIT + 2)
        self.assertEqual([self.post(dead).status_code for dead in (old, over, token)], [401] * 3)

    def test_what_the_transport_refuses_is_counted_and_answered_as_ever(self):
        """Nobody who does this without a key fills the log, and nobody who does it tried one."""
        text = {"Content-Type": "text/plain"}
        before = self.env["mcp.audit.log"].search_count([])
        answers = [self.url_open("/mcp", data=b"{}", headers=text).status_code for _ in range(LIMIT + 5)]
        self.assertEqual(answers, [415] * (LIMIT + 5))
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), before + LIMIT)
        self.assertEqual(self.try_keys(2, self.key), [200, 200])
        self.now += timedelta(minutes=1)
        self.try_keys(1)
        self.assertIn("5 more requests", self.rows("bad_credentials").error)

    def test_while_switched_off_strangers_are_counted_and_connections_stand_in_the_log(self):
        self.env["mcp.settings"]._get().enabled = False
        before = self.env["mcp.audit.log"].search_count([])
        self.assertEqual(self.try_keys(LIMIT + 5), [503] * (LIMIT + 5))
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), before + LIMIT)
        self.assertEqual(self.try_keys(2, self.key), [503] * 2)
        self.assertEqual(self.env["mcp.audit.log"].search_count([]), before + LIMIT + 2)

    def test_the_cron_writes_the_counted_rows_of_minutes_that_are_over(self):
        throttle = self.env["mcp.throttle"]
        self.try_keys(LIMIT + 3)
        over = self.now - timedelta(hours=1)
        for address, number in (("192.0.2.1", LIMIT + 7), ("192.0.2.2", LIMIT), ("2001:db8::7", LIMIT + 1)):
            for _ in range(number):
                throttle._count(address, over)
        self.env.ref("mcp_gateway.ir_cron_close_throttle").ir_actions_server_id.run()
        counted = {row.ip: row.error.split()[0] for row in self.rows("bad_credentials")}
        self.assertEqual(counted, {"192.0.2.1": "7", "2001:db8::/64": "1"})
        self.assertEqual(throttle.search([]).mapped("site"), ["127.0.0.1"])

    def test_one_address_does_not_count_for_another(self):
        for number in range(LIMIT + 5):
            self.env["mcp.throttle"]._count(f"192.0.2.{number}", self.now)
        self.assertEqual(self.try_keys(1), [401])
