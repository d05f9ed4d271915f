"""Approvals as the MCP project's own client sees them, which checks every result against the schema it was told."""

import asyncio

import httpx2
import pytest
from approvals import held_connection
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

RECORD = "x.mcp.test.record"


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_a_real_client_asks_waits_and_is_told(server, mode):
    """PROTOCOL §2D: a pending result, and the real one, conform to the output schema; also of a client that listed
    the tools before an administrator asked for approvals."""
    connection, key, approver = held_connection(server, f"client {mode}")
    with server.env() as env:
        record = env[RECORD].create({"name": f"client {mode}"}).id
    asyncio.run(_day(server, connection, key, approver, mode, record))


async def _day(server, connection, key, approver, mode, record):
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"})
    async with http, Client(streamable_http_client(server.mcp, http_client=http), mode=mode) as client:
        await client.list_tools()
        change = {"model": RECORD, "id": record, "values": {"number": 1}}
        at_once = await client.call_tool("update_record", change)
        assert at_once.structured_content["records"][0]["after"] == {"number": 1}
        with server.env() as env:
            tools = env["mcp.tool"].search([("name", "in", ("update_record", "create_record"))])
            env["mcp.connection"].browse(connection).approval_tool_ids = tools
        for decision in ("action_approve", "action_cancel", "action_reject"):
            change["values"] = {"number": len(decision)}
            asked = await client.call_tool("update_record", change)
            assert not asked.is_error
            pending = asked.structured_content["pending_approval"]
            assert await _status(client, pending["id"]) == "pending_approval"
            if decision == "action_cancel":
                withdrawn = await client.call_tool("cancel_approval", {"id": pending["id"]})
                assert withdrawn.structured_content["status"] == "cancelled"
                continue
            action = approver.press("mcp.approval", pending["id"], decision)
            if decision == "action_reject":
                approver.press("mcp.approval.decide", action["res_id"], "action_decide")
            assert await _status(client, pending["id"]) == {"action_approve": "executed"}.get(decision, "rejected")
        assert server.sql(f"SELECT number FROM x_mcp_test_record WHERE id = {record}") == [(len("action_approve"),)]


async def _status(client, id: int) -> str:
    return (await client.call_tool("get_approval", {"id": id})).structured_content["status"]
