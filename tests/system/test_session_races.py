"""Revoke while clients open sessions all the time (DESIGN §2.3)."""

import json
import time

import requests
from clients import wait_until
from harness import MODERN, Person
from test_races import ROUNDS, SUCCESSES_PER_ROUND, Stream, busy_server  # noqa: F401 (a fixture)


class SessionStream(Stream):
    """Clients each of whose calls begins a session: by initialize, or as a program that was never seen before."""

    def _call(self, number: int) -> None:
        count = 0
        while not self.stopping:
            count += 1
            sent = time.monotonic()
            name = f"{self.label}-{number}-{count}"
            answer = self._initialize(name) if number % 2 else self._discover(name)
            if answer is None:
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.sent.append(sent)

    def _initialize(self, name: str):
        info = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}}
        return self._post("initialize", info, {})

    def _discover(self, name: str):
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": name, "version": "1"},
        }
        headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "server/discover"}
        return self._post("server/discover", {"_meta": meta}, headers)

    def _post(self, method: str, params: dict, headers: dict):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Connection": "close"}
        try:
            return requests.post(self.server.mcp, data=body, headers=sent | headers, timeout=120)
        except requests.ConnectionError:
            # As in call_tool: turned away before anyone read it.
            time.sleep(0.01)
            return None


def test_after_revoke_no_live_session_is_left(busy_server):  # noqa: F811
    """Issue: the race of the revocation, with clients that open sessions all the time."""
    admin = Person(busy_server)
    connection, key = busy_server.new_connection("race: sessions")
    opened = 0
    for number in range(ROUNDS):
        with SessionStream(busy_server, key, f"sessions{number}") as stream:
            stream.wait_for(SUCCESSES_PER_ROUND)
            admin.press("mcp.connection", connection, "action_revoke")
            returned = time.monotonic()
            at_once = _live(busy_server, connection)
            refused = stream.statuses[401]
            wait_until(
                lambda stream=stream, goal=refused + 2 * stream.threads: stream.statuses[401] >= goal, "all are refused"
            )
        assert not [sent for sent in stream.sent if sent > returned]
        # Neither when the button returned, nor after everything that was in flight had ended.
        assert at_once == 0
        assert _live(busy_server, connection) == 0
        opened += len(stream.sent)
        admin.press("mcp.connection", connection, "action_reactivate")
        # A session of before does not come back to life either.
        assert _live(busy_server, connection) == 0
        key = admin.new_key(connection, "action_generate_key")
    assert opened >= ROUNDS * SUCCESSES_PER_ROUND
    assert busy_server.sql(f"SELECT count(*) FROM mcp_session WHERE connection_id = {connection}")[0][0] >= opened


def _live(server, connection: int) -> int:
    """What the list of sessions shows as not deactivated, asked as the list asks."""
    with server.env() as env:
        return env["mcp.session"].search_count([("connection_id", "=", connection), ("status", "in", ["live", "idle"])])
