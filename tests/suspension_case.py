"""Two users with a connection each, and an administrator."""

from odoo.tests import TransactionCase, new_test_user

GROUP = "mcp_gateway.group_mcp_user"


class SuspensionCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["mcp.settings"]._get()
        cls.group = cls.env.ref(GROUP)
        cls.user = new_test_user(cls.env, "susp_user", f"base.group_user,{GROUP}")
        cls.other = new_test_user(cls.env, "susp_other", f"base.group_user,{GROUP}")
        cls.admin = new_test_user(cls.env, "susp_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection = cls.new("mine", cls.user)
        cls.foreign = cls.new("foreign", cls.other)

    @classmethod
    def new(cls, name: str, user, **values):
        connection = cls.env["mcp.connection"].create({"name": name, "user_id": user.id, **values})
        connection._do_generate_key()
        return connection

    def events(self, connection=None) -> list[str]:
        rows = self.env["mcp.audit.log"].search([("connection_ref", "=", (connection or self.connection).id)])
        return rows.mapped("event")

    def last_message(self, connection=None):
        return (connection or self.connection).message_ids.sorted("id")[-1]

    def activities(self, connection=None):
        return (connection or self.connection).activity_search(["mcp_gateway.mail_activity_suspended"])

    def assertSuspended(self, reason: str, connection=None):
        connection = connection or self.connection
        self.assertEqual((connection.state, connection.suspended_reason), ("suspended", reason))
        self.assertTrue(connection.suspended_at)
