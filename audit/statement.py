"""What a seal signs: a checksum file that ``sha256sum --check`` reads, with facts in its comment lines."""

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Statement:
    """One link of the chain: which rows it covers, what they were, and what the link before it was.

    :param database: the UUID of the Odoo database that made the seal
    :param number: the place in the chain, from 1
    :param first_id: one more than the ``last_id`` of the link before, so that no id falls between two links
    :param last_id: of the last row covered
    :param rows: how many there are; ids whose transaction was rolled back never become rows
    :param oldest: no row is older, UTC
    :param newest: no row is younger, UTC
    :param sealed_at: UTC
    :param key: the fingerprint of the key that signs it
    :param rows_digest: SHA-256 of the rows' lines, each with its line feed, in hexadecimal
    :param leaves_digest: SHA-256 of the list that names a row which does not fit, in hexadecimal
    :param previous_digest: ``digest`` of the link before, None for the first
    """

    database: str
    number: int
    first_id: int
    last_id: int
    rows: int
    oldest: datetime
    newest: datetime
    sealed_at: datetime
    key: str
    rows_digest: str
    leaves_digest: str
    previous_digest: str | None

    @property
    def text(self) -> str:
        """What is signed, in UTF-8."""
        facts = (
            ("database", self.database),
            ("seal", self.number),
            ("ids", f"{self.first_id} to {self.last_id}"),
            ("rows", self.rows),
            ("oldest", _utc(self.oldest)),
            ("newest", _utc(self.newest)),
            ("sealed", _utc(self.sealed_at)),
            ("key", self.key),
            ("leaves", self.leaves_digest),
        )
        sums = [(self.rows_digest, rows_file(self.number))]
        if self.previous_digest:
            sums.append((self.previous_digest, statement_file(self.number - 1)))
        return checksum_file("MCP Server audit seal", facts, sums)

    @property
    def digest(self) -> str:
        """SHA-256 of ``text`` in hexadecimal: what the next link names."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def checksum_file(title: str, facts, sums) -> str:
    """A text in the format of ``sha256sum``, which skips lines that begin with ``#``.

    :param facts: pairs of name and value
    :param sums: pairs of hexadecimal digest and file name
    """
    comments = [f"# {title}", *(f"# {name}: {value}" for name, value in facts)]
    return "".join(f"{line}\n" for line in (*comments, *(f"{digest}  {name}" for digest, name in sums)))


def rows_file(number: int) -> str:
    return f"rows/{number:08}.jsonl"


def statement_file(number: int) -> str:
    return f"seals/{number:08}.txt"


def signature_file(number: int) -> str:
    return f"seals/{number:08}.sig"


def key_file(fingerprint: str) -> str:
    return f"keys/{fingerprint}.pem"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
