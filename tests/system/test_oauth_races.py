"""Tokens under load: refreshes at once, one code many times, revocation in the middle (FEATURES O8, DESIGN §2.3)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from clients import Clients, wait_until
from harness import SERIALIZATION, Person, call_tool, real_server, succeeded
from oauth_flow import Application, Consenter

AT_ONCE = 20
ROUNDS = 20


@pytest.fixture(scope="module")
def oauth_server():
    with real_server(workers=4) as running:
        # A button that collides with a call makes it lose, and Odoo logs PostgreSQL's refusal.
        running.expected.append(SERIALIZATION)
        yield running


def _at_once(function, *arguments) -> list:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(function, *arguments) for _ in range(AT_ONCE)]]


def test_twenty_refreshes_at_once_leave_everyone_with_a_working_pair(oauth_server):
    """Within the grace time: a fresh pair of the same family for each, and nobody's dies."""
    application = Application.register(oauth_server, "at once")
    pair = application.pair(Consenter(oauth_server))
    answers = _at_once(application.refresh, pair["refresh_token"])
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    tokens = [answer.json() for answer in answers]
    assert len({token["refresh_token"] for token in tokens}) == AT_ONCE
    assert all(succeeded(call_tool(oauth_server, token["access_token"], "get_session")) for token in tokens)
    assert application.refresh(tokens[7]["refresh_token"]).status_code == 200
    assert "try again in" not in oauth_server.log_text()


def test_a_refresh_token_after_its_grace_ends_the_family_for_good(oauth_server):
    application = Application.register(oauth_server, "late")
    pair = application.pair(Consenter(oauth_server))
    fresh = application.refresh(pair["refresh_token"]).json()
    oauth_server.sql(
        "UPDATE mcp_oauth_token SET spent_at = spent_at - interval '1 hour' WHERE spent_at IS NOT NULL "
        f"AND hint LIKE '%{pair['refresh_token'][-4:]}'"
    )
    answers = _at_once(application.refresh, pair["refresh_token"])
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(400, "invalid_grant")}
    for _ in range(AT_ONCE):
        assert call_tool(oauth_server, fresh["access_token"], "get_session").status_code == 401
    assert application.refresh(fresh["refresh_token"]).json()["error"] == "invalid_grant"


def test_one_code_at_once_gives_one_pair_at_most_and_ends_it(oauth_server):
    """A code that comes back is a theft: whoever was first loses what they got."""
    application = Application.register(oauth_server, "one code")
    code = application.code(Consenter(oauth_server))
    answers = _at_once(application.exchange, code)
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.json()["error"] for answer in answers if answer.status_code != 200} == {"invalid_grant"}
    assert call_tool(oauth_server, good[0].json()["access_token"], "get_session").status_code == 401
    assert application.refresh(good[0].json()["refresh_token"]).json()["error"] == "invalid_grant"


def test_after_revoke_no_token_works_and_none_is_issued(oauth_server):
    """The spine's race, with clients that refresh all the time."""
    admin, person = Person(oauth_server), Consenter(oauth_server)
    application = Application.register(oauth_server, "refreshers")
    issued_in_all = 0
    for _ in range(ROUNDS):
        pair = application.pair(person)
        connection = oauth_server.sql("SELECT max(id) FROM mcp_connection WHERE state = 'active'")[0][0]
        stream = _Refreshers(application, pair)
        with stream:
            stream.wait_for(25)
            admin.press("mcp.connection", connection, "action_revoke")
            returned = time.monotonic()
            before = stream.refused
            wait_until(lambda: stream.refused >= before + 2 * stream.threads, "each is refused")  # noqa: B023
        assert not [sent for sent, _token in stream.issued if sent > returned]
        issued_in_all += len(stream.issued)
        for _sent, token in stream.issued[-20:]:
            assert call_tool(oauth_server, token["access_token"], "get_session").status_code == 401
        alive = oauth_server.sql(
            "SELECT count(*) FROM mcp_oauth_family f JOIN mcp_connection c ON c.id = f.connection_id "
            f"WHERE c.id = {connection} AND f.ended_at IS NULL AND f.generation = c.generation"
        )
        assert alive == [(0,)]
    assert issued_in_all >= ROUNDS * 25


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_what_an_application_ends_does_not_commit_any_more(oauth_server, kind):
    """DESIGN §2.3: a call in flight is a call of a token that is dead by the time it would commit."""
    application = Application.register(oauth_server, f"ends its {kind}")
    pair, name = application.pair(Consenter(oauth_server)), f"ended-{kind}"
    arguments = {"name": name, "dwell_ms": 3_000}
    with ThreadPoolExecutor() as pool:
        calling = pool.submit(call_tool, oauth_server, pair["access_token"], "test_write", arguments)
        time.sleep(1)
        answer = application.revoke(pair[kind])
        assert answer.status_code == 200, answer.text
        assert not calling.done(), "the call was over before its token ended"
        # 429 if more than a few dead tokens came from this address within the minute.
        assert calling.result().status_code in (401, 429)
    assert not oauth_server.sql(f"SELECT FROM x_mcp_test_record WHERE name = '{name}'")


class _Refreshers(Clients):
    """Clients that refresh without a pause, each with the token it got last."""

    threads = 6

    def __init__(self, application: Application, pair: dict):
        self.application, self.pair, self.issued, self.refused = application, pair, [], 0

    def wait_for(self, number: int) -> None:
        wait_until(lambda: len(self.issued) >= number, lambda: f"{number} are issued, {self.refused} refused")

    def _call(self, _number: int) -> None:
        pair = self.pair
        while not self.stopping:
            sent = time.monotonic()
            answer = self.application.refresh(pair["refresh_token"])
            if answer.status_code == 200:
                pair = answer.json()
                self.issued.append((sent, pair))
            else:
                assert answer.json()["error"] == "invalid_grant", answer.text
                self.refused += 1
