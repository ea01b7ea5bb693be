"""The reports OCLC would write for a file it took: their names, their rows, and how they come into the folder. Written
apart from the console's own reader of them. Not for deciding what became of a record (worldcat.py).

Source: OCLC, "My Files reports for Bibliographic or Delete WorldCat Holdings collections", and real reports of 2023-2025:
`SENDER-SYMBOL.COLLECTION.IN.BIB.Dyyyymmdd.Thhmmssfff.<original name>.<report>.txt`, the time being US Eastern with daylight
saving; the record key carries the same instant as UTC epoch milliseconds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from oclc_console import files
from oclc_console.rehearsal.worldcat import ACTED_ON, UNRESOLVED, Answer

PROCESSING, EXCEPTION = "BibProcessingReport", "BibExceptionReport"
LHR = "LhrProcessingReport"
CROSS_REFERENCE, UNRESOLVED_CROSS_REFERENCE = "BibCrossRefReport", "BibUnresolvedCrossRefReport"
ONE_LINE_TWICE_IN = 40  # exception lines that stand there twice, as they do in real reports
ONE_ROW_TWICE_IN = 700  # the same for the processing report, where it is rarer

_EASTERN = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    """One run of OCLC over one file: the symbol as it stands in names, the collection it ran under, when the file was
    received (UTC epoch milliseconds), its name as it was uploaded, and the folder it was put into (bib, lhr)."""

    symbol: str
    collection: str
    received: int
    name: str
    kind: str = "bib"

    @property
    def key(self) -> str:
        """The first part of every record key of this job."""
        return f"{self.symbol}_{self.collection}_{self.received}"

    def report_name(self, report: str) -> str:
        """The name of one of its reports."""
        at = eastern(self.received)
        moment = f"D{at:%Y%m%d}.T{at:%H%M%S}{self.received % 1000:03d}"
        return f"{self.symbol}-{self.symbol}.{self.collection}.IN.{self.kind.upper()}.{moment}.{self.name}.{report}.txt"


def eastern(milliseconds: int) -> datetime:
    """An instant (UTC epoch milliseconds) on a clock in Ohio."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(_EASTERN)


def processing_rows(job: Job, answers: Sequence[Answer]) -> Iterator[str]:
    """Five fields: record key, local number, number sent, resulting number (staging when unresolved), outcome."""
    for answer in answers:
        yield f"{job.key}::bib::{answer.end}|{answer.lsn}|{answer.sent}|{answer.result}|{answer.outcome}"


def exception_rows(job: Job, answers: Sequence[Answer]) -> Iterator[str]:
    """Seven fields: record key, local number, number sent, resulting number, type, severity, text."""
    for answer in answers:
        start = f"{job.key}::bib::{answer.end}|{answer.lsn}|{answer.sent}|{answer.result}"
        for kind, severity, text in answer.exceptions:
            yield f"{start}|{kind}|{severity}|{text}"


def cross_reference_rows(answers: Sequence[Answer], unresolved: bool) -> Iterator[str]:
    """Local number, TAB, number: of the records something was done with, or of the unresolved ones (staging numbers)."""
    for answer in answers:
        if answer.outcome in ((UNRESOLVED,) if unresolved else ACTED_ON):
            yield f"{answer.lsn}\t{answer.result}"


def write_reports(job: Job, answers: Sequence[Answer], reports: Path, workshop: Path, *, seed: int, cross: bool) -> list[str]:
    """Writes the reports of a job into the folder `reports`, each appearing there whole or not at all (`workshop` is where
    they are written first: a temporary name in `reports` would be listed to whoever looks). Rows are in no order. The
    exception report comes only when there is something in it, and before the processing report. Gives back their names."""
    rng = random.Random(f"{seed}/{job.key}/{job.name}")
    shuffled = list(answers)
    rng.shuffle(shuffled)
    texts = {EXCEPTION: _some_twice(exception_rows(job, shuffled), rng, ONE_LINE_TWICE_IN)}
    if cross:
        texts[CROSS_REFERENCE] = list(cross_reference_rows(shuffled, unresolved=False))
        texts[UNRESOLVED_CROSS_REFERENCE] = list(cross_reference_rows(shuffled, unresolved=True))
    texts[PROCESSING] = _some_twice(processing_rows(job, shuffled), rng, ONE_ROW_TWICE_IN)
    names = []
    files.make_folder(workshop)
    for report, rows in texts.items():
        if not rows:
            continue
        name = job.report_name(report)
        files.replace_file(workshop / report, "".join(row + "\n" for row in rows).encode())
        files.move_into_place(workshop / report, reports / name)
        names.append(name)
    return names


def write_lhr_report(job: Job, local_numbers: Sequence[str], reports: Path, workshop: Path) -> list[str]:
    """Writes the one report of a file of local holdings records, a line a record. No public source shows what OCLC's look
    like: these lines are made up, so that nobody takes them for outcomes. Gives back its name."""
    name = job.report_name(LHR)
    files.make_folder(workshop)
    lines = "".join(f"{number}\t{local}\treceived\n" for number, local in enumerate(local_numbers, start=1))
    files.replace_file(workshop / LHR, lines.encode())
    files.move_into_place(workshop / LHR, reports / name)
    return [name]


def _some_twice(rows: Iterator[str], rng: random.Random, one_in: int) -> list[str]:
    """The rows, one in so many of them written twice."""
    once = list(rows)
    twice = set(rng.sample(range(len(once)), len(once) // one_in))
    return [row for number, row in enumerate(once) for _ in range(2 if number in twice else 1)]
