"""What prepare and upload show of a symbol, as things a gate can look at: the set and where it went, the files and how far they
are. Each is left out where nothing went through this console. Not for what OCLC answered (told_facts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from oclc_console.operations.coverage import coverage
from oclc_console.operations.load_dates import adds_holdings, export_day
from oclc_console.operations.one_file import why_refused
from oclc_console.operations.outbox import DOUBTFUL, DUE, SETTLED, OutboxFile
from oclc_console.project.evidence import Known, Value
from oclc_console.settings import Symbol
from oclc_console.store.events import Counted, FileNotSent, Linted
from oclc_console.store.ledger import asking, ledger_files
from oclc_console.store.runs import RunState, list_runs, read_run
from oclc_console.workspace import Workspace

Facts = dict[str, Known]


@dataclass(frozen=True)
class _SetCounts:
    """The set as it was counted: `set_count` is None where Alma's was not stated; `accepted` why unrouted or double records
    were left out, empty where nobody said."""

    in_set: int
    set_count: int | None
    excluded: int
    quarantined: int
    unrouted: int
    double: int
    accepted: str
    as_of: str
    source: str


def set_facts(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile], *, waiting_only: bool) -> Facts:
    """The set: as the runs counted it that made the files which wait (where some do, and these are asked for), else as the
    coverage has it, a run that stands refused among it."""
    waiting = sorted({file.run for file in files if file.state in DUE}) if waiting_only else []
    counted = _of_runs(workspace, waiting) if waiting else _of_coverage(workspace, symbol)
    if counted is None:
        return {}
    values: dict[str, Value] = {
        "in_set": counted.in_set, "set_count": counted.set_count, "excluded": counted.excluded,
        "quarantined": counted.quarantined, "unrouted": counted.unrouted, "double": counted.double}
    if counted.accepted:
        values |= {"unrouted_accepted": counted.accepted, "double_accepted": counted.accepted}
    return {key: Known(key, value, counted.as_of, counted.source) for key, value in values.items()}


def _of_runs(workspace: Workspace, names: Sequence[str]) -> _SetCounts | None:
    runs = [state for name in names if (state := read_run(workspace.runs / name))]
    events = [(state, recorded) for state in runs for recorded in state.events if isinstance(recorded.event, Counted)]
    counts = [recorded.event for _, recorded in events if isinstance(recorded.event, Counted)]
    if not counts:
        return None
    stated = [count.set_count for count in counts if count.set_count is not None]
    loose = [state for state, recorded in events
             if isinstance(recorded.event, Counted) and recorded.event.unrouted + recorded.event.double]
    return _SetCounts(
        sum(count.in_set for count in counts), sum(stated) if len(stated) == len(counts) else None,
        sum(sum(count.excluded.values()) for count in counts), sum(count.quarantined for count in counts),
        sum(count.unrouted for count in counts), sum(count.double for count in counts), _reasons(loose),
        max(recorded.at for _, recorded in events), f"prepare, {_named([state.name for state in runs])}")


def _of_coverage(workspace: Workspace, symbol: Symbol) -> _SetCounts | None:
    covered = coverage(workspace, symbol.code)
    if not covered.runs:
        return None
    total, loose = covered.total, [run for run in covered.runs if run.of("unrouted") + run.of("double")]
    accepted = "; ".join(dict.fromkeys(run.accepted or "" for run in loose)) if all(run.accepted for run in loose) else ""
    return _SetCounts(
        total.in_set, total.set_count, total.of("excluded"), total.of("quarantined"), total.of("unrouted"), total.of("double"),
        accepted, max(run.at for run in covered.runs), f"prepare, {_named([run.run for run in covered.runs])}")


def _reasons(runs: Sequence[RunState]) -> str:
    """Why the remainders were accepted; empty unless it was said of every run that has one."""
    said = [str(run.asked.get("accept_unrouted") or "") for run in runs]
    return "; ".join(dict.fromkeys(said)) if all(said) else ""


def _named(runs: Sequence[str]) -> str:
    return f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs, the last {max(runs)}"


def file_facts(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile], gone: Collection[str], as_of: str) -> Facts:
    """The files: how many there are, have gone out, are in doubt; and what could be wrong with those that wait. `gone` are the
    digests of all files that went out (or may have), of whatever symbol."""
    mine = [file for file in files if file.state != "refused"]  # the same bytes went out under another name
    if not mine:
        return {}
    values: dict[str, Value] = {
        "files_prepared": len(mine), "files_sent": sum(file.state in SETTLED for file in mine),
        "files_in_doubt": sum(file.state in DOUBTFUL for file in mine), "files_refused": _refused(workspace, symbol, mine)}
    known = {key: Known(key, value, as_of, f"outbox of {symbol.code}") for key, value in values.items()}
    known |= _waiting_facts(workspace, symbol, mine, gone, as_of)
    return known | _export_facts(workspace, mine, as_of)


def _refused(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile]) -> int:
    """Files that wait because the last upload would not send them."""
    runs = list_runs(workspace, "upload", symbol.code)
    refused = {each.event.name for each in runs[-1].events
               if isinstance(each.event, FileNotSent) and each.event.state == "refused"} if runs else set()
    return sum(file.state in DUE and file.name in refused for file in files)


def _waiting_facts(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile], gone: Collection[str],
                   as_of: str) -> Facts:
    """What could be wrong with the files that would go out. Those that upload itself refuses, one by one and with the reason,
    are not among them."""
    due = [file for file in files if file.state in DUE]
    going = [file for file in due if file.sha256 not in gone and why_refused(workspace.settings, symbol, file) is None]
    values: dict[str, Value] = {
        "waiting_files": len(going), "waiting_records": sum(file.records for file in going), "files_misnamed": 0,
        "files_sent_before": 0, "largest_file_records": max((file.records for file in going), default=0),
        "duplicate_lsns": _twice(workspace, symbol, sorted({file.run for file in going}))}
    left = f"; {len(due) - len(going)} that upload refuses are left out" if len(due) > len(going) else ""
    source = f"outbox of {symbol.code}, {len(going)} that would go out{left}"
    return {key: Known(key, value, as_of, source) for key, value in values.items()}


def _twice(workspace: Workspace, symbol: Symbol, runs: Sequence[str]) -> int:
    """How many records of these prepare runs share their local number with another one of the same run."""
    if "lsn-twice" in symbol.lint_off:
        return _counted_twice(workspace, symbol.code, runs)
    states = [state for name in runs if (state := read_run(workspace.runs / name))]
    return sum(each.event.records for state in states for each in state.events
               if isinstance(each.event, Linted) and each.event.rule == "lsn-twice")


def _counted_twice(workspace: Workspace, symbol: str, runs: Sequence[str]) -> int:
    found = 0
    for path in ledger_files(workspace, symbol, runs):
        with asking() as database:
            row = database.execute("""SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM read_parquet(?)
                                      WHERE lsn IS NOT NULL AND outbox IS NOT NULL GROUP BY lsn HAVING count(*) > 1)""",
                                   [str(path)]).fetchone()
            found += int(row[0]) if row else 0
    return found


def _export_facts(workspace: Workspace, files: Sequence[OutboxFile], as_of: str) -> Facts:
    """The day on which Alma published what was sent: the oldest of its files' days, where their names tell them all."""
    gone = [file for file in files if file.state in (*SETTLED, "alma") and adds_holdings(workspace.settings, file)]
    days = [export_day(file, workspace.settings.institution.suffix) for file in gone]
    if not days:
        return {}
    told = [day for day in days if day]
    day = min(told) if len(told) == len(days) else None
    source = "the dates in the names of Alma's files" if day else "the names of Alma's files tell no date: enter it"
    return {"extraction_day": Known("extraction_day", day, as_of, source)}
