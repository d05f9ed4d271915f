"""Files and printed reports: only those of records that the user may read."""

import base64
from unittest.mock import patch

from odoo.api import SUPERUSER_ID
from odoo.fields import Command
from odoo.tests import tagged

from .test_toolset_reading import ORDER, ReadingCase

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n%%EOF"


@tagged("post_install", "-at_install")
class TestAttachments(ReadingCase):
    def setUp(self):
        super().setUp()
        self.tools = self.env["mcp.toolset.attachments"]
        self.others = self.env["ir.attachment"].with_user(SUPERUSER_ID)

    def attach(self, record, **values):
        values = {"name": "file.txt", "raw": b"hello", **values}
        return self.others.create({"res_model": record._name, "res_id": record.id, **values})

    def upload(self, name="a.txt", **values):
        return self.tools.upload_attachment(ORDER, self.orders[0].id, name, **values)

    def test_texts_come_as_text_a_piece_at_a_time(self):
        attachment = self.attach(self.orders[0], raw=("ü" * 60_000).encode(), mimetype="text/plain")
        listed = self.tools.list_attachments(ORDER, self.orders[0].id).attachments
        self.assertEqual([(item.id, item.size) for item in listed], [(attachment.id, 120_000)])
        first = self.tools.read_attachment(attachment.id)
        self.assertEqual((first.text, first.next_offset), ("ü" * 50_000, 50_000))
        rest = self.tools.read_attachment(attachment.id, offset=first.next_offset)
        self.assertEqual((len(rest.text), rest.next_offset), (10_000, None))

    def test_images_and_other_files_come_as_blocks(self):
        image = self.tools.read_attachment(self.attach(self.orders[0], name="a.png", raw=PNG).id)
        self.assertEqual([(block["type"], block["mimeType"]) for block in image._blocks], [("image", "image/png")])
        attachment = self.attach(self.orders[0], name="a.pdf", raw=PDF)
        block = self.tools.read_attachment(attachment.id)._blocks[0]
        self.assertEqual(block["resource"]["uri"], f"odoo://attachment/{attachment.id}")
        self.assertEqual(base64.b64decode(block["resource"]["blob"]), PDF)
        self.assertEqual(self.tools.attachment_data(str(attachment.id)), PDF)

    def test_too_large_a_file_says_where_to_get_it(self):
        attachment = self.attach(self.orders[0], raw=b"x" * (5 * 1024 * 1024 + 1), mimetype="application/x-thing")
        self.assertRefused(self.tools.read_attachment, attachment.id, says=f"/web/content/{attachment.id}")

    def test_a_link_is_told_and_not_followed(self):
        attachment = self.attach(self.orders[0], name="link", raw=False, type="url", url="http://127.0.0.1/secret")
        with patch("requests.Session.request", side_effect=AssertionError):
            found = self.tools.read_attachment(attachment.id)
        self.assertEqual((found.attachment.link, found.text, found._blocks), ("http://127.0.0.1/secret", None, []))
        self.assertIsNone(self.tools.attachment_data(str(attachment.id)))

    def test_attachments_of_others_look_absent(self):
        """DESIGN §2.13: of a foreign record, public, of a field, of a closed model, of nothing."""
        foreign = self.attach(self.foreign)
        hidden = {
            foreign,
            self.attach(self.foreign, public=True, access_token="x"),
            self.attach(self.orders[0], res_field="note"),
            self.attach(self.azure, res_field="image_1920", raw=PNG),
            self.attach(self.env["x.mcp.test.closed"].sudo().create({"name": "closed"})),
            self.attach(self.env["ir.config_parameter"].sudo().search([], limit=1), public=True),
            self.others.create({"name": "loose", "raw": b"loose"}),
            self.others.create({"name": "loose", "raw": b"loose", "public": True}),
        }
        absent = max(attachment.id for attachment in hidden) + 1000
        ids = [*(attachment.id for attachment in hidden), absent]
        texts = {self.assertRefused(self.tools.read_attachment, id).replace(str(id), "?") for id in ids}
        self.assertEqual(len(texts), 1)
        self.assertEqual({self.tools.attachment_data(str(id)) for id in ids}, {None})
        self.assertRefused(self.tools.list_attachments, "res.partner", self.foreign.id)
        self.assertEqual(self.tools.list_attachments("res.partner", self.azure.id).count, 0)
        own = self.env["ir.attachment"].create({"name": "own", "raw": b"own"})
        self.assertEqual(self.tools.read_attachment(own.id).text, "own")

    def test_a_limited_connection_reads_no_other_files(self):
        """FEATURES G2."""
        attachment = self.attach(self.orders[1])
        with self.limited(x__mcp__test__order=[("name", "=", "T1")]):
            self.assertRefused(self.tools.read_attachment, attachment.id)
            self.assertRefused(self.tools.list_attachments, ORDER, self.orders[1].id)
            self.assertRefused(self.upload, text="x", says="connection")
        self.assertEqual(self.tools.read_attachment(attachment.id).text, "hello")

    def test_an_upload_is_attached_and_traced(self):
        """FEATURES L5."""
        done = self.upload("offer.pdf", content_base64=base64.b64encode(PDF).decode())
        attachment = self.env["ir.attachment"].browse(done.attachment.id)
        self.assertEqual((attachment.raw, attachment.mimetype), (PDF, "application/pdf"))
        self.assertEqual((attachment.res_model, attachment.res_id), (ORDER, self.orders[0].id))
        self.assertEqual((attachment.public, attachment.access_token), (False, False))
        self.assertIn("offer.pdf", self.orders[0].with_env(self.env).message_ids[0].body)

    def test_what_a_browser_would_run_is_stored_as_text_for_everybody(self):
        script = "<script>alert(1)</script>"
        for env in (self.env, self.env(user=self.env.ref("base.user_admin").id)):
            tools = env["mcp.toolset.attachments"]
            for name, mimetype in (
                ("a.html", ""),
                ("a.svg", "image/svg+xml"),
                ("a.js", "text/javascript"),
                ("a.xhtml", "application/xhtml+xml"),
                ("a.bin", "text/html"),
                ("a.hta", "application/hta"),
            ):
                text = f"<!DOCTYPE html><html><body>{script}</body></html>"
                done = tools.upload_attachment(ORDER, self.orders[0].id, name, text=text, mimetype=mimetype)
                self.assertEqual(env["ir.attachment"].browse(done.attachment.id).mimetype, "text/plain", name)
                self.assertIn("plain text", done.note)

    def test_a_type_that_the_content_belies_is_refused(self):
        pdf = base64.b64encode(PDF).decode()
        for name, values in (
            ("a.png", {"content_base64": pdf}),
            ("a.txt", {"content_base64": pdf, "mimetype": "text/plain"}),
            ("a.pdf", {"text": "hello"}),
            ("a", {"text": "hello", "mimetype": "image/png"}),
            ("a.txt", {"text": "hello", "mimetype": "text/html; charset=x\r\nX: y"}),
        ):
            self.assertRefused(self.upload, name, **values)
        self.assertEqual(self.upload("a.csv", text="a,b\n1,2\n").attachment.mimetype, "text/csv")

    def test_bad_uploads_change_nothing(self):
        before = self.env["ir.attachment"].sudo().search_count([])
        for values in ({}, {"text": "x", "content_base64": "eA=="}, {"content_base64": "é"}, {"content_base64": "x"}):
            self.assertRefused(self.upload, **values)
        for name in ("../../etc/passwd", "a/b", "a\\b", "..", " ", "a\0b", "a\nb"):
            self.assertRefused(self.upload, name, text="x", says="name")
        self.assertRefused(self.tools.upload_attachment, "res.partner", self.azure.id, "a.txt", text="x")
        self.assertRefused(self.tools.upload_attachment, "res.users", self.user.id, "a.txt", text="x", says="rights")
        self.assertRefused(self.tools.upload_attachment, ORDER, 2**31 - 1, "a.txt", text="x")
        with patch("odoo.addons.mcp_gateway.toolsets.attachments.MAX_WRITTEN", 3):
            self.assertRefused(self.upload, text="four", says="at most")
        self.assertEqual(self.env["ir.attachment"].sudo().search_count([]), before)


@tagged("post_install", "-at_install")
class TestReports(ReadingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.ui.view"].create(
            {
                "name": "order report",
                "key": "mcp_gateway_test.report_order",
                "type": "qweb",
                "arch": """<t t-name="mcp_gateway_test.report_order"><main><t t-foreach="docs" t-as="doc">
                    <div class="article" data-oe-model="x.mcp.test.order" t-att-data-oe-id="doc.id">
                    <h1>Order <span t-field="doc.name"/></h1></div></t></main></t>""",
            }
        )
        cls.report = cls.env["ir.actions.report"].create(
            {
                "name": "Order",
                "model": ORDER,
                "report_name": "mcp_gateway_test.report_order",
                "binding_model_id": cls.env["ir.model"]._get(ORDER).id,
                "attachment": "'kept.pdf'",
                "attachment_use": True,
            }
        )
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.tools = self.env["mcp.toolset.reports"]
        self.name = self.report.report_name

    def pretend_wkhtmltopdf(self, state="ok", pdf=PDF):
        """The engine that makes the PDF is Odoo's and not everywhere installed."""
        reports = self.registry["ir.actions.report"]
        self.startPatcher(patch.object(reports, "get_wkhtmltopdf_state", return_value=state))
        self.startPatcher(patch.object(reports, "_run_wkhtmltopdf", return_value=pdf))
        self.tools = self.tools.with_context(force_report_rendering=True)

    def test_a_pdf_is_embedded_and_linked_and_nothing_is_saved(self):
        self.pretend_wkhtmltopdf()
        before = self.env["ir.attachment"].sudo().search_count([])
        self.env.cr.execute("SAVEPOINT reading; SET LOCAL transaction_read_only = on")
        done = self.tools.render_report(self.name, self.orders[:1].ids)
        self.env.cr.execute("ROLLBACK TO SAVEPOINT reading")
        embedded, link = done._blocks
        self.assertEqual(base64.b64decode(embedded["resource"]["blob"]), PDF)
        self.assertEqual(link["uri"], f"odoo://report/{self.name}/{self.orders[0].id}")
        self.assertEqual(self.tools.report_pdf(self.name, str(self.orders[0].id)), PDF)
        self.assertEqual(self.env["ir.attachment"].sudo().search_count([]), before)

    def test_a_server_that_cannot_make_pdfs_says_so_and_offers_the_text(self):
        self.pretend_wkhtmltopdf(state="install")
        self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, says="wkhtmltopdf")
        self.assertIn("Order T1", self.tools.render_report(self.name, self.orders[:1].ids, "text").text)

    def test_too_large_a_pdf_is_refused(self):
        self.pretend_wkhtmltopdf(pdf=PDF + b"x" * 5 * 1024 * 1024)
        self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, says="fewer")

    def test_only_what_the_print_menu_of_the_user_offers(self):
        self.assertEqual([report.report for report in self.tools.list_reports(ORDER).reports], [self.name])
        self.report.group_ids = [Command.link(self.env.ref("base.group_system").id)]
        self.assertEqual(self.tools.list_reports(ORDER).reports, [])
        self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, "text")
        self.report.write({"group_ids": [Command.clear()], "binding_model_id": False})
        self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, "text")
        self.report.write(
            {"binding_model_id": self.env["ir.model"].sudo()._get(ORDER).id, "domain": "[('name','=','T2')]"}
        )
        self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, "text", says="domain")

    def test_foreign_records_are_not_printed(self):
        """DESIGN §2.13."""
        absent = self.orders[-1].id + 1000
        self.assertRefused(self.tools.render_report, self.name, [self.orders[0].id, absent], "text")
        for ids in (str(absent), "", "1,,2", "x", "²", "1" * 20, "0"):
            self.assertIsNone(self.tools.report_pdf(self.name, ids))
        for name in ("nothing", "\0", ""):
            self.assertRefused(self.tools.render_report, name, self.orders[:1].ids, "text")
            self.assertIsNone(self.tools.report_pdf(name, "1"))
        with self.limited(res__partner=[]):
            self.assertRefused(self.tools.render_report, self.name, self.orders[:1].ids, "text")
        self.assertRefused(self.tools.list_reports, "x.mcp.test.closed")
