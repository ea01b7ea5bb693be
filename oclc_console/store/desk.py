"""The cataloguer's desk: every record that OCLC complained about, of one symbol or of all, joined with what people did about
it. Asks by library, group, severity, owner, state, report and words; sorts; gives pages; and passes changes on to the reviews.
Opens with what was gathered before; what came since is gathered behind (catch_up). Not for reading reports (gathering.py).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, overload

import numpy as np

from oclc_console.errors import CallError, InputError
from oclc_console.oclc.meanings import Group, Meanings, load_meanings
from oclc_console.store.asking import FACETS, SORTS, TODO, Filter, fitting, groups_of, in_order, without
from oclc_console.store.board import Board
from oclc_console.store.columns import Column
from oclc_console.store.gathered import gathered_path, load_gathered
from oclc_console.store.rejected import (
    Appearance,
    Complaint,
    OneRecord,
    Ref,
    Rejection,
    appearances_of,
    ref_of,
    rejection_of,
    row_of,
)
from oclc_console.store.review_values import new_act
from oclc_console.store.reviews import Act, Change, Changed, Reviews
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    from oclc_console.store.rejections import Document, ExceptionFile

__all__ = [
    "FACETS", "SORTS", "TODO", "Appearance", "Complaint", "Count", "Desk", "Filter", "OneRecord", "Ref", "Rejection",
    "Selection", "gather",
]
EVERYTHING = Filter()


@dataclass(frozen=True)
class Count:
    """How many records have a value of a facet; `label` is that value for people."""

    value: str
    label: str
    records: int


class Selection(Sequence[Rejection]):
    """The records that a question found, in order. Which ones they are stays; what people did about them is told as it is
    when a page is read."""

    def __init__(self, board: Board, rows: Column) -> None:
        self._board, self.rows = board, rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, at: int) -> Rejection: ...
    @overload
    def __getitem__(self, at: slice) -> list[Rejection]: ...
    def __getitem__(self, at: int | slice) -> Rejection | list[Rejection]:
        if isinstance(at, slice):
            return [rejection_of(self._board, int(row)) for row in self.rows[at]]
        return rejection_of(self._board, int(self.rows[at]))

    def page(self, offset: int, count: int) -> list[Rejection]:
        """`count` records from `offset` on; fewer at the end."""
        self._board.follow()
        return self[max(0, offset) : max(0, offset) + max(0, count)]

    def ref(self, at: int) -> Ref:
        """What names the record at this place."""
        return ref_of(self._board, int(self.rows[at]))

    def refs(self) -> list[Ref]:
        """What names each record, all of them."""
        return [ref_of(self._board, row) for row in self.rows.tolist()]

    def find(self, ref: Ref) -> int | None:
        """Where a record stands in this order."""
        row = row_of(self._board, ref)
        found: Sequence[int] = np.flatnonzero(self.rows == row).tolist() if row is not None else []
        return found[0] if found else None


class Desk:
    """All rejections of a workspace, or of one symbol. Threads may share it; every question sees what other processes did."""

    def __init__(self, workspace: Workspace, symbol: str | None, meanings: Meanings) -> None:
        self.workspace, self.meanings = workspace, meanings
        self._only = folder_name(symbol) if symbol is not None else None
        self._lock = threading.RLock()
        self._reviews: dict[str, Reviews] = {}
        self._board = self._loaded()

    @classmethod
    def open(cls, workspace: Workspace, symbol: str | None = None) -> Desk:
        """The desk with what was gathered before; see `behind`."""
        return cls(workspace, symbol, load_meanings(workspace.root))

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forgets everything; files that are read in place are given back with the last selection."""
        with self._lock:
            self._board = Board([])

    # what is here

    def _symbols(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        found: set[str] = set()
        for kind in ("reports", "rejections"):
            with suppress(FileNotFoundError):
                found |= {entry.name for entry in (self.workspace.root / kind).iterdir() if entry.is_dir()}
        return sorted(found)

    def _loaded(self) -> Board:
        parts = []
        for symbol in self._symbols():
            columns = load_gathered(gathered_path(self.workspace, symbol))
            if columns is not None:
                parts.append((columns, self.reviews(symbol)))
        board = Board(parts)
        board.follow()
        return board

    def reviews(self, symbol: str) -> Reviews:
        """What people did about the records of one symbol."""
        with self._lock:
            return self._reviews.setdefault(folder_name(symbol), Reviews(self.workspace, symbol))

    @property
    def behind(self) -> bool:
        """Whether reports, ledgers or meanings came since the columns were made: then `catch_up`."""
        from oclc_console.store.gathering import sources_of
        from oclc_console.store.report_rows import list_reports

        meanings = load_meanings(self.workspace.root)
        here = {part.gathered.symbol: part.gathered.about for part in self._board.parts}
        for symbol in self._symbols():
            about = here.get(symbol)
            if about is None and not list_reports(self.workspace, symbol):
                continue
            if about is None or (not about["fixed"]
                                 and about["sources"] != sources_of(self.workspace, symbol, meanings)):
                return True
        return False

    def catch_up(self) -> bool:
        """Gathers what is missing, and makes ready what the first questions need; whether anything had changed. Takes its
        time: belongs in a thread. Selections that were made before keep what they hold; ask again."""
        from oclc_console.store.gathering import gather_aside
        from oclc_console.store.report_rows import list_reports

        self.meanings = load_meanings(self.workspace.root)
        changed = self.behind
        for symbol in self._symbols():
            if list_reports(self.workspace, symbol) or gathered_path(self.workspace, symbol).is_file():
                changed = gather_aside(self.workspace, symbol) or changed
                self.reviews(symbol).compact_if_due()
                self.reviews(symbol).keep_checkpoint()
        board = self._loaded() if changed else self._board
        board.warm()
        with self._lock:
            self._board = board
        return changed

    # asking

    def query(self, which: Filter = EVERYTHING, sort: str = "severity", reverse: bool = False) -> Selection:
        """The records that fit, in order: by default what is worst first, and the same faults together. Raises CallError for
        an order that is not one of SORTS."""
        if sort not in SORTS:
            raise CallError(f"rejections can't be ordered by {sort!r}", then=f"Choose one of: {', '.join(SORTS)}.")
        board = self._followed()
        rows = in_order(board, sort, self.meanings)
        rows = rows[fitting(board, which, self.meanings)[rows]]
        return Selection(board, rows[::-1] if reverse else rows)

    def counts(self, facet: str, which: Filter = EVERYTHING) -> list[Count]:
        """How many records have which value of a facet, the biggest first; the facet's own condition is left out. Values that
        no record has are not told. Raises CallError for what is no facet."""
        if facet not in FACETS:
            raise CallError(f"{facet!r} is nothing to count by", then=f"Choose one of: {', '.join(FACETS)}.")
        board = self._followed()
        fits = fitting(board, without(which, facet), self.meanings)
        if facet in ("group", "report"):
            rows, words = board.reports_of_rows if facet == "report" else groups_of(board, which)
            counted = np.bincount(words[fits[rows]], minlength=len(board.words[facet]))
        else:
            counted = np.bincount(board.columns[facet][fits], minlength=len(board.words[facet]))
        found = [Count(word, self._label(facet, word), int(count))
                 for word, count in zip(board.words[facet], counted, strict=False) if count]
        return sorted(found, key=lambda count: (-count.records, count.label))

    def _label(self, facet: str, word: str) -> str:
        if facet == "group":
            return self.group(word).title
        return State(word).label if facet == "state" else word

    def hidden(self, which: Filter = EVERYTHING) -> int:
        """How many more records there would be with `minor`."""
        board = self._followed()
        return int(fitting(board, replace(which, minor=True), self.meanings).sum()
                   - fitting(board, which, self.meanings).sum())

    def group(self, id_: str) -> Group:
        """What a group means."""
        return self.meanings.group(id_)

    def rejections(self, refs: Iterable[Ref]) -> list[Rejection]:
        """Records by name; those not here are left out."""
        board = self._followed()
        rows = [row_of(board, ref) for ref in refs]
        return [rejection_of(board, row) for row in rows if row is not None]

    def record(self, ref: Ref) -> OneRecord | None:
        """All there is to know about one record; None where it is not here."""
        board = self._followed()
        row = row_of(board, ref)
        if row is None:
            return None
        appearances = tuple(reversed(list(appearances_of(board, row, self.meanings))))
        return OneRecord(rejection_of(board, row), appearances, board.review(row))

    def document(self, symbol: str, complaint: Complaint) -> Document:
        """OCLC's line as it was written down when its report came. Raises InputError where it is not there any more."""
        from oclc_console.store.rejections import open_exceptions

        with open_exceptions(self.workspace, symbol, complaint.report) as file:
            return _document(file, complaint)

    def _followed(self) -> Board:
        board = self._board
        board.follow()
        return board

    # changing

    def change(
        self, refs: Iterable[Ref], change: Change, who: str | None = None, *, take_over: bool = False
    ) -> dict[str, Changed]:
        """Does the same to all these records, as one act: one write a symbol, each on disk when this comes back."""
        keys: dict[str, list[str]] = {}
        for symbol, key in refs:
            keys.setdefault(symbol, []).append(key)
        act = new_act()
        return {symbol: self.reviews(symbol).change(each, change, who, take_over=take_over, act=act)
                for symbol, each in keys.items()}

    def last_act(self, who: str | None = None) -> tuple[str, Act] | None:
        """What `undo` would take back, and of which symbol (of one of them, where it went over several)."""
        found = [(act.at, symbol, act) for symbol in self._symbols() if (act := self.reviews(symbol).last_act(who))]
        if not found:
            return None
        _, symbol, act = max(found, key=lambda each: each[:2])
        return symbol, act

    def undo(self, who: str | None = None) -> dict[str, Changed]:
        """Takes back the newest act of this person, in every symbol that it was about; empty: there is none."""
        last = self.last_act(who)
        if last is None:
            return {}
        found = {symbol: self.reviews(symbol).undo(who, last[1].id) for symbol in self._symbols()}
        return {symbol: changed for symbol, changed in found.items() if changed is not None}


def gather(workspace: Workspace, symbol: str) -> bool:
    """Brings a symbol's columns up to date, as at the end of an import; whether anything had changed."""
    from oclc_console.store import gathering  # the desk opens without it

    return gathering.gather(workspace, symbol)


def _document(file: ExceptionFile, complaint: Complaint) -> Document:
    if complaint.document < len(file) and (found := file[complaint.document])["line"] == complaint.line:
        return found
    raise InputError(f"line {complaint.line:,} of this report is not among its exceptions", where=str(file.path),
                     then=f"Delete this file, then import {file.path.stem} from the reports folder again.")
