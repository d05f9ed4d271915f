"""Calls without HTTP: they climb the same ladder, as fast as functions, so that a test can ask thousands of things."""

import itertools
import json

from harness import RealServer


class Refused(Exception):
    """The answer was an error of the protocol, or a tool's."""


class Direct:
    """A client of ``server`` whose calls run in this process, in the transaction of ``env``.

    :param env: of ``server.env()``
    """

    def __init__(self, env, server: RealServer, key: str):
        from odoo.addons.mcp_gateway.protocol.messages import Exchange  # noqa: PLC0415 (needs Odoo's settings)

        self._exchange, self.env = Exchange, env
        self._ids = itertools.count(1)
        self._headers = (
            ("Host", server.url.partition("://")[2]),
            ("Authorization", f"Bearer {key}"),
            ("Content-Type", "application/json"),
            ("User-Agent", "direct"),
        )

    def send(self, method: str, **params) -> dict:
        """The result of a request of the legacy era, whose transaction begins with empty caches as a worker's does.

        :raise Refused: with the text of the error
        """
        self.env.flush_all()
        self.env.invalidate_all()
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        exchange = self._exchange("POST", self._headers, "", json.dumps(body).encode(), "127.0.0.1")
        reply = self.env["mcp.gateway"]._serve(exchange, {})
        if "error" in reply.body:
            raise Refused(reply.body["error"]["message"])
        # As it would arrive.
        return json.loads(json.dumps(reply.body["result"]))

    def call(self, tool: str, **arguments) -> dict:
        """The result of a tool, with its content blocks.

        :raise Refused: as ``send``, and for a result that is an error
        """
        result = self.send("tools/call", name=tool, arguments=arguments)
        if result["isError"]:
            raise Refused(result["content"][0]["text"])
        return result

    def use(self, tool: str, **arguments) -> dict:
        """The structured content of a tool's result."""
        return self.call(tool, **arguments)["structuredContent"]

    def every(self, tool: str, items: str, **arguments) -> list:
        """All ``items`` of a tool that answers in pages."""
        found, cursor = [], ""
        while cursor is not None:
            page = self.use(tool, **arguments, **({"cursor": cursor} if cursor else {}))
            found += page[items]
            cursor = page.get("next_cursor")
        return found
