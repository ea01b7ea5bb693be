"""A question prepare asks before it goes on: which of these very records went out already, and in which file? Records are
compared by their bytes, so one that was mended is a new one. Not for whole files (outbox.WentOut)."""

from __future__ import annotations

from pathlib import Path

from oclc_console.operations.outbox import SETTLED, read_outbox
from oclc_console.store.ledger import asking, ledger_files
from oclc_console.workspace import Workspace


def sent_before(workspace: Workspace, symbol: str, ledger: Path) -> list[tuple[str, int]]:
    """(name of the file, how many of the ledger's routed records stand in it) for files that went out, or may have."""
    gone = [file for file in read_outbox(workspace, symbol) if file.state in SETTLED]
    ledgers = [str(path) for path in ledger_files(workspace, symbol, sorted({file.run for file in gone}))]
    if not ledgers:
        return []
    with asking() as database:
        rows = database.execute(
            """SELECT old.outbox, count(DISTINCT new.number || ' ' || new.source)
               FROM read_parquet(?) old JOIN read_parquet(?) new USING (sha256)
               WHERE list_contains(?, old.outbox) AND new.outbox IS NOT NULL GROUP BY old.outbox ORDER BY old.outbox""",
            [ledgers, [str(ledger)], [file.name for file in gone]]).fetchall()
    return [(str(name), int(count)) for name, count in rows]
