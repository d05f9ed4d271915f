"""Seals and retention beside calls, and beside themselves: what only several transactions can show (FEATURES L4)."""

import threading
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest
from harness import real_server
from test_races import Stream
from trouble import Trouble

INSERT = (
    "INSERT INTO mcp_audit_log (date, event, outcome, method) VALUES (now(), 'request', 'success', %s) RETURNING id"
)


@pytest.fixture(scope="module")
def audited():
    with real_server(workers=2) as running:
        yield running


@contextmanager
def transaction(server):
    """A cursor of someone else, whose transaction ends when the test says so."""
    with closing(server.odoo.server.connect(server.database)) as connection:
        connection.autocommit = False
        with connection.cursor() as cursor:
            yield cursor


def seals(env):
    return env["mcp.audit.seal"]


def seal_all(server) -> None:
    with server.env() as env:
        seals(env)._seal_all()


def verdict(server):
    with server.env() as env:
        return seals(env)._verify()


def assert_one_chain(server) -> None:
    """Every row is covered once, no link is missing or doubled, and all of it verifies."""
    assert verdict(server).problem is None
    links = server.sql("SELECT number, first_id, last_id FROM mcp_audit_seal ORDER BY number")
    assert [link[0] for link in links] == list(range(1, len(links) + 1))
    assert all(after[1] == before[2] + 1 for before, after in pairwise(links))


def test_a_row_that_commits_late_is_neither_missed_nor_taken_for_a_forgery(audited, monkeypatch):
    """Ours: its id is smaller than one that is visible already, so the seal waits for it."""
    from odoo.addons.mcp_gateway.models import mcp_audit_seal  # noqa: PLC0415

    seal_all(audited)
    with transaction(audited) as late, transaction(audited) as quick, audited.env() as env:
        late.execute(INSERT, ["late"])
        late_id = late.fetchone()[0]
        quick.execute(INSERT, ["quick"])
        quick_id = quick.fetchone()[0]
        quick.connection.commit()
        assert late_id < quick_id
        monkeypatch.setattr(mcp_audit_seal, "PATIENCE_SECONDS", 0.3)
        assert seals(env)._seal_next() == 0
        monkeypatch.undo()
        # A run that is waiting goes on as soon as the transaction has ended.
        sealed = []
        run = threading.Thread(target=lambda: sealed.append(seals(env)._seal_next()))
        run.start()
        late.connection.commit()
        run.join()
    assert sealed == [2]
    assert audited.sql("SELECT last_id FROM mcp_audit_seal ORDER BY number DESC LIMIT 1") == [(quick_id,)]
    assert_one_chain(audited)


def test_an_id_that_was_drawn_but_not_yet_written_is_waited_for(audited, monkeypatch):
    """Ours: PostgreSQL draws the id before the transaction has a number, so its number says nothing."""
    from odoo.addons.mcp_gateway.models import mcp_audit_seal  # noqa: PLC0415

    seal_all(audited)
    with transaction(audited) as late, audited.env() as env:
        # The table is opened for the insert, the id is drawn, and the row is not there yet.
        late.execute("LOCK TABLE mcp_audit_log IN ROW EXCLUSIVE MODE; SELECT nextval('mcp_audit_log_id_seq')")
        late_id = late.fetchone()[0]
        audited.sql("INSERT INTO mcp_audit_log (date, event, outcome) VALUES (now(), 'request', 'success')")
        monkeypatch.setattr(mcp_audit_seal, "PATIENCE_SECONDS", 0.3)
        assert seals(env)._seal_next() == 0
        late.execute(
            f"INSERT INTO mcp_audit_log (id, date, event, outcome) VALUES ({late_id}, now(), 'request', 'success')"
        )
        late.connection.commit()
        assert seals(env)._seal_next() == 2
    assert_one_chain(audited)


def test_a_row_that_is_rolled_back_holds_nothing_up(audited):
    """Ours: its id never becomes a row."""
    seal_all(audited)
    with transaction(audited) as late:
        late.execute(INSERT, ["never"])
        late.connection.rollback()
    audited.sql("INSERT INTO mcp_audit_log (date, event, outcome) VALUES (now(), 'request', 'success')")
    with audited.env() as env:
        assert seals(env)._seal_next() == 1
    assert_one_chain(audited)


def test_several_sealing_runs_under_load_make_one_chain(audited, monkeypatch):
    """Issue: two crons at once give one chain without forks; and no call waits or fails."""
    from odoo.addons.mcp_gateway.models import mcp_audit_seal  # noqa: PLC0415

    monkeypatch.setattr(mcp_audit_seal, "ROWS_OF_A_SEAL", 7)
    _connection, key = audited.new_connection("audit: load")
    errors: list[Exception] = []

    def seal_until_told() -> None:
        try:
            while not stream.stopping:
                with audited.env() as env:
                    seals(env)._seal_next()
        except Exception as error:  # noqa: BLE001 (the thread's only way to tell)
            errors.append(error)

    with Stream(audited, key, "sealed", 6) as stream:
        runs = [threading.Thread(target=seal_until_told) for _ in range(3)]
        for run in runs:
            run.start()
        stream.wait_for(150)
    for run in runs:
        run.join()
    assert not errors
    assert set(stream.statuses) == {200}
    seal_all(audited)
    assert_one_chain(audited)
    assert audited.sql("SELECT count(*) FROM mcp_audit_seal")[0][0] > 10
    covered = audited.sql("SELECT sum(row_count), (SELECT count(*) FROM mcp_audit_log) FROM mcp_audit_seal")
    assert covered[0][0] == covered[0][1]


def test_two_retention_runs_at_once_do_no_harm(audited, monkeypatch):
    """Issue: each row goes once, is told of once, and the chain verifies."""
    from odoo.addons.mcp_gateway.models import mcp_audit_retention  # noqa: PLC0415

    audited.sql("""
        INSERT INTO mcp_audit_log (date, event, outcome)
        SELECT now() - INTERVAL '400 days', 'request', 'success' FROM generate_series(1, 20000)
    """)
    seal_all(audited)
    rows = audited.sql("SELECT count(*) FROM mcp_audit_log")[0][0]
    # The first seals cover young rows, and retention goes from the oldest on.
    audited.sql("ALTER TABLE mcp_audit_seal DISABLE TRIGGER USER; ALTER TABLE mcp_audit_log DISABLE TRIGGER USER")
    audited.sql("UPDATE mcp_audit_seal SET newest = newest - INTERVAL '200 days'")
    audited.sql("ALTER TABLE mcp_audit_seal ENABLE TRIGGER USER; ALTER TABLE mcp_audit_log ENABLE TRIGGER USER")
    monkeypatch.setattr(mcp_audit_retention, "ROWS_OF_A_BATCH", 1500)
    errors: list[Exception] = []

    def purge() -> None:
        try:
            with audited.env() as env:
                seals(env)._cron_purge()
        except Exception as error:  # noqa: BLE001 (the thread's only way to tell)
            errors.append(error)

    _connection, key = audited.new_connection("audit: purge")
    with Stream(audited, key, "purged", 4) as stream:
        runs = [threading.Thread(target=purge) for _ in range(3)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        stream.wait_for(20)
    assert not errors
    assert set(stream.statuses) == {200}
    told = audited.sql("SELECT sum(split_part(details, ' ', 1)::int) FROM mcp_audit_log WHERE event = 'retention'")
    assert told == [(rows,)]
    assert audited.sql("SELECT count(*) FROM mcp_audit_seal WHERE removed_at IS NULL") == [(0,)]


def test_the_scheduled_actions_run_as_odoo_runs_them(audited):
    """Ours: with Odoo's own loop around them and its bookkeeping of progress."""
    audited.sql("""
        INSERT INTO mcp_audit_log (date, event, outcome)
        SELECT now(), 'request', 'success' FROM generate_series(1, 2500)
    """)
    with audited.env() as env:
        for name in ("ir_cron_audit_seal", "ir_cron_audit_purge"):
            env.ref(f"mcp_gateway.{name}").method_direct_trigger()
    assert audited.sql("SELECT count(*) FROM mcp_audit_log WHERE id > (SELECT max(last_id) FROM mcp_audit_seal)") == [
        (0,)
    ]
    with audited.env() as env:
        progress = env["ir.cron.progress"].search(
            [("cron_id", "=", env.ref("mcp_gateway.ir_cron_audit_seal").id)], order="id desc", limit=1
        )
        assert (progress.done >= 2500, progress.remaining) == (True, 0)


@pytest.mark.parametrize(
    "statement", ["UPDATE mcp_audit_log SET tool = 'x'", "DELETE FROM mcp_audit_log", "TRUNCATE mcp_audit_log"]
)
def test_plain_sql_as_odoos_database_user_is_refused(audited, statement):
    """FEATURES L3: on a connection that has nothing of Odoo."""
    with pytest.raises(Trouble, match="append-only"):
        audited.sql(statement)
