"""Rotation with overlap on two workers: each button and the clock are obeyed by both at once (FEATURES K4)."""

import asyncio
import itertools
import threading
import time

import httpx2
import pytest
from harness import SERIALIZATION, Person, call_tool, real_server, succeeded
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

TRIES = 20  # on TCP connections of their own, so that both workers get some
CLIENTS = 8


def _statuses(server, key: str) -> set[int]:
    return {call_tool(server, key, "list_models").status_code for _ in range(TRIES)}


@pytest.fixture
def overlap(server):
    """An administrator, a connection in the middle of an overlap, its old and its new key."""
    admin = Person(server)
    connection, old = server.new_connection("overlap")
    new = admin.rotate_with_overlap(connection)
    assert new != old
    assert _statuses(server, old) == _statuses(server, new) == {200}
    return admin, connection, old, new


def test_ending_the_overlap_kills_the_old_key_on_both_workers(server, overlap):
    admin, connection, old, new = overlap
    admin.press("mcp.connection", connection, "action_end_overlap")
    assert (_statuses(server, old), _statuses(server, new)) == ({401}, {200})


def test_cancelling_kills_the_new_key_and_keeps_the_old(server, overlap):
    admin, connection, old, new = overlap
    admin.press("mcp.connection", connection, "action_cancel_rotation")
    assert (_statuses(server, old), _statuses(server, new)) == ({200}, {401})


@pytest.mark.parametrize("method", ["action_revoke", "action_rotate_key"])
def test_revoke_and_rotate_kill_both_keys(server, overlap, method):
    admin, connection, old, new = overlap
    admin.press("mcp.connection", connection, method)
    assert (_statuses(server, old), _statuses(server, new)) == ({401}, {401})


def test_the_clock_ends_the_old_key(server, overlap):
    """Both workers follow the database's clock: nothing is committed at that moment, and no cron runs here."""
    _admin, connection, old, new = overlap
    server.sql(
        "UPDATE mcp_api_key SET expires_at = now() AT TIME ZONE 'UTC' + INTERVAL '3 seconds' "
        f"WHERE connection_id = {connection} AND expires_at IS NOT NULL RETURNING id"
    )
    [(end,)] = server.sql(
        f"SELECT extract(epoch FROM expires_at AT TIME ZONE 'UTC') FROM mcp_api_key "
        f"WHERE connection_id = {connection} AND expires_at IS NOT NULL"
    )
    assert succeeded(call_tool(server, old, "list_models"))
    time.sleep(max(0.0, float(end) - time.time()) + 0.1)
    assert (_statuses(server, old), _statuses(server, new)) == ({401}, {200})


def test_a_real_client_changes_over_without_a_gap(server):
    """What an overlap is for: the AI tool gets its new key while the old one still works."""
    admin = Person(server)
    connection, old = server.new_connection("change over")

    async def tools(key: str) -> int:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"})
        async with http, Client(streamable_http_client(server.mcp, http_client=http), mode="legacy") as client:
            return len((await client.list_tools()).tools)

    async def change_over() -> tuple[int, int]:
        http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {old}"})
        async with http, Client(streamable_http_client(server.mcp, http_client=http), mode="legacy") as client:
            before = len((await client.list_tools()).tools)
            new = await asyncio.to_thread(admin.rotate_with_overlap, connection)
            assert len((await client.list_tools()).tools) == before
            return before, await tools(new)

    before, after = asyncio.run(change_over())
    assert before == after > 5


def test_the_last_use_of_each_key_is_kept_apart(server, overlap):
    """The banner: calls with the new key do not touch what is said of the old one."""
    admin, connection, old, new = overlap
    fields = ["old_key_last_used", "old_key_last_ip", "overlap_until"]

    def banner() -> dict:
        return admin.call("mcp.connection", "read", [connection], fields)[0]

    before = banner()
    assert before["overlap_until"]
    assert before["old_key_last_ip"] == "127.0.0.1"
    time.sleep(1.1)
    assert succeeded(call_tool(server, new, "list_models"))
    assert banner() == before
    assert succeeded(call_tool(server, old, "list_models"))
    assert banner()["old_key_last_used"] > before["old_key_last_used"]


def test_no_button_of_an_overlap_loses_against_calls_with_either_key():
    """DESIGN §2.3, §2.4: under a stream of calls with both keys, what a button kills is dead when it returns."""
    with real_server(workers=CLIENTS + 2) as server:
        server.expected.append(SERIALIZATION)
        admin = Person(server)
        connection, old = server.new_connection("overlap under load")
        for number, button in enumerate(["action_end_overlap", "action_cancel_rotation"] * 3):
            new = admin.rotate_with_overlap(connection)
            dead, kept = (old, new) if button == "action_end_overlap" else (new, old)
            late = _press_under_load(server, admin, connection, button, dead, kept, f"overlap{number}")
            assert not late, f"{len(late)} calls with the dead key, sent after {button} had returned, succeeded"
            old = kept
        # Each run of a button leaves such a line: as many as presses means that none was run again.
        for event, times in (("key_overlap_started", 6), ("key_overlap_ended", 3), ("key_rotation_cancelled", 3)):
            assert server.log_text().count(f" {event}: connection #{connection} ") == times


def _press_under_load(server, admin, connection: int, button: str, dead: str, kept: str, label: str):
    """:return: when those calls with the dead key were sent that succeeded although sent after the button"""
    sent: dict[str, list[float]] = {dead: [], kept: []}
    stopping = threading.Event()

    def calls(key: str, number: int) -> None:
        names = (f"{label}-{'dead' if key == dead else 'kept'}-{number}-{count}" for count in itertools.count())
        while not stopping.is_set():
            at = time.monotonic()
            if succeeded(call_tool(server, key, "test_write", {"name": next(names), "dwell_ms": 100})):
                sent[key].append(at)

    def written() -> list[tuple]:
        return server.sql(f"SELECT name FROM x_mcp_test_record WHERE name LIKE '{label}-dead-%' ORDER BY id")

    threads = [threading.Thread(target=calls, args=((dead, kept)[n % 2], n)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 120
    while min(map(len, sent.values())) < CLIENTS:
        assert time.monotonic() < end, "too few calls succeed"
        time.sleep(0.005)
    admin.press("mcp.connection", connection, button)
    returned, committed = time.monotonic(), written()
    # Calls in flight with the other key may have to run again, after some seconds; it goes on working all the same.
    while time.monotonic() < returned + 1 or max(sent[kept]) <= returned:
        assert time.monotonic() < returned + 30, "the other key stopped working"
        time.sleep(0.01)
    stopping.set()
    for thread in threads:
        thread.join()
    assert written() == committed, f"a call with the dead key committed after {button} had returned"
    return [at for at in sent[dead] if at > returned]
