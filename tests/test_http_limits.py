"""What a connection is limited to, over HTTP: it is neither listed nor done, by any way (FEATURES G2, T1)."""

import json

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

RECORD, ORDER, LINE = "x.mcp.test.record", "x.mcp.test.order", "x.mcp.test.line"
# Write, but only what the connection's own session keeps for later, and what it asked for itself.
KEEPING = {"update_session_context", "cancel_approval"}


class LimitsCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.user = cls.new_user("limited_user")
        cls.connection, cls.key = cls.new_connection(cls.user)

    @classmethod
    def new_user(cls, login):
        return new_test_user(cls.env, login, "base.group_user,base.group_partner_manager,mcp_gateway.group_mcp_user")

    @classmethod
    def new_connection(cls, user, **values):
        values = {"name": user.login, "user_id": user.id, "scope": "execute", "rate_minute": 0, "rate_day": 0} | values
        connection = cls.env["mcp.connection"].create(values)
        return connection, connection._do_generate_key()

    def post(self, method, params=None, key=None):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key or self.key}"}
        return self.url_open("/mcp", data=json.dumps(body), headers=headers)

    def call(self, tool, arguments=None, key=None):
        return self.post("tools/call", {"name": tool, "arguments": arguments or {}}, key)

    def result(self, tool, **arguments):
        """What a tool answers that is expected to succeed."""
        answer = self.call(tool, arguments)
        self.assertEqual(answer.status_code, 200, answer.text)
        result = answer.json()["result"]
        self.assertFalse(result["isError"], result)
        return result["structuredContent"]

    def failure(self, tool, **arguments):
        """The text of a tool that is expected to refuse."""
        answer = self.call(tool, arguments)
        self.assertEqual(answer.status_code, 200, answer.text)
        result = answer.json()["result"]
        self.assertTrue(result["isError"], result)
        self.assertNotIn("structuredContent", result)
        return result["content"][0]["text"]

    def listed(self, key=None):
        tools = self.post("tools/list", key=key).json()["result"]["tools"]
        return {tool["name"]: tool for tool in tools}

    def catalogue(self):
        return {name: tool for name, (_model, tool) in self.env["mcp.toolset"]._catalogue().items()}

    def tool_rows(self, *names):
        return self.env["mcp.tool"].search([("name", "in", names)])

    def assertForbidden(self, answer, *, needs=None):
        self.assertEqual((answer.status_code, answer.json()["error"]["code"]), (403, 403), answer.text)
        challenge = answer.headers.get("WWW-Authenticate", "")
        self.assertEqual('error="insufficient_scope"' in challenge, bool(needs), challenge)
        # All that is needed at once, the narrower ones included.
        self.assertEqual(f' mcp:{needs}"' in challenge, bool(needs), challenge)


@tagged("post_install", "-at_install")
class TestToolLimits(LimitsCase):
    def check_scope(self, scope, refused):
        """Lists no tool of ``refused`` and runs none, with arguments or without; the rest is listed."""
        self.connection.scope = scope
        self.assertEqual(self.listed().keys(), self.catalogue().keys() - refused)
        records = self.env[RECORD].search_count([])
        for name in refused:
            needs = self.catalogue()[name].scope
            for arguments in ({}, {"name": "never", "dry_run": True}, {"model": RECORD, "values": {"name": "never"}}):
                self.assertForbidden(self.call(name, arguments), needs=needs)
        self.assertEqual(self.env[RECORD].search_count([]), records)

    def test_a_read_only_connection_neither_lists_nor_runs_a_writing_tool(self):
        """DESIGN §5: of the writing tools, only what the session keeps is not business."""
        writing = {name for name, tool in self.catalogue().items() if not tool.read_only} - KEEPING
        self.assertLess({"create_record", "delete_records", "execute_method", "post_message"}, writing)
        self.check_scope("read", writing)
        self.result("update_session_context", values={"a": 1})

    def test_a_writing_connection_neither_lists_nor_runs_what_executes(self):
        executing = {name for name, tool in self.catalogue().items() if tool.scope == "execute"}
        self.assertLessEqual({"execute_method", "transition_state"}, executing)
        self.check_scope("write", executing)
        self.result("create_record", model=RECORD, values={"name": "written"})

    def test_a_list_of_tools_is_all_there_is(self):
        """FEATURES G2: allowed tools only take away; what is missing is the list, not a scope."""
        self.connection.tool_ids = self.tool_rows("count_records", "create_record")
        self.assertEqual(set(self.listed()), {"count_records", "create_record"})
        for name in self.catalogue().keys() - {"count_records", "create_record"}:
            self.assertForbidden(self.call(name))
        self.connection.scope = "read"
        self.assertEqual(set(self.listed()), {"count_records"})
        self.assertForbidden(self.call("create_record", {"model": RECORD, "values": {"name": "x"}}), needs="write")
        self.assertForbidden(self.call("get_record", {"model": RECORD, "id": 1}))

    def test_the_scope_custom_is_exactly_its_list(self):
        """DESIGN §5: whatever the scope that a listed tool needs."""
        self.connection.write(
            {"scope": "custom", "tool_ids": [Command.set(self.tool_rows("execute_method", "get_record").ids)]}
        )
        self.assertEqual(set(self.listed()), {"execute_method", "get_record"})
        order = self.env[ORDER].create({"name": "custom"})
        self.result("execute_method", model=ORDER, ids=order.ids, method="action_confirm")
        self.assertEqual(order.state, "confirmed")
        for name in self.catalogue().keys() - {"execute_method", "get_record"}:
            self.assertForbidden(self.call(name))

    def test_a_tool_that_is_off_or_for_other_groups_answers_as_absent(self):
        """DESIGN §2.13: neither listed nor told apart from one that never was."""
        absent = self.call("no_such_tool", {"model": RECORD})
        self.assertEqual(absent.json()["error"]["code"], -32602)
        row = self.tool_rows("count_records")
        for hidden, shown in (
            ({"active": False}, {"active": True}),
            ({"group_ids": [Command.set(self.env.ref("base.group_system").ids)]}, {"group_ids": [Command.clear()]}),
        ):
            with self.subTest(next(iter(hidden))):
                row.write(hidden)
                self.assertNotIn("count_records", self.listed())
                answer = self.call("count_records", {"model": RECORD})
                self.assertEqual((answer.status_code, answer.json()), (absent.status_code, absent.json()))
                row.write(shown)
                self.assertIn("count_records", self.listed())
                self.result("count_records", model=RECORD)

    def test_a_tool_for_a_group_is_there_for_its_members(self):
        """The other side: with several groups, one of them is enough."""
        groups = self.env.ref("base.group_system") + self.env.ref("base.group_partner_manager")
        self.tool_rows("count_records").group_ids = groups
        self.assertIn("count_records", self.listed())
        self.result("count_records", model=RECORD)

    def test_what_is_changed_while_it_runs_holds_from_the_next_call_on(self):
        """DESIGN §2.2: for each limit there is."""
        self.result("count_records", model=ORDER)
        self.connection.scope = "read"
        self.assertForbidden(self.call("create_record", {"model": RECORD, "values": {"name": "x"}}), needs="write")
        self.connection.tool_ids = self.tool_rows("get_record")
        self.assertForbidden(self.call("count_records", {"model": ORDER}))
        self.connection.tool_ids += self.tool_rows("count_records")
        self.connection.model_ids = [Command.create({"model_id": self.env["ir.model"]._get_id(RECORD)})]
        self.failure("count_records", model=ORDER)
        self.connection.model_ids.model_id = self.env["ir.model"]._get_id(ORDER)
        self.env[ORDER].create([{"name": "seen"}, {"name": "unseen"}])
        count = self.result("count_records", model=ORDER)["count"]
        self.connection.model_ids.domain = '[("name", "!=", "unseen")]'
        self.assertEqual(self.result("count_records", model=ORDER)["count"], count - 1)
        self.connection.model_ids = [Command.clear()]
        self.assertEqual(self.result("count_records", model=RECORD)["count"], self.env[RECORD].search_count([]))
        self.tool_rows("count_records").description = "Anything else."
        self.assertEqual(self.listed()["count_records"]["description"], "Anything else.")

    def test_the_list_is_byte_for_byte_the_same_for_the_same_rights(self):
        """FEATURES T1: clients cache it, and so do the models behind them."""
        first = self.post("tools/list").content
        self.assertEqual(self.post("tools/list").content, first)
        self.assertEqual(self.post("tools/list", key=self.new_connection(self.user)[1]).content, first)
        self.assertEqual(
            self.post("tools/list", key=self.new_connection(self.new_user("limited_twin"))[1]).content, first
        )
        self.env.registry.clear_cache()
        self.assertEqual(self.post("tools/list").content, first)
        self.assertNotEqual(self.post("tools/list", key=self.new_connection(self.user, scope="read")[1]).content, first)


@tagged("post_install", "-at_install")
class TestCompanyLimits(LimitsCase):
    def test_a_connection_works_in_its_companies_only(self):
        """FEATURES G2: what it finds, what it makes, and what it says of itself."""
        first, second = self.env["res.company"].create([{"name": "First Ltd"}, {"name": "Second Ltd"}])
        self.user.write({"company_ids": [Command.set([first.id, second.id])], "company_id": first.id})
        one, two = self.env["res.partner"].create(
            [{"name": f"Belongs {company.name}", "company_id": company.id} for company in first + second]
        )
        belonging = {"model": "res.partner", "domain": [["name", "like", "Belongs"]]}
        self.assertEqual(self.result("count_records", **belonging)["count"], 2)
        self.connection.company_ids = second
        session = self.result("get_session")
        self.assertEqual((session["company"]["id"], [c["id"] for c in session["companies"]]), (second.id, second.ids))
        self.assertEqual([row["id"] for row in self.result("search_records", **belonging)["records"]], two.ids)
        foreign = self.failure("get_record", model="res.partner", id=one.id).replace(str(one.id), "N")
        self.assertEqual(foreign, self.failure("get_record", model="res.partner", id=99999999).replace("99999999", "N"))
        self.failure("update_record", model="res.partner", id=one.id, values={"name": "x"})
        self.failure("create_record", model="res.partner", values={"name": "x", "company_id": first.id})
        made = self.result("create_record", model="res.partner", values={"name": "Made", "company_id": second.id})
        self.assertEqual(self.env["res.partner"].browse(made["records"][0]["id"]).company_id, second)
        self.connection.company_ids = first + second
        self.assertEqual(self.result("count_records", **belonging)["count"], 2)


@tagged("post_install", "-at_install")
class TestOtherDoors(LimitsCase):
    """What shows the same as a tool is closed with it: the allow list, the switch and the groups are the tool's."""

    def test_a_resource_is_there_only_with_the_tool_that_shows_the_same(self):
        partner = self.env["res.partner"].create({"name": "Other doors"})
        record, schema = f"odoo://res.partner/{partner.id}", "odoo://res.partner/schema"
        self.assertEqual([self.reads(record), self.reads(schema), self.reads("odoo://session")], [True] * 3)
        absent = self.post("resources/read", {"uri": "odoo://nothing"}).json()["error"]["message"]
        self.connection.tool_ids = self.tool_rows("describe_model", "create_record")
        self.assertEqual([self.reads(record), self.reads(schema), self.reads("odoo://session")], [False, True, False])
        refused = self.post("resources/read", {"uri": record}).json()["error"]["message"]
        self.assertEqual(refused, absent)
        listed = self.post("resources/list").text + self.post("resources/templates/list").text
        self.assertIn(schema.replace("res.partner", "{model}"), listed)
        for uri in ("odoo://{model}/{id}", "odoo://session", "odoo://report", "odoo://attachment"):
            self.assertNotIn(uri, listed)

    def test_a_tool_that_is_off_leaves_no_resource_open(self):
        partner = self.env["res.partner"].create({"name": "Other doors"})
        self.tool_rows("get_record").active = False
        self.assertFalse(self.reads(f"odoo://res.partner/{partner.id}"))
        self.assertTrue(self.reads("odoo://res.partner/schema"))

    def test_names_are_completed_only_for_who_may_look_for_them(self):
        reference = {"type": "ref/resource", "uri": "odoo://{model}/schema"}
        asked = {"ref": reference, "argument": {"name": "model", "value": "res.part"}}
        self.connection.tool_ids = self.tool_rows("list_models", "describe_model")
        self.assertIn("res.partner", self.post("completion/complete", asked).text)
        self.connection.tool_ids = self.tool_rows("describe_model")
        self.assertEqual(self.post("completion/complete", asked).json()["result"]["completion"]["values"], [])
        self.connection.tool_ids = self.tool_rows("count_records")
        self.assertEqual(self.post("completion/complete", asked).json()["error"]["code"], -32602)

    def reads(self, uri) -> bool:
        return "result" in self.post("resources/read", {"uri": uri}).json()
