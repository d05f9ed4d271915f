"""``bin/client``: the MCP project's own client, to see that a server answers."""

import argparse
import asyncio
import json

from trouble import Trouble


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/client", description="List the tools of an MCP server, or call one.")
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--mode", choices=("auto", "legacy", "2026-07-28"), default="auto")
    parser.add_argument("--call", metavar="TOOL")
    parser.add_argument("--arguments", default="{}", metavar="JSON", type=json.loads)
    options = parser.parse_args(arguments)
    try:
        return asyncio.run(_talk(options))
    except Exception as error:  # noqa: BLE001 (whatever it is, it becomes one sentence)
        raise Trouble(f"{options.url} did not answer as an MCP server should: {_innermost(error)}") from None


async def _talk(options: argparse.Namespace) -> int:
    import httpx2  # noqa: PLC0415 (only there once the environment is)
    from mcp import Client  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {options.key}"})
    async with http, Client(streamable_http_client(options.url, http_client=http), mode=options.mode) as client:
        if options.call:
            result = await client.call_tool(options.call, options.arguments)
            print("\n".join(part.text for part in result.content if part.type == "text"))
            return int(bool(result.is_error))
        for tool in (await client.list_tools()).tools:
            print(f"{tool.name:24} {tool.title}")
    return 0


def _innermost(error: BaseException) -> BaseException:
    """What went wrong, out of the groups that concurrent tasks wrap around it."""
    while inner := getattr(error, "exceptions", None):
        error = inner[0]
    return error
