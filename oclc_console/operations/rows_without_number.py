"""A question: which records did OCLC report on without their local number, and which records are they? Each is cut from the
file that was sent, or listed as not locatable with the reason; none is matched by guess. Not for one record's lines
(record_as_sent.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.operations.locating import Uploads
from oclc_console.operations.record_as_sent import record_as_sent
from oclc_console.store.ledger import asking
from oclc_console.store.report_rows import list_reports, rows_path
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class Nameless:
    """A record that OCLC reported on without its local number. `said` are the words about it, `lines` where they stand
    (report, line). When it is `located`, `lsn` and `title` are those of the record that ends at byte `n` of `upload`; else
    `reason` says why it can't be told."""

    symbol: str
    key: str
    n: int
    upload: str
    said: tuple[str, ...]
    lines: tuple[tuple[str, int], ...]
    located: bool
    lsn: str | None
    title: str
    reason: str


def rows_without_number(workspace: Workspace, symbol: str | None = None) -> tuple[Nameless, ...]:
    """Every such record, by symbol, upload and place, or one symbol's."""
    infos = {(info.symbol, info.name): info for info in list_reports(workspace, symbol) if info.epoch_ms is not None}
    uploads, found = Uploads(workspace), []
    for folder in sorted({folder for folder, _ in infos}):
        files = [str(rows_path(workspace, folder, name)) for in_folder, name in infos if in_folder == folder]
        for key, n, original, said, reports, lines in _rows(files):
            sent = record_as_sent(workspace, folder, original, n, None, key, uploads)
            found.append(Nameless(
                folder, key, n, sent.file or original, tuple(dict.fromkeys(said)),
                tuple(zip(reports, lines, strict=True)), sent.found, sent.lsn, sent.title, sent.reason,
            ))
    return tuple(found)


def _rows(files: list[str]) -> list[tuple[str, int, str, list[str], list[str], list[int]]]:
    with asking() as database:
        return database.execute(
            """SELECT key, n, original, list(coalesce(nullif(text, ''), outcome, type, raw) ORDER BY report, line),
                      list(report ORDER BY report, line), list(line ORDER BY report, line)
               FROM read_parquet(?, union_by_name = true)
               WHERE status = 'ok' AND lsn IS NULL AND key IS NOT NULL
               GROUP BY key, n, original ORDER BY original, n, key""", [files]).fetchall()
