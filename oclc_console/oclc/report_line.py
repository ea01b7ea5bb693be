"""One line of a report as a value, and the small pieces that stand in lines: record keys, local numbers, OCLC numbers. Not for
telling which report a line belongs to (report_layouts.py), nor for reading a line's columns (report_readers.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from oclc_console.oclc.report_names import unescape_symbol

ACCEPTED = ("match", "create", "replace", "field transfer")
REJECTED = ("unresolved", "data error", "processing error")
OUTCOMES = frozenset(ACCEPTED + REJECTED)
BLANK = "(blank)"  # the name of an outcome for which a row has no word
UNRESOLVED_ROW = "Unresolved"  # the type of a row that only gives an unresolved record's staging number
LBD_ROW, LBD_CREATED = "LBD", "LBD_CREATE"  # the type of a row about local bibliographic data, and OCLC's word for a good one

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(r"([A-Za-z0-9@$#_]{1,40})_([0-9]{7})_([0-9]{1,15})::bib::([0-9]{1,18})")
_OCN = re.compile(r"0*[1-9][0-9]{0,11}", re.ASCII)  # ten digits today; what is longer is an id in the wrong column
_PREFIXED_OCN = re.compile(r"(?:\(OCoLC\)\s*(?:ocm|ocn|on)?|ocm|ocn|on)\s*0*([1-9][0-9]{0,11})", re.IGNORECASE | re.ASCII)
_SHORT_NUMBER = re.compile(r"[0-9]{1,12}")
_BY_A_SPREADSHEET = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,]0+", re.IGNORECASE | re.ASCII)


class RecordKey(NamedTuple):
    """OCLC's own handle on a record: `SYMBOL_COLLECTION_EPOCH::bib::N`. `epoch_ms` is the instant of receipt in
    milliseconds; `n` the byte position of the record's end in the file that was sent."""

    symbol: str
    collection: str
    epoch_ms: int
    n: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a report. `line` counts from 1; `raw` is the line as it came; `status` is ok, heading (it tells of no
    record) or refused; `why` says why it was refused, or what is odd about a row that was kept. `key` to `n` are the record key
    and its parts. `outcome` is a word of a BibProcessingReport; `type`, `severity` and `text` are a BibExceptionReport's.
    `staging`: `ocn_out` is, or may be, only the number of a WorldCat staging record: it looks real and must never be loaded.
    `other_job`: OCLC's run over another file, told by the record key."""

    line: int
    raw: str
    status: Literal["ok", "heading", "refused"] = "ok"
    why: str = ""
    key: str | None = None
    symbol: str | None = None
    collection: str | None = None
    epoch_ms: int | None = None
    n: int | None = None
    lsn: str | None = None
    ocn_in: int | None = None
    ocn_out: int | None = None
    outcome: str | None = None
    type: str | None = None
    severity: str | None = None
    text: str | None = None
    staging: bool = False
    other_job: bool = False

    @property
    def is_rejection(self) -> bool:
        """Whether a row of a BibProcessingReport tells that OCLC did not take the record, or says a word we don't
        know."""
        return self.outcome is not None and self.outcome not in ACCEPTED

    @property
    def record(self) -> str | None:
        """What tells this record from others in its file: the LSN, else the record key."""
        return self.lsn or self.key

    @property
    def received(self) -> datetime | None:
        """When OCLC received the upload, by the record key; None without one, or for an impossible time."""
        return instant(self.epoch_ms)


def instant(epoch_ms: int | None) -> datetime | None:
    """The instant these milliseconds mean; None where they mean none."""
    try:
        return None if epoch_ms is None else _EPOCH + timedelta(milliseconds=epoch_ms)
    except OverflowError:
        return None


def refused(number: int, line: str, reason: str) -> ReportRow:
    """A line that could not be read."""
    return ReportRow(number, line, "refused", f"line {number:,} could not be read: {reason}; it is kept as it came")


def heading(number: int, line: str) -> ReportRow:
    """A line that stands above the rows and tells of no record."""
    return ReportRow(number, line, "heading", "a line above the rows, which tells of no record")


def lines_of(content: bytes) -> Iterator[tuple[int, str]]:
    """(number, text) of every line that isn't blank. Bytes that aren't UTF-8 show as \\xNN; a BOM and line ends go."""
    for number, line in enumerate(_split(content), 1):
        if line.strip():
            yield number, line.rstrip(b"\r").decode("utf-8", "backslashreplace")


def blank_lines(content: bytes) -> int:
    """How many lines are blank; what follows the last line end is a line only when there is something."""
    lines = _split(content)
    return sum(not line.strip() for line in lines) - (not lines[-1])


def _split(content: bytes) -> list[bytes]:
    content = content.removeprefix(_BOM)
    return content.split(b"\n" if b"\n" in content else b"\r")


def read_key(text: str) -> RecordKey | None:
    """The parts of a record key, or None when this is none."""
    parts = _KEY.fullmatch(text)
    if not parts:
        return None
    return RecordKey(unescape_symbol(parts[1]), parts[2], int(parts[3]), int(parts[4]))


def bare_ocn(written: str) -> int | None:
    """The OCLC number that these digits are; None for anything else."""
    return int(written) if _OCN.fullmatch(written) else None


def any_ocn(written: str) -> int | None:
    """The OCLC number in any of its spellings (`1834`, `ocm00001834`, `(OCoLC)1834`); None for anything else."""
    if prefixed := _PREFIXED_OCN.fullmatch(written):
        return int(prefixed[1])
    return bare_ocn(written)


def number_kind(written: str) -> Literal["lsn", "ocn", "either", "neither"]:
    """What a number is by its shape alone. OCLC numbers have 12 digits at most (10 today); Alma's ids have 13 or more, other
    systems' often have letters. A short bare number may be either."""
    if not written or _BY_A_SPREADSHEET.fullmatch(written):
        return "neither"
    if _PREFIXED_OCN.fullmatch(written):
        return "ocn"
    return "either" if written.isascii() and _SHORT_NUMBER.fullmatch(written) else "lsn"


def changed_by_a_spreadsheet(written: str) -> bool:
    """Whether this was an id before a spreadsheet took it for a quantity (`9.93055E+17`, `60383335.0`): its digits are lost."""
    return bool(_BY_A_SPREADSHEET.fullmatch(written))


def is_alma_id(written: str) -> bool:
    """Whether this has the form of an MMS id (99…) or a holdings id (22…)."""
    return written.isascii() and written.isdigit() and 13 <= len(written) <= 19 and written[:2] in ("99", "22")
