"""The timeline of a symbol: what was drafted, what OCLC confirmed, what happened (entered by people, or computed from the runs:
first upload, last report), and what slipped. Every entry is a line of the log. Not for drawing it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from oclc_console import clock
from oclc_console.errors import CallError
from oclc_console.operations.late import names_at_oclc
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.project.milestones import fold_milestones
from oclc_console.project.timeline import KINDS, SET, Kind, Row, RowState, Slip, Span, fold_timeline, row_of, slipped
from oclc_console.settings import Symbol
from oclc_console.store import log
from oclc_console.store.project import Project, project
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.workspace import Workspace

_WENT_OUT = ("sent", "uncertain", "taken_cut", "alma")
_YEARS = (1970, 2199)  # a day outside of these is a slip of the keyboard


@dataclass(frozen=True)
class SymbolTimeline:
    """A symbol's rows as of a day: the usual six (also those on which nobody entered anything), then others."""

    symbol: str
    name: str
    disposition: str
    rows: tuple[RowState, ...]
    as_of: date

    def slip(self, row: RowState) -> Slip:
        """What slipped on a row."""
        return slipped(row, self.as_of)


def timelines(workspace: Workspace, symbol: str | None = None) -> tuple[SymbolTimeline, ...]:
    """The timelines of all symbols, or of one. Raises SettingsError for a symbol that is not in console.toml."""
    settings, decided = workspace.settings, project(workspace)
    symbols = [settings.symbol(symbol)] if symbol else list(settings.symbols.values())
    reports = list_reports(workspace)
    return tuple(_timeline(workspace, each, decided, reports) for each in symbols)


def enter(workspace: Workspace, symbol: str, row: str, kind: Kind, span: Span, *, who: str = "", on: date | None = None,
          note: str = "") -> SymbolTimeline:
    """Enters a span: a draft, what OCLC confirmed (`who` there, `on` which day; today without it), or what happened. Raises
    CallError for a row or days that can't be, or an entry that stands already."""
    code, today = workspace.settings.symbol(symbol).code, clock.now().astimezone().date()
    _require_days(span, kind, today, f"{code} {row}")
    if kind == "confirmed" and not who.strip():
        raise CallError("what OCLC confirmed needs the person there", where=f"{code} {row}",
                        then="Say who confirmed it: --with \"OCLC database specialist\"")
    day = (on or today) if kind == "confirmed" else None
    if day is not None and day > today:
        raise CallError(f"it can't have been confirmed on {day}; today is {today}", where=f"{code} {row}",
                        then="Give the day on which OCLC said so.")
    with log.writing(workspace) as writer:
        (standing,) = timelines(workspace, code)
        found = _row(row, standing)
        said = {"begin": str(span.begin), "end": str(span.end) if span.end else "", "who": who.strip(),
                "on": str(day) if day else "", "note": note.strip()}
        _require_news(standing, found, kind, said)
        writer.append(SET, code, row=found.id, kind=kind, **said)
    return timelines(workspace, code)[0]


def behind(found: Iterable[SymbolTimeline]) -> list[tuple[SymbolTimeline, RowState, Slip]]:
    """The rows that are behind their plan, the one that is furthest behind first."""
    rows = [(each, row, each.slip(row)) for each in found for row in each.rows]
    return sorted((each for each in rows if each[2].days > 0), key=lambda each: -each[2].days)


def _timeline(workspace: Workspace, symbol: Symbol, decided: Project, reports: list[ReportInfo]) -> SymbolTimeline:
    acts = decided.of(symbol.code)
    stones = fold_milestones(symbol.disposition, acts)
    signed = next((stone.completed for stone in stones if stone.milestone.id == "reclamation"), None)
    files = [file for file in read_outbox(workspace, symbol.code) if file.state in _WENT_OUT]
    known = _known(workspace, files, reports, date.fromisoformat(signed) if signed else None)
    return SymbolTimeline(symbol.code, symbol.name, symbol.disposition, fold_timeline(acts, known.get),
                          clock.now().astimezone().date())


def _known(workspace: Workspace, files: list[OutboxFile], reports: list[ReportInfo],
           signed: date | None) -> dict[str, Span]:
    """What the runs say of the rows. Files that went out after the reclamation was signed as completed are incremental
    updates; without that signature every file belongs to the reclamation."""
    streams = (stream for symbol in workspace.settings.symbols.values() for stream in symbol.streams)
    kinds = {stream.collection: stream.kind for stream in streams}
    parts: dict[str, list[OutboxFile]] = {}
    for file in files:
        went, kind = _went_out(file), kinds.get(file.collection, "bib")
        if went is None or kind == "delete":
            continue
        later = signed is not None and went > signed
        row = ("bib-updates" if later else "bibs") if kind == "bib" else "lhrs"
        parts.setdefault(row, []).append(file)
    return {row: _span(row, each, reports) for row, each in parts.items()}


def _span(row: str, files: list[OutboxFile], reports: list[ReportInfo]) -> Span:
    """From the first upload to the last report, once each of the files has one; updates go on."""
    begin = min(went for file in files if (went := _went_out(file)) is not None)
    last: list[date] = []
    for file in files:
        came = [_local(report.filed_at) for report in reports if report.original in names_at_oclc(file)]
        if not came or row == "bib-updates":
            return Span(begin, None)
        last.append(max(came))
    return Span(begin, max(begin, *last))


def _went_out(file: OutboxFile) -> date | None:
    """The day on which a file went out; of one that Alma delivers, the day on which it was accounted for here."""
    at = file.prepared_at if file.state == "alma" else file.sent_at
    return _local(at) if at else None


def _local(instant: str) -> date:
    return clock.parse(instant).astimezone().date()


def _row(name: str, standing: SymbolTimeline) -> Row:
    found = row_of(name, [state.row.id for state in standing.rows])
    if isinstance(found, str):
        raise CallError(found, where=standing.symbol,
                        then=f"There are: {', '.join(state.row.id for state in standing.rows)}.")
    return found


def _require_days(span: Span, kind: Kind, today: date, where: str) -> None:
    if kind not in KINDS:
        raise CallError(f"{kind!r} is neither a draft, confirmed nor actual", where=where, then="Say one of these.")
    days = [day for day in (span.begin, span.end) if day is not None]
    if span.end is not None and span.end < span.begin:
        raise CallError(f"it would end on {span.end}, before it begins on {span.begin}", where=where,
                        then="Give the first day first.")
    if any(not _YEARS[0] <= day.year <= _YEARS[1] for day in days):
        raise CallError(f"the year can't be meant: {span.words}", where=where, then="Write days as in 2020-11-22.")
    if kind == "actual" and max(days) > today:
        raise CallError(f"{max(days)} is still to come; today is {today}", where=where,
                        then="Leave the end open while it goes on (2020-11-02..), or enter it as a draft.")


def _require_news(standing: SymbolTimeline, row: Row, kind: Kind, said: dict[str, str]) -> None:
    state = next((each for each in standing.rows if each.row.id == row.id), None)
    entry = getattr(state, kind) if state is not None else None
    if entry is None or entry.computed:
        return
    now = {"begin": str(entry.span.begin), "end": str(entry.span.end) if entry.span.end else "", "who": entry.who,
           "on": entry.on, "note": entry.note}
    if now == said:
        raise CallError(f"that stands already: {entry.span.words}, entered by {entry.by}",
                        where=f"{standing.symbol} {row.title}", then="There is nothing to change.")
