"""What Alma's `_delete` files mean. Such a record is the whole last bib with leader/05 d, but without its holdings (no 852):
which local numbers and libraries are meant is known only from the ledger, by its 001. One that the ledger doesn't know is
set aside and listed, never guessed; any other goes to OCLC once a holding, with the local number put back where the symbol's
records have it. Nothing is assumed about a d in any other file. Not for reading the ledger (store) nor for where the holdings
are sent (prepare).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oclc_console.marc.identifiers import mms_of
from oclc_console.marc.query import place_steps
from oclc_console.marc.record import SUBFIELD, CannotExpress, Record, put_together
from oclc_console.marc.source import Finding, Scanned, judge

Holding = tuple[str, str | None]  # LSN, and the library's code where the ledger has one

STATUS_RULE, UNKNOWN_RULE = "delete-file-status", "delete-unknown"


@dataclass(frozen=True)
class Deleted:
    """One record of a `_delete` file: its MMS id, and the holdings that are gone with it, each to have a ledger row of its
    own; or the finding that sets it aside (then it has no holdings)."""

    scanned: Scanned
    mms: str | None
    holdings: tuple[Holding, ...]
    finding: Finding | None


def wanted_mms(records: Sequence[Scanned]) -> list[str]:
    """The MMS ids to ask the ledger about, each once, in order."""
    ids = (mms_of(scanned.record) for scanned in records if scanned.record is not None)
    return list(dict.fromkeys(mms for mms in ids if mms is not None))


def holdings_of_deleted(records: Sequence[Scanned], known: Mapping[str, Sequence[Holding]]) -> list[Deleted]:
    """For each record of a `_delete` file, in order, the holdings that went with it. `known` is what the ledger has for
    their MMS ids (store.ledger.holdings_by_mms)."""
    return [_holdings(scanned, known) for scanned in records]


def _holdings(scanned: Scanned, known: Mapping[str, Sequence[Holding]]) -> Deleted:
    record, finding = scanned.record, scanned.finding
    if record is None or (finding and finding.fatal):
        return Deleted(scanned, None, (), finding or Finding("unreadable", "the record can't be read"))
    mms, status = mms_of(record), record.leader[5:6]
    if status != b"d":
        return Deleted(scanned, mms, (), Finding(
            STATUS_RULE, f"leader/05 is {status.decode('latin-1')!r}; in a _delete file every record should say 'd'"))
    if mms is None:
        return Deleted(scanned, None, (), Finding("missing-001", "there is no 001, so nobody can tell which record is meant"))
    holdings = tuple(dict.fromkeys(known.get(mms, ())))
    if not holdings:
        return Deleted(scanned, mms, (), Finding(
            UNKNOWN_RULE, f"the ledger knows no holdings of {mms}: they were never sent from here, so none can be deleted"))
    return Deleted(scanned, mms, holdings, finding)


def completed(
    records: Sequence[Scanned], known: Mapping[str, Sequence[Holding]], lsn_places: Sequence[str]
) -> Iterator[Scanned]:
    """The records of a `_delete` file as OCLC can take them: one for each holding that is gone, its LSN and library put back
    (at the first of the symbol's `lsn` places); numbers and offsets stay those of the published record. What can't be is there
    too, with the finding that sets it aside, as it came."""
    for deleted in holdings_of_deleted(records, known):
        if (deleted.finding and deleted.finding.fatal) or not deleted.holdings:
            yield replace(deleted.scanned, record=None, finding=deleted.finding)
        for lsn, library in deleted.holdings:
            yield _with_holding(deleted, lsn, library, lsn_places)


def _with_holding(deleted: Deleted, lsn: str, library: str | None, lsn_places: Sequence[str]) -> Scanned:
    scanned, record = deleted.scanned, deleted.scanned.record
    assert record is not None
    if lsn == deleted.mms and "001" in lsn_places:
        return scanned
    try:
        raw = put_together(record.leader, _with_field(record, lsn, library, lsn_places[0]))
    except CannotExpress as error:
        return replace(scanned, record=None, finding=Finding("too-long", f"with its holding put back: {error}"))
    return judge(scanned.number, scanned.offset, raw)


def _with_field(record: Record, lsn: str, library: str | None, lsn_place: str) -> list[tuple[bytes, bytes]]:
    ((tag, code),) = place_steps([lsn_place])
    library_part = SUBFIELD + b"b" + library.encode() if library and tag == "852" else b""
    field = lsn.encode() if code is None else b"  " + library_part + SUBFIELD + code + lsn.encode()
    fields = [pair for pair in zip(record.tags, record.fields, strict=True) if pair[0] != tag.encode()]
    fields.insert(bisect_right([name for name, _ in fields], tag.encode()), (tag.encode(), field))
    return fields
