"""What the tests of approvals begin with: an AI tool some of whose calls wait, and the people around it."""

import json

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

RECORD = "x.mcp.test.record"
USER = "base.group_user,base.group_partner_manager,mcp_gateway.group_mcp_user"


class ApprovalCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.settings.enabled = True
        cls.requester = new_test_user(cls.env, "approval_requester", USER, name="Rita Requester")
        cls.approver = new_test_user(cls.env, "approval_approver", USER, name="Anton Approver")
        cls.admin = new_test_user(cls.env, "approval_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection, cls.key = cls.new_connection(cls.requester, approver_id=cls.approver.id)
        cls.record = cls.env[RECORD].create({"name": "Old name", "number": 1})

    @classmethod
    def new_connection(cls, user, *tools, **values):
        tools = cls.env["mcp.tool"].search(
            [("name", "in", tools or ("update_record", "delete_records", "create_record", "test_side_effects"))]
        )
        values = {
            "name": f"AI of {user.login}",
            "user_id": user.id,
            "scope": "execute",
            "rate_minute": 0,
            "rate_day": 0,
            "approval_tool_ids": [Command.set(tools.ids)],
        } | values
        connection = cls.env["mcp.connection"].create(values)
        return connection, connection._do_generate_key()

    def call(self, tool, arguments=None, key=None):
        params = {"name": tool, "arguments": arguments or {}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key or self.key}"}
        answer = self.url_open("/mcp", data=json.dumps(body), headers=headers)
        self.env.invalidate_all()
        return answer

    def result(self, tool, arguments=None, key=None):
        answer = self.call(tool, arguments, key)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["result"]

    def structured(self, tool, arguments=None, key=None):
        result = self.result(tool, arguments, key)
        self.assertFalse(result["isError"], result)
        return result["structuredContent"]

    def failure(self, tool, arguments=None, key=None):
        result = self.result(tool, arguments, key)
        self.assertTrue(result["isError"], result)
        return result["content"][0]["text"]

    def ask(self, tool="update_record", arguments=None, key=None):
        """The approval that a call waits for."""
        pending = self.structured(tool, self.renaming("New name") if arguments is None else arguments, key)
        self.assertEqual(pending.keys(), {"pending_approval"})
        return self.env["mcp.approval"].browse(pending["pending_approval"]["id"])

    def renaming(self, name, **values):
        return {"model": RECORD, "id": self.record.id, "values": {"name": name, **values}}

    def outcome(self, approval, key=None):
        return self.structured("get_approval", {"id": approval.id}, key)

    def events(self, approval):
        rows = self.env["mcp.audit.log"].search([("credential", "=", f"approval #{approval.id}")], order="id")
        return rows.mapped("event")
