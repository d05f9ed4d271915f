"""Odoo as a program: its settings, its databases, its servers and its logs."""

import hashlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pdf
import places
import source
from postgres import Server, checked
from trouble import Trouble, say

MODULE, TEST_MODULE = "mcp_gateway", "mcp_gateway_test"
# Lines of other people's code while Odoo starts; whatever names our module counts all the same.
FOREIGN = re.compile(r" py\.warnings: | odoo\.tools\.config: ")
RECORD_START = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ )", re.MULTILINE)
BAD_RECORD = re.compile(r"\S+ \S+ \d+ (WARNING|ERROR|CRITICAL) ")


# Printed at the end of a script that came to its end.
_DONE = "<<<done>>>"


@dataclass(frozen=True)
class Odoo:
    """An Odoo on a PostgreSQL, with the addon of this checkout on its path."""

    server: Server
    source: source.Source
    data: Path
    with_test_addons: bool = False

    def settings(self) -> dict[str, str]:
        """For a file, because not every command of Odoo takes them as options."""
        own = (places.LINKS, places.TEST_ADDONS) if self.with_test_addons else (places.LINKS,)
        return {
            **self.server.settings(),
            "addons_path": ",".join(map(str, (*self.source.addons, *own))),
            "data_dir": str(self.data),
            "http_interface": "127.0.0.1",
            # Searched after the PATH, and only there once a test has needed it.
            "bin_path": str(pdf.BIN),
        }

    def environment(self) -> dict[str, str]:
        return self.source.environment() | {"ODOO_RC": str(self._settings_file())}

    def _settings_file(self) -> Path:
        text = "\n".join(["[options]", *(f"{name} = {value}" for name, value in self.settings().items()), ""])
        # Named after what is in it, so that commands with other settings do not overwrite it.
        file = self.data / f"odoo-{hashlib.sha256(text.encode()).hexdigest()[:12]}.conf"
        if not file.exists():
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.write_text(text)
            unfinished.rename(file)
        return file

    def command(self, *arguments: str) -> list[str]:
        return [str(places.PYTHON), str(self.source.script), *arguments]

    def install(
        self,
        database: str,
        modules: Sequence[str],
        *,
        demo: bool = False,
        options: Sequence[str] = (),
        allowed: Sequence[str] = (),
    ) -> None:
        """Install modules, in a new database if there is none yet.

        :param options: more of Odoo's command line
        :param allowed: patterns of log records that are no trouble
        """
        if not self.server.has(database):
            self.server.create(database)
        options = ["-i", ",".join(modules), *(["--with-demo"] if demo else []), *options]
        self._change_modules(database, *options, allowed=allowed)

    def upgrade(self, database: str, module: str) -> None:
        self._change_modules(database, "-u", module)

    def _change_modules(self, database: str, *options: str, allowed: Sequence[str] = ()) -> None:
        """:raise Trouble: if it fails, and about a mere warning too"""
        log = self.data / f"{database}.install.log"
        log.unlink(missing_ok=True)
        command = self.command("server", "-d", database, *options, "--stop-after-init", "--no-http", "--logfile", log)
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        bad = bad_lines(log, allowed)
        if done.returncode or bad:
            said = bad or done.stderr.strip().splitlines()[-5:]
            raise Trouble("\n".join([f"odoo {' '.join(options)} failed:", *said, f"Its log is {log}."]))
        log.unlink()

    def shell(self, database: str, script: str) -> str:
        """Run a script with ``env`` in a database; what it printed.

        :raise Trouble: if it fails
        """
        command = self.command("shell", "-d", database, "--no-http", "--log-level=error")
        # The shell itself goes on after an error, and tells of it in its own way.
        script = f"{script}\nenv.cr.commit()\nprint('\\n{_DONE}')\n"
        done = subprocess.run(
            command, env=self.environment(), input=script, capture_output=True, text=True, check=False
        )
        if _DONE not in done.stdout:
            said = "\n".join(done.stderr.strip().splitlines()[-5:])
            raise Trouble(f"A script in the database {database} failed:\n{said}")
        return done.stdout.partition(_DONE)[0]

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

    def rename(self, database: str, name: str) -> None:
        self.server.rename(database, name)
        files = self.data / "filestore"
        if (files / database).is_dir():
            (files / database).rename(files / name)

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
            "server",
            *("-d", database, "--db-filter", f"^{database}$", "--no-database-list"),
            *("--workers", str(workers), "--http-port", str(port), "--gevent-port", str(free_port())),
            *(["--logfile", str(log)] if log else []),
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
    """The warnings and errors in a log of Odoo that nobody expected, each with its traceback.

    :param allowed: patterns that are looked for in the whole record
    """
    text = log.read_text(errors="replace") if log.exists() else ""
    return [
        record.rstrip()
        for record in RECORD_START.split(text)
        if BAD_RECORD.match(record)
        and (MODULE in record or not FOREIGN.search(record))
        and not any(re.search(pattern, record, re.DOTALL) for pattern in allowed)
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
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "there are 65535 ports"
            raise Trouble(f"Port {port} cannot be used ({why}): choose another one with --port.") from None


def _wait_until_up(process: subprocess.Popen, port: int, patience: float = 120) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Trouble(f"Odoo ended at once with exit code {process.returncode}; its log says why.")
        if _answers(port):
            return
        time.sleep(0.2)
    raise Trouble("Odoo did not answer in two minutes; its log says why.")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/web/version")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen) -> None:
    """End a server in order: a second signal would make Odoo drop what it does."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            say("Odoo does not end by itself; ending it")
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def odoo_on(server: Server, name: str, *, with_test_addons: bool = False) -> Odoo:
    """The Odoo of this runtime; ``name`` tells its data folder from others'."""
    data = places.RUNTIME / name
    data.mkdir(exist_ok=True)
    return Odoo(server, source.find(), data, with_test_addons)
