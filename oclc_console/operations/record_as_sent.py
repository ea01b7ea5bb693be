"""A question: what did the record look like when it was sent? It is found as sent_records.py finds it, in the outbox or in a
pack, and shown field by field. Works with no network. Not for changing it."""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.marc.record import Record, take_apart, text_of
from oclc_console.operations.sent_records import SentRecords
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class RecordAsSent:
    """A record as it stood in the file: (tag, indicators, text) lines with `$a ` before each subfield; `end` is its end
    byte in `file`. When it isn't found, `reason` says why."""

    file: str
    end: int | None
    found: bool
    reason: str
    fields: tuple[tuple[str, str, str], ...] = ()


def record_as_sent(
    workspace: Workspace, symbol: str, original: str | None, n: int | None, lsn: str | None
) -> RecordAsSent:
    """The record that a report row of the upload `original` is about: by its end byte `n`, else by its LSN."""
    with SentRecords(workspace, symbol) as records:
        sent = records.find(original, n, lsn)
    if sent.raw is None:
        return RecordAsSent(original or "", sent.end, False, sent.reason)
    try:
        record = take_apart(sent.raw)
    except ValueError as error:
        return RecordAsSent(original or "", sent.end, False, f"the record's directory can't be read ({error})")
    return RecordAsSent(original or "", sent.end, True, "", tuple(_lines(record)))


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
