"""An AI tool at work: the MCP project's own client in the hands of a user."""

import asyncio

import httpx2
from harness import RealServer
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


class Assistant:
    """An AI tool that is connected, and remembers which tools it used."""

    def __init__(self, client: Client):
        self.client = client
        self.used: list[tuple[str, str | None]] = []

    async def use(self, tool: str, **arguments) -> dict:
        """What the tool answered, in structured form."""
        return (await self.call(tool, **arguments)).structured_content

    async def call(self, tool: str, **arguments):
        answer = await self.client.call_tool(tool, arguments)
        assert not answer.is_error, f"{tool}: {answer.content[0].text}"
        self.used.append((tool, arguments.get("model")))
        return answer

    async def find(self, model: str, domain: list, fields: list[str], **options) -> list[dict]:
        return (await self.use("search_records", model=model, domain=domain, fields=fields, **options))["records"]


def do(server: RealServer, login: str, groups: tuple[str, ...], mode: str, job) -> tuple[int, Assistant]:
    """Let a new user with these groups do a job; the connection's id, and who did it."""
    server.new_user(login, *groups)
    connection, key = server.new_connection(f"{login} at work", login, scope="execute")

    async def work() -> Assistant:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=120)
        async with http, Client(streamable_http_client(server.mcp, http_client=http), mode=mode) as client:
            assistant = Assistant(client)
            await job(assistant)
            return assistant

    return connection, asyncio.run(work())


def assert_on_the_record(server: RealServer, connection: int, assistant: Assistant) -> None:
    """One row for each call, in their order, and none that failed."""
    rows = server.sql(
        "SELECT tool, nullif(model, '') FROM mcp_audit_log "
        f"WHERE connection_ref = {connection} AND tool IS NOT NULL ORDER BY id"
    )
    assert rows == assistant.used
    outcomes = server.sql(f"SELECT DISTINCT outcome FROM mcp_audit_log WHERE connection_ref = {connection}")
    assert outcomes == [("success",)]


def one(server: RealServer, columns: str, table: str, id: int) -> tuple:
    return server.sql(f"SELECT {columns} FROM {table} WHERE id = {id}")[0]
