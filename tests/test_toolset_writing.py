"""Creating, changing and deleting records: what an AI gets right, and what nobody gets through."""

from datetime import date, datetime

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..toolsets import context
from .writing_case import LINE, RECORD, TAG, WritingCase


@tagged("post_install", "-at_install")
class TestToolsetWriting(WritingCase):
    # Values

    def test_values_are_written_as_an_ai_gives_them(self):
        """FEATURES T3: names, labels, dates, offsets, lines."""
        changes = self.tools.create_record(
            RECORD,
            {
                "name": "All kinds",
                "partner_id": "writing partner",
                "tag_ids": ["Urgent", self.tags[1].id],
                "grade": "high",
                "due_date": "2026-03-31",
                "moment": "2026-03-31T14:00:00+02:00",
                "number": 5,
                "description": "first\n<b>second</b><script>alert(1)</script>",
                "anything": "<img src=x onerror=alert(1)>",
                "distribution": {"12": 100.0},
                "subject_ref": f"res.partner,{self.partner.id}",
                "line_ids": {"create": [{"name": "A", "quantity": 1.5}, {"name": "B", "quantity": 2}]},
            },
        )
        record = self.env[RECORD].browse(changes.records[0].id)
        self.assertEqual((record.partner_id, record.tag_ids, record.grade), (self.partner, self.tags, "1"))
        self.assertEqual((record.due_date, record.moment), (date(2026, 3, 31), datetime(2026, 3, 31, 12)))
        self.assertEqual((record.number, record.distribution), (5, {"12": 100.0}))
        self.assertEqual((record.subject_ref, record.line_ids.mapped("name")), (self.partner, ["A", "B"]))
        self.assertIn("<b>second</b>", record.description)
        self.assertNotIn("script", record.description)
        self.assertNotIn("onerror", record.anything)
        self.assertEqual(changes.records[0].after["total"], 3.5)
        self.assertEqual([line.after["name"] for line in changes.related], ["A", "B"])

    def test_what_was_read_can_be_written_back(self):
        """FEATURES T3: {id, name} and {value, label} are what the reading tools return."""
        values = {"partner_id": {"id": self.partner.id, "name": "x"}, "grade": {"value": "1", "label": "High"}}
        self.tools.update_record(RECORD, self.record.id, values)
        self.assertEqual((self.record.partner_id, self.record.grade), (self.partner, "1"))
        self.tools.update_record(RECORD, self.record.id, {"partner_id": None, "grade": None})
        self.assertEqual((self.record.partner_id.id, self.record.grade), (False, False))

    def test_a_time_without_an_offset_is_utc(self):
        for given in ("2026-03-31 14:00:00", "2026-03-31T14:00:00Z", "2026-03-31T10:00:00-04:00"):
            self.tools.update_record(RECORD, self.record.id, {"moment": given})
            self.assertEqual(self.record.moment, datetime(2026, 3, 31, 14), given)

    def test_one_error_names_all_that_is_wrong(self):
        """FEATURES T3: each with what would work; nothing is written."""
        wrong = {
            "nam": "x",
            "id": 5,
            "create_uid": 1,
            "total": 5.0,
            "status": "done",
            "due_date": "31/03/2026",
            "moment": "2026-03-31",
            "number": "5",
            "active": 1,
            "grade": "middle",
            "document": "aGVsbG8=",
            "name": None,
            "partner_id": True,
            "tag_ids": {"append": [1]},
            "line_ids": [[0, 0, {"name": "x"}]],
            "subject_ref": "res.users,1",
        }
        text = self._refused(model=RECORD, id=self.record.id, values=wrong)
        for name in wrong:
            self.assertRegex(text, rf"(?m)^{name}: ")
        for part in ("Did you mean name", "upload_attachment", '"0" (Low)', "2026-03-31T14:00:00+02:00", '"create"'):
            self.assertIn(part, text)
        self.assertEqual(self.record.name, "Written")

    def test_what_a_record_is_can_be_said_once(self):
        """An invoice's type cannot be edited in its form, but without it there is no invoice; its status is no such."""
        changes = self.tools.create_record(RECORD, {"name": "Kind", "kind": "out"})
        self.assertEqual(changes.records[0].after["kind"]["value"], "out")
        self._refused("kind: ", model=RECORD, id=changes.records[0].id, values={"kind": "in"})
        self._refused("status: ", call=self.tools.create_record, model=RECORD, values={"name": "x", "status": "done"})

    def test_an_ambiguous_name_lists_the_candidates(self):
        twins = self.env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        text = self._refused(model=RECORD, id=self.record.id, values={"partner_id": "Twin"})
        for twin in twins:
            self.assertIn(f"id {twin.id}", text)
        self._refused("search_records", model=RECORD, id=self.record.id, values={"partner_id": "Nobody at all"})

    @mute_logger("odoo.sql_db")
    def test_a_missing_value_and_a_doubled_one_are_explained(self):
        self._refused("Name", call=self.tools.create_record, model=RECORD, values={"number": 1})
        self._refused("of this name", call=self.tools.create_record, model=RECORD, values={"name": "Written"})

    # What changed

    def test_an_update_tells_before_after_and_consequences(self):
        """FEATURES T3: totals too, and the lines that were written through the record."""
        lines = {"update": [{"id": self.one.id, "quantity": 10}], "create": [{"name": "New"}], "delete": [self.two.id]}
        two = self.two.id
        changes = self.tools.update_record(RECORD, self.record.id, {"number": 7, "line_ids": lines})
        (change,) = changes.records
        self.assertEqual((change.before["number"], change.after["number"]), (0, 7))
        self.assertEqual((change.before["total"], change.after["total"]), (2.0, 10.0))
        self.assertEqual(change.consequences, ["total"])
        self.assertNotIn("grade", change.after)
        related = {line.id: line for line in changes.related}
        self.assertEqual((related[self.one.id].before, related[self.one.id].after), ({"quantity": 2}, {"quantity": 10}))
        self.assertEqual((related[two].before["name"], related[two].after), ("Two", {}))
        self.assertEqual(len(related), 3)

    def test_a_line_tells_what_became_of_its_record(self):
        changes = self.tools.update_record(LINE, self.one.id, {"quantity": 5})
        (parent,) = changes.related
        self.assertEqual(
            (parent.model, parent.id, parent.before, parent.after), (RECORD, self.record.id, {"total": 2}, {"total": 5})
        )
        created = self.tools.create_record(LINE, {"name": "Three", "quantity": 1, "record_id": "Written"})
        self.assertEqual([(change.id, change.after) for change in created.related], [(self.record.id, {"total": 6})])

    def test_what_the_user_may_not_see_is_not_shown(self):
        self.record.secret_note = "secret"
        changes = self.tools.update_record(RECORD, self.record.id, {"number": 1})
        self.assertNotIn("secret", str(changes.model_dump()))
        line = self.env[LINE].create({"record_id": self.record.id, "name": "Key", "api_key": "hush"})
        changes = self.tools.update_record(LINE, line.id, {"name": "Changed"})
        self.assertNotIn("hush", str(changes.model_dump()))

    def test_too_long_an_answer_is_shortened_and_still_names_every_record(self):
        rows = [{"name": f"Row {number}", "description": "x" * 900} for number in range(20)]
        changes = self.tools.create_records(RECORD, rows)
        short = changes.shortened(8_000)
        self.assertLessEqual(len(short.model_dump_json()), 8_000)
        self.assertEqual([change.id for change in short.records], [change.id for change in changes.records])
        self.assertIsNone(changes.shortened(500))

    # Batches

    def test_a_batch_is_written_completely(self):
        created = self.tools.create_records(RECORD, [{"name": "A1"}, {"name": "A2", "number": 2}])
        first, second = (change.id for change in created.records)
        changes = self.tools.update_records(
            RECORD, [{"id": second, "number": 9}, {"id": first}], common_values={"grade": "High", "number": 1}
        )
        self.assertEqual([change.after["number"] for change in changes.records], [9, 1])
        self.assertEqual(self.env[RECORD].browse([first, second]).mapped("grade"), ["1", "1"])

    @mute_logger("odoo.sql_db")
    def test_a_batch_that_fails_in_the_middle_says_where(self):
        """FEATURES T3: the gateway then rolls all of it back."""
        create, update = self.tools.create_records, self.tools.update_records
        self._refused(
            "records[1]: ",
            "of this name",
            call=create,
            model=RECORD,
            records=[{"name": "B"}, {"name": "Other"}, {"name": "C"}],
        )
        self._refused(
            "records[1].numbr: ", call=create, model=RECORD, records=[{"name": "B"}, {"name": "C", "numbr": 1}]
        )
        self.assertFalse(self.env[RECORD].search([("name", "in", ("B", "C"))]))
        rows = [{"id": self.record.id, "name": "B"}, {"id": self.other.id, "name": "B"}]
        self._refused(f"id {self.other.id}: ", "of this name", call=update, model=RECORD, records=rows)
        self.assertEqual(self.record.name, "Written")
        self._refused("twice", call=update, model=RECORD, records=[rows[0], rows[0]])
        self._refused("records[0]", call=update, model=RECORD, records=[{"name": "x"}])
        self._refused("nothing to change", call=update, model=RECORD, records=[{"id": self.record.id}])
        self._refused(
            f"no record {2**31 - 1} ", call=update, model=RECORD, records=[rows[0], {"id": 2**31 - 1, "name": "x"}]
        )

    def test_a_deletion_tells_what_goes(self):
        """FEATURES T3: names, and how many records by cascade."""
        deletion = self.tools.delete_record(RECORD, self.record.id)
        self.assertEqual([(row.id, row.name) for row in deletion.records], [(self.record.id, "Written")])
        self.assertEqual(deletion.dependents, {LINE: 2})
        self.assertFalse(self.record.exists() or self.one.exists())

    @mute_logger("odoo.sql_db")
    def test_a_deletion_that_fails_says_which_record_holds_it(self):
        self.one.tag_id = self.tags[1]
        ids = self.tags.ids
        self._refused(
            f"id {ids[1]}: ", "records of x.mcp.test.line need it", call=self.tools.delete_records, model=TAG, ids=ids
        )
        self.assertEqual(len(self.tags.exists()), 2)

    def test_the_chatter_says_who_did_it(self):
        """FEATURES L5: one note, the user's, which nobody is notified of."""
        with context.serving(context.Context(connection_name="Claude")):
            created = self.tools.create_record(RECORD, {"name": "Traced"})
            record = self.env[RECORD].browse(created.records[0].id)
            self.assertIn("Created by an AI tool through MCP, connection “Claude”", record.message_ids[0].body)
            count = len(record.message_ids)
            self.tools.update_record(RECORD, record.id, {"number": 3})
            self.assertEqual(len(record.message_ids), count + 1)
            note = record.message_ids[0]
            self.assertIn("Changed by an AI tool through MCP, connection “Claude”", note.body)
            self.assertEqual((note.author_id, note.subtype_id), (self.user.partner_id, self.env.ref("mail.mt_note")))
            self.assertFalse(note.notification_ids)
            self.tools.update_record(RECORD, record.id, {"number": 3})
            self.assertEqual(len(record.message_ids), count + 1)
            self.tools.create_record(LINE, {"name": "Line", "quantity": 1, "record_id": record.id})
            self.assertEqual(len(record.message_ids), count + 2)
