"""As the walk over records: files, messages, activities, reports and texts show no more than Odoo shows the user."""

import base64
from contextlib import suppress

import pytest
from direct import Refused
from foreign import WORD, Reader
from own import UNSEARCHABLE

from odoo.tools import html2plaintext

# Reading tools, by what looks into each of them with the eyes of two users; and those that show nothing of the kind.
WALKED = {
    *("list_models", "describe_model", "search_records", "get_record", "count_records", "aggregate_records"),
    *("traverse_relationships", "search", "fetch", "list_attachments", "read_attachment", "read_messages"),
    *("read_activities", "list_reports", "render_report", "get_workflow_state"),
}
OF_THE_CALL = {"get_session", "get_approval"}
REPORTS = {"sale.order": "sale.report_saleorder", "stock.picking": "stock.report_deliveryslip"}


def test_every_reading_tool_is_walked(both_readers):
    """Whoever adds one looks here."""
    env = both_readers["near"].own.env
    catalogue = env["mcp.toolset"].sudo()._catalogue().items()
    ours = {name: tool for name, (model, tool) in catalogue if env[model]._original_module == "mcp_gateway"}
    assert {name for name, tool in ours.items() if tool.read_only} == WALKED | OF_THE_CALL


def _subjects(reader: Reader, table: str, model: str = "model", id: str = "res_id") -> list[tuple[str, int]]:
    """Model and id of all records that have rows in a table, whoever may read them."""
    reader.own.env.cr.execute(f"SELECT DISTINCT {model}, {id} FROM {table} WHERE {model} IS NOT NULL AND {id} > 0")
    return sorted((name, number) for name, number in reader.own.env.cr.fetchall() if name in reader.own.env)


def test_search_finds_and_fetch_shows_only_what_the_user_may_read(reader):
    """The word stands in what belongs to others, and in fields of other groups."""
    hits = reader.tools.use("search", query=WORD)["results"]
    for model, number in (hit["id"].split("/") for hit in hits):
        assert reader.own.can_read(model, int(number))
    # Odoo finds a colleague's private event by what is in it, and then shows nothing of it.
    titles = {hit["title"] for hit in hits if not hit["id"].startswith("calendar.event/")}
    assert bool(titles) == (reader.own.env.user.login == "both")
    fetched = 0
    for model in sorted(set(reader.own.models()) - UNSEARCHABLE):
        for id in sorted(reader.own.search(model).ids)[:3]:
            with suppress(Refused):
                fetched += bool(reader.tools.use("fetch", id=f"{model}/{id}")["text"])
    assert fetched > 200


def test_files_are_those_that_the_user_may_open(reader):
    shown = set()
    for model, id in _subjects(reader, "ir_attachment", "res_model"):
        try:
            listed = reader.tools.every("list_attachments", "attachments", model=model, id=id)
        except Refused:
            continue
        assert reader.own.can_read(model, id)
        shown |= {attachment["id"] for attachment in listed}
    assert shown
    assert shown <= set(reader.own.search("ir.attachment", [("id", "in", list(shown))]).ids)
    assert sum(_opens(reader, id) for id in sorted(reader.own.everything("ir.attachment"))) >= len(shown)


def _opens(reader: Reader, id: int) -> bool:
    """Whether the tool shows what is in a file; then Odoo shows the user the same."""
    try:
        answer = reader.tools.call("read_attachment", id=id)
    except Refused:
        return False
    [own] = reader.own.env["ir.attachment"].browse(id).read(["raw", "name", "index_content"])
    assert answer["structuredContent"]["attachment"]["name"] == own["name"]
    for block in answer["content"]:
        data = block.get("data") or block.get("resource", {}).get("blob")
        assert data is None or base64.b64decode(data) == own["raw"]
    text = answer["structuredContent"].get("text")
    assert text is None or text in own["raw"].decode(errors="replace") or text in own["index_content"]
    return True


def test_messages_are_those_of_records_that_the_user_may_read(reader):
    compared = 0
    for model, id in _subjects(reader, "mail_message"):
        try:
            messages = reader.tools.use("read_messages", model=model, id=id, limit=50)["messages"]
        except Refused:
            continue
        assert reader.own.can_read(model, id)
        own = {message.id: message for message in reader.own.search("mail.message", [("res_id", "=", id)])}
        for message in messages:
            _compare_message(message, own[message["id"]])
            compared += 1
    assert compared > 100


def _compare_message(shown: dict, own) -> None:
    text = html2plaintext(own.body or "").strip()
    assert shown.get("body", "") in (text, own.subtype_id.sudo().description) or shown["body"][:900] == text[:900]
    assert shown.get("subject") == (own.subject or None)
    tracked = own.sudo().tracking_value_ids._filter_has_field_access(own.env)
    assert len(shown.get("changes", ())) <= len(tracked)
    assert {file["id"] for file in shown.get("attachments", ())} <= set(own.attachment_ids._filtered_access("read").ids)


def test_activities_are_those_of_records_that_the_user_may_read(reader):
    listed = reader.tools.every("read_activities", "activities")
    assert listed
    own = {activity.id: activity for activity in reader.own.search("mail.activity", [("active", "=", True)])}
    for activity in listed:
        stored = own[activity["id"]]
        assert activity.get("summary") == (stored.summary or None)
        assert activity.get("note") == (html2plaintext(stored.note or "").strip() or None)
        assert (activity.get("model"), activity.get("record_id")) == (stored.res_model or None, stored.res_id or None)
        assert not stored.res_model or reader.own.can_read(stored.res_model, stored.res_id)


def test_reports_are_those_of_the_print_menu(reader):
    env, listed = reader.own.env, 0
    for model in reader.own.models():
        try:
            reports = reader.tools.every("list_reports", "reports", model=model)
        except Refused:
            continue
        bound = [action["id"] for action in env["ir.actions.actions"].get_bindings(model).get("report", ())]
        menu = set(env["ir.actions.report"].sudo().browse(bound).exists().mapped("report_name"))
        assert {report["report"] for report in reports} <= menu, model
        listed += len(reports)
    assert listed > 10


@pytest.mark.parametrize("model", REPORTS)
def test_a_report_prints_only_records_that_the_user_may_read(reader, model):
    report, mine = REPORTS[model], reader.own.search(model, limit=3).ids
    env = reader.own.env
    for id in mine:
        text = reader.tools.use("render_report", report=report, ids=[id], format="text")["text"]
        html = env["ir.actions.report"]._render_qweb_html(report, [id])[0].decode()
        assert text == html2plaintext(html, include_references=False)
    foreign = sorted(reader.own.everything(model) - set(reader.own.search(model).ids), reverse=True)
    for ids in ([foreign[0]], [*mine, foreign[0]]) if foreign else ():
        with pytest.raises(Refused, match=rf"no record {foreign[0]} that you can read"):
            reader.tools.call("render_report", report=report, ids=ids, format="text")
    assert foreign or reader.own.env.user.login == "both"


def test_the_state_of_a_record_is_what_odoo_shows(reader):
    compared = 0
    for model in reader.own.models():
        for record in reader.own.search(model, limit=2) if model not in UNSEARCHABLE else ():
            try:
                answer = reader.tools.use("get_workflow_state", model=model, id=record.id)
            except Refused:
                continue
            assert answer["name"] == (record.display_name or "")
            if field := answer["state"].get("field"):
                [row] = reader.own.env[model].browse(record.id).read([field], load=None)
                assert answer["state"].get("value") in (None, str(row[field]))
                compared += 1
    assert compared > 10
