"""A question: where is every symbol, what is it waiting for, on whom, since when? Computed from the log, the runs, the
outbox and the reports; nothing here is typed by anybody. Not for the outcome of single records: that is account.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from oclc_console import clock
from oclc_console.operations.fetched import AskFor, files_to_ask_for
from oclc_console.operations.late import awaited_files, names_at_oclc
from oclc_console.operations.outbox import DOUBTFUL, SETTLED, OutboxFile, read_outbox
from oclc_console.operations.prepared import PreparedSet, prepared_set
from oclc_console.project.acts import Act
from oclc_console.project.evidence import entered
from oclc_console.project.milestones import MilestoneState, fold_milestones
from oclc_console.project.signatures import SIGNED, fold_gate
from oclc_console.settings import Symbol
from oclc_console.store.project import Project, project
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.store.runs import RunState, list_runs
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class SymbolStatus:
    """One symbol's row. `milestone` is the title of the one that is next, `phase` what the runs say, in words with
    numbers; `rejections` is None while no report has come; `since` is an ISO instant."""

    symbol: str
    name: str
    disposition: str
    successor: str | None
    libraries: tuple[str, ...]
    milestones: tuple[MilestoneState, ...]
    milestone: str
    phase: str
    prepared: int
    sent: int
    reported: int
    files: int
    rejections: int | None
    waiting_on: str
    since: str | None


@dataclass(frozen=True)
class Alert:
    """Something a person should look at: which symbol, what, and what to do next. `kind` is late (no report in time) or
    removed (OCLC took a file away before it was fetched): then there is a mail to OCLC to send; else empty."""

    symbol: str
    text: str
    then: str
    kind: str = ""


@dataclass(frozen=True)
class Status:
    """The whole project at one moment."""

    as_of: str
    institution: str
    host: str
    rehearsal: bool
    symbols: tuple[SymbolStatus, ...]
    alerts: tuple[Alert, ...]
    ask_for: tuple[AskFor, ...]


def status(workspace: Workspace) -> Status:
    """Where everything stands now."""
    settings = workspace.settings
    decided = project(workspace)
    reports = list_reports(workspace)
    outboxes = {code: read_outbox(workspace, code) for code in settings.symbols}
    rows = tuple(_symbol(workspace, symbol, decided, reports, outboxes[code]) for code, symbol in settings.symbols.items())
    ask_for = files_to_ask_for(workspace)
    alerts = [alert for row in rows for alert in (
        *_alerts(workspace, row, outboxes[row.symbol]), *_late_alerts(workspace, outboxes[row.symbol], reports),
        *_removed_alert(row.symbol, ask_for), *_half_signed(row.symbol, decided.of(row.symbol)), *_next_step(row))]
    host = "rehearsal" if settings.exchange.is_rehearsal else settings.exchange.host
    return Status(clock.iso(clock.now()), settings.institution.name, host, settings.exchange.is_rehearsal, rows,
                  tuple(alerts), ask_for)


def _symbol(workspace: Workspace, symbol: Symbol, decided: Project, reports: list[ReportInfo],
            outbox: tuple[OutboxFile, ...]) -> SymbolStatus:
    states = fold_milestones(symbol.disposition, decided.of(symbol.code))
    files = tuple(file for file in outbox if file.state != "refused")
    prepared = prepared_set(workspace, symbol.code)
    answered = {report.original for report in reports if report.outcomes}
    reported = [file for file in files if answered.intersection(names_at_oclc(file))]
    sent = [file for file in files if file.state in SETTLED or (file.state == "alma" and file in reported)]
    mine = [report for report in _newest(reports) if any(report.original in names_at_oclc(file) for file in files)]
    rejections = sum(report.rejected for report in mine) if reported else None
    current = next((state for state in states if state.state == "current"), None)
    phase, waiting, since = _phase(workspace, symbol, files, sent, reported, prepared, rejections)
    if not files and not prepared.runs and (told := _phase_as_entered(decided.of(symbol.code))):
        phase, waiting, since = told
    return SymbolStatus(
        symbol.code, symbol.name, symbol.disposition, symbol.successor, symbol.libraries, states,
        current.milestone.title if current else "all six done", phase, prepared.in_set,
        sum(file.records for file in sent), sum(file.records for file in reported), len(files), rejections, waiting, since)


def _newest(reports: list[ReportInfo]) -> list[ReportInfo]:
    """Of every upload the newest processing report: a rerun answers all of it again."""
    newest: dict[str, ReportInfo] = {}
    for report in sorted((r for r in reports if r.outcomes), key=lambda r: r.instant_ms):
        newest[report.original] = report
    return list(newest.values())


def _phase(workspace: Workspace, symbol: Symbol, files: tuple[OutboxFile, ...], sent: list[OutboxFile],
           reported: list[OutboxFile], prepared: PreparedSet, rejections: int | None) -> tuple[str, str, str | None]:
    """(phase in words, whom or what it waits for, since when)."""
    if not files:
        inbox = sum(1 for _ in workspace.at("inbox", symbol.code).iterdir())
        if prepared.runs:
            return f"prepared, none of {prepared.in_set:,} to send", "LTS: look at the rules", prepared.since
        files_there = f"LTS: prepare {inbox} file{'s' if inbox != 1 else ''}"
        return "not exported", files_there if inbox else "Alma's files", None
    if len(sent) < len(files) and all(file.state == "alma" for file in files if file not in sent):
        since = min(file.prepared_at for file in files if file not in sent)
        return f"exported {prepared.in_set:,}, Alma delivers {len(files) - len(sent)} files", "Alma, then OCLC: reports", since
    cut = sum(file.state in DOUBTFUL and file.answered for file in sent)
    open_ = sum(file.state in DOUBTFUL and not file.answered for file in sent)
    doubt = (f", {open_} in doubt" if open_ else "") + (f", {cut} cut short" if cut else "")
    if len(sent) < len(files):
        waiting = "LTS: upload" if all(f.state in ("waiting", "alma") for f in files if f not in sent) else "LTS: resume upload"
        since = min(file.prepared_at for file in files if file not in sent)
        return f"exported {prepared.in_set:,}, up {len(sent)}/{len(files)}{doubt}", waiting, since
    last = max(file.sent_at or file.prepared_at for file in sent)
    if len(reported) < len(sent):
        return f"up {len(sent)}/{len(files)}{doubt}, reported {len(reported)}/{len(sent)}", "OCLC: reports", last
    words = f"reported {len(reported)}/{len(sent)} files{doubt}"
    if doubt:
        return words, "LTS: settle what is in doubt" if open_ else "LTS: send again", last
    return words, f"units: {rejections:,} rejected" if rejections else "nothing", last


def _phase_as_entered(acts: Iterable[Act]) -> tuple[str, str, str | None] | None:
    """The phase, whom it waits for and since when, of a symbol whose files went through no console, by what people entered of
    it; None where nobody said that anything was sent."""
    known = entered(acts)
    counts = {key: each.value for key, each in known.items() if isinstance(each.value, int)}
    sent, reported = counts.get("files_sent"), counts.get("files_reported")
    if not sent or reported is None:
        return None
    words, since = f"entered: reported {reported}/{sent}", f"{known['files_reported'].day}T00:00:00.000Z"
    if reported < sent:
        return words, "OCLC: reports", since
    left = counts.get("rejections_open")
    return words, f"units: {left:,} rejected" if left else "nothing", since


def _half_signed(symbol: str, acts: Iterable[Act]) -> Iterator[Alert]:
    """One for each gate that one person has signed and nobody else."""
    every = list(acts)
    for gate, subject in dict.fromkeys((str(act.get("gate")), str(act.get("subject"))) for act in every
                                       if act["act"] == SIGNED):
        first = fold_gate(every, gate, subject).first
        if first is not None:
            about = "" if subject == symbol else f" {subject}"
            yield Alert(symbol, f"{gate}{about}: {first.by} has signed, a second person has not",
                        f"g on Symbol, as somebody else (sign {gate} {symbol})")


def _alerts(workspace: Workspace, row: SymbolStatus, outbox: tuple[OutboxFile, ...]) -> list[Alert]:
    """What went wrong for this symbol, the most pressing first."""
    alerts = []
    for file in outbox:
        if file.state in DOUBTFUL:
            settle = f"f in Runs (fetch {file.symbol}): its report settles it"
            again = f"t on its page in Runs (upload {file.symbol} --again FILE)"
            alerts.append(Alert(row.symbol, f"{file.name}: {file.state.replace('_', ' ')}", again if file.answered else settle))
    newest: dict[str, RunState] = {run.verb: run for run in list_runs(workspace, symbol=row.symbol)}
    for run in newest.values():
        if run.state in ("failed", "refused", "interrupted"):
            reason = run.end.reason if run.end else "its process died"
            first = run.end is not None and run.end.needs_somebody
            then = "Runs says what to do first; then r there" if first else "look at it in Runs; r resumes"
            alerts.append(Alert(row.symbol, f"{run.verb} {run.state}: {reason}", then))
    return alerts


def _late_alerts(workspace: Workspace, outbox: tuple[OutboxFile, ...], reports: list[ReportInfo]) -> Iterator[Alert]:
    """One for each collection of a symbol of which a report is late."""
    late = [awaited for awaited in awaited_files(workspace, outbox, reports) if awaited.late]
    for collection in dict.fromkeys(awaited.file.collection for awaited in late):
        mine = [awaited for awaited in late if awaited.file.collection == collection]
        file, longest = mine[0].file, max(awaited.late_by for awaited in mine)
        hours, minutes = divmod(int(longest.total_seconds() // 60), 60)
        how_long = f"{longest.days} d" if longest.days else f"{hours} h" if hours else f"{minutes} min"
        which = file.name if len(mine) == 1 else f"{len(mine)} files"
        whole = "whole report" if any(awaited.reported for awaited in mine) else "report"
        yield Alert(file.symbol, f"late by {how_long}: no {whole} on {which}, collection {collection} ({file.stream})",
                    _mail(file.symbol), "late")


def _removed_alert(symbol: str, ask_for: tuple[AskFor, ...]) -> Iterator[Alert]:
    mine = [wanted for wanted in ask_for if wanted.symbol == symbol]
    if mine:
        which = "a file before it was" if len(mine) == 1 else f"{len(mine)} files before they were"
        yield Alert(symbol, f"OCLC removed {which} fetched: ask for {'it' if len(mine) == 1 else 'them'}", _mail(symbol),
                    "removed")


def _mail(symbol: str) -> str:
    return f"m on Dashboard (account {symbol} --mail)"


def _next_step(row: SymbolStatus) -> Iterator[Alert]:
    if row.waiting_on.startswith("LTS") and not row.waiting_on.endswith(("doubt", "again")):  # there each file has an alert
        then = {"prepare": "p in Runs", "upload": "u in Runs", "resume": "r in Runs"}
        word = next((w for w in then if w in row.waiting_on), "")
        yield Alert(row.symbol, row.waiting_on.removeprefix("LTS: "), then.get(word, "look at console.toml"))
