"""An id list for Alma: the MMS ids of rejected records, each once, in the one column from which Alma makes an itemized set, so
that one job there mends the same fault in all of them. Asks the ledgers, or a pack, which bib a holding belongs to. Not for
reading what OCLC said, and not for lists that people read (export_rejections.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from oclc_console import clock
from oclc_console.csv_cells import csv_lines
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import replace_file
from oclc_console.operations.coverage_ids import MMS_HEADER
from oclc_console.operations.sent_records import packed_places
from oclc_console.store.desk import Rejection
from oclc_console.store.ledger import asking, run_ledgers
from oclc_console.workspace import Workspace

ALL_SYMBOLS = "ALL"  # the folder of a list whose records are of several symbols
_LONGEST_NAME = 60
_BIB = re.compile(r"99\d+")  # every bib's id in Alma begins so; holdings begin with 22
_ASKED = """
    WITH wanted AS (SELECT unnest(?::VARCHAR[]) AS lsn, unnest(?::VARCHAR[]) AS outbox, unnest(?::BIGINT[]) AS "end"),
         rows AS (SELECT lsn, outbox, "end", mms, filename FROM read_parquet(?, filename = true) WHERE mms IS NOT NULL),
         found AS (SELECT wanted.lsn, wanted.outbox, wanted."end", rows.mms, rows.filename FROM wanted
                   JOIN rows ON rows.lsn = wanted.lsn WHERE wanted.lsn != ''
                   UNION ALL
                   SELECT wanted.lsn, wanted.outbox, wanted."end", rows.mms, rows.filename FROM wanted
                   JOIN rows ON rows.outbox = wanted.outbox AND rows."end" = wanted."end" WHERE wanted.lsn = '')
    SELECT lsn, outbox, "end", arg_max(mms, parse_filename(filename, true)) FROM found GROUP BY lsn, outbox, "end\""""


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
    """The MMS ids of records, each once, in order; and how many records have none that is known. A local number that is an
    MMS id itself needs no ledger."""
    found: set[str] = set()
    others = []
    for each in rejections:
        if _BIB.fullmatch(each.lsn):
            found.add(each.lsn)
        else:
            others.append(each)
    told = _told(workspace, others)
    without = 0
    for each in others:
        mms = told.get((each.lsn, "", -1) if each.lsn else ("", each.upload, each.end if each.end is not None else -1))
        if mms is not None and mms.isascii() and mms.isdigit():
            found.add(mms)
        else:
            without += 1
    return sorted(found), without


def _told(workspace: Workspace, rejections: Sequence[Rejection]) -> dict[tuple[str, str, int], str]:
    """(LSN, "", -1) or ("", upload, end byte) -> MMS id, as the newest prepare run that knows the record tells it, or the pack
    that it came with."""
    symbols = {each.symbol for each in rejections}
    packed = [place for symbol in symbols for place in packed_places(workspace, symbol) if place.mms]
    told = {(place.lsn, "", -1): place.mms for place in packed if place.lsn}
    told |= {("", place.upload, place.end): place.mms for place in packed if place.end is not None}
    folders = sorted(path.name for path in (workspace.root / "ledger").glob("*") if path.is_dir())
    ledgers = [str(path) for folder in folders for path in run_ledgers(workspace, folder)]
    if not ledgers or not rejections:
        return told
    wanted = dict.fromkeys((each.lsn, "", -1) if each.lsn else ("", each.upload, each.end if each.end is not None else -1)
                           for each in rejections)
    lsns, uploads, ends = (list(column) for column in zip(*wanted, strict=True))
    with asking() as database:
        rows = database.execute(_ASKED, [lsns, uploads, ends, ledgers]).fetchall()
    return told | {(str(lsn), str(upload), int(end)): str(mms) for lsn, upload, end, mms in rows}


def _place(workspace: Workspace, rejections: Sequence[Rejection], name: str) -> Path:
    symbols = {each.symbol for each in rejections}
    folder = symbols.pop() if len(symbols) == 1 else ALL_SYMBOLS
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:_LONGEST_NAME].rstrip("-") or "rejections"
    return workspace.at("exports", folder) / f"{clock.stamp(clock.now())}-{plain}-mms-ids.txt"
