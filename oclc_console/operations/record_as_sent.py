"""A question: what did the record look like when it was sent? It is cut from the outbox file at the end byte that OCLC's
record key gives, or found by its local number, and shown field by field. Works with no network. Not for changing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from oclc_console.marc.record import Record, take_apart, text_of
from oclc_console.workspace import Workspace, folder_name

_LONGEST = 100_000


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
    if not original:
        return RecordAsSent("", n, False, "the report's name does not say which upload it is about")
    path = _find(workspace, symbol, original)
    if path is None:
        return RecordAsSent(original, n, False, f"{original} is not in this workspace's outbox")
    raw = _cut(path, n) if n else None
    if raw is None and lsn:
        end = _end_by_number(workspace, original, lsn)
        n, raw = (end, _cut(path, end)) if end else (n, None)
    if raw is None:
        return RecordAsSent(original, n, False, f"no record ends at byte {n:,} of it" if n else "it names no place")
    try:
        record = take_apart(raw)
    except ValueError as error:
        return RecordAsSent(original, n, False, f"the record's directory can't be read ({error})")
    return RecordAsSent(original, n, True, "", tuple(_lines(record)))


def _find(workspace: Workspace, symbol: str, original: str) -> Path | None:
    for folder in (folder_name(symbol), "*"):
        for path in (workspace.root / "outbox").glob(f"{folder}/*"):
            if path.name == original:
                return path
    return None


def _cut(path: Path, end: int) -> bytes | None:
    """The record that ends at this byte (1-based, its 0x1D included), when one does."""
    with open(path, "rb") as file:
        start = max(0, end - _LONGEST)
        file.seek(start)
        block = file.read(end - start)
    if not block.endswith(b"\x1d") or len(block) != end - start:
        return None
    return block[block.rfind(b"\x1d", 0, -1) + 1 :]


def _end_by_number(workspace: Workspace, original: str, lsn: str) -> int | None:
    from oclc_console.store.ledger import asking

    ledgers = [str(path) for path in (workspace.root / "ledger").glob("*/*.parquet") if ".txt" not in path.name]
    if not ledgers:
        return None
    with asking() as database:
        found = database.execute('SELECT "end" FROM read_parquet(?) WHERE outbox = ? AND lsn = ?',
                                 [ledgers, original, lsn]).fetchall()
    return int(found[0][0]) if len(found) == 1 else None


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
