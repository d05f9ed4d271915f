"""Messages and activities."""

from datetime import timedelta

from odoo import fields
from odoo.tests import TransactionCase, new_test_user, tagged

from ..toolsets import context
from ..toolsets.tool import ToolError

RECORD = "x.mcp.test.record"
READ = frozenset({"read"})


@tagged("post_install", "-at_install")
class TestToolsetChatter(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "talker", "base.group_user,mcp_gateway.group_mcp_user", name="Talker")
        cls.colleague = new_test_user(cls.env, "listener", "base.group_user", name="Listener", email="l@example.com")
        cls.chatter = cls.env["mcp.toolset.chatter"].with_user(cls.user)
        cls.activities = cls.env["mcp.toolset.activities"].with_user(cls.user)
        cls.customer = cls.env["res.partner"].create({"name": "Chatting Customer", "email": "c@example.com"})
        cls.record = cls.env[RECORD].create({"name": "Discussed"})
        cls.record.message_subscribe(cls.customer.ids)
        cls.hidden = cls.env[RECORD].create({"name": "Hidden"})
        cls.env["ir.rule"].create(
            {
                "name": "test",
                "model_id": cls.env["ir.model"]._get(RECORD).id,
                "domain_force": f"[('id', '!=', {cls.hidden.id})]",
            }
        )

    def _refused(self, part: str, call, **kwargs) -> str:
        with self.assertRaises(ToolError) as caught, self.env.cr.savepoint():
            call(**kwargs)
        self.assertIn(part, str(caught.exception))
        return str(caught.exception)

    # Messages

    def test_a_note_reaches_colleagues_only(self):
        """FEATURES T5: no follower is notified, and no customer can be."""
        posted = self.chatter.post_message(RECORD, self.record.id, "Look & <see>\nhere", mentions=["Listener"])
        message = self.env["mail.message"].browse(posted.id)
        self.assertIn("Look &amp; &lt;see&gt;<br>here", message.body)
        self.assertEqual((message.author_id, message.subtype_id), (self.user.partner_id, self.env.ref("mail.mt_note")))
        self.assertEqual((posted.notified, posted.notified_count), (["Listener"], 1))
        self._refused(
            "is none", self.chatter.post_message, model=RECORD, id=self.record.id, body="x", mentions=["c@example.com"]
        )

    def test_a_message_reaches_the_followers(self):
        posted = self.chatter.post_message(RECORD, self.record.id, "Hello", kind="message")
        self.assertEqual(posted.notified, ["Chatting Customer"])
        self.assertTrue(self.env["mail.mail"].sudo().search([("mail_message_id", "=", posted.id)]))

    def test_html_carries_no_script(self):
        body = '<p onclick="x()">Hi <b>there</b><script>x()</script></p>'
        posted = self.chatter.post_message(RECORD, self.record.id, body, kind="message", body_format="html")
        mail = self.env["mail.mail"].sudo().search([("mail_message_id", "=", posted.id)])
        for written in (self.env["mail.message"].browse(posted.id).body, mail.body_html):
            self.assertIn("<b>there</b>", written)
            self.assertNotIn("script", written)
            self.assertNotIn("onclick", written)
        image = '<img src="data:image/png;base64,aGVsbG8="/>'
        self._refused(
            "upload_attachment",
            self.chatter.post_message,
            model=RECORD,
            id=self.record.id,
            body=image,
            body_format="html",
        )

    def test_nobody_writes_where_they_may_not(self):
        """DESIGN §2.13; G2."""
        post = self.chatter.post_message
        self._refused("has no record", post, model=RECORD, id=self.hidden.id, body="x")
        self._refused("no chatter", post, model="x.mcp.test.tag", id=1, body="x")
        with context.serving(context.Context(models={RECORD: context.ModelLimit(READ, [])})):
            self._refused("This connection may not", post, model=RECORD, id=self.record.id, body="x")
        self.env["ir.model.access"].search([("model_id.model", "=", RECORD)]).perm_write = False
        self._refused("You may not", post, model=RECORD, id=self.record.id, body="x")

    def test_a_record_that_is_open_for_discussion_needs_no_right_to_change_it(self):
        """Invoices are: but a connection that may only read does not write there."""
        self.patch(self.env.registry[RECORD], "_mail_post_access", "read")
        self.env["ir.model.access"].search([("model_id.model", "=", RECORD)]).perm_write = False
        self.assertTrue(self.chatter.post_message(RECORD, self.record.id, "Hello").id)
        with context.serving(context.Context(models={RECORD: context.ModelLimit(READ, [])})):
            self._refused(
                "This connection may not", self.chatter.post_message, model=RECORD, id=self.record.id, body="x"
            )

    def test_files_of_others_are_not_sent(self):
        attachment = self.env["ir.attachment"].create(
            {"name": "a", "raw": b"a", "res_model": RECORD, "res_id": self.hidden.id}
        )
        self._refused(
            "has no record",
            self.chatter.post_message,
            model=RECORD,
            id=self.record.id,
            body="x",
            attachment_ids=attachment.ids,
        )
        mine = self.env["ir.attachment"].create(
            {"name": "b", "raw": b"b", "res_model": RECORD, "res_id": self.record.id}
        )
        posted = self.chatter.post_message(RECORD, self.record.id, "x", attachment_ids=mine.ids)
        self.assertEqual(self.env["mail.message"].browse(posted.id).attachment_ids, mine)

    def test_the_chatter_says_that_an_ai_tool_wrote(self):
        """FEATURES L5."""
        with context.serving(context.Context(connection_name="Claude")):
            self.chatter.post_message(RECORD, self.record.id, "Hello")
        self.assertIn("through MCP, connection “Claude”", self.record.message_ids[0].body)

    def test_messages_are_read_with_what_changed(self):
        """FEATURES T5: as plain text, times with the offset, tracked fields by their labels."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.record.write({"grade": "1", "moment": "2026-03-31 12:00:00", "secret_note": "hush"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.record.message_post(body="Dear <all>", message_type="comment", subtype_xmlid="mail.mt_comment")
        read = self.chatter.with_context(tz="Europe/Brussels").read_messages(RECORD, self.record.id)
        first, second = read.messages[:2]
        self.assertEqual((first["body"], first["kind"], first["type"]), ("Dear <all>", "message", "comment"))
        self.assertRegex(first["date"], r"\+0[12]:00$")
        self.assertEqual(second["kind"], "note")
        self.assertCountEqual(second["changes"], ["Grade: Low → High", "Moment: – → 2026-03-31T14:00:00+02:00"])
        self.assertNotIn("hush", str(read.messages))

    def test_messages_are_paged_completely(self):
        for number in range(5):
            self.record.message_post(body=f"Number {number}")
        bodies, cursor = [], ""
        while True:
            page = self.chatter.read_messages(RECORD, self.record.id, limit=2, cursor=cursor)
            bodies += [message["body"] for message in page.messages]
            if not (cursor := page.next_cursor):
                break
        self.assertEqual(bodies[:5], [f"Number {number}" for number in reversed(range(5))])
        self.assertEqual(len(bodies), len(self.record.message_ids))
        self._refused("newest", self.chatter.read_messages, model=RECORD, id=self.record.id, cursor="x")
        self._refused("has no record", self.chatter.read_messages, model=RECORD, id=self.hidden.id)

    # Activities

    def test_an_activity_is_scheduled(self):
        """FEATURES T5: type and person by name."""
        done = self.activities.schedule_activity(
            RECORD, self.record.id, "Ask them", "call", "About\nthe delay", "2026-03-31", "listener"
        )
        activity = self.env["mail.activity"].browse(done.activity["id"])
        self.assertEqual(
            (activity.user_id, activity.res_model, activity.res_id), (self.colleague, RECORD, self.record.id)
        )
        self.assertEqual(activity.activity_type_id, self.env.ref("mail.mail_activity_data_call"))
        self.assertEqual((done.activity["due_date"], done.activity["summary"]), ("2026-03-31", "Ask them"))
        self.assertEqual(done.activity["note"], "About\nthe delay")
        mine = self.activities.schedule_activity(RECORD, self.record.id)
        self.assertEqual(mine.activity["assigned_to"]["id"], self.user.id)
        by_id = self.activities.schedule_activity(RECORD, self.record.id, assigned_to=str(self.colleague.id))
        self.assertEqual(by_id.activity["assigned_to"]["id"], self.colleague.id)

    def test_a_wrong_activity_is_explained(self):
        schedule, on = self.activities.schedule_activity, {"model": RECORD, "id": self.record.id}
        self._refused("activity_type must be one of", schedule, **on, activity_type="Séance")
        self._refused("2026-03-31", schedule, **on, due_date="tomorrow")
        self._refused("assigned_to: ", schedule, **on, assigned_to="Nobody at all")
        portal = new_test_user(self.env, "outsider", "base.group_portal", name="Outsider")
        self._refused("assigned_to", schedule, **on, assigned_to=str(portal.id))
        self._refused("has no record", schedule, model=RECORD, id=self.hidden.id)

    def test_activities_are_read_as_far_as_the_user_sees_them(self):
        """FEATURES T5; DESIGN §2.13."""
        today = fields.Date.context_today(self.env.user)
        plan = {"activity_type_id": self.env.ref("mail.mail_activity_data_todo").id}
        late = self.record.activity_schedule(date_deadline=today - timedelta(2), user_id=self.user.id, **plan)
        theirs = self.record.activity_schedule(date_deadline=today, user_id=self.colleague.id, **plan)
        self.hidden.activity_schedule(date_deadline=today, user_id=self.colleague.id, **plan)
        read = self.activities.read_activities

        def ids(**asked):
            return [activity["id"] for activity in read(**asked).activities]

        self.assertEqual(ids(model=RECORD), [late.id, theirs.id])
        self.assertEqual(ids(model=RECORD, mine_only=True), [late.id])
        self.assertEqual(ids(overdue_only=True, mine_only=True), [late.id])
        self.assertEqual(ids(model=RECORD, ids=[self.hidden.id]), [])
        self.assertEqual(read(model=RECORD).activities[0]["state"], "overdue")
        page = read(model=RECORD, limit=1)
        self.assertEqual(ids(model=RECORD, limit=1, cursor=page.next_cursor), [theirs.id])
        limits = {RECORD: context.ModelLimit(READ, [("id", "!=", self.record.id)])}
        with context.serving(context.Context(models=limits)):
            self.assertEqual((ids(), ids(model=RECORD)), ([], []))
            self._refused("no model", read, model="res.partner")
        self._refused("give model", read, ids=[1])

    def test_this_addons_own_records_stay_out_of_sight(self):
        """Guards: although Odoo shows people the activities that are assigned to them."""
        connection = self.env["mcp.connection"].create({"name": "Watched", "user_id": self.user.id})
        connection.activity_schedule(user_id=self.user.id)
        read = self.activities.read_activities(mine_only=True).activities
        self.assertNotIn("mcp.connection", [activity["model"] for activity in read])
