"""The MCP project's own client against a real server with two workers."""

import asyncio

import httpx2
import pytest
import requests
from harness import Person, call_tool, succeeded
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

TRIES_PER_WORKER = 10


async def _list_and_search(url: str, key: str, mode: str) -> tuple[list[str], dict]:
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"})
    async with http, Client(streamable_http_client(url, http_client=http), mode=mode) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        found = await client.call_tool("search_records", {"model": "res.partner", "fields": ["name"], "limit": 5})
        return tools, found.structured_content


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_the_whole_life_of_a_key_as_a_real_client_sees_it(server, mode):
    """Issue: list, search, rotate, revoke, reactivate, generate; old keys are dead on both workers at once."""
    admin = Person(server)
    connection, key = server.new_connection(f"real client {mode}")

    tools, found = asyncio.run(_list_and_search(server.mcp, key, mode))
    assert {"list_models", "describe_model", "search_records", "get_record", "count_records"} <= set(tools)
    names = {row[0] for row in server.sql("SELECT name FROM res_partner WHERE active")}
    assert found["records"]
    assert {record["name"] for record in found["records"]} <= names

    rotated = admin.new_key(connection, "action_rotate_key")
    assert rotated != key
    _assert_dead_everywhere(server, key)
    assert asyncio.run(_list_and_search(server.mcp, rotated, mode))[1] == found

    admin.press("mcp.connection", connection, "action_revoke")
    _assert_dead_everywhere(server, rotated)
    admin.press("mcp.connection", connection, "action_reactivate")
    _assert_dead_everywhere(server, rotated)

    fresh = admin.new_key(connection, "action_generate_key")
    assert asyncio.run(_list_and_search(server.mcp, fresh, mode))[1] == found
    for dead in (key, rotated):
        _assert_dead_everywhere(server, dead)


def _assert_dead_everywhere(server, key: str) -> None:
    """So many tries on new TCP connections that both workers get some."""
    statuses = {call_tool(server, key, "list_models").status_code for _ in range(TRIES_PER_WORKER * 2)}
    assert statuses == {401}


def test_the_kill_switch_stops_every_worker_at_once(server):
    """FEATURES G1."""
    admin = Person(server)
    _connection, key = server.new_connection("kill switch")
    settings = server.sql("SELECT id FROM mcp_settings")[0][0]
    assert succeeded(call_tool(server, key, "list_models"))
    admin.press("mcp.settings", settings, "action_disable")
    try:
        statuses = {call_tool(server, key, "list_models").status_code for _ in range(TRIES_PER_WORKER * 2)}
        assert statuses == {503}
    finally:
        admin.press("mcp.settings", settings, "action_enable")
    assert succeeded(call_tool(server, key, "list_models"))


def test_a_body_of_ten_megabytes_is_refused_and_logged(server):
    """Issue, bad input."""
    _connection, key = server.new_connection("too long")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    # Of what this address was refused before, in this minute, rows may only be counted by now.
    server.sql("DELETE FROM mcp_throttle")
    answer = requests.post(server.mcp, data=b'"' + b"x" * 10_000_000 + b'"', headers=headers, timeout=60)
    assert answer.status_code == 413
    assert "4 MiB" in answer.json()["error"]["message"]
    assert server.sql("SELECT count(*) FROM mcp_audit_log WHERE http_status = 413") == [(1,)]


def test_a_bug_rolls_everything_back_but_its_log_row(server):
    """DESIGN §2.6: answered in JSON-RPC, and written on a cursor of its own."""
    connection, key = server.new_connection("crash")
    server.expected.append(r"odoo\.http: Exception during request handling")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = {"jsonrpc": "2.0", "id": 3, "method": "test/crash"}
    answer = requests.post(server.mcp, json=body, headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["id"], answer.json()["error"]["code"]) == (500, 3, -32603)
    assert "broken on purpose" not in answer.text
    assert server.sql("SELECT count(*) FROM x_mcp_test_record WHERE name = 'crash'") == [(0,)]
    rows = server.sql(f"SELECT method, outcome, http_status FROM mcp_audit_log WHERE connection_ref = {connection}")
    assert ("test/crash", "error", 500) in rows
