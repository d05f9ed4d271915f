"""Groups, relationships, and search in the form of deep research."""

from odoo.tests import tagged

from .reading_case import ORDER, ReadingCase


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
