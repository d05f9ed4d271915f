from typing import Annotated, ClassVar, Literal

from pydantic import Field

from odoo import models
from odoo.tools import config, html2plaintext, human_size

from ..protocol import content
from .records import Cursor, ModelName, RecordIds, cursor_after, id_of, offset_of
from .resource import resource
from .tool import Page, Result, ToolError, tool
from .values import cut

MAX_BYTES = 5 * 1024 * 1024
MAX_TEXT = 100_000
MAX_REPORTS = 100
MAX_RECORDS = 50
MIME_TYPES = {"pdf": "application/pdf", "html": "text/html", "text": "text/plain"}


class ReportInfo(Result):
    report: str
    name: str
    model: str
    type: str


class ReportList(Page):
    _list: ClassVar[str] = "reports"
    reports: list[ReportInfo]


class RenderedReport(Result):
    report: str
    name: str
    model: str
    ids: list[int]
    mime_type: str
    size: int
    url: str
    text: str | None = None


class McpToolsetReports(models.AbstractModel):
    _name = "mcp.toolset.reports"
    _description = "MCP Tools: Reports"
    _inherit = ["mcp.toolset"]

    @tool(title="List reports", scope="read", read_only=True, idempotent=True)
    def list_reports(self, model: ModelName, cursor: Cursor = "") -> ReportList:
        """List the documents that can be printed from records of a model, as in its Print menu: quotation, invoice, …

        Then use render_report with the report and the ids of the records.
        """
        target, offset = self.env["mcp.guard"]._readable_model(model), offset_of(cursor)
        reports = self._reports([("model", "=", target._name)])
        page = reports[offset : offset + MAX_REPORTS]
        result = ReportList(reports=[self._info(report) for report in page])
        return result.going_on_with(cursor_after(offset), more=len(reports) > offset + MAX_REPORTS)

    @tool(title="Render a report", scope="read", read_only=True, idempotent=True)
    def render_report(
        self,
        report: Annotated[
            str, Field(description='"report" of list_reports, for example "sale.report_saleorder".', max_length=200)
        ],
        ids: RecordIds,
        format: Annotated[
            Literal["pdf", "text"], Field(description="pdf for people; text to read what is on it yourself.")
        ] = "pdf",
    ) -> RenderedReport:
        """Print records with a report: a quotation, an invoice, a delivery slip, labels.

        The PDF comes embedded, with a link to read it again. Nothing is saved in Odoo: the copy that Odoo may keep as
        an attachment of the record is not made. With url a person opens the same PDF in their browser.
        """
        found = self._report(report)
        if not found:
            raise ToolError("There is no such report that you can use. list_reports tells which there are.")
        records = self._records_of(found, ids)
        data, kind = self._render(found, records, format)
        result = RenderedReport(
            **self._info(found).model_dump(exclude={"type"}),
            ids=records.ids,
            mime_type=MIME_TYPES[kind],
            size=len(data),
            url=f"{found.get_base_url()}/report/pdf/{found.report_name}/{','.join(map(str, records.ids))}",
        )
        if kind != "pdf":
            result.text = cut(data.decode(), MAX_TEXT, "")
            return result
        uri = f"odoo://report/{found.report_name}/{','.join(map(str, records.ids))}"
        name = f"{found.name}.pdf"
        return result.with_blocks(
            content.embedded(uri, data, MIME_TYPES[kind]), content.link(uri, name, MIME_TYPES[kind], size=len(data))
        )

    @resource("odoo://report/{report}/{ids}", title="Printed report", mime_type="application/pdf", tool="render_report")
    def report_pdf(self, report: str, ids: str) -> bytes | None:
        """The PDF of records, whose ids are separated by commas, printed with a report."""
        numbers = [id_of(part) for part in ids.split(",")]
        found = self._report(report) if all(numbers) else None
        if not found:
            return None
        try:
            records = self._records_of(found, numbers)
        except ToolError:
            return None
        data, kind = self._render(found, records, "pdf")
        return data if kind == "pdf" else None

    def _reports(self, domain: list):
        """What the Print menus offer the user. Odoo, too, reads this table for users who may not."""
        found = self.env["ir.actions.report"].sudo().search([*domain, ("binding_model_id", "!=", False)])
        groups = self.env.user.all_group_ids
        return found.filtered(lambda report: not report.group_ids or report.group_ids & groups)

    def _report(self, report: str):
        """The report of that name, on a model that the user can read; None if there is none."""
        if "\0" in report:
            return None
        found = self._reports([("report_name", "=", report)])[:1]
        return found if found and self.env["mcp.guard"]._sees_model(self.env.get(found.model)) else None

    def _info(self, report) -> ReportInfo:
        kind = report.report_type.removeprefix("qweb-")
        return ReportInfo(report=report.report_name, name=report.name, model=report.model, type=kind)

    def _records_of(self, report, ids: list[int]):
        """:raise ToolError: if the user cannot read one of them, or the report is not for it"""
        if len(ids) > MAX_RECORDS:
            raise ToolError(f"Print at most {MAX_RECORDS} records at once.")
        guard = self.env["mcp.guard"]
        records = guard._records(guard._readable_model(report.model), ids)
        if not report.get_valid_action_reports(report.model, records.ids):
            raise ToolError(f"{report.name} is not for these records: its domain is {report.domain[:300]}.")
        return records

    def _render(self, report, records, format: str) -> tuple[bytes, str]:
        """What the report prints, as the user, and its kind: ``pdf``, ``html`` or ``text``.

        :raise ToolError: if this server cannot make it, or it is too large
        """
        # Odoo then neither saves a copy as an attachment nor answers with one it saved before.
        engine = self.env["ir.actions.report"].with_context(report_pdf_no_attachment=True)
        if report.report_type == "qweb-text":
            data, kind = engine._render_qweb_text(report.id, records.ids)
        elif format == "text":
            html = engine._render_qweb_html(report.id, records.ids)[0]
            data, kind = html2plaintext(html.decode(), include_references=False).encode(), "text"
        elif engine.get_wkhtmltopdf_state() in ("install", "broken"):
            raise ToolError(
                "This server cannot make PDFs: its administrator has to install wkhtmltopdf. With format=text you get "
                "what would be on the paper."
            )
        else:
            self._wait_for_no_other()
            data, kind = engine._render_qweb_pdf(report.id, records.ids)
        if len(data) > MAX_BYTES:
            raise ToolError(f"{human_size(len(data))} are too much for one answer. Print fewer records at once.")
        return data, kind

    def _wait_for_no_other(self) -> None:
        """Printing asks this very server for its pictures and styles, from another worker, while ours waits.

        Several at once could therefore occupy all workers, each waiting for another, until Odoo kills them.

        :raise ToolError: if an AI tool prints already, or there is no other worker
        """
        if config["workers"] == 1:
            raise ToolError("This server cannot print while it has a single worker: its administrator has to add one.")
        self.env.cr.execute("SELECT pg_try_advisory_xact_lock(hashtext('mcp_gateway print'))")
        if not self.env.cr.fetchone()[0]:
            raise ToolError("Another report is being printed. Try again in a few seconds.")
