"""Which records are behind one number of a coverage? A pager over their ids, however many, and the way to write them to a
file. Not for the numbers (coverage.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.operations.coverage_ids import Exported, Form, PartIds, RecordId, export_part
from oclc_console.tui import words
from oclc_console.tui.coverage_words import part_name
from oclc_console.tui.id_pages import Found, IdPages, IdRows, Page
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Choose
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.tui.words import WIDE

if TYPE_CHECKING:
    from oclc_console.operations.coverage import Coverage

NARROW_COLUMNS = (Column("MMS id", 19), Column("LSN", 19), Column("library", 7), Column("record", 9, right=True),
                  Column("of file", 12, grows=True, name=True))
WIDE_COLUMNS = (Column("MMS id", 19), Column("LSN", 19), Column("library", 8), Column("record", 11, right=True),
                Column("of file", 40, grows=True, name=True), Column("fate", 28), Column("stream", 16))
_FORMS: tuple[tuple[Form, str, str], ...] = (
    ("csv", "CSV", "every column, for a spreadsheet"),
    ("alma", "Alma list", "the MMS ids alone, to make a set of them in Alma"),
)


class CoverageIdsScreen(ConsoleScreen):
    """Two levels into place 2."""

    PLACE = "2"
    TITLE = "Records"
    HELP = ("The records behind one number, in the order of Alma's files. / filters by id, library, file, fate and stream "
            "(!word shows the others). x writes those that are shown to a file: a CSV with every column, or the list of MMS "
            "ids from which Alma makes a set. c copies the LSN, C the MMS id.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="ids.filter", key_display="/", tooltip="Show only records that hold a word"),
        Binding("x", "export", "Export", id="ids.export", tooltip="Write the records that are shown to a file"),
        Binding("c", "copy_lsn", "Copy LSN", id="ids.lsn", tooltip="Copy the local number of the record"),
        Binding("C", "copy_mms", "Copy MMS", id="ids.mms", key_display="C", tooltip="Copy the MMS id of the record"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, covered: Coverage, word: str, run: str | None) -> None:
        super().__init__()
        self._covered, self._word, self._run = covered, word, run
        self._pages: IdPages | None = None
        self._wanted: set[int] = set()

    def body(self) -> Iterable[Widget]:
        """The records."""
        yield Frame(Table(NARROW_COLUMNS, empty="Reading the ledger…", id="ids-list"), Lines(id="line"),
                    FilterLine("an id, a library, a file, a fate, a stream"), title=self._named, id="ids")

    @property
    def _named(self) -> str:
        return f"{self._covered.symbol} · {part_name(self._word)}"

    @property
    def _table(self) -> Table:
        return self.query_one("#ids-list", Table)

    @property
    def _filter(self) -> str:
        return self.query_one(FilterLine).value

    def on_mount(self) -> None:
        """Counts the records in a thread."""
        super().on_mount()
        self._pages = IdPages(PartIds(self.workspace, self._covered, self._word))
        self.query_one("#line").can_focus = False
        self._table.focus()
        self._look()

    def _look(self) -> None:
        if (pages := self._pages) is not None:
            text = self._filter
            self.ask("the records", lambda: pages.look(text), self._looked)

    def _looked(self, found: Found) -> None:
        if self._pages is not None:
            self._pages.show(found)
            self._wanted.clear()
            self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        if self._pages is not None and self._pages.found.every:
            self._show()

    def _show(self) -> None:
        if (pages := self._pages) is None:
            return
        wide = self.app.size.width >= WIDE
        self._table.say(f"No record holds {self._filter!r}. Press / and then Esc to see all {pages.found.every:,}."
                        if self._filter else "There are no records here. Press Esc to go back.")
        self._table.show(IdRows(pages, _wide_cells if wide else _narrow_cells, self._want), (),
                         WIDE_COLUMNS if wide else NARROW_COLUMNS)
        self._table.refresh()
        filtered = f" · filter: {self._filter}" if self._filter else ""
        self.query_one("#ids", Frame).titles(
            f"{self._named} · {pages.found.count:,} of {words.plural(pages.found.every, 'record')}{filtered}",
            "! not all: some runs kept no ledger" if pages.ids.missing else "")
        self._moved()

    def _want(self, number: int) -> None:
        if (pages := self._pages) is not None and number not in self._wanted:
            self._wanted.add(number)
            found = pages.found
            self.call_later(self.ask, f"page {number}", lambda: pages.read(found, number), self._page_read)

    def _page_read(self, page: Page) -> None:
        if self._pages is not None:
            self._wanted.discard(page.number)
            self._pages.keep(page)
            self._table.look_again()
            self._moved()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._table.cursor = 0
        self._look()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._table.focus()

    @property
    def _record(self) -> RecordId | None:
        return self._pages.record(self._table.cursor) if self._pages else None

    @on(Table.Moved, "#ids-list")
    def _moved(self) -> None:
        """Says in full where the record under the cursor stands and what became of it."""
        record = self._record

        def build(width: int) -> list[Line]:
            if record is None:
                return []
            to = f" to {record.stream}" if record.stream else ""
            return list(wrap([("▸ ", "accent"), (f"{record.fate}{to}", "strong"),
                              (f"  record {record.number:,} of {record.source}", ""), (f"  {record.run}", "muted")], width, 2))

        self.query_one("#line", Lines).show(build)
        self.refresh_bindings()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Copying needs a record that has the id, exporting some record."""
        record = self._record
        if action in ("copy_lsn", "copy_mms") and record is None:
            return "There is no record under the cursor."
        if action == "copy_lsn" and record is not None and record.lsn is None:
            return "This record has no local number that could be read."
        if action == "copy_mms" and record is not None and record.mms is None:
            return "This record has no MMS id that could be read."
        if action == "export" and not (self._pages and self._pages.found.count):
            return "There is no record to write."
        return None

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def action_export(self) -> None:
        """Asks for the form, then writes what is shown."""
        if self._pages is not None:
            offer_export(self, self._covered.symbol, self._word, self._run, self._pages.found.text)

    def action_copy_lsn(self) -> None:
        """Copies the LSN."""
        if (record := self._record) and record.lsn:
            self.app.copy_to_clipboard(record.lsn)
            self.notify(f"Copied LSN {record.lsn}.", markup=False)

    def action_copy_mms(self) -> None:
        """Copies the MMS id."""
        if (record := self._record) and record.mms:
            self.app.copy_to_clipboard(record.mms)
            self.notify(f"Copied MMS id {record.mms}.", markup=False)


def offer_export(screen: ConsoleScreen, symbol: str, word: str, run: str | None, holding: str = "") -> None:
    """Asks in which form the records of a part are wanted (only those that hold a text, where one is given), writes them in
    a thread, and says where they are."""
    workspace = screen.workspace

    def written(done: Exported) -> None:
        lines = f"{done.lines:,} MMS ids of " if done.path.name.endswith("-mms-ids.txt") else ""
        some = f", filter {holding}" if holding else ""
        screen.notify(words.below(str(done.path), workspace.root), markup=False,
                      title=f"✔ wrote {lines}{words.plural(done.records, 'record')}: {part_name(word)}{some}")
        if done.missing:
            screen.console.show_error("Not all of them", f"{done.missing}.")

    def write(form: Form) -> Exported:
        return export_part(workspace, symbol, word, form, run=run, holding=holding)

    def chosen(form: str | None) -> None:
        if form is not None:
            screen.ask("export", lambda: write(cast(Form, form)), written)

    rows: list[list[Cell]] = [[(name, "strong"), told] for _, name, told in _FORMS]
    columns = (Column("", 10), Column("", 40, grows=True))
    asked = Choose(f"Write {part_name(word)} of {symbol} as", columns, rows, [form for form, _, _ in _FORMS])
    screen.app.push_screen(asked, chosen)


def _narrow_cells(record: RecordId) -> list[Cell]:
    return [_id(record.mms), _id(record.lsn), record.library or "", f"{record.number:,}", record.source]


def _wide_cells(record: RecordId) -> list[Cell]:
    return [*_narrow_cells(record), record.fate, record.stream or ""]


def _id(value: str | None) -> Cell:
    return (value, "strong") if value else ("– unreadable", "muted")
