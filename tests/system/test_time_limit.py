"""What takes longer than the administrator allows is ended, and nothing of it stays (FEATURES L)."""

import time

import pytest
from harness import call_tool, succeeded

SLEEP = 30


@pytest.fixture
def impatient(server):
    """The server, where a call may take two seconds."""
    with server.env() as env:
        before = env["mcp.settings"]._get().call_seconds
        env["mcp.settings"]._get().call_seconds = 2
    yield server
    with server.env() as env:
        env["mcp.settings"]._get().call_seconds = before


@pytest.fixture
def key(impatient):
    return impatient.new_connection("time limit")[1]


def records(server, name: str) -> int:
    return int(server.sql(f"SELECT count(*) FROM x_mcp_test_record WHERE name = '{name}'")[0][0])


@pytest.mark.parametrize(("tool", "seconds"), [("test_slow_statement", SLEEP), ("test_slow_pauses", 4)])
def test_a_call_that_takes_too_long_is_ended_and_leaves_nothing(impatient, key, tool, seconds):
    """One long statement is cut off by PostgreSQL; many short ones are noticed before they are committed."""
    started = time.monotonic()
    answer = call_tool(impatient, key, tool, {"name": tool, "seconds": seconds})
    assert time.monotonic() - started < SLEEP
    assert answer.status_code == 200
    result = answer.json()["result"]
    assert result["isError"]
    assert "longer than 2 seconds" in result["content"][0]["text"]
    assert "nothing was changed" in result["content"][0]["text"]
    assert records(impatient, tool) == 0


def test_the_connection_works_at_once_after_a_call_that_was_ended(impatient, key):
    """No worker keeps a broken transaction, and none the time limit of a call before."""
    call_tool(impatient, key, "test_slow_statement", {"name": "ended", "seconds": SLEEP})
    for number in range(4):
        assert succeeded(call_tool(impatient, key, "test_write", {"name": f"after {number}"}))
        assert records(impatient, f"after {number}") == 1
    assert records(impatient, "ended") == 0


def test_a_call_within_the_limit_is_not_touched(impatient, key):
    """Ours: the other side of the limit, and that it is the settings' and not a constant."""
    assert succeeded(call_tool(impatient, key, "test_slow_statement", {"name": "in time", "seconds": 0}))
    with impatient.env() as env:
        env["mcp.settings"]._get().call_seconds = 20
    for tool in ("test_slow_statement", "test_slow_pauses"):
        assert succeeded(call_tool(impatient, key, tool, {"name": f"longer {tool}", "seconds": 3}))
        assert records(impatient, f"longer {tool}") == 1


def test_a_slow_call_still_leaves_its_row_in_the_log(impatient, key):
    """DESIGN §2.6."""
    call_tool(impatient, key, "test_slow_statement", {"name": "logged", "seconds": SLEEP})
    rows = impatient.sql(
        "SELECT outcome FROM mcp_audit_log WHERE tool = 'test_slow_statement' ORDER BY id DESC LIMIT 1"
    )
    assert rows == [("error",)]
