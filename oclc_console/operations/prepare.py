"""prepare: Alma's published files become files OCLC will accept, and every record in the set gets its ledger row. Records
leave byte for byte as they came. Here is the call: what is checked before a run is made, who works, and what becomes of the
run's folder however the work ends; the work is in preparing.py. Nothing is half-done: all is written in the run's folder,
counted, checked at the gate, and only then moved to its places; a run killed while moving is finished by the next one. Not for
sending (upload.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oclc_console.alma.published import require_published, require_settled, require_unchanged, tells_deletes
from oclc_console.errors import CallError
from oclc_console.files import is_utf8, locked, shown_name, sync_folder
from oclc_console.operations.fragments import FRAGMENTS, STOP, Stopped
from oclc_console.operations.publish import STAGING, finish_interrupted, publish
from oclc_console.operations.workers import Processes, check_workers, executor
from oclc_console.settings import Settings, Symbol
from oclc_console.store.events import Counted, Event, FileReady, SentBefore
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace, folder_name

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
    begun: Processes | None = None,
) -> Operation:
    """Prepares a symbol's files from what Alma published. `set_count` is Alma's own count of the set; `accept_unrouted` a
    person's reason for going on although some records go nowhere or to two streams. `workers` processes of this machine do
    the work (those `begun` already, if so), or a Dask cluster whose scheduler's address is `cluster`; its workers must have
    this package and see the workspace and the files under the same paths. Raises CallError or InputError before a run is made
    when the call can't work; the run itself raises Refused at the gate (unrouted or double > 0)."""
    symbol = workspace.settings.symbol(symbol_code)
    check_workers(workers, cluster)
    _check_call(workspace, symbol, paths, accept_unrouted)
    _check_deletes(workspace.settings, symbol, paths, set_count)
    asked = {"files": [str(path) for path in paths], "set_count": set_count, "accept_unrouted": accept_unrouted}
    job = _Prepare(workspace, symbol, [Path(path).absolute() for path in paths], set_count, accept_unrouted, asked,
                   workers, cluster, begun)
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
    deletes = [path for path in paths if tells_deletes(path.name, settings.institution.suffix)]
    if deletes and not any(stream.kind == "delete" for stream in settings.sender(symbol).streams):
        raise CallError(f"this is Alma's file of deleted records, and {settings.sender(symbol).code} has no stream for them",
                        where=str(deletes[0]),
                        then='Add a stream with kind = "delete" and its Delete WorldCat Holdings collection to console.toml.')
    if deletes and set_count is not None:
        raise CallError("a file of deleted records is counted in holdings, not in the set's records", where="--set-count",
                        then="Leave --set-count out, or prepare that file by itself.")


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
    begun: Processes | None

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
            (staging / FRAGMENTS).mkdir(parents=True)
            with executor(self.workers, self.cluster, self.begun) as workers:  # other processes get ready while this one does
                from oclc_console.operations.preparing import Preparing

                try:
                    marks = require_settled(self.paths, SETTLE_SECONDS, folder.stop)
                    work = Preparing(self.workspace, self.symbol, self.paths, self.set_count, self.reason, workers,
                                     self.workers)
                    staged = yield from work.make(folder, staging, sender)
                    require_unchanged(marks)
                except BaseException:
                    (staging / FRAGMENTS / STOP).touch()  # whoever still works must not keep the executor from closing
                    raise
            shutil.rmtree(staging / FRAGMENTS)
            sync_folder(staging)
        except BaseException as error:
            shutil.rmtree(staging, ignore_errors=True)
            if isinstance(error, Stopped):
                return
            raise
        yield staged
        yield from publish(self.workspace, self.symbol, folder.path)


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
