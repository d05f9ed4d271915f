"""A connection that may change some records of some models: what is refused, or only tried, changes nothing."""

import json

from odoo.tests import tagged

from .test_http_limits import ORDER, RECORD
from .test_http_model_limits import ModelLimitsCase

WATCHED = ("x_mcp_test_record", "x_mcp_test_order", "x_mcp_test_line", "x_mcp_test_tag", "res_partner", "mail_message")
WATCHED += ("mail_activity", "ir_attachment", "mail_followers")


@tagged("post_install", "-at_install")
class TestWriteLimits(ModelLimitsCase):
    def versions(self):
        self.env.flush_all()
        for table in WATCHED:
            self.env.cr.execute(f"SELECT id, xmin::text, ctid::text FROM {table} ORDER BY id")
            yield table, self.env.cr.fetchall()

    def attempts(self):
        """Every way to change something outside, or to take it out of the limits."""
        own, foreign = {"model": RECORD, "id": self.inside.id}, {"model": RECORD, "id": self.outside.id}
        person, company = ({"model": "res.partner", "id": some.id} for some in (self.person, self.company))
        order = {"model": ORDER, "id": self.order.id}
        for values in (
            *({"number": 2}, {"active": False}, {"partner_id": self.person.id}, {"partner_id": "Person"}),
            *({"partner_name": "x"}, {"tag_ids": [self.tag.id]}, {"tag_ids": {"create": [{"name": "x"}]}}),
            *({"line_ids": {"create": [{"name": "x"}]}}, {"line_ids": []}, {"line_ids": {"delete": [self.line.id]}}),
            {"line_ids": {"update": [{"id": self.line.id, "name": "x"}]}},
        ):
            yield "update_record", {**own, "values": values}
            yield "create_record", {"model": RECORD, "values": {"name": "new", "number": 1, **values}}
        yield "create_record", {"model": RECORD, "values": {"name": "no number"}}
        for target in (foreign, person, company, order):
            yield "update_record", {**target, "values": {"name": "x"}}
            yield "update_records", {"model": target["model"], "records": [{"id": target["id"], "name": "x"}]}
            yield "post_message", {**target, "body": "x"}
            yield "schedule_activity", {**target, "summary": "x"}
            yield "upload_attachment", {**target, "name": "x.txt", "text": "x"}
            ids = {"model": target["model"], "ids": [target["id"]]}
            yield "execute_method", {**ids, "method": "action_archive"}
            yield "execute_method", {**ids, "method": "action_cancel"}
            yield "transition_state", {**target, "transition": "action_cancel"}
        for target in (own, foreign, person, company, order):
            yield "delete_record", target
            yield "delete_records", {"model": target["model"], "ids": [target["id"]]}
        yield (
            "update_records",
            {"model": RECORD, "records": [{"id": self.inside.id, "name": "x"}, {**foreign, "name": "x"}]},
        )
        yield "execute_method", {"model": RECORD, "ids": self.inside.ids, "method": "action_archive"}
        yield "execute_method", {"model": RECORD, "ids": (self.inside + self.outside).ids, "method": "action_unarchive"}
        yield "create_record", {"model": "res.partner", "values": {"name": "x", "is_company": True}}
        yield "create_record", {"model": ORDER, "values": {"name": "x"}}
        yield "post_message", {**own, "body": "x", "mentions": ["Person"]}
        yield "post_message", {**own, "body": "x", "attachment_ids": self.files.ids}

    def test_no_tool_writes_outside(self):
        """Tried and only tried (dry_run), everything stays as it was."""
        before = dict(self.versions())
        for tool, arguments in self.attempts():
            takes_dry_run = "dry_run" in self.catalogue()[tool].input_schema["properties"]
            for more in ({}, {"dry_run": True}) if takes_dry_run else ({},):
                self.check("refused", tool, arguments | more)
                self.assertEqual(dict(self.versions()), before)

    def test_a_server_action_keeps_to_the_limits(self):
        """FEATURES T12: on the records it is given, and on what it makes of them."""
        self.env["ir.actions.server"].create(
            {
                "name": "Renumber",
                "model_id": self.env["ir.model"]._get_id(RECORD),
                "state": "code",
                "code": "records.write({'number': 2})",
                "mcp_available": True,
                "mcp_tool_name": "renumber",
                "mcp_description": "Renumbers.",
            }
        )
        self.check("refused", "renumber", {"ids": self.outside.ids})
        self.check("refused", "renumber", {"ids": self.inside.ids})
        self.env.invalidate_all()
        self.assertEqual(self.inside.number, 1)

    def test_what_is_inside_can_be_read_and_written(self):
        """The other side of all of the above."""
        self.assertEqual(self.result("count_records", model=RECORD)["count"], 1)
        self.result("update_record", model=RECORD, id=self.inside.id, values={"name": "renamed"})
        self.result("create_record", model=RECORD, values={"name": "new", "number": 1, "partner_id": "Inside Ltd"})
        self.result("post_message", model=RECORD, id=self.inside.id, body="hello")
        self.result("schedule_activity", model=RECORD, id=self.inside.id, summary="call")
        self.result("upload_attachment", model=RECORD, id=self.inside.id, name="a.txt", text="a")
        printed = self.result("render_report", report="mcp_gateway.limits", ids=self.inside.ids, format="text")
        self.assertIn("renamed", json.dumps(printed))
        self.assertEqual(self.result("count_records", model=RECORD)["count"], 2)
        self.assertEqual(
            [row["id"] for row in self.result("search", query="inside ltd")["results"]],
            [f"res.partner/{self.company.id}"],
        )
