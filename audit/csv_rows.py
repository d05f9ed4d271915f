"""Rows of the log for a spreadsheet, which must not run what an AI tool wrote into them."""

import csv
import io
from collections.abc import Iterable
from typing import Any

# OWASP, "CSV Injection": what a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def header(columns: Iterable[str]) -> str:
    return _line(columns)


def line(row: dict[str, Any], columns: Iterable[str]) -> str:
    """One row; what it lacks is an empty cell."""
    return _line(harmless(row.get(column)) for column in columns)


def harmless(value: Any) -> str:
    """A cell as text, behind an apostrophe if a spreadsheet could take it for a formula. Also a negative number."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
