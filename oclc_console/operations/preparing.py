"""The work of prepare: a set is cut into chunks that any number of workers work through (chunks.py); then their fragments are
put together in source order (assembly.py), so the outcome is the same whoever did the work; counted, checked at the gate, and
left in the run's folder, ready to be moved to its places. Not for the call and the run around it (prepare.py).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.alma.published import Region, regions, tells_deletes
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import InputError, Refused
from oclc_console.files import replace_file
from oclc_console.marc.lint.sets import SET_RULES
from oclc_console.operations import tally
from oclc_console.operations.already_sent import sent_before
from oclc_console.operations.assembly import (
    Chunk,
    get_ready,
    plan_outputs,
    repeated_keys,
    write_ledger,
    write_list,
    write_loose,
)
from oclc_console.operations.chunks import (
    CHUNK_BYTES,
    SET_ASIDE_COLUMNS,
    WANT_A_REASON,
    ChunkResult,
    ChunkTask,
    work_through,
)
from oclc_console.operations.fragments import ASIDE, FINDINGS, FRAGMENTS, QUARANTINE, records_path, taken_path
from oclc_console.operations.linting import COLUMNS, add_up, lint_rules
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.output_files import OutputFile, OutputPlan, WriteTask, write_output
from oclc_console.operations.publish import STAGING
from oclc_console.operations.routing import routing_rules
from oclc_console.operations.set_checks import set_findings
from oclc_console.operations.tally import Source
from oclc_console.operations.workers import begin, results
from oclc_console.settings import Symbol
from oclc_console.store import log
from oclc_console.store.events import Counted, Event, Linted, Note, SentBefore, Staged
from oclc_console.store.ledger import run_ledgers
from oclc_console.store.runs import RunFolder
from oclc_console.workspace import Workspace

_LEDGER = "ledger.parquet"


@dataclass
class Preparing:
    """One run's work: a symbol's files, Alma's own count of the set, a person's reason for going on although records go
    nowhere or twice, who works, and how many may work here at once."""

    workspace: Workspace
    symbol: Symbol
    paths: list[Path]
    set_count: int | None
    reason: str | None
    workers: Executor
    here: int

    def make(self, folder: RunFolder, staging: Path, sender: Symbol) -> Generator[Event, None, Staged]:
        """Does all of it, and tells what is staged. Raises Refused at the gate (unrouted or double > 0, a rule that blocks),
        InputError, Stopped."""
        fragments = staging / FRAGMENTS
        sources = yield from self._work_through(folder, fragments)
        parts = [(chunk, result) for source in sources for chunk, result in source.chunks()]
        yield from self._list(folder, staging, parts)
        counted = tally.count(sources, self.set_count)
        yield counted
        chunks = [chunk for chunk, _ in parts]
        loose = [chunk for chunk, result in parts if result.fates.keys() & WANT_A_REASON]
        try:
            yield from self._gate(folder, counted, loose)
            plan, again = self._plans(sender)
            repeated = repeated_keys(fragments, chunks)
            plan_outputs(fragments, chunks, plan, repeated)
            writing = begin(self.workers, write_output, [
                WriteTask(staging / file.name, fragments, file.number, tuple(file.pieces))
                for file in sorted(plan.files, key=lambda file: -file.end)])  # so that nobody waits for a big last one
            # while the workers write the files
            write_ledger(staging / _LEDGER, fragments, chunks, sender.streams, (again, repeated))
            yield from self._check_set(folder, staging / _LEDGER)
        except Refused:
            write_ledger(folder.path / _LEDGER, fragments, chunks, sender.streams, None)  # Coverage shows what stood in the way
            raise
        yield from self._sent_before(staging / _LEDGER)
        written = results(writing, folder.stop)
        plan.files.sort(key=lambda file: file.order)
        digests = [source.digest.hexdigest() for source in sources]
        return self._stage(folder, plan.files, dict(filter(None, written)), digests)

    def _list(self, folder: RunFolder, staging: Path, parts: list[tuple[Chunk, ChunkResult]]) -> Iterator[Event]:
        """Writes the lists of what lint says and of what was set aside, and tells what lint says."""
        fragments = staging / FRAGMENTS
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

    def _work_through(self, folder: RunFolder, fragments: Path) -> Generator[Event, None, list[Source]]:
        numbers = count()
        sources = [self._source(path, fragments, numbers) for path in self.paths]
        home = {task.number: (source, task.region) for source in sources for task in source.tasks}
        tasks = [task for source in sources for task in source.tasks]
        progress, unsaid, done = folder.progress, list(sources), 0
        progress.total, progress.files_total = sum(source.size for source in sources), len(sources)
        begun = begin(self.workers, work_through, tasks)
        get_ready(asks=bool(SET_RULES.keys() - self.symbol.lint_off))
        for result in results(begun, folder.stop):
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
        size, deletes = path.stat().st_size, tells_deletes(path.name, self.workspace.settings.institution.suffix)
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
        for rule, rows in set_findings(self.workspace, self.symbol.code, [ledger], before, self.here):
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

    def _gate(self, folder: RunFolder, counted: Counted, loose: Sequence[Chunk]) -> Iterator[Event]:
        if self.set_count is not None and self.set_count != counted.in_set:
            apart = f"{abs(self.set_count - counted.in_set):,} {'missing' if self.set_count > counted.in_set else 'too many'}"
            yield Note(f"Alma counted {self.set_count:,} records in the set, the files hold {counted.in_set:,}: {apart}")
        if not counted.unrouted and not counted.double:
            return
        listing = folder.path / "unrouted.csv"
        write_loose(listing, folder.path / STAGING / FRAGMENTS, loose)
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
