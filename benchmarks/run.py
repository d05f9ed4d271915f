"""What a call through ``/mcp`` costs, in turn with Odoo's own ``/json/2``; ratios of medians, since machines are noisy.

Writes ``benchmarks/results.md`` with ``--write``. Ends with exit code 1 if a promise of DESIGN is broken.
"""

import argparse
import http.client
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import audit_log
from harness import RealServer, real_server

import odoo.sql_db

FIELDS = ["name", "email", "phone", "city", "country_id", "user_id", "create_date"]
RESULTS = Path(__file__).with_name("results.md")
CALLS, WARM_UP = 400, 40
# Nobody promised a figure for writing; this one says when it got out of hand.
MOST_TO_WRITE = 3.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep the results in benchmarks/results.md")
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="measure this alone")
    options = parser.parse_args()
    rows = [row for name in options.only or MEASUREMENTS for row in MEASUREMENTS[name]()]
    table = ["| what | measured | promised | |", "|---|---|---|---|"]
    table += [
        f"| {what} | {measured} | {promised} | {'✓' if kept else '✗'} |" for what, measured, promised, kept in rows
    ]
    text = "\n".join(table)
    print(text)
    if options.write and not options.only:
        RESULTS.write_text(f"# Last results of `bin/bench`\n\n{platform.python_version()}, {_machine()}\n\n{text}\n")
    return 0 if all(row[-1] for row in rows) else 1


def _machine() -> str:
    import os  # noqa: PLC0415

    return f"{os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}"


@contextmanager
def both_doors(*, fsync: bool = False):
    """A server on two workers with twenty partners, a key of ours, and one of Odoo's own for ``/json/2``."""
    with real_server(workers=2, fsync=fsync) as server:
        if server.odoo.server.embedded:
            assert server.sql("SHOW fsync") == [("on" if fsync else "off",)]
        _connection, key = server.new_connection("bench")
        with server.env() as env:
            env["res.partner"].create([{"name": f"Bench {n}", "email": f"b{n}@example.com"} for n in range(20)])
            admin = env.ref("base.user_admin")
            rpc_key = env["res.users.apikeys"].with_user(admin).sudo()._generate("rpc", "bench", False)
        yield server, key, rpc_key


def writing_and_aggregating():
    """A partner made, and partners counted by country, through both doors.

    Ours does more when it writes: it shows the record before and after, and leaves a note in its chatter.
    """
    group = {"domain": [], "groupby": ["country_id"], "aggregates": ["__count"]}
    arguments = {"model": "res.partner", "group_by": ["country_id"]}
    pairs = {
        "`create_record` of a partner": (
            ("create_record", {"model": "res.partner", "values": {"name": "New"}}),
            ("create", {"vals_list": [{"name": "New"}]}),
            MOST_TO_WRITE,
        ),
        "`aggregate_records` of partners by country": (
            ("aggregate_records", arguments),
            ("formatted_read_group", group),
            1.0,
        ),
    }
    with both_doors() as (server, key, rpc_key):
        for what, (ours, theirs, most) in pairs.items():
            ours_ms, theirs_ms, ratio = _in_turn(
                _poster(server, "/mcp", key, _call(*ours)),
                _poster(server, f"/json/2/res.partner/{theirs[0]}", rpc_key, theirs[1]),
            )
            measured = f"{ours_ms:.1f} ms : {theirs_ms:.1f} ms = {ratio:.2f}"
            yield f"{what} beside `/json/2`", measured, f"≤ {most}", ratio <= most


def tools_list():
    """All tools, beside the cheapest thing that Odoo answers."""
    with real_server(workers=2) as server:
        _connection, key = server.new_connection("bench")
        ours = _poster(server, "/mcp", key, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        theirs = _getter(server, "/web/version")
        assert len(ours()["result"]["tools"]) > 30
        ours_ms, theirs_ms, ratio = _in_turn(ours, theirs)
    what = "`tools/list` beside `/web/version`"
    return what, f"{ours_ms:.1f} ms : {theirs_ms:.1f} ms = {ratio:.2f}", "≤ 2.0", ratio <= 2.0


def search_records(*, fsync: bool):
    """Ten partners through both doors, on two workers; audit and usage counted in."""
    with both_doors(fsync=fsync) as (server, key, rpc_key):
        ours = _poster(
            server, "/mcp", key, _call("search_records", {"model": "res.partner", "fields": FIELDS, "limit": 10})
        )
        theirs = _poster(
            server, "/json/2/res.partner/search_read", rpc_key, {"domain": [], "fields": FIELDS, "limit": 10}
        )
        assert len(ours()["result"]["structuredContent"]["records"]) == len(theirs()) == 10
        ours_ms, theirs_ms, ratio = _in_turn(ours, theirs)
    what = f"`search_records` of ten partners beside `/json/2`, fsync {'on' if fsync else 'off'}"
    return what, f"{ours_ms:.1f} ms : {theirs_ms:.1f} ms = {ratio:.2f}", "≤ 1.0", ratio <= 1.0


def queries():
    """What the gateway adds to the tool's own queries."""
    from odoo.addons.mcp_gateway.protocol.messages import Exchange  # noqa: PLC0415

    with real_server(workers=2) as server:
        _connection, key = server.new_connection("bench")
        body = json.dumps(_call("search_records", {"model": "res.partner", "fields": FIELDS, "limit": 10})).encode()
        host = server.url.removeprefix("http://")
        headers = (("Content-Type", "application/json"), ("Authorization", f"Bearer {key}"), ("Host", host))
        counts = []
        for _ in range(3):  # the first ones fill Odoo's caches
            with server.env() as env:
                before = odoo.sql_db.sql_counter
                reply = env["mcp.gateway"]._serve(Exchange("POST", headers, "", body, "127.0.0.1"), {})
                counts.append(odoo.sql_db.sql_counter - before)
                assert reply.status == 200
        for _ in range(3):
            with server.env() as env:
                user = env.ref("base.user_admin")
                tools = (
                    env["mcp.toolset.records"]
                    .with_user(user)
                    .with_context(env["res.users"].with_user(user).context_get())
                )
                before = odoo.sql_db.sql_counter
                tools.search_records(model="res.partner", fields=FIELDS, limit=10)
                own = odoo.sql_db.sql_counter - before
    added = counts[-1] - own
    return "queries beyond the tool's own", f"{added} ({counts[-1]} − {own})", "≤ 8", added <= 8


def authentication():
    """A ping with few and with many connections in the database."""
    with real_server(workers=1) as small, real_server(workers=1) as large:
        for server, size in ((small, 100), (large, 100_000)):
            _fill(server, size)
        pingers = []
        for server in (small, large):
            _connection, key = server.new_connection("bench")
            pingers.append(_poster(server, "/mcp", key, {"jsonrpc": "2.0", "id": 1, "method": "ping"}))
        few, many, _inverse = _in_turn(*pingers)
        ratio = many / few
    what = "a ping with 100,000 connections beside one with 100"
    return what, f"{many:.1f} ms : {few:.1f} ms = {ratio:.2f}", "≤ 1.2", ratio <= 1.2


def _fill(server: RealServer, size: int) -> None:
    """Connections with keys, in bulk; the digests are those of nothing."""
    server.sql(f"""
        WITH usages AS (
            INSERT INTO mcp_connection_usage (request_count) SELECT 0 FROM generate_series(1, {size}) RETURNING id
        ), connections AS (
            INSERT INTO mcp_connection (name, type, user_id, state, generation, scope, usage_id, rate_minute, rate_day,
                                        approval_hours)
            SELECT 'filler ' || id, 'api_key', 2, 'active', 1, 'read', id, 60, 10000, 24 FROM usages RETURNING id
        ), secrets AS (
            INSERT INTO mcp_secret_usage (last_ip) SELECT NULL FROM generate_series(1, {size}) RETURNING id
        ), pairs AS (
            SELECT c.id AS connection_id, s.id AS usage_id
            FROM (SELECT id, row_number() OVER () AS n FROM connections) c
            JOIN (SELECT id, row_number() OVER () AS n FROM secrets) s USING (n)
        )
        INSERT INTO mcp_api_key (connection_id, usage_id, generation, digest, hint, create_date)
        SELECT connection_id, usage_id, 1, encode(sha256(connection_id::text::bytea), 'hex'), 'mcp_ak_…0000', now()
        FROM pairs
    """)
    server.sql("ANALYZE")


def _call(tool: str, arguments: dict) -> dict:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def _poster(server: RealServer, path: str, key: str, body: dict) -> Callable:
    payload = json.dumps(body)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    host = server.url.removeprefix("http://")

    def post():
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request("POST", path, payload, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return json.loads(content)

    return post


def _getter(server: RealServer, path: str) -> Callable:
    host = server.url.removeprefix("http://")

    def get():
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return json.loads(content)

    return get


def _in_turn(first: Callable, second: Callable) -> tuple[float, float, float]:
    """Medians in milliseconds and their ratio; each pair is measured side by side."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(CALLS + WARM_UP):
        for function, kept in zip((first, second), times, strict=True):
            started = time.perf_counter()
            function()
            if number >= WARM_UP:
                kept.append((time.perf_counter() - started) * 1000)
    one, other = map(statistics.median, times)
    return one, other, one / other


MEASUREMENTS = {
    "reading": lambda: [search_records(fsync=fsync) for fsync in (False, True)],
    "writing": writing_and_aggregating,
    "tools_list": lambda: [tools_list()],
    "queries": lambda: [queries()],
    "authentication": lambda: [authentication()],
    "log": audit_log.measure,
}

if __name__ == "__main__":
    sys.exit(main())
