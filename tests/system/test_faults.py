"""When something that the server stands on breaks: nothing happens twice, nothing is lost, and service resumes."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import requests
from clients import wait_until
from crons import TO_DO, crons_of_the_addon, expired_overlap, run_cron, run_twice_at_once
from faults import LOST, Writers, committed, number_transactions, restartable_server, unpaired
from harness import SERIALIZATION, Person, call_once, call_tool, real_server, succeeded

CALLS = 30


@pytest.fixture(scope="module")
def restartable():
    with restartable_server(workers=6) as (server, restart):
        number_transactions(server)
        server.expected.append(LOST)
        yield server, restart


@pytest.fixture(scope="module")
def breakable():
    """A server that loses a worker and its files, and on which crons run."""
    with real_server(workers=4) as server:
        number_transactions(server)
        yield server


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


def test_a_killed_worker_takes_its_own_write_along_and_nothing_else(breakable):
    """Its slot of the connection is free again, other calls notice nothing, and there is a new worker."""
    _connection, key = breakable.new_connection("killed", max_in_flight=1)
    _connection, others = breakable.new_connection("others")
    workers = _started_workers(breakable)
    with ThreadPoolExecutor(1) as pool:
        doomed = pool.submit(call_once, breakable, key, "test_write", {"name": "doomed-1", "dwell_ms": 30_000})
        wait_until(lambda: _writer(breakable, "doomed-1"), "the call has written")
        assert call_tool(breakable, key, "list_models").status_code == 429
        with Writers(breakable, others, "others", threads=2) as writers:
            writers.wait_for(5)
            os.kill(_writer(breakable, "doomed-1"), signal.SIGKILL)
            with pytest.raises(requests.RequestException):
                doomed.result()
            wait_until(lambda: call_tool(breakable, key, "list_models").status_code == 200, "the slot is free")
            wait_until(lambda: _started_workers(breakable) == workers + 1, "a new worker starts")
            writers.wait_for(5, since=time.monotonic())
    assert writers.successes() == {name for _sent, name, _answer in writers.told} == set(committed(breakable, "others"))
    assert committed(breakable, "doomed") == []
    assert unpaired(breakable) == []


def _writer(server, name: str) -> int | None:
    """The process that has written this record."""
    found = re.search(rf"^\S+ \S+ (\d+) INFO .*: wrote {name} *$", server.log_text(), re.MULTILINE)
    return int(found[1]) if found else None


def _started_workers(server) -> int:
    return server.log_text().count("Worker WorkerHTTP")


def test_an_upload_fails_in_words_while_files_cannot_be_stored_and_works_afterwards(breakable):
    breakable.expected.append("mcp_gateway_run: upload_attachment failed.*NotADirectoryError")
    connection, key = breakable.new_connection("files")
    assert succeeded(call_tool(breakable, key, "test_write", {"name": "files-1"}))
    [(record,)] = breakable.sql("SELECT id FROM x_mcp_test_record WHERE name = 'files-1'")
    upload = {"model": "x.mcp.test.record", "id": record, "name": "a.txt", "text": "kept or not at all"}
    traces = _traces(breakable, record)
    with _no_filestore(breakable):
        result = call_tool(breakable, key, "upload_attachment", upload).json()["result"]
        assert succeeded(call_tool(breakable, key, "test_write", {"name": "files-2"}))
    assert result["isError"]
    assert "cannot store" in result["content"][0]["text"]
    assert "nothing was changed" in result["content"][0]["text"]
    assert _traces(breakable, record) == traces
    assert _uploads_logged(breakable, connection) == ["error"]
    assert succeeded(call_tool(breakable, key, "upload_attachment", upload))
    [(attachment,)] = breakable.sql(f"SELECT id FROM ir_attachment WHERE name = 'a.txt' AND res_id = {record}")
    read = call_tool(breakable, key, "read_attachment", {"id": attachment}).json()["result"]
    assert read["structuredContent"]["text"] == upload["text"]
    assert _uploads_logged(breakable, connection) == ["error", "success"]


@contextmanager
def _no_filestore(server) -> Iterator[None]:
    """A file where the folder of the database's files was: below it not even root can write."""
    folder = server.odoo.data / "filestore" / server.database
    aside = folder.with_name(f"{folder.name}.aside")
    folder.mkdir(parents=True, exist_ok=True)
    folder.rename(aside)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


def _traces(server, record: int) -> list[tuple]:
    return server.sql(
        f"SELECT (SELECT count(*) FROM ir_attachment WHERE res_id = {record} AND res_model = 'x.mcp.test.record'), "
        f"(SELECT count(*) FROM mail_message WHERE res_id = {record} AND model = 'x.mcp.test.record')"
    )


def _uploads_logged(server, connection: int) -> list[str]:
    rows = server.sql(
        "SELECT outcome FROM mcp_audit_log "
        f"WHERE connection_ref = {connection} AND tool = 'upload_attachment' ORDER BY id"
    )
    return [outcome for (outcome,) in rows]


@pytest.mark.parametrize("cron", TO_DO)
def test_a_cron_that_runs_twice_at_once_does_everything_once(breakable, cron):
    """Odoo's scheduler runs a cron that PostgreSQL refused again; then there is nothing left to do."""
    import psycopg2.errors  # noqa: PLC0415

    effects = TO_DO[cron](breakable)
    refused = run_twice_at_once(breakable, cron)
    assert [type(error) for error in refused] in ([], [psycopg2.errors.SerializationFailure])
    first = breakable.sql(effects)
    assert set(first[0]) == {True}, "an effect is not there once"
    with breakable.env() as env:
        run_cron(env, cron)
    assert breakable.sql(effects) == first


def test_no_cron_of_the_addon_is_left_out(breakable):
    assert crons_of_the_addon(breakable) == set(TO_DO)


def test_revoke_does_not_lose_against_the_cron_that_buries_the_same_key(breakable):
    """DESIGN §2.4: the button waits for the cron's commit, and is run again by Odoo instead of failing."""
    breakable.expected.append(SERIALIZATION)
    admin, connection = Person(breakable), expired_overlap(breakable)
    with ThreadPoolExecutor(1) as pool:
        # It commits each row at once; here it is held up just before that.
        with (
            breakable.env() as env,
            patch.object(env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kw: 60.0),
        ):
            run_cron(env, "ir_cron_retire_expired")
            pressed = pool.submit(admin.press, "mcp.connection", connection, "action_revoke")
            wait_until(lambda: _waiting(breakable), "the button waits for the cron")
        pressed.result()
    assert breakable.sql(f"SELECT state FROM mcp_connection WHERE id = {connection}") == [("revoked",)]
    assert breakable.sql(f"SELECT count(*) FROM mcp_retired_secret WHERE connection_id = {connection}") == [(2,)]


def _waiting(server) -> list[tuple]:
    return server.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
