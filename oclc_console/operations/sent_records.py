"""Finds records as they were sent, byte for byte: by the end byte that OCLC's record key gives, where the record there has the
row's local number or that byte's meaning is verified (locating.py), else by their local number; among the files that were sent
or, where there are none, among the records that came with a pack. Not for showing them (record_as_sent.py).

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

from oclc_console.operations.locating import Uploads, cut
from oclc_console.store.ledger import asking, run_ledgers
from oclc_console.store.pack_file import PLACES, SENT
from oclc_console.workspace import Workspace, folder_name

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
    verified: int = 0


@dataclass(frozen=True)
class Sent:
    """A record as it was sent: its bytes, and its end byte in the upload; no bytes: `reason` says why. `verified` is by how
    many rows of the report the end byte was verified, for a record without a local number."""

    end: int | None
    raw: bytes | None
    reason: str = ""
    verified: int = 0


class SentRecords:
    """The records that were sent of one symbol. A pack's file stays open until it is closed. `many`: more than a few will be
    asked for by their local numbers, so those of a file are all read at once."""

    def __init__(
        self, workspace: Workspace, symbol: str, *, many: bool = False, uploads: Uploads | None = None
    ) -> None:
        self._workspace, self._symbol, self._many = workspace, symbol, many
        self._uploads = uploads or Uploads(workspace)
        self._pack: BinaryIO | None = None
        self._numbers: dict[str, dict[str, list[int]]] = {}
        self._stack = ExitStack()

    def find(self, upload: str | None, end: int | None, lsn: str | None) -> Sent:
        """The record that a report of this upload is about: by its end byte, else by its local number."""
        if not upload:
            return Sent(end, None, "the report's name does not say which upload it is about")
        path = self._uploads.path_of(self._symbol, upload)
        if path is None:
            return self._packed(upload, end, lsn)
        raw = cut(path, end) if end else None
        if lsn:
            return self._with_number(upload, path, lsn, Sent(end, raw))
        if raw is None:
            return Sent(end, None, _not_there(end, None))
        verdict = self._uploads.verdict(self._symbol, path)
        if not verdict.holds:
            return Sent(end, None, f"it has no local number, and its place can't be told: {verdict.reason}")
        return Sent(end, raw, verified=verdict.checked)

    def _with_number(self, upload: str, path: Path, lsn: str, there: Sent) -> Sent:
        """The record with this number: the one that ends where it should, or where the ledger has it."""
        if there.raw is not None and lsn in self._uploads.numbers_in(self._symbol, there.raw):
            return there
        ends = self._ends(upload, lsn)
        raw = cut(path, ends[0]) if len(ends) == 1 else None
        return Sent(ends[0], raw) if raw is not None else Sent(there.end, None, _not_there(there.end, lsn))

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
        folders = sorted(path for path in (self._workspace.root / "ledger").glob("*") if path.is_dir())
        ledgers = [str(path) for folder in folders for path in run_ledgers(self._workspace, folder.name)]
        if not ledgers:
            return []
        with asking() as database:
            return database.execute(
                """SELECT DISTINCT lsn, CASE outbox WHEN $upload THEN "end" ELSE "offset" + "length" END
                   FROM read_parquet($ledgers)
                   WHERE (outbox = $upload OR source = $upload) AND lsn IS NOT NULL AND ($lsn IS NULL OR lsn = $lsn)""",
                {"ledgers": ledgers, "upload": upload, "lsn": lsn}).fetchall()

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
        if self._pack is None:
            self._pack = self._stack.enter_context((packed_folder(self._workspace, self._symbol) / SENT).open("rb"))
        self._pack.seek(place.offset)
        return Sent(place.end, self._pack.read(place.length), verified=place.verified)

    def close(self) -> None:
        """Gives the pack's file back."""
        self._stack.close()
        self._pack = None

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


def _not_there(end: int | None, lsn: str | None) -> str:
    if end is None:
        return "it names no place"
    return f"no record {f'with the number {lsn} ' if lsn else ''}ends at byte {end:,} of it"
