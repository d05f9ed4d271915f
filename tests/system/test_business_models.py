"""Odoo's own applications with their demo data, as an AI tool sees them."""

import pytest
from harness import Person, RealServer, call_tool, succeeded

DEMO = {
    "res.partner": "Gemini Furniture",
    "sale.order": "S00007",
    "account.move": "INV/%/00001",
    "stock.picking": "WH/OUT/00001",
    "project.task": "Document management",
    "hr.employee": "Marc Demo",
}


@pytest.fixture(scope="module")
def key(business_server):
    """Of a connection of the administrator."""
    return business_server.new_connection("business models")[1]


def _called(server: RealServer, key: str, tool: str, **arguments) -> dict:
    response = call_tool(server, key, tool, arguments)
    assert succeeded(response), response.text
    return response.json()["result"]["structuredContent"]


@pytest.mark.parametrize("model", DEMO)
def test_a_model_is_listed_and_its_demo_data_found(business_server, key, model):
    listed = _called(business_server, key, "list_models", query=model)
    assert model in {row["model"] for row in listed["models"]}
    found = _called(
        business_server, key, "search_records", model=model, fields=["name"], domain=[["name", "=like", DEMO[model]]]
    )
    rows = business_server.sql(f"SELECT id, name FROM {model.replace('.', '_')} WHERE name LIKE '{DEMO[model]}'")
    assert rows
    # Not the other companies' of the demo data.
    assert found["records"]
    assert {(record["id"], record["name"]) for record in found["records"]} <= set(rows)


def test_a_report_prints_in_a_worker(business_server):
    """As the browser's download does: the other worker serves the report's styles while this one waits for them."""
    admin = Person(business_server)
    order = business_server.sql("SELECT id FROM sale_order WHERE name = 'S00007'")[0][0]
    answer = admin.session.get(f"{business_server.url}/report/pdf/sale.report_saleorder/{order}", timeout=120)
    assert answer.content.startswith(b"%PDF"), answer.text
