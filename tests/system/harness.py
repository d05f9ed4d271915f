"""A real Odoo server for tests and measurements: started as an administrator would, talked to over HTTP."""

import functools
import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import postgres
import requests
from odoo_process import Odoo, bad_lines, free_port, odoo_on

# The one record that collisions on purpose may leave, in tests that cause them.
SERIALIZATION = r"odoo\.sql_db: bad query: .*could not serialize access"
# Odoo hangs up on a client that takes seconds to send, as a thread among hundreds does; it calls again.
SLOW_TO_SEND = r"werkzeug: .* Request timed out"
MODERN = "2026-07-28"


@dataclass
class RealServer:
    """A running server on a database of its own."""

    odoo: Odoo
    database: str
    url: str
    log: Path
    # Patterns of log records that a test brings about on purpose.
    expected: list[str] = field(default_factory=list)

    @property
    def mcp(self) -> str:
        return f"{self.url}/mcp"

    @contextmanager
    def env(self) -> Iterator:
        """The database through the ORM, as superuser; committed at the end, and the server's workers hear of it."""
        import odoo.api  # noqa: PLC0415 (slow, and not needed by all)

        registry = _registry(self.database)
        try:
            with registry.cursor() as cr:
                yield odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {})
        except BaseException:
            registry.reset_changes()
            raise
        registry.signal_changes()

    def sql(self, statement: str) -> list[tuple]:
        """What is committed at this moment."""
        return self.odoo.server.run(statement, self.database)

    def new_connection(self, name: str, login: str = "admin", **values) -> tuple[int, str]:
        """A connection without limits, and its key."""
        with self.env() as env:
            user = env["res.users"].search([("login", "=", login)])
            connection = env["mcp.connection"].create(
                {"name": name, "user_id": user.id, "rate_minute": 0, "rate_day": 0, "max_in_flight": 0, **values}
            )
            return connection.id, connection._do_generate_key()

    def new_user(self, login: str, *groups: str) -> int:
        """A user who may have connections, with more groups by their external ids; the password is the login."""
        with self.env() as env:
            granted = [env.ref(group).id for group in ("mcp_gateway.group_mcp_user", *groups)]
            values = {"name": login, "login": login, "password": login, "group_ids": [(6, 0, granted)]}
            return env["res.users"].create(values).id

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")


class Person:
    """Someone at the web client: presses buttons as the browser does."""

    def __init__(self, server: RealServer, login: str = "admin", password: str = "admin"):
        self.server, self.session = server, requests.Session()
        answer = self._rpc("/web/session/authenticate", {"db": server.database, "login": login, "password": password})
        assert answer["uid"], f"{login} cannot log in"

    def press(self, model: str, record_id: int, method: str):
        """What the button's method returned; an error of the server is raised with its text."""
        return self._rpc(
            f"/web/dataset/call_button/{model}/{method}",
            {"model": model, "method": method, "args": [[record_id]], "kwargs": {}},
        )

    def new_key(self, connection_id: int, method: str) -> str:
        return self.press("mcp.connection", connection_id, method)["context"]["default_secret"]

    def call(self, model: str, method: str, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self._rpc(f"/web/dataset/call_kw/{model}/{method}", params)

    def rotate_with_overlap(self, connection_id: int, hours: str = "24") -> str:
        """The dialog, as a browser goes through it; the new secret."""
        dialog = self.press("mcp.connection", connection_id, "action_rotate_with_overlap")
        [wizard] = self.call(dialog["res_model"], "create", [{"hours": hours}], context=dialog["context"])
        shown = self.call(dialog["res_model"], "action_rotate", [wizard], context=dialog["context"])
        return shown["context"]["default_secret"]

    def _rpc(self, path: str, params: dict):
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self.session.post(self.server.url + path, json=body, timeout=120).json()
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["message"])
        return answer["result"]


def call_tool(server: RealServer, key: str, tool: str, arguments: dict | None = None) -> requests.Response:
    """One tool call of a legacy client, on a TCP connection of its own so that any worker may get it."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments or {}}}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", "Connection": "close"}
    while True:
        try:
            return requests.post(server.mcp, data=json.dumps(body), headers=headers, timeout=120)
        except requests.ConnectionError:
            # Odoo lets 8 connections per worker wait; the rest are turned away before anyone reads them.
            time.sleep(0.01)


def succeeded(response: requests.Response) -> bool:
    return response.status_code == 200 and not response.json()["result"]["isError"]


@contextmanager
def real_server(
    *, workers: int = 2, template: str | None = None, extra: Sequence[str] = (), fsync: bool = False
) -> Iterator[RealServer]:
    """A server on a copy of the database that bin/test made; its log may hold no warning when it ends."""
    with postgres.running(safe=False) as pg:
        if pg.embedded and fsync:
            postgres.set_fsync(postgres.owner_of(pg), on=True)
        odoo = odoo_on(pg, "data-test", with_test_addons=True)
        database = f"mcp_system_{os.getpid()}_{threading.get_native_id()}_{int(time.time() * 1000) % 100000}"
        odoo.clone(template or os.environ["MCP_TEST_TEMPLATE"], database)
        port = free_port()
        server = RealServer(odoo, database, f"http://localhost:{port}", odoo.data / f"{database}.log")
        try:
            _switch_on(server)
            with odoo.serving(
                database, port=port, workers=workers, log=server.log, extra=["--max-cron-threads=0", *extra]
            ):
                yield server
            unexpected = bad_lines(server.log, server.expected)
            assert not unexpected, "Unexpected in the server's log:\n" + "\n".join(unexpected)
        finally:
            _forget_registry(database)
            odoo.drop(database)
            server.log.unlink(missing_ok=True)


def _switch_on(server: RealServer) -> None:
    with server.env() as env:
        env["mcp.settings"]._get().enabled = True
        env["ir.config_parameter"].set_param("web.base.url", server.url)
        env["ir.config_parameter"].set_param("web.base.url.freeze", "True")


def _registry(database: str):
    from odoo.modules.registry import Registry  # noqa: PLC0415

    _configure()
    # What the server's workers changed meanwhile counts here too.
    return Registry(database).check_signaling()


@functools.cache
def _configure() -> None:
    from odoo.tools import config  # noqa: PLC0415

    # The same file as the servers': ODOO_RC names it.
    config.parse_config([], setup_logging=False)


def _forget_registry(database: str) -> None:
    from odoo.modules.registry import Registry  # noqa: PLC0415
    from odoo.sql_db import close_db  # noqa: PLC0415

    Registry.delete(database)
    close_db(database)
