"""What an MCP Administrator may change of a connection that acts as a Settings administrator (DESIGN §2.12)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestReach(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = "base.group_user,base.group_system"
        cls.owner, cls.equal = (new_test_user(cls.env, f"reach_{name}", groups) for name in ("owner", "equal"))
        cls.admin = new_test_user(cls.env, "reach_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.user = new_test_user(cls.env, "reach_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.tools = cls.env["mcp.tool"].search([("read_only", "=", False), ("scope", "=", "write")], limit=2)
        cls.models = [cls.env["ir.model"]._get(name).id for name in ("res.partner", "res.country", "res.bank")]
        cls.now = fields.Datetime.now().replace(microsecond=0)
        cls.line = {"model_id": cls.models[0], "can_write": True, "domain": '[("id", ">", 0)]'}
        values = {
            "scope": "write",
            "expires_at": cls.now + timedelta(days=10),
            "rate_minute": 10,
            "rate_day": 100,
            "max_in_flight": 2,
            "allowed_ips": "192.0.2.0/24\n198.51.100.7",
            "blocked_ips": "203.0.113.0/24",
            "tool_ids": [Command.set(cls.tools.ids)],
            "approval_tool_ids": [Command.set(cls.tools[0].ids)],
            "company_ids": [Command.set(cls.env.company.ids)],
            "model_ids": [Command.create(cls.line), Command.create({"model_id": cls.models[1]})],
        }
        cls.connection, cls.reachable = cls.env["mcp.connection"].create(
            [{"name": user.login, "user_id": user.id, **values} for user in (cls.owner, cls.user)]
        )

    def written(self, connection, values, who=None) -> bool:
        """Whether it was accepted; in any case nothing stays."""
        savepoint = self.env.cr.savepoint()
        try:
            connection.with_user(who or self.admin).write(values)
        except UserError as error:
            self.assertIn("administration rights that you do not have", str(error))
            return False
        finally:
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()
        return True

    def widening(self, connection) -> list[dict]:
        line = connection.model_ids.filtered("can_write")
        return [
            {"expires_at": self.now + timedelta(days=100), "scope": "execute"},
            {"expires_at": self.now + timedelta(days=11)},
            {"expires_at": False},
            {"scope": "execute"},
            {"scope": "custom"},
            {"rate_minute": 11},
            {"rate_minute": 0},
            {"rate_day": 0},
            {"max_in_flight": 3},
            {"allowed_ips": False},
            {"allowed_ips": "0.0.0.0/0"},
            {"blocked_ips": False},
            {"tool_ids": [Command.clear()]},
            {"tool_ids": [Command.link(self.env["mcp.tool"].search([("name", "=", "count_records")]).id)]},
            {"approval_tool_ids": [Command.clear()]},
            {"approver_id": self.equal.id},
            {"company_ids": [Command.clear()]},
            {"model_ids": [Command.clear()]},
            {"model_ids": [Command.create({"model_id": self.models[2]})]},
            {"model_ids": [Command.update(line.id, {"can_unlink": True})]},
            {"model_ids": [Command.update(line.id, {"domain": "[]"})]},
        ]

    def test_nobody_widens_above_themself(self):
        for values in self.widening(self.connection):
            with self.subTest(values):
                self.assertFalse(self.written(self.connection, values))
                self.assertFalse(self.written(self.connection | self.reachable, values | {"name": "both"}))

    def test_among_equals_and_below_everything_goes(self):
        for values in self.widening(self.connection):
            with self.subTest(values):
                self.assertTrue(self.written(self.connection, values, self.equal))
        for values in self.widening(self.reachable)[1:4]:
            self.assertTrue(self.written(self.reachable, values))

    def test_what_takes_away_or_decides_nothing_goes(self):
        first = self.connection.model_ids.filtered("can_write")
        for values in (
            {"expires_at": self.now + timedelta(days=9)},
            {"scope": "read"},
            {"rate_minute": 9, "rate_day": 99, "max_in_flight": 1},
            {"allowed_ips": "198.51.100.7 # the office"},
            {"blocked_ips": "203.0.113.0/24\n192.0.2.9"},
            {"tool_ids": [Command.unlink(self.tools[0].id)]},
            {"approval_tool_ids": [Command.set(self.tools.ids)]},
            {"model_ids": [Command.delete(first.id)]},
            {"model_ids": [Command.update(first.id, {"can_write": False})]},
            {"name": "renamed", "note": "why"},
        ):
            with self.subTest(values):
                self.assertTrue(self.written(self.connection, values))

    def test_the_lines_of_the_list_of_models_are_no_way_around(self):
        lines = self.env["mcp.connection.model"].with_user(self.admin)
        foreign = self.reachable.model_ids[0].with_user(self.admin)
        mine = self.connection.model_ids.with_user(self.admin)
        for act in (
            lambda: lines.create({"connection_id": self.connection.id, "model_id": self.models[2]}),
            lambda: foreign.write({"connection_id": self.connection.id, "model_id": self.models[2]}),
            mine.unlink,
            lambda: mine[0].write({"can_create": True}),
        ):
            with self.assertRaisesRegex(UserError, "administration rights"), self.env.cr.savepoint():
                act()
            self.env.invalidate_all()

    def test_ending_stays_possible_and_so_does_preparing_one(self):
        connection = self.connection.with_user(self.admin)
        connection.action_suspend()
        connection.action_revoke()
        self.assertEqual(self.connection.state, "revoked")
        made = connection.create(
            {"name": "new", "user_id": self.owner.id, "model_ids": [Command.create({"model_id": self.models[1]})]}
        )
        self.assertFalse(made.can_generate)
