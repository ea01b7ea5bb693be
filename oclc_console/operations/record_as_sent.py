"""A question: what did the record look like when it was sent? It is cut from the outbox file at the end byte that OCLC's
record key gives, or found by its local number, and shown field by field. One without a local number is cut only where that
byte's meaning is verified (locating.py). Works with no network. Not for changing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oclc_console.marc.record import Record, subfields, take_apart, text_of
from oclc_console.oclc.reports import read_key
from oclc_console.operations.locating import Uploads, cut
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class RecordAsSent:
    """A record as it stood in the file: (tag, indicators, text) lines with `$a ` before each subfield; `end` is its end
    byte in `file`, `lsn` the local number it carries, `title` its 245 $a. `verified`: how many rows showed that OCLC's N is
    the end of a record there, where that decided. When it isn't found, `reason` says why."""

    file: str
    end: int | None
    found: bool
    reason: str
    fields: tuple[tuple[str, str, str], ...] = ()
    lsn: str | None = None
    title: str = ""
    verified: int = 0


def record_as_sent(
    workspace: Workspace, symbol: str, original: str | None, n: int | None, lsn: str | None, key: str | None = None,
    uploads: Uploads | None = None,
) -> RecordAsSent:
    """The record that a report row of the upload `original` is about: by its end byte `n`, else by its LSN. Where it isn't
    known which upload that is, its record key `key` may tell. Who asks often hands in the same `uploads`."""
    uploads = uploads or Uploads(workspace)
    parts = read_key(key) if key and not original else None
    name = original or (uploads.name_of(parts) if parts else "")
    if not name:
        return RecordAsSent("", n, False, "the report's name does not say which upload it is about")
    path = uploads.path_of(symbol, name)
    if path is None:
        return RecordAsSent(name, n, False, f"{name} is not in this workspace's outbox")
    raw = cut(path, n) if n else None
    verified = 0
    if lsn:
        if raw is None or lsn not in uploads.numbers_in(symbol, raw):
            end = _end_by_number(workspace, name, lsn)
            n, raw = (end, cut(path, end)) if end else (n, None)
    elif raw is not None:
        verdict = uploads.verdict(symbol, path)
        if not verdict.holds:
            return RecordAsSent(name, n, False, f"it has no local number, and its place can't be told: {verdict.reason}")
        verified = verdict.checked
    if raw is None:
        return RecordAsSent(name, n, False, _not_there(n, lsn))
    try:
        record = take_apart(raw)
    except ValueError as error:
        return RecordAsSent(name, n, False, f"the record's directory can't be read ({error})")
    own = lsn or next(iter(uploads.numbers_in(symbol, raw)), None)
    return RecordAsSent(name, n, True, "", tuple(_lines(record)), own, _title(record), verified)


def _not_there(n: int | None, lsn: str | None) -> str:
    if n is None:
        return "it names no place"
    return f"no record {f'with the number {lsn} ' if lsn else ''}ends at byte {n:,} of it"


def _end_by_number(workspace: Workspace, original: str, lsn: str) -> int | None:
    from oclc_console.store.ledger import asking

    ledgers = [str(path) for path in _ledgers(workspace)]
    if not ledgers:
        return None
    with asking() as database:
        found = database.execute(
            """SELECT "end" FROM read_parquet(?) WHERE outbox = ? AND lsn = ?
               UNION ALL SELECT "offset" + "length" FROM read_parquet(?) WHERE source = ? AND lsn = ?""",
            [ledgers, original, lsn, ledgers, original, lsn]).fetchall()
    return int(found[0][0]) if len(found) == 1 else None


def _ledgers(workspace: Workspace) -> list[Path]:
    from oclc_console.store.ledger import run_ledgers

    folders = sorted(path for path in (workspace.root / "ledger").glob("*") if path.is_dir())
    return [path for folder in folders for path in run_ledgers(workspace, folder.name)]


def _title(record: Record) -> str:
    field = record.first(b"245") or b""
    return " ".join(text_of(value, utf8=record.leader[9:10] == b"a").strip() for value in subfields(field, b"a"))


def _lines(record: Record) -> list[tuple[str, str, str]]:
    utf8 = record.leader[9:10] == b"a"
    lines = [("LDR", "", text_of(record.leader))]
    for tag, field in zip(record.tags, record.fields, strict=True):
        name = text_of(tag)
        if tag < b"010":
            lines.append((name, "", text_of(field, utf8=utf8)))
            continue
        head, *parts = field.split(b"\x1f")
        text = " ".join(f"${text_of(part[:1])} {text_of(part[1:], utf8=utf8)}" for part in parts)
        lines.append((name, text_of(head, utf8=utf8), text))
    return lines
