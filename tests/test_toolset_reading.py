"""What the reading tools show, and that it is never more than the same user sees in Odoo."""

from odoo.tests import tagged

from .reading_case import ORDER, ReadingCase


@tagged("post_install", "-at_install")
class TestRecords(ReadingCase):
    def test_selections_say_value_and_label(self):
        """Issue: readable selection labels."""
        record = self.records.get_record(ORDER, self.orders[0].id, ["state"]).record
        self.assertEqual(record["state"], {"value": "draft", "label": "Draft"})

    def test_lists_of_records_are_named_and_bounded(self):
        found = self.records.search_records("res.partner", [["id", "=", self.azure.id]], ["child_ids"]).records[0]
        self.assertEqual(len(found["child_ids"]), 21)
        self.assertIn("Child 00", found["child_ids"][0]["name"])
        self.assertEqual(found["child_ids"][-1], {"more": 5})

    def test_a_dotted_path_is_followed(self):
        fields = ["partner_id.country_id.code", "partner_id.child_ids.name"]
        found = self.records.search_records(ORDER, [["name", "=", "T1"]], fields).records[0]
        self.assertEqual(found["partner_id.country_id.code"], "BE")
        self.assertEqual(found["partner_id.child_ids.name"][0], "Child 00")
        self.assertEqual(found["partner_id.child_ids.name"][-1], {"more": 5})

    def test_a_path_through_a_foreign_record_shows_nothing(self):
        """DESIGN §2.5: Odoo shows the user the name of a related record, and no more of it."""
        found = self.records.search_records(ORDER, [["name", "=", "T3"]], ["partner_id", "partner_id.email"]).records[0]
        own = self.env[ORDER].search_read([("name", "=", "T3")], ["partner_id"])[0]
        self.assertEqual((found["partner_id"]["id"], found["partner_id"]["name"]), own["partner_id"])
        self.assertIsNone(found["partner_id.email"])

    def test_hidden_fields_are_refused_everywhere(self):
        """FEATURES G7: shown, searched, sorted, through a path, grouped and measured."""
        for fields in (
            ["margin"],
            ["partner_id.signup_type"],
            ["create_uid.password"],
            ["name.x"],
            [""],
            ["partner_id."],
        ):
            self.assertRefused(self.records.search_records, ORDER, fields=fields)
            self.assertRefused(self.records.get_record, ORDER, self.orders[0].id, fields)
        self.assertRefused(self.records.search_records, ORDER, [["margin", ">", 1]])
        for order in (
            "margin",
            "create_uid.password",
            "partner_id.name",
            "display_name",
            "name,",
            "name; drop",
            "id--",
        ):
            self.assertRefused(self.records.search_records, ORDER, order=order)
        for spec in (
            "margin",
            "create_uid.password",
            "partner_id.signup_type",
            "create_uid.api_key_ids",
            "nothing",
            "",
        ):
            self.assertRefused(self.analysis.aggregate_records, ORDER, group_by=[spec])
        for spec in ("margin:sum", "margin", "create_uid.id:count", "nothing:sum", ":sum", "quantity:array_agg"):
            self.assertRefused(self.analysis.aggregate_records, ORDER, measures=[spec])
        for order in ("margin:sum desc", "margin", "quantity:sum desc", "count; select"):
            self.assertRefused(self.analysis.aggregate_records, ORDER, group_by=["state"], order=order)

    def test_archived_records_come_when_asked_for(self):
        def count(domain, **named):
            return self.records.count_records(ORDER, [*self.mine, *domain], **named).count

        self.assertEqual(count([]), 3)
        self.assertEqual(count([], include_archived=True), 4)
        self.assertEqual(count([["active", "in", [True, False]]]), 4)
        self.assertEqual(count([["active", "=", False]]), 1)
        self.assertEqual(self.records.get_record(ORDER, self.orders[3].id, ["active"]).record["active"], False)

    def test_no_page_repeats_a_record_when_the_order_leaves_it_open(self):
        asked = {"domain": [["parent_id", "=", self.azure.id]], "fields": ["id"], "order": "company_id", "limit": 4}
        ids, cursor = [], ""
        while True:
            page = self.records.search_records("res.partner", **asked, cursor=cursor)
            ids += [record["id"] for record in page.records]
            if not (cursor := page.next_cursor):
                break
        self.assertEqual(sorted(ids), sorted(self.azure.child_ids.ids))

    def test_a_page_that_was_cut_goes_on_where_it_was_cut(self):
        """FEATURES G8."""
        asked = {"domain": [["parent_id", "=", self.azure.id]], "fields": ["name"], "order": "name"}
        page = self.records.search_records("res.partner", **asked)
        short = page.shortened(1200)
        self.assertLess(short.count, page.count)
        following = self.records.search_records("res.partner", **asked, cursor=short.next_cursor)
        self.assertEqual(following.records[0], page.records[short.count])

    def test_forged_cursors_are_refused(self):
        for cursor in ("x", "eyJvZmZzZXQiOnRydWUsInYiOjF9", "eyJvZmZzZXQiOi0xLCJ2IjoxfQ"):
            self.assertRefused(self.records.search_records, ORDER, cursor=cursor, says="cursor")

    def test_long_texts_are_cut_in_lists_and_say_how_to_get_the_rest(self):
        self.azure.sudo().comment = f"<p>{'long ' * 1000}</p>"
        found = self.records.search_records("res.partner", [["id", "=", self.azure.id]], ["comment"]).records[0]
        self.assertLess(len(found["comment"]), 2100)
        self.assertIn('get_record with fields=["comment"]', found["comment"])
        self.assertNotIn("<p>", found["comment"])
        whole = self.records.get_record("res.partner", self.azure.id, ["comment"]).record
        self.assertEqual(whole["comment"], f"<p>{'long ' * 1000}</p>")

    def test_a_connection_limited_to_some_records_reads_no_others(self):
        """FEATURES G2: also through relations, paths and groups."""
        limits = {"x__mcp__test__order": [("name", "!=", "T2")], "res__partner": [("name", "=", "Azure Tools")]}
        with self.limited(**limits):
            self.assertEqual(self.records.count_records(ORDER, self.mine).count, 2)
            self.assertRefused(self.records.get_record, ORDER, self.orders[1].id)
            shown = self.records.get_record("res.partner", self.azure.id, ["child_ids"]).record
            self.assertEqual(shown["child_ids"], [])
            self.assertRefused(self.analysis.aggregate_records, ORDER, group_by=["partner_id.email"], says="only some")
            reached = self.analysis.traverse_relationships("res.partner", [self.azure.id], "child_ids")
            self.assertEqual(reached.total, 0)
        with self.limited(x__mcp__test__order=[]):
            for fields in (["partner_id.name"], ["message_follower_ids"]):
                self.assertRefused(self.records.search_records, ORDER, fields=fields)
            self.assertRefused(self.analysis.traverse_relationships, ORDER, self.orders[:1].ids, "partner_id")
            self.assertRefused(self.analysis.aggregate_records, ORDER, group_by=["partner_id.name"])


@tagged("post_install", "-at_install")
class TestModels(ReadingCase):
    def test_models_tell_what_may_be_done(self):
        found = {model.model: model.operations for model in self.records.list_models().models}
        self.assertEqual(found["res.partner"], ["read"])
        self.assertEqual(found[ORDER], ["read", "create", "write", "unlink"])
        self.assertEqual(found["res.country"], ["read"])
        self.assertNotIn("x.mcp.test.closed", found)
        with self.limited(x__mcp__test__order=[]):
            self.assertEqual([(m.model, m.operations) for m in self.records.list_models().models], [(ORDER, ["read"])])

    def test_a_mistaken_model_names_near_ones_that_the_user_can_read(self):
        self.assertRefused(self.records.describe_model, "res.partners", says="Did you mean res.partner")
        self.assertNotIn("closed", self.assertRefused(self.records.describe_model, "x.mcp.test.close"))
        self.assertNotIn("Did you mean", self.assertRefused(self.records.describe_model, "mcp.api.keys"))

    def test_a_description_has_choices_relations_and_no_hidden_field(self):
        described = {field.name: field for field in self.records.describe_model(ORDER).fields}
        self.assertEqual(described["state"].selection[0], "draft = Draft")
        self.assertEqual(described["partner_id"].relation, "res.partner")
        self.assertEqual(described["quantity"].aggregator, "sum")
        self.assertTrue(described["name"].required)
        self.assertIsNone(described["note"].required)
        self.assertNotIn("margin", described)
        found = [field.name for field in self.records.describe_model(ORDER, query="quant").fields]
        self.assertEqual(found, ["quantity"])

    def test_long_lists_are_cut_and_go_on(self):
        """FEATURES G8: also lists whose items have a schema."""
        whole = self.records.list_models()
        short = whole.shortened(3000)
        self.assertLess(len(short.models), len(whole.models))
        following = self.records.list_models(cursor=short.next_cursor)
        self.assertEqual(following.models[0], whole.models[len(short.models)])

    def test_resources_are_what_the_tools_show(self):
        resources = self.env["mcp.toolset.resources"]
        self.assertIn('"name":"T1"', resources.record(ORDER, str(self.orders[0].id)))
        self.assertNotIn("margin", resources.record(ORDER, str(self.orders[0].id)))
        self.assertIn('"quantity"', resources.model_schema(ORDER))
        for model, id in (("res.partner", str(self.foreign.id)), (ORDER, "0"), (ORDER, "²"), ("mcp.api.key", "1")):
            self.assertIsNone(resources.record(model, id))
        self.assertIsNone(resources.record(ORDER, "9" * 30))
        self.assertIsNone(resources.model_schema("x.mcp.test.closed"))
