"""Writes an XLSX workbook in which every cell that came from outside is text: ids keep all their digits, and nothing in it is
run, linked or reckoned by a spreadsheet. Not for CSV (csv_cells.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from oclc_console.csv_cells import visible
from oclc_console.errors import from_os_error
from oclc_console.files import replacing

_ROWS = 1_048_576  # rows a sheet may have, the heading included
_CELL = 32_767  # characters a cell may hold
_CUT = " ... (cut here: a spreadsheet's cell holds no more)"
_WIDEST = 60
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def write_sheet(path: Path, title: str, heading: Sequence[str], rows: Iterable[Sequence[str | int]]) -> int:
    """Writes a workbook, whole or not at all: text stays text, counts are numbers. More rows than a sheet holds go on in
    another. Gives the number of rows."""
    import xlsxwriter

    written = 0

    def counted() -> Iterator[Sequence[str | int]]:
        nonlocal written
        for row in rows:
            written += 1
            yield row

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with replacing(path) as handle, xlsxwriter.Workbook(handle, options) as book:
            bold = book.add_format({"bold": True})
            waiting, number = counted(), 1
            while True:
                sheet = book.add_worksheet(title if number == 1 else f"{title} {number}")
                if _fill(sheet, heading, islice(waiting, _ROWS - 1), bold) < _ROWS - 1:
                    break
                number += 1
    except OSError as error:
        raise from_os_error(error, "writing a spreadsheet") from error
    return written


def _fill(sheet: Any, heading: Sequence[str], rows: Iterable[Sequence[str | int]], bold: Any) -> int:
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(heading):
        sheet.set_column(column, column, min(_WIDEST, max(10, len(name) + 6)))
        sheet.write_string(0, column, name, bold)
    count = 0
    for count, row in enumerate(rows, 1):
        for column, value in enumerate(row):
            if not isinstance(value, str):
                sheet.write_number(count, column, value)
            elif value:
                sheet.write_string(count, column, cell_text(value))
    return count


def cell_text(value: str) -> str:
    """Text as a cell can hold it: control characters visible, what XML can't say replaced, and not too long."""
    plain = _NO_XML.sub("\ufffd", visible(value))
    return plain if len(plain) <= _CELL else plain[: _CELL - len(_CUT)] + _CUT
