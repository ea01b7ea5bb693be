"""`reports import | list | show | nameless`: takes in report files that came another way, lists what is here, shows exceptions
or the lines of one record, and finds the records again that OCLC reported on without their local number. Works with no
network. Not for fetching (operations/fetch.py), nor for the work on records (reports_work.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from oclc_console.cli import show
from oclc_console.errors import CallError
from oclc_console.workspace import Workspace, folder_name


def run(workspace: Workspace, options: argparse.Namespace) -> int:
    """Runs the reports command that was asked for."""
    as_json = bool(getattr(options, "json", False))
    if options.action == "import":
        return _import(workspace, options, as_json)
    if options.action == "list":
        return _list(workspace, options, as_json)
    if options.action == "nameless":
        return _nameless(workspace, options, as_json)
    if options.action == "show":
        return _show(workspace, options, as_json)
    return _work(workspace, options, as_json)


def _work(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.cli import packs, reports_work

    if options.action == "pack":
        return packs.run_pack(workspace, options, as_json=as_json)
    if options.action == "merge":
        return packs.run_merge(workspace, options, as_json=as_json)
    if options.action == "mark":
        return reports_work.run_mark(workspace, options, as_json=as_json)
    if options.action == "undo":
        return reports_work.run_undo(workspace, as_json=as_json)
    return reports_work.run_export(workspace, options, as_json=as_json)


def _import(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.cli.commands import run_operation, stop_on_signals
    from oclc_console.operations.import_reports import import_reports

    operation = import_reports(workspace, [Path(file) for file in options.files])
    result, code = run_operation(workspace, operation, stop_on_signals())
    words = [f"  {f['file']}: {f['type']}, {f['rows']:,} rows, {f['refused']:,} refused, {f['records']:,} records"
             f"{_again(f)}{', here already' if f['already'] else ''}" for f in result["files"]]
    show.answer(result, as_json, words)
    return code


def _again(file: Mapping[str, Any]) -> str:
    """A rerun says so."""
    if not file["superseded"]:
        return ""
    return f", {file['superseded']:,} of them answered before in {file['supersedes'][0]}: this answer holds"


def _list(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.operations.import_reports import reports_table

    if workspace.is_pack:
        return _list_packed(workspace, as_json)
    if options.symbol and not (workspace.root / "reports" / folder_name(options.symbol)).is_dir():
        workspace.settings.symbol(options.symbol)  # says so when neither the settings nor the reports know it
    reports = reports_table(workspace, options.symbol)
    words = [f"{r.symbol:<6} {r.type:<22} {r.received or 'time unknown':<25} {r.rows:>8,} rows {r.refused:>5,} refused  "
             f"{r.name}" for r in reports] or ["No reports yet. Run: oclc-console fetch"]
    show.answer({"reports": [asdict(report) for report in reports]}, as_json, words)
    return 0


def _list_packed(workspace: Workspace, as_json: bool) -> int:
    """The reports that the records of a pack are from; they themselves stayed at home."""
    from oclc_console.store.desk import Desk, Filter

    with Desk.open(workspace) as desk:
        counts = desk.counts("report", Filter(minor=True))
    reports = [{"name": count.value, "rejected_here": count.records} for count in counts]
    words = [f"{count.records:>8,} rejected records here  {count.value}" for count in counts]
    show.answer({"reports": reports}, as_json, words)
    return 0


def _show(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.cli.reports_work import one_record_json, one_record_words, records_named
    from oclc_console.operations.import_reports import reports_table

    reports = [report for report in reports_table(workspace) if report.name == options.what]
    if reports:
        documents = _of_report(workspace, reports[0].symbol, options)
        show.answer({"rows": documents}, as_json, [_words(document) for document in documents] or ["No exceptions."])
        return 0
    rows = list(_of_record(workspace, options.what))
    names = dict.fromkeys([options.what, *(str(row["lsn"]) for row in rows if row["lsn"])])
    found = list({one.rejection.ref: one for name in names for one in records_named(workspace, name)}.values())
    if not found and not rows:
        raise CallError(f"nothing is known of {options.what}", where="reports show",
                        then="Name a report as `oclc-console reports list` shows it, an LSN, or a record key.")
    words = [line for one in found for line in one_record_words(one)] or [_words(row) for row in rows]
    show.answer({"rows": rows, "records": [one_record_json(one) for one in found]}, as_json, words)
    return 0


def _nameless(workspace: Workspace, options: argparse.Namespace, as_json: bool) -> int:
    from oclc_console.operations.rows_without_number import rows_without_number

    rows = rows_without_number(workspace, options.symbol)
    words = []
    for row in rows:
        words.append(f"{row.symbol:<6} {row.upload or 'upload unknown'}, byte {row.n:,}: {'; '.join(row.said)}")
        words.append(f"       {f'{row.lsn}  {row.title}' if row.located else f'not locatable: {row.reason}'}")
    words.append(f"{len(rows):,} records without a local number, {sum(row.located for row in rows):,} found again")
    show.answer({"records": [asdict(row) for row in rows]}, as_json, words)
    return 0


def _of_report(workspace: Workspace, symbol: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    from oclc_console.store.rejections import open_exceptions

    with open_exceptions(workspace, symbol, options.what) as exceptions:
        return [dict(document) for document in exceptions.page(max(0, options.start - 1), options.rows)]


def _of_record(workspace: Workspace, what: str) -> Iterator[dict[str, Any]]:
    from oclc_console.operations.import_reports import exceptions_of_record

    folders = sorted(path.name for path in (workspace.root / "rejections").glob("*") if path.is_dir())
    for symbol in folders:
        yield from exceptions_of_record(workspace, symbol, what)


def _words(document: Mapping[str, Any]) -> str:
    who = document["lsn"] or document["key"] or f"line {document['line']:,}"
    kind = document["severity"] or document["type"]
    return f"{who:<20} {document['ocn_in'] or '':>11} {kind:<16} {document['text']}"
