"""prepare: Alma's published files become files OCLC will accept, and every record in the set gets its ledger row. Records
leave byte for byte as they came. The set is cut into chunks that any number of workers work through (chunks.py); then their
fragments are put together in source order (assembly.py), so the outcome is the same whoever did the work. Nothing is
half-done: all is written in the run's folder, counted, checked at the gate, and only then moved to its places; a run killed
while moving is finished by the next one. Not for sending (upload.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.alma.published import (
    Region,
    parse_name,
    regions,
    require_published,
    require_settled,
    require_unchanged,
)
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, InputError, Refused
from oclc_console.files import is_utf8, locked, replace_file, shown_name, sync_folder
from oclc_console.operations import tally
from oclc_console.operations.already_sent import sent_before
from oclc_console.operations.assembly import Chunk, loose_records, plan_outputs, write_ledger, write_list
from oclc_console.operations.chunks import (
    CHUNK_BYTES,
    SET_ASIDE_COLUMNS,
    STOP,
    ChunkResult,
    ChunkTask,
    Stopped,
    work_through,
)
from oclc_console.operations.fragments import ASIDE, FINDINGS, QUARANTINE, records_path, taken_path
from oclc_console.operations.linting import COLUMNS, add_up, lint_rules
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.output_files import OutputFile, OutputPlan, WriteTask, write_output
from oclc_console.operations.publish import STAGING, finish_interrupted, publish
from oclc_console.operations.routing import routing_rules
from oclc_console.operations.set_checks import set_findings
from oclc_console.operations.tally import Source
from oclc_console.operations.workers import begin, carry_out, check_workers, executor, results
from oclc_console.settings import Settings, Symbol
from oclc_console.store import log
from oclc_console.store.events import Counted, Event, FileReady, Linted, Note, SentBefore, Staged
from oclc_console.store.ledger import run_ledgers
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace, folder_name

_FRAGMENTS = "fragments"
_LEDGER = "ledger.parquet"
SETTLE_SECONDS = 0.5  # a file that is still being written has changed by then


def prepare(
    workspace: Workspace,
    symbol_code: str,
    paths: Sequence[Path],
    *,
    set_count: int | None = None,
    accept_unrouted: str | None = None,
    workers: int = 1,
    cluster: str | None = None,
) -> Operation:
    """Prepares a symbol's files from what Alma published. `set_count` is Alma's own count of the set; `accept_unrouted` a
    person's reason for going on although some records go nowhere or to two streams. `workers` processes of this machine do
    the work, or a Dask cluster whose scheduler's address is `cluster`; its workers must have this package and see the
    workspace and the files under the same paths. Raises CallError or InputError before a run is made when the call can't
    work; the run itself raises Refused at the gate (unrouted or double > 0)."""
    symbol = workspace.settings.symbol(symbol_code)
    check_workers(workers, cluster)
    _check_call(workspace, symbol, paths, accept_unrouted)
    _check_deletes(workspace.settings, symbol, paths, set_count)
    asked = {"files": [str(path) for path in paths], "set_count": set_count, "accept_unrouted": accept_unrouted}
    job = _Prepare(workspace, symbol, [Path(path).absolute() for path in paths], set_count, accept_unrouted, asked,
                   workers, cluster)
    return Operation("prepare", symbol.code, asked, job.work, fold, exit_code)


def _check_call(workspace: Workspace, symbol: Symbol, paths: Sequence[Path], reason: str | None) -> None:
    if not paths:
        raise CallError("no file was named", where="prepare", then=f"Name Alma's files, or put them in inbox/{symbol.code}.")
    if reason is not None and not reason.strip():
        raise CallError("the reason is empty", where="--accept-unrouted", then="Say why; it is logged with your name.")
    if not workspace.settings.sender(symbol).streams:
        raise CallError(f"{symbol.code} has no streams", where=str(workspace.settings.path),
                        then=f"Add [[symbols.{symbol.code}.streams]] with a collection id and what it keeps.")
    seen: set[Path] = set()
    for path in paths:
        if not is_utf8(str(path)):
            raise CallError("its name is not UTF-8, so it can't stand in the ledger", where=shown_name(str(path)),
                            then="Rename the file, then prepare it.")
        if not path.is_file():
            raise CallError("there is no such file" if not path.exists() else "this is no file", where=str(path),
                            then="Check the name; Alma's files are usually put in inbox.")
        if path.resolve() in seen:
            raise CallError("the file is named twice", where=str(path), then="Name it once.")
        seen.add(path.resolve())
        require_published(path)


def _check_deletes(settings: Settings, symbol: Symbol, paths: Sequence[Path], set_count: int | None) -> None:
    deletes = [path for path in paths if _tells_deletes(settings, path)]
    if deletes and not any(stream.kind == "delete" for stream in settings.sender(symbol).streams):
        raise CallError(f"this is Alma's file of deleted records, and {settings.sender(symbol).code} has no stream for them",
                        where=str(deletes[0]),
                        then='Add a stream with kind = "delete" and its Delete WorldCat Holdings collection to console.toml.')
    if deletes and set_count is not None:
        raise CallError("a file of deleted records is counted in holdings, not in the set's records", where="--set-count",
                        then="Leave --set-count out, or prepare that file by itself.")


def _tells_deletes(settings: Settings, path: Path) -> bool:
    known = parse_name(path.name, settings.institution.suffix)
    return known is not None and known.kind == "delete"


@dataclass
class _Prepare:
    workspace: Workspace
    symbol: Symbol
    paths: list[Path]
    set_count: int | None
    reason: str | None
    asked: dict[str, Any]
    workers: int
    cluster: str | None

    def work(self, folder: RunFolder) -> Iterator[Event]:
        sender = self.workspace.settings.sender(self.symbol)
        names = self.workspace.runs / ".locks" / f"names-{folder_name(sender.code)}.lock"
        with locked(names, doing=f"preparing files of {sender.code}", wait_seconds=1):
            for finished in finish_interrupted(self.workspace, self.symbol):
                yield from finished.events
                if finished.asked == self.asked:  # the same command again: what it asked for is there now
                    return
            yield from self._prepare(folder, sender)

    def _prepare(self, folder: RunFolder, sender: Symbol) -> Iterator[Event]:
        staging = folder.path / STAGING
        try:
            (staging / _FRAGMENTS).mkdir(parents=True)
            with executor(self.workers, self.cluster) as workers:
                try:
                    marks = require_settled(self.paths, SETTLE_SECONDS, folder.stop)  # workers get ready meanwhile
                    staged = yield from self._make(folder, staging, sender, workers)
                    require_unchanged(marks)
                except BaseException:
                    (staging / _FRAGMENTS / STOP).touch()  # whoever still works must not keep the executor from closing
                    raise
            shutil.rmtree(staging / _FRAGMENTS)
            sync_folder(staging)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            if isinstance(error, Stopped):
                return
            raise
        yield staged
        yield from publish(self.workspace, self.symbol, folder.path)

    def _make(self, folder: RunFolder, staging: Path, sender: Symbol, workers: Executor) -> Generator[Event, None, Staged]:
        fragments = staging / _FRAGMENTS
        sources = yield from self._work_through(folder, fragments, workers)
        parts = [(chunk, result) for source in sources for chunk, result in source.chunks()]
        yield from self._list(folder, staging, parts)
        counted = tally.count(sources, self.set_count)
        yield counted
        chunks = [chunk for chunk, _ in parts]
        loose = [chunk for chunk, result in parts if result.fates.keys() & {"unrouted", "double"}]
        try:
            yield from self._gate(folder, counted, loose_records(fragments, loose))
            plan, again = self._plans(sender)
            plan_outputs(fragments, chunks, plan)
            writing = begin(workers, write_output, [
                WriteTask(staging / file.name, fragments, file.number, tuple(file.pieces)) for file in plan.files])
            write_ledger(staging / _LEDGER, fragments, chunks, again, sender.streams)  # while workers write the files
            yield from self._check_set(folder, staging / _LEDGER)
        except Refused:
            write_ledger(folder.path / _LEDGER, fragments, chunks, None, sender.streams)  # Coverage shows what stood in the way
            raise
        yield from self._sent_before(staging / _LEDGER)
        written = results(writing, folder.stop)
        plan.files.sort(key=lambda file: file.order)
        digests = [source.digest.hexdigest() for source in sources]
        return self._stage(folder, plan.files, dict(filter(None, written)), digests)

    def _list(self, folder: RunFolder, staging: Path, parts: list[tuple[Chunk, ChunkResult]]) -> Iterator[Event]:
        """Writes the lists of what lint says and of what was set aside, and tells what lint says."""
        fragments = staging / _FRAGMENTS
        write_list(folder.path / "findings.csv", fragments, [chunk for chunk, _ in parts], FINDINGS, COLUMNS)
        aside = [chunk for chunk, result in parts if result.faults]
        if aside:
            kept = (records_path(fragments, chunk.number, QUARANTINE).read_bytes() for chunk in aside)
            replace_file(staging / "quarantine.mrc", kept)
            write_list(staging / "quarantine.csv", fragments, aside, ASIDE, SET_ASIDE_COLUMNS)
        for rule, told in add_up([result.predicted for _, result in parts]).items():
            yield Linted(rule, told.severity, told.records, told.first, told.sentence)

    def _plans(self, sender: Symbol) -> tuple[OutputPlan, OutputPlan]:
        """Two plans of this run's output files, the same and still empty."""
        used = {path.name for path in (self.workspace.root / "outbox").rglob("*.mrc")}
        day = clock.now().astimezone().date()
        return (OutputPlan(sender, self.symbol.records_per_file, day, used),
                OutputPlan(sender, self.symbol.records_per_file, day, used))

    def _work_through(
        self, folder: RunFolder, fragments: Path, workers: Executor
    ) -> Generator[Event, None, list[Source]]:
        numbers = count()
        sources = [self._source(path, fragments, numbers) for path in self.paths]
        home = {task.number: (source, task.region) for source in sources for task in source.tasks}
        tasks = [task for source in sources for task in source.tasks]
        progress, unsaid, done = folder.progress, list(sources), 0
        progress.total, progress.files_total = sum(source.size for source in sources), len(sources)
        for result in carry_out(workers, work_through, tasks, folder.stop):
            if result is None:
                progress.done = done + _taken(fragments, unsaid[0])
                continue
            source, region = home[result.number]
            source.take(result)
            progress.file, progress.file_total, progress.file_done = source.path.name, source.size, source.hashed
            done += region.end - region.start
            progress.done = done
            while unsaid and unsaid[0].whole:
                yield from unsaid.pop(0).events()
                progress.files_done += 1
        if all(source.empty for source in sources):
            raise InputError("the files hold no records", where=", ".join(path.name for path in self.paths),
                             then="Check the publishing job in Alma: an empty file usually means an empty set.")
        return sources

    def _source(self, path: Path, fragments: Path, numbers: Iterator[int]) -> Source:
        size, deletes = path.stat().st_size, _tells_deletes(self.workspace.settings, path)
        routing = routing_rules(self.workspace.settings, self.symbol, deletes=deletes)
        lint = lint_rules(self.workspace.settings, self.symbol)
        ledgers = tuple(run_ledgers(self.workspace, self.symbol.code)) if deletes else None
        cut = [Region(path, 0, size, whole=True)] if deletes else regions(path, CHUNK_BYTES)
        tasks = [ChunkTask(next(numbers), region, fragments, routing, lint, ledgers) for region in cut]
        return Source(path, size, tasks)

    def _check_set(self, folder: RunFolder, ledger: Path) -> Iterator[Event]:
        """Tells what the set as a whole shows, and lists the records in the run's folder. Raises Refused when a rule speaks
        that the symbol made blocking."""
        stands: list[Refused] = []
        before = run_ledgers(self.workspace, self.symbol.code)
        for rule, rows in set_findings(self.workspace, self.symbol.code, [ledger], before):
            first, counted, listing = next(rows), count(1), folder.path / f"{rule.id}.csv"
            numbered = (row for row, _ in zip(chain([first], rows), counted, strict=False))
            lines: Iterable[Sequence[str | int | None]] = chain([("lsn", "mms", "ocn")], numbered)
            replace_file(listing, csv_lines(lines))
            records = next(counted) - 1
            yield Linted(rule.id, str(rule.severity), records, first[0] or first[1] or "", rule.sentence)
            if rule.id in self.symbol.lint_blocking:
                stands.append(Refused(f"{rule.sentence} ({records:,} records; console.toml makes {rule.id} blocking). "
                                      "Nothing was put in the outbox", where=str(listing), then=rule.remedy))
        if stands:
            raise stands[0]

    def _gate(self, folder: RunFolder, counted: Counted, loose: Iterable[tuple[str, str, str, int]]) -> Iterator[Event]:
        if self.set_count is not None and self.set_count != counted.in_set:
            apart = f"{abs(self.set_count - counted.in_set):,} {'missing' if self.set_count > counted.in_set else 'too many'}"
            yield Note(f"Alma counted {self.set_count:,} records in the set, the files hold {counted.in_set:,}: {apart}")
        if not counted.unrouted and not counted.double:
            return
        listing = folder.path / "unrouted.csv"
        lines: Iterable[Sequence[str | int]] = chain([("why", "mms", "lsn", "record number")], loose)
        replace_file(listing, csv_lines(lines))
        words = f"{counted.unrouted:,} unrouted and {counted.double:,} double of {counted.in_set:,} records"
        if self.reason:
            log.append(self.workspace, "prepare.accepted", self.symbol.code, run=folder.name, reason=self.reason,
                       unrouted=counted.unrouted, double=counted.double, in_set=counted.in_set)
            yield Note(f"{words} accepted: {self.reason}")
            return
        raise Refused(f"{words}: no stream wants the former, two want the latter; a record that is not sent loses its "
                      "holding at scan/delete. Nothing was put in the outbox", where=str(listing),
                      then='Change the streams\' keep rules in console.toml, or go on with --accept-unrouted "reason".')

    def _sent_before(self, ledger: Path) -> Iterator[Event]:
        """Says how many of these very records went out already: OCLC takes them again without harm, but nobody should
        have to find out later."""
        for name, records in sent_before(self.workspace, self.symbol.code, ledger):
            yield SentBefore(name, records)

    def _stage(self, folder: RunFolder, files: list[OutputFile], written: dict[str, str], digests: list[str]) -> Staged:
        sidecars = [self._sidecar(folder.name, file, written[file.name], digests) for file in files]
        for sidecar in sidecars:
            content = orjson.dumps(sidecar, option=orjson.OPT_INDENT_2)
            replace_file(folder.path / STAGING / f"{sidecar['name']}.json", content)
        return Staged(sidecars, [file.name for file in self._superseded(set(digests))])

    def _sidecar(self, run: str, file: OutputFile, sha256: str, digests: list[str]) -> dict[str, Any]:
        sender = self.workspace.settings.sender(self.symbol)
        return {"name": file.name, "symbol": self.symbol.code, "sender": sender.code, "stream": file.stream.word,
                "collection": file.stream.collection, "delivery": file.stream.delivery, "records": file.records,
                "bytes": file.end, "sha256": sha256, "run": run, "order": file.order,
                "prepared_at": clock.iso(clock.now()), "sources": digests,
                "source_names": [path.name for path in self.paths]}

    def _superseded(self, digests: set[str]) -> list[OutboxFile]:
        """Files prepared earlier from nothing but these sources and never sent: this run takes their place."""
        return [file for file in read_outbox(self.workspace, self.symbol.code)
                if file.state == "waiting" and file.attempts == 0 and set(file.sources) <= digests]


def _taken(fragments: Path, source: Source) -> int:
    """How many bytes have been read of a source that can't be cut into chunks, as its worker last told."""
    path = taken_path(fragments, source.tasks[0].number)
    try:
        return min(int(path.read_text("ascii") or 0), source.size)
    except FileNotFoundError:
        return 0


def fold(events: Sequence[Event]) -> dict[str, Any]:
    """What `prepare --json` prints, without the run's name."""
    result: dict[str, Any] = {"in_set": 0, "set_count": None, "excluded": {}, "routed": 0, "unrouted": 0, "double": 0,
                              "quarantined": 0, "sent_before": 0, "files": []}
    for event in events:
        if isinstance(event, Counted):
            result |= {"in_set": event.in_set, "set_count": event.set_count, "excluded": event.excluded,
                       "routed": event.routed, "unrouted": event.unrouted, "double": event.double,
                       "quarantined": event.quarantined}
        elif isinstance(event, SentBefore):
            result["sent_before"] += event.records
        elif isinstance(event, FileReady):
            result["files"].append({"name": event.name, "stream": event.stream, "collection": event.collection,
                                    "records": event.records, "bytes": event.bytes, "sha256": event.sha256})
    return result


def exit_code(result: dict[str, Any]) -> int:
    """1 when records were set aside or accepted unrouted, or Alma's count differs; else 0."""
    differs = result["set_count"] is not None and result["set_count"] != result["in_set"]
    return 1 if result["quarantined"] or result["unrouted"] or result["double"] or differs else 0
