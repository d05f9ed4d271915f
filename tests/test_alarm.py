"""Which alarms there are, who is told, and how often (FEATURES K6, G)."""

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.mcp_connection_usage import KNOWN

KINDS = {
    "retired_secret": {"hint": "mcp_ak_…1234", "ip": "192.0.2.1"},
    "leaked_secret": {"hint": "mcp_ak_…1234", "ip": "192.0.2.1"},
    "new_address": {"hint": "mcp_ak_…1234", "ip": "192.0.2.1"},
    "new_client": {"hint": "mcp_ak_…1234", "ip": "192.0.2.1", "client": "some tool"},
    "many_refusals": {"count": 51},
    "approvals_pending": {"count": 21},
}


@tagged("post_install", "-at_install")
class TestAlarm(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.user = new_test_user(cls.env, "alarm_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "alarm_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection = cls.new("alarming")
        cls.quiet = cls.new("quiet")

    @classmethod
    def new(cls, name: str):
        return cls.env["mcp.connection"].create({"name": name, "user_id": cls.user.id})

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()  # so that the alarm's own transaction sees this test's rows
        self.env.flush_all()

    def raised(self, kind: str, connection=None) -> bool:
        self.env.flush_all()
        told = (connection or self.connection)._raise_alarm(kind, **KINDS[kind])
        self.env.invalidate_all()
        return told

    def count(self, kind: str, connection=None) -> int:
        domain = [("event", "=", kind), ("connection_ref", "=", (connection or self.connection).id)]
        return self.env["mcp.audit.log"].search_count(domain)

    def activities(self):
        return self.connection.activity_search(["mcp_gateway.mail_activity_alarm"])

    def let_pass(self, kind: str, **time):
        column = f"{kind}_alarm_at"
        self.connection.usage_id[column] = self.env.cr.now() - timedelta(**time)
        self.env.flush_all()

    def test_each_kind_is_raised_once_an_hour_and_by_itself(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.assertTrue(self.raised(kind))
                self.assertFalse(self.raised(kind))
                self.let_pass(kind, minutes=59, seconds=59)
                self.assertFalse(self.raised(kind))
                self.assertEqual(self.count(kind), 1)
                self.let_pass(kind, hours=1)
                self.assertTrue(self.raised(kind))
                self.assertEqual(self.count(kind), 2)
                self.assertTrue(self.raised(kind, self.quiet), "another connection has an hour of its own")

    def test_owner_and_administrators_get_an_activity_and_a_message(self):
        self.raised("new_address")
        self.assertLessEqual(self.user + self.admin, self.activities().user_id)
        message = self.connection.message_ids.sorted("id")[-1]
        self.assertIn("192.0.2.1 for the first time", message.body)
        self.assertLessEqual((self.user + self.admin).partner_id, message.notified_partner_ids)
        self.assertFalse(self.env["mail.mail"].search([("mail_message_id", "=", message.id), ("state", "=", "sent")]))

    def test_messages_are_sent_if_wanted_only(self):
        self.settings.alert_by_mail = False
        self.raised("new_address")
        self.assertLessEqual(self.user + self.admin, self.activities().user_id)
        self.assertFalse(self.connection.message_ids.sorted("id")[-1].notified_partner_ids)

    def test_what_is_on_a_list_already_is_not_put_there_again(self):
        self.raised("new_address")
        before = len(self.activities())
        self.let_pass("new_address", hours=2)
        self.raised("new_address")
        self.assertEqual(len(self.activities()), before)
        self.raised("new_client")
        self.assertEqual(len(self.activities()), 2 * before)

    def test_what_a_caller_says_stays_text(self):
        self.connection._raise_alarm("new_client", hint="h", ip="192.0.2.1", client='<a href="https://evil.example">')
        self.env.invalidate_all()
        for shown in (self.activities()[0].note, self.connection.message_ids.sorted("id")[-1].body):
            self.assertIn("&lt;a href", shown)

    def test_an_owner_who_may_not_open_the_connection_is_left_out(self):
        self.user.active = False
        self.assertTrue(self.raised("retired_secret"))
        self.assertIn(self.admin, self.activities().user_id)
        self.assertNotIn(self.user, self.activities().user_id)

    @mute_logger("odoo.addons.mcp_gateway.models.mcp_connection_alarm")
    def test_an_alarm_that_fails_fails_alone(self):
        with patch.object(type(self.connection), "_tell_alarm", side_effect=ValueError):
            self.assertFalse(self.raised("new_address"))
        self.assertTrue(self.raised("new_address"), "its hour did not begin")

    # Many refusals

    def refuse(self, times: int, connection=None, **ago):
        for _ in range(times):
            self.env["mcp.audit.log"]._record(
                event="request",
                outcome="refused",
                connection_ref=(connection or self.connection).id,
                date=fields.Datetime.now() - timedelta(**ago),
            )

    def run_job(self):
        self.env.flush_all()
        self.env.ref("mcp_gateway.ir_cron_notice_refusals").ir_actions_server_id.run()
        self.env.invalidate_all()

    def test_many_refusals_are_noticed_from_the_threshold_on(self):
        self.settings.alert_refusals = 5
        self.refuse(4)
        self.refuse(10, minutes=61)
        self.refuse(4, self.quiet)
        self.env["mcp.audit.log"]._record(event="request", connection_ref=self.quiet.id)
        self.env["mcp.audit.log"]._record(event="request", outcome="refused")
        # At the token endpoint anybody may name an OAuth client, and so its connection.
        self.env["mcp.audit.log"]._record(event="oauth_token", outcome="refused", connection_ref=self.connection.id)
        self.run_job()
        self.assertEqual(self.count("many_refusals"), 0)
        self.refuse(1)
        self.run_job()
        self.assertEqual((self.count("many_refusals"), self.count("many_refusals", self.quiet)), (1, 0))
        self.assertIn("5 calls of this connection were refused", self.connection.message_ids.sorted("id")[-1].body)
        self.run_job()
        self.assertEqual(self.count("many_refusals"), 1)

    def test_at_zero_refusals_are_nobodys_business(self):
        self.settings.alert_refusals = 0
        self.refuse(60)
        self.run_job()
        self.assertEqual(self.count("many_refusals"), 0)

    def test_waiting_approvals_are_noticed_from_the_threshold_on(self):
        """What the approvals call, with how many wait."""
        self.assertEqual([self.connection._notice_pending_approvals(count) for count in (19, 20, 21)], [0, 1, 0])
        self.settings.alert_approvals = 0
        self.assertFalse(self.quiet._notice_pending_approvals(1000))

    # What is new

    def admit(self, ip: str = "192.0.2.1", client: str | None = None) -> tuple[bool, bool]:
        usage = self.connection.usage_id
        caller = SimpleNamespace(
            usage_id=usage.id,
            rate_minute=0,
            rate_day=0,
            connection_id=self.connection.id,
            generation=1,
            credential_usage_id=None,
        )
        admission = self.env["mcp.connection.usage"]._admit(caller, ip, client=client)
        usage.invalidate_recordset()
        return admission.is_new_address, admission.is_new_client

    def test_an_address_is_new_once_and_never_the_first(self):
        course = [
            ("192.0.2.1", False),
            ("192.0.2.1", False),
            ("192.0.2.2", True),
            ("192.0.2.2", False),
            ("::ffff:192.0.2.2", False),
            ("2001:db8:0:1::1", True),
            ("2001:db8:0:1:ffff::2", False),
            ("2001:db8:0:2::1", True),
            ("192.0.2.1", False),
        ]
        self.assertEqual([(ip, self.admit(ip)[0]) for ip, _new in course], course)

    def test_a_name_is_new_once_and_never_the_first(self):
        course = [(None, False), ("one", False), (None, False), ("two", True), ("one", False), ("two", False)]
        self.assertEqual([(name, self.admit(client=name)[1]) for name, _new in course], course)

    def test_so_many_are_remembered_and_no_more(self):
        names = [f"tool {number}" for number in range(KNOWN + 1)]
        for name in names:
            self.admit(client=name)
        self.assertEqual(self.connection.usage_id.known_clients, names[1:])
        self.assertEqual(self.connection.usage_id.known_addresses, ["192.0.2.1"])
        self.assertTrue(self.admit(client=names[0])[1])
        self.assertEqual(len(self.connection.usage_id.known_clients), KNOWN)
