"""What OCLC's reports say, line by line. The kind of a report is told by the shape of its rows; its name only confirms
it. Every line is kept: one that can't be read is refused with a sentence, never dropped. A report whose layout nobody
has shown (LBD, LHR, deletes) is kept and counted in lines, never read as outcomes. Not for files or for counting what
became of an upload. The layouts stand in report_layouts.py, how a line is read in report_readers.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from oclc_console.oclc.report_layouts import (
    EXCEPTIONS,
    PROCESSING,
    UNDERSTOOD,
    UNKNOWN,
    Layout,
    ReadAs,
    Shapes,
    Told,
    tell,
)
from oclc_console.oclc.report_line import (
    ACCEPTED,
    BLANK,
    OUTCOMES,
    REJECTED,
    RecordKey,
    ReportRow,
    blank_lines,
    instant,
    lines_of,
    read_key,
)
from oclc_console.oclc.report_names import ReportName
from oclc_console.oclc.report_readers import LineReader

__all__ = ["ACCEPTED", "BLANK", "EXCEPTIONS", "OUTCOMES", "PROCESSING", "REJECTED", "UNDERSTOOD", "UNKNOWN", "Layout", "ReadAs",
           "RecordKey", "Report", "ReportRow", "lines_of", "read_key", "read_report"]

Job = tuple[str, str, int]  # symbol, collection, instant of receipt: one run of OCLC over one file


@dataclass(frozen=True)
class Report:
    """A report whose kind has been told. `job` is the upload it answers, by its record keys: the one whose instant its name
    gives, else that of most rows (rows of an older job do occur in a newer report). `lines` counts the lines that aren't
    blank, `blank` the others."""

    told: Told
    lines: int
    blank: int
    job: Job | None
    read_as: ReadAs
    content: bytes = field(repr=False)

    @property
    def type(self) -> str:
        """OCLC's word for this kind of report."""
        return self.told.type

    @property
    def layout(self) -> Layout:
        """How its rows are read."""
        return self.told.layout

    @property
    def understood(self) -> bool:
        """Whether its rows are read; otherwise its lines are kept and counted, and say nothing about records."""
        return self.told.understood

    @property
    def symbol(self) -> str | None:
        """The symbol in its record keys."""
        return self.job[0] if self.job else None

    @property
    def collection(self) -> str | None:
        """The collection in its record keys."""
        return self.job[1] if self.job else None

    @property
    def epoch_ms(self) -> int | None:
        """The instant of receipt in its record keys, in milliseconds."""
        return self.job[2] if self.job else None

    @property
    def received(self) -> datetime | None:
        """When OCLC received the upload, by the record keys; None where they don't say, or say an impossible time."""
        return instant(self.epoch_ms)

    def rows(self) -> Iterator[ReportRow]:
        """Every line that isn't blank, in order."""
        reader, epoch_ms = LineReader(self.told, self.read_as), self.epoch_ms
        for number, line in lines_of(self.content):
            row = reader.read(number, line)
            if row.key and (row.epoch_ms != epoch_ms or (row.symbol, row.collection, row.epoch_ms) != self.job):
                row = replace(row, other_job=True, why="; ".join(each for each in (row.why, _other(row)) if each))
            yield row


def _other(row: ReportRow) -> str:
    when = f" that OCLC received on {row.received:%Y-%m-%d}" if row.received else ""
    return f"by its record key it is about another upload{when}"


def read_report(
    content: bytes, name: ReportName | None = None, kind: str = "bib", read_as: ReadAs | None = None
) -> Report:
    """The report in these bytes. `kind` is the kind of the stream it answers (bib, lhr, delete), as far as it is known;
    `read_as` what console.toml says of reports. Raises nothing: whatever the bytes are, every line is kept."""
    read_as, shapes = read_as or ReadAs(), Shapes()
    for _, line in lines_of(content):
        shapes.add(line)
    told = tell(shapes, name, kind, read_as)
    return Report(told, shapes.lines, blank_lines(content), _own_job(shapes.jobs, name), read_as, content)


def _own_job(jobs: Counter[Job], name: ReportName | None) -> Job | None:
    """The upload that the report answers."""
    if not jobs:
        return None
    named = round(name.received.timestamp() * 1000) if name and name.received else None
    return max(jobs, key=lambda job: (job[2] == named, jobs[job], job[2]))
