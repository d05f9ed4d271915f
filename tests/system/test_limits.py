"""Limits on a real server: what a window counts, and how many calls of a connection run at once (DESIGN §2.7)."""

import threading
import time
from collections import Counter
from contextlib import contextmanager

import requests
from harness import SERIALIZATION, SLOW_TO_SEND, Person, call_tool, real_server, succeeded

SLOW_SECONDS = 4
CLIENTS = 6


def test_the_limiter_lets_exactly_its_limit_pass():
    """With the window stopped; a new key does not begin it anew, and the next minute does."""
    with real_server(workers=2) as server:
        server.expected.append(SLOW_TO_SEND)
        connection, key = server.new_connection("limit", rate_minute=60)
        _set_clock(server, "2026-01-01 12:00:30")
        statuses: Counter = Counter()
        threads = [
            threading.Thread(target=lambda: statuses.update([call_tool(server, key, "list_models").status_code]))
            for _ in range(300)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == {200: 60, 429: 240}
        refused = call_tool(server, key, "list_models")
        assert refused.headers["Retry-After"] == "30"
        assert "60 requests a minute" in refused.json()["error"]["message"]
        new = Person(server).new_key(connection, "action_rotate_key")
        assert {call_tool(server, new, "list_models").status_code for _ in range(10)} == {429}
        _set_clock(server, "2026-01-01 12:01:00")
        assert Counter(call_tool(server, new, "list_models").status_code for _ in range(65)) == {200: 60, 429: 5}


def _set_clock(server, moment: str) -> None:
    with server.env() as env:
        env["ir.config_parameter"].set_param("mcp_gateway_test.clock", moment)


def test_a_call_that_odoo_runs_again_is_charged_once():
    """Two calls write one record at REPEATABLE READ; PostgreSQL refuses the later one, and Odoo runs it again."""
    with real_server(workers=4) as server:
        server.expected.append(SERIALIZATION)
        connection, key = server.new_connection("retried", rate_minute=1000)
        assert succeeded(
            call_tool(server, key, "create_record", {"model": "res.partner", "values": {"name": "contested"}})
        )
        [record] = server.sql("SELECT id FROM res_partner WHERE name = 'contested'")[0]
        sent = 1
        while "try again in" not in server.log_text():
            arguments = {"model": "res.partner", "id": record, "values": {"comment": f"by call {sent}"}}
            threads = [
                threading.Thread(target=call_tool, args=(server, key, "update_record", arguments)) for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            sent += len(threads)
            assert sent < 400, "no call was run again"
        usage = (
            "SELECT u.request_count, u.day_count FROM mcp_connection c "
            f"JOIN mcp_connection_usage u ON u.id = c.usage_id WHERE c.id = {connection}"
        )
        assert server.sql(usage) == [(sent, sent)]
        logged = f"SELECT count(*) FROM mcp_audit_log WHERE connection_ref = {connection} AND event = 'request'"
        assert server.sql(logged) == [(sent,)]


def test_slow_calls_of_one_connection_never_take_the_last_worker():
    """Two workers, six clients whose calls take seconds: people at the web client go on, and Revoke works."""
    with real_server(workers=2) as server:
        server.expected.append(SERIALIZATION)
        admin = Person(server)
        with server.env() as env:
            limit = env["mcp.settings"]._get().default_in_flight
        connection, key = server.new_connection("slow", max_in_flight=limit)
        with _slow_clients(server, key) as told:
            for _ in range(5):
                assert _seconds(lambda: admin.call("res.users", "read", [1], ["name"])) < SLOW_SECONDS / 4
            assert _seconds(lambda: admin.press("mcp.connection", connection, "action_revoke")) < SLOW_SECONDS / 4
            returned = time.monotonic()
        assert {status for sent, status, _ok in told if sent > returned} <= {401}
        assert [status for _sent, status, _ok in told].count(429) > CLIENTS
        assert server.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2") == [
            (0,)
        ]


@contextmanager
def _slow_clients(server, key: str):
    """Six that call without a pause, once the first of their calls is under way; what they were told, and when."""
    told: list[tuple[float, int, bool]] = []
    stopping = threading.Event()

    def calls() -> None:
        while not stopping.is_set():
            sent = time.monotonic()
            try:
                answer = call_tool(server, key, "test_wait", {"dwell_ms": SLOW_SECONDS * 1000})
            except requests.RequestException:
                continue
            told.append((sent, answer.status_code, answer.status_code == 200 and succeeded(answer)))

    threads = [threading.Thread(target=calls) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while [status for _sent, status, _ok in told].count(429) < CLIENTS:
        assert time.monotonic() < end, "no call was refused"
        time.sleep(0.01)
    try:
        yield told
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _seconds(act) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began
