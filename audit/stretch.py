"""A contiguous stretch of log rows: its digest, and what tells which of its rows does not fit."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

# The whole digest decides whether a stretch is what it was; the leaves only name the row, for which 64 bits do.
_LEAF_CHARS = 16


class Row(NamedTuple):
    """``line`` is the canonical encoding of all the row's columns, without a line feed."""

    id: int
    line: str


@dataclass(frozen=True)
class Misfit:
    """The first row of a stretch that is not what was sealed.

    :param row_id: None if the list of leaves was changed as well, so that no row can be named
    """

    row_id: int | None
    kind: Literal["edited", "missing", "inserted", "unnamed"]


def digest(rows: Iterable[Row]) -> str:
    """SHA-256 in hexadecimal of the rows as a file has them, one a line."""
    whole = hashlib.sha256()
    for row in rows:
        whole.update(f"{row.line}\n".encode())
    return whole.hexdigest()


def leaves(rows: Iterable[Row]) -> str:
    """One line for each row: its id, and the beginning of the SHA-256 of its line."""
    return "\n".join(f"{row.id} {_leaf(row.line)}" for row in rows)


def leaves_digest(sealed: str) -> str:
    return hashlib.sha256(sealed.encode()).hexdigest()


def find_misfit(rows: Iterable[Row], sealed: str) -> Misfit:
    """What is wrong with a stretch whose digest does not fit.

    :param sealed: the ``leaves`` of the rows as they were; checked by its digest before
    """
    before = {int(row_id): leaf for row_id, leaf in map(str.split, sealed.splitlines())}
    now = {row.id: _leaf(row.line) for row in rows}
    for row_id in sorted(before.keys() | now.keys()):
        if row_id not in now:
            return Misfit(row_id, "missing")
        if row_id not in before:
            return Misfit(row_id, "inserted")
        if before[row_id] != now[row_id]:
            return Misfit(row_id, "edited")
    return Misfit(None, "unnamed")


def _leaf(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:_LEAF_CHARS]
