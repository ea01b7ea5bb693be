"""prepare: Alma's published files become files OCLC will accept, and every record in the set gets its ledger row. Records
leave byte for byte as they came. Nothing is half-done: all is written in the run's folder, counted, checked at the gate,
and only then moved to its places; a run killed while moving is finished by the next one. Not for sending (upload.py).
"""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.alma.published import parse_name, require_published, require_settled, scan_published
from oclc_console.csv_cells import cell
from oclc_console.errors import CallError, InputError, Refused
from oclc_console.files import is_utf8, locked, replace_file, sha256_of, shown_name, sync_folder
from oclc_console.marc.record import Record
from oclc_console.marc.source import Scanned
from oclc_console.operations.already_sent import sent_before
from oclc_console.operations.linting import Linting
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.output_files import OutputFile, OutputFiles
from oclc_console.operations.publish import STAGING, finish_interrupted, publish
from oclc_console.operations.routing import Placed, Router
from oclc_console.settings import Symbol
from oclc_console.store import log
from oclc_console.store.events import Counted, Event, FileReady, Note, SentBefore, SetAside, SourceRead, Staged
from oclc_console.store.ledger import LedgerRow, LedgerWriter
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace, folder_name


def prepare(
    workspace: Workspace,
    symbol_code: str,
    paths: Sequence[Path],
    *,
    set_count: int | None = None,
    accept_unrouted: str | None = None,
) -> Operation:
    """Prepares a symbol's files from what Alma published. `set_count` is Alma's own count of the set; `accept_unrouted` a
    person's reason for going on although some records go nowhere or to two streams. Raises CallError or InputError before
    a run is made when the call can't work; the run itself raises Refused at the gate (unrouted or double > 0)."""
    symbol = workspace.settings.symbol(symbol_code)
    _check_call(workspace, symbol, paths, accept_unrouted)
    asked = {"files": [str(path) for path in paths], "set_count": set_count, "accept_unrouted": accept_unrouted}
    job = _Prepare(workspace, symbol, [Path(path) for path in paths], set_count, accept_unrouted, asked)
    return Operation("prepare", symbol.code, asked, job.work, fold, exit_code)


def _check_call(workspace: Workspace, symbol: Symbol, paths: Sequence[Path], reason: str | None) -> None:
    if not paths:
        raise CallError("no file was named", where="prepare", then=f"Name Alma's files, or put them in inbox/{symbol.code}.")
    if reason is not None and not reason.strip():
        raise CallError("the reason is empty", where="--accept-unrouted", then="Say why; it is logged with your name.")
    if not workspace.settings.sender(symbol).streams:
        raise CallError(f"{symbol.code} has no streams", where=str(workspace.settings.path),
                        then=f"Add [[symbols.{symbol.code}.streams]] with a collection id and what it keeps.")
    seen: dict[Path, Path] = {}
    for path in paths:
        if not is_utf8(str(path)):
            raise CallError("its name is not UTF-8, so it can't stand in the ledger", where=shown_name(str(path)),
                            then="Rename the file, then prepare it.")
        if not path.is_file():
            raise CallError("there is no such file" if not path.exists() else "this is no file", where=str(path),
                            then="Check the name; Alma's files are usually put in inbox.")
        if path.resolve() in seen:
            raise CallError("the file is named twice", where=str(path), then="Name it once.")
        seen[path.resolve()] = path
        require_published(path)
        known = parse_name(path.name, workspace.settings.institution.suffix)
        if known and known.kind == "delete":
            raise CallError("this is Alma's file of deleted records, which prepare does not take yet", where=str(path),
                            then="Leave it out: its records carry no holding, so their local numbers would be wrong.")


@dataclass
class _Tally:
    """What has been counted so far; the first faults of each kind in the file in hand."""

    in_set: int = 0
    routed: int = 0
    unrouted: int = 0
    double: int = 0
    quarantined: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[Any]] = field(default_factory=dict)
    loose: list[tuple[str, str, str, int]] = field(default_factory=list)

    def counts(self) -> dict[str, Any]:
        """The counts as they stand."""
        return {"in_set": self.in_set, "excluded": dict(self.excluded), "routed": self.routed, "unrouted": self.unrouted,
                "double": self.double, "quarantined": self.quarantined}

    def since(self, before: dict[str, Any]) -> dict[str, Any]:
        """What has been counted since `before`."""
        now = self.counts()
        excluded = {rule: n - before["excluded"].get(rule, 0) for rule, n in now.pop("excluded").items()}
        return {key: n - before[key] for key, n in now.items()} | {"excluded": {r: n for r, n in excluded.items() if n}}

    def count(self, fate: str) -> None:
        self.in_set += 1
        kind, _, detail = fate.partition(":")
        if kind == "excluded":
            self.excluded[detail] += 1
        elif kind == "quarantined":
            self.quarantined += 1
        elif kind == "unrouted":
            self.unrouted += 1
        else:
            self.routed += 1
            self.double += kind == "double"

    def event(self, set_count: int | None) -> Counted:
        return Counted(self.in_set, set_count, dict(sorted(self.excluded.items())), self.routed, self.unrouted,
                       self.double, self.quarantined)


SETTLE_SECONDS = 0.5  # a file that is still being written has changed by then


class _Stopped(Exception):
    """Somebody asked the run to stop."""


@dataclass
class _Prepare:
    workspace: Workspace
    symbol: Symbol
    paths: list[Path]
    set_count: int | None
    reason: str | None
    asked: dict[str, Any]

    def work(self, folder: RunFolder) -> Iterator[Event]:
        sender = self.workspace.settings.sender(self.symbol)
        names = self.workspace.runs / ".locks" / f"names-{folder_name(sender.code)}.lock"
        with locked(names, doing=f"preparing files of {sender.code}", wait_seconds=1):
            for finished in finish_interrupted(self.workspace, self.symbol):
                yield from finished.events
                if finished.asked == self.asked:  # the same command again: what it asked for is there now
                    return
            require_settled(self.paths, SETTLE_SECONDS, folder.stop)
            yield from self._prepare(folder, sender)

    def _prepare(self, folder: RunFolder, sender: Symbol) -> Iterator[Event]:
        router = Router(self.workspace.settings, self.symbol)
        used = {path.name for path in (self.workspace.root / "outbox").rglob("*.mrc")}
        day = clock.now().astimezone().date()
        outputs = OutputFiles(folder.path / STAGING, sender, self.symbol.records_per_file, day, used)
        ledger = LedgerWriter(folder.path / STAGING / "ledger.parquet")
        tally = _Tally()
        linting = Linting(self.workspace.settings, self.symbol, folder.path / "findings.csv")
        folder.progress.total = sum(path.stat().st_size for path in self.paths)
        folder.progress.files_total = len(self.paths)
        digests = []
        try:
            with open(folder.path / STAGING / "quarantine.mrc", "xb", buffering=0) as quarantine:
                for path in self.paths:
                    before = tally.counts()
                    yield from self._one_source(folder, path, router, linting, outputs, ledger, quarantine, tally)
                    if folder.stop.is_set():
                        raise _Stopped
                    digests.append(sha256_of(path))
                    yield SourceRead(path.name, folder.progress.file_total, path.stat().st_size, digests[-1],
                                     tally.since(before))
            if not tally.in_set:
                raise InputError("the files hold no records", where=", ".join(path.name for path in self.paths),
                                 then="Check the publishing job in Alma: an empty file usually means an empty set.")
            yield from linting.finish()
            yield tally.event(self.set_count)
            yield from self._gate(folder, tally)
            outputs.close()
            ledger.close()
            yield from self._sent_before(folder)
            staged = self._stage(folder, outputs.closed, digests)
        except BaseException as error:
            try:
                linting.abandon()
                outputs.abandon()
                ledger.abandon()
            finally:
                shutil.rmtree(folder.path / STAGING, ignore_errors=True)
            if isinstance(error, _Stopped):
                return
            raise
        yield staged
        yield from publish(self.workspace, self.symbol, folder.path)

    def _one_source(self, folder: RunFolder, path: Path, router: Router, linting: Linting, outputs: OutputFiles,
                    ledger: LedgerWriter, quarantine: io.FileIO, tally: _Tally) -> Iterator[Event]:
        progress = folder.progress
        progress.file, progress.file_done, before = path.name, 0, progress.done
        tally.faults.clear()
        published = scan_published(path)
        for scanned in published:
            if folder.stop.is_set():
                published.close()
                return
            placed = linting.hold_back(router.place(scanned), scanned)
            tally.count(placed.fate)
            if placed.fate.startswith("quarantined"):
                quarantine.write(scanned.raw)
                self._fault(tally, placed, scanned)
            elif placed.fate in ("unrouted", "double"):
                tally.loose.append((placed.fate, placed.mms or "", placed.lsn or "", scanned.number))
            output = outputs.add(placed.stream, scanned.raw) if placed.stream else None
            ledger.add(_row(path, scanned, placed, output))
            progress.file_total = scanned.number
            progress.done = before + published.taken
        progress.files_done += 1
        progress.done = before + path.stat().st_size
        for skipped in published.skipped:
            yield Note(f"{path.name}: {skipped.name} skipped, {skipped.reason}")
        for rule, (records, number, offset, detail) in tally.faults.items():
            yield SetAside(path.name, rule, records, number, offset, detail)

    def _fault(self, tally: _Tally, placed: Placed, scanned: Scanned) -> None:
        rule = placed.fate.partition(":")[2]
        detail = placed.finding.detail if placed.finding else ""
        if rule in tally.faults:
            tally.faults[rule][0] += 1
        else:
            tally.faults[rule] = [1, scanned.number, scanned.offset, detail]

    def _gate(self, folder: RunFolder, tally: _Tally) -> Iterator[Event]:
        if self.set_count is not None and self.set_count != tally.in_set:
            apart = f"{abs(self.set_count - tally.in_set):,} {'missing' if self.set_count > tally.in_set else 'too many'}"
            yield Note(f"Alma counted {self.set_count:,} records in the set, the files hold {tally.in_set:,}: {apart}")
        if not tally.loose:
            return
        listing = folder.path / "unrouted.csv"
        replace_file(listing, _csv([("why", "mms", "lsn", "record number"), *tally.loose]))
        words = f"{tally.unrouted:,} unrouted and {tally.double:,} double of {tally.in_set:,} records"
        if self.reason:
            log.append(self.workspace, "prepare.accepted", self.symbol.code, run=folder.name, reason=self.reason,
                       unrouted=tally.unrouted, double=tally.double, in_set=tally.in_set)
            yield Note(f"{words} accepted: {self.reason}")
            return
        raise Refused(f"{words}: no stream wants the former, two want the latter; a record that is not sent loses its "
                      "holding at scan/delete. Nothing was put in the outbox", where=str(listing),
                      then='Change the streams\' keep rules in console.toml, or go on with --accept-unrouted "reason".')

    def _sent_before(self, folder: RunFolder) -> Iterator[Event]:
        """Says how many of these very records went out already: OCLC takes them again without harm, but nobody should
        have to find out later."""
        for name, records in sent_before(self.workspace, self.symbol.code, folder.path / STAGING / "ledger.parquet"):
            yield SentBefore(name, records)

    def _stage(self, folder: RunFolder, files: list[OutputFile], digests: list[str]) -> Staged:
        if not (folder.path / STAGING / "quarantine.mrc").stat().st_size:
            (folder.path / STAGING / "quarantine.mrc").unlink()
        sidecars = [self._sidecar(folder.name, file, digests) for file in files]
        for sidecar in sidecars:
            content = orjson.dumps(sidecar, option=orjson.OPT_INDENT_2)
            replace_file(folder.path / STAGING / f"{sidecar['name']}.json", content)
        sync_folder(folder.path / STAGING)
        return Staged(sidecars, [file.name for file in self._superseded(set(digests))])

    def _sidecar(self, run: str, file: OutputFile, digests: list[str]) -> dict[str, Any]:
        sender = self.workspace.settings.sender(self.symbol)
        return {"name": file.name, "symbol": self.symbol.code, "sender": sender.code, "stream": file.stream.word,
                "collection": file.stream.collection, "delivery": file.stream.delivery, "records": file.records,
                "bytes": file.end, "sha256": file.digest.hexdigest(), "run": run, "order": file.order,
                "prepared_at": clock.iso(clock.now()), "sources": digests,
                "source_names": [path.name for path in self.paths]}

    def _superseded(self, digests: set[str]) -> list[OutboxFile]:
        """Files prepared earlier from nothing but these sources and never sent: this run takes their place."""
        return [file for file in read_outbox(self.workspace, self.symbol.code)
                if file.state == "waiting" and file.attempts == 0 and set(file.sources) <= digests]


def _row(path: Path, scanned: Scanned, placed: Placed, output: OutputFile | None) -> LedgerRow:
    record, stream = scanned.record, placed.stream
    return LedgerRow(
        path.name, scanned.number, scanned.offset, len(scanned.raw), placed.mms, placed.lsn, placed.ocn, placed.library,
        record.leader[5:6].decode("latin-1") if record else None, placed.fate, stream.word if stream else None,
        stream.collection if stream else None, output.name if output else None, output.end if output else None,
        hashlib.sha256(scanned.raw).digest(), _content_digest(record) if record else None,
    )


def _content_digest(record: Record) -> bytes:
    """Of everything but 005, which changes whenever a record is merely saved again."""
    digest = hashlib.sha256(record.leader[5:12] + record.leader[17:])
    for tag, content in zip(record.tags, record.fields, strict=True):
        if tag != b"005":
            digest.update(tag + content + b"\x1e")
    return digest.digest()


def _csv(rows: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


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
