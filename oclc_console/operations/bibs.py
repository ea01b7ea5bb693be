"""Which bib a rejected record belongs to, as Alma knows it: its MMS id. A local number that is one needs nobody; of others the
newest prepare run that knows the record tells it, or the pack that it came with. Not for what is made of the ids (alma_list.py,
pack.py, export_rejections.py)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from oclc_console.operations.sent_records import packed_places
from oclc_console.store.ledger import asking, run_ledgers
from oclc_console.store.rejected import Rejection
from oclc_console.workspace import Workspace

_BIB = re.compile(r"99[0-9]+")  # every bib's id in Alma begins so; holdings begin with 22
_ASKED = """
    WITH wanted AS (SELECT unnest(?::VARCHAR[]) AS lsn, unnest(?::VARCHAR[]) AS outbox, unnest(?::BIGINT[]) AS "end"),
         rows AS (SELECT lsn, outbox, "end", mms, filename FROM read_parquet(?, filename = true) WHERE mms IS NOT NULL),
         found AS (SELECT wanted.lsn, wanted.outbox, wanted."end", rows.mms, rows.filename FROM wanted
                   JOIN rows ON rows.lsn = wanted.lsn WHERE wanted.lsn != ''
                   UNION ALL
                   SELECT wanted.lsn, wanted.outbox, wanted."end", rows.mms, rows.filename FROM wanted
                   JOIN rows ON rows.outbox = wanted.outbox AND rows."end" = wanted."end" WHERE wanted.lsn = '')
    SELECT lsn, outbox, "end", arg_max(mms, parse_filename(filename, true)) FROM found GROUP BY lsn, outbox, "end\""""


class Named(NamedTuple):
    """What a record is known by: its local number, or where there is none the upload and its end byte there (-1: unknown)."""

    lsn: str
    upload: str = ""
    end: int = -1


def named(rejection: Rejection) -> Named:
    """What a rejected record is known by."""
    if rejection.lsn:
        return Named(rejection.lsn)
    return Named("", rejection.upload, rejection.end if rejection.end is not None else -1)


def bibs_of(workspace: Workspace, symbols: Iterable[str], wanted: Iterable[Named]) -> Mapping[Named, str]:
    """The MMS ids of these records; those of which none is known are left out. `symbols`: whose packs may tell."""
    every = dict.fromkeys(wanted)
    found = {each: each.lsn for each in every if _BIB.fullmatch(each.lsn)}
    others = [each for each in every if each not in found]
    told = _told(workspace, set(symbols), others) if others else {}
    return found | {each: told[each] for each in others if told.get(each, "").isascii() and told.get(each, "").isdigit()}


def _told(workspace: Workspace, symbols: set[str], wanted: list[Named]) -> dict[Named, str]:
    packed = [place for symbol in symbols for place in packed_places(workspace, symbol) if place.mms]
    told = {Named(place.lsn): place.mms for place in packed if place.lsn}
    told |= {Named("", place.upload, place.end): place.mms for place in packed if place.end is not None}
    folders = sorted(path.name for path in (workspace.root / "ledger").glob("*") if path.is_dir())
    ledgers = [str(path) for folder in folders for path in run_ledgers(workspace, folder)]
    if not ledgers:
        return told
    lsns, uploads, ends = (list(column) for column in zip(*wanted, strict=True))
    with asking() as database:
        rows = database.execute(_ASKED, [lsns, uploads, ends, ledgers]).fetchall()
    return told | {Named(str(lsn), str(upload), int(end)): str(mms) for lsn, upload, end, mms in rows}
