"""Reads the columns of one line of a report, layout by layout. Whatever the line is, it becomes a row: one that can't be read
is refused with a sentence, one that is odd is kept and says what is odd. Not for telling the layout (report_layouts.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from oclc_console.oclc.report_layouts import (
    COLUMNS,
    KEYS_HEADING,
    LAYOUT_OF,
    OLD_HEADING,
    ReadAs,
    Told,
    two_cells,
)
from oclc_console.oclc.report_line import (
    BLANK,
    LBD_ROW,
    OUTCOMES,
    UNRESOLVED_ROW,
    ReportRow,
    any_ocn,
    bare_ocn,
    changed_by_a_spreadsheet,
    heading,
    is_alma_id,
    number_kind,
    read_key,
    refused,
)
from oclc_console.oclc.report_names import BATCHLOAD_XREF

_MOST_HEADINGS = 10  # lines above the rows of a Batchload or pre-2020 report; real ones have four and six
_OLD_PLACES = {"incoming": 0, "staging": 1, "local": 2, "description": 4, "severity": 5}  # word of the heading -> column
_LBD_WORD = re.compile(r"LBD_[A-Z_]+")
_BETWEEN_COLUMNS = ("|", "\t", ",")
_NO_NUMBER = "it has neither a local number nor an OCLC number"
_NO_LSN = "its local number, {!r}, was changed by a spreadsheet"
Read = Callable[[int, str], ReportRow]


class LineReader:
    """Reads the lines of one report, in order."""

    def __init__(self, told: Told, read_as: ReadAs) -> None:
        self._told = told
        self._outcomes = {_folded(word): outcome for word, outcome in read_as.outcomes.items()}
        self._in_rows = False
        self._old_columns, self._old_places = COLUMNS["old exceptions"], dict(_OLD_PLACES)
        readers: Mapping[str, Read] = {
            "outcomes": self._with_key, "exceptions": self._with_key, "cross reference": self._pair, "unresolved": self._pair,
            "old exceptions": self._old_exception, "holdings list": _holding, "delete keys": _delete_key,
        }
        self._reader = readers.get(told.layout, self._line)

    def read(self, number: int, line: str) -> ReportRow:
        """One line as a row."""
        row = (self._by_columns(number, line) if self._told.columns else None) or self._reader(number, line)
        self._in_rows = self._in_rows or row.status == "ok"
        return row

    def _by_columns(self, number: int, line: str) -> ReportRow | None:
        """The row, when it has just as many columns as console.toml gives to this type of report; None when the layout's own
        columns are still to be tried."""
        columns = self._told.columns
        many = len(columns) - 1 if columns[-1] == "text" else -1
        for between in _BETWEEN_COLUMNS:
            cells = [cell.strip() for cell in line.split(between, many)]
            if len(cells) == len(columns):
                return self._named(number, line, dict(zip(columns, cells, strict=True)))
        if LAYOUT_OF.get(self._told.type) == self._told.layout:
            return None
        return refused(number, line, f"it has not the {len(columns)} columns that console.toml gives to a {self._told.type}")

    def _named(self, number: int, line: str, cells: Mapping[str, str]) -> ReportRow:
        key = read_key(cells["key"]) if cells.get("key") else None
        if cells.get("key") and key is None:
            return refused(number, line, f"{cells['key'][:60]!r} is no record key")
        layout, (lsn, strange) = self._told.layout, _local_number(cells.get("lsn", ""))
        numbers = lsn, any_ocn(cells.get("ocn sent", "")), any_ocn(cells.get("ocn after", ""))
        if layout == "outcomes":
            outcome, odd = self._outcome(cells.get("outcome", ""))
            row = ReportRow(number, line, "ok", "; ".join(each for each in (strange, odd) if each), outcome=outcome,
                            staging=outcome == "unresolved")
        else:
            kind = cells.get("type") or (self._told.type if layout in ("exceptions", "old exceptions") else None)
            row = ReportRow(number, line, "ok", strange, type=UNRESOLVED_ROW if layout == "unresolved" else kind,
                            severity=cells.get("severity"), text=cells.get("text"), staging=layout != "cross reference")
        row = replace(row, lsn=numbers[0], ocn_in=numbers[1], ocn_out=numbers[2])
        if key is None:
            return row
        return replace(row, key=cells["key"], symbol=key.symbol, collection=key.collection, epoch_ms=key.epoch_ms, n=key.n)

    def _with_key(self, number: int, line: str) -> ReportRow:
        """A row of a BibProcessingReport or a BibExceptionReport."""
        exceptions = self._told.layout == "exceptions"
        wanted = COLUMNS[self._told.layout]
        columns = [column.strip() for column in line.split("|", wanted - 1 if exceptions else -1)]
        if len(columns) != wanted:
            return _wrong_number(number, line, len(columns), wanted, self._told.type)
        key = read_key(columns[0])
        if key is None:
            return refused(number, line, f"it begins with {columns[0][:60]!r}, which is no record key")
        lsn, strange = _local_number(columns[1])
        ocn_in, ocn_out = bare_ocn(columns[2]), bare_ocn(columns[3])
        outcome, odd = (None, "") if exceptions else self._outcome(columns[4])
        why = ""
        if strange or odd or (columns[2] and ocn_in is None) or (columns[3] and ocn_out is None):
            why = "; ".join(each for each in (strange, *_strange_numbers(columns[2], columns[3]), odd) if each)
        if exceptions:
            return ReportRow(number, line, "ok", why, columns[0], *key, lsn, ocn_in, ocn_out, None, columns[4], columns[5],
                             columns[6], ocn_out is not None and ocn_out != ocn_in)
        return ReportRow(number, line, "ok", why, columns[0], *key, lsn, ocn_in, ocn_out, outcome,
                         staging=outcome == "unresolved")

    def _outcome(self, written: str) -> tuple[str, str]:
        """The outcome that a word means, and what is odd about it."""
        word = written if written in OUTCOMES else _folded(written)
        if word in OUTCOMES:
            return word, ""
        if meant := self._outcomes.get(word):
            return meant, f"{written!r} is read as {meant!r}, as console.toml says"
        return written or BLANK, "" if written else "there is no word for the outcome"

    def _pair(self, number: int, line: str) -> ReportRow:
        """A row of a cross reference: which number is the OCLC number its shape tells, and only where it does not, its
        place."""
        cells = two_cells(line)
        if cells is None:
            return self._above(number, line) or _wrong_number(number, line, len(line.split("\t")), 2, self._told.type)
        kinds = number_kind(cells[0]), number_kind(cells[1])
        if kinds in (("lsn", "lsn"), ("ocn", "ocn")):
            what = "neither" if kinds[0] == "lsn" else "each"
            return self._above(number, line) or refused(number, line, f"{what} of its two columns is an OCLC number")
        ocn_first = self._told.ocn_first
        if kinds[0] == "lsn" or kinds[1] == "ocn":
            ocn_first = False
        elif kinds[1] == "lsn" or kinds[0] == "ocn":
            ocn_first = True
        written, given = cells if ocn_first else (cells[1], cells[0])
        lsn, strange = _local_number(given)
        ocn = any_ocn(written)
        if (lsn is None and ocn is None) or (lsn and not any(map(str.isdigit, lsn)) and self._above(number, line)):
            return self._above(number, line) or refused(number, line, strange or _NO_NUMBER)
        odd = (strange or ("" if lsn else "it has no local number"), "" if ocn else f"{written!r} is no OCLC number")
        unresolved = self._told.layout == "unresolved"
        return ReportRow(number, line, "ok", "; ".join(each for each in odd if each), lsn=lsn, ocn_out=ocn, staging=unresolved,
                         type=UNRESOLVED_ROW if unresolved else None)

    def _above(self, number: int, line: str) -> ReportRow | None:
        """A heading, when no row has come yet and there may be headings."""
        may_have = self._told.type == BATCHLOAD_XREF or self._told.layout == "old exceptions"
        return heading(number, line) if may_have and not self._in_rows and number <= _MOST_HEADINGS else None

    def _old_exception(self, number: int, line: str) -> ReportRow:
        """A row of a bibdetailexcpt. Its heading says which column is which, as far as we know its words."""
        cells = [cell.strip() for cell in line.split("\t")]
        if not self._in_rows and cells[0].lower().startswith(OLD_HEADING):
            self._old_columns = len(cells)
            self._old_places |= {word: at for word in _OLD_PLACES for at, cell in enumerate(cells) if word in cell.lower()}
            return heading(number, line)
        if len(cells) != self._old_columns or max(self._old_places.values()) >= len(cells):
            return self._above(number, line) or _wrong_number(number, line, len(cells), self._old_columns, self._told.type)
        sent, staging, given, text, severity = (cells[self._old_places[word]] for word in _OLD_PLACES)
        lsn, strange = _local_number(given)
        if not text and lsn is None:
            return self._above(number, line) or refused(number, line, "it names no record and says nothing of one")
        why = "; ".join(each for each in (strange, *_strange_numbers(sent, staging)) if each)
        return ReportRow(number, line, "ok", why, lsn=lsn, ocn_in=any_ocn(sent), ocn_out=any_ocn(staging), staging=True,
                         type="Validation Error", severity=severity.upper(), text=text)

    def _line(self, number: int, line: str) -> ReportRow:
        """A line of a layout nobody has shown: only what its shape tells beyond doubt."""
        cells = [cell.strip() for cell in line.split("|" if "|" in line else "\t")]
        lsn = next((cell for cell in cells if is_alma_id(cell)), None)
        key = read_key(cells[0])
        row = ReportRow(number, line, "ok", "", cells[0], *key, lsn) if key else ReportRow(number, line, lsn=lsn)
        return _about_lbd(row, cells, self._told.type) if self._told.type.startswith("Lbd") else row


def _about_lbd(row: ReportRow, cells: list[str], type_: str) -> ReportRow:
    """What SDSU tells of LBD reports: LBD_CREATE is good; LBD_REJECTED and every line of the exception report are to be looked
    at. Which column says it nobody has shown."""
    word = next((cell for cell in cells if _LBD_WORD.fullmatch(cell)), "")
    said = [cell for cell in cells[1:] if cell and not cell.isdigit() and cell != word]
    if "Exception" in type_ or word:
        return replace(row, type=word or LBD_ROW, text=" · ".join([*([word] if word else []), *said]) or row.raw)
    return row


def _holding(number: int, line: str) -> ReportRow:
    """A row of a scan/delete list: an OCLC number and a title, which may hold the separator."""
    written, bar, title = line.partition("|")
    ocn = any_ocn(written.strip())
    if not bar:
        return _wrong_number(number, line, 1, 2, "list of holdings")
    if ocn is None:
        return refused(number, line, f"it begins with {written[:60]!r}, which is no OCLC number")
    return ReportRow(number, line, ocn_in=ocn, text=title.strip())


def _delete_key(number: int, line: str) -> ReportRow:
    """A row of a list of numbers to be deleted, as libraries send them: LSN (mostly blank), OCLC number."""
    if line.strip().lower().startswith(KEYS_HEADING):
        return heading(number, line)
    cells = [cell.strip().strip('"') for cell in line.split(",")]
    ocn = any_ocn(cells[1]) if len(cells) > 1 else None
    if ocn is None:
        return refused(number, line, "its second column is no OCLC number")
    lsn, why = _local_number(cells[0])
    return ReportRow(number, line, "ok", why, lsn=lsn, ocn_in=ocn)


def _local_number(written: str) -> tuple[str | None, str]:
    """The LSN, and what is odd about it: the id that a spreadsheet has rounded is no id any more."""
    if not written.isdigit() and changed_by_a_spreadsheet(written):
        return None, _NO_LSN.format(written)
    return written or None, ""


def _strange_numbers(sent: str, after: str) -> Iterator[str]:
    if sent and bare_ocn(sent) is None:
        yield f"the number sent, {sent!r}, is no OCLC number"
    if after and bare_ocn(after) is None:
        yield f"the number after, {after!r}, is no OCLC number"


def _wrong_number(number: int, line: str, has: int, wanted: int, type_: str) -> ReportRow:
    columns = "1 column" if has == 1 else f"{has} columns"
    return refused(number, line, f"it has {columns} where a {type_} has {wanted}")


def _folded(word: str) -> str:
    return " ".join(word.lower().split())

