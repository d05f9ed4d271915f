"""How a connection comes to its approvals: defaults, checks, inheritance (FEATURES A1, N2)."""

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

USER = "base.group_user,mcp_gateway.group_mcp_user"


@tagged("post_install", "-at_install")
class TestConnectionApprovals(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.user = new_test_user(cls.env, "approvals_user", USER, name="Rita")
        cls.approver = new_test_user(cls.env, "approvals_approver", USER, name="Anton")

    def connection(self, **values):
        return self.env["mcp.connection"].create({"name": "c", "user_id": self.user.id, **values})

    def tools(self, *names):
        return self.env["mcp.tool"].search([("name", "in", names)])

    def test_a_new_connection_draws_its_approvals_from_the_risk_of_the_tools(self):
        """A1, N2; what only its own session keeps never waits."""
        for policy, held, free in (
            ("none", set(), {"delete_record", "execute_method"}),
            ("execute", {"execute_method", "transition_state"}, {"delete_record", "create_record"}),
            ("destructive", {"execute_method", "delete_record", "update_record"}, {"create_record"}),
            ("write", {"execute_method", "delete_record", "create_record"}, set()),
        ):
            self.settings.approval_policy = policy
            names = set(self.connection().approval_tool_ids.mapped("name"))
            self.assertLessEqual(held, names, policy)
            never = {"update_session_context", "cancel_approval", "get_approval", "search_records"}
            self.assertFalse(names & (free | never), policy)
            self.assertTrue(names or policy == "none")

    def test_every_tool_of_that_risk_is_one_that_can_wait(self):
        """What the list of tools offers and what the gateway asks are the same."""
        from ..models.mcp_connection_approval import APPROVABLE  # noqa: PLC0415

        offered = set(self.env["mcp.tool"].search(APPROVABLE).mapped("name"))
        catalogue = self.env["mcp.toolset"]._catalogue()
        self.assertEqual(offered, {name for name, (_model, tool) in catalogue.items() if tool.is_approvable})

    def test_what_cannot_wait_cannot_be_chosen(self):
        for name in ("search_records", "update_session_context", "cancel_approval"):
            with self.assertRaisesRegex(ValidationError, "nobody has to approve"):
                self.connection(approval_tool_ids=self.tools(name))

    def test_the_approver_is_somebody_else_in_the_group(self):
        """A4: said on saving, not when it is too late."""
        self.connection(approver_id=self.approver.id)
        with self.assertRaisesRegex(ValidationError, "Rita, who cannot approve"):
            self.connection(approver_id=self.user.id)
        stranger = new_test_user(self.env, "approvals_stranger", "base.group_user")
        with self.assertRaisesRegex(ValidationError, "not in the group MCP User"):
            self.connection(approver_id=stranger.id)
        self.settings.allow_own_approval = True
        self.assertEqual(self.connection(approver_id=self.user.id)._approvers(), self.user)

    def test_a_change_of_the_list_stands_in_the_chatter(self):
        connection = self.connection(approval_tool_ids=self.tools("create_record"))
        connection.approval_tool_ids = self.tools("delete_record")
        body = connection.message_ids[0].body
        self.assertIn("Tools That Need Approval: added Delete a record; removed Create a record", body)

    def test_a_connection_made_at_consent_takes_the_approvals_over(self):
        """DESIGN §5: an administrator's limits go on; nobody becomes their own approver."""
        client = self.env["mcp.oauth.client"].create({"name": "App", "redirect_uris": "https://app.example/callback"})
        pattern = client.connection_ids
        tools = self.tools("delete_record")
        pattern.write({"approval_tool_ids": tools, "approver_id": self.approver.id, "approval_hours": 5})
        theirs = pattern._inherited(client, self.user, "mcp:read mcp:write")
        self.assertEqual((theirs.approval_tool_ids, theirs.approver_id), (tools, self.approver))
        self.assertEqual(theirs.approval_hours, 5)
        self.assertFalse(pattern._inherited(client, self.approver, "mcp:read").approver_id)

    def test_a_first_consent_draws_them_from_the_settings(self):
        """DESIGN §5: the settings' default approvals."""
        self.settings.write({"approval_policy": "destructive", "approval_hours": 3})
        client = self.env["mcp.oauth.client"].create({"name": "App", "redirect_uris": "https://app.example/callback"})
        theirs = self.env["mcp.connection"]._inherited(client, self.user, "mcp:read mcp:write")
        self.assertIn("delete_record", theirs.approval_tool_ids.mapped("name"))
        self.assertEqual(theirs.approval_hours, 3)

    def test_a_tool_that_can_wait_says_so_in_its_schema(self):
        """PROTOCOL §2D: what is sent conforms to what was declared, whether it waits or not."""
        for _model, tool in self.env["mcp.toolset"]._catalogue().values():
            schema = tool.definition().get("outputSchema")
            if schema:
                self.assertEqual("pending_approval" in schema["properties"], tool.is_approvable, tool.name)
                self.assertEqual("required" in schema, "required" in tool.output_schema and not tool.is_approvable)
