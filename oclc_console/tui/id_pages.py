"""The records behind one number of a coverage as rows for a list: read page by page in a thread, only those that are looked
at, so that a million open as fast as a hundred. Not for drawing them (screens/coverage_ids.py)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.table import Row, Rows

if TYPE_CHECKING:
    from oclc_console.operations.coverage_ids import PartIds, RecordId

PAGE = 100
KEPT_PAGES = 50


@dataclass(frozen=True)
class Found:
    """What a filter leaves: how many of how many."""

    text: str
    count: int
    every: int


@dataclass(frozen=True)
class Page:
    """A page of what a filter left."""

    found: Found
    number: int
    records: Sequence[RecordId]


class IdPages:
    """The pages that are here. `look` and `read` ask the ledger and belong in a thread; the rest is quick."""

    def __init__(self, ids: PartIds) -> None:
        self.ids = ids
        self.found = Found("", 0, 0)
        self._pages: OrderedDict[int, Sequence[RecordId]] = OrderedDict()

    def look(self, text: str) -> Found:
        """How many records a filter leaves."""
        every = self.ids.count()
        return Found(text, self.ids.count(text) if text else every, every)

    def read(self, found: Found, number: int) -> Page:
        """One page of them."""
        return Page(found, number, self.ids.page(number * PAGE, PAGE, found.text))

    def show(self, found: Found) -> None:
        """Takes what `look` found; forgets the pages of what was shown before."""
        self.found = found
        self._pages.clear()

    def keep(self, page: Page) -> None:
        """Keeps a page that was read, unless something else is shown by now."""
        if page.found is self.found:
            self._pages[page.number] = page.records
            while len(self._pages) > KEPT_PAGES:
                self._pages.popitem(last=False)

    def record(self, row: int) -> RecordId | None:
        """The record of a row, when its page is here."""
        page = self._pages.get(row // PAGE)
        return page[row % PAGE] if page and row % PAGE < len(page) else None


class IdRows(Rows):
    """The pages as rows of a table; asking for one that is not here calls `want(page)` and shows an ellipsis meanwhile."""

    def __init__(self, pages: IdPages, cells: Callable[[RecordId], list[Cell]], want: Callable[[int], None]) -> None:
        self._pages, self._cells, self._want = pages, cells, want

    def __len__(self) -> int:
        return self._pages.found.count

    def row(self, at: int) -> Row:
        record = self._pages.record(at)
        if record is None:
            self._want(at // PAGE)
            return [("…", "muted")]
        return self._cells(record)
