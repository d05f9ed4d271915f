"""Server actions as tools: who may run them, on what, and what makes one a tool (FEATURES T12)."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from ..toolsets.tool import ToolError


@tagged("post_install", "-at_install")
class TestToolsetActions(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "action_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.model = cls.env["ir.model"]._get("x.mcp.test.order")
        cls.order = cls.env["x.mcp.test.order"].with_user(cls.user).create({"name": "S1"})
        cls.action = cls.make(
            code="records.write({'note': env.context['mcp_arguments'].get('note', '-')})",
            mcp_argument_ids=[
                Command.create({"name": "note", "type": "text", "description": "What to note."}),
                Command.create({"name": "day", "type": "date", "description": "When.", "required": False}),
                Command.create({"name": "count", "type": "integer", "description": "How many.", "required": False}),
            ],
        )

    @classmethod
    def make(cls, **values):
        defaults = {
            "name": "Note something",
            "model_id": cls.model.id,
            "state": "code",
            "mcp_available": True,
            "mcp_tool_name": "note_something",
            "mcp_description": "Notes something on orders.",
        }
        return cls.env["ir.actions.server"].create(defaults | values)

    def tool(self, name="note_something"):
        return self.env["mcp.toolset"]._catalogue()[name][1]

    def call(self, arguments, name="note_something", user=None):
        tool = self.tool(name)
        toolset = self.env["mcp.toolset.actions"].with_user(user or self.user)
        return toolset._call_tool(tool, tool.parse({"ids": self.order.ids} | arguments))

    def refused(self, words, arguments, name="note_something"):
        with self.assertRaises(ToolError) as caught:
            self.call(arguments, name)
        self.assertIn(words, str(caught.exception))

    def test_an_action_is_a_tool_with_a_schema(self):
        definition = self.tool().definition()
        self.assertEqual((definition["name"], definition["title"]), ("note_something", "Note something"))
        schema = definition["inputSchema"]
        self.assertEqual(schema["required"], ["ids", "note"])
        self.assertEqual(
            {name: value["type"] for name, value in schema["properties"].items()},
            {"ids": "array", "note": "string", "day": "string", "count": "integer", "dry_run": "boolean"},
        )
        self.assertEqual(schema["properties"]["day"]["format"], "date")
        self.assertTrue(all(value["description"] for value in schema["properties"].values()))
        self.assertFalse(schema["additionalProperties"])
        self.assertEqual(self.tool().scope, "execute")
        self.assertFalse(definition["annotations"]["readOnlyHint"])
        self.assertTrue(self.env["mcp.tool"].search([("name", "=", "note_something")]))

    def test_it_runs_as_the_user_on_the_records_with_the_arguments(self):
        result = self.call({"note": "hello"})
        self.assertEqual((self.order.note, self.order.write_uid, result.ids), ("hello", self.user, self.order.ids))
        self.assertIn("Note something", self.order.message_ids[0].body)
        self.action.code = (
            "action = {'type': 'ir.actions.act_window', 'name': str((env.uid, env.su)), 'res_model': 'res.partner'}"
        )
        self.assertEqual(self.call({"note": "x"}).opens.name, str((self.user.id, False)))

    def test_arguments_are_checked(self):
        """And nothing else goes into the context."""
        for arguments in (
            {},
            {"note": 1},
            {"note": "x", "day": "31.3.2026"},
            {"note": "x", "day": "2026-02-30"},
            {"note": "x", "count": "1"},
            {"note": "x", "context": {"active_ids": [1]}},
            {"note": "x", "active_model": "res.users"},
            {"note": "x", "ids": []},
        ):
            with self.assertRaises(ToolError):
                self.call(arguments)
        self.assertFalse(self.order.note)
        self.action.code = "records.write({'note': str(sorted(env.context['mcp_arguments'].items()))})"
        self.call({"note": "x", "day": "2026-03-31"})
        self.assertEqual(self.order.note, "[('day', '2026-03-31'), ('note', 'x')]")

    def test_rights_and_rules_of_the_records_bind(self):
        """DESIGN §2.5, §2.13."""
        self.env["ir.rule"].create(
            {"name": "own", "model_id": self.model.id, "domain_force": "[('create_uid', '=', user.id)]"}
        )
        hidden = self.env["x.mcp.test.order"].create({"name": "hidden"})
        self.refused(f"has no record {hidden.id}", {"note": "x", "ids": [self.order.id, hidden.id]})
        self.assertFalse(self.order.note)
        self.env["ir.model.access"].search([("model_id", "=", self.model.id)]).perm_write = False
        self.refused("lacks the right", {"note": "x"})

    def test_an_action_of_another_group_is_neither_shown_nor_run(self):
        self.action.group_ids = self.env.ref("base.group_system")
        toolset = self.env["mcp.toolset"]
        _model, tool = toolset._catalogue()["note_something"]
        self.assertFalse(toolset._permits(tool, self.user, "execute"))
        self.refused("none of the groups", {"note": "x"})
        self.action.group_ids = self.env["res.groups"].create({"name": "Without an external id"})
        self.refused("none of the groups", {"note": "x"})
        self.assertFalse(self.order.note)

    def test_a_withdrawn_action_does_not_run(self):
        """Not even by a worker whose catalogue is of the moment before."""
        stale = self.tool()
        self.action.mcp_available = False
        self.assertNotIn("note_something", self.env["mcp.toolset"]._catalogue())
        toolset = self.env["mcp.toolset.actions"].with_user(self.user)
        with self.assertRaisesRegex(ToolError, "no longer available"):
            toolset._call_tool(stale, stale.parse({"ids": self.order.ids, "note": "x"}))
        self.action.write({"mcp_available": True, "mcp_read_only": True})
        with self.assertRaisesRegex(ToolError, "no longer available"):
            toolset._call_tool(stale, stale.parse({"ids": self.order.ids, "note": "x"}))
        self.assertFalse(self.order.note)

    def test_changes_are_seen_at_once(self):
        self.tool()
        self.action.mcp_argument_ids.filtered(lambda argument: argument.name == "note").required = False
        self.assertNotIn("note", self.tool().input_schema["required"])
        self.action.mcp_argument_ids[0].unlink()
        self.assertNotIn("note", self.tool().input_schema["properties"])
        self.action.unlink()
        self.assertNotIn("note_something", self.env["mcp.toolset"]._catalogue())

    def test_a_multi_action_runs_each_child_as_the_user(self):
        """Odoo itself would run the children in sudo."""
        child = self.make(
            name="child",
            mcp_available=False,
            mcp_tool_name=False,
            code="records.write({'note': str((env.uid, env.su))})",
        )
        self.make(state="multi", name="Both", mcp_tool_name="both", child_ids=[Command.link(child.id)])
        self.call({}, "both")
        self.assertEqual(self.order.note, str((self.user.id, False)))
        child.group_ids = self.env.ref("base.group_system")
        self.refused("none of the groups", {}, "both")

    def test_an_update_reaches_only_what_the_user_may_change(self):
        """Odoo itself writes in sudo there."""
        update = {"state": "object_write", "name": "Update", "evaluation_type": "value"}
        self.make(**update, mcp_tool_name="set_note", update_path="note", value="set")
        self.call({}, "set_note")
        self.assertEqual(self.order.note, "set")
        self.make(**update, mcp_tool_name="set_margin", update_path="margin", value="9")
        self.refused("You may not change margin", {}, "set_margin")
        partner = self.env["res.partner"].create({"name": "Of others"})
        self.order.sudo().partner_id = partner
        self.make(**update, mcp_tool_name="set_partner", update_path="partner_id.name", value="taken")
        self.refused("You may not change res.partner", {}, "set_partner")
        self.assertEqual((partner.name, self.order.sudo().margin), ("Of others", 0))

    def test_a_creation_is_the_users_own(self):
        """Odoo itself creates in sudo there, whatever the rules say."""
        partners = self.env["ir.model"]._get_id("res.partner")
        link = self.env["ir.model.fields"]._get("x.mcp.test.order", "partner_id").id
        create = {"state": "object_create", "name": "Create", "crud_model_id": partners, "value": "New one"}
        self.make(**create, mcp_tool_name="new_partner", link_field_id=link)
        with self.assertRaisesRegex(ToolError, "You may not create"):
            self.call({}, "new_partner")
        self.user.group_ids |= self.env.ref("base.group_partner_manager")
        [made] = self.call({}, "new_partner").records
        self.assertEqual((made["name"], self.order.partner_id.id), ("New one", made["id"]))
        self.assertEqual(self.order.partner_id.create_uid, self.user)
        self.env["ir.rule"].create(
            {"name": "none", "model_id": partners, "domain_force": "[('name', '!=', 'New one')]"}
        )
        with self.assertRaises(AccessError):
            self.call({}, "new_partner")

    def test_what_cannot_be_a_tool_is_refused_to_the_administrator(self):
        self.action.mcp_available = False
        for values in (
            {"mcp_tool_name": False},
            {"mcp_tool_name": "Not a name"},
            {"mcp_tool_name": "a" * 41},
            {"mcp_tool_name": "execute_method"},
            {"mcp_description": " "},
            {"mcp_scope": "read"},
            {"state": "webhook", "webhook_url": "https://example.com"},
            {"model_id": self.env["ir.model"]._get_id("res.users")},
            {"usage": "ir_cron"},
        ):
            with self.assertRaises(ValidationError, msg=values), self.env.cr.savepoint():
                self.make(**({"mcp_tool_name": "another"} | values))
        for name in ("ids", "dry_run", "Upper", "9", "_x", "model_dump", "copy"):
            with self.assertRaises(ValidationError, msg=name), self.env.cr.savepoint():
                self.action.mcp_argument_ids[0].name = name
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            webhook = {"name": "w", "state": "webhook", "webhook_url": "https://example.com", "model_id": self.model.id}
            self.make(state="multi", mcp_tool_name="another", child_ids=[Command.create(webhook)])

    def test_only_settings_administrators_decide(self):
        admin = new_test_user(self.env, "mcp_only", "base.group_user,mcp_gateway.group_mcp_admin")
        for user in (self.user, admin):
            with self.assertRaises(AccessError):
                self.action.with_user(user).write({"mcp_available": True})
            with self.assertRaises(AccessError):
                self.action.mcp_argument_ids[0].with_user(user).write({"name": "other"})

    def test_an_action_never_takes_the_place_of_code(self):
        """Even if the code came later."""
        self.env.cr.execute("UPDATE ir_act_server SET mcp_tool_name = 'execute_method' WHERE id = %s", [self.action.id])
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual(self.env["mcp.toolset"]._catalogue()["execute_method"][0], "mcp.toolset.methods")
