"""Connections as the ORM offers them: what nobody may do, and what the list says."""

from datetime import timedelta
from types import SimpleNamespace

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestConnection(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "conn_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.other = new_test_user(cls.env, "conn_other", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "conn_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection = cls.new("mine", cls.user)

    @classmethod
    def new(cls, name: str, user, **values):
        return cls.env["mcp.connection"].create({"name": name, "user_id": user.id, **values})

    def used(self, connection, **ago):
        at = fields.Datetime.now() - timedelta(**ago)
        connection.usage_id.last_used = connection.api_key_ids.usage_id.last_used = at
        connection.invalidate_recordset()
        return connection

    def test_nobody_deletes_or_duplicates_a_connection(self):
        """DESIGN §5: not even the superuser."""
        for act in (self.connection.unlink, self.connection.copy):
            with self.assertRaises(UserError):
                act()

    def test_the_user_and_the_type_stay(self):
        """DESIGN §2.12: a key of one user must never become a key of another."""
        client = self.env["mcp.oauth.client"].create({"name": "c"})
        self.connection.oauth_client_id = client
        another = client.copy()
        for values in ({"user_id": self.other.id}, {"type": "oauth"}, {"oauth_client_id": another.id}):
            with self.assertRaises(UserError):
                self.connection.write(values)

    def test_the_state_changes_by_buttons_only(self):
        """DESIGN §5: an administrator cannot write it either."""
        as_admin = self.connection.with_user(self.admin)
        for values in ({"state": "revoked"}, {"generation": 7}, {"usage_id": 1}):
            with self.assertRaises(UserError):
                as_admin.write(values)
        made = (
            self.env["mcp.connection"]
            .with_user(self.admin)
            .create({"name": "forged", "user_id": self.user.id, "generation": 9, "state": "revoked"})
        )
        self.assertEqual((made.generation, made.state), (1, "active"))

    def test_an_mcp_user_sees_their_own_and_sets_nothing(self):
        """FEATURES C8, DESIGN §2.12, §2.13."""
        foreign = self.new("foreign", self.other)
        mine = self.env["mcp.connection"].with_user(self.user)
        self.assertEqual(mine.search([]), self.connection)
        for act in (
            lambda: mine.create({"name": "x", "user_id": self.user.id}),
            lambda: self.connection.with_user(self.user).write({"scope": "execute"}),
            lambda: foreign.with_user(self.user).action_revoke(),
            lambda: foreign.with_user(self.user).read(["name"]),
        ):
            with self.assertRaises(AccessError):
                act()
        self.connection._do_revoke()
        with self.assertRaises(UserError):
            self.connection.with_user(self.user).action_reactivate()

    def test_a_connection_acts_as_a_member_of_the_group_only(self):
        """DESIGN §5."""
        with self.assertRaises(ValidationError):
            self.new("outsider", new_test_user(self.env, "conn_outsider", "base.group_user"))

    def test_limits_cannot_be_negative(self):
        with self.assertRaisesRegex(ValidationError, "Requests per Minute: enter a number from 0"):
            self.connection.write({"rate_minute": -1})

    def test_revoking_ends_the_key_and_reactivating_brings_nothing_back(self):
        """SPEC: what revoke really does; Generate Key afterwards."""
        self.connection._do_generate_key()
        digest = self.connection.api_key_ids.sudo().digest
        self.assertTrue(self.connection.can_rotate)
        self.connection.with_user(self.user).action_revoke()
        self.assertEqual((self.connection.state, self.connection.generation), ("revoked", 2))
        self.assertFalse(self.connection.api_key_ids)
        self.assertEqual(self.connection.revoked_by_id, self.user)
        self.assertEqual(self.env["mcp.retired.secret"]._find(digest).connection_id, self.connection)
        self.assertFalse(self.connection.can_rotate or self.connection.can_generate or self.connection.can_revoke)
        self.connection.with_user(self.admin).action_reactivate()
        self.assertEqual((self.connection.state, self.connection.generation), ("active", 2))
        self.assertFalse(self.connection.key_hint)
        self.assertTrue(self.connection.can_generate)

    def test_each_status_is_the_first_that_fits(self):
        """DESIGN §5: revoked, suspended, expired, awaiting, idle, connected; badge, filter and group agree."""
        connections = {
            name: self.new(name, self.user) for name in ("awaiting", "never", "idle", "connected", "expired", "revoked")
        }
        for name, connection in connections.items():
            if name != "awaiting":
                connection._do_generate_key()
        for name, days in (("idle", 8), ("connected", 6), ("expired", 6), ("revoked", 6)):
            self.used(connections[name], days=days, hours=5)
        connections["expired"].expires_at = fields.Datetime.now() - timedelta(minutes=1)
        connections["revoked"]._do_revoke()
        expected = {**{name: name for name in connections}, "never": "awaiting"}
        self.env.flush_all()
        for name, connection in connections.items():
            connection.invalidate_recordset()
            self.assertEqual(connection.status, expected[name], name)
            self.assertIn(connection, self.env["mcp.connection"].search([("status", "=", expected[name])]))
        self.assertEqual(connections["idle"].idle_for, "for 8 days, 5 hours")
        domain = [("id", "in", [connection.id for connection in connections.values()])]
        groups = dict(self.env["mcp.connection"].with_user(self.user)._read_group(domain, ["status"], ["__count"]))
        self.assertEqual(groups, {"awaiting": 2, "idle": 1, "connected": 1, "expired": 1, "revoked": 1})

    def test_a_rotated_key_awaits_its_first_use(self):
        """FEATURES C2: not used since it was issued."""
        self.connection._do_generate_key()
        self.used(self.connection, hours=1)
        self.assertEqual(self.connection.status, "connected")
        self.connection._do_rotate_key()
        self.env.flush_all()
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.status, "awaiting")

    def test_never_used_comes_last_when_sorted_descending(self):
        """SPEC, bulk hygiene tip: the bottom is what to clean up; grouped by period and by date too."""
        never, old, new = (self.new(name, self.user) for name in ("never", "old", "new"))
        self.used(old, days=100)
        self.used(new, days=2)
        self.env.flush_all()
        domain = [("id", "in", (never + old + new).ids)]
        connections = self.env["mcp.connection"].with_user(self.user)
        self.assertEqual(connections.search(domain, order="last_used desc"), (new + old + never).with_user(self.user))
        periods = connections._read_group(domain, ["last_used_period"], ["__count"])
        self.assertEqual([period for period, _count in periods], ["2_week", "5_older", "6_never"])
        months = connections._read_group(domain, ["last_used:month"], ["__count"], order="last_used:month desc")
        self.assertFalse(months[-1][0])
        self.assertEqual(connections.search([*domain, ("last_used_period", "=", "5_older")]), old.with_user(self.user))

    def test_revoke_selected_says_what_it_ends(self):
        """FEATURES C7."""
        second = self.new("second", self.user)
        for connection in self.connection + second:
            connection._do_generate_key()
        revoked = self.new("revoked", self.user)
        revoked._do_revoke()
        action = (self.connection + second + revoked).with_user(self.admin).action_revoke_selected()
        wizard = self.env["mcp.connection.revoke"].with_user(self.admin).browse(action["res_id"])
        self.assertEqual((wizard.connection_count, wizard.what_ends), (2, "API keys: 2"))
        wizard.action_revoke()
        self.assertEqual((self.connection + second).mapped("state"), ["revoked", "revoked"])

    def test_a_copy_of_the_database_accepts_no_key_and_says_so(self):
        """FEATURES K8: Odoo renews database.secret when a database is duplicated."""
        key = self.connection._do_generate_key()
        settings = self.env["mcp.settings"]._get()
        self.assertFalse(settings.is_copy)
        self.env["ir.config_parameter"].set_param("database.secret", "another one")
        settings.invalidate_recordset()
        self.assertTrue(settings.is_copy)
        self.assertFalse(self.env["mcp.api.key"].search([("digest", "=", self.env["mcp.secret"]._digest(key))]))

    def test_a_neutralized_database_has_no_credential_left(self):
        """FEATURES K8."""
        self.connection._do_generate_key()
        self.env["mcp.settings"]._get().enabled = True
        self.env.flush_all()
        from odoo.tools import file_open  # noqa: PLC0415

        with file_open("mcp_gateway/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, "revoked")
        self.assertFalse(self.connection.api_key_ids)
        self.assertFalse(self.env["mcp.settings"]._get().enabled)

    def test_the_limiter_counts_in_windows(self):
        """DESIGN §2.7: the clock is an argument; what the minute refuses the day does not count."""
        noon = fields.Datetime.to_datetime("2026-01-01 12:00:30")
        usage = self.connection.usage_id
        self.registry_enter_test_mode()  # so that the cursor of its own sees this test's row
        self.env.flush_all()

        def admit(now, minute=2, day=3):
            caller = SimpleNamespace(
                usage_id=usage.id,
                rate_minute=minute,
                rate_day=day,
                connection_id=self.connection.id,
                generation=self.connection.generation,
                credential_usage_id=None,
            )
            return self.env["mcp.connection.usage"]._admit(caller, "192.0.2.1", now=now)

        counts = [admit(noon)[:2] for _ in range(4)]
        self.assertEqual(counts, [(1, 1), (2, 2), (3, 2), (3, 2)])
        self.assertEqual(admit(noon).seconds_to_minute, 30)
        later = noon + timedelta(minutes=1)
        self.assertEqual([admit(later)[:2] for _ in range(2)], [(1, 3), (2, 4)])
        # A request that waited for the row comes from an older minute; it does not turn the window back.
        self.assertEqual(admit(noon)[0], 3)
        self.assertEqual(admit(noon + timedelta(days=1))[:2], (1, 1))
        self.assertEqual(admit(noon + timedelta(days=1), 0, 0)[:2], (2, 2))
