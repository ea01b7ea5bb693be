"""What OCLC's reports say, line by line. The kind of a report is told by the shape of its rows; its name only confirms
it. Every line is kept: one that can't be read is refused with a sentence, never dropped. A report whose layout nobody
has shown (cross references, LBD, LHR, deletes) is kept and counted in lines, never read as outcomes. Not for files or
for counting what became of an upload.

Layouts (real files; facts for BibProcessingReport and BibExceptionReport): UTF-8, `|`, no header.
    record key | LSN | OCN sent | OCN after | outcome                               BibProcessingReport, 5 columns
    record key | LSN | OCN sent | OCN after | type | severity | text                BibExceptionReport, 7 columns
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from oclc_console.oclc.report_names import ReportName, unescape_symbol

PROCESSING = "BibProcessingReport"
EXCEPTIONS = "BibExceptionReport"
UNDERSTOOD = (PROCESSING, EXCEPTIONS)
UNKNOWN = "unknown"
COLUMNS = {PROCESSING: 5, EXCEPTIONS: 7}

ACCEPTED = ("match", "create", "replace", "field transfer")
REJECTED = ("unresolved", "data error", "processing error")
OUTCOMES = frozenset(ACCEPTED + REJECTED)
BLANK = "(blank)"  # the name of an outcome for which a row has no word

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(r"([A-Za-z0-9@$#_]{1,40})_([0-9]{7})_([0-9]{1,15})::bib::([0-9]{1,18})")
_OCN = re.compile(r"0*[1-9][0-9]{0,17}")


class RecordKey(NamedTuple):
    """OCLC's own handle on a record: `SYMBOL_COLLECTION_EPOCH::bib::N`. `epoch_ms` is the instant of receipt in
    milliseconds; `n` the byte position of the record's end in the file that was sent."""

    symbol: str
    collection: str
    epoch_ms: int
    n: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a report. `line` counts from 1; `raw` is the line as it came; `status` is ok or refused; `why` says
    why it was refused, or what is odd about a row that was kept. `key` to `n` are the record key and its parts.
    `outcome` is a word of a BibProcessingReport; `type`, `severity` and `text` are a BibExceptionReport's."""

    line: int
    raw: str
    status: Literal["ok", "refused"] = "ok"
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

    @property
    def staging(self) -> bool:
        """Whether `ocn_out` is only the number of a WorldCat staging record: it looks real and must never be loaded."""
        return self.outcome == "unresolved"

    @property
    def is_rejection(self) -> bool:
        """Whether a row of a BibProcessingReport tells that OCLC did not take the record, or says a word we don't
        know."""
        return self.outcome is not None and self.outcome not in ACCEPTED

    @property
    def record(self) -> str | None:
        """What tells this record from others in its file: the LSN, else the record key."""
        return self.lsn or self.key


@dataclass(frozen=True)
class Report:
    """A report whose kind has been told. `symbol`, `collection` and `epoch_ms` are those of most of its record keys
    (lines of an older job do occur in a newer report); `lines` counts the lines that aren't blank."""

    type: str
    lines: int
    symbol: str | None
    collection: str | None
    epoch_ms: int | None
    content: bytes = field(repr=False)

    @property
    def understood(self) -> bool:
        """Whether its rows are read; otherwise its lines are kept and counted, and say nothing about records."""
        return self.type in UNDERSTOOD

    @property
    def received(self) -> datetime | None:
        """When OCLC received the upload, by the record keys; None where they don't say, or say an impossible time."""
        try:
            return None if self.epoch_ms is None else _EPOCH + timedelta(milliseconds=self.epoch_ms)
        except OverflowError:
            return None

    def rows(self) -> Iterator[ReportRow]:
        """Every line that isn't blank, in order."""
        for number, line in lines_of(self.content):
            yield read_row(number, line, self.type)


def read_report(content: bytes, name: ReportName | None = None, kind: str = "bib") -> Report:
    """The report in these bytes. `kind` is the kind of the stream it answers (bib, lhr, delete), as far as it is known.
    Raises nothing: whatever the bytes are, every line is kept."""
    shapes: Counter[str] = Counter()
    jobs: Counter[tuple[str, str, int]] = Counter()
    lines = 0
    for _, line in lines_of(content):
        lines += 1
        columns = line.split("|")
        if key := read_key(columns[0].strip()):
            jobs[key[:3]] += 1
            shapes[_shape(len(columns))] += 1
    del shapes[UNKNOWN]
    told = _type(shapes, name, kind)
    if not jobs:
        return Report(told, lines, None, None, None, content)
    symbol, collection, epoch_ms = max(jobs, key=lambda job: (jobs[job], job[2]))
    return Report(told, lines, symbol, collection, epoch_ms, content)


def _shape(columns: int) -> str:
    if columns == COLUMNS[PROCESSING]:
        return PROCESSING
    return EXCEPTIONS if columns >= COLUMNS[EXCEPTIONS] else UNKNOWN


def _type(shapes: Counter[str], name: ReportName | None, kind: str) -> str:
    """The kind of report: what most rows look like, unless we know that it answers something else than bib records."""
    word = name.report if name else None
    if name and not name.is_bib:
        kind = name.folder.removeprefix("IN.").lower()
    told = max(shapes, key=lambda each: (shapes[each], each == word), default=None)
    if kind != "bib":
        said = word or told or UNKNOWN
        return f"{said} ({kind})" if said in UNDERSTOOD else said
    if word and not word.startswith("Bib"):
        return word  # an LBD or holdings report may look like one of ours; nobody has shown what its words mean
    return told or word or UNKNOWN


def lines_of(content: bytes) -> Iterator[tuple[int, str]]:
    """(number, text) of every line that isn't blank. Bytes that aren't UTF-8 show as \\xNN; a BOM and line ends go."""
    content = content.removeprefix(_BOM)
    for number, line in enumerate(content.split(b"\n" if b"\n" in content else b"\r"), 1):
        if line.strip():
            yield number, line.rstrip(b"\r").decode("utf-8", "backslashreplace")


def read_key(text: str) -> RecordKey | None:
    """The parts of a record key, or None when this is none."""
    parts = _KEY.fullmatch(text)
    if not parts:
        return None
    return RecordKey(unescape_symbol(parts[1]), parts[2], int(parts[3]), int(parts[4]))


def read_row(number: int, line: str, type_: str) -> ReportRow:
    """One line of a report of this type."""
    if type_ not in COLUMNS:
        return ReportRow(number, line)
    wanted = COLUMNS[type_]
    columns = [column.strip() for column in line.split("|", wanted - 1 if type_ == EXCEPTIONS else -1)]
    if len(columns) != wanted:
        has = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        return _refused(number, line, f"it has {has} where a {type_} has {wanted}")
    key = read_key(columns[0])
    if key is None:
        return _refused(number, line, f"it begins with {columns[0][:60]!r}, which is no record key")
    _, lsn, sent, after, *rest = columns
    why = "; ".join(_oddities(sent, after, rest))
    numbers = lsn or None, _ocn(sent), _ocn(after)
    if type_ == PROCESSING:
        return ReportRow(number, line, "ok", why, columns[0], *key, *numbers, outcome=_outcome(rest[0]))
    return ReportRow(number, line, "ok", why, columns[0], *key, *numbers, type=rest[0], severity=rest[1], text=rest[2])


def _refused(number: int, line: str, reason: str) -> ReportRow:
    return ReportRow(number, line, "refused", f"line {number:,} could not be read: {reason}; it is kept as it came")


def _ocn(written: str) -> int | None:
    return int(written) if _OCN.fullmatch(written) else None


def _outcome(word: str) -> str:
    known = " ".join(word.lower().split())
    return known if known in OUTCOMES else word or BLANK


def _oddities(sent: str, after: str, rest: list[str]) -> Iterator[str]:
    if sent and _ocn(sent) is None:
        yield f"the number sent, {sent!r}, is no OCLC number"
    if after and _ocn(after) is None:
        yield f"the number after, {after!r}, is no OCLC number"
    if rest == [""]:
        yield "there is no word for the outcome"
