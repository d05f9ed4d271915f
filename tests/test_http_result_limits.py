"""Results that are larger than the settings allow: the pages together are the whole, and what is one is refused."""

import json

from odoo.tests import tagged

from .test_http_limits import ORDER, RECORD, LimitsCase

KB = 5


@tagged("post_install", "-at_install")
class TestResultLimits(LimitsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Three bytes a character, so that characters and bytes are told apart; some longer, so that pages differ.
        cls.records = cls.env[RECORD].create(
            [{"name": f"{number:03} {'漢' * (20 + 37 * (number % 7))}", "number": number} for number in range(60)]
        )
        cls.partner = cls.env["res.partner"].create({"name": "Many"})
        cls.orders = cls.env[ORDER].create([{"name": "漢" * 40, "partner_id": cls.partner.id} for _ in range(60)])
        cls.settings.result_kb = KB

    def pages(self, list_name, tool, **arguments):
        """The items of all pages of a tool, each within the limit, and the number of pages."""
        items, count, cursor = [], 0, ""
        while True:
            answer = self.result(tool, **arguments, cursor=cursor)
            self.assertLessEqual(len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()), KB * 1000)
            page = answer[list_name]
            self.assertTrue(page)
            if "count" in answer:
                self.assertEqual(answer["count"], len(page))
            items, count, cursor = items + page, count + 1, answer.get("next_cursor", "")
            self.assertLess(count, 200, "does not end")
            if not cursor:
                return items, count

    def check_pages(self, list_name, tool, **arguments):
        """All pages together are what one page would be if it could be that large."""
        items, count = self.pages(list_name, tool, **arguments)
        self.settings.result_kb = 1000
        whole = self.result(tool, **arguments)
        self.settings.result_kb = KB
        self.assertNotIn("next_cursor", whole)
        self.assertEqual(items, whole[list_name])
        self.assertGreater(count, 1)

    def test_a_search_goes_on_where_it_was_cut(self):
        """FEATURES G8: without a gap and nothing twice, in its order, whatever the sizes of the records."""
        mine = {"model": RECORD, "domain": [["id", "in", self.records.ids]], "fields": ["name", "number"]}
        self.check_pages("records", "search_records", **mine, order="number desc", limit=200)
        self.check_pages("records", "search_records", **mine, order="grade", limit=200)
        items, count = self.pages("records", "search_records", **mine, order="number", limit=7)
        self.assertEqual([item["id"] for item in items], self.records.ids)
        self.assertGreaterEqual(count, 60 // 7)

    def test_groups_go_on_where_they_were_cut(self):
        mine = [["id", "in", self.records.ids]]
        self.check_pages("groups", "aggregate_records", model=RECORD, domain=mine, group_by=["name"], limit=200)
        twofold = {"model": RECORD, "domain": mine, "group_by": ["name", "number"]}
        self.check_pages("groups", "aggregate_records", **twofold, order="count desc", limit=200)

    def test_related_records_go_on_where_they_were_cut(self):
        for order in self.orders:
            order.partner_id = self.partner.copy({"name": f"{order.id} {'漢' * 50}"})
        reached = {"model": ORDER, "ids": self.orders.ids, "path": "partner_id", "fields": ["name", "email"]}
        self.check_pages("records", "traverse_relationships", **reached, limit=200)

    def test_descriptions_go_on_where_they_were_cut(self):
        """What an AI asks first is large in any database."""
        self.check_pages("fields", "describe_model", model="res.partner")
        self.check_pages("models", "list_models")

    def test_messages_and_files_go_on_where_they_were_cut(self):
        record = self.records[0]
        for number in range(30):
            record.message_post(body=f"{number} {'漢' * 150}")
            values = {"name": f"{number} {'漢' * 100}.txt", "raw": b"x", "res_model": RECORD, "res_id": record.id}
            self.env["ir.attachment"].create(values)
            record.activity_schedule(summary=f"{number} {'漢' * 60}", user_id=self.user.id)
        here = {"model": RECORD, "id": record.id, "limit": 200}
        self.check_pages("messages", "read_messages", **here)
        self.check_pages("attachments", "list_attachments", **here)
        self.check_pages("activities", "read_activities", model=RECORD, ids=record.ids, limit=200)

    def test_one_result_that_is_too_large_is_a_clear_error(self):
        """It says how large it is and what to ask for instead."""
        record = self.records[0]
        record.description = "<p>漢</p>" * 2000
        refused = self.failure("get_record", model=RECORD, id=record.id, fields=["description"])
        self.assertRegex(refused, r"^The result has \d+ kB, and at most 5 kB are sent at once\. Ask for fewer fields")
        self.assertNotIn("changed", refused)
        found = {"model": RECORD, "domain": [["id", "=", record.id]], "fields": ["description", "name"]}
        self.failure("search_records", **found)

    def test_what_was_written_is_undone_if_it_cannot_be_told(self):
        """Or the AI would do it again: half an answer is none."""
        records = [{"name": f"{number} {'漢' * 200}"} for number in range(200)]
        self.assertIn("Nothing was changed.", self.failure("create_records", model=RECORD, records=records))
        self.assertFalse(self.env[RECORD].search([("name", "in", [row["name"] for row in records])]))

    def test_a_long_account_of_a_change_is_shortened_and_says_so(self):
        """The change itself stays."""
        values = [{"name": f"short {number}", "description": "漢" * 200} for number in range(10)]
        told = self.result("create_records", model=RECORD, records=values)
        self.assertIn("left out", told["note"])
        self.assertEqual(len(told["records"]), 10)
        self.assertEqual(self.env[RECORD].search_count([("name", "like", "short ")]), 10)
