"""What nobody writes through the writing tools, whatever they try."""

from odoo.tests import tagged

from ..toolsets import context
from .writing_case import ALL, LINE, RECORD, TAG, WritingCase


@tagged("post_install", "-at_install")
class TestToolsetWritingRights(WritingCase):
    def test_a_field_of_a_group_is_absent_for_others(self):
        """DESIGN §2.13."""
        for call, kwargs in (
            (self.tools.update_record, {"id": self.record.id}),
            (self.tools.create_record, {}),
        ):
            text = self._refused(call=call, model=RECORD, values={"secret_note": "x"}, **kwargs)
            absent = self._refused(call=call, model=RECORD, values={"secret_nota": "x"}, **kwargs)
            self.assertIn('has no field "secret_note"', text)
            self.assertIn('has no field "secret_nota"', absent)

    def test_a_guarded_field_is_not_reached_through_lines(self):
        """FEATURES G7."""
        for lines in ({"create": [{"name": "x", "api_key": "k"}]}, {"update": [{"id": self.one.id, "api_key": "k"}]}):
            self._refused("api_key: ", model=RECORD, id=self.record.id, values={"line_ids": lines})

    def test_users_are_not_reached_through_relations(self):
        """Guards: users and their rights."""
        admin = self.env["mcp.toolset.writing"].with_user(self.env.ref("base.user_admin"))
        for users in (
            {"create": [{"login": "x", "name": "x"}]},
            {"update": [{"id": self.user.id, "name": "x"}]},
            {"delete": [self.user.id]},
        ):
            self.record.user_ids = self.user
            self._refused(
                "AI tools cannot", call=admin.update_record, model=RECORD, id=self.record.id, values={"user_ids": users}
            )
        # The other side of this relation is what a user may do.
        company = self.env.company.id
        self._refused(
            "AI tools cannot",
            call=admin.update_record,
            model="res.company",
            id=company,
            values={"user_ids": [self.user.id]},
        )
        self._refused(
            "AI tools cannot", call=admin.create_record, model="res.users", values={"name": "x", "login": "x"}
        )

    def test_lines_of_another_record_stay_with_it(self):
        foreign = self.other.line_ids
        for lines in (
            {"update": [{"id": foreign.id, "name": "x"}]},
            {"delete": [foreign.id]},
            {"remove": [foreign.id]},
        ):
            self._refused("is not in line_ids", model=RECORD, id=self.record.id, values={"line_ids": lines})

    def test_what_a_rule_hides_is_neither_linked_nor_named(self):
        """DESIGN §2.13: neither by id nor by name, and the same as what is not there."""
        self._hide("res.partner", f"[('id', '!=', {self.partner.id})]")
        self._hide(LINE, f"[('id', '!=', {self.other.line_ids.id})]")
        wrong = self._refused(model=RECORD, id=self.record.id, values={"partner_id": self.partner.id})
        absent = self._refused(model=RECORD, id=self.record.id, values={"partner_id": 2**31 - 1})
        self.assertEqual(wrong.replace(str(self.partner.id), "?"), absent.replace(str(2**31 - 1), "?"))
        self._refused(
            "no res.partner of this name", model=RECORD, id=self.record.id, values={"partner_id": "Writing Partner"}
        )
        for lines in ({"add": [self.other.line_ids.id]}, [self.other.line_ids.id]):
            self._refused("has no record", model=RECORD, id=self.record.id, values={"line_ids": lines})
        self._hide(RECORD, f"[('id', '!=', {self.other.id})]")
        self._refused("has no record", model=RECORD, id=self.other.id, values={"name": "x"})
        self._refused("has no record", call=self.tools.delete_record, model=RECORD, id=self.other.id)

    def test_another_company_is_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        for value in (company.id, "Elsewhere"):
            self._refused("company_id: ", model=RECORD, id=self.record.id, values={"company_id": value})
        self._hide(RECORD, "[('company_id', 'in', company_ids + [False])]")
        self.other.company_id = company
        self._refused("has no record", model=RECORD, id=self.other.id, values={"name": "x"})

    def test_a_line_that_may_not_be_written_is_not_stolen(self):
        """Linking a line changes it."""
        self.env["ir.model.access"].search([("model_id.model", "=", LINE)]).perm_write = False
        for lines in ({"add": [self.other.line_ids.id]}, {"update": [{"id": self.one.id, "name": "x"}]}, [self.one.id]):
            self._refused("You may not change", model=RECORD, id=self.record.id, values={"line_ids": lines})
        self.env["ir.model.access"].search([("model_id.model", "=", LINE)]).perm_unlink = False
        for lines in ({"remove": [self.one.id]}, {"delete": [self.one.id]}, []):
            self._refused("You may not delete", model=RECORD, id=self.record.id, values={"line_ids": lines})

    def test_a_value_is_not_passed_on_to_what_may_not_be_written(self):
        """A related field writes elsewhere."""
        self.record.partner_id = self.partner
        on = {"model": RECORD, "id": self.record.id, "values": {"partner_name": "x"}}
        self._refused("may not", **on)
        self.user.group_ids += self.env.ref("base.group_partner_manager")
        read, others = frozenset({"read"}), [("id", "!=", self.partner.id)]
        for limit in (context.ModelLimit(read, []), context.ModelLimit(ALL, others)):
            limits = {RECORD: context.ModelLimit(ALL, []), "res.partner": limit}
            with context.serving(context.Context(models=limits)):
                self._refused("partner_name: ", **on)
        limits["res.partner"] = context.ModelLimit(ALL, [("name", "!=", "x")])
        with context.serving(context.Context(models=limits)):
            self._refused("limited to certain records", **on)
            values = {"name": "New", "partner_id": self.partner.id, "partner_name": "x"}
            self._refused("limited to certain records", call=self.tools.create_record, model=RECORD, values=values)
        self.tools.update_record(RECORD, self.record.id, {"partner_name": "Renamed"})
        self.assertEqual(self.partner.name, "Renamed")

    def test_the_bookkeeping_of_a_hierarchy_is_not_set(self):
        """Odoo would ignore it without saying so."""
        admin = self.env["mcp.toolset.writing"].with_user(self.env.ref("base.user_admin"))
        category = self.env["res.partner.category"].create({"name": "Top"})
        self._refused(
            "Odoo sets it itself",
            call=admin.update_record,
            model=category._name,
            id=category.id,
            values={"parent_path": "1/"},
        )

    def test_no_write_leaves_what_the_connection_is_limited_to(self):
        """FEATURES G2: neither the record nor its lines."""
        read = frozenset({"read"})
        limits = {
            RECORD: context.ModelLimit(ALL, [("number", "<", 100)]),
            LINE: context.ModelLimit(ALL, [("quantity", "<", 100)]),
            TAG: context.ModelLimit(read, []),
        }
        with context.serving(context.Context(models=limits)):
            lines = [
                {"create": [{"name": "x", "quantity": 100}]},
                {"update": [{"id": self.one.id, "quantity": 100}]},
            ]
            for values in ({"number": 100}, *({"line_ids": line} for line in lines)):
                self._refused("limited to certain records", model=RECORD, id=self.record.id, values=values)
            self._refused(
                "limited to", call=self.tools.create_record, model=RECORD, values={"name": "x", "number": 100}
            )
            tags = {"tag_ids": {"create": [{"name": "x"}]}}
            self._refused("This connection may not", model=RECORD, id=self.record.id, values=tags)
            self._refused("may not", call=self.tools.delete_record, model=TAG, id=self.tags[0].id)
            self._refused("partner_id: ", model=RECORD, id=self.record.id, values={"partner_id": self.partner.id})
            self.tools.update_record(RECORD, self.record.id, {"number": 99, "tag_ids": ["Urgent"]})

    # Traces
