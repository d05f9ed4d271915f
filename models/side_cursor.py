"""Short transactions beside the request's own.

For what must outlast the request's own rollback or must never collide: at READ COMMITTED a row lock is a queue, where
REPEATABLE READ would make all but one fail and run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo.sql_db import BaseCursor, Cursor


@contextmanager
def side_cursor(registry) -> Iterator[BaseCursor]:
    """Yield a cursor at READ COMMITTED, committed on success."""
    with registry.cursor() as cr:
        if _is_own(cr):
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        yield cr


def side_statement(registry, statement: str, values: dict[str, Any]) -> tuple | None:
    """The first row of one statement at READ COMMITTED; its commit does not wait for the disk.

    Everything goes to PostgreSQL at once, which makes one transaction of it: the hot path cannot afford a message for
    each BEGIN and COMMIT.
    """
    mode = "SET LOCAL synchronous_commit = off;"
    with registry.cursor() as cr:
        if _is_own(cr):
            cr.connection.autocommit = True
            mode = f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; {mode}"
        cr.execute(f"{mode} {statement}", values)
        return cr.fetchone()


def _is_own(cr: BaseCursor) -> bool:
    """A test's cursor is a savepoint of another one and cannot change its level."""
    return isinstance(cr, Cursor)
