"""Reads a survey that a unit filled in, a CSV file or an Excel workbook, into rows of text: ids keep every digit,
formulas are not run, and a file that is not what it seems is refused. Not for what the rows mean
(project/survey.py)."""

from __future__ import annotations

import csv
import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from oclc_console.errors import InputError, from_os_error
from oclc_console.files import shown_name
from oclc_console.project.survey import Sheet

_BYTES = 8_000_000
_UNPACKED = 60_000_000  # bytes that a workbook may have inside
_BEGINNING = 65_536  # bytes of a part in which a declaration would stand
_ROWS, _COLUMNS, _CELL = 10_000, 200, 4_000
_TEXT = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SAVE = "Open it in Excel, save it again as .xlsx or as CSV UTF-8, and import that."
# what openpyxl raises at a workbook that is damaged, encrypted or none
_DAMAGE = (KeyError, ValueError, TypeError, AttributeError, IndexError, ArithmeticError, EOFError, RuntimeError,
           zipfile.BadZipFile, zlib.error, struct.error, ParseError)


def read_sheets(path: Path) -> tuple[bytes, list[Sheet]]:
    """(the file's bytes, its sheets). Raises InputError for what is no table, or too large for a survey; HereError
    where the file can't be read."""
    where = shown_name(path.name)
    try:
        with open(path, "rb") as handle:
            content = handle.read(_BYTES + 1)
    except OSError as error:
        raise from_os_error(error, "reading the survey") from error
    if len(content) > _BYTES:
        raise InputError(f"it has more than {_BYTES // 1_000_000} MB: a survey of a unit is smaller", where=where,
                         then="Look whether this is the right file; a large one can be split by unit.")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("this is an Excel file of the old kind, or one with a password", where=where, then=_SAVE)
    sheets = _workbook(content, where) if content.startswith(b"PK") else [_csv(content, where)]
    return content, [_within_limits(sheet, where) for sheet in sheets]


def _within_limits(sheet: Sheet, where: str) -> Sheet:
    """The sheet without empty rows at its end. Raises InputError where it is larger than any survey."""
    rows = list(sheet.rows)
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    for number, row in enumerate(rows, 1):
        if len(row) > _COLUMNS or any(len(cell) > _CELL for cell in row):
            raise InputError(f"row {number} has more than {_COLUMNS} columns, or more than {_CELL:,} characters in a cell",
                             where=where, then="That is no list of people: look whether this is the right file.")
    return Sheet(sheet.name, rows)


def _too_long(where: str) -> InputError:
    return InputError(f"it has more than {_ROWS:,} rows", where=where, then="Split it by unit, and import each part.")


# CSV


def _csv(content: bytes, where: str) -> Sheet:
    text = _decoded(content, where)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise InputError(f"it can't be read as CSV: {error}", where=where, then=_SAVE) from error
    if len(rows) > _ROWS:
        raise _too_long(where)
    return Sheet("", rows)


def _decoded(content: bytes, where: str) -> str:
    """The text of a CSV file: UTF-8, UTF-16 with its mark, else Windows' Western letters, as Excel writes them."""
    marked = next((name for mark, name in _TEXT.items() if content.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252", "latin-1"]:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.count("\x00") > len(text) // 10:
            break
        return text
    raise InputError("it is no text: its letters can't be read", where=where, then=_SAVE)


def _delimiter(text: str) -> str:
    """What stands between the cells: of comma, semicolon and tab, the most frequent in the first line that has one."""
    for line in text.splitlines()[:30]:
        counts = {mark: line.count(mark) for mark in (",", ";", "\t")}
        if any(counts.values()):
            return max(counts, key=lambda mark: counts[mark])
    return ","


# Excel


def _workbook(content: bytes, where: str) -> list[Sheet]:
    import openpyxl

    _refuse_bombs(content, where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl can't show (styles, checks of cells) is nothing we read
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                return [Sheet(str(sheet.title), list(_rows(sheet, where))) for sheet in book.worksheets]
            finally:
                book.close()
    except _DAMAGE as error:
        raise InputError(f"this workbook can't be read ({type(error).__name__})", where=where, then=_SAVE) from error


def _refuse_bombs(content: bytes, where: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = sum(entry.file_size for entry in archive.infolist())
            declares = inside <= _UNPACKED and any(_declares_entities(archive, name) for name in archive.namelist())
    except _DAMAGE as error:
        raise InputError("this is no Excel workbook, or a damaged one", where=where, then=_SAVE) from error
    if inside > _UNPACKED:
        raise InputError(f"unpacked it would have {inside // 1_000_000:,} MB: a survey of a unit is smaller", where=where,
                         then=_SAVE)
    if declares:
        raise InputError("it declares entities, which no workbook of Excel does", where=where, then=_SAVE)


def _declares_entities(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether a part begins as XML that defines texts of its own (they could unfold without end, or name other files)."""
    with archive.open(name) as part:
        return b"<!DOCTYPE" in part.read(_BEGINNING).replace(b"\x00", b"")


def _rows(sheet: Any, where: str) -> Iterator[Sequence[str]]:
    sheet.reset_dimensions()  # what a file says of its own size may be anything
    taken = empty = 0
    for row in sheet.iter_rows(values_only=True):
        cells = [_text(value) for value in row]
        if not any(cells):
            empty += 1  # rows that were only coloured can go on to the end of the sheet
            continue
        taken += empty + 1
        if taken > _ROWS:
            raise _too_long(where)
        yield from ([] for _ in range(empty))
        empty = 0
        yield cells


def _text(value: Any) -> str:
    """A cell as text: a number with all its digits, a day as 2020-11-16."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).encode("utf-8", "backslashreplace").decode()
