"""Finds records as they were sent, byte for byte: by the end byte that OCLC's record key gives, else by their local number, in
the outbox or, where there is none, among the records that came with a pack. Not for showing them (record_as_sent.py).

    sent/ZMD/sent.mrc      in an unpacked pack: its records, one after the other
    sent/ZMD/sent.jsonl    where each stands: {"upload", "end", "lsn", "mms", "offset", "length"}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import orjson

from oclc_console.store.ledger import asking, run_ledgers
from oclc_console.store.pack_file import PLACES, SENT
from oclc_console.workspace import Workspace, folder_name

_LONGEST = 100_000
_END = b"\x1d"
Asked = tuple[str, int | None, str]  # upload, end byte, local number


@dataclass(frozen=True)
class Place:
    """Where a record stands in a pack's file of records; `upload` and `end` are where it stood when it was sent, `mms` is the
    MMS id of its bib, empty where nothing told it."""

    upload: str
    end: int | None
    lsn: str
    mms: str
    offset: int
    length: int


@dataclass(frozen=True)
class Sent:
    """A record as it was sent: its bytes, and its end byte in the upload; no bytes: `reason` says why."""

    end: int | None
    raw: bytes | None
    reason: str = ""


class SentRecords:
    """The records that were sent of one symbol. Files stay open until it is closed. `many`: more than a few will be asked
    for by their local numbers, so those of a file are all read at once."""

    def __init__(self, workspace: Workspace, symbol: str, *, many: bool = False) -> None:
        self._workspace, self._symbol, self._many = workspace, symbol, many
        self._files: dict[str, BinaryIO | None] = {}
        self._numbers: dict[str, dict[str, list[int]]] = {}
        self._stack = ExitStack()

    def find(self, upload: str | None, end: int | None, lsn: str | None) -> Sent:
        """The record that a report of this upload is about: by its end byte, else by its local number."""
        if not upload:
            return Sent(end, None, "the report's name does not say which upload it is about")
        file = self._file(upload)
        if file is None:
            return self._packed(upload, end, lsn)
        raw = _cut(file, end) if end else None
        if raw is None and lsn:
            ends = self._ends(upload, lsn)
            if len(ends) == 1:
                end, raw = ends[0], _cut(file, ends[0])
        if raw is None:
            return Sent(end, None, f"no record ends at byte {end:,} of it" if end else "it names no place")
        return Sent(end, raw)

    def _file(self, upload: str) -> BinaryIO | None:
        if upload not in self._files:
            path = self._path(upload)
            self._files[upload] = self._stack.enter_context(path.open("rb")) if path else None
        return self._files[upload]

    def _path(self, upload: str) -> Path | None:
        for folder in (folder_name(self._symbol), "*"):
            for path in (self._workspace.root / "outbox").glob(f"{folder}/*"):
                if path.name == upload:
                    return path
        return None

    def _ends(self, upload: str, lsn: str) -> Sequence[int]:
        """The end bytes of the records with this number in an upload, by the ledgers."""
        if self._many:
            if upload not in self._numbers:
                self._numbers[upload] = {}
                for number, end in self._asked(upload, None):
                    self._numbers[upload].setdefault(number, []).append(end)
            return self._numbers[upload].get(lsn, ())
        return [end for _, end in self._asked(upload, lsn)]

    def _asked(self, upload: str, lsn: str | None) -> list[tuple[str, int]]:
        ledgers = [str(path) for path in (self._workspace.root / "ledger").glob("*/*.parquet") if ".txt" not in path.name]
        if not ledgers:
            return []
        with asking() as database:
            return database.execute(
                'SELECT lsn, "end" FROM read_parquet(?) WHERE outbox = ? AND lsn IS NOT NULL AND (? IS NULL OR lsn = ?)',
                [ledgers, upload, lsn, lsn]).fetchall()

    # what came with a pack

    @cached_property
    def _places(self) -> tuple[dict[tuple[str, int], Place], dict[tuple[str, str], Place]]:
        places = list(packed_places(self._workspace, self._symbol))
        return ({(place.upload, place.end): place for place in places if place.end is not None},
                {(place.upload, place.lsn): place for place in places if place.lsn})

    def _packed(self, upload: str, end: int | None, lsn: str | None) -> Sent:
        by_end, by_number = self._places
        place = by_end.get((upload, end)) if end else None
        if place is None and lsn:
            place = by_number.get((upload, lsn))
        if place is None:
            where = "pack" if by_end or by_number else "workspace's outbox"
            return Sent(end, None, f"{upload} is not in this {where}")
        if "" not in self._files:
            path = packed_folder(self._workspace, self._symbol) / SENT
            self._files[""] = self._stack.enter_context(path.open("rb"))
        file = self._files[""]
        assert file is not None
        file.seek(place.offset)
        return Sent(place.end, file.read(place.length))

    def close(self) -> None:
        """Gives the files back."""
        self._stack.close()
        self._files.clear()

    def __enter__(self) -> SentRecords:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def packed_folder(workspace: Workspace, symbol: str) -> Path:
    """Where the records of a symbol stand that came with a pack."""
    return workspace.root / "sent" / folder_name(symbol)


def packed_places(workspace: Workspace, symbol: str) -> Iterator[Place]:
    """Where the records stand that came with a pack; none in a workspace of its own."""
    path = packed_folder(workspace, symbol) / PLACES
    if path.is_file():
        yield from (Place(**orjson.loads(line)) for line in path.read_bytes().splitlines())


def place_line(place: Place) -> dict[str, object]:
    """A place as it stands in sent.jsonl."""
    return asdict(place)


def mms_ids(workspace: Workspace, symbol: str) -> dict[str, str]:
    """The MMS id of the bib that each local number of a symbol belongs to, as the newest prepare run tells it, or the pack."""
    found = {place.lsn: place.mms for place in packed_places(workspace, symbol) if place.lsn and place.mms}
    if ledgers := [str(path) for path in run_ledgers(workspace, symbol)]:
        with asking() as database:
            found |= dict(database.execute(
                "SELECT lsn, max_by(mms, filename) FROM read_parquet(?, filename = true) "
                "WHERE lsn IS NOT NULL AND mms IS NOT NULL GROUP BY lsn", [ledgers]).fetchall())
    return found


def _cut(file: BinaryIO, end: int) -> bytes | None:
    """The record that ends at this byte (1-based, its 0x1D included), when one does."""
    start = max(0, end - _LONGEST)
    file.seek(start)
    block = file.read(end - start)
    if not block.endswith(_END) or len(block) != end - start:
        return None
    return block[block.rfind(_END, 0, -1) + 1 :]
