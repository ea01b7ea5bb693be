"""A question: which files stand in a symbol's outbox, and what has happened to each? State is a fold over the upload runs;
the outbox itself is an archive and nothing is removed from it once it was sent. Not for sending (upload.py)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import InputError
from oclc_console.store.events import Event, FileClosing, FileNotSent, FileOpened, FileSent, FileStarted, Recorded
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.store.runs import events_of
from oclc_console.workspace import Workspace

DOUBTFUL = ("uncertain", "taken_cut")
DUE = ("waiting", "partial")  # upload sends these by itself
SETTLED = ("sent", "uncertain", "taken_cut")  # never sent again by itself


@dataclass(frozen=True)
class OutboxFile:
    """One output file. `state`: waiting; sent (all bytes acknowledged, closed without error); partial (still listed at
    OCLC); uncertain (the link died around the close); taken_cut (OCLC took it before every byte was there and closed);
    refused (the same bytes went out under the name `twin`); alma (delivered by Alma, only accounted here). `stage` says how
    far an interrupted upload had come: started (the server was asked to open it, not a byte was written), opened or
    closing. With `anew` what is there of it is not ours any more and is not gone on with. `answered` when its report has
    settled what arrived. `acknowledged` is in bytes, `sent_at` an ISO instant. `channels` is the most it was ever sent through
    at once: so much more of what is there of it may have gaps."""

    name: str
    path: Path
    symbol: str
    sender: str
    stream: str
    collection: str
    delivery: str
    records: int
    bytes: int
    sha256: str
    run: str
    prepared_at: str
    sources: tuple[str, ...]
    source_names: tuple[str, ...]
    state: str = "waiting"
    stage: str = ""
    attempts: int = 0
    sent_at: str | None = None
    acknowledged: int = 0
    reason: str = ""
    twin: str = ""
    anew: bool = False
    answered: bool = False
    channels: int = 1

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What is to be done about a file of which OCLC may have a truncated copy: each the command, and its key. Empty for any
        other file."""
        if self.state not in DOUBTFUL:
            return ()
        fetch = f"fetch its report, which settles it: oclc-console fetch {self.symbol}, or f in Runs"
        again = f"oclc-console upload {self.symbol} --again {self.name} --reason WHY, or t on its page in Runs"
        if self.answered:
            return (f"send it once more, signed: {again}",)
        return fetch, f"or, without waiting for it, a person sends it once more, signed: {again}"


def read_outbox(workspace: Workspace, symbol: str) -> tuple[OutboxFile, ...]:
    """The symbol's output files with their states, in the order they are sent: by run, then as console.toml orders the
    streams, then by number."""
    files = _prepared(workspace, symbol)
    history = (recorded for _, recorded in events_of(workspace, "upload", symbol))
    states = fold_states(files, history)
    if any(file.state in DOUBTFUL for file in states):
        answers = {report.original: report for report in list_reports(workspace) if report.ends}
        states = [settled(file, answers.get(file.name)) for file in states]
    return tuple(states)


def settled(file: OutboxFile, report: ReportInfo | None) -> OutboxFile:
    """A file of which it is not known whether it arrived whole, after its processing report: one that answers every record
    up to the last byte proves that it did; one that does not proves that OCLC has a truncated copy."""
    if file.state not in DOUBTFUL or report is None:
        return file
    if report.ends == file.records and report.last_end == file.bytes:
        return replace(file, state="sent", acknowledged=file.bytes, answered=True,
                       reason=f"its report answers all {file.records:,} records: it arrived whole")
    return replace(file, state="taken_cut", acknowledged=report.last_end, answered=True,
                   reason=f"its report answers {report.ends:,} of {file.records:,} records: OCLC has a truncated copy")


def _prepared(workspace: Workspace, symbol: str) -> list[OutboxFile]:
    found = []
    for sidecar in workspace.at("outbox", symbol).glob("*.mrc.json"):
        try:
            data: dict[str, Any] = orjson.loads(sidecar.read_bytes())
            order = data.pop("order")
            data["sources"], data["source_names"] = tuple(data["sources"]), tuple(data["source_names"])
            state = "alma" if data["delivery"] == "alma" else "waiting"
            file = OutboxFile(**data, path=sidecar.with_suffix(""), state=state)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"it is damaged ({error})", where=str(sidecar),
                             then="Bring it back from a backup, or prepare its sources again.") from None
        found.append(((file.run, order), file))
    return [file for _, file in sorted(found, key=lambda pair: pair[0])]


def fold_states(files: Sequence[OutboxFile], history: Iterable[Recorded]) -> list[OutboxFile]:
    """The files with what the upload events say of them. A file whose last event is FileStarted was being sent when its
    process died: `partial` until somebody looks whether it is still listed."""
    known = {file.name: file for file in files}
    for recorded in history:
        name = getattr(recorded.event, "name", None)
        if name in known:
            known[name] = _after(known[name], recorded.event, recorded.at)
    return list(known.values())


def _after(file: OutboxFile, event: Event, at: str) -> OutboxFile:
    if isinstance(event, FileStarted):
        # once bytes of it may have been there, that stays so: OCLC may take the file between two attempts
        stage = "opened" if file.state == "partial" and file.stage in ("opened", "closing") else "started"
        return replace(file, state="partial", stage=stage, attempts=event.attempt, acknowledged=event.start,
                       reason="its upload was interrupted", channels=max(file.channels, event.channels))
    if isinstance(event, FileOpened):
        return replace(file, stage="opened", anew=False)
    if isinstance(event, FileClosing):
        return replace(file, stage="closing", acknowledged=event.bytes)
    if isinstance(event, FileSent):
        return replace(file, state="sent", attempts=event.attempt, sent_at=at, acknowledged=event.bytes, reason="")
    if isinstance(event, FileNotSent):
        if event.state == "refused":
            return replace(file, state="refused" if event.twin else file.state, reason=event.reason, twin=event.twin)
        state = event.state
        gone = event.state in ("uncertain", "taken_cut")
        return replace(file, state=state, attempts=max(file.attempts, event.attempt), reason=event.reason,
                       acknowledged=event.acknowledged, sent_at=at if gone else file.sent_at, anew=event.anew)
    return file


class WentOut:
    """What has gone out (or may have), under whatever name and symbol, asked by its bytes. Every outbox is read once, and
    again only when an upload other than the run `own` has written something since; what this run sends is told by `note`.
    Several threads may ask at once."""

    def __init__(self, workspace: Workspace, own: str) -> None:
        self._workspace, self._own = workspace, own
        self._lock = threading.Lock()
        self._seen: dict[str, int] | None = None
        self._by_bytes: dict[str, OutboxFile] = {}
        self._noted: dict[str, OutboxFile] = {}

    def twin_of(self, file: OutboxFile) -> OutboxFile | None:
        """The file with the same bytes that has gone out; this one itself when it has."""
        with self._lock:
            if (others := self._other_uploads()) != self._seen:
                self._by_bytes, self._seen = self._read(), others
            return self._noted.get(file.sha256) or self._by_bytes.get(file.sha256)

    def note(self, file: OutboxFile) -> None:
        """Remembers what became of a file in this run."""
        if file.state in SETTLED:
            with self._lock:
                self._noted[file.sha256] = file

    def _other_uploads(self) -> dict[str, int]:
        """How much (bytes) each other upload run has written so far."""
        found = {}
        for entry in os.scandir(self._workspace.runs):
            if "-upload-" in entry.name and entry.name != self._own:
                with contextlib.suppress(FileNotFoundError):  # a run that has just begun
                    found[entry.name] = os.stat(os.path.join(entry.path, "events.jsonl")).st_size
        return found

    def _read(self) -> dict[str, OutboxFile]:
        found: dict[str, OutboxFile] = {}
        for folder in sorted((self._workspace.root / "outbox").glob("*")):
            for file in read_outbox(self._workspace, folder.name):
                if file.state in SETTLED:
                    found.setdefault(file.sha256, file)
        return found


def after(file: OutboxFile, event: Event) -> OutboxFile:
    """The file after what has just happened to it."""
    return _after(file, event, clock.iso(clock.now())) if getattr(event, "name", None) == file.name else file
