"""The audit log with a million rows: how its screen opens, filters and groups, and what retention does to calls."""

import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from harness import Person, RealServer, call_tool, real_server, succeeded

FEW, MANY = 10_000, 1_000_000
DAYS = 90
MOST_TO_OPEN, MOST_BESIDE_RETENTION = 1.5, 2.0
ROUNDS, WARM_UP = 100, 10
CLIENTS, PAUSE_SECONDS, FEWEST_CALLS = 4, 0.05, 1000

LIST = ("date", "event", "outcome", "tool", "model", "user_name", "connection_name", "ip", "error", "duration_ms")
# What the web client asks for: Odoo's limit of a page, and where it stops counting.
PAGE, COUNTED = 80, 10_001
TODAY = [["date", ">=", "today"]]
WEEK = [["date", ">=", "today -7d"]]
CREDENTIAL_EVENTS = [["event", "in", ["key_generated", "key_rotated", "revoked", "reactivated", "retired_secret"]]]
FILTERS = {
    "success": [["outcome", "=", "success"]],
    "error": [["outcome", "=", "error"]],
    "refused": [["outcome", "=", "refused"]],
    "tool calls": [["tool", "!=", False]],
    "credential events": CREDENTIAL_EVENTS,
}
GROUPS = (
    "event",
    "method",
    "tool",
    "model",
    "user_name",
    "connection_name",
    "client",
    "ip",
    "outcome",
    "date:day",
)


def measure() -> Iterator[tuple[str, str, str, bool]]:
    with real_server(workers=1) as small, real_server(workers=2) as large:
        for server, rows in ((small, FEW), (large, MANY)):
            _fill(server, rows)
        yield from _screen(small, large)
        yield _retention(large)


def _screen(small: RealServer, large: RealServer) -> Iterator[tuple[str, str, str, bool]]:
    people = Person(small), Person(large)
    kinds = {
        "opens": {"today": _page(TODAY), "7 days": _page(WEEK), "no filter": _page([])},
        "filters": {name: _page(TODAY + domain) for name, domain in FILTERS.items()},
        "filters all of it": {
            "of a connection": _page([["connection_ref", "in", [7]]]),
            **{name: _page(FILTERS[name]) for name in ("error", "refused", "credential events")},
        },
        "groups": {name: _groups(TODAY, name) for name in GROUPS},
    }
    for kind, requests in kinds.items():
        measured = {name: _in_turn(*people, *request) for name, request in requests.items()}
        slowest = max(measured, key=lambda name: measured[name][1] / measured[name][0])
        few, many = measured[slowest]
        what = f"the log {kind} with {MANY:,} rows beside {FEW:,}, the slowest of {len(requests)}: {slowest}"
        ratio = many / few
        yield what, f"{many:.1f} ms : {few:.1f} ms = {ratio:.2f}", f"≤ {MOST_TO_OPEN}", ratio <= MOST_TO_OPEN


def _page(domain: list) -> tuple[str, dict]:
    specification = {name: {} for name in LIST}
    return "web_search_read", {
        "domain": domain,
        "specification": specification,
        "limit": PAGE,
        "offset": 0,
        "order": "",
        "count_limit": COUNTED,
    }


def _groups(domain: list, name: str) -> tuple[str, dict]:
    return "web_read_group", {
        "domain": domain,
        "groupby": [name],
        "aggregates": ["__count", "duration_ms:avg"],
        "limit": PAGE,
    }


def _in_turn(one: Person, other: Person, method: str, arguments: dict) -> tuple[float, float]:
    """Medians in milliseconds of the same request to both, measured side by side."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + WARM_UP):
        for person, kept in zip((one, other), times, strict=True):
            started = time.perf_counter()
            answer = person.call("mcp.audit.log", method, **arguments)
            if number >= WARM_UP:
                kept.append((time.perf_counter() - started) * 1000)
            assert "length" in answer
    return statistics.median(times[0]), statistics.median(times[1])


def _retention(server: RealServer) -> tuple[str, str, str, bool]:
    """The 99th percentile of calls while a million rows are removed, beside the one before and after."""
    _connection, key = server.new_connection("beside retention")
    with server.env() as env:
        env["mcp.audit.seal"]._seal_all()
    before = datetime.now()

    def purge() -> None:
        with server.env() as env:
            while env["mcp.audit.seal"]._purge_batch(before):
                pass

    alone = _calls_until(server, key, lambda: time.sleep(FEWEST_CALLS * PAUSE_SECONDS / CLIENTS))
    started = time.monotonic()
    beside = _calls_until(server, key, purge)
    seconds = time.monotonic() - started
    alone += _calls_until(server, key, lambda: time.sleep(FEWEST_CALLS * PAUSE_SECONDS / CLIENTS))
    left = server.sql("SELECT count(*) FROM mcp_audit_log")[0][0]
    assert left < MANY / 10, f"{left} rows are left"
    few, many = _percentile(alone), _percentile(beside)
    what = f"99th percentile of calls while retention removes {MANY - left:,} rows in {seconds:.0f} s, beside without"
    ratio = many / few
    measured = f"{many:.1f} ms : {few:.1f} ms = {ratio:.2f} ({len(beside)} and {len(alone)} calls)"
    return what, measured, f"≤ {MOST_BESIDE_RETENTION}", ratio <= MOST_BESIDE_RETENTION


def _calls_until(server: RealServer, key: str, work: Callable[[], None]) -> list[float]:
    """Milliseconds of each call, of clients that call at an even pace while ``work`` runs."""
    times: list[float] = []
    with _clients(server, key, times):
        work()
    return times


@contextmanager
def _clients(server: RealServer, key: str, times: list[float]) -> Iterator[None]:
    stop = threading.Event()
    failed: list[str] = []

    def call() -> None:
        while not stop.wait(PAUSE_SECONDS):
            started = time.perf_counter()
            answer = call_tool(server, key, "search_records", {"model": "res.partner", "limit": 10})
            times.append((time.perf_counter() - started) * 1000)
            if not succeeded(answer):
                failed.append(answer.text)

    threads = [threading.Thread(target=call) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed, json.dumps(failed[:3])


def _percentile(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


def _fill(server: RealServer, rows: int) -> None:
    """Rows of the last days as a busy server would have them: most are calls that succeeded.

    They end at noon of today, not with this moment, so that today is as full at any hour: 1/180 of them.
    """
    server.sql(f"""
        INSERT INTO mcp_audit_log (
            date, event, outcome, method, tool, model, user_ref, user_name, connection_ref, connection_name, client, ip,
            http_status, duration_ms, error
        )
        SELECT CURRENT_DATE + INTERVAL '12 hours' - (INTERVAL '{DAYS} days' * ({rows} - n + 1) / {rows}),
               CASE WHEN n % 20 > 0 THEN 'request' WHEN n % 40 > 0 THEN 'key_rotated' ELSE 'oauth_token' END,
               CASE WHEN n % 50 = 1 THEN 'error' WHEN n % 33 = 1 THEN 'refused' ELSE 'success' END,
               'tools/call', 'tool_' || n % 29, 'model.' || n % 40, 2 + n % 20, 'User ' || n % 20, 1 + n % 50,
               'AI tool ' || n % 50, 'Client ' || n % 9, '192.0.2.' || n % 50, 200, 5 + n % 100,
               CASE WHEN n % 50 = 1 THEN 'A value does not fit its field.' END
        FROM generate_series(1, {rows}) AS n
    """)
    server.sql("VACUUM ANALYZE mcp_audit_log")
