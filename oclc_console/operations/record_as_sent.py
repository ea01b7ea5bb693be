"""A question: what did the record look like when it was sent? It is found as sent_records.py finds it, in the outbox or in a
pack, and shown field by field. Works with no network. Not for changing it."""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.marc.record import Record, subfields, take_apart, text_of
from oclc_console.oclc.reports import read_key
from oclc_console.operations.locating import Uploads
from oclc_console.operations.sent_records import SentRecords
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
    with SentRecords(workspace, symbol, uploads=uploads) as records:
        sent = records.find(name, n, lsn)
    if sent.raw is None:
        return RecordAsSent(name, sent.end, False, sent.reason)
    try:
        record = take_apart(sent.raw)
    except ValueError as error:
        return RecordAsSent(name, sent.end, False, f"the record's directory can't be read ({error})")
    own = lsn or next(iter(uploads.numbers_in(symbol, sent.raw)), None)
    return RecordAsSent(name, sent.end, True, "", tuple(_lines(record)), own, _title(record), sent.verified)


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
