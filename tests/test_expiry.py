"""How long a connection lives: the settings, the warnings, the end and its extension (FEATURES K5)."""

from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .cron_case import run_cron
from .oauth_case import OauthCase


@tagged("post_install", "-at_install")
class TestExpiry(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.user = new_test_user(cls.env, "exp_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "exp_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.now = cls.env.cr.now()

    def new(self, **values):
        connections = self.env["mcp.connection"].with_user(self.admin)
        return connections.create({"name": "expiring", "user_id": self.user.id, **values})

    def assertEndsIn(self, days: int, connection):
        left = connection.expires_at - fields.Datetime.now()
        self.assertLess(abs(left - timedelta(days=days)), timedelta(minutes=5))

    # The settings

    def test_without_a_setting_connections_never_expire(self):
        self.assertFalse(self.new().expires_at)
        far = self.now + timedelta(days=10_000)
        self.assertEqual(self.new(expires_at=far).expires_at, far)

    def test_a_new_connection_gets_the_default_and_else_the_longest_lifetime(self):
        self.settings.default_lifetime_days = 90
        self.assertEndsIn(90, self.new())
        self.assertFalse(self.new(expires_at=False).expires_at)
        self.settings.max_lifetime_days = 180
        self.assertEndsIn(90, self.new())
        self.assertEndsIn(180, self.new(expires_at=False))
        self.settings.default_lifetime_days = 0
        self.assertEndsIn(180, self.new())
        shown = self.env["mcp.connection"].default_get(["expires_at"])["expires_at"]
        self.assertLess(abs(shown - fields.Datetime.now() - timedelta(days=180)), timedelta(minutes=5))

    def test_nobody_sets_an_end_beyond_the_longest_lifetime(self):
        """On either side of the boundary; an administrator neither."""
        self.settings.max_lifetime_days = 30
        connection = self.new()
        last = fields.Datetime.now() + timedelta(days=30)
        connection.expires_at = last
        later = last + timedelta(minutes=5)
        for act in (
            lambda: connection.write({"expires_at": later}),
            lambda: connection.write({"expires_at": False}),
            lambda: self.new(expires_at=later),
        ):
            with self.assertRaisesRegex(ValidationError, "30 days at most"), self.env.cr.savepoint():
                act()
        connection.invalidate_recordset()
        self.assertEqual(connection.expires_at, last)
        connection.note = "edited"  # what does not touch the expiry is not asked about it

    def test_a_policy_does_not_cut_what_is_older(self):
        connection = self.new()
        self.settings.max_lifetime_days = 30
        connection.name = "renamed"
        self.assertFalse(connection.expires_at)

    def test_the_settings_agree_with_each_other(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.settings.write({"max_lifetime_days": 30, "default_lifetime_days": 31})
            self.settings.flush_recordset()

    def test_an_mcp_user_sets_no_end(self):
        """DESIGN §2.12."""
        connection = self.new()
        with self.assertRaises(AccessError):
            connection.with_user(self.user).write({"expires_at": False})

    # The end

    def test_at_its_end_it_is_expired_and_an_extension_brings_it_back(self):
        connection = self.new()
        for ago, expired in (({"seconds": 0}, True), ({"seconds": -1}, False), ({"days": 3}, True)):
            connection.expires_at = self.now - timedelta(**ago)
            connection.invalidate_recordset()
            self.assertEqual(connection.status == "expired", expired, ago)
        self.env["mcp.settings"]._get().max_lifetime_days = 30
        connection.expires_at = fields.Datetime.now() + timedelta(days=30)
        connection.invalidate_recordset()
        self.assertNotEqual(connection.status, "expired")

    # The warnings

    def warn(self, connection, **left) -> int:
        """Let so much of its life be left, and return of how many days people were told."""
        self.env.cr.execute(
            "UPDATE mcp_connection SET expires_at = %s WHERE id = %s", [self.now + timedelta(**left), connection.id]
        )
        self.env.invalidate_all()
        before = self.warnings(connection)
        run_cron(self.env, "ir_cron_warn_of_expiry")
        self.assertLessEqual(self.warnings(connection) - before, 1)
        return self.warnings(connection) - before and connection.expiry_warned_days

    def warnings(self, connection) -> int:
        domain = [("connection_ref", "=", connection.id), ("event", "=", "expiry_warned")]
        return self.env["mcp.audit.log"].search_count(domain)

    def activities(self, connection):
        return connection.activity_search(["mcp_gateway.mail_activity_expiry"])

    def test_each_warning_is_given_once_at_its_day(self):
        connection = self.new(expires_at=self.now + timedelta(days=60))
        course = [
            ({"days": 14, "seconds": 1}, 0),
            ({"days": 14}, 14),
            ({"days": 13}, 0),
            ({"days": 7, "seconds": 1}, 0),
            ({"days": 7}, 7),
            ({"days": 2}, 0),
            ({"days": 1}, 1),
            ({"hours": 1}, 0),
            ({"seconds": 0}, 0),
            ({"days": -1}, 0),
        ]
        for left, told in course:
            self.assertEqual(self.warn(connection, **left), told, left)

    def test_the_owner_gets_an_activity_and_a_message(self):
        connection = self.new(expires_at=self.now + timedelta(days=60))
        self.warn(connection, days=7)
        self.assertEqual(self.activities(connection).user_id, self.user)
        self.assertEqual(self.activities(connection).date_deadline, (self.now + timedelta(days=7)).date())
        message = connection.message_ids.sorted("id")[-1]
        self.assertIn("expires on", message.body)
        self.assertEqual(message.notified_partner_ids, self.user.partner_id)
        self.settings.alert_by_mail = False
        self.warn(connection, days=1)
        self.assertFalse(connection.message_ids.sorted("id")[-1].notified_partner_ids)
        self.assertEqual(len(self.activities(connection)), 1, "the nearer takes the place of the one before")

    def test_an_extension_resets_the_warnings(self):
        connection = self.new(expires_at=self.now + timedelta(days=60))
        self.assertEqual(self.warn(connection, hours=1), 1)
        connection.with_user(self.admin).expires_at = self.now + timedelta(days=60)
        self.assertFalse(self.activities(connection))
        self.assertEqual(self.warn(connection, days=14), 14)

    def test_who_sets_a_near_end_is_not_warned_of_it(self):
        connection = self.new(expires_at=self.now + timedelta(days=5))
        self.assertEqual(self.warn(connection, days=5), 0)
        self.assertEqual(self.warn(connection, hours=20), 1)

    def test_what_does_not_work_anyway_is_not_warned_of(self):
        for end in ("_do_revoke", "_do_suspend"):
            connection = self.new(expires_at=self.now + timedelta(days=60))
            getattr(connection, end)(*(["idle"] if end == "_do_suspend" else []))
            self.assertEqual(self.warn(connection, days=1), 0)


@tagged("post_install", "-at_install")
class TestExpiryOfConsents(OauthCase, TransactionCase):
    """Connections that consents make live no longer than others."""

    def consent(self, client, user):
        self.code(client, user)
        return client._connection_of(user)

    def test_a_consent_makes_a_connection_with_an_end(self):
        self.settings.max_lifetime_days = 30
        client = self.new_client()
        first = self.consent(client, self.user)
        self.assertLess(first.expires_at - fields.Datetime.now(), timedelta(days=30, minutes=5))
        self.assertGreater(first.expires_at - fields.Datetime.now(), timedelta(days=29))
        self.env.cr.execute(
            "UPDATE mcp_connection SET expires_at = expires_at - INTERVAL '31 days' WHERE id = %s", [first.id]
        )
        self.env.invalidate_all()
        # The policy's end is the first one's own; someone else's consent begins anew.
        second = self.consent(client, self.other)
        self.assertGreater(second.expires_at - fields.Datetime.now(), timedelta(days=29))
        server = self.env["mcp.oauth.server"].with_user(self.user).sudo()
        self.assertEqual(server._may_consent(client, self.user), "expired")

    def test_an_end_that_an_administrator_set_is_inherited(self):
        client = self.new_client()
        first = self.consent(client, self.user)
        first.expires_at = end = fields.Datetime.now() + timedelta(days=300)
        self.assertEqual(self.consent(client, self.other).expires_at, end)
        # A policy that came later shortens what is inherited, and does not make the consent fail.
        self.settings.max_lifetime_days = 30
        third = self.consent(client, self.new_user("life_third"))
        self.assertLess(third.expires_at - fields.Datetime.now(), timedelta(days=30, minutes=5))
        first._do_revoke()
        first.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        server = self.env["mcp.oauth.server"].with_user(self.user).sudo()
        self.assertEqual(server._may_consent(client, self.user), "expired")
