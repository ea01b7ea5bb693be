"""An id list for Alma: the MMS ids of rejected records, each once, in the one column from which Alma makes an itemized set, so
that one job there mends the same fault in all of them. Not for which bib a record belongs to (bibs.py), and not for lists that
people read (export_rejections.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from oclc_console import clock
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import replace_file
from oclc_console.operations.bibs import bibs_of, named
from oclc_console.operations.coverage_ids import MMS_HEADER
from oclc_console.store.desk import Rejection
from oclc_console.workspace import Workspace

ALL_SYMBOLS = "ALL"  # the folder of a list whose records are of several symbols
_LONGEST_NAME = 60


@dataclass(frozen=True)
class AlmaList:
    """What was written: how many records it is about, how many MMS ids it holds (records of one bib share theirs), and how
    many records are `without` one that anybody knows."""

    path: Path
    records: int
    ids: int
    without: int


def alma_list(workspace: Workspace, rejections: Sequence[Rejection], name: str, *, out: Path | None = None) -> AlmaList:
    """Writes the list to `out`, else among the workspace's exports, named after what the records have in common. Raises
    CallError when none of the records has an MMS id that is known."""
    ids, without = mms_ids(workspace, rejections)
    if not ids:
        raise CallError(f"of {len(rejections):,} records no MMS id is known", where="list for Alma",
                        then="Their local numbers are no MMS ids, and no ledger here tells their bibs: prepare Alma's files "
                             "again, or copy the local numbers.")
    path = out or _place(workspace, rejections, name)
    try:
        replace_file(path, csv_lines([[MMS_HEADER], *([each] for each in ids)]))
    except OSError as error:
        raise from_os_error(error, f"writing {path.name}") from error
    return AlmaList(path, len(rejections), len(ids), without)


def mms_ids(workspace: Workspace, rejections: Iterable[Rejection]) -> tuple[list[str], int]:
    """The MMS ids of records, each once, in order; and how many records have none that is known."""
    wanted = [(each.symbol, named(each)) for each in rejections]
    found = bibs_of(workspace, {symbol for symbol, _ in wanted}, (name for _, name in wanted))
    return sorted(set(found.values())), sum(name not in found for _, name in wanted)


def _place(workspace: Workspace, rejections: Sequence[Rejection], name: str) -> Path:
    symbols = {each.symbol for each in rejections}
    folder = symbols.pop() if len(symbols) == 1 else ALL_SYMBOLS
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:_LONGEST_NAME].rstrip("-") or "rejections"
    return workspace.at("exports", folder) / f"{clock.stamp(clock.now())}-{plain}-mms-ids.txt"
