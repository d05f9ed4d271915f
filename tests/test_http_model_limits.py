"""A connection that may use some models, some operations and some records: the rest is out of reach, by any way.

What is outside carries a word that no answer may hold.
"""

from odoo.fields import Command
from odoo.tests import tagged

from .test_http_limits import LINE, ORDER, RECORD, LimitsCase

WORD = "quokka"


class ModelLimitsCase(LimitsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.partner"].create({"name": "Inside Ltd", "is_company": True})
        # A many2one to it shows its name, as Odoo does; nothing else of it.
        cls.person = cls.env["res.partner"].create(
            {"name": "Person", "email": WORD, "comment": WORD, "parent_id": cls.company.id}
        )
        cls.tag = cls.env["x.mcp.test.tag"].create({"name": WORD})
        cls.inside, cls.outside = cls.env[RECORD].create(
            [
                {"name": "inside", "number": 1, "partner_id": cls.person.id, "tag_ids": [Command.link(cls.tag.id)]},
                {"name": WORD, "number": 2},
            ]
        )
        cls.line = cls.env[LINE].create({"name": WORD, "record_id": cls.inside.id})
        cls.order = cls.env[ORDER].create({"name": WORD, "partner_id": cls.company.id})
        cls.files = cls.env["ir.attachment"]
        for record in (cls.outside, cls.order, cls.person):
            record.message_post(body=WORD)
            cls.files += cls.env["ir.attachment"].create(
                {"name": f"{WORD}.txt", "raw": WORD.encode(), "res_model": record._name, "res_id": record.id}
            )
        for record in (cls.outside, cls.person):
            record.activity_schedule(summary=WORD, user_id=cls.user.id)
        cls._make_report()
        cls._limit(RECORD, '[("number", "=", 1), ("active", "=", True)]', can_create=True, can_write=True)
        cls._limit("res.partner", '[("is_company", "=", True)]')

    @classmethod
    def _limit(cls, model, domain, **rights):
        values = {"model_id": cls.env["ir.model"]._get_id(model), "domain": domain, **rights}
        cls.connection.model_ids = [Command.create(values)]

    @classmethod
    def _make_report(cls):
        arch = '<t t-name="mcp_gateway.limits"><p t-foreach="docs" t-as="doc" t-out="doc.name"/></t>'
        cls.env["ir.ui.view"].create({"name": "limits", "type": "qweb", "key": "mcp_gateway.limits", "arch": arch})
        values = {"name": "Limits", "model": RECORD, "report_name": "mcp_gateway.limits", "report_type": "qweb-html"}
        cls.env["ir.actions.report"].create(values | {"binding_model_id": cls.env["ir.model"]._get_id(RECORD)})

    def text(self, method, params):
        """An answer that holds nothing of what is outside."""
        answer = self.post(method, params)
        self.assertEqual(answer.status_code, 200, answer.text)
        self.assertNotIn(WORD, answer.text)
        return answer.json()

    def check(self, outcome, tool, arguments):
        """``refused``, or an answer in which a member (``count``, ``records``, …) is empty."""
        with self.subTest(tool, **arguments):
            result = self.text("tools/call", {"name": tool, "arguments": arguments})["result"]
            if outcome == "refused":
                self.assertTrue(result["isError"], result)
            else:
                self.assertFalse(result["isError"], result)
                self.assertFalse(result["structuredContent"][outcome], result)


@tagged("post_install", "-at_install")
class TestModelLimits(ModelLimitsCase):
    # Models

    def test_only_allowed_models_are_shown(self):
        """FEATURES G2: with the operations that are allowed."""
        models = {row["model"]: row["operations"] for row in self.result("list_models")["models"]}
        self.assertEqual(models, {RECORD: ["read", "create", "write"], "res.partner": ["read"]})
        described = self.result("describe_model", model="res.partner")
        self.assertFalse(described["can_create"] or described["can_update"] or described["can_delete"])
        self.assertEqual(self.result("get_session")["limited_to_models"], sorted(models))

    def test_no_tool_reads_another_model(self):
        for model, record in ((ORDER, self.order), (LINE, self.line), ("res.country", self.env.ref("base.be"))):
            for tool, arguments in (
                ("describe_model", {}),
                ("search_records", {}),
                ("count_records", {}),
                ("aggregate_records", {}),
                ("get_record", {"id": record.id}),
                ("traverse_relationships", {"ids": record.ids, "path": "create_uid"}),
                ("get_workflow_state", {"id": record.id}),
                ("read_messages", {"id": record.id}),
                ("read_activities", {}),
                ("list_attachments", {"id": record.id}),
                ("list_reports", {}),
            ):
                self.check("refused", tool, {"model": model, **arguments})
            self.check("refused", "fetch", {"id": f"{model}/{record.id}"})

    def test_no_path_leads_through_another_model(self):
        """Neither in what is shown, nor in a condition, a group or an order, each of which tells a little."""
        for path in ("line_ids.name", "tag_ids.name", "partner_id.country_id.code", "create_uid.login"):
            steps, _dot, last = path.rpartition(".")
            first = {"model": RECORD, "fields": [path]}
            self.check("refused", "search_records", first)
            self.check("refused", "get_record", {**first, "id": self.inside.id})
            for domain in (
                [[path, "ilike", WORD]],
                ["!", [path, "=", False]],
                [[steps, "any", [[last, "ilike", WORD]]]],
            ):
                self.check("refused", "count_records", {"model": RECORD, "domain": domain})
            self.check("refused", "aggregate_records", {"model": RECORD, "group_by": [path]})
            self.check("refused", "search_records", {"model": RECORD, "order": path})
            self.check(
                "refused",
                "traverse_relationships",
                {"model": RECORD, "ids": self.inside.ids, "path": steps, "fields": [last]},
            )

    # Records

    def test_no_tool_reads_a_record_outside(self):
        """As if it were not there (DESIGN §2.13)."""
        for record in (self.outside, self.person):
            one, here = {"id": record.id}, {"model": record._name}
            for tool, arguments in (
                ("get_record", one),
                ("traverse_relationships", {"ids": record.ids, "path": "activity_ids"}),
                ("get_workflow_state", one),
                ("read_messages", one),
                ("list_attachments", one),
            ):
                self.check("refused", tool, {**here, **arguments})
            self.check(
                "records", "search_records", {**here, "domain": [["id", "=", record.id]], "include_archived": True}
            )
            self.check("count", "count_records", {**here, "domain": [["id", "=", record.id]]})
            self.check(
                "groups", "aggregate_records", {**here, "domain": [["id", "=", record.id]], "group_by": ["name"]}
            )
            self.check("refused", "fetch", {"id": f"{record._name}/{record.id}"})
            self.check("activities", "read_activities", {**here, "ids": record.ids})
        self.check("activities", "read_activities", {})
        self.check("results", "search", {"query": WORD})
        report = {"report": "mcp_gateway.limits", "format": "text"}
        self.check("refused", "render_report", {**report, "ids": self.outside.ids})
        for file in self.files:
            self.check("refused", "read_attachment", {"id": file.id})

    def test_a_relation_to_a_record_outside_reveals_only_its_name(self):
        """As in Odoo for a record that the user cannot read."""
        self.check("records", "traverse_relationships", {"model": RECORD, "ids": self.inside.ids, "path": "partner_id"})
        fields = ["name", "partner_id", "partner_id.email"]
        found = self.result("get_record", model=RECORD, id=self.inside.id, fields=fields)["record"]
        self.assertIsNone(found["partner_id.email"])
        found = self.result("get_record", model="res.partner", id=self.company.id, fields=["child_ids"])["record"]
        self.assertEqual(found["child_ids"], [])
        self.text("tools/call", {"name": "fetch", "arguments": {"id": f"{RECORD}/{self.inside.id}"}})
        self.text("tools/call", {"name": "fetch", "arguments": {"id": f"res.partner/{self.company.id}"}})

    def test_no_condition_asks_about_a_record_outside(self):
        """Or its values could be guessed letter by letter, through a record that is inside: refused, or not met."""
        asked = [
            [RECORD, [["partner_id.email", "=like", f"{WORD[:2]}%"]]],
            ["res.partner", [["child_ids", "ilike", "Pers"]]],
        ]
        for model, field in ((RECORD, "partner_id"), ("res.partner", "child_ids")):
            asked += [
                [model, [[f"{field}.email", "=", WORD]]],
                [model, [[field, "any", [["email", "=", WORD]]]]],
                [model, ["!", [field, "not any", [["email", "=", WORD]]]]],
                [model, [[f"{field}.parent_id", "=", self.company.id]]],
                [model, [[f"{field}.parent_id.child_ids.email", "=", WORD]]],
            ]
        for model, domain in asked:
            with self.subTest(model=model, domain=domain):
                params = {"name": "count_records", "arguments": {"model": model, "domain": domain}}
                result = self.text("tools/call", params)["result"]
                self.assertTrue(result["isError"] or result["structuredContent"]["count"] == 0, result)

    def test_resources_and_completion_keep_to_the_limits(self):
        """The same records, by their addresses."""
        uris = [f"odoo://{record._name}/{record.id}" for record in (self.outside, self.person, self.order, self.line)]
        uris += [f"odoo://attachment/{file.id}" for file in self.files]
        uris += [f"odoo://{ORDER}/schema", f"odoo://report/mcp_gateway.limits/{self.outside.id}"]
        for uri in uris:
            with self.subTest(uri):
                answer = self.text("resources/read", {"uri": uri})
                self.assertIn("no such resource", answer["error"]["message"])
        self.assertIn("result", self.text("resources/read", {"uri": f"odoo://{RECORD}/{self.inside.id}"}))
        reference = {"type": "ref/resource", "uri": "odoo://{model}/{id}"}
        asked = {"ref": reference, "argument": {"name": "model", "value": "x.mcp"}}
        self.assertEqual(self.text("completion/complete", asked)["result"]["completion"]["values"], [RECORD])
        prompt = {"type": "ref/prompt", "name": "customer_briefing"}
        for begun, expected in (("Inside", ["Inside Ltd"]), ("Person", []), (WORD, [])):
            asked = {"ref": prompt, "argument": {"name": "customer", "value": begun}}
            values = self.text("completion/complete", asked)["result"]["completion"]["values"]
            self.assertEqual(values, expected)
