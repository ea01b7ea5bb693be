"""A question: what would OCLC say about the records of these files? Needs no workspace and changes nothing. The rules are
marc/lint; how the answer is shown is the command line's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oclc_console.csv_cells import csv_line
from oclc_console.errors import InputError, from_os_error
from oclc_console.files import replacing
from oclc_console.marc.identifiers import lsn_reader, mms_of
from oclc_console.marc.lint import RULES, Context, Linter, Rule, Severity
from oclc_console.marc.source import Scanned, scan

Reader = Callable[[Path], Iterable[Scanned]]
_COLUMNS = ("file", "record", "offset", "lsn", "001", "rule", "severity", "sentence", "remedy")
_SAID_BY_LINT = "control-char"  # the reader's word for what the rule `characters` says in OCLC's words
_lsn = lsn_reader(["852$8", "001"])


@dataclass(frozen=True)
class Place:
    """Where a finding is: file, record number from 1, byte offset of the record, its ids where it has them."""

    file: str
    number: int
    offset: int
    lsn: str | None
    mms: str | None


@dataclass(frozen=True)
class Told:
    """One finding of one record. `rule` is a lint rule's id, or what the reader calls a fault of the record's structure:
    CRITICAL when it is no MARC 21 and would be set aside, else NOTICE."""

    place: Place
    rule: str
    severity: Severity
    sentence: str


@dataclass
class RuleCount:
    """One rule in one file: in how many records it found something, and where first."""

    rule: str
    severity: Severity
    records: int
    first: Told


@dataclass
class FileLint:
    """What lint has to say about one file. records = kept + quarantined."""

    file: str
    records: int = 0
    kept: int = 0
    quarantined: int = 0
    counts: dict[str, RuleCount] = field(default_factory=dict)
    spoken_of: int = 0  # records with any finding at all

    def add(self, told: Sequence[Told]) -> None:
        """Takes in the findings of one record."""
        self.spoken_of += bool(told)
        for rule in Counter(each.rule for each in told):
            first = next(each for each in told if each.rule == rule)
            self.counts.setdefault(rule, RuleCount(rule, first.severity, 0, first)).records += 1

    @property
    def is_clean(self) -> bool:
        """Whether nothing here would keep a record out of WorldCat."""
        return not self.quarantined and all(
            count.severity.rank < Severity.SEVERE.rank for count in self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """As `lint --json` prints it; the worst first."""
        return {
            "file": self.file, "records": self.records, "kept": self.kept, "quarantined": self.quarantined,
            "findings": [
                {"rule": count.rule, "severity": count.severity, "records": count.records, "sentence": count.first.sentence,
                 "first": {"record": count.first.place.number, "offset": count.first.place.offset,
                           "lsn": count.first.place.lsn, "001": count.first.place.mms}}
                for count in self.worst_first()
            ],
        }

    def worst_first(self) -> list[RuleCount]:
        """The counts by severity, then by how many records."""
        return sorted(self.counts.values(), key=lambda count: (-count.severity.rank, -count.records, count.rule))


def lint_files(
    paths: Sequence[Path], *, rules: Iterable[Rule] = RULES.values(), least: Severity = Severity.NOTICE,
    context: Context | None = None, read: Reader = scan, csv_file: Path | None = None,
) -> Iterator[FileLint]:
    """One answer a file, each when its file is read to the end; constant memory. `least` leaves out what is less severe;
    `read` gives a file's records, sound or not; `csv_file` gets a line for every finding and appears when all are done.
    Raises InputError for what is no file of records, HereError when the CSV can't be written."""
    linter = Linter(rules, context or Context())
    with ExitStack() as opened:
        write = _csv(opened, csv_file) if csv_file else None
        for path in paths:
            answer = FileLint(str(path))
            for told in _findings(path, answer, linter, least, read):
                answer.add(told)
                if write:
                    write(told)
            yield answer


def _findings(
    path: Path, answer: FileLint, linter: Linter, least: Severity, read: Reader
) -> Iterator[list[Told]]:
    """The findings of each record that has any; counts records on the way."""
    try:
        for scanned in read(path):
            answer.records += 1
            answer.kept += scanned.record is not None
            answer.quarantined += scanned.record is None
            told = [each for each in _told(answer.file, scanned, linter) if each.severity.rank >= least.rank]
            if told:
                yield told
    except (FileNotFoundError, IsADirectoryError):
        raise InputError("there is no such file", where=str(path), then="Check the path, then try again.") from None
    except OSError as error:
        raise from_os_error(error, "reading records") from error


def _told(file: str, scanned: Scanned, linter: Linter) -> list[Told]:
    record, fault = scanned.record, scanned.finding
    found = linter.check(record) if record else []
    if not found and not fault:
        return []
    lsn, mms = (_lsn(record), mms_of(record)) if record else (None, None)
    place = Place(file, scanned.number, scanned.offset, lsn, mms)
    told = [Told(place, finding.rule, finding.severity, finding.sentence) for finding in found]
    if fault and fault.rule != _SAID_BY_LINT:
        told.append(Told(place, fault.rule, Severity.NOTICE if record else Severity.CRITICAL, fault.detail))
    return told


def _csv(opened: ExitStack, path: Path) -> Callable[[Sequence[Told]], None]:
    """Writes findings as lines a spreadsheet can hold."""
    handle = opened.enter_context(replacing(path))
    handle.write(csv_line(_COLUMNS))

    def write(told: Sequence[Told]) -> None:
        for each in told:
            remedy = RULES[each.rule].remedy if each.rule in RULES else ""
            cells = (each.place.file, each.place.number, each.place.offset, each.place.lsn or "", each.place.mms or "",
                     each.rule, each.severity, each.sentence, remedy)
            handle.write(csv_line(cells))

    return write
