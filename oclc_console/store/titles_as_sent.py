"""The titles of records as they were sent, cut out of the outbox by their end bytes: a line to know a record by. Not for
showing a record (operations/record_as_sent.py).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from oclc_console.marc.record import END_OF_RECORD, SUBFIELD, text_of
from oclc_console.workspace import Workspace, folder_name

_LONGEST_RECORD = 100_000
_TITLE = (b"a", b"b", b"n", b"p")  # the subfields of 245 that make a title; the rest says who made it


def titles_as_sent(workspace: Workspace, symbol: str, places: Iterable[tuple[str, int]]) -> Iterator[str]:
    """The title of the record that ends at each place, (file, end byte); empty where it is not in the outbox (any more)."""
    mapped: dict[str, mmap.mmap | None] = {}
    try:
        for name, end in places:
            if name not in mapped:
                mapped[name] = _mapped(workspace.root / "outbox" / folder_name(symbol) / name) if name else None
            file = mapped[name]
            yield _title(file, end) if file is not None else ""
    finally:
        for each in mapped.values():
            if each is not None:
                each.close()


def _mapped(path: Path) -> mmap.mmap | None:
    try:
        with open(path, "rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # moved away, or empty: it has no titles to tell
        return None


def _title(file: Any, end: int) -> str:
    if not 0 < end <= len(file) or file[end - 1 : end] != END_OF_RECORD:
        return ""
    raw = file[file.rfind(END_OF_RECORD, max(0, end - _LONGEST_RECORD), end - 1) + 1 : end]
    directory = raw[24 : raw.find(b"\x1e")]
    for at in range(0, len(directory), 12):
        if directory[at : at + 3] == b"245":
            try:
                start = int(raw[12:17]) + int(directory[at + 7 : at + 12])
            except ValueError:
                return ""
            parts = raw[start : raw.find(b"\x1e", start)].split(SUBFIELD)[1:]
            text = b" ".join(part[1:].strip() for part in parts if part[:1] in _TITLE)
            return text_of(text, utf8=raw[9:10] == b"a").rstrip(" /:;,=")
    return ""
