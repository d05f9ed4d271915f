"""Whole jobs, done as an AI does them: each step knows only what the steps before it answered."""

import base64
from datetime import date, timedelta

import pytest
from assistant import Assistant, assert_on_the_record, do, one
from harness import RealServer

MODES = ("legacy", "2026-07-28")


# Sales


@pytest.mark.parametrize(("mode", "customer"), [*zip(MODES, ("Acme Corporation", "Ready Mat"), strict=True)])
def test_a_salesperson_corrects_confirms_and_prints_a_quotation(business_server, mode, customer):
    async def job(assistant: Assistant) -> None:
        order = await _find_quotation(assistant, customer)
        await _correct_a_line(assistant, business_server, order)
        await _confirm(assistant, business_server, order)
        await _note_and_call(assistant, business_server, order)
        await _print(assistant, order)
        await _read_the_chatter(assistant, f"seller {mode} at work", order)

    groups = ("sales_team.group_sale_salesman_all_leads", "account.group_account_invoice")
    connection, assistant = do(business_server, f"seller {mode}", groups, mode, job)
    assert_on_the_record(business_server, connection, assistant)


async def _find_quotation(assistant: Assistant, customer: str) -> int:
    """The id of the customer's largest open quotation."""
    [partner] = await assistant.find("res.partner", [["name", "ilike", customer], ["is_company", "=", True]], ["name"])
    quotations = await assistant.find(
        "sale.order",
        [["partner_id", "child_of", partner["id"]], ["state", "in", ["draft", "sent"]]],
        ["name", "state", "amount_total", "currency_id"],
        order="amount_total desc",
    )
    assert quotations[0]["state"]["value"] in ("draft", "sent")
    assert quotations == sorted(quotations, key=lambda quotation: -quotation["amount_total"])
    return quotations[0]["id"]


async def _correct_a_line(assistant: Assistant, server: RealServer, order: int) -> None:
    """One more of the first product at half its price: first as a trial, then for good."""
    read = await assistant.use("get_record", model="sale.order", id=order, fields=["order_line", "amount_untaxed"])
    lines = await assistant.find(
        "sale.order.line",
        [["id", "in", [line["id"] for line in read["record"]["order_line"]]], ["display_type", "=", False]],
        ["product_id", "product_uom_qty", "price_unit", "price_subtotal"],
        order="sequence, id",
    )
    line, others = lines[0], lines[1:]
    wanted = {"product_uom_qty": line["product_uom_qty"] + 1, "price_unit": line["price_unit"] / 2}
    total = wanted["product_uom_qty"] * wanted["price_unit"] + sum(other["price_subtotal"] for other in others)
    values = {"order_line": {"update": [{"id": line["id"], **wanted}]}}

    def stored() -> list[tuple]:
        return [
            one(server, "product_uom_qty::float, price_unit::float", "sale_order_line", line["id"]),
            one(server, "amount_untaxed::float, write_date, write_uid", "sale_order", order),
            *server.sql(f"SELECT count(*) FROM mail_message WHERE model = 'sale.order' AND res_id = {order}"),
        ]

    before = stored()
    tried = await assistant.use("update_record", model="sale.order", id=order, values=values, dry_run=True)
    assert stored() == before
    done = await assistant.use("update_record", model="sale.order", id=order, values=values)
    for answer, dry_run in ((tried, True), (done, False)):
        assert answer["dry_run"] is dry_run
        [changed] = answer["records"]
        assert changed["before"]["amount_untaxed"] == read["record"]["amount_untaxed"]
        assert changed["after"]["amount_untaxed"] == pytest.approx(total)
        [changed_line] = [row for row in answer["related"] if row["id"] == line["id"]]
        assert {name: changed_line["before"][name] for name in wanted} == {name: line[name] for name in wanted}
        assert {name: changed_line["after"][name] for name in wanted} == wanted
    assert stored()[0] == tuple(wanted.values())
    assert stored()[1][0] == pytest.approx(total)


async def _confirm(assistant: Assistant, server: RealServer, order: int) -> None:
    """What the button of the form does, a delivery included."""
    workflow = await assistant.use("get_workflow_state", model="sale.order", id=order)
    [name] = [step["name"] for step in workflow["transitions"] if step["label"] == "Confirm"]
    done = await assistant.use("transition_state", model="sale.order", id=order, transition=name)
    assert (done["state_before"]["value"], done["state_after"]["value"]) == (workflow["state"]["value"], "sale")
    assert one(server, "state", "sale_order", order) == ("sale",)
    delivered = await assistant.use("get_record", model="sale.order", id=order, fields=["picking_ids", "state"])
    pickings = server.sql(f"SELECT id FROM stock_picking WHERE sale_id = {order}")
    assert [picking["id"] for picking in delivered["record"]["picking_ids"]] == [id for (id,) in pickings]
    again = await assistant.use("get_workflow_state", model="sale.order", id=order)
    assert name not in [step["name"] for step in again["transitions"]]


async def _note_and_call(assistant: Assistant, server: RealServer, order: int) -> None:
    text = "Agreed by phone: one more, at half the price."
    posted = await assistant.use("post_message", model="sale.order", id=order, body=text)
    assert posted["notified_count"] == 0
    message = server.sql(
        f"SELECT m.body, s.internal FROM mail_message m JOIN mail_message_subtype s ON s.id = m.subtype_id "
        f"WHERE m.id = {posted['id']} AND m.model = 'sale.order' AND m.res_id = {order}"
    )
    assert message == [(f"<p>{text}</p>", True)]
    due = date.today() + timedelta(days=7)
    planned = await assistant.use(
        "schedule_activity",
        model="sale.order",
        id=order,
        activity_type="Call",
        summary="Is everything fine?",
        due_date=due.isoformat(),
    )
    assert planned["activity"]["type"] == "Call"
    columns = "res_model, res_id, date_deadline, summary"
    row = one(server, columns, "mail_activity", planned["activity"]["id"])
    assert row == ("sale.order", order, due, "Is everything fine?")
    mine = await assistant.use("read_activities", mine_only=True)
    assert planned["activity"]["id"] in [activity["id"] for activity in mine["activities"]]


async def _print(assistant: Assistant, order: int) -> None:
    """The PDF comes with the answer, and again from its address."""
    listed = await assistant.use("list_reports", model="sale.order")
    report = next(row["report"] for row in listed["reports"] if "Quotation" in row["name"] and row["type"] == "pdf")
    answer = await assistant.call("render_report", report=report, ids=[order])
    embedded = next(block.resource for block in answer.content if block.type == "resource")
    assert base64.b64decode(embedded.blob).startswith(b"%PDF")
    assert len(base64.b64decode(embedded.blob)) == answer.structured_content["size"]
    link = next(block for block in answer.content if block.type == "resource_link")
    [read] = (await assistant.client.read_resource(str(link.uri))).contents
    assert read.mime_type == "application/pdf"
    assert base64.b64decode(read.blob).startswith(b"%PDF")


async def _read_the_chatter(assistant: Assistant, connection: str, order: int) -> None:
    """FEATURES L5: what was done through MCP says so, and who did it."""
    messages = (await assistant.use("read_messages", model="sale.order", id=order))["messages"]
    traces = [message["body"] for message in messages if f"through MCP, connection “{connection}”" in message["body"]]
    # Newest first: activity, note, transition, and the lines. The trial left nothing.
    assert len(traces) == 4
    assert [traces[0].split()[0], traces[1].split()[0], traces[3].split()[0]] == ["Activity", "Note", "Changed"]


# Warehouse

RECEIPTS = {"legacy": "Cabinet with Doors", "2026-07-28": "Desk Stand with Screen"}


@pytest.mark.parametrize("mode", MODES)
def test_a_warehouse_manager_receives_goods_and_sees_them_in_stock(business_server, mode):
    async def job(assistant: Assistant) -> None:
        await _check_what_is_short(assistant, business_server)
        await _deliver_a_part(assistant, business_server)
        await _receive(assistant, business_server, RECEIPTS[mode])

    connection, assistant = do(business_server, f"keeper {mode}", ("stock.group_stock_manager",), mode, job)
    assert_on_the_record(business_server, connection, assistant)


async def _check_what_is_short(assistant: Assistant, server: RealServer) -> None:
    """Of a delivery that waits for goods: there are none, so that it goes on waiting."""
    [delivery] = await assistant.find(
        "stock.picking", [["picking_type_code", "=", "outgoing"], ["state", "=", "confirmed"]], ["name"], limit=1
    )
    workflow = await assistant.use("get_workflow_state", model="stock.picking", id=delivery["id"])
    [name] = [step["name"] for step in workflow["transitions"] if step["label"] == "Check Availability"]
    done = await assistant.use("transition_state", model="stock.picking", id=delivery["id"], transition=name)
    assert done["state_after"]["value"] == "confirmed"
    assert one(server, "state", "stock_picking", delivery["id"]) == ("confirmed",)


async def _deliver_a_part(assistant: Assistant, server: RealServer) -> None:
    """Odoo asks what becomes of the rest; until a person said so, nothing has left."""
    moves = await assistant.find(
        "stock.move",
        [["state", "=", "partially_available"], ["picking_type_id.code", "=", "outgoing"], ["origin", "like", "S0%"]],
        ["picking_id", "product_uom_qty", "quantity"],
        limit=1,
    )
    picking = moves[0]["picking_id"]["id"]
    assert moves[0]["quantity"] < moves[0]["product_uom_qty"]
    done = await assistant.use("transition_state", model="stock.picking", id=picking, transition="Validate")
    assert done["opens"]["kind"] == "wizard"
    assert "not run" in done["opens"]["note"]
    assert done["state_after"] == done["state_before"]
    assert one(server, "state, date_done", "stock_picking", picking) == ("assigned", None)


async def _receive(assistant: Assistant, server: RealServer, product: str) -> None:
    moves = await assistant.find(
        "stock.move",
        [["product_id", "ilike", product], ["state", "=", "assigned"], ["picking_type_id.code", "=", "incoming"]],
        ["picking_id", "product_id", "quantity", "location_dest_id"],
    )
    [move] = moves
    before = await _stock(assistant, server, move["product_id"]["id"])
    picking = move["picking_id"]["id"]
    tried = await assistant.use(
        "transition_state", model="stock.picking", id=picking, transition="button_validate", dry_run=True
    )
    assert tried["state_after"]["value"] == "done"
    assert one(server, "state", "stock_picking", picking) == ("assigned",)
    assert await _stock(assistant, server, move["product_id"]["id"]) == before
    done = await assistant.use("transition_state", model="stock.picking", id=picking, transition="button_validate")
    assert "opens" not in done
    assert one(server, "state", "stock_picking", picking) == ("done",)
    after = await _stock(assistant, server, move["product_id"]["id"])
    place = move["location_dest_id"]["id"]
    assert after[place] == before.get(place, 0) + move["quantity"]
    chatter = await assistant.use("read_messages", model="stock.picking", id=picking)
    assert any("through MCP" in message["body"] for message in chatter["messages"] if "body" in message)


async def _stock(assistant: Assistant, server: RealServer, product: int) -> dict[int, float]:
    """What lies where, as the tool adds it up; the database adds up the same."""
    answer = await assistant.use(
        "aggregate_records",
        model="stock.quant",
        domain=[["product_id", "=", product], ["location_id.usage", "=", "internal"]],
        group_by=["location_id"],
        measures=["quantity:sum"],
    )
    found = {group["location_id"]["id"]: group["quantity:sum"] for group in answer["groups"]}
    rows = server.sql(
        "SELECT q.location_id, sum(q.quantity)::float "
        "FROM stock_quant q JOIN stock_location l ON l.id = q.location_id "
        f"WHERE q.product_id = {product} AND l.usage = 'internal' AND q.company_id = 1 GROUP BY 1"
    )
    assert found == dict(rows)
    return found
