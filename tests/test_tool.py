"""The rows of the catalogue: they mirror the code, keep what the administrator set, and bind."""

import dataclasses
from contextlib import contextmanager
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

TOOLSET = "odoo.addons.mcp_gateway.toolsets.mcp_toolset.McpToolset"


@tagged("post_install", "-at_install")
class TestTool(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "tool_row_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "tool_row_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.tool = cls.env["mcp.tool"].search([("name", "=", "count_records")])

    def names_for(self, user, scope="execute", allowed=None):
        toolset = self.env["mcp.toolset"]
        tools = toolset._catalogue().values()
        return {tool.name for _model, tool in tools if toolset._permits(tool, user, scope, allowed)}

    @contextmanager
    def code(self, change):
        """As if the code declared something else from now on; ``change`` changes a copy of the catalogue."""
        declared = dict(self.env["mcp.toolset"]._declared_catalogue())
        change(declared)
        with patch(f"{TOOLSET}._declared_catalogue", lambda _self: declared):
            self.env.registry.clear_cache()
            yield

    def test_every_tool_of_the_code_has_its_row(self):
        """FEATURES T1: after install and upgrade, without anyone's doing."""
        declared = self.env["mcp.toolset"]._declared_catalogue()
        rows = self.env["mcp.tool"].with_context(active_test=False).search([("is_gone", "=", False)])
        self.assertEqual(set(rows.mapped("name")), set(declared))
        for row in rows:
            toolset, tool = declared[row.name]
            self.assertEqual((row.title, row.scope, row.toolset), (tool.title, tool.scope, toolset))
            self.assertEqual(row.description, tool.description)
            self.assertIn('"type": "object"', row.input_schema)
        self.assertEqual((self.tool.category, self.tool.risk), ("Records", "read"))
        self.assertTrue(self.tool.read_only)

    def test_the_risk_is_the_worst_that_a_tool_can_do(self):
        """FEATURES T1."""
        _toolset, tool = self.env["mcp.toolset"]._declared_catalogue()["count_records"]
        for read_only, destructive, scope, risk in (
            (True, False, "read", "read"),
            (False, False, "write", "write"),
            (False, True, "write", "destructive"),
            (False, True, "execute", "execute"),
        ):
            hints = {**tool.annotations, "readOnlyHint": read_only, "destructiveHint": destructive}
            made = dataclasses.replace(tool, annotations=hints, scope=scope)
            self.assertEqual(self.env["mcp.tool"]._risk(made), risk)

    def test_a_sync_without_changes_writes_nothing(self):
        """It runs in every worker at start-up: two queries that read."""
        self.env["mcp.toolset"]._declared_catalogue()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(2):
            self.env["mcp.tool"]._sync()

    def test_a_new_description_arrives_unless_the_administrator_wrote_their_own(self):
        """FEATURES T1; Reset Description brings the new original."""
        edited = self.env["mcp.tool"].search([("name", "=", "get_record")])
        edited.with_user(self.admin).description = "Ours."

        def change(declared):
            for name in ("count_records", "get_record"):
                toolset, tool = declared[name]
                declared[name] = (toolset, dataclasses.replace(tool, description="Newer.", title="Newer"))

        with self.code(change):
            self.env["mcp.tool"]._sync()
            self.assertEqual((self.tool.title, self.tool.description), ("Newer", "Newer."))
            self.assertEqual(
                (edited.title, edited.description, edited.default_description), ("Newer", "Ours.", "Newer.")
            )
            self.assertEqual(self.env["mcp.toolset"]._catalogue()["get_record"][1].description, "Ours.")
            edited.with_user(self.admin).action_reset_description()
            self.assertEqual(edited.description, "Newer.")
            self.assertEqual(self.env["mcp.toolset"]._catalogue()["get_record"][1].description, "Newer.")

    def test_a_tool_that_vanished_comes_back_as_the_administrator_left_it(self):
        """Its switch, its groups and its description are not the code's."""
        off = self.env["mcp.tool"].search([("name", "=", "get_record")])
        off.with_user(self.admin).write(
            {"active": False, "group_ids": [Command.link(self.env.ref("base.group_user").id)]}
        )

        def vanish(declared):
            del declared["count_records"], declared["get_record"]

        with self.code(vanish):
            self.env["mcp.tool"]._sync()
            self.assertEqual((self.tool.is_gone, self.tool.active), (True, True))
            self.assertEqual((off.is_gone, off.active), (True, False))
        self.env.registry.clear_cache()
        self.env["mcp.tool"]._sync()
        self.assertEqual((self.tool.is_gone, self.tool.active), (False, True))
        self.assertEqual((off.is_gone, off.active, len(off.group_ids)), (False, False, 1))

    def test_a_new_tool_gets_a_row_unless_another_worker_is_at_it(self):
        """Workers that start together must not collide."""

        def appear(declared):
            toolset, tool = declared["count_records"]
            declared["brand_new"] = (toolset, dataclasses.replace(tool, name="brand_new"))

        find = [("name", "=", "brand_new")]
        with self.code(appear):
            with patch.object(type(self.env["mcp.tool"]), "_lock_sync", lambda _self: False):
                self.env["mcp.tool"]._register_hook()
            self.assertFalse(self.env["mcp.tool"].search(find))
            self.env["mcp.tool"]._register_hook()
            self.assertTrue(self.env["mcp.tool"].search(find).active)

    def test_only_one_transaction_at_a_time_syncs(self):
        """The lock is the database's, so it holds across workers."""
        self.assertTrue(self.env["mcp.tool"]._lock_sync())
        with self.env.registry._db.cursor() as other:
            self.assertFalse(self.env["mcp.tool"].with_env(self.env(cr=other))._lock_sync())

    def test_whoever_was_second_starts_all_the_same(self):
        """What another worker committed meanwhile is not visible, and must not keep this one from starting."""
        values = self.env["mcp.tool"]._mirror(*self.env["mcp.toolset"]._declared_catalogue()["count_records"])

        def collide(tools):
            tools.sudo().create([values | {"description": "again"}])
            tools.flush_model()

        with patch.object(type(self.env["mcp.tool"]), "_sync", collide):
            self.env["mcp.tool"]._register_hook()
        self.assertEqual(self.env["mcp.tool"].search_count([("name", "=", "count_records")]), 1)

    def test_people_set_the_description_the_switch_and_the_groups_only(self):
        """The rest comes from code; MCP Users only look."""
        as_admin = self.tool.with_user(self.admin)
        as_admin.write({"active": True, "description": "Ours."})
        for act in (
            lambda: as_admin.write({"scope": "read"}),
            lambda: as_admin.write({"read_only": True, "active": False}),
            lambda: as_admin.copy({"name": "other"}),
            lambda: as_admin.create({"name": "made_up", "title": "x"}),
            as_admin.unlink,
            lambda: self.tool.with_user(self.user).write({"active": False}),
            lambda: self.tool.with_user(self.user).action_reset_description(),
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertEqual(self.tool.with_user(self.user).title, self.tool.title)

    def test_a_tool_that_is_off_is_nobodys(self):
        """FEATURES T1: at once, in the same request."""
        self.assertIn("count_records", self.names_for(self.user))
        self.tool.with_user(self.admin).active = False
        self.assertNotIn("count_records", self.names_for(self.user))
        self.assertNotIn("count_records", self.env["mcp.toolset"]._catalogue())
        self.tool.with_user(self.admin).active = True
        self.assertIn("count_records", self.names_for(self.user))

    def test_a_tool_for_groups_is_for_their_members_only(self):
        """Groups that a group implies count; an administrator's own groups do not."""
        admin_group = self.env.ref("mcp_gateway.group_mcp_admin")
        self.tool.with_user(self.admin).group_ids = admin_group
        self.assertNotIn("count_records", self.names_for(self.user))
        self.assertIn("count_records", self.names_for(self.admin))
        self.assertIn("count_records", self.names_for(self.env.ref("base.user_admin")))
        self.tool.with_user(self.admin).group_ids = False
        self.assertIn("count_records", self.names_for(self.user))

    def test_a_group_that_limits_a_tool_or_a_prompt_cannot_be_deleted(self):
        """What was for a few would be for everybody."""
        prompt = self.env["mcp.prompt"].search([], limit=1)
        for limited in (self.tool, prompt):
            limited.group_ids = self.env["res.groups"].create({"name": "A few"})
            self.env.flush_all()
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                limited.group_ids.unlink()

    def test_custom_means_the_listed_tools_and_nothing_else(self):
        """FEATURES G2: whatever scope they need; an empty list is no permission."""
        listed = ["count_records", "test_write"]
        self.assertEqual(self.names_for(self.user, "custom", listed), set(listed))
        self.assertEqual(self.names_for(self.user, "read", listed), {"count_records"})
        self.assertEqual(self.names_for(self.user, "custom"), set())
        self.assertEqual(self.names_for(self.user, "read", []), self.names_for(self.user, "read"))
