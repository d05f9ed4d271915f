"""The catalogue of tools, and what of it reaches whom."""

import logging
import re
from typing import Union

from pydantic import BaseModel

from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import TransactionCase, new_test_user, tagged

from ..log_filter import redact_log_records
from ..protocol import credentials
from ..toolsets.schema import flat_schema
from ..toolsets.tool import ToolError

FORBIDDEN = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "const", "exclusiveMinimum", "exclusiveMaximum"}


class Child(BaseModel):
    parent: "Child | None" = None


class Either(BaseModel):
    value: Union[int, str]  # noqa: UP007


@tagged("post_install", "-at_install")
class TestToolset(TransactionCase):
    def test_every_schema_is_one_that_all_hosts_read(self):
        """PROTOCOL §6: flat, one type each; name, title and all four hints."""
        catalogue = self.env["mcp.toolset"]._catalogue()
        self.assertGreaterEqual(len(catalogue), 5)
        for name, (model, tool) in catalogue.items():
            if model in ("mcp.toolset.conformance", "mcp.toolset.asking"):
                continue  # the conformance suite's, with everything that hosts misread
            definition = tool.definition()
            self.assertRegex(name, r"^[a-z0-9_]{1,40}$")
            self.assertTrue(definition["title"] and definition["description"])
            hints = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
            self.assertLessEqual(hints, definition["annotations"].keys())
            for schema in (definition["inputSchema"], definition.get("outputSchema", {"type": "object"})):
                self.assertEqual(schema["type"], "object")
                self._assert_flat(schema)

    def _assert_flat(self, node):
        if isinstance(node, list):
            for item in node:
                self._assert_flat(item)
        elif isinstance(node, dict):
            self.assertFalse(FORBIDDEN & node.keys(), node)
            self.assertNotIsInstance(node.get("type"), list)
            for value in node.values():
                self._assert_flat(value)

    def test_a_schema_that_hosts_would_misread_is_refused(self):
        """DESIGN §6: unions and recursion."""
        for model in (Child, Either):
            with self.assertRaises(TypeError):
                flat_schema(model)

    def test_tools_are_not_callable_over_rpc(self):
        """DESIGN §3: the ladder is the only way to a tool."""
        for name, (model, _tool) in self.env["mcp.toolset"]._catalogue().items():
            with self.assertRaises(AccessError):
                get_public_method(self.env[model], name)

    def test_paging_is_complete_and_shows_nothing_twice(self):
        """FEATURES G8: next_cursor leads on."""
        self.env["res.partner"].create([{"name": f"Page {number:02}"} for number in range(7)])
        user = new_test_user(self.env, "tool_user", "base.group_user,mcp_gateway.group_mcp_user")
        tools = self.env["mcp.toolset.records"].with_user(user)
        asked = {
            "model": "res.partner",
            "domain": [["name", "=like", "Page %"]],
            "fields": ["name"],
            "order": "name desc",
        }
        names, cursor = [], ""
        while True:
            page = tools.search_records(**asked, limit=3, cursor=cursor)
            names += [record["name"] for record in page.records]
            if not (cursor := page.next_cursor):
                break
        self.assertEqual(names, [f"Page {number:02}" for number in reversed(range(7))])
        self.assertEqual(tools.count_records("res.partner", asked["domain"]).count, 7)

    def test_values_need_no_guessing(self):
        """Issue: relations as id and name, times with the user's offset, empty as null, no binaries."""
        belgium = self.env.ref("base.be")
        partner = self.env["res.partner"].create({"name": "Values", "country_id": belgium.id, "image_1920": False})
        tools = self.env["mcp.toolset.records"].with_context(tz="Europe/Brussels")
        fields = ["name", "country_id", "create_date", "email", "active", "child_ids", "image_1920"]
        record = tools.get_record("res.partner", partner.id, fields).record
        self.assertEqual(record["country_id"], {"id": belgium.id, "name": "Belgium"})
        self.assertRegex(record["create_date"], r"^\d{4}-\d\d-\d\dT[\d:.]+\+0[12]:00$")
        self.assertEqual((record["email"], record["active"], record["child_ids"]), (None, True, []))
        self.assertNotIn("image_1920", record)

    def test_what_the_guard_hides_is_not_listed(self):
        """DESIGN §2.13: for the administrator too."""
        tools = self.env["mcp.toolset.records"].with_user(self.env.ref("base.user_admin"))
        listed = {model.model for model in tools.list_models().models}
        self.assertIn("res.partner", listed)
        self.assertFalse({"mcp.api.key", "mcp.audit.log", "res.users.apikeys", "ir.config_parameter"} & listed)
        described = {field.name for field in tools.describe_model("res.users").fields}
        self.assertIn("login", described)
        self.assertFalse({"password", "new_password", "api_key_ids"} & described)
        with self.assertRaises(ToolError):
            tools.describe_model("ir.config_parameter")

    def test_no_secret_reaches_the_log(self):
        """DESIGN §4: neither in a message, nor in its arguments, nor in a traceback."""
        redact_log_records()
        key = credentials.mint(credentials.Kind.API_KEY)
        with self.assertLogs("mcp_gateway.somewhere", "WARNING") as caught:
            logger = logging.getLogger("mcp_gateway.somewhere")
            logger.warning("GET /mcp?key=%s", key)
            logger.warning("GET /mcp?key%%3D%s", key)
            try:
                raise ValueError(key)
            except ValueError:
                logger.exception("broken")
        formatted = " ".join(logging.Formatter().format(record) for record in caught.records)
        self.assertNotIn(key[7:], formatted)
        self.assertEqual(len(re.findall("redacted", formatted)), 3, formatted)

    def test_a_deleted_user_neither_changes_the_log_nor_is_held_by_it(self):
        """DESIGN §2.6: ids and names, no foreign keys; users see what was done as them."""
        user = new_test_user(self.env, "log_user", "base.group_user,mcp_gateway.group_mcp_user")
        log = self.env["mcp.audit.log"]
        log._record(event="request", user_ref=user.id, user_name=user.name, tool="t1")
        log._record(event="request", user_ref=user.id + 1, user_name="someone", tool="t2")
        self.assertEqual(log.with_user(user).search([("tool", "in", ("t1", "t2"))]).mapped("tool"), ["t1"])
        row = log.search([("tool", "=", "t1")])
        self.assertEqual(row.user_id, user)
        number, name = user.id, user.name
        user.unlink()
        row.invalidate_recordset()
        self.assertEqual((row.user_ref, row.user_name, row.user_id.id), (number, name, False))
        self.assertTrue(log._read_group([("tool", "=", "t1")], ["user_name"], ["__count"]))
