"""Keeps a file of records that OCLC wrote (WorldCat Updates, new and deleted records) exactly as it came, whole or not at
all. Nothing in it is read here, and it never becomes a report. Not for deciding what to fetch (fetch.py).

    records/ZMD/updates/metacoll.ZMD.updates.D20201115.T213019.1.mrc
"""

from __future__ import annotations

import os
from pathlib import Path

from oclc_console.files import BLOCK, locked, make_folder, move_into_place, sha256_of
from oclc_console.oclc.listed_names import read_listed_name
from oclc_console.operations.import_reports import unfit_name
from oclc_console.store.events import RecordsKept, ReportRefused
from oclc_console.workspace import Workspace, folder_name

LARGEST = 100_000 * 99_999  # bytes: OCLC puts at most 100,000 records into a file, and no record can be longer


def keep_records(workspace: Workspace, symbol: str, folder: str, name: str, part: Path) -> RecordsKept | ReportRefused:
    """Moves `part`, which is complete and synced, to its place. A file of this name that is only its beginning (OCLC was
    still writing) gives way to it; one that differs stays, and `part` with it. Raises HereError."""
    if reason := unfit_name(name):
        return ReportRefused(name, reason)
    with locked(workspace.runs / ".locks" / "filing-records.lock", doing="filing records", wait_seconds=60):
        place = make_folder(workspace.at("records", symbol) / folder)
        standing = _standing(place, name)
        if standing and not (standing.name == name and begins_with(part, standing)):
            return ReportRefused(name, f"{standing} is here already and holds other bytes; it stays as it is. Compare it with "
                                       "the one on OCLC's server.")
        event = RecordsKept(name, folder_name(symbol), folder, part.stat().st_size, sha256_of(part))
        move_into_place(part, place / name)
        return event


def _standing(place: Path, name: str) -> Path | None:
    """The file of this name that is here; names that some disks take for one are one."""
    wanted = read_listed_name(name).folded
    found = [Path(entry.path) for entry in os.scandir(place) if read_listed_name(entry.name).folded == wanted]
    return min(found, key=lambda path: (path.name != name, path.name), default=None)


def begins_with(file: Path, beginning: Path) -> bool:
    """Whether a file begins with all the bytes of another, in constant memory."""
    with open(file, "rb") as whole, open(beginning, "rb") as short:
        while block := short.read(BLOCK):
            if whole.read(len(block)) != block:
                return False
    return True
