"""A line of a CSV file that people will open in a spreadsheet: nothing from a record or a report is run there as a formula, and
no control character gets through. Not for reading CSV, nor for deciding what stands in a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from oclc_console.marc.record import text_of


def csv_line(values: Sequence[Any]) -> bytes:
    """One line in UTF-8, its end included; text that begins like a formula is written as text."""
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    plain = text_of(value.encode())
    return f"'{plain}" if plain[:1] in "=+-@" and plain else plain
