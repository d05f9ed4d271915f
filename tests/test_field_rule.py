"""Fields that an administrator hides from all AI tools (FEATURES G7)."""

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .reading_case import ORDER, ReadingCase


@tagged("post_install", "-at_install")
class TestFieldRule(ReadingCase):
    def setUp(self):
        super().setUp()
        self.rules = self.env["mcp.field.rule"].sudo()

    def field(self, model: str, name: str):
        return self.env["ir.model.fields"].sudo()._get(model, name)

    def hide(self, name: str, model: str = ORDER):
        return self.rules.create({"field_id": self.field(model, name).id})

    def test_a_hidden_field_looks_like_one_that_does_not_exist(self):
        """Neither shown nor searched, sorted, grouped nor written by; and shown again once the rule is gone."""
        find, one = self.records.search_records, self.orders[0]
        self.assertEqual(find(ORDER, self.mine, fields=["quantity"], limit=1).records[0]["quantity"], 2)
        rule = self.hide("quantity")
        self.assertRefused(find, ORDER, self.mine, fields=["quantity"], says='no field "quantity"')
        self.assertRefused(find, ORDER, [["quantity", ">", 1]], says='no field "quantity"')
        self.assertRefused(find, ORDER, self.mine, order="quantity desc", says='no field "quantity"')
        self.assertRefused(
            self.analysis.aggregate_records, ORDER, self.mine, measures=["quantity:sum"], says='no field "quantity"'
        )
        writing = self.env["mcp.toolset.writing"]
        self.assertRefused(writing.update_record, ORDER, one.id, {"quantity": 9}, says='no field "quantity"')
        self.assertNotIn("quantity", self.records.get_record(ORDER, one.id).record)
        self.assertNotIn("quantity", str(self.env["mcp.toolset.records"].describe_model(ORDER)))
        rule.unlink()
        self.assertEqual(find(ORDER, self.mine, fields=["quantity"], limit=1).records[0]["quantity"], 2)

    def test_a_field_that_shows_it_under_another_name_is_hidden_too(self):
        related = next(
            (name, field.related_field)
            for name, field in self.env["res.users"]._fields.items()
            if field.related_field is not None and field.related_field.name == "phone"
        )
        self.hide("phone", "res.partner")
        self.assertFalse(self.env["mcp.guard"]._shows_field(self.env["res.users"], related[0]))
        self.assertFalse(self.env["mcp.guard"]._shows_field(self.env["res.partner"], "phone"))

    def test_the_name_of_a_record_cannot_be_hidden(self):
        """It is shown wherever the record is mentioned: a rule would say what is not so."""
        for model, name in (("res.partner", "name"), ("res.partner", "display_name"), (ORDER, "name"), (ORDER, "id")):
            with self.subTest(f"{model}.{name}"), self.assertRaisesRegex(ValidationError, "part of the name"):
                self.hide(name, model)

    def test_the_model_of_a_rule_is_the_fields_own(self):
        users = self.env["ir.model"].sudo()._get("res.users")
        rule = self.rules.create({"model_id": users.id, "field_id": self.field("res.partner", "phone").id})
        self.assertEqual((rule.model_id.model, rule.model, rule.field), ("res.partner", "res.partner", "phone"))
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.hide("phone", "res.partner")

    def test_only_an_administrator_hides_fields(self):
        admin = new_test_user(self.env(su=True), "field_admin", "base.group_user,mcp_gateway.group_mcp_admin")
        field = self.field(ORDER, "quantity").id
        with self.assertRaises(AccessError):
            self.env["mcp.field.rule"].create({"field_id": field})
        rule = self.env["mcp.field.rule"].with_user(admin).create({"field_id": field})
        self.assertEqual(rule.model, ORDER)

    def test_bank_accounts_are_hidden_from_the_start(self):
        guard = self.env["mcp.guard"]
        self.assertTrue(guard._hides_model("res.partner.bank"))
        self.assertFalse(guard._shows_field(self.env["res.partner"], "bank_ids"))
