"""fetch: brings every file in OCLC's reports folder and folders of records that is not here yet, by name and never by a time
window. Reports are kept exactly as they came and filed, files of records only kept; of what OCLC has removed it says what to
ask for. Killed anywhere and run again it ends as if undisturbed: a file counts once it stands in its place, whole. Not for
understanding reports (oclc/reports.py), nor for what is here already (fetched.py)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from oclc_console import clock
from oclc_console.errors import OtherSideError
from oclc_console.oclc import archives
from oclc_console.oclc.listed_names import ListedName, read_listed_name
from oclc_console.operations import record_files
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.fetched import Here, records_here, reports_here, told_before
from oclc_console.operations.gather_filed import gather_filed
from oclc_console.operations.import_reports import file_report, unfit_name
from oclc_console.operations.record_files import keep_records
from oclc_console.settings import Symbol
from oclc_console.store.events import Connected, Event, Note, OnlyPlaceholder, RecordsKept, ReportFiled, ReportRefused
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Entry, Link

_PART = ".part"  # how the name of a file ends that is being fetched, in the run's folder


def fetch(workspace: Workspace, symbol_code: str) -> Operation:
    """Brings the files of a symbol's account (a retiring symbol's account is its successor's)."""
    symbol = workspace.settings.symbol(symbol_code)
    return Operation("fetch", symbol.code, {}, _Fetch(workspace, symbol).work, fold, exit_code)


@dataclass(frozen=True)
class _Folder:
    """One of OCLC's folders: its path, what of it is here, what it lists, how large a file in it may be, and how a file that
    has come is kept."""

    remote: str
    here: Here
    entries: list[Entry]
    largest: int
    keep: Callable[[str, Path], Event]

    def new(self) -> list[Entry]:
        """What has to be fetched, as far as the names tell."""
        listed = ((entry, read_listed_name(entry.name)) for entry in self.entries)
        return [entry for entry, name in listed if not name.stub and self.here.lacks(name, entry.size)]


class _Stop(Exception):
    """A person asked to stop while a file was coming."""


class _TooLarge(Exception):
    """More bytes come than a file of this kind can have."""


@dataclass
class _Fetch:
    workspace: Workspace
    symbol: Symbol

    def work(self, run: RunFolder) -> Iterator[Event]:
        from oclc_console.oclc.exchange import Stopped

        self._clear_after_the_dead(run)
        symbols = set()
        try:
            with closing(self._all(run)) as events:
                for event in events:
                    if isinstance(event, ReportFiled):
                        symbols.add(event.symbol)
                    yield event
        except (Stopped, OtherSideError):
            if not run.stop.is_set():  # else the link was hung up because somebody asked to stop
                raise
        yield from gather_filed(self.workspace, symbols, run.stop)

    def _all(self, run: RunFolder) -> Generator[Event, None, None]:
        address = address_of(self.workspace, self.symbol)
        with connect_for(self.workspace, self.symbol, run.stop) as link:
            yield Connected(address.host, address.port, address.account, link.host_key)
            folders = []
            for folder in self._folders(link):
                if isinstance(folder, Note):
                    yield folder
                else:
                    folders.append(folder)
            new = [entry for folder in folders for entry in folder.new()]
            run.progress.files_total, run.progress.total = len(new), sum(entry.size for entry in new)
            yield from _found(folders)
            for folder in folders:
                yield from self._bring(link, folder, run)

    def _folders(self, link: Link) -> Iterator[_Folder | Note]:
        """The reports folder, then the folders of records; of these an account may have none."""
        exchange, told = self.workspace.settings.exchange, told_before(self.workspace)
        sender = self.workspace.settings.sender(self.symbol).code

        def file(name: str, part: Path) -> Event:
            return file_report(self.workspace, name, part.read_bytes(), sender, may_have_grown=True)

        yield _Folder(exchange.reports_folder, reports_here(self.workspace, told), link.listing(exchange.reports_folder),
                      archives.LARGEST, file)
        for remote in exchange.record_folders:
            kind = remote.rpartition("/")[2]

            def keep(name: str, part: Path, kind: str = kind) -> Event:
                return keep_records(self.workspace, sender, kind, name, part)

            try:
                entries = link.listing(remote)
            except OtherSideError as error:
                if not isinstance(error.__cause__, FileNotFoundError | PermissionError):
                    raise
                yield Note(f"no records from {remote}: {error.what}")
                continue
            yield _Folder(remote, records_here(self.workspace, kind, told), entries, record_files.LARGEST, keep)

    def _bring(self, link: Link, folder: _Folder, run: RunFolder) -> Iterator[Event]:
        for entry in folder.new():
            if run.stop.is_set():
                return
            listed = read_listed_name(entry.name)
            if folder.here.lacks(listed, entry.size):  # its zip, or the file inside it, may have come a moment ago
                try:
                    event = self._one(link, folder, entry, run)
                except _Stop:
                    return
                if not isinstance(event, ReportRefused):
                    folder.here.add(listed, entry.size)
                yield event
            run.progress.files_done += 1
        for entry in folder.entries:
            listed = read_listed_name(entry.name)
            if listed.stub and not folder.here.has(listed):
                reason = unfit_name(listed.wanted)
                yield (ReportRefused(entry.name, reason, entry.size) if reason else
                       _placeholder(listed, folder.remote, entry))

    def _one(self, link: Link, folder: _Folder, entry: Entry, run: RunFolder) -> Event:
        if reason := unfit_name(entry.name):
            return ReportRefused(entry.name, f"{reason} It was left on OCLC's server.", entry.size)
        if entry.size > folder.largest:
            return _too_large(entry, folder)
        handle, name = tempfile.mkstemp(dir=run.path, prefix="fetched-", suffix=_PART)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                try:
                    self._copy(link, folder, entry, target, run)
                except _TooLarge:
                    return _too_large(entry, folder)
                except OtherSideError as error:
                    return _not_got(entry, link.listing(folder.remote), error)  # which raises when the link itself is gone
                target.flush()
                os.fsync(target.fileno())
            if reason := self._still_growing(link, folder, entry, part.stat().st_size):
                return ReportRefused(entry.name, reason)
            event = folder.keep(entry.name, part)
            return ReportRefused(event.name, event.reason, entry.size) if isinstance(event, ReportRefused) else event
        finally:
            part.unlink(missing_ok=True)

    def _copy(self, link: Link, folder: _Folder, entry: Entry, target: BinaryIO, run: RunFolder) -> None:
        """Copies the file's bytes; raises _Stop when asked to, _TooLarge when more come than there can be."""
        progress = run.progress
        before = progress.done
        progress.file, progress.file_done, progress.file_total = entry.name, 0, entry.size

        def moved(done: int) -> None:
            progress.file_done, progress.done = done, before + done
            if run.stop.is_set():
                raise _Stop
            if done > folder.largest:
                raise _TooLarge

        size = link.fetch(f"{folder.remote}/{entry.name}", target, moved)
        if size != target.tell():
            raise OtherSideError(f"{target.tell():,} bytes came of {size:,}", where=entry.name,
                                 then="Run the same command again.")

    def _still_growing(self, link: Link, folder: _Folder, entry: Entry, size: int) -> str:
        """Why a file that came with another size than it was listed with can't be taken yet; empty when it can."""
        if size == entry.size:
            return ""
        now = next((again.size for again in link.listing(folder.remote) if again.name == entry.name), None)
        if now == size:
            return ""
        there = "it is gone" if now is None else f"{now:,} bytes are there now"
        return (f"it was listed with {entry.size:,} bytes, {size:,} came, {there}: OCLC is still writing it. The next fetch "
                "brings it")

    def _clear_after_the_dead(self, run: RunFolder) -> None:
        """Removes what a fetch that was killed had half-fetched. No other fetch of this symbol lives: we hold its lock."""
        for part in self.workspace.runs.glob(f"*-fetch-{folder_name(self.symbol.code)}*/*{_PART}"):
            if part.parent != run.path and part.parent.name.split("-")[2] == folder_name(self.symbol.code):
                part.unlink(missing_ok=True)


def _found(folders: Sequence[_Folder]) -> Iterator[Note]:
    reports, *records = folders
    fresh = sum(len(folder.new()) for folder in records)
    yield Note(f"{len(reports.new())} new reports and {fresh} new files of records on the server; "
               f"{len(reports.here.sizes)} reports here")
    differing = [entry.name for folder in folders for entry in folder.entries
                 if folder.here.differs(read_listed_name(entry.name), entry.size)]
    if differing:
        yield Note(f"{len(differing)} stay as they are here although OCLC's have another size, as an earlier fetch told; the "
                   f"first is {differing[0]}")


def _not_got(entry: Entry, now: Sequence[Entry], error: OtherSideError) -> ReportRefused:
    if all(again.name != entry.name for again in now):
        return ReportRefused(entry.name, "it was gone when its turn came (OCLC zips and removes old files). The next fetch "
                                         "looks again")
    return ReportRefused(entry.name, f"{error.what}. The next fetch tries again")


def _too_large(entry: Entry, folder: _Folder) -> ReportRefused:
    return ReportRefused(entry.name, f"it has more than {folder.largest:,} bytes ({entry.size:,} listed); no such file is that "
                                     f"large. It was left in {folder.remote}: look at what it is.", entry.size)


def _placeholder(listed: ListedName, remote: str, entry: Entry) -> OnlyPlaceholder:
    """`removed_at` is the placeholder's own time: OCLC makes it when it removes the file."""
    try:
        at = clock.iso(datetime.fromtimestamp(entry.modified, UTC)) if entry.modified else None
    except (OverflowError, ValueError, OSError):
        at = None
    return OnlyPlaceholder(listed.wanted, remote, at)


def fold(events: Sequence[Event]) -> dict[str, Any]:
    """What `fetch --json` prints, without the run's name."""
    reports = [{"name": e.name, "type": e.type, "rows": e.rows, "refused": e.refused, "understood": e.understood,
                "refused_lines": e.refused_lines}
               for e in events if isinstance(e, ReportFiled) and not e.already]
    records = [{"name": e.name, "folder": e.folder, "bytes": e.bytes, "sha256": e.sha256}
               for e in events if isinstance(e, RecordsKept)]
    ask_for = [{"name": e.name, "folder": e.folder, "removed_at": e.removed_at}
               for e in events if isinstance(e, OnlyPlaceholder)]
    not_taken = [{"name": e.name, "reason": e.reason} for e in events if isinstance(e, ReportRefused)]
    return {"reports": reports, "records": records, "ask_for": ask_for, "not_taken": not_taken}


def exit_code(result: dict[str, Any]) -> int:
    """1 when a line or a whole file was refused, or a report's format is unknown; else 0. What OCLC has removed is no fault
    of this command: it is told, and stands among the alerts."""
    odd = any(report["refused"] or not report["understood"] for report in result["reports"])
    return 1 if odd or result["not_taken"] else 0
