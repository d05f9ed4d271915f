"""What suspends a connection by itself (FEATURES C9)."""

from datetime import timedelta

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .cron_case import run_cron
from .suspension_case import GROUP, SuspensionCase


@tagged("post_install", "-at_install")
class TestDrift(SuspensionCase):
    """Each way in which a connection loses the ground it stood on."""

    def test_archiving_the_user_suspends_and_tells_administrators(self):
        self.user.active = False
        self.assertSuspended("archived")
        self.assertEqual(self.events()[0], "suspended")
        self.assertIn("was archived", self.last_message().body)
        told = self.activities().user_id
        self.assertIn(self.admin, told)
        self.assertNotIn(self.user, told)
        self.assertLessEqual(self.admin.partner_id, self.last_message().notified_partner_ids)
        self.assertEqual(self.foreign.state, "active")
        self.connection._do_suspend("archived")
        self.assertEqual(len(self.activities()), len(told), "the same is not put on a list twice")
        self.user.active = True
        self.assertSuspended("archived")
        self.connection._do_resume()
        self.assertFalse(self.activities())

    def test_messages_are_sent_if_wanted_only(self):
        self.settings.alert_by_mail = False
        self.user.active = False
        self.assertFalse(self.last_message().notified_partner_ids)
        self.assertIn(self.admin, self.activities().user_id)

    def test_leaving_the_group_suspends_on_every_way(self):
        role = self.env["res.groups"].create({"name": "Role", "implied_ids": [Command.link(self.group.id)]})

        def by_role():
            self.user.group_ids = self.user.group_ids - self.group + role

        ways = {
            "user": (None, lambda: self.user.write({"group_ids": [Command.unlink(self.group.id)]})),
            "group": (None, lambda: self.group.write({"user_ids": [Command.unlink(self.user.id)]})),
            "role of user": (by_role, lambda: self.user.write({"group_ids": [Command.unlink(role.id)]})),
            "implied": (by_role, lambda: role.write({"implied_ids": [Command.unlink(self.group.id)]})),
            "role deleted": (by_role, role.unlink),
        }
        for name, (prepare, act) in ways.items():
            with self.subTest(name):
                self.user.group_ids |= self.group
                role.exists().implied_ids |= self.group
                if prepare:
                    prepare()
                self.connection._do_resume()
                self.assertEqual(self.connection.state, "active")
                act()
                self.assertSuspended("group")
                self.assertEqual(self.foreign.state, "active")

    def test_many_users_at_once(self):
        second = self.new("second", self.user)
        (self.user + self.other).write({"active": False})
        for connection in self.connection + second + self.foreign:
            self.assertSuspended("archived", connection)
            self.assertEqual(self.events(connection)[0], "suspended")

    def test_by_someone_who_may_not_see_connections(self):
        """The write of the user is never broken."""
        clerk = new_test_user(self.env, "susp_clerk", "base.group_user,base.group_erp_manager")
        self.user.email = clerk.email = False
        self.user.with_user(clerk).write({"active": False})
        self.assertSuspended("archived")
        self.assertEqual(self.last_message().author_id, clerk.partner_id)

    def test_a_password_set_by_someone_else_suspends(self):
        boss = self.env.ref("base.user_admin")
        user = self.user.with_user(boss)

        def wizard():
            lines = [Command.create({"user_id": self.user.id, "user_login": "x", "new_passwd": "a new password"})]
            self.env["change.password.wizard"].with_user(boss).create({"user_ids": lines}).change_password_button()

        ways = {
            "password": lambda: user.write({"password": "a new password"}),
            "wizard": wizard,
        }
        for name, act in ways.items():
            with self.subTest(name):
                act()
                self.assertSuspended("password")
                self.assertEqual(self.foreign.state, "active")
                self.assertLessEqual(self.admin + self.user, self.activities().user_id)
                self.assertIn("Ask susp_user", self.connection.way_out)
                self.connection._do_resume()

    def test_a_password_set_by_the_user_does_not(self):
        """Neither when logged in, nor through the link of a mail, which nobody is logged in for."""
        self.user.with_user(self.user).change_password("susp_user", "a new password")
        self.user.with_user(self.user).sudo().write({"password": "another password"})
        self.user.with_user(self.env.ref("base.public_user")).sudo().write({"password": "a third password"})
        self.assertEqual(self.connection.state, "active")

    def test_a_user_who_rises_is_not_suspended(self):
        """Decided: what a connection may do grows with its user, as the user's own sessions do."""
        self.user.group_ids |= self.env.ref("base.group_system")
        self.assertEqual(self.connection.state, "active")

    def test_what_is_revoked_or_suspended_stays_so(self):
        self.connection._do_revoke()
        self.foreign._do_suspend("administrator")
        (self.user + self.other).write({"active": False})
        self.assertEqual(self.connection.state, "revoked")
        self.assertSuspended("administrator", self.foreign)

    def test_a_user_without_connections_costs_one_query(self):
        nobody = new_test_user(self.env, "susp_nobody", f"base.group_user,{GROUP}")
        self.env.flush_all()
        connections = self.env["mcp.connection"]
        connections._suspend_of_strangers(nobody)
        before = self.env.cr.sql_log_count
        connections._suspend_of_strangers(nobody)
        self.assertLessEqual(self.env.cr.sql_log_count - before, 1)
        before = self.env.cr.sql_log_count
        connections._suspend_of_new_password(nobody)
        self.assertLessEqual(self.env.cr.sql_log_count - before, 1)


@tagged("post_install", "-at_install")
class TestIdlePolicy(SuspensionCase):
    def setUp(self):
        super().setUp()
        self.now = self.env.cr.now()
        self.settings.suspend_idle_days = 30
        self.live_until(self.connection, days=30, seconds=1)
        self.live_until(self.foreign, days=30)

    def live_until(self, connection, **ago):
        at = self.now - timedelta(**ago)
        connection.write({"active_since": at, "credential_changed_at": at})
        connection.usage_id.last_used = at

    def run_job(self):
        run_cron(self.env, "ir_cron_suspend_idle")

    def test_unused_for_longer_is_suspended_and_told(self):
        self.run_job()
        self.assertSuspended("idle")
        self.assertIn("not used for more than 30 days", str(self.connection.message_ids.mapped("body")))
        self.assertLessEqual(self.admin + self.user, self.activities().user_id)
        self.assertEqual(self.foreign.state, "active", "the thirtieth day is not over")

    def test_off_at_first(self):
        self.assertEqual(self.settings.new({}).suspend_idle_days, 0)
        self.settings.suspend_idle_days = 0
        self.run_job()
        self.assertEqual(self.connection.state, "active")

    def test_each_sign_of_life_counts(self):
        """Used, made, resumed, reactivated, given a key or a consent."""

        def consented():
            client = self.env["mcp.oauth.client"].create({"name": "c"})
            self.env["mcp.oauth.family"]._begin(self.connection, client, self.user, "mcp:read", "r")

        def resumed():
            self.connection._do_suspend("idle")
            self.connection._do_resume()

        def reactivated():
            self.connection._do_revoke()
            self.connection._do_reactivate()
            self.connection.credential_changed_at = self.now - timedelta(days=60)

        for sign in (
            lambda: self.connection.usage_id.write({"last_used": self.now}),
            self.connection._do_rotate_key,
            resumed,
            reactivated,
            consented,
        ):
            self.live_until(self.connection, days=60)
            sign()
            self.run_job()
            self.assertEqual(self.connection.state, "active", sign)
            self.env["mcp.oauth.family"].search([]).unlink()
        fresh = self.new("fresh", self.user)
        self.assertTrue(fresh.active_since)
        fresh.credential_changed_at = False
        self.run_job()
        self.assertEqual(fresh.state, "active")
