"""Files one report of OCLC's: kept as it came, its rows in the ledger, its exceptions in TinyDB. One function does it
for reports that were fetched and for those a person imports. Killed anywhere and called again, it ends as if
undisturbed: the report itself is put in `reports/` last, and until it stands there nothing counts. A report that was read
before console.toml said what an unknown word means is read again when it is given again. Not for the server (fetch.py) nor for
what became of an upload (account.py).
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from oclc_console import clock
from oclc_console.errors import CallError, InputError
from oclc_console.files import is_plain_name, locked, replace_file
from oclc_console.oclc.archives import LARGEST, Opened, opened
from oclc_console.oclc.listed_names import ListedName, read_listed_name
from oclc_console.oclc.report_names import ReportName, parse_report_name
from oclc_console.oclc.reports import Report, read_report
from oclc_console.operations.superseding import superseded
from oclc_console.store import rejections, report_rows
from oclc_console.store.events import ReportFiled, ReportRefused
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.workspace import Workspace, folder_name

UNKNOWN_SYMBOL = "UNKNOWN"
_LONGEST_NAME = 220  # bytes: what we put around a name must still fit into the 255 that file systems allow
_MARC_START, _MARC_END = re.compile(rb"[0-9]{5}[^|\n]{7}[0-9]{5}"), b"\x1e\x1d"


def file_report(
    workspace: Workspace, name: str, content: bytes | Path, symbol: str | None = None, *, may_have_grown: bool = False
) -> ReportFiled | ReportRefused:
    """Files one report under its name. It goes to the folder of the symbol whose outbox holds the file it answers (a
    retiring symbol's files go out under its successor), else of `symbol`, else of the symbol in its name, else in its
    record keys, else to UNKNOWN. A report and its zip are one report. `may_have_grown`: where the report of this name that
    is here is only the beginning of this one (OCLC was still writing it when it was fetched), this one takes its place.
    Raises HereError when somebody else is filing, CallError for an impossible symbol."""
    if symbol is not None and not is_plain_name(folder_name(symbol)):
        raise CallError(f"{_shown(symbol)!r} can't be a symbol", then="Call one that stands in console.toml.")
    if reason := unfit_name(name):
        return ReportRefused(_shown(name), reason)
    if isinstance(content, Path):
        if (size := content.stat().st_size) > LARGEST:
            return ReportRefused(name, f"it has {size:,} bytes; no report is that large. Look at what it is.")
        content = content.read_bytes()
    try:
        given = _given(name, content)
    except InputError as error:
        return ReportRefused(name, str(error))
    with locked(workspace.runs / ".locks" / "filing-reports.lock", doing="filing a report", wait_seconds=60):
        return _filed(workspace, given, symbol, may_have_grown)


def unfit_name(name: str) -> str | None:
    """Why a file of this name can't be kept in our folders as a report; None when it can."""
    if not is_plain_name(name):
        return "its name holds a path, a colon, a control character or an outer blank. Rename it, then import it."
    if name != _shown(name):
        return "its name is not readable text (UTF-8). Rename it, then import it."
    if len(name.encode()) > _LONGEST_NAME:
        return f"its name is longer than {_LONGEST_NAME} bytes. Rename it, then import it."
    if "." not in name:  # so that no report can take the place of a run's ledger or of reviews.json
        return "its name has no ending. Rename it so that it ends in .txt, then import it."
    if (listed := read_listed_name(name)).stub:
        return (f"it is only OCLC's placeholder for {listed.wanted}, which OCLC has removed from its server. Ask OCLC Support "
                "for that file, then import it.")
    return None


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True)
class _Given:
    """A report to be filed: the name and bytes it came with, what its name tells (or the one inside its archive, where the
    archive's own tells nothing), and its text."""

    name: str
    content: bytes
    parts: ReportName | None
    listed: ListedName
    text: bytes

    @property
    def text_sha256(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


def _given(name: str, content: bytes) -> _Given:
    """Raises InputError for an archive that can't be opened, or that holds another report than it is called."""
    report: Opened = opened(content, name)
    parts, inner = parse_report_name(name), parse_report_name(report.inner)
    listed = read_listed_name(name)
    if parts and inner and report.inner != listed.base:
        raise InputError(f"the archive holds another report than its name says: {report.inner}", where=name,
                         then="Unpack it yourself and import that file.")
    if inner and not parts:
        parts, listed = inner, read_listed_name(report.inner)
    return _Given(name, content, parts, listed, report.text)


def _filed(workspace: Workspace, given: _Given, symbol: str | None, may_have_grown: bool) -> ReportFiled | ReportRefused:
    asked, standing = given.name, _standing(workspace, given.listed)
    if standing:
        try:
            text = opened(standing.read_bytes(), str(standing)).text
        except InputError as error:
            return ReportRefused(asked, str(error))
        if text != given.text:
            if not (may_have_grown and standing.name == given.listed.base and given.text.startswith(text)):
                return ReportRefused(asked, _differs(standing, given))
            given = replace(given, name=standing.name, content=given.text)
        else:
            given = replace(given, content=standing.read_bytes(), listed=read_listed_name(standing.name))
    infos = list_reports(workspace)
    if before := _seen_before(infos, given, standing):
        if _is_whole(workspace, before):
            return _event(replace(before, name=asked), already=True)
        if standing is None:  # the same text under another name: it is the report of that name that is read again
            standing = report_rows.kept_path(workspace, before.symbol, before.name)
            given = replace(given, name=before.name, content=standing.read_bytes(), parts=parse_report_name(before.name))
    try:
        report = _read(workspace, given)
    except InputError as error:
        return ReportRefused(asked, str(error))
    name = standing.name if standing else given.name
    folder = standing.parent.name if standing else _folder_for(workspace, symbol, given.parts, report)
    info = _derive(workspace, name, folder, report, infos, given)
    workspace.at("reports", folder)
    replace_file(report_rows.kept_path(workspace, folder, name), given.content)  # last: from here the report counts
    return _event(replace(info, name=asked), already=False)


def _differs(standing: Path, given: _Given) -> str:
    here = f"{standing} is here already and holds other bytes"
    if standing.name != given.name and read_listed_name(standing.name).base != given.listed.base:
        here = f"{standing} is here already, its name differs only in capitals or accents, and it holds other bytes"
    return f"{here}; it stays as it is. Compare the two; if both are wanted, rename the new one and import it again."


def _event(info: ReportInfo, *, already: bool) -> ReportFiled:
    return ReportFiled(info.name, info.type, info.symbol, info.rows, info.refused, info.records, info.superseded,
                       already, info.sha256, info.refused_lines, info.layout, info.headings, info.blank, info.other_job,
                       info.supersedes)


def _standing(workspace: Workspace, listed: ListedName) -> Path | None:
    """The report of this name that is kept already, under whatever symbol, zipped or not. Names that some disks take for
    one are one: a workspace may move to such a disk."""
    found = [Path(entry.path) for folder in sorted((workspace.root / "reports").glob("*")) for entry in os.scandir(folder)
             if not entry.name.startswith(".") and read_listed_name(entry.name).folded == listed.folded]
    return min(found, key=lambda path: (path.name != listed.name, path.name), default=None)


def _seen_before(infos: list[ReportInfo], given: _Given, standing: Path | None) -> ReportInfo | None:
    """The report filed before under this name, or the same text under another. Two reports whose rows have no record
    keys may hold the same text and yet be two: there OCLC's name decides."""
    name, sha256 = standing.name if standing else given.name, given.text_sha256
    same = [info for info in infos if info.text_sha256 == sha256
            and (info.name == name or info.epoch_ms is not None or given.parts is None)]
    return min(same, key=lambda info: info.name != name, default=None)


def _is_whole(workspace: Workspace, info: ReportInfo) -> bool:
    """Whether all that is made from a report is there, and was read as console.toml now says."""
    derived = (report_rows.rows_path(workspace, info.symbol, info.name),
               rejections.exceptions_path(workspace, info.symbol, info.name))
    return info.reading == workspace.settings.reports.mark and all(path.is_file() for path in derived)


def _read(workspace: Workspace, given: _Given) -> Report:
    if not given.text.strip():
        raise InputError("it is empty; a report has at least one line", then="Fetch it again, or ask OCLC for it.")
    if _MARC_START.match(given.text) and _MARC_END in given.text:
        raise InputError("it holds MARC records and is no report", then="For Alma's files, use: oclc-console prepare")
    parts, read_as = given.parts, workspace.settings.reports
    report = read_report(given.text, parts, read_as=read_as)
    collection = parts.collection if parts else report.collection
    kind = _kind_of(workspace, collection)
    return read_report(given.text, parts, kind, read_as) if kind != "bib" else report


def _kind_of(workspace: Workspace, collection: str | None) -> str:
    """bib, lhr or delete: what console.toml says of this collection; bib when it doesn't know it."""
    streams = (stream for symbol in workspace.settings.symbols.values() for stream in symbol.streams)
    return next((stream.kind for stream in streams if stream.collection == collection), "bib")


def _folder_for(workspace: Workspace, symbol: str | None, parts: ReportName | None, report: Report) -> str:
    if parts and parts.original:
        for folder in sorted((workspace.root / "outbox").glob("*")):
            if (folder / parts.original).is_file():
                return folder.name
    return folder_name(symbol or (parts.symbol if parts else None) or report.symbol or UNKNOWN_SYMBOL)


def _derive(
    workspace: Workspace, name: str, folder: str, report: Report, infos: list[ReportInfo], given: _Given
) -> ReportInfo:
    """Writes all that is made from the report: its rows, its exceptions, and last its counts."""
    _clean(workspace, folder, name)
    parts = given.parts
    original, received = parts.original if parts else "", _received(parts, report)
    tally = report_rows.file_rows(workspace, folder, name, original, report.rows())
    documents = rejections.write_exceptions(
        workspace, folder, name, report.rows(), original=original, received=received,
        keep_refused=report.understood,
    )
    info = ReportInfo(
        **asdict(tally), name=name, type=report.type, understood=report.understood, symbol=folder,
        sender=(parts.sender if parts else report.symbol) or "",
        collection=(parts.collection if parts else report.collection) or "",
        original=original, received=received, epoch_ms=report.epoch_ms, filed_at=clock.iso(clock.now()),
        filed_by=workspace.actor, sha256=hashlib.sha256(given.content).hexdigest(), bytes=len(given.content),
        documents=documents, superseded=0, text_sha256=given.text_sha256, layout=report.layout, blank=report.blank,
        reading=report.read_as.mark,
    )
    count, answered_before = superseded(workspace, info, infos)
    info = replace(info, superseded=count, supersedes=answered_before)
    report_rows.file_info(workspace, info)
    return info


def _received(parts: ReportName | None, report: Report) -> str | None:
    if parts and parts.received:
        return clock.iso(parts.received)
    return clock.iso(report.received) if report.received else None


def _clean(workspace: Workspace, folder: str, name: str) -> None:
    """Removes what a killed process left half-written of this report. We hold the lock: nobody else is writing it."""
    for kind in ("ledger", "rejections", "reports"):
        for entry in os.scandir(workspace.at(kind, folder)):
            if entry.name.startswith(f".{name}.") and entry.name.endswith(".tmp"):
                os.unlink(entry.path)
