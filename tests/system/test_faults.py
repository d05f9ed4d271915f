"""When something that the server stands on breaks: nothing happens twice, nothing is lost, and service resumes."""

import time

import pytest
from faults import LOST, Writers, committed, number_transactions, restartable_server, unpaired

CALLS = 30


@pytest.fixture(scope="module")
def restartable():
    with restartable_server(workers=6) as (server, restart):
        number_transactions(server)
        server.expected.append(LOST)
        yield server, restart


@pytest.mark.parametrize("mode", ["immediate", "fast"])
def test_a_restart_of_the_database_repeats_no_write_and_loses_none(restartable, mode):
    """A crash, and an orderly restart, in the middle of calls whose clients never send one again."""
    server, restart = restartable
    _connection, key = server.new_connection(f"restart {mode}")
    server.disconnect()
    with Writers(server, key, mode) as writers:
        writers.wait_for(CALLS)
        restart(mode)
        writers.wait_for(CALLS, since=time.monotonic())
    written = committed(server, mode)
    assert len(written) == len(set(written)), "a call was executed twice"
    assert writers.successes() <= set(written), "a call that was told of its success is not there"
    assert len(writers.successes()) < len(writers.told), "no call was in flight"
    assert unpaired(server) == []
    assert not writers.bad_answers()
