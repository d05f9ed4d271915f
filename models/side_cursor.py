"""A short transaction beside the request's own."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo.sql_db import BaseCursor, Cursor


@contextmanager
def side_cursor(registry) -> Iterator[BaseCursor]:
    """Yield a cursor at READ COMMITTED, committed on success.

    For what must outlast the request's own rollback or must never collide: at this level a row lock is a queue, where
    REPEATABLE READ would make all but one fail and run again.
    """
    with registry.cursor() as cr:
        if isinstance(cr, Cursor):  # a test's cursor is a savepoint of another one and cannot change its level
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        yield cr
