"""fetch: brings every report that is on the server and not here yet, by name and never by a time window, keeps it exactly
as it came and files it. Running it again does no harm. Not for understanding reports (oclc/reports.py)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console.errors import OtherSideError
from oclc_console.files import is_plain_name
from oclc_console.oclc.reports import UNDERSTOOD
from oclc_console.operations.connection import address_of, connect_for
from oclc_console.operations.import_reports import file_report
from oclc_console.settings import Symbol
from oclc_console.store.events import Connected, Event, Note, ReportFiled, ReportRefused
from oclc_console.store.runs import Operation, RunFolder, events_of
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Entry, Link


def fetch(workspace: Workspace, symbol_code: str) -> Operation:
    """Brings the reports of a symbol's account (a retiring symbol's account is its successor's)."""
    symbol = workspace.settings.symbol(symbol_code)
    return Operation("fetch", symbol.code, {}, _Fetch(workspace, symbol).work, fold, exit_code)


@dataclass
class _Fetch:
    workspace: Workspace
    symbol: Symbol

    def work(self, folder: RunFolder) -> Iterator[Event]:
        address = address_of(self.workspace, self.symbol)
        remote = self.workspace.settings.exchange.reports_folder
        with connect_for(self.workspace, self.symbol) as link:
            yield Connected(address.host, address.port, address.account, link.host_key)
            here = names_here(self.workspace)
            new = [entry for entry in link.listing(remote) if entry.name not in here]
            folder.progress.files_total = len(new)
            folder.progress.total = sum(entry.size for entry in new)
            yield Note(f"{len(new)} new reports on the server, {len(here)} here")
            for entry in new:
                if folder.stop.is_set():
                    return
                yield self._one(link, remote, entry, folder)
                folder.progress.files_done += 1

    def _one(self, link: Link, remote: str, entry: Entry, folder: RunFolder) -> ReportFiled | ReportRefused:
        if not is_plain_name(entry.name):
            return ReportRefused(entry.name, "its name can't be a file in a folder of ours; it was left on the server")
        progress = folder.progress
        before = progress.done
        progress.file, progress.file_done, progress.file_total = entry.name, 0, entry.size

        def moved(done: int) -> None:
            progress.file_done, progress.done = done, before + done

        handle, name = tempfile.mkstemp(dir=folder.path, prefix="report-", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                size = link.fetch(f"{remote}/{entry.name}", target, moved)
                target.flush()
                os.fsync(target.fileno())
            if size != part.stat().st_size:
                raise OtherSideError(f"{part.stat().st_size:,} bytes came of {size:,}", where=entry.name,
                                     then="Run the same command again.")
            return file_report(self.workspace, entry.name, part.read_bytes(), self.workspace.settings.sender(self.symbol).code)
        finally:
            part.unlink()


def fold(events: Sequence[Event]) -> dict[str, Any]:
    """What `fetch --json` prints, without the run's name."""
    reports = [{"name": e.name, "type": e.type, "rows": e.rows, "refused": e.refused, "understood": e.type in UNDERSTOOD,
                "refused_lines": e.refused_lines}
               for e in events if isinstance(e, ReportFiled) and not e.already]
    not_taken = [{"name": e.name, "reason": e.reason} for e in events if isinstance(e, ReportRefused)]
    return {"reports": reports, "not_taken": not_taken}


def exit_code(result: dict[str, Any]) -> int:
    """1 when a line or a whole file was refused, or a report's format is unknown; else 0."""
    odd = any(report["refused"] or not report["understood"] for report in result["reports"])
    return 1 if odd or result["not_taken"] else 0


def names_here(workspace: Workspace) -> set[str]:
    """The names of the reports that are here already, whatever symbol they are filed under, and of those whose very bytes
    are here under another name."""
    kept = {path.name for path in (workspace.root / "reports").glob("*/*")}
    events = (recorded.event for _, recorded in events_of(workspace, "fetch"))
    return kept | {event.name for event in events if isinstance(event, ReportFiled) and event.already}
