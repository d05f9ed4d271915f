"""Prompts that administrators write: what may stand in them, who sees them, and what comes out."""

import re

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

# What in a text reads like the name of a tool.
CALLS = r"\b(?:search|count|aggregate|list|describe|create|update|delete|read|post|schedule|get)_\w+"


@tagged("post_install", "-at_install")
class TestPrompt(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "prompt_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "prompt_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.prompt = cls.new("greet", "Greet {who} {how}.", "who", "how")
        cls.prompt.argument_ids[1].required = False

    @classmethod
    def new(cls, name, body, *arguments, **values):
        return (
            cls.env["mcp.prompt"]
            .with_user(cls.admin)
            .create(
                {
                    "name": name,
                    "title": name.title(),
                    "description": "For tests.",
                    "body": body,
                    "argument_ids": [Command.create({"name": name, "description": "x"}) for name in arguments],
                    **values,
                }
            )
        )

    def call(self, name, arguments):
        toolset, prompt = self.env["mcp.toolset"]._prompts_for(self.user)[name]
        (message,) = self.env[toolset].with_user(self.user)._call_prompt(prompt, arguments)
        self.assertEqual(message["role"], "user")
        return message["content"]["text"]

    def test_a_prompt_is_listed_with_its_arguments(self):
        """FEATURES T8."""
        definition = self.env["mcp.toolset"]._prompts()["greet"][1].definition()
        self.assertEqual((definition["title"], definition["description"]), ("Greet", "For tests."))
        self.assertEqual(
            [(argument["name"], argument["required"]) for argument in definition["arguments"]],
            [("who", True), ("how", False)],
        )

    def test_values_are_filled_in_once_and_never_interpreted(self):
        """A value with braces in it stays what it is; a missing optional one is empty."""
        self.assertEqual(self.call("greet", {"who": "Azure"}), "Greet Azure .")
        self.assertEqual(
            self.call("greet", {"who": "{how} {0} {who.__class__} %s", "how": "}{"}),
            "Greet {how} {0} {who.__class__} %s }{.",
        )
        self.new("json", 'Answer {{"name": "{who}"}}', "who")
        self.assertEqual(self.call("json", {"who": "x"}), 'Answer {"name": "x"}')

    def test_only_plain_names_of_arguments_may_stand_in_braces(self):
        """No attributes, indexes, formats, conversions, positions, or forgotten arguments."""
        for body in (
            "{who.id}",
            "{who[0]}",
            "{who:>9}",
            "{who!r}",
            "{}",
            "{0}",
            "{who",
            "who}",
            "{Who}",
            "{other}",
            "{ who }",
        ):
            with self.subTest(body), self.assertRaises(ValidationError):
                self.new("bad", f"Say {body}", "who")
        with self.assertRaises(ValidationError):
            self.prompt.argument_ids = [Command.delete(self.prompt.argument_ids[0].id)]
        with self.assertRaises(ValidationError):
            self.prompt.argument_ids[0].name = "renamed"

    def test_names_are_technical_and_unique(self):
        """PROTOCOL §6."""
        for name in ("With Space", "UPPER", "été", "9th", "a-b", "_x", "x" * 65):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.new(name, "x")
        with self.assertRaises(ValidationError):
            self.new("bad_argument", "x", "Who")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.new("greet", "x")
        self.assertEqual(self.prompt.copy().name, "greet_copy")

    def test_a_row_never_hides_nor_breaks_a_prompt_of_the_code(self):
        """Two of one name would take the whole list down; the code, installed later, wins."""
        self.new("later", "row")
        toolset = type(self.env["mcp.toolset.prompts"])
        original = toolset._names_in_code
        self.patch(toolset, "_names_in_code", lambda model: original(model) | {"later", "taken"})
        with self.assertRaises(ValidationError):
            self.new("taken", "x")
        self.env.registry.clear_cache()
        self.assertNotIn("later", self.env["mcp.toolset"]._prompts())
        self.assertIn("greet", self.env["mcp.toolset"]._prompts())

    def test_changes_count_at_once(self):
        """The list is cached: text, arguments, switch and deletion."""
        self.assertIn("greet", self.env["mcp.toolset"]._prompts())
        self.prompt.argument_ids[1].description = "How to greet"
        self.assertEqual(self.env["mcp.toolset"]._prompts()["greet"][1].arguments[1].description, "How to greet")
        self.prompt.title = "Salute"
        self.assertEqual(self.env["mcp.toolset"]._prompts()["greet"][1].title, "Salute")
        self.prompt.active = False
        self.assertNotIn("greet", self.env["mcp.toolset"]._prompts())
        self.prompt.active = True
        self.assertIn("greet", self.env["mcp.toolset"]._prompts())
        self.prompt.unlink()
        self.assertNotIn("greet", self.env["mcp.toolset"]._prompts())

    def test_a_prompt_for_groups_is_for_their_members_only(self):
        """FEATURES T8."""
        self.prompt.group_ids = self.env.ref("mcp_gateway.group_mcp_admin")
        self.assertNotIn("greet", self.env["mcp.toolset"]._prompts_for(self.user))
        self.assertIn("greet", self.env["mcp.toolset"]._prompts_for(self.admin))
        self.prompt.group_ids = False
        self.assertIn("greet", self.env["mcp.toolset"]._prompts_for(self.user))

    def test_only_administrators_write_prompts(self):
        """What an AI is told to do is theirs to decide."""
        for act in (
            lambda: self.prompt.with_user(self.user).write({"body": "x"}),
            lambda: self.prompt.argument_ids.with_user(self.user).write({"description": "x"}),
            lambda: self.env["mcp.prompt"].with_user(self.user).create({"name": "x"}),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_the_delivered_prompts_render(self):
        """Each with every optional argument left out; none promises a tool that does not exist."""
        rows = self.env["mcp.prompt"].search([("create_uid", "=", self.env.ref("base.user_root").id)])
        self.assertGreaterEqual(len(rows), 6)
        tools = self.env["mcp.toolset"]._catalogue().keys()
        for row in rows:
            given = {argument.name: "VALUE" for argument in row.argument_ids if argument.required}
            text = self.call(row.name, given)
            self.assertEqual("VALUE" in text, bool(given), row.name)
            self.assertNotRegex(text, r"[{}]")
            self.assertLessEqual(set(re.findall(CALLS, text)), tools, row.name)
            self.assertLessEqual(5, len([line for line in text.splitlines() if line]) - 1)
