"""What the workbench shows, without drawing it: which records are asked for (View), the pages of them that are here
(BenchPages, read in threads, only those looked at), and which are marked (Marks). Not for the screen (screens/workbench.py)."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from oclc_console.tui.rejection_words import FACET_NAMES, TODO, value_words
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.facets import Value
from oclc_console.tui.widgets.table import Row, Rows
from oclc_console.tui.words import percent

if TYPE_CHECKING:
    from oclc_console.operations.alma_list import AlmaList
    from oclc_console.store.desk import Count, Desk, Filter, Ref, Rejection, Selection

PAGE = 100
KEPT_PAGES = 50
FACETS = ("group", "library", "state", "severity", "owner", "symbol")
ORDERS: dict[str, str] = {  # how a desk can order -> what a person calls it
    "severity": "severity", "group": "fault", "library": "library", "state": "state", "owner": "owner", "title": "title",
    "key": "LSN", "appearances": "appearances", "report": "newest upload"}


@dataclass(frozen=True)
class View:
    """What is asked for: the value of each facet that is set (with its words for people), in the order they were set; words
    that must occur; whether MINOR lines count; the order."""

    only: tuple[tuple[str, str, str], ...] = (("state", TODO, "to do"),)
    text: str = ""
    minor: bool = False
    order: str = "severity"
    reverse: bool = False

    def filter(self) -> Filter:
        """The same for a desk. Brings the store: for threads."""
        from oclc_console.store.desk import Filter

        return Filter(**{facet: value for facet, value, _ in self.only}, text=self.text, minor=self.minor)

    def value(self, facet: str) -> str | None:
        """What a facet is set to."""
        return next((value for each, value, _ in self.only if each == facet), None)

    def toggled(self, facet: str, value: str, label: str) -> View:
        """With a facet set to a value; not set any more where it was set to it."""
        others = tuple(each for each in self.only if each[0] != facet)
        return replace(self, only=others if self.value(facet) == value else (*others, (facet, value, label)))

    def wider(self) -> View:
        """Without what was set last: a text first."""
        return replace(self, text="") if self.text else replace(self, only=self.only[:-1])

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is set."""
        return bool(self.only or self.text)

    def words(self) -> str:
        """What is set, for a title: `to do · MED · Record is sparse`."""
        said = [value_words(facet, value, label) if facet != "report" else f"report {label}"
                for facet, value, label in self.only]
        return " · ".join([*said, *([f"filter: {self.text}"] if self.text else [])])


@dataclass(frozen=True)
class Found:
    """What a view found: the records, of how many there are in all; how many more MINOR ones there would be; where the record
    stands that had the cursor; the page of it."""

    view: View
    selection: Selection
    every: int
    hidden: int
    at: int
    number: int
    page: Sequence[Rejection]


@dataclass(frozen=True)
class Counted:
    """The facets' values with how many records have them, and of how many."""

    view: View
    counts: Mapping[str, Sequence[Count]]
    totals: Mapping[str, int]


def look(desk: Desk, view: View, on: Ref | None = None) -> Found:
    """Asks a desk; the cursor is to stay on the record `on` where it is among what is found. For threads."""
    from oclc_console.store.desk import Filter

    which = view.filter()
    selection = desk.query(which, view.order, view.reverse)
    every = sum(each.records for each in desk.counts("symbol", Filter(minor=True)))
    hidden = 0 if view.minor else desk.hidden(which)
    at = (selection.find(on) or 0) if on else 0
    return Found(view, selection, every, hidden, at, at // PAGE, selection.page(at // PAGE * PAGE, PAGE))


def count(desk: Desk, view: View, shown: int) -> Counted:
    """Counts by every facet; `shown` is how many records the view itself found. For threads."""
    from oclc_console.store.desk import Count
    from oclc_console.tui.rejection_words import with_to_do

    which = view.filter()
    counts, totals = {}, {}
    for facet in FACETS:
        found: Sequence[Count] = desk.counts(facet, which)
        totals[facet] = shown
        if view.value(facet) is not None:
            without = replace(view, only=tuple(each for each in view.only if each[0] != facet))
            whole = desk.counts("symbol", without.filter()) if facet == "group" else found  # a record has several faults
            totals[facet] = sum(each.records for each in whole)
        counts[facet] = with_to_do(found, Count) if facet == "state" and found else found
    return Counted(view, counts, totals)


@dataclass
class BenchPages:
    """The pages that are here. All of it is quick; what reads is `read`, for threads."""

    found: Found | None = None
    _pages: OrderedDict[int, tuple[int, Sequence[Rejection]]] = field(default_factory=OrderedDict)
    _reading: int = 0

    def show(self, found: Found) -> None:
        """Takes what was found; forgets the pages of what was shown before."""
        self.found = found
        self._pages.clear()
        self._pages[found.number] = (self._reading, found.page)

    def read_again(self) -> None:
        """What people did may have changed: every page that is looked at is to be read again; until then it stays."""
        self._reading += 1

    def reader(self, number: int) -> Callable[[], tuple[Selection | None, int, int, Sequence[Rejection]]]:
        """What reads one page, in a thread."""
        selection, reading = self.found.selection if self.found else None, self._reading
        return lambda: (selection, number, reading, selection.page(number * PAGE, PAGE) if selection is not None else ())

    def keep(self, selection: Selection | None, number: int, reading: int, page: Sequence[Rejection]) -> None:
        """Keeps a page that was read, unless something else is shown by now."""
        if self.found is None or selection is not self.found.selection:
            return
        self._pages[number] = (reading, page)
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)

    def record(self, row: int) -> Rejection | None:
        """The record of a row, when its page is here."""
        _, page = self._pages.get(row // PAGE, (0, ()))
        return page[row % PAGE] if row % PAGE < len(page) else None

    def is_fresh(self, number: int) -> bool:
        """Whether a page is here as it is now."""
        return number in self._pages and self._pages[number][0] == self._reading

    def __len__(self) -> int:
        return len(self.found.selection) if self.found else 0


class BenchRows(Rows):
    """The pages as rows of a table; asking for one that is not here (as it is now) calls `want(page)`."""

    def __init__(self, pages: BenchPages, cells: Callable[[Rejection], list[Cell]], want: Callable[[int], None]) -> None:
        self._pages, self._cells, self._want = pages, cells, want

    def __len__(self) -> int:
        return len(self._pages)

    def row(self, at: int) -> Row:
        if not self._pages.is_fresh(at // PAGE):
            self._want(at // PAGE)
        record = self._pages.record(at)
        return [" ", ("…", "muted")] if record is None else self._cells(record)


class Marks:
    """Which records are marked: some by name, or all that a question found but some."""

    def __init__(self) -> None:
        self._some: dict[Ref, None] = {}
        self._all: Selection | None = None
        self._but: set[Ref] = set()

    def __len__(self) -> int:
        return len(self._all) - len(self._but) if self._all is not None else len(self._some)

    def has(self, ref: Ref) -> bool:
        """Whether a record that is shown is marked."""
        return ref not in self._but if self._all is not None else ref in self._some

    def toggle(self, ref: Ref) -> None:
        """Marks a record, or takes its mark away."""
        kept: dict[Ref, Any] | set[Ref] = self._but if self._all is not None else self._some
        if isinstance(kept, set):
            kept ^= {ref}
        elif ref in kept:
            del kept[ref]
        else:
            kept[ref] = None

    def add(self, refs: Iterable[Ref]) -> None:
        """Marks these too."""
        if self._all is not None:
            self._but -= set(refs)
        else:
            self._some.update(dict.fromkeys(refs))

    def take_all(self, selection: Selection) -> None:
        """Marks all that a question found."""
        self.clear()
        self._all = selection

    def clear(self) -> None:
        """No marks."""
        self._some, self._all, self._but = {}, None, set()

    def shows_other(self) -> None:
        """Something else is shown now: the mark on all that was found before goes, marks by name stay."""
        if self._all is not None:
            self.clear()

    def reader(self) -> Callable[[], list[Ref]]:
        """What names all of them, in a thread."""
        some, everything, but = list(self._some), self._all, set(self._but)
        return lambda: some if everything is None else [ref for ref in everything.refs() if ref not in but]


@dataclass(frozen=True)
class Repair:
    """A list for Alma of all records with one fault: what was written, which records, and how many belong to whom."""

    title: str
    made: AlmaList
    refs: Sequence[Ref]
    owners: Mapping[str, int]


def repair(desk: Desk, view: View, one: Rejection) -> Repair:
    """Writes the list for the records of a view that have the fault asked for, else that of `one`. For threads. Raises
    CallError when no bib of theirs is known."""
    from oclc_console.operations.alma_list import alma_list

    if view.value("group") is None:
        view = view.toggled("group", one.group, desk.group(one.group).title)
    title = next(label for facet, _, label in view.only if facet == "group")
    found = desk.query(view.filter())
    records = found.page(0, len(found))
    owners = Counter(each.owner for each in records)
    return Repair(title, alma_list(desk.workspace, records, title), [each.ref for each in records], owners)


def facet_values(facet: str, counted: Counted, view: View) -> list[Value]:
    """The values of a facet as its panel shows them."""
    total, chosen = counted.totals[facet], view.value(facet)
    return [Value(each.value, value_words(facet, each.value, each.label), f"{each.records:,}",
                  percent(each.records, total), each.value == chosen) for each in counted.counts[facet]]


def facet_title(facet: str, counted: Counted | None) -> str:
    """`By fault · 9 of 81 records`: what a panel of a facet is about."""
    if counted is None:
        return f"By {FACET_NAMES[facet]}"
    values = counted.counts[facet]
    several = sum(each.value != TODO for each in values)
    return f"By {FACET_NAMES[facet]} {several:,} · of {counted.totals[facet]:,} records"
