"""The rejections as files for others: a table for a spreadsheet (CSV, XLSX), the list of ids from which Alma makes a set, or
the plain list of local numbers; all in one file, or a file a library or a group. Not for a cataloguer's laptop (pack.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from oclc_console import clock
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import make_folder, replace_file
from oclc_console.operations.alma_list import mms_ids
from oclc_console.operations.bibs import bibs_of, named
from oclc_console.operations.coverage_ids import MMS_HEADER
from oclc_console.operations.spreadsheet import write_sheet
from oclc_console.store.desk import FACETS, TODO, Desk, Filter, OneRecord, Ref
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace, folder_name

Form = Literal["csv", "xlsx", "alma", "list"]
Each = Literal["library", "group"]
FORMS: tuple[Form, ...] = get_args(Form)
_ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "alma": "-mms-ids.txt", "list": "-numbers.txt"}
_BETWEEN = " | "
HEADING = (
    "symbol", "library", "local number", "mms id", "ocn sent", "ocn now", "staging number", "severity", "outcome",
    "what it means", "what oclc wrote", "where to look", "what mends it", "who does it", "title", "state", "owner", "since",
    "came back", "notes", "stream", "received", "report", "upload", "end byte", "record key", "appearances",
)


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written. `value` is the library or group it is about (empty: none is known; None: about all). `lines`
    stand below its heading; `without_id` of its records are not in a list of ids, for they have none."""

    path: Path
    value: str | None
    label: str
    records: int
    lines: int
    without_id: int


@dataclass(frozen=True)
class Exported:
    """What an export wrote. A record with several faults stands in the file of each of its groups."""

    form: Form
    records: int
    files: tuple[ExportedFile, ...]


def export_rejections(
    workspace: Workspace, which: Filter, form: Form, to: Path | None = None, *, each: Each | None = None,
    refs: Sequence[Ref] | None = None,
) -> Exported:
    """Writes the records that fit (or those of `refs`), worst first, to `to`, else among the workspace's exports. `each`: a
    file a library or group, into the folder `to`. Every file is written whole or not at all. Raises CallError for a value
    that no record has and nothing knows."""
    if which.symbol is not None:
        which = replace(which, symbol=folder_name(which.symbol))
    with Desk.open(workspace, which.symbol) as desk:
        if desk.behind:
            desk.catch_up()
        which = known_values(desk, which)
        if refs is not None:
            which = Filter(symbol=which.symbol, minor=True)  # whoever names records means them, whatever they are
        names = desk.query(which).refs() if refs is None else list(refs)
        stamp = clock.stamp(clock.now())
        if each is None:
            path = to if to is not None and not to.is_dir() else (to or _folder(workspace, which)) / _name(stamp, which, form)
            return Exported(form, len(names), (_write(desk, path, names, form, None, ""),))
        folder, files, chosen = to or _folder(workspace, which) / f"{stamp}-by-{each}", [], set(names)
        used: set[str] = set()
        for count in desk.counts(each, which):
            if getattr(which, each) not in (None, count.value):
                continue
            part = [ref for ref in desk.query(_with(which, {each: count.value})).refs() if ref in chosen]
            if part:
                path = folder / (_unused(f"{each}-{count.value or 'not known'}", used) + _ENDINGS[form])
                files.append(_write(desk, path, part, form, count.value, count.label))
        return Exported(form, len(names), tuple(files))


# which records


def known_values(desk: Desk, which: Filter) -> Filter:
    """The filter with its values as the desk knows them: whatever their case, groups and states by their titles too. Raises
    CallError for a value that means nothing here."""
    found = {}
    for facet in FACETS:
        value = getattr(which, facet)
        if value is not None and facet != "symbol":
            found[facet] = _known(desk, facet, value)
    return _with(which, found)


def _with(which: Filter, values: Mapping[str, str]) -> Filter:
    changed: dict[str, Any] = dict(values)
    return replace(which, **changed)


def _known(desk: Desk, facet: str, value: str) -> str:
    counted = desk.counts(facet, Filter(minor=True))
    there = {count.value: count.label for count in counted}
    extra = {state.value: state.label for state in State} | {TODO: "to do"} if facet == "state" else {}
    if facet == "library":
        extra = {code: code for symbol in desk.workspace.settings.symbols.values() for code in symbol.libraries}
    for exact, label in {**extra, **there}.items():
        if value.lower() in (exact.lower(), label.lower()):
            return exact
    some = [count.value or "'' (none)" for count in counted[:12]] if facet != "state" else [*extra]
    raise CallError(f"no rejection has the {facet} {value!r}", where=f"--{facet}",
                    then=f"There are {', '.join(some)}{', and others' if len(counted) > 12 and facet != 'state' else ''}."
                    if some else "There are no rejections here.")


# where


def _folder(workspace: Workspace, which: Filter) -> Path:
    return workspace.at("exports", which.symbol)


def _name(stamp: str, which: Filter, form: Form) -> str:
    told = [value for value in (which.library, which.group, which.severity, which.owner, which.state) if value]
    return "-".join([stamp, "rejections", *map(_plain, told)]) + _ENDINGS[form]


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60] or "other"


def _unused(value: str, used: set[str]) -> str:
    """A value as a file name of its own, on every system."""
    name, number = _plain(value), 1
    while (unused := name if number == 1 else f"{name}-{number}").lower() in used:
        number += 1
    used.add(unused.lower())
    return unused


# files


def _write(desk: Desk, path: Path, refs: Sequence[Ref], form: Form, value: str | None, label: str) -> ExportedFile:
    without = 0
    try:
        make_folder(path.parent)
        if form == "xlsx":
            lines = write_sheet(path, "Rejections", HEADING, _rows(desk, refs))
        elif form == "csv":
            lines = _counted(path, [HEADING], _rows(desk, refs))
        else:
            ids, without = mms_ids(desk.workspace, desk.rejections(refs)) if form == "alma" else _numbers(refs)
            lines = _counted(path, [[MMS_HEADER]] if form == "alma" else [], ([each] for each in ids))
    except OSError as error:
        raise from_os_error(error, "writing rejections") from error
    return ExportedFile(path, value, label, len(refs), lines, without)


def _counted(path: Path, heading: Iterable[Sequence[str]], rows: Iterable[Sequence[str | int]]) -> int:
    count = 0

    def all_of_it() -> Iterator[Sequence[str | int]]:
        nonlocal count
        yield from heading
        for row in rows:
            count += 1
            yield row

    replace_file(path, csv_lines(all_of_it()))
    return count


def _numbers(refs: Sequence[Ref]) -> tuple[list[str], int]:
    """Every local number once, and how many records have none."""
    numbers = [key for _, key in refs if key[:1] not in ("@", "#")]
    return list(dict.fromkeys(numbers)), len(refs) - len(numbers)


def _rows(desk: Desk, refs: Sequence[Ref]) -> Iterator[Sequence[str | int]]:
    bibs = bibs_of(desk.workspace, {symbol for symbol, _ in refs}, map(named, desk.rejections(refs)))
    for ref in refs:
        one = desk.record(ref)
        if one is not None:
            yield _row(desk, one, bibs.get(named(one.rejection), ""))


def _row(desk: Desk, one: OneRecord, mms: str) -> Sequence[str | int]:
    """A record as a line of the table: counts are whole numbers, everything else is text."""
    record, group = one.rejection, desk.group(one.rejection.group)
    texts = [f"{said.severity} {said.text}".strip() for seen in one.appearances for said in seen.complaints
             if said.current and not said.noise]
    notes = [f"{entry.note} ({entry.by}, {entry.at[:10]})" for entry in one.review.notes] if one.review else []
    ocn_now = _text(record.ocn_out)
    return (
        record.symbol, record.library, record.lsn, mms, _text(record.ocn_in), "" if record.staging else ocn_now,
        ocn_now if record.staging else "", record.worst, record.outcome, group.title, _BETWEEN.join(dict.fromkeys(texts)),
        group.look_at, group.mends, group.who, record.title, record.state.label, record.owner,
        (one.review.since or "") if one.review else "", record.came_back, _BETWEEN.join(notes), record.stream, record.received,
        record.report, record.upload, _text(record.end), record.record_key, record.appearances,
    )


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
