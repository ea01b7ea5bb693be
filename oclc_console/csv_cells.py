"""Cells and lines of a CSV file as spreadsheets may see them: nothing that came from a record is run as a formula, and no
control character gets through. Not for Alma's id lists, which hold ids and nothing else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from oclc_console.marc.record import text_of

_TOGETHER = 1 << 16  # characters written to a file at a time
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@")


def cell(value: str | int | None) -> str | int:
    """A value as text: one that a spreadsheet would run gets an apostrophe in front, an absent one is empty; a count stays
    a count."""
    if not isinstance(value, str):
        return "" if value is None else value
    if value.isalnum() and value.isascii():  # most are ids
        return value
    plain = visible(value)
    return f"'{plain}" if plain.startswith(_RUN_BY_SPREADSHEETS) else plain


def visible(value: str) -> str:
    """Text with its control characters made visible."""
    if value.isascii() and value.isprintable():
        return value
    return text_of(value.encode("utf-8", "backslashreplace")).replace("\x1f", "␟")


def csv_line(values: Iterable[str | int | None]) -> bytes:
    """A line of a CSV file in UTF-8, its end included; each value goes in as a cell."""
    cells = [str(cell(value)) for value in values]
    line = ",".join(cells)
    if '"' in line or line.count(",") >= len(cells) or not line:
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        return text.getvalue().encode()
    return line.encode() + b"\r\n"


def csv_lines(rows: Iterable[Iterable[str | int | None]]) -> Iterator[bytes]:
    """The lines of a CSV file, some tens of kilobytes of them at a time; for many rows much quicker than line by line."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow(map(cell, row))
        if text.tell() > _TOGETHER:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
