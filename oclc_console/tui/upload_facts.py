"""What the pages of an upload ask the disk, in a thread: which files it had to send, what became of each, the report that
answers it or how late that is, and every attempt at one file. Not for drawing it (upload_words.py, file_words.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from oclc_console import clock
from oclc_console.operations.late import awaited_files
from oclc_console.operations.outbox import OutboxFile, fold_states, read_outbox
from oclc_console.store.events import (
    Event,
    FileCompared,
    FileNotSent,
    FileSent,
    FileStarted,
    Note,
    Recorded,
    TriedAgain,
)
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.store.runs import RunState, events_of, read_run
from oclc_console.workspace import Workspace

DUE = ("waiting", "partial")


@dataclass(frozen=True)
class Known:
    """One file as of now. `reports` are all that answer it, the newest first. While it is not reported whole, `expected_by` is
    when that is late, and `running` whether OCLC has reported on its collection before."""

    file: OutboxFile
    reports: tuple[ReportInfo, ...] = ()
    expected_by: datetime | None = None
    running: bool = False

    @property
    def answer(self) -> ReportInfo | None:
        """The newest report that says what became of its records."""
        return next((report for report in self.reports if report.outcomes), None)

    def late_by(self, now: datetime) -> float | None:
        """Seconds its report is late; None when all of it is here, or not late."""
        if self.expected_by is None or now <= self.expected_by:
            return None
        return (now - self.expected_by).total_seconds()


@dataclass(frozen=True)
class UploadFacts:
    """`due` are the files the run had to send, in its order and as they were when it began; `known` what became of them."""

    due: tuple[OutboxFile, ...] = ()
    known: Mapping[str, Known] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One try at sending a file. `compared` says what of it was there already, in words; `ended` and `how` are empty while
    it is under way, or when its process died. `alive` is whether its run is at work."""

    number: int
    run: str
    by: str
    at: str
    start: int
    compared: str = ""
    ended: str = ""
    how: str = ""
    acknowledged: int | None = None
    alive: bool = False


@dataclass(frozen=True)
class FileStory:
    """Everything known about one file."""

    known: Known
    prepared_by: str
    attempts: tuple[Attempt, ...]
    refusals: tuple[tuple[str, str], ...]  # (when, why) of tries that ended before a byte was sent


def about_upload(workspace: Workspace, run: RunState) -> UploadFacts:
    """What an upload had to send and what became of it."""
    outbox = read_outbox(workspace, run.symbol)
    before = (recorded for state, recorded in events_of(workspace, "upload", run.symbol) if state.name < run.name)
    again, touched = run.asked.get("again"), names_in(run)
    began = clock.parse(run.at)
    due = tuple(file for file in fold_states([_as_prepared(file) for file in outbox], before) if file.name in touched or
                (again is None and file.state in DUE and clock.parse(file.prepared_at) <= began))
    known = _known(workspace, outbox)
    return UploadFacts(due, {file.name: known[file.name] for file in due})


def names_in(run: RunState) -> set[str]:
    """The files that this run began with, or turned down."""
    return {recorded.event.name for recorded in run.events if isinstance(recorded.event, FileStarted | FileNotSent)}


def _as_prepared(file: OutboxFile) -> OutboxFile:
    """A file as it was before anything was sent."""
    state = "alma" if file.delivery == "alma" else "waiting"
    return replace(file, state=state, stage="", attempts=0, sent_at=None, acknowledged=0, reason="", twin="")


def _known(workspace: Workspace, outbox: Sequence[OutboxFile]) -> dict[str, Known]:
    reports: dict[str, list[ReportInfo]] = {}
    here = list_reports(workspace)
    for report in here:
        reports.setdefault(report.original, []).append(report)
    known = {file.name: Known(file, tuple(reports.get(file.name, ()))) for file in outbox}
    for awaited in awaited_files(workspace, outbox, here):
        name = awaited.file.name
        known[name] = replace(known[name], expected_by=awaited.due, running=awaited.running)
    return known


def file_story(workspace: Workspace, symbol: str, name: str) -> FileStory | None:
    """Everything known about a file of a symbol's outbox; None when it is not there (any more)."""
    outbox = read_outbox(workspace, symbol)
    known = _known(workspace, outbox).get(name)
    if known is None:
        return None
    prepared = read_run(workspace.runs / known.file.run)
    attempts: list[Attempt] = []
    refusals: list[tuple[str, str]] = []
    compared = ""
    for run, recorded in events_of(workspace, "upload", symbol):
        event = recorded.event
        if isinstance(event, FileCompared) and event.name == name:
            compared = event.words.removeprefix(f"{name}: ")
        elif isinstance(event, FileStarted) and event.name == name:
            attempts.append(Attempt(event.attempt, run.name, recorded.by, recorded.at, event.start, compared,
                                    alive=run.state == "running"))
            compared = ""
        elif isinstance(event, FileNotSent) and event.name == name and not (attempts and not attempts[-1].ended):
            refusals.append((recorded.at, event.words.replace(f" {name}", "", 1)))
        elif attempts and not attempts[-1].ended and attempts[-1].run == run.name:
            attempts[-1] = _after(attempts[-1], recorded, name)
    return FileStory(known, prepared.by if prepared else "", tuple(attempts), tuple(refusals))


def _after(attempt: Attempt, recorded: Recorded, name: str) -> Attempt:
    """An attempt with what an event says of its end."""
    event: Event = recorded.event
    if isinstance(event, FileSent) and event.name == name:
        return replace(attempt, ended=recorded.at, how="sent: every byte acknowledged, closed without error",
                       acknowledged=event.bytes)
    if isinstance(event, FileNotSent) and event.name == name:
        return replace(attempt, ended=recorded.at, how=f"{event.state.replace('_', ' ')}: {event.reason}",
                       acknowledged=event.acknowledged)
    if isinstance(event, Note) and event.text.startswith(f"{name}: "):
        return replace(attempt, ended=recorded.at, how=event.text.removeprefix(f"{name}: "))
    if isinstance(event, TriedAgain) and event.name == name:
        return replace(attempt, ended=recorded.at, how="somebody asked to try it again")
    return attempt
