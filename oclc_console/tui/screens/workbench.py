"""What is mine to mend, and what mends it? Every record that OCLC complained about, however many: by fault, library, state,
severity and owner, marked and worked on many at a time. Not for one record (rejection.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.errors import ConsoleError
from oclc_console.tui.bench import (
    FACETS,
    ORDERS,
    BenchRows,
    Counted,
    Found,
    View,
    count,
    facet_title,
    facet_values,
    look,
)
from oclc_console.tui.bench_words import (
    NARROW_COLUMNS,
    WIDE_COLUMNS,
    cells,
    in_full,
    in_short,
    nothing_here,
    panel_title,
    titles,
)
from oclc_console.tui.follow import Facts
from oclc_console.tui.rejection_words import FACET_NAMES
from oclc_console.tui.screens.changing import Targets
from oclc_console.tui.screens.rejection import RejectionScreen
from oclc_console.tui.screens.taking_out import TakingOutScreen
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.facets import FacetList, Facets
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Table
from oclc_console.tui.words import WIDE

if TYPE_CHECKING:
    from oclc_console.store.desk import Desk, Rejection, Selection


class WorkbenchScreen(TakingOutScreen):
    """One level into place 4."""

    PLACE = "4"
    TITLE = "Rejections"
    HELP = ("Every record that OCLC complained about, as work to do. Above (or left): how many have which fault, library, "
            "state, severity, owner; f goes there and from one to the next, Enter shows only those records, Backspace "
            "widens again. / filters by any word (!word shows the others). space marks, v marks up to here, A all of them; "
            "t, s and n then change all that are marked, else the record under the cursor, and z takes it back. r writes all "
            "shown records with the same fault to one list for Alma and marks them; e writes what is marked, else all shown, "
            "to files; p packs a library for a laptop. Records with nothing but MINOR lines are hidden until m.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="bench.open", key_display="↵", tooltip="The record: what OCLC wrote, its MARC"),
        Binding("f", "facet", "Facets", id="bench.facet", tooltip="By fault, library, state, severity, owner: the next"),
        Binding("slash", "filter", "Filter", id="bench.filter", key_display="/", tooltip="Only records that hold a word"),
        Binding("backspace", "wider", "Wider", id="bench.wider", show=False, key_display="⌫",
                tooltip="Drop what was narrowed down last"),
        Binding("o", "order", "Order", id="bench.order", show=False, tooltip="Order by the next column"),
        Binding("O", "turn", "Turn", id="bench.turn", show=False, key_display="O", tooltip="Turn the order round"),
        Binding("m", "minor", "Minor", id="bench.minor", show=False, tooltip="Show or hide records with only MINOR lines"),
        Binding("tab", "app.focus_next", "Panel", id="bench.panel", show=False, key_display="Tab",
                tooltip="To the next panel"),
    ]
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset({
        "reject.note", "reject.undo", "bench.mark", "bench.all", "bench.repair", "bench.export", "bench.order", "bench.wider"})

    def __init__(self, view: View | None = None, remember: list[View] | None = None) -> None:
        super().__init__()
        self._view = view or View()
        self._remember = remember if remember is not None else []
        self._page: RejectionScreen | None = None
        self._looking, self._again, self._on = False, False, False
        self._catching_up = False
        self._seen: tuple[int, object] = (-1, ())
        self._wanted: set[int] = set()

    def body(self) -> Iterable[Widget]:
        """The facets, the records, and what the one under the cursor is about."""
        yield Facets({facet: FACET_NAMES[facet] for facet in FACETS})
        yield Vertical(
            Frame(Table(NARROW_COLUMNS, empty="Opening the rejections…", id="bench-list"), Lines(id="line"),
                  FilterLine("any word: an id, a title, a fault, an owner, a note"), title="Rejections", id="bench"),
            Frame(Lines(id="bench-lines"), title="Record", id="bench-about"), id="bench-side")

    def on_mount(self) -> None:
        """Opens the desk in a thread."""
        super().on_mount()
        self.query_one("#line").can_focus = False
        self.table.focus()
        self._arrange()
        workspace = self.workspace

        def opened() -> Desk:
            from oclc_console.store.desk import Desk

            return Desk.open(workspace)

        self.ask("opening the rejections", opened, self._opened)

    def _opened(self, desk: Desk) -> None:
        self.desk = desk
        self._look()
        self._catch_up()

    def on_unmount(self) -> None:
        """Gives the files back."""
        if self.desk is not None:
            self.desk.close()

    # what is here

    def show_facts(self, facts: Facts) -> None:
        """Follows new reports, and what others do."""
        before, self._seen = self._seen, (facts.changes, facts.worked)
        if self.desk is None or before[0] < 0:
            return
        if before[0] != facts.changes:
            self._catch_up()
        elif before[1] != facts.worked:
            self.changed()

    def _catch_up(self) -> None:
        """Gathers what came since, in a thread; what is here already stays in use meanwhile."""
        desk = self.desk
        if desk is None or self._catching_up:
            return
        self._catching_up = True

        def work() -> bool | ConsoleError:
            try:
                return desk.behind and desk.catch_up()
            except ConsoleError as error:
                return error

        self.ask("gathering what came since", work, self._caught_up)
        self.show_title()

    def _caught_up(self, came: bool | ConsoleError) -> None:
        self._catching_up = False
        if isinstance(came, ConsoleError):
            self.console.show_error("Not everything is here", str(came))
        elif came:
            self._look(stay=True)
        self.show_title()
        self._say()

    def changed(self) -> None:
        """Reads again what is shown, and counts; which records are listed stays until something else is asked for."""
        self.pages.read_again()
        self.table.look_again()
        self._count()

    def _look(self, *, stay: bool = False) -> None:
        """Asks for what the view wants, once at a time: what is wanted meanwhile is asked for when the answer is here."""
        self._on = stay
        if self._looking or self.desk is None:
            self._again = True
            return
        self._looking, self._again = True, False
        desk, view, one = self.desk, self._view, self.one() if stay else None

        def work() -> Found | ConsoleError:
            try:
                return look(desk, view, one.ref if one else None)
            except ConsoleError as error:
                return error

        self.ask("the rejections", work, self._found)

    def _found(self, found: Found | ConsoleError) -> None:
        self._looking = False
        if isinstance(found, ConsoleError):
            self.console.show_error("The rejections", str(found))
            return
        self.pages.show(found)
        self.marks.shows_other()
        self._wanted.clear()
        self.last_mark = found.at
        self._show()
        if self.table.cursor != found.at:
            self.table.cursor = found.at
        self._moved()
        if self._again:
            self._look(stay=self._on)
        else:
            self._count()

    def _count(self) -> None:
        desk, view, shown = self.desk, self._view, len(self.pages)
        if desk is not None:
            self.ask("counting", lambda: count(desk, view, shown), self._show_counts)

    def _narrow(self, view: View, *, stay: bool = False) -> None:
        """Asks for something else."""
        self._view = view
        self._remember[:] = [view]
        self._look(stay=stay)

    # drawing

    @property
    def view(self) -> View:
        """What is asked for."""
        return self._view

    @property
    def table(self) -> Table:
        """The list of records."""
        return self.query_one("#bench-list", Table)

    @property
    def _wide(self) -> bool:
        return self.app.size.width >= WIDE

    def on_resize(self) -> None:
        """Other columns and panels for another width."""
        self._arrange()
        if self.pages.found is not None:
            self._show()

    def _arrange(self) -> None:
        """A narrow terminal has room for one facet at a time, and none for a panel."""
        several = self.counted is not None and len(self.counted.counts["symbol"]) > 1
        self.query_one(Facets).make_room(self._wide, [facet for facet in FACETS if facet != "symbol" or several])
        self.query_one("#bench-about").display = self._wide
        self.query_one("#line").display = not self._wide

    def _show(self) -> None:
        columns = WIDE_COLUMNS if self._wide else NARROW_COLUMNS
        self._say()
        self.table.show(BenchRows(self.pages, self._cells, self._want), (), columns)
        self.table.refresh()
        self.show_title()
        self.refresh_bindings()

    def _cells(self, rejection: Rejection) -> list[Cell]:
        return cells(rejection, marked=self.marks.has(rejection.ref), wide=self._wide)

    def show_title(self) -> None:
        """How many of how many, and what is asked for."""
        if (found := self.pages.found) is not None:
            self.query_one("#bench", Frame).titles(*titles(found, self._view, len(self.marks), self._catching_up))

    def _say(self) -> None:
        if (found := self.pages.found) is not None:
            self.table.say(nothing_here(found, self._view, self._catching_up))

    def _show_counts(self, counted: Counted) -> None:
        self.counted = counted
        self._arrange()
        for facet in FACETS:
            self.query_one(Facets).show(facet, facet_title(facet, counted), facet_values(facet, counted, self._view))

    def _want(self, number: int) -> None:
        if number not in self._wanted:
            self._wanted.add(number)
            self.call_later(self.ask, f"page {number}", self.pages.reader(number), self._page_read)

    def _page_read(self, read: tuple[Selection | None, int, int, Sequence[Rejection]]) -> None:
        self._wanted.discard(read[1])
        self.pages.keep(*read)
        self.table.look_again()
        self._moved()

    @on(Table.Moved, "#bench-list")
    def _moved(self) -> None:
        """Says what the record under the cursor is about, and what mends it."""
        one, desk = self.one(), self.desk
        if one is not None and desk is not None:
            group = desk.group(one.group)
            self.query_one("#line", Lines).show(lambda width: in_short(one, group, width))
            self.query_one("#bench-lines", Lines).show(lambda width: in_full(one, group, width))
            self.query_one("#bench-about", Frame).titles(panel_title(one))
        elif not len(self.pages):
            self.query_one("#line", Lines).show(lambda width: [])
            self.query_one("#bench-lines", Lines).show(lambda width: [])
            self.query_one("#bench-about", Frame).titles("Record")
        self.refresh_bindings()

    # what is meant

    def one(self) -> Rejection | None:
        """The record under the cursor."""
        return self.pages.record(self.table.cursor)

    def targets(self) -> Targets | None:
        """The marked records, else the one under the cursor while the list has the keys."""
        if marked := len(self.marks):
            return Targets(marked, self.marks.reader())
        one = self.one()
        if one is None or isinstance(self.focused, FacetList):
            return None
        refs = [one.ref]
        return Targets(1, lambda: refs)

    def no_target(self) -> str:
        """Why there is nothing to change."""
        if self.pages.found is None:
            return "The rejections are being opened: in a moment."
        if isinstance(self.focused, FacetList):
            return "Which records? Press Enter to show only these, then A to mark them all."
        return "There is no record under the cursor."

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Most keys need a record; widening something narrow."""
        if not self.is_mounted or not self.query("#bench-list"):
            return None
        if action in ("open", "mark", "range") and self.one() is None:
            return self.no_target()
        if action in ("all", "jump") and not len(self.pages):
            return "There is no record in the list."
        if action == "wider" and not self._view.is_narrowed:
            return "Nothing is narrowed down: all records are shown."
        return super().why_not(action, parameters)

    # moving, narrowing

    def action_facet(self) -> None:
        """To the facets; from one to the next."""
        self.query_one(Facets).take_keys()
        self.refresh_bindings()

    def action_records(self) -> None:
        """Back to the list."""
        self.table.focus()

    @on(Table.Chosen)
    def _chosen(self, message: Table.Chosen) -> None:
        if isinstance(message.table, FacetList):
            self.action_only()
        else:
            self.action_open()

    def action_only(self) -> None:
        """Shows only the records that have the value under the cursor; any again where it was so."""
        table = self.query_one(Facets).focused
        if table is not None and table.key is not None and self.counted is not None:
            labels = {each.value: each.label for each in self.counted.counts[table.facet]}
            self.query_one(Facets).current = table.facet
            self._narrow(self._view.toggled(table.facet, table.key, labels.get(table.key, "")))
            self.table.focus()

    def action_wider(self) -> None:
        """Drops what was narrowed down last."""
        if self._view.text:
            self.query_one(FilterLine).action_clear()
        else:
            self._narrow(self._view.wider(), stay=True)

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    @on(Input.Changed, "#filter")
    def _filter_changed(self, message: Input.Changed) -> None:
        if message.value != self._view.text:
            self._narrow(replace(self._view, text=message.value))

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self.table.focus()

    def action_minor(self) -> None:
        """Shows or hides records with nothing but MINOR lines."""
        self._narrow(replace(self._view, minor=not self._view.minor), stay=True)

    def action_order(self) -> None:
        """Orders by the next column."""
        orders = list(ORDERS)
        after = orders[(orders.index(self._view.order) + 1) % len(orders)]
        self._narrow(replace(self._view, order=after, reverse=False))

    def action_turn(self) -> None:
        """The last first."""
        self._narrow(replace(self._view, reverse=not self._view.reverse))

    # going on

    def action_open(self) -> None:
        """Opens the record."""
        one, found, desk = self.one(), self.pages.found, self.desk
        if one is not None and found is not None and desk is not None:
            self._page = RejectionScreen(desk, found.selection, self.table.cursor)
            self.app.push_screen(self._page)

    def on_screen_resume(self) -> None:
        """What was done on a record's page shows here, and the cursor stands on the one seen last."""
        super().on_screen_resume()
        if self._page is not None:
            self.table.cursor, self._page = self._page.at, None
        if self.pages.found is not None:
            self.changed()
