"""Command lines of Odoo, and what is done with them."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import places
import source
from postgres import Server, checked
from trouble import Trouble, say

MODULE, TEST_MODULE = "mcp_gateway", "mcp_gateway_test"
# Lines of other people's code while Odoo starts; whatever names our module counts all the same.
FOREIGN = re.compile(r" py\.warnings: | odoo\.tools\.config: ")
BAD_LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (WARNING|ERROR|CRITICAL) ")


@dataclass(frozen=True)
class Odoo:
    """An Odoo on a PostgreSQL, with the addon of this checkout on its path."""

    server: Server
    source: source.Source
    data: Path
    with_test_addons: bool = False

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.source.python_path), "PYTHONDONTWRITEBYTECODE": "1"}

    def addons_path(self) -> str:
        own = (places.LINKS, places.TEST_ADDONS) if self.with_test_addons else (places.LINKS,)
        return ",".join(map(str, (*self.source.addons, *own)))

    def options(self) -> list[str]:
        return [*self.server.options(), f"--addons-path={self.addons_path()}", f"--data-dir={self.data}"]

    def command(self, *arguments: str) -> list[str]:
        """``odoo COMMAND ARGUMENTS…`` with our options; the command is ``server`` if none is named."""
        name, rest = (
            ("server", arguments) if not arguments or arguments[0].startswith("-") else (arguments[0], arguments[1:])
        )
        return [str(places.PYTHON), str(self.source.script), name, *self.options(), *rest]

    def install(self, database: str, modules: Sequence[str], *, demo: bool = False) -> None:
        """Install modules, in a new database if there is none yet; a warning about it is trouble."""
        if not self.server.has(database):
            self.server.create(database)
        log = self.data / f"install-{database}.log"
        log.unlink(missing_ok=True)
        command = self.command(
            "-d",
            database,
            "-i",
            ",".join(modules),
            "--stop-after-init",
            "--no-http",
            "--http-interface=127.0.0.1",
            f"--logfile={log}",
            *(["--with-demo"] if demo else []),
        )
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        bad = bad_lines(log)
        if done.returncode or bad:
            last = [
                line for line in (log.read_text() if log.exists() else done.stderr).splitlines() if " INFO " not in line
            ]
            raise Trouble("Installing " + ", ".join(modules) + " failed:\n" + "\n".join([*bad, *last[-1:]]))

    def clone(self, original: str, copy: str) -> None:
        """A copy of a database with its files, keys included."""
        self.server.create(checked(copy), original)
        files = self.data / "filestore"
        if (files / original).is_dir():
            shutil.copytree(files / original, files / copy, dirs_exist_ok=True)

    def clone_running(self, original: str, copy: str) -> None:
        """As ``clone``, of a database in use: its connections are ended, which Odoo survives."""
        self.server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{checked(original)}'")
        self.clone(original, copy)

    def drop(self, database: str) -> None:
        self.server.drop(database)
        shutil.rmtree(self.data / "filestore" / database, ignore_errors=True)

    @contextmanager
    def serving(
        self, database: str, *, port: int, workers: int, log: Path | None = None, extra: Sequence[str] = ()
    ) -> Iterator[subprocess.Popen]:
        """A real server, answering when the block begins and gone when it ends."""
        check_port(port)
        command = self.command(
            "-d",
            database,
            f"--db-filter=^{database}$",
            "--no-database-list",
            f"--workers={workers}",
            "--http-interface=127.0.0.1",
            f"--http-port={port}",
            f"--gevent-port={free_port()}",
            *([f"--logfile={log}"] if log else []),
            *extra,
        )
        # A group of its own: Ctrl-C in the terminal reaches us, and we end the server in order.
        process = subprocess.Popen(command, env=self.environment(), start_new_session=True)
        try:
            _wait_until_up(process, port)
            yield process
        finally:
            stop(process)


def bad_lines(log: Path, allowed: Sequence[str] = ()) -> list[str]:
    """The warnings and errors in a log of Odoo that nobody expected."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [
        line
        for line in lines
        if BAD_LINE.match(line)
        and (MODULE in line or not FOREIGN.search(line))
        and not any(re.search(pattern, line) for pattern in allowed)
    ]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Trouble(f"Port {port} is taken by another program: choose another one with --port.") from None


def _wait_until_up(process: subprocess.Popen, port: int, patience: float = 120) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Trouble(f"Odoo ended at once with exit code {process.returncode}; its log says why.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/version", timeout=30):
                return
        except OSError:
            time.sleep(0.2)
    raise Trouble("Odoo did not answer in two minutes; its log says why.")


def stop(process: subprocess.Popen) -> None:
    """End a server in order: a second signal would make Odoo drop what it does."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            say("Odoo does not end by itself; ending it")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def odoo_on(server: Server, name: str, *, with_test_addons: bool = False) -> Odoo:
    """The Odoo of this runtime; ``name`` tells its data folder from others'."""
    data = places.RUNTIME / name
    data.mkdir(exist_ok=True)
    return Odoo(server, source.find(), data, with_test_addons)
