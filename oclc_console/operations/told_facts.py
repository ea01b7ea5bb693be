"""What OCLC's reports show of a symbol, and what became of its rejections, as things a gate can look at. Counted from the
ledger and remembered until a file or a report changes. Where no report has come, nothing is known: never 0. Not for the set
and the files (set_facts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from oclc_console import clock
from oclc_console.oclc.reports import ACCEPTED
from oclc_console.operations.account import Account, FileAccount, account
from oclc_console.operations.late import names_at_oclc
from oclc_console.operations.load_dates import adds_holdings
from oclc_console.operations.outbox import OutboxFile
from oclc_console.project.evidence import Known, Value
from oclc_console.settings import Symbol
from oclc_console.store.desk import Desk
from oclc_console.store.ledger import asking
from oclc_console.store.report_rows import ReportInfo, rows_path
from oclc_console.store.standing import TO_DO, State
from oclc_console.workspace import Workspace

Facts = dict[str, Known]
_DATA_ERRORS = ("data error", "processing error")


def report_facts(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile], reports: Sequence[ReportInfo],
                 as_of: str) -> Facts:
    """What became of every record that was sent. Only files of bibliographic records are counted: the format of other reports
    is not known."""
    bibs = {file.name: file for file in files if adds_holdings(workspace.settings, file) and file.state != "refused"}
    answered = [report for report in reports if any(report.original in names_at_oclc(file) for file in bibs.values())]
    if not bibs:
        return {}
    marks = tuple((file.name, file.state, file.sent_at) for file in files)
    told = _remembered(workspace, symbol.code, marks, tuple((each.name, each.filed_at) for each in reports))
    counted = [each for each in told.files if each.name in bibs]
    sent = sum(each.sent for each in counted)
    heard = [each for each in counted if each.outcomes is not None]
    values: dict[str, Value] = {"files_reported": len(heard), "sent": sent}
    if sent:
        values["not_reported"] = sum(each.not_reported for each in counted)
    if heard:
        values |= _outcomes(heard) | {"accounted": sent - sum(each.not_reported for each in counted)}
        rows = [rows_path(workspace, each.symbol, each.name) for each in answered if each.layout == "outcomes"]
        values["holdings_refreshed"] = _refreshed(tuple((path, path.stat().st_mtime_ns) for path in rows))
    if answered:
        values["newest_report_day"] = max(_day(report.filed_at) for report in answered)
    source = f"ledger of {symbol.code}, {len(heard)} of {len(counted)} files reported"
    return {key: Known(key, value, as_of, source) for key, value in values.items()}


def _outcomes(heard: Sequence[FileAccount]) -> dict[str, Value]:
    outcomes = [each.outcomes or {} for each in heard]
    other = sum(sum(each.other.values()) for each in heard)
    return {"unresolved": sum(each.get("unresolved", 0) for each in outcomes),
            "data_errors": sum(each.get(word, 0) for each in outcomes for word in _DATA_ERRORS) + other,
            "ocn_changed": sum(each.ocn_changed or 0 for each in heard),
            "reruns_unsettled": sum(each.reports > 1 and each.not_reported > 0 for each in heard)}


@lru_cache(maxsize=64)
def _remembered(workspace: Workspace, symbol: str, files: tuple[object, ...], reports: tuple[object, ...]) -> Account:
    """The account, as long as neither the files nor the reports are others."""
    return account(workspace, symbol)


@lru_cache(maxsize=64)
def _refreshed(rows: tuple[tuple[Path, int], ...]) -> int:
    """How many different OCLC numbers these reports say that OCLC took a record under, by the newest answer to each record: a
    symbol has one holding on each. The files come with when they were written."""
    with asking() as database:
        found = database.execute(
            """SELECT count(DISTINCT ocn_out) FROM (
                   SELECT outcome, ocn_out FROM read_parquet(?, union_by_name = true)
                   WHERE status = 'ok' AND outcome IS NOT NULL
                   QUALIFY row_number() OVER (PARTITION BY original, n, lsn ORDER BY epoch_ms DESC, report DESC, line DESC) = 1)
               WHERE list_contains(?, outcome)""", [[str(path) for path, _ in rows], sorted(ACCEPTED)]).fetchone()
    return int(found[0]) if found else 0


def _day(instant: str) -> str:
    return clock.parse(instant).astimezone().date().isoformat()


def work_facts(workspace: Workspace, symbol: Symbol, files: Sequence[OutboxFile], reports: Sequence[ReportInfo],
               as_of: str) -> Facts:
    """How many of a symbol's rejections somebody still has to do something about, and how many were accepted as they are."""
    names = {name for file in files for name in names_at_oclc(file)}
    if not any(report.original in names for report in reports):
        return {}
    values: dict[str, Value] = {"rejections_open": None, "rejections_accepted": None}
    with Desk.open(workspace, symbol.code) as desk:
        if desk.behind:  # a report whose rejections are not counted yet must not look like one without any
            source = "the newest reports are still to be gathered: look at 4 Reports"
        else:
            counts = {count.value: count.records for count in desk.counts("state")}
            values = {"rejections_open": sum(counts.get(state.value, 0) for state in TO_DO),
                      "rejections_accepted": counts.get(State.ACCEPTED.value, 0)}
            source = f"rejections of {symbol.code}"
    return {key: Known(key, value, as_of, source) for key, value in values.items()}
