"""The MCP project's own clients on a database with Odoo's applications: everything that is offered can be used."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import httpx2
import node
import pytest
from harness import RealServer
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

# One tool of each toolset, the ones that write as a trial.
CALLS = {
    "list_models": {"query": "invoice"},
    "describe_model": {"model": "account.move"},
    "search_records": {"model": "sale.order", "limit": 3},
    "aggregate_records": {"model": "sale.order", "group_by": ["partner_id"], "measures": ["amount_total:sum"]},
    "search": {"query": "Gemini"},
    "create_record": {"model": "res.partner", "values": {"name": "Trial"}, "dry_run": True},
    "read_messages": {"model": "sale.order", "id": 1},
    "read_activities": {},
    "list_attachments": {"model": "res.partner", "id": 1},
    "list_reports": {"model": "sale.order"},
    "get_workflow_state": {"model": "sale.order", "id": 1},
    "execute_method": {"model": "res.partner", "ids": [1], "method": "action_archive", "dry_run": True},
    "get_session": {},
}
# Not one of these: it waits for a person.
WAITS = "update_record"


@pytest.fixture(scope="module")
def key(business_server):
    approver = business_server.new_user("clients_approver")
    with business_server.env() as env:
        waiting = env["mcp.tool"].search([("name", "=", WAITS)]).ids
    values = {"scope": "execute", "approver_id": approver, "approval_tool_ids": [(6, 0, waiting)]}
    return business_server.new_connection("clients", **values)[1]


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_all_that_is_offered_is_used_with_the_python_client(business_server, key, mode):
    async def use_everything() -> None:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120)
        async with http, Client(streamable_http_client(business_server.mcp, http_client=http), mode=mode) as client:
            await _call_tools(client, business_server)
            await _read_resources(client, business_server)
            await _get_prompts(client)

    asyncio.run(use_everything())


async def _call_tools(client: Client, server: RealServer) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    with server.env() as env:
        families = {name: model for name, (model, _tool) in env["mcp.toolset"]._catalogue().items()}
        ours = {model for model in families.values() if env[model]._original_module == "mcp_gateway"}
    assert tools.keys() == families.keys()
    asked = await client.call_tool(WAITS, {"model": "res.partner", "id": 1, "values": {"comment": "To be approved"}})
    calls = {**CALLS, "get_approval": {"id": asked.structured_content["pending_approval"]["id"]}}
    assert {families[name] for name in calls} == ours
    for name, arguments in calls.items():
        answer = await client.call_tool(name, arguments)
        assert not answer.is_error, f"{name}: {answer.content[0].text}"
        assert answer.structured_content.keys() <= tools[name].output_schema["properties"].keys()
    assert server.sql("SELECT count(*) FROM res_partner WHERE name = 'Trial'") == [(0,)]


async def _read_resources(client: Client, server: RealServer) -> None:
    resources = {str(resource.uri) for resource in (await client.list_resources()).resources}
    assert "odoo://session" in resources
    templates = {template.uri_template for template in (await client.list_resource_templates()).resource_templates}
    assert {"odoo://{model}/{id}", "odoo://{model}/schema", "odoo://attachment/{id}"} <= templates
    [(id, name)] = server.sql("SELECT id, name FROM sale_order WHERE name = 'S00007'")
    [record] = (await client.read_resource(f"odoo://sale.order/{id}")).contents
    assert json.loads(record.text)["name"] == name
    [schema] = (await client.read_resource("odoo://sale.order/schema")).contents
    assert json.loads(schema.text)["model"] == "sale.order"
    [session] = (await client.read_resource("odoo://session")).contents
    assert json.loads(session.text)["login"] == "admin"


async def _get_prompts(client: Client) -> None:
    # Those of the test addon ask back, which this client cannot answer.
    prompts = [prompt for prompt in (await client.list_prompts()).prompts if not prompt.name.startswith("test_")]
    assert len(prompts) >= 7
    for prompt in prompts:
        arguments = {argument.name: "Azure" for argument in prompt.arguments or ()}
        got = await client.get_prompt(prompt.name, arguments)
        assert got.messages
        asked_for = {argument.name: "Azure" for argument in prompt.arguments or () if argument.required}
        assert (await client.get_prompt(prompt.name, asked_for)).messages


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_finds_no_error_in_any_schema(business_server, key, era, tmp_path):
    common = ("--server-url", business_server.mcp, "--transport", "http", "--header", f"Authorization: Bearer {key}")
    command = node.inspector(*common, "--protocol-era", era, "--format", "json", "--method", "tools/list", "--strict")
    printed = _printed(command, tmp_path)
    assert CALLS.keys() <= {tool["name"] for tool in printed["result"]["tools"]}
    findings = [finding for tool in printed.get("schemaFindings", []) for finding in tool["findings"]]
    assert not [finding for finding in findings if finding["severity"] == "error"]


def _printed(command: list[str], home: Path) -> dict:
    """The program keeps a folder in the home folder; it exits with 0 only if nothing it found is an error."""
    environment = os.environ | {"HOME": str(home)}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
