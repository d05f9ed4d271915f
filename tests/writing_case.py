"""What the tests of the writing tools begin with."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

from ..toolsets.tool import ToolError

RECORD = "x.mcp.test.record"
LINE = "x.mcp.test.line"
TAG = "x.mcp.test.tag"
ALL = frozenset({"read", "create", "write", "unlink"})


class WritingCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "writer", "base.group_user,mcp_gateway.group_mcp_user")
        cls.tools = cls.env["mcp.toolset.writing"].with_user(cls.user)
        cls.partner = cls.env["res.partner"].create({"name": "Writing Partner"})
        cls.tags = cls.env[TAG].create([{"name": "Urgent"}, {"name": "Late"}])
        cls.record = cls.env[RECORD].create(
            {
                "name": "Written",
                "line_ids": [Command.create({"name": "One", "quantity": 2}), Command.create({"name": "Two"})],
            }
        )
        cls.other = cls.env[RECORD].create({"name": "Other", "line_ids": [Command.create({"name": "Foreign"})]})
        cls.one, cls.two = cls.record.line_ids

    def _refused(self, *parts: str, call=None, **kwargs) -> str:
        with self.assertRaises(ToolError) as caught, self.env.cr.savepoint():
            (call or self.tools.update_record)(**kwargs)
        for part in parts:
            self.assertIn(part, str(caught.exception))
        return str(caught.exception)

    def _hide(self, model: str, domain: str) -> None:
        """A record rule: everyone sees only what the domain permits."""
        values = {"name": "test", "model_id": self.env["ir.model"]._get(model).id, "domain_force": domain}
        self.env["ir.rule"].create(values)
        self.env.flush_all()
