"""Finds records in the files that were sent by N of OCLC's record key. That N is the byte position of a record's end is
inferred, not promised: before a record without a local number is told by it, it is verified on the first rows of every report
on that upload that do carry one. Where it doesn't hold, or can't be verified, nothing is matched. Not for showing a record
(record_as_sent.py).

Source: facts of 2,424 real rows: the smallest N is a first record's length, and the gaps are records' lengths. As a start of
the next record N would be the same number; only a local number tells the two apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from oclc_console.marc.query import compile_places
from oclc_console.marc.record import END_OF_RECORD, LONGEST_RECORD, take_apart
from oclc_console.oclc.reports import RecordKey
from oclc_console.store.report_rows import ReportInfo, first_places, list_reports, rows_path
from oclc_console.workspace import Workspace, folder_name

CHECKED_ROWS = 20  # of each report on an upload
_PLACES = ("852$8", "001")


@dataclass(frozen=True)
class Verdict:
    """Whether N is the end of a record in an upload, by `checked` rows whose local number stands in the record that ends there;
    `reason` says why not."""

    holds: bool
    checked: int
    reason: str = ""


class Uploads:
    """The files that were sent from a workspace, as far as they are here, and what N means in each."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._verdicts: dict[Path, Verdict] = {}
        self._paths: dict[tuple[str, str], Path | None] = {}

    @cached_property
    def _infos(self) -> list[ReportInfo]:
        return list_reports(self._workspace)

    def name_of(self, key: RecordKey) -> str:
        """The name of the upload with this key's collection and instant, as a report's name tells it; empty when none does."""
        same = (info.original for info in self._infos if info.original and info.epoch_ms == key.epoch_ms
                and info.collection == key.collection)
        return next(same, "")

    def path_of(self, symbol: str, original: str) -> Path | None:
        """The file of this name that was sent: one of ours, or one that Alma published and delivered itself."""
        if (symbol, original) not in self._paths:
            self._paths[symbol, original] = self._find(symbol, original)
        return self._paths[symbol, original]

    def _find(self, symbol: str, original: str) -> Path | None:
        for kind in ("outbox", "inbox"):
            for folder in (folder_name(symbol), "*"):
                for path in sorted((self._workspace.root / kind).glob(f"{folder}/*")):
                    if path.name == original:
                        return path
        return None

    def verdict(self, symbol: str, path: Path) -> Verdict:
        """Whether N is the end of a record in this file."""
        if path not in self._verdicts:
            self._verdicts[path] = self._verified(symbol, path)
        return self._verdicts[path]

    def _verified(self, symbol: str, path: Path) -> Verdict:
        checked = 0
        for report, n, lsn in self._first_rows(path.name):
            raw = cut(path, n)
            if raw is None:
                return Verdict(False, checked, f"no record ends at byte {n:,}, which {report} gives for {lsn}")
            if lsn not in self.numbers_in(symbol, raw):
                return Verdict(False, checked, f"the record that ends at byte {n:,} is not {lsn}, for which {report} gives it")
            checked += 1
        if not checked:
            return Verdict(False, 0, "no row of its reports carries a local number by which N could be verified")
        return Verdict(True, checked)

    def _first_rows(self, original: str) -> Iterator[tuple[str, int, str]]:
        for info in self._infos:
            if info.original == original and info.epoch_ms is not None:
                path = rows_path(self._workspace, info.symbol, info.name)
                for n, lsn in first_places(path, CHECKED_ROWS):
                    yield info.name, n, lsn

    def numbers_in(self, symbol: str, raw: bytes) -> list[str]:
        """Every local number that a record may be known by: those at the symbol's `lsn` places and its 001."""
        try:
            record = take_apart(raw)
        except ValueError:
            return []
        places = dict.fromkeys((*self._places(symbol), "001"))
        found = (value for place in places for value in compile_places([place])(record))
        return [value.decode("utf-8", "backslashreplace") for value in found]

    def _places(self, symbol: str) -> Sequence[str]:
        symbols = self._workspace.settings.symbols.values()
        return next((each.lsn for each in symbols if folder_name(each.code) == folder_name(symbol)), _PLACES)


def cut(path: Path, end: int) -> bytes | None:
    """The record that ends at this byte (1-based, its 0x1D included), when one does."""
    start = max(0, end - LONGEST_RECORD - 1)
    with open(path, "rb") as file:
        file.seek(start)
        block = file.read(end - start)
    if end < 1 or not block.endswith(END_OF_RECORD) or len(block) != end - start:
        return None
    before = block.rfind(END_OF_RECORD, 0, -1)
    return block[before + 1 :] if before >= 0 or start == 0 else None
