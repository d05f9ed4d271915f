"""What the reading tools show, and that it is never more than the same user sees in Odoo."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged

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


@tagged("post_install", "-at_install")
class TestAnalysis(ReadingCase):
    def test_groups_are_readable(self):
        found = self.analysis.aggregate_records(
            ORDER, self.mine, ["partner_id", "date_done:month", "state"], ["quantity:sum"], "quantity:sum desc"
        ).groups
        self.assertEqual(found[0]["quantity:sum"], 5)
        first = found[-1]
        self.assertEqual(first["partner_id"], {"id": self.azure.id, "name": "Azure Tools"})
        self.assertEqual(first["date_done:month"], {"from": "2026-01-01", "label": "January 2026"})
        self.assertEqual(first["state"], {"value": "draft", "label": "Draft"})
        self.assertEqual((first["quantity:sum"], first["count"]), (2, 1))

    def test_totals_need_no_group(self):
        measures = ["quantity", "quantity:max", "quantity:avg", "date_done:min", "partner_id:count_distinct"]
        found = self.analysis.aggregate_records(ORDER, self.mine, [], measures).groups
        self.assertEqual(len(found), 1)
        self.assertEqual((found[0]["count"], found[0]["quantity:sum"], found[0]["quantity:max"]), (3, 10, 5))
        self.assertEqual((found[0]["date_done:min"], found[0]["partner_id:count_distinct"]), ("2026-01-31", 2))

    def test_times_are_grouped_in_the_zone_of_the_user(self):
        partner = self.env["res.partner"].sudo().create({"name": "Late"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE res_partner SET create_date='2026-01-31 23:30' WHERE id=%s", [partner.id])
        found = self.analysis.aggregate_records("res.partner", [["id", "=", partner.id]], ["create_date"]).groups
        self.assertEqual(found[0]["create_date:month"], {"from": "2026-02-01T00:00:00+01:00", "label": "February 2026"})

    def test_groups_are_those_of_the_users_own_read_group(self):
        """DESIGN §2.5."""
        asked = ["partner_id.country_id", "partner_id"]
        found = self.analysis.aggregate_records(ORDER, [], asked, ["quantity:sum"], limit=200).groups
        own = self.env[ORDER].formatted_read_group([], asked, ["quantity:sum"])
        self.assertEqual(sorted(group["quantity:sum"] for group in found), sorted(g["quantity:sum"] for g in own))
        foreign = [group for group in found if (group["partner_id"] or {}).get("id") == self.foreign.id]
        self.assertIsNone(foreign[0]["partner_id.country_id"])

    def test_pages_of_groups_are_complete(self):
        self.env["res.partner"].sudo().create([{"name": "Namesake"} for _number in range(5)])
        partners = self.env["res.partner"].search([("name", "=", "Namesake")])
        self.env[ORDER].create([{"name": f"N{p.id}", "partner_id": p.id} for p in partners])
        asked = {"domain": [["partner_id", "in", partners.ids]], "group_by": ["partner_id"], "limit": 2}
        found, cursor = [], ""
        while True:
            page = self.analysis.aggregate_records(ORDER, **asked, order="count desc", cursor=cursor)
            found += [group["partner_id"]["id"] for group in page.groups]
            if not (cursor := page.next_cursor):
                break
        self.assertEqual(sorted(found), sorted(partners.ids))
        # Not every model's own order tells two records apart.
        self.assertTrue(self.analysis._group_order("count desc", ["partner_id"], ["__count"]).endswith(", id:min"))

    def test_what_cannot_be_calculated_says_what_can(self):
        refused, model = self.assertRefused, "res.partner"
        refused(self.analysis.aggregate_records, model, measures=["name:sum"], says="type char")
        refused(self.analysis.aggregate_records, ORDER, measures=["message_needaction_counter:sum"], says="quantity")
        refused(self.analysis.aggregate_records, model, group_by=["comment"], says="groupable")
        refused(self.analysis.aggregate_records, model, group_by=["child_ids"], says="groupable")
        refused(self.analysis.aggregate_records, model, group_by=["child_ids.name"], says="no many2one")
        refused(self.analysis.aggregate_records, model, group_by=["create_date:hour_number"], says="quarter")
        refused(self.analysis.aggregate_records, model, group_by=["name:month"], says="no date")

    def test_relationships_are_followed_to_their_end(self):
        found = self.analysis.traverse_relationships(
            ORDER, self.orders[:2].ids, "partner_id.child_ids", ["name"], limit=10
        )
        self.assertEqual((found.model, found.count, found.total), ("res.partner", 10, 25))
        self.assertEqual(found.records[0]["start_ids"], self.orders[:2].ids)
        last = self.analysis.traverse_relationships(
            ORDER, self.orders[:2].ids, "partner_id.child_ids", ["name"], limit=50, cursor=found.next_cursor
        )
        self.assertEqual((last.count, last.next_cursor), (15, None))

    def test_foreign_records_are_neither_start_nor_end(self):
        """DESIGN §2.13."""
        found = self.analysis.traverse_relationships(ORDER, self.orders[:3].ids, "partner_id")
        self.assertEqual([record["id"] for record in found.records], [self.azure.id])
        absent = self.env["res.partner"].sudo().search([], order="id desc", limit=1).id + 1000
        texts = {
            self.assertRefused(self.analysis.traverse_relationships, "res.partner", [id], "child_ids").replace(
                str(id), "?"
            )
            for id in (self.foreign.id, absent)
        }
        self.assertEqual(len(texts), 1)
        for path in ("name", "partner_id.name", "create_uid.api_key_ids", "nothing", ".", "partner_id..child_ids"):
            self.assertRefused(self.analysis.traverse_relationships, ORDER, self.orders[:1].ids, path)


@tagged("post_install", "-at_install")
class TestKnowledge(ReadingCase):
    def setUp(self):
        super().setUp()
        self.knowledge = self.env["mcp.toolset.knowledge"]

    def test_results_have_the_form_of_deep_research(self):
        """FEATURES T11: results of id, title, url; a document of id, title, text, url, metadata."""
        found = self.knowledge.search("azure tools").model_dump()
        self.assertEqual(found["results"][0].keys(), {"id", "title", "url"})
        self.assertEqual(found["results"][0]["id"], f"res.partner/{self.azure.id}")
        self.assertTrue(found["results"][0]["url"].endswith(f"/odoo/res.partner/{self.azure.id}"))
        document = self.knowledge.fetch(found["results"][0]["id"])
        self.assertEqual(document.model_dump().keys(), {"id", "title", "text", "url", "metadata"})
        self.assertIn("Country: Belgium", document.text)
        self.assertIn("Child 03", document.text)
        self.assertEqual(document.metadata["model"], "res.partner")

    def test_words_are_looked_for_together_and_else_one_by_one(self):
        self.azure.sudo().ref = "REF-777"
        for query in ("azure ref-777", "AZURE gibberish"):
            self.assertIn(f"res.partner/{self.azure.id}", [item.id for item in self.knowledge.search(query).results])
        self.assertEqual(self.knowledge.search("gibberish").results, [])
        self.assertEqual(self.knowledge.search("%").results, [])
        self.assertRefused(self.knowledge.search, " , ", says="word")

    def test_foreign_records_are_neither_found_nor_fetched(self):
        self.assertNotIn(f"res.partner/{self.foreign.id}", [item.id for item in self.knowledge.search("azure").results])
        for id in (f"res.partner/{self.foreign.id}", "res.partner/0", "res.partner", "ir.config_parameter/1", "/1"):
            self.assertRefused(self.knowledge.fetch, id)
        self.assertRefused(self.knowledge.fetch, f"res.partner/{2**31}")
        with self.limited(x__mcp__test__order=[]):
            self.assertEqual(self.knowledge.search("azure").results, [])

    def test_a_document_has_the_last_messages_and_no_hidden_field(self):
        self.orders[0].sudo().message_post(body="Please call back", message_type="comment")
        text = self.knowledge.fetch(f"{ORDER}/{self.orders[0].id}").text
        self.assertIn("Please call back", text)
        self.assertNotIn("argin", text)
        with self.limited(x__mcp__test__order=[]):
            self.assertNotIn("call back", self.knowledge.fetch(f"{ORDER}/{self.orders[0].id}").text)
