"""Resources, prompts, completion, and asking back: what the conformance suite does not try."""

import json
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import HttpCase, new_test_user, tagged

from ..models import mcp_gateway_methods
from ..protocol import pagination

MODERN = "2026-07-28"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
ASKING = "test_input_required_result_request_state"


@tagged("post_install", "-at_install")
class TestContent(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["mcp.settings"]._get().enabled = True
        cls.user = new_test_user(cls.env, "content_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.connection, cls.key = cls.new_connection("content")

    @classmethod
    def new_connection(cls, name):
        connection = cls.env["mcp.connection"].create(
            {"name": name, "user_id": cls.user.id, "rate_minute": 0, "rate_day": 0}
        )
        return connection, connection._do_generate_key()

    def modern(self, method, params=None, *, key=None, capabilities=None):
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}} if capabilities is None else capabilities,
        }
        headers = {
            "Authorization": f"Bearer {key or self.key}",
            "Content-Type": "application/json",
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": method,
        }
        params = params or {}
        if method in NAMED:
            headers["Mcp-Name"] = params[NAMED[method]]
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
        return self.url_open("/mcp", data=json.dumps(body), headers=headers)

    def legacy(self, method, params=None):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        return self.url_open("/mcp", data=json.dumps(body), headers=headers)

    def ask(self, **params):
        answer = self.modern("tools/call", {"name": ASKING, "arguments": {}} | params)
        return answer.json()

    def refused(self, answer, status=400, code=-32602):
        self.assertEqual((answer.status_code, answer.json()["error"]["code"]), (status, code), answer.text)
        return answer.json()["error"]

    # Asking back (2026-07-28, basic/patterns/mrtr)

    def state(self):
        result = self.ask()["result"]
        self.assertEqual((result["resultType"], list(result["inputRequests"])), ("input_required", ["confirm"]))
        return result["requestState"]

    def test_a_state_tells_the_client_nothing_and_comes_back(self):
        state = self.state()
        self.assertNotIn("state-ok", state)
        answers = {"confirm": {"action": "accept", "content": {"ok": True}}}
        result = self.ask(requestState=state, inputResponses=answers)["result"]
        self.assertEqual((result["resultType"], result["content"][0]["text"]), ("complete", "state-ok"))

    def test_a_state_is_worth_nothing_with_another_request_or_connection_or_later(self):
        """Replay: bound to the connection and its generation, the request, and a quarter of an hour."""
        answers = {"confirm": {"action": "accept", "content": {"ok": True}}}
        params = {"name": ASKING, "arguments": {}, "inputResponses": answers, "requestState": self.state()}
        for changed in (
            {"name": "test_input_required_result_tampered_state"},
            {"arguments": None},
            {"requestState": params["requestState"][:-4] + "AAAA"},
            {"requestState": "ü"},
            {"requestState": ["x"]},
        ):
            with self.subTest(changed=changed):
                self.refused(self.modern("tools/call", params | changed))
        _connection, other = self.new_connection("another")
        self.refused(self.modern("tools/call", params, key=other))
        with freeze_time("2040-01-01"):
            sealed = self.env["mcp.secret"]._seal({"a": 1}, ["x"])
        self.assertIsNone(self.env["mcp.secret"]._open_seal(sealed, ["x"]))
        self.connection._do_revoke()
        self.connection._do_reactivate()
        self.refused(self.modern("tools/call", params, key=self.connection._do_generate_key()))

    def test_who_cannot_be_asked_is_told_what_is_missing(self):
        """-32021 with the capability; an older client, which no capability would help, gets a tool error."""
        error = self.refused(self.modern("tools/call", {"name": ASKING}, capabilities={}), 400, -32021)
        self.assertEqual(error["data"], {"requiredCapabilities": {"elicitation": {}}})
        result = self.legacy("tools/call", {"name": ASKING, "arguments": {}}).json()["result"]
        self.assertTrue(result["isError"])
        self.assertIn("2026-07-28", result["content"][0]["text"])

    # Resources

    def test_a_record_is_a_resource_and_a_foreign_one_is_absent(self):
        partner = self.env["res.partner"].create({"name": "Resource"})
        result = self.modern("resources/read", {"uri": f"odoo://res.partner/{partner.id}"}).json()["result"]
        self.assertIn("Resource", result["contents"][0]["text"])
        self.assertEqual((result["cacheScope"], result["contents"][0]["mimeType"]), ("private", "application/json"))
        schema = self.modern("resources/read", {"uri": "odoo://res.partner/schema"}).json()["result"]
        self.assertIn("email", schema["contents"][0]["text"])
        texts = set()
        for uri in (
            "odoo://res.partner/2147483000",
            "odoo://res.partner/x",
            "odoo://ir.config_parameter/1",
            "odoo://mcp.api.key/schema",
            "odoo://nothing",
            "file:///etc/passwd",
        ):
            error = self.refused(self.modern("resources/read", {"uri": uri}))
            self.assertEqual(error["data"], {"uri": uri})
            texts.add(error["message"])
        self.assertEqual(len(texts), 1)
        older = self.legacy("resources/read", {"uri": "odoo://nothing"})
        self.assertEqual((older.status_code, older.json()["error"]["code"]), (200, -32002))
        self.refused(self.modern("resources/read", {"uri": "odoo://" + "x" * 3000}))

    # Prompts

    def test_a_prompt_says_which_arguments_it_takes(self):
        name = "test_prompt_with_arguments"
        for arguments in ({}, {"arg1": "a"}, {"arg1": "a", "arg2": "b", "arg3": "c"}, {"arg1": 1, "arg2": "b"}, ["a"]):
            with self.subTest(arguments=arguments):
                self.refused(self.modern("prompts/get", {"name": name, "arguments": arguments}))
        self.refused(self.modern("prompts/get", {"name": "nothing"}))

    def test_every_prompt_that_is_listed_can_be_had(self):
        prompts = self.modern("prompts/list").json()["result"]["prompts"]
        self.assertGreaterEqual(len(prompts), 6 + 5)
        for prompt in prompts:
            given = {argument["name"]: "Azure" for argument in prompt["arguments"]}
            answer = self.modern("prompts/get", {"name": prompt["name"], "arguments": given}).json()
            result = answer["result"]
            self.assertTrue(result.get("messages") or result["resultType"] == "input_required", answer)

    # Completion

    def complete(self, reference, name, value):
        params = {"ref": reference, "argument": {"name": name, "value": value}}
        return self.modern("completion/complete", params)

    def test_names_of_models_are_completed(self):
        reference = {"type": "ref/resource", "uri": "odoo://{model}/{id}"}
        completion = self.complete(reference, "model", "res.part").json()["result"]["completion"]
        self.assertIn("res.partner", completion["values"])
        self.assertNotIn("ir.config_parameter", self.complete(reference, "model", "config").text)
        self.assertEqual(self.complete(reference, "id", "1").json()["result"]["completion"]["values"], [])

    def test_what_cannot_be_completed_is_an_error(self):
        for params in (
            {},
            {"ref": {"type": "ref/prompt", "name": "nothing"}, "argument": {"name": "a", "value": ""}},
            {"ref": {"type": "ref/resource", "uri": "odoo://x"}, "argument": {"name": "a", "value": ""}},
            {"ref": {"type": "ref/tool"}, "argument": {"name": "a", "value": ""}},
            {"ref": {"type": "ref/prompt", "name": "test_simple_prompt"}, "argument": {"name": "a", "value": 1}},
        ):
            with self.subTest(params=params):
                self.refused(self.modern("completion/complete", params))

    # Paging

    def test_a_list_goes_on_where_its_page_ended(self):
        """server/utilities/pagination: nothing missing, nothing twice; a cursor of somebody else is refused."""
        whole = [tool["name"] for tool in self.modern("tools/list").json()["result"]["tools"]]
        seen, params = [], {}
        with patch.object(mcp_gateway_methods, "PAGE_SIZE", 7):
            while True:
                result = self.modern("tools/list", params).json()["result"]
                self.assertLessEqual(len(result["tools"]), 7)
                seen += [tool["name"] for tool in result["tools"]]
                if "nextCursor" not in result:
                    break
                params = {"cursor": result["nextCursor"]}
        self.assertEqual(seen, whole)
        for cursor in ("x", 5, pagination.encode({"offset": -1}), pagination.encode({"page": 1})):
            self.refused(self.modern("tools/list", {"cursor": cursor}))
