"""Reports a person has as files, filed one after the other and gathered for the desk; and the questions that the reports that
are here answer. Not for how one report is filed (filing.py), for the server (fetch.py) nor for what became of an upload
(account.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from oclc_console.errors import CallError
from oclc_console.files import is_plain_name, shown_name
from oclc_console.oclc.archives import opened
from oclc_console.oclc.reports import lines_of
from oclc_console.operations.filing import UNKNOWN_SYMBOL, file_report, unfit_name
from oclc_console.operations.gather_filed import gather_filed
from oclc_console.store import rejections, report_rows
from oclc_console.store.events import Event, ReportFiled, ReportRefused
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.workspace import Workspace, folder_name

__all__ = ["UNKNOWN_SYMBOL", "exceptions_of_record", "file_report", "import_reports", "report_lines", "reports_table",
           "unfit_name"]


def import_reports(workspace: Workspace, files: Sequence[Path]) -> Operation:
    """Reports a person has as files, filed one after the other. Raises CallError, before anything is done, when there
    is no such file."""
    if not files:
        raise CallError("no report was named", where="reports import", then="Name one or more report files.")
    for file in files:
        if not file.is_file():
            what = "this is a folder, not a report" if file.is_dir() else "there is no such file"
            raise CallError(what, where=str(file), then="Name the report files themselves; nothing was imported.")

    def work(run: RunFolder) -> Iterator[Event]:
        run.progress.unit, run.progress.total = "reports", len(files)
        symbols = set()
        for file in files:
            if run.stop.is_set():
                return
            run.progress.file = file.name
            event = file_report(workspace, file.name, file)
            if isinstance(event, ReportFiled):
                symbols.add(event.symbol)
            yield event
            run.progress.done += 1
        yield from gather_filed(workspace, symbols, run.stop)

    asked = {"files": [shown_name(str(file)) for file in files]}
    return Operation("import", "ALL", asked, work, _fold, _exit_code)


def _fold(events: Sequence[Event]) -> dict[str, Any]:
    return {"files": [_told(event) for event in events if isinstance(event, ReportFiled | ReportRefused)]}


def _told(event: ReportFiled | ReportRefused) -> dict[str, Any]:
    if isinstance(event, ReportRefused):
        return {"file": event.name, "type": "refused", "rows": 0, "refused": 0, "records": 0, "superseded": 0,
                "already": False, "refused_lines": [], "reason": event.reason}
    facts = asdict(event)
    counts = {key: facts[key] for key in ("type", "rows", "refused", "records", "superseded", "already", "refused_lines",
                                          "symbol", "headings", "blank", "other_job", "supersedes")}
    return {"file": event.name, **counts, "understood": event.understood}


def _exit_code(result: dict[str, Any]) -> int:
    return int(any(file["refused"] or not file.get("understood") for file in result["files"]))


# questions


def reports_table(workspace: Workspace, symbol: str | None = None) -> list[ReportInfo]:
    """Every filed report, or one symbol's, that of the newest upload first."""
    return list_reports(workspace, symbol)


def report_lines(workspace: Workspace, symbol: str, name: str, offset: int = 0, count: int = 50) -> list[str]:
    """Lines of a report as they came (blank ones don't count), `count` of them from `offset` on. Raises CallError."""
    path = report_rows.kept_path(workspace, symbol, name)
    if not is_plain_name(name) or not path.is_file():
        raise CallError(f"{folder_name(symbol)} has no report of this name", where=shown_name(name),
                        then="See the names with: oclc-console reports list")
    lines = lines_of(opened(path.read_bytes(), name).text)
    return [line for _, line in islice(lines, max(0, offset), max(0, offset) + max(0, count))]


def exceptions_of_record(workspace: Workspace, symbol: str | None, lsn_or_key: str) -> list[dict[str, Any]]:
    """All that OCLC wrote about one record, by its local number or its record key, the newest upload's first."""
    exceptions = rejections.all_exceptions(workspace, symbol)
    try:
        return exceptions.of_record(lsn_or_key)
    finally:
        exceptions.close()
