"""Rows of the log for a spreadsheet, which must not run what an AI tool wrote into them."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

# OWASP, "CSV Injection": what a spreadsheet takes for the beginning of a formula, where it may see one of a cell. Where
# the comma stands in decimals, it separates cells at semicolons, and then quotes in the middle of a cell mean nothing.
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[=+\-@\t\r\n＝＋－＠])")


def header(columns: Iterable[str]) -> str:
    return _line(columns)


def line(row: dict[str, Any], columns: Iterable[str]) -> str:
    """One row; what it lacks is an empty cell."""
    return _line(harmless(row.get(column)) for column in columns)


def harmless(value: Any) -> str:
    """A cell as text, with an apostrophe before what a spreadsheet could take for a formula. Also a negative number."""
    return _FORMULA.sub(r"\1'", "" if value is None else str(value))


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
