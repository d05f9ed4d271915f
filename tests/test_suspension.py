"""Suspend and Resume (DESIGN §5)."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .suspension_case import SuspensionCase


@tagged("post_install", "-at_install")
class TestSuspension(SuspensionCase):
    """The buttons."""

    def test_suspend_ends_nothing_and_resume_brings_back_the_same_key(self):
        """DESIGN §5."""
        as_admin, digest = self.connection.with_user(self.admin), self.connection.api_key_ids.sudo().digest
        as_admin.action_suspend()
        self.assertSuspended("administrator")
        self.assertEqual(self.events()[0], "suspended")
        self.assertIn("suspended", self.last_message().body)
        self.assertEqual(self.last_message().author_id, self.admin.partner_id)
        self.assertEqual(as_admin.status, "suspended")
        self.assertFalse(self.activities())  # whoever pressed the button knows
        as_admin.action_resume()
        self.assertEqual(self.connection.state, "active")
        self.assertFalse(self.connection.suspended_at or self.connection.suspended_reason)
        self.assertEqual(self.connection.api_key_ids.sudo().digest, digest)
        self.assertEqual(self.events()[0], "resumed")
        self.assertIn("resumed", self.last_message().body)

    def test_the_buttons_show_when_they_work(self):
        """STYLE 15: one boolean for the view and for the guard."""
        as_admin = self.connection.with_user(self.admin)

        def shown():
            return [action for action in ("suspend", "resume", "rotate", "revoke") if as_admin[f"can_{action}"]]

        self.assertEqual(shown(), ["suspend", "rotate", "revoke"])
        as_admin.action_suspend()
        self.assertEqual(shown(), ["resume", "revoke"])
        with self.assertRaisesRegex(UserError, "suspended already"):
            as_admin.action_suspend()
        as_admin.action_resume()
        with self.assertRaisesRegex(UserError, "not suspended"):
            as_admin.action_resume()
        as_admin.action_revoke()
        self.assertEqual(shown(), [])
        for action in ("action_suspend", "action_resume"):
            with self.assertRaisesRegex(UserError, "is revoked"):
                getattr(as_admin, action)()
        self.assertFalse(self.env["mcp.connection"].with_user(self.admin).new({}).can_suspend)

    def test_only_administrators_suspend_and_resume(self):
        """DESIGN §2.12, §2.13: not the owner either, and someone else's looks absent."""
        mine, foreign = self.connection.with_user(self.user), self.foreign.with_user(self.user)
        self.assertFalse(mine.can_suspend)
        with self.assertRaisesRegex(UserError, "Only an MCP Administrator"):
            mine.action_suspend()
        self.connection._do_suspend("administrator")
        self.assertFalse(mine.can_resume)
        self.assertIn("Only an MCP Administrator", mine.way_out)
        with self.assertRaisesRegex(UserError, "Only an MCP Administrator"):
            mine.action_resume()
        for act in (foreign.action_suspend, foreign.action_resume):
            with self.assertRaises(AccessError):
                act()
        for values in ({"suspended_reason": "idle"}, {"suspended_at": False}, {"active_since": False}):
            with self.assertRaises(UserError):
                self.connection.with_user(self.admin).write(values)

    def test_resume_waits_until_the_cause_is_gone(self):
        """The guard says what to do, and the banner says the same."""
        as_admin = self.connection.with_user(self.admin)
        self.user.active = False
        for undo, words in (
            (lambda: self.user.write({"active": True}), "is archived"),
            (lambda: self.user.write({"group_ids": [Command.link(self.group.id)]}), "not in the group MCP User"),
        ):
            self.assertFalse(as_admin.can_resume)
            self.assertIn(words, as_admin.way_out)
            with self.assertRaisesRegex(UserError, words):
                as_admin.action_resume()
            undo()
            if words == "is archived":
                self.assertTrue(as_admin.can_resume)
                self.user.group_ids -= self.group
        self.assertIn("may be acted as again", as_admin.way_out)
        as_admin.action_resume()
        self.assertEqual(self.connection.state, "active")

    def test_nobody_resumes_above_themself(self):
        """DESIGN §2.12: a key that lives again is more than taking away."""
        boss = self.new("boss", self.env.ref("base.user_admin"))
        boss.with_user(self.admin).action_suspend()
        self.assertFalse(boss.with_user(self.admin).can_resume)
        with self.assertRaisesRegex(UserError, "administration rights that you do not have"):
            boss.with_user(self.admin).action_resume()
        boss.with_user(self.env.ref("base.user_admin")).action_resume()

    def test_whatever_hangs_on_a_connection_hears_of_it(self):
        heard = []
        sessions = type(self.env["mcp.session"])
        with patch.object(sessions, "_on_connections_suspended", lambda _self, found: heard.append(found), create=True):
            (self.connection + self.foreign)._do_suspend("administrator")
        self.assertEqual(heard, [self.connection, self.foreign])

    def test_revoked_and_reactivated_it_is_not_suspended_any_more(self):
        self.settings.alert_by_mail = False
        self.connection._do_suspend("idle")
        self.assertTrue(self.activities())
        self.connection.with_user(self.admin).action_revoke()
        self.assertFalse(self.activities())
        self.connection.with_user(self.admin).action_reactivate()
        self.assertFalse(self.connection.suspended_reason or self.connection.way_out)

    def test_revoke_and_reactivate_are_no_way_round_resume(self):
        """Whoever is unarchived or gets the group back would have a live connection that nobody looked at."""
        as_admin = self.connection.with_user(self.admin)
        for lose, regain, words in (
            (self.user.action_archive, self.user.action_unarchive, "is archived"),
            (
                lambda: self.user.write({"group_ids": [Command.unlink(self.group.id)]}),
                lambda: self.user.write({"group_ids": [Command.link(self.group.id)]}),
                "not in the group MCP User",
            ),
        ):
            lose()
            as_admin.action_revoke()
            self.assertFalse(as_admin.can_reactivate)
            self.assertIn(words, as_admin.way_out)
            with self.assertRaisesRegex(UserError, words):
                as_admin.action_reactivate()
            # As it stands where it was reactivated before this was asked.
            self.connection.sudo().state = "active"
            self.assertFalse(as_admin.can_generate)
            with self.assertRaisesRegex(UserError, words):
                as_admin.action_generate_key()
            self.connection.sudo().state = "revoked"
            regain()
            self.assertFalse(as_admin.way_out)
            as_admin.action_reactivate()
            self.assertTrue(as_admin.can_generate)
