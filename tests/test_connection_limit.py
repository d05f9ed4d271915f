"""What a connection is limited to: who may set it, what may be set, and what the gateway gets of it."""

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import html2plaintext, mute_logger


@tagged("post_install", "-at_install")
class TestConnectionLimit(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "limit_user", "base.group_user,mcp_gateway.group_mcp_user")
        cls.other = new_test_user(cls.env, "limit_other", "base.group_user,mcp_gateway.group_mcp_user")
        cls.admin = new_test_user(cls.env, "limit_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        cls.connection = (
            cls.env["mcp.connection"].with_user(cls.admin).create({"name": "limited", "user_id": cls.user.id})
        )
        cls.partner = cls.env["ir.model"]._get("res.partner")
        cls.country = cls.env["ir.model"]._get("res.country")
        cls.tool = cls.env["mcp.tool"].search([("name", "=", "count_records")])

    def allow(self, model, **values):
        self.connection.model_ids = [Command.create({"model_id": model.id, **values})]
        return self.connection.model_ids.filtered(lambda row: row.model_id == model)

    def limits(self):
        self.env.flush_all()
        return self.env["mcp.connection.model"].with_user(self.user)._limits_of(self.connection.id)

    def last_message(self):
        return html2plaintext(self.connection.message_ids.sorted("id")[-1].body).strip()

    def test_no_rows_limit_nothing(self):
        """FEATURES G2: None, and not an empty list of models, which would be nothing at all."""
        self.assertIsNone(self.limits())

    def test_the_gateway_gets_operations_and_domain_in_one_query(self):
        """FEATURES G2: read only unless more is ticked."""
        self.allow(self.country)
        self.allow(self.partner, can_write=True, domain='[("is_company", "=", True)]')
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            limits = self.env["mcp.connection.model"].with_user(self.user)._limits_of(self.connection.id)
        self.assertEqual(limits["res.country"], (frozenset({"read"}), []))
        self.assertEqual(limits["res.partner"], (frozenset({"read", "write"}), [("is_company", "=", True)]))

    def test_a_limit_outlives_its_model(self):
        """Uninstalling the only allowed model must not allow everything."""
        made = self.env["ir.model"].create({"name": "Passing", "model": "x_mcp_passing"})
        self.allow(made)
        self.env.flush_all()
        made.unlink()
        self.env.invalidate_all()
        self.assertEqual(list(self.limits()), ["x_mcp_passing"])
        self.assertIn("x_mcp_passing", self.connection.model_ids.display_name)
        kept = self.allow(self.partner)
        kept.model_id = False
        self.assertIn("res.partner", self.limits())

    def test_what_a_limit_names_cannot_be_deleted(self):
        """A list that lost its last line would allow everything."""
        self.connection.tool_ids = self.tool
        self.env.flush_all()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute("DELETE FROM mcp_tool WHERE id = %s", [self.tool.id])

    def test_hidden_models_cannot_be_allowed(self):
        """DESIGN §2.13: the guard would refuse them anyway."""
        for name in (
            "mcp.connection",
            "res.users.apikeys",
            "ir.config_parameter",
            "mcp.toolset",
            "mcp.connection.revoke",
        ):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.allow(self.env["ir.model"]._get(name))

    def test_a_domain_selects_records_of_its_model(self):
        """A wrong one is refused when it is saved, not when the AI calls."""
        row = self.allow(self.partner)
        for domain in ("[(", "1", "name", '[("nothing_here", "=", 1)]', '[("id", "=", 1, 2)]', '["|"]', "[uid]", "{}"):
            with self.subTest(domain), self.assertRaises(ValidationError):
                row.domain = domain
        for domain in (False, "[]", '["|", ("name", "=", "x"), ("country_id.code", "in", ["BE"])]'):
            row.domain = domain
            self.assertIsInstance(self.limits()["res.partner"].domain, list)

    def test_the_form_knows_the_model_before_it_is_saved(self):
        """The domain is chosen for the model of the same line."""
        with Form(self.connection) as form, form.model_ids.new() as line:
            line.model_id = self.partner
            self.assertEqual(line.model, "res.partner")
            line.domain = '[("is_company", "=", True)]'
        self.assertEqual(self.limits()["res.partner"].domain, [("is_company", "=", True)])

    def test_a_model_is_listed_once_and_writing_needs_reading(self):
        """The database says so too."""
        self.allow(self.partner)
        for values in (
            {"model_id": self.partner.id},
            {"model_id": self.country.id, "can_read": False, "can_write": True},
        ):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.connection.model_ids = [Command.create(values)]
                self.env.flush_all()

    def test_custom_needs_a_tool(self):
        """An empty list otherwise means everything."""
        with self.assertRaises(ValidationError):
            self.connection.scope = "custom"
        self.connection.write({"scope": "custom", "tool_ids": [Command.link(self.tool.id)]})
        with self.assertRaises(ValidationError):
            self.connection.tool_ids = False

    def test_companies_are_those_of_the_user(self):
        """DESIGN §2.5: limits only take away."""
        foreign = self.env["res.company"].create({"name": "Foreign"})
        self.admin.company_ids += foreign
        with self.assertRaisesRegex(ValidationError, "Foreign"):
            self.connection.company_ids = foreign
        self.connection.company_ids = self.user.company_id
        self.user.company_ids += foreign
        self.connection.company_ids = foreign
        self.assertEqual(self.connection.company_ids, foreign)

    def test_only_administrators_set_limits(self):
        """DESIGN §2.12: the user of the connection sees them, and other users do not."""
        row = self.allow(self.partner)
        mine = self.connection.with_user(self.user)
        self.assertEqual(mine.model_ids.model, "res.partner")
        self.assertEqual(
            row.with_user(self.user).web_read({"model_id": {"fields": {"display_name": {}}}})[0]["model_id"][
                "display_name"
            ],
            "Contact",
        )
        for act in (
            lambda: mine.write({"tool_ids": [Command.link(self.tool.id)]}),
            lambda: mine.write({"model_ids": [Command.clear()]}),
            lambda: mine.write({"company_ids": [Command.clear()]}),
            lambda: row.with_user(self.user).write({"can_write": True}),
            lambda: row.with_user(self.user).unlink(),
            lambda: row.with_user(self.user).create({"connection_id": self.connection.id, "model_id": self.country.id}),
            lambda: row.with_user(self.other).read(["model"]),
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(self.env["mcp.connection.model"].with_user(self.other).search([]))
        self.assertTrue(self.env["ir.model"].with_user(self.admin).name_search("Contact"))

    def test_every_change_is_one_readable_line_in_the_chatter(self):
        """DESIGN §2.12: what joined and what left."""
        second = self.env["mcp.tool"].search([("name", "=", "get_record")])
        self.connection.tool_ids = self.tool
        self.assertEqual(self.last_message(), f"Allowed Tools: added {self.tool.title}.")
        self.connection.tool_ids = second
        self.assertEqual(self.last_message(), f"Allowed Tools: added {second.title}; removed {self.tool.title}.")
        self.assertEqual(self.connection.message_ids.sorted("id")[-1].author_id, self.admin.partner_id)
        row = self.allow(self.partner)
        self.assertEqual(self.last_message(), "Allowed Models: added Contact (Read).")
        row.write({"can_write": True, "domain": '[("id", ">", 5)]'})
        self.assertEqual(
            self.last_message(),
            'Allowed Models: added Contact (Read, Change, only [("id", ">", 5)]); removed Contact (Read).',
        )
        count = len(self.connection.message_ids)
        row.write({"can_write": True})
        self.connection.tool_ids = second
        self.assertEqual(len(self.connection.message_ids), count)
        self.connection.model_ids = [Command.delete(row.id)]
        self.assertIn("removed Contact (Read, Change", self.last_message())
        self.assertIsNone(self.limits())
