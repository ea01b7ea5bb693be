"""A question: on which files has OCLC not reported yet, and which of those reports are late? Per collection: while OCLC has
never reported on any file of a collection, its files may take weeks; from the first report on it runs, and hours suffice.
Computed from what went out, so that it holds when nothing has ever been reported. Not for what became of records
(account.py), nor for the words to OCLC (mail_to_oclc.py).

Source: OCLC, "How long will it take for my data sync files to be processed" (first files of a collection: up to 8 weeks;
while a collection is being reviewed its files are taken but wait); libraries tell of hours for running collections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from oclc_console import clock
from oclc_console.operations.outbox import OutboxFile
from oclc_console.settings import Exchange
from oclc_console.store.ledger import asking
from oclc_console.store.report_rows import ReportInfo, rows_path
from oclc_console.workspace import Workspace

_WENT_OUT = ("sent", "uncertain", "taken_cut", "alma")


@dataclass(frozen=True)
class Awaited:
    """A file that went out and is not reported whole: `reported` of its records are. `running`: OCLC has reported on its
    collection before. From `due` on its report is late."""

    file: OutboxFile
    since: datetime
    reported: int
    running: bool
    due: datetime

    @property
    def late(self) -> bool:
        """Whether it should have been reported by now."""
        return clock.now() > self.due

    @property
    def late_by(self) -> timedelta:
        """How long it has been late; zero when it is not."""
        return max(timedelta(0), clock.now() - self.due)


def awaited_files(workspace: Workspace, files: Iterable[OutboxFile], reports: Sequence[ReportInfo]) -> tuple[Awaited, ...]:
    """The files, out of a symbol's, that are not reported whole, in their order. `reports` are all that are here. Of a file
    that Alma delivers it is known only that it was published before it was prepared here."""
    running = running_collections(reports)
    found = []
    for file in files:
        since = file.prepared_at if file.state == "alma" else file.sent_at
        if file.state not in _WENT_OUT or since is None:
            continue
        reported = _reported(workspace, file, reports)
        if reported >= file.records or (file.state == "taken_cut" and reported):
            continue  # a truncated copy is not late: it has to be sent again
        begun = running.get(file.collection)
        due = due_at(clock.parse(since), begun, workspace.settings.exchange)
        found.append(Awaited(file, clock.parse(since), reported, begun is not None, due))
    return tuple(found)


def running_collections(reports: Iterable[ReportInfo]) -> Mapping[str, datetime]:
    """The collections that OCLC has ever reported on, with the instant their first report came here."""
    first: dict[str, datetime] = {}
    for report in reports:
        came = clock.parse(report.filed_at)
        if report.collection:
            first[report.collection] = min(came, first.get(report.collection, came))
    return first


def due_at(sent: datetime, running_since: datetime | None, exchange: Exchange) -> datetime:
    """When a file's report is late: weeks after it was sent, or hours once its collection runs, whichever is sooner."""
    weeks, hours = timedelta(days=exchange.late_first_days), timedelta(hours=exchange.late_after_hours)
    if running_since is None:
        return sent + weeks
    return sent + hours if running_since <= sent else min(sent + weeks, running_since + hours)


def names_at_oclc(file: OutboxFile) -> tuple[str, ...]:
    """The names under which OCLC knows the file: its own, or those Alma gave it where Alma delivers it."""
    return file.source_names if file.state == "alma" else (file.name,)


def _reported(workspace: Workspace, file: OutboxFile, reports: Sequence[ReportInfo]) -> int:
    """How many of the file's records are reported. A report whose format nobody has shown (LHR, delete) answers all."""
    answers = [report for report in reports if report.original in names_at_oclc(file)]
    streams = (stream for symbol in workspace.settings.symbols.values() for stream in symbol.streams)
    kind = next((stream.kind for stream in streams if stream.collection == file.collection), "bib")
    if kind != "bib":
        return file.records if answers else 0
    outcomes = [report for report in answers if report.outcomes]
    most = max((report.ends for report in outcomes), default=0)
    if most >= file.records or sum(report.ends for report in outcomes) < file.records or len(outcomes) < 2:
        return most
    with asking() as database:  # several reports that may complete each other, or repeat each other
        rows = [str(rows_path(workspace, report.symbol, report.name)) for report in outcomes]
        counted = database.execute("SELECT count(DISTINCT (original, n)) FROM read_parquet(?, union_by_name = true) "
                                   "WHERE status = 'ok' AND outcome IS NOT NULL", [rows]).fetchone()
    return int(counted[0]) if counted else most
