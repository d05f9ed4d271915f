"""What the tests of the reading tools begin with."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

from ..toolsets import context
from ..toolsets.tool import ToolError

ORDER = "x.mcp.test.order"


class ReadingCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "reading_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.user.tz = "Europe/Brussels"
        other = cls.env["res.company"].create({"name": "Other Company"})
        cls.azure = cls.env["res.partner"].create(
            {
                "name": "Azure Tools",
                "country_id": cls.env.ref("base.be").id,
                "child_ids": [Command.create({"name": f"Child {number:02}"}) for number in range(25)],
            }
        )
        cls.foreign = cls.env["res.partner"].create({"name": "Azure Foreign", "company_id": other.id})
        cls.orders = cls.env[ORDER].create(
            [
                {"name": "T1", "quantity": 2, "date_done": "2026-01-31", "partner_id": cls.azure.id, "margin": 7},
                {"name": "T2", "quantity": 3, "date_done": "2026-02-01", "partner_id": cls.azure.id, "margin": 8},
                {"name": "T3", "quantity": 5, "date_done": "2026-02-28", "partner_id": cls.foreign.id, "margin": 9},
                {"name": "T4", "quantity": 100, "active": False, "state": "done"},
            ]
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.env.invalidate_all()
        self.env = self.env(user=self.user, context={"lang": "en_US", "tz": "Europe/Brussels", "uid": self.user.id})
        self.records = self.env["mcp.toolset.records"]
        self.analysis = self.env["mcp.toolset.analysis"]
        self.mine = [["id", "in", self.orders.ids]]

    def limited(self, **models):
        """Serve as for a connection with limits; model → domain."""
        limits = {
            name.replace("__", "."): context.ModelLimit(frozenset({"read"}), domain) for name, domain in models.items()
        }
        return context.serving(context.Context(models=limits))

    def assertRefused(self, method, *arguments, says="", **named):
        with self.assertRaises(ToolError) as caught:
            method(*arguments, **named)
        self.assertIn(says, str(caught.exception))
        return str(caught.exception)
