"""Approvals under load: once, never too many, and none after Revoke (DESIGN §2.3, §2.4, §2.8)."""

import re
import threading
import time

import pytest
from approvals import ask, held_connection, pending
from clients import wait_until
from harness import Person, call_tool
from test_races import DWELL_MS, ROUNDS, Stream, _committed, busy_server  # noqa: F401 (a fixture)

CLICKS = 10
ASKED_PER_ROUND = 15
WAITING = """
    SELECT a.id FROM mcp_approval a JOIN mcp_connection c ON c.id = a.connection_id AND c.generation = a.generation
    WHERE c.id = {connection} AND a.state = 'pending' AND c.state = 'active' LIMIT 1
"""


@pytest.fixture
def server(busy_server):  # noqa: F811
    # Odoo's own line for a person who is told that it is too late, which is what these tests are about.
    busy_server.expected.append(r"odoo\.http: (Somebody else is deciding on this|.*this is decided already)")
    return busy_server


def _at_once(functions) -> list:
    """What each function returned, or the error it raised; all of them start together."""
    barrier, results = threading.Barrier(len(functions)), []

    def run(function):
        barrier.wait()
        try:
            results.append(function())
        except RuntimeError as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_ten_clicks_at_once_execute_once(server):
    """DESIGN §2.8, at most once: ten people in ten windows, and no one is told something that is not so."""
    _connection, key, approver = held_connection(server, "clicks", "test_write")
    people = [approver, *(Person(server, *[_login_of(server, approver)] * 2) for _ in range(CLICKS - 1))]
    for number in range(10):
        name = f"click-{number}"
        approval = ask(server, key, "test_write", {"name": name, "dwell_ms": DWELL_MS})
        results = _at_once([lambda p=p, a=approval: p.press("mcp.approval", a, "action_approve") for p in people])
        refused = [result for result in results if isinstance(result, RuntimeError)]
        assert len(refused) == CLICKS - 1, results
        assert all("deciding on this" in str(error) or "decided already" in str(error) for error in refused), refused
        assert server.sql(f"SELECT count(*) FROM x_mcp_test_record WHERE name = '{name}'") == [(1,)]
        reference = f"approval #{approval}"
        events = server.sql(
            f"SELECT event, count(*) FROM mcp_audit_log WHERE credential = '{reference}' GROUP BY event ORDER BY event"
        )
        assert events == [("approval_approved", 1), ("approval_executed", 1), ("approval_requested", 1)]


def _login_of(server, person: Person) -> str:
    return person._rpc("/web/session/get_session_info", {})["username"]


def test_the_same_request_at_once_is_one(server):
    connection, key, _approver = held_connection(server, "same", "test_write")
    arguments = {"name": "same-request"}
    ids = _at_once([lambda: ask(server, key, "test_write", arguments)] * CLICKS)
    assert len(set(ids)) == 1, ids
    assert pending(server, connection) == 1


def test_never_more_wait_than_the_limit(server):
    """However many calls ask at once, on however many workers."""
    connection, key, _approver = held_connection(server, "limit", "test_write")
    with server.env() as env:
        env["mcp.settings"]._get().approval_limit = 5
    try:
        calls = [lambda n=n: call_tool(server, key, "test_write", {"name": f"limit-{n}"}) for n in range(CLICKS)]
        answers = [answer.json() for answer in _at_once(calls)]
        assert pending(server, connection) == 5
        results = [answer["result"] for answer in answers if "result" in answer]
        assert sum("structuredContent" in result for result in results) == 5, answers
    finally:
        with server.env() as env:
            env["mcp.settings"]._get().approval_limit = 1000


class ApprovalStream(Stream):
    """Clients that ask for approvals all the time, some of which they withdraw, and a person who approves the rest."""

    def __init__(self, server, key, label, connection, approver):
        super().__init__(server, key, label)
        self.connection, self.approver, self.approved = connection, approver, []

    def _call(self, number: int) -> None:
        if number == 0:
            self._approve_all()
            return
        count = 0
        while not self.stopping:
            count += 1
            arguments = {"name": f"{self.label}-{number}-{count}", "dwell_ms": DWELL_MS}
            sent = time.monotonic()
            response = call_tool(self.server, self.key, "test_write", arguments)
            self.statuses[response.status_code] += 1
            if response.status_code == 200 and "structuredContent" in (result := response.json()["result"]):
                self.sent.append(sent)
                if number % 2:
                    id = result["structuredContent"]["pending_approval"]["id"]
                    call_tool(self.server, self.key, "cancel_approval", {"id": id})

    def _approve_all(self) -> None:
        while not self.stopping:
            found = self.server.sql(WAITING.format(connection=self.connection))
            for (id,) in found:
                started = time.monotonic()
                try:
                    self.approver.press("mcp.approval", id, "action_approve")
                except RuntimeError:
                    continue  # revoked meanwhile, which is what the test is about
                self.approved.append(started)


def test_after_revoke_nothing_waits_and_nothing_approved_commits(server):
    """The race of the revocation, with approvals pending, being made and being run."""
    admin = Person(server)
    connection, key, approver = held_connection(server, "race: approvals", "test_write")
    with server.env() as env:
        env["mcp.settings"]._get().approval_limit = 1000
    asked = approved = 0
    for number in range(ROUNDS):
        label = f"approvals{number}"
        with ApprovalStream(server, key, label, connection, approver) as stream:
            stream.wait_for(ASKED_PER_ROUND)
            admin.press("mcp.connection", connection, "action_revoke")
            returned = time.monotonic()
            at_once, committed = pending(server, connection), _committed(server, label)
            refused = stream.statuses[401]
            wait_until(
                lambda stream=stream, goal=refused + 2 * stream.threads: stream.statuses[401] >= goal, "all are refused"
            )
        assert not [sent for sent in (*stream.sent, *stream.approved) if sent > returned]
        # Neither when the button returned, nor after everything that was in flight had ended.
        assert at_once == 0
        assert pending(server, connection) == 0
        assert _committed(server, label) == committed, "an approved call committed after Revoke had returned"
        asked, approved = asked + len(stream.sent), approved + len(stream.approved)
        admin.press("mcp.connection", connection, "action_reactivate")
        # What waited before does not come back either.
        assert pending(server, connection) == 0
        key = admin.new_key(connection, "action_generate_key")
    # Each run of the button says so in the log: it lost against none of them.
    assert len(re.findall(rf"revoked: connection #{connection} ", server.log_text())) == ROUNDS
    assert asked >= ROUNDS * ASKED_PER_ROUND
    assert approved >= ROUNDS // 2, f"only {approved} were approved: the race had nothing to race with"


def test_revoke_waits_for_no_approved_call(server):
    """DESIGN §2.4: the button returns while the call still runs, which then commits nothing and is told so."""
    admin = Person(server)
    connection, key, approver = held_connection(server, "no waiting", "test_write")
    approval = ask(server, key, "test_write", {"name": "no-waiting", "dwell_ms": 3000})
    results: list = []

    def approve():
        try:
            results.append(approver.press("mcp.approval", approval, "action_approve"))
        except RuntimeError as error:
            results.append(error)

    thread = threading.Thread(target=approve)
    thread.start()
    while server.sql(f"SELECT id FROM mcp_approval WHERE id = {approval} FOR UPDATE SKIP LOCKED"):
        time.sleep(0.01)
    admin.press("mcp.connection", connection, "action_revoke")
    assert thread.is_alive(), "Revoke waited until the approved call had ended"
    assert pending(server, connection) == 0
    thread.join()
    assert "Expired" in str(results[0])
    assert server.sql("SELECT count(*) FROM x_mcp_test_record WHERE name = 'no-waiting'") == [(0,)]


def test_revoke_does_not_run_again_because_of_a_decision(server):
    """DESIGN §2.4: what an AI tool withdraws, while the button is at work, is no reason to begin anew."""
    connection, key, _approver = held_connection(server, "withdrawn", "test_write")
    withdrawn, waiting = (ask(server, key, "test_write", {"name": f"withdrawn-{n}"}) for n in range(2))
    with server.env() as env:
        # From here on this transaction sees the database as it is now.
        env["mcp.connection"].browse(connection).state  # noqa: B018
        assert call_tool(server, key, "cancel_approval", {"id": withdrawn}).json()["result"]["isError"] is False
        env["mcp.connection"].browse(connection)._do_revoke()
    states = server.sql(f"SELECT state FROM mcp_approval WHERE id IN ({withdrawn}, {waiting}) ORDER BY id")
    assert states == [("cancelled",), ("expired",)]
