"""A file whose upload was cut short: where it may go on, or the state it is in, by what the server lists of it and whether that
is ours. Not for sending it (one_file.py), nor for what its report proves later (outbox.settled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oclc_console.operations.outbox import OutboxFile
from oclc_console.store.events import FileCompared, FileNotSent

if TYPE_CHECKING:
    from oclc_console.oclc.exchange import Link


def may_be_cut(file: OutboxFile) -> str:
    """What a file that is gone before its close may have come to, and what settles it."""
    return f"OCLC may hold a truncated copy. {_settles(file)}"


def _settles(file: OutboxFile) -> str:
    return f"Its report's row count settles it: oclc-console fetch {file.symbol}, or f in Runs"


def not_sent(file: OutboxFile, state: str, reason: str) -> FileNotSent:
    """That a file did not go through, with how far it had come."""
    return FileNotSent(file.name, state, file.acknowledged, file.attempts, reason, anew=file.anew and state == "partial")


def look(link: Link, folder: str, file: OutboxFile) -> FileNotSent | FileCompared | None:
    """Where the file may go on, or the state it is in. The one case where the listing says something: here it is absence that
    is the bad news. None when nothing of it was ever there. Raises what the link raises."""
    there = next((entry.size for entry in link.listing(folder) if entry.name == file.name), None)
    if there is not None:
        return _compare(link, f"{folder}/{file.name}", file, there)
    if file.stage == "started":  # not a byte was written: at worst OCLC took an empty file
        return None
    if file.stage == "closing":
        return not_sent(file, "uncertain", "every byte was acknowledged, then its upload was cut short around the close and it "
                                           f"is not listed any more. {_settles(file)}")
    return not_sent(file, "taken_cut", f"its upload was cut short and it is not listed any more: {may_be_cut(file)}")


def _compare(link: Link, remote: str, file: OutboxFile, there: int) -> FileNotSent | FileCompared:
    from oclc_console.oclc.exchange import resume_at

    name, start = file.name, resume_at(file.bytes, there, file.acknowledged, file.channels)
    if file.anew:
        return FileCompared(name, there, 0, "the file changed here while they were sent, so it is sent from its start")
    if there > file.bytes:
        return FileCompared(name, there, 0, "more than ours has, so it is sent from its start")
    if not start:
        return FileCompared(name, there, 0, "too little to go on with, so it is sent from its start")
    try:
        differs = link.differs_at(file.path, remote, start)
    except PermissionError:
        return FileCompared(name, there, 0, "the server does not let us read them to compare, so it is sent from its start")
    except FileNotFoundError:
        return not_sent(file, "taken_cut", f"its upload was cut short and it was taken while we looked: {may_be_cut(file)}")
    if differs is not None:
        return FileCompared(name, there, 0, f"they differ from ours at byte {differs:,}, so it is sent from its start")
    return FileCompared(name, there, start, f"compared with ours, the same: sending goes on at byte {start:,}")
