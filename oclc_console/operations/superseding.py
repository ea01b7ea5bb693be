"""Which records a report answers again: OCLC reruns a file and writes another set of reports, and for each record the last one
holds. Not for what became of a record in the end (account.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from oclc_console.store import report_rows
from oclc_console.store.report_rows import ReportInfo
from oclc_console.workspace import Workspace


def superseded(workspace: Workspace, info: ReportInfo, infos: Sequence[ReportInfo]) -> tuple[int, list[str]]:
    """How many records this report answers again, and the names of the reports that answered them before, the newest first. A
    report that comes after a newer one of its kind on the same upload supersedes nothing. Where names don't say which upload
    a report answers (before July 2020), reports of one kind on one collection are compared, by local numbers alone."""
    if not info.understood or not (info.original or info.collection):
        return 0, []
    same = [other for other in infos if other.name != info.name and _upload(other) == _upload(info)]
    if any(other.instant_ms > info.instant_ms for other in same):
        return 0, []
    mine, again, names = _answered(workspace, info), set[str](), []
    for other in sorted(same, key=lambda each: (-each.instant_ms, each.name)):
        if other.instant_ms < info.instant_ms and (both := mine & _answered(workspace, other)):
            again |= both
            names.append(other.name)
    return len(again), names


def _upload(info: ReportInfo) -> tuple[str, str, str]:
    return info.symbol, info.type, info.original or f"collection {info.collection}"


def _answered(workspace: Workspace, info: ReportInfo) -> set[str]:
    path = report_rows.rows_path(workspace, info.symbol, info.name)
    return report_rows.answered_records(path, by_place=bool(info.original))
