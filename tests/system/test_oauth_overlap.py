"""Rotation of a Secret Key with overlap on two workers (FEATURES K4, O6): each button is obeyed by both at once."""

import time
from typing import NamedTuple

import pytest
from clients import Clients, wait_until
from harness import SERIALIZATION, Person, call_tool, real_server, succeeded
from oauth_flow import REDIRECT, Application, Consenter

TRIES = 20  # on TCP connections of their own, so that both workers get some
CLIENTS = 6
WORKS, BAD_SECRET, NOTHING_FOR_IT = (200, None), (401, "invalid_client"), (400, "unauthorized_client")
TOO_MANY = (429, "temporarily_unavailable")


def _new_application(server, name: str) -> tuple[Application, int, str]:
    """An application with a Secret Key that acts by itself too, its connection, and its Secret Key."""
    with server.env() as env:
        values = {"name": name, "allows_client_credentials": True}
        client = env["mcp.oauth.client"].create(values)
        # Each application has a person of its own, so that the tests leave each other's connections alone.
        login = name.replace(" ", "_")
        user = env["res.users"].create(
            {"name": name, "login": login, "group_ids": [(6, 0, [env.ref("mcp_gateway.group_mcp_user").id])]}
        )
        client.connection_ids.write({"user_id": user.id, "rate_minute": 0, "rate_day": 0})
        return Application(server, client.client_id), client.connection_ids.id, client._new_secret()


def _ask(application: Application, secret: str) -> tuple[int, str | None]:
    answer = application.token(grant_type="client_credentials", client_secret=secret)
    return answer.status_code, answer.json().get("error")


def _answers(application: Application, secret: str) -> set[tuple]:
    return {_ask(application, secret) for _ in range(TRIES)}


@pytest.fixture
def overlap(server, request):
    """An administrator, an application in the middle of an overlap, its connection, its old and its new secret."""
    admin = Person(server)
    application, connection, old = _new_application(server, f"overlap {request.node.name}")
    new = admin.rotate_with_overlap(connection)
    assert new != old
    assert _answers(application, old) == _answers(application, new) == {WORKS}
    return admin, application, connection, old, new


def test_ending_the_overlap_kills_the_old_secret_on_both_workers(overlap):
    admin, application, connection, old, new = overlap
    admin.press("mcp.connection", connection, "action_end_overlap")
    assert (_answers(application, old), _answers(application, new)) == ({BAD_SECRET}, {WORKS})


def test_cancelling_kills_the_new_secret_and_keeps_the_old(overlap):
    admin, application, connection, old, new = overlap
    admin.press("mcp.connection", connection, "action_cancel_rotation")
    assert (_answers(application, old), _answers(application, new)) == ({WORKS}, {BAD_SECRET})


def test_rotate_secret_key_kills_both(overlap):
    admin, application, connection, old, new = overlap
    admin.press("mcp.connection", connection, "action_rotate_secret")
    # Of the two only the newest is remembered as one that was good: the other is a guess, and there are many of them.
    assert _answers(application, old) <= {BAD_SECRET, TOO_MANY}
    assert _answers(application, new) == {BAD_SECRET}


def test_revoke_leaves_neither_secret_good_for_anything(server, overlap):
    """The old one is gone for good; the new one still tells which application it is, and gets nothing."""
    admin, application, connection, old, new = overlap
    answer = application.token(grant_type="client_credentials", client_secret=old)
    token = answer.json()["access_token"]
    assert succeeded(call_tool(server, token, "get_session"))
    admin.press("mcp.connection", connection, "action_revoke")
    assert (_answers(application, old), _answers(application, new)) == ({BAD_SECRET}, {NOTHING_FOR_IT})
    assert {call_tool(server, token, "get_session").status_code for _ in range(TRIES)} == {401}


def test_a_refresh_goes_on_with_either_secret(server):
    """A person's consent outlives the change of the secret, and the one that died refreshes nothing."""
    with server.env() as env:
        client = env["mcp.oauth.client"].create({"name": "refreshing", "redirect_uris": REDIRECT})
        connection, old = client.connection_ids.id, client._new_secret()
    application, admin = Application(server, client_id=_client_id(server, connection)), Person(server)
    code = application.code(Consenter(server))
    answer = application.token(
        grant_type="authorization_code",
        code=code,
        code_verifier=application.verifier,
        redirect_uri=REDIRECT,
        client_secret=old,
    )
    assert answer.status_code == 200, answer.text
    new = admin.rotate_with_overlap(connection)
    for secret in (old, new, old, new):
        answer = application.token(
            grant_type="refresh_token", refresh_token=answer.json()["refresh_token"], client_secret=secret
        )
        assert answer.status_code == 200, answer.text
        assert succeeded(call_tool(server, answer.json()["access_token"], "get_session"))
    admin.press("mcp.connection", connection, "action_end_overlap")
    refresh = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    assert application.token(**refresh, client_secret=old).json()["error"] == "invalid_client"
    assert application.token(**refresh, client_secret=new).status_code == 200


def _client_id(server, connection: int) -> str:
    [(client_id,)] = server.sql(
        "SELECT o.client_id FROM mcp_oauth_client o JOIN mcp_connection c ON c.oauth_client_id = o.id "
        f"WHERE c.id = {connection}"
    )
    return client_id


def test_under_load_the_dead_secret_gets_nothing_and_the_other_misses_nothing():
    """DESIGN §2.3: not even a token request that was under way; and whoever changed over notices nothing."""
    with real_server(workers=4) as server:
        server.expected.append(SERIALIZATION)
        admin = Person(server)
        application, connection, old = _new_application(server, "under load")
        for button in ("action_end_overlap", "action_cancel_rotation") * 3:
            new = admin.rotate_with_overlap(connection)
            dead, kept = (old, new) if button == "action_end_overlap" else (new, old)
            stream = _Stream(application, dead, kept)
            with stream:
                stream.wait_for(15)
                admin.press("mcp.connection", connection, button)
                returned, committed = time.monotonic(), _hints(server)
                stream.wait_for(15)
            of_dead = [answer for answer in stream.answers if answer.secret == dead]
            assert {answer.told for answer in stream.answers if answer.secret == kept} == {WORKS}
            assert {answer.told for answer in of_dead if answer.sent > returned} == {BAD_SECRET}
            assert {answer.token[-4:] for answer in of_dead if answer.token} <= committed
            old = kept


def _hints(server) -> set[str]:
    return {hint[-4:] for (hint,) in server.sql("SELECT hint FROM mcp_oauth_token")}


class _Answer(NamedTuple):
    sent: float
    secret: str
    told: tuple
    token: str | None


class _Stream(Clients):
    """Applications that ask for tokens without a pause, half of them with the secret that will die."""

    threads = CLIENTS

    def __init__(self, application: Application, dead: str, kept: str):
        self.application, self.secrets, self.answers = application, (dead, kept), []

    def wait_for(self, number: int) -> None:
        """Until so many more answers came."""
        goal = len(self.answers) + number
        wait_until(lambda: len(self.answers) >= goal, f"{number} more answers come")

    def _call(self, number: int) -> None:
        secret = self.secrets[number % 2]
        while not self.stopping:
            sent = time.monotonic()
            answer = self.application.token(grant_type="client_credentials", client_secret=secret)
            body = answer.json()
            told = answer.status_code, body.get("error")
            self.answers.append(_Answer(sent, secret, told, body.get("access_token")))
