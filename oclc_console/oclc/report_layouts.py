"""Which kind of report this is: told by the shape of its rows, confirmed by its name, and by what console.toml says of words
that OCLC uses and we don't know. Not for reading the columns of a row (report_readers.py).

Layouts (sources: real files for the first two; OCLC's help pages and the code of libraries that read them for the others):
    outcomes          record key | LSN | OCN sent | OCN after | outcome                                BibProcessingReport
    exceptions        record key | LSN | OCN sent | OCN after | type | severity | text                 BibExceptionReport
    cross reference   LSN TAB OCN                                                            BibCrossRefReport, xrefrpt
                      OCN, blanks, 001 field, under some heading lines                       Batchload's XREFRPT, CXREF
    unresolved        LSN TAB staging number                                      BibUnresolvedCrossRefReport, unresxrefrpt
    old exceptions    OCN sent TAB staging number TAB LSN TAB count TAB text TAB severity, under a heading    bibdetailexcpt
    holdings list     OCN | title                                            what OCLC will remove, or has (scan/delete)
    delete keys       LSN,OCLC_Number                                        a list of numbers that was sent, not a report
    lines             anything else: kept and counted in lines, never read as outcomes (LBD, LHR, deletes)
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from oclc_console.oclc.report_line import number_kind, read_key
from oclc_console.oclc.report_names import BATCHLOAD_XREF, SCAN_DELETE, ReportName

Layout = Literal["outcomes", "exceptions", "cross reference", "unresolved", "old exceptions", "holdings list", "delete keys",
                 "lines"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

PROCESSING = "BibProcessingReport"
EXCEPTIONS = "BibExceptionReport"
OLD_EXCEPTIONS = "bibdetailexcpt"
DELETE_KEYS = "DeleteKeys"
UNKNOWN = "unknown"
LAYOUT_OF: Mapping[str, Layout] = {
    PROCESSING: "outcomes", EXCEPTIONS: "exceptions", "BibCrossRefReport": "cross reference", "xrefrpt": "cross reference",
    BATCHLOAD_XREF: "cross reference", "BibUnresolvedCrossRefReport": "unresolved", "unresxrefrpt": "unresolved",
    OLD_EXCEPTIONS: "old exceptions", SCAN_DELETE: "holdings list", DELETE_KEYS: "delete keys",
}
UNDERSTOOD = tuple(LAYOUT_OF)
COLUMNS = {"outcomes": 5, "exceptions": 7, "old exceptions": 6, "cross reference": 2, "unresolved": 2, "holdings list": 2}
COLUMN_NAMES = ("key", "lsn", "ocn sent", "ocn after", "outcome", "type", "severity", "text", "-")

OLD_HEADING = "incoming oclc number"  # NCSU: what stands above the rows of a bibdetailexcpt begins so
BATCHLOAD_HEADING = "oclc xref report"
KEYS_HEADING = "lsn,oclc_number"
_TELLING = {OLD_HEADING: OLD_EXCEPTIONS, BATCHLOAD_HEADING: BATCHLOAD_XREF, KEYS_HEADING: DELETE_KEYS}
_READER = 2  # counts up when the same line comes to be read otherwise: what was filed before is then read again on import


@dataclass(frozen=True)
class ReadAs:
    """What console.toml says of reports: the outcome that an unknown outcome word means, the layout of an unknown type of
    report, and the columns of one, in their order (`COLUMN_NAMES`)."""

    outcomes: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        """What tells a report that was read in this way from one that was read in another."""
        said = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return f"{_READER}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"

    def layout_of(self, *words: str) -> Layout | None:
        """The layout that these words for a type of report are given: by name, else by the columns they are given."""
        for word in words:
            for layout in LAYOUTS:
                if self.types.get(word) == layout:
                    return layout
            if columns := self.columns.get(word):
                if "outcome" in columns:
                    return "outcomes"
                return "exceptions" if {"type", "severity", "text"} & set(columns) else "cross reference"
        return None


@dataclass(frozen=True)
class Told:
    """A kind of report: `type` is OCLC's word for it, `layout` how its rows are read. `ocn_first`: where two numbers stand in
    a row and either could be the OCLC number, the first is. `columns` are those that console.toml gives it."""

    type: str
    layout: Layout
    ocn_first: bool = False
    columns: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether its rows are read; otherwise its lines are kept and counted, and say nothing about records."""
        return self.layout != "lines"


class Shapes:
    """What the lines of a report look like, counted while they pass by."""

    def __init__(self) -> None:
        self.jobs: Counter[tuple[str, str, int]] = Counter()
        self.keyed: Counter[str] = Counter()
        self.first_is: Counter[str] = Counter()  # of rows with two numbers: lsn or ocn, where that can be told
        self.pairs = self.titles = self.lines = 0
        self.said: set[str] = set()

    def add(self, line: str) -> None:
        """Looks at one more line."""
        self.lines += 1
        first, bar, _ = line.partition("|")
        if bar:
            if key := read_key(first.strip()):
                self.jobs[key[:3]] += 1
                self.keyed[_with_key(line.count("|") + 1)] += 1
            elif number_kind(first.strip()) in ("ocn", "either"):
                self.titles += 1
        elif cells := two_cells(line):
            self._pair(*cells)
        if self.lines <= 20:
            low = line.strip().lower()
            self.said |= {word for start, word in _TELLING.items() if low.startswith(start)}

    def _pair(self, first: str, second: str) -> None:
        kinds = number_kind(first), number_kind(second)
        sure = {("lsn", "either"): "lsn", ("lsn", "ocn"): "lsn", ("either", "ocn"): "lsn",
                ("either", "lsn"): "ocn", ("ocn", "lsn"): "ocn", ("ocn", "either"): "ocn"}.get(kinds)
        if sure and not (sure == "ocn" and not second.strip()):
            self.first_is[sure] += 1
        if sure or kinds == ("either", "either"):
            self.pairs += 1


def two_cells(line: str) -> tuple[str, str] | None:
    """The two cells of a line that TAB, or else two or more blanks, divides; None when there are not two."""
    cells = [cell.strip() for cell in (line.strip(" ").split("\t") if "\t" in line else line.strip().split("  ", 1))]
    return (cells[0], cells[1]) if len(cells) == 2 else None


def _with_key(columns: int) -> str:
    if columns == COLUMNS["outcomes"]:
        return PROCESSING
    return EXCEPTIONS if columns >= COLUMNS["exceptions"] else UNKNOWN


def tell(shapes: Shapes, name: ReportName | None, kind: str, read_as: ReadAs) -> Told:
    """The kind of report. `kind` is the kind of the stream it answers (bib, lhr, delete), as far as it is known."""
    word = name.report if name else ""
    type_ = _type(shapes, name, kind, word)
    layout = read_as.layout_of(type_, word) if word else read_as.layout_of(type_)
    columns = read_as.columns.get(type_) or read_as.columns.get(word) or ()
    batchload = type_ == BATCHLOAD_XREF
    sure = shapes.first_is
    ocn_first = batchload if sure["ocn"] == sure["lsn"] else sure["ocn"] > sure["lsn"]
    return Told(type_, layout or LAYOUT_OF.get(type_, "lines"), ocn_first, columns)


def _type(shapes: Shapes, name: ReportName | None, kind: str, word: str) -> str:
    """What most rows look like, unless we know that the report answers something else than bib records."""
    if name and not name.is_bib:
        kind = name.folder.removeprefix("IN.").lower()
    keyed = {shape: count for shape, count in shapes.keyed.items() if shape != UNKNOWN}
    told = max(keyed, key=lambda each: (keyed[each], each == word), default="")
    if kind != "bib":
        said = word or told or UNKNOWN
        return f"{said} ({kind})" if said in LAYOUT_OF else said
    if told and not (word and not word.startswith("Bib") and word not in LAYOUT_OF):
        return told  # an LBD or holdings report may look like one of ours; nobody has shown what its words mean
    if word:
        return word
    if shapes.said:
        return min(shapes.said)
    if shapes.titles * 2 > shapes.lines:
        return SCAN_DELETE
    return UNKNOWN  # two numbers a row and no name: whether they are staging numbers nothing tells
