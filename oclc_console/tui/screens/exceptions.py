"""Which records did OCLC complain about, and how? A pager over the exceptions of one report, or of all, however many. Not
for one record (record.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.tui.exception_pages import (
    Document,
    ExceptionPages,
    ExceptionRows,
    narrow_cells,
    severity_piece,
    text_of,
    wide_cells,
)
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.record import RecordScreen
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.tui.words import WIDE

NARROW_COLUMNS = (Column("LSN", 19), Column("how bad", 12), Column("what OCLC wrote", 20, grows=True))
WIDE_COLUMNS = (Column("LSN", 19), Column("how bad", 14), Column("type", 20), Column("OCN sent", 11, right=True),
                Column("what OCLC wrote", 20, grows=True), Column("upload", 36))


class ExceptionsScreen(ConsoleScreen):
    """One level into place 4."""

    PLACE = "4"
    TITLE = "Exceptions"
    HELP = ("What OCLC wrote about single records, in the order of the report's lines. / filters by LSN, severity and "
            "text (!word "
            "shows the others). MINOR lines are hidden at first, m shows them. Enter opens the record with everything "
            "OCLC wrote "
            "about it and its MARC as it was sent; c copies the LSN, C the OCN that was sent.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="exceptions.open", key_display="↵", tooltip="The record under the cursor"),
        Binding("slash", "filter", "Filter", id="exceptions.filter", key_display="/",
                tooltip="Show only the lines that hold a word"),
        Binding("m", "minor", "Minor", id="exceptions.minor", tooltip="Show or hide what OCLC calls MINOR"),
        Binding("c", "copy_lsn", "Copy LSN", id="exceptions.lsn", tooltip="Copy the local number of the record"),
        Binding("C", "copy_ocn", "Copy "
                                 "OCN", id="exceptions.ocn", key_display="C", tooltip="Copy the OCLC number that was "
                                                                                      "sent"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, symbol: str | None, name: str | None, title: str) -> None:
        super().__init__()
        self._symbol, self._name, self._shown_title = symbol, name, title
        self._minor = False
        self._pages: ExceptionPages | None = None
        self._wanted: set[int] = set()

    def body(self) -> Iterable[Widget]:
        """The lines."""
        yield Frame(Table(NARROW_COLUMNS, empty="Reading the exceptions…", id="exceptions-list"),
                    Lines(id="line"), FilterLine("an LSN, a severity, a word of what OCLC "
                                                 "wrote"), title=self._shown_title, id="exceptions")

    def on_mount(self) -> None:
        """Opens the exceptions in a thread."""
        super().on_mount()
        self._pages = ExceptionPages(self.workspace, self._symbol, self._name)
        self.query_one("#line").can_focus = False
        self._table.focus()
        self._choose()

    def on_unmount(self) -> None:
        """Gives the files back."""
        if self._pages is not None:
            self._pages.close()

    @property
    def _table(self) -> Table:
        return self.query_one("#exceptions-list", Table)

    @property
    def _filter(self) -> str:
        return self.query_one(FilterLine).value

    def _choose(self) -> None:
        pages, text, minor = self._pages, self._filter, self._minor
        if pages is not None:
            self.ask("the exceptions", lambda: pages.choose(text, minor), self._chosen)

    def _chosen(self, chosen: tuple[Sequence[int], int, int]) -> None:
        if self._pages is None:
            return
        self._pages.show(chosen)
        self._wanted.clear()
        self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        if self._pages is not None and self._pages.every:
            self._show()

    def _show(self) -> None:
        pages = self._pages
        if pages is None:
            return
        wide = self.app.size.width >= WIDE
        rows = ExceptionRows(pages, wide_cells if wide else narrow_cells, self._want)
        self._table.say(self._nothing(pages))
        self._table.show(rows, (), WIDE_COLUMNS if wide else NARROW_COLUMNS)
        self._table.refresh()
        filtered = f" · filter: {self._filter}" if self._filter else ""
        hidden = "minor shown, m hides them" if self._minor else ""
        if pages.hidden:
            hidden = f"{pages.hidden:,} minor hidden, m shows them"
        self.query_one("#exceptions", Frame).titles(
            f"{self._shown_title} · {len(pages.positions):,} of {pages.every:,} exceptions{filtered}", hidden)
        self.refresh_bindings()

    def _nothing(self, pages: ExceptionPages) -> str:
        if self._filter:
            return f"No line holds {self._filter!r}. Press / and then Esc to see all {pages.every:,}."
        if pages.hidden:
            return f"Only minor exceptions: {pages.hidden:,}. Press m to see them."
        return "There are no exceptions here. Press Esc to go back."

    def _want(self, page: int) -> None:
        pages = self._pages
        if pages is not None and page not in self._wanted:
            self._wanted.add(page)
            self.call_later(self.ask, f"page {page}", lambda: pages.read_page(page), self._page_read)

    def _page_read(self, read: tuple[int, Sequence[int], list[Document]]) -> None:
        if self._pages is not None:
            self._wanted.discard(read[0])
            self._pages.keep(*read)
            self._table.look_again()
            self._moved()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        self._table.cursor = 0
        self._choose()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._table.focus()

    @property
    def _document(self) -> Document | None:
        return self._pages.document(self._table.cursor) if self._pages else None

    @on(Table.Moved, "#exceptions-list")
    def _moved(self) -> None:
        """Shows the line under the cursor in full."""
        document = self._document

        def build(width: int) -> list[Line]:
            said = [("▸ ", "accent"), severity_piece(document), (f"  {text_of(document)}", "")] if document else []
            return [*wrap(said, width, 2)] if document else []

        self.query_one("#line", Lines).show(build)
        self.refresh_bindings()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Opening and copying need a line."""
        document = self._document
        if action in ("open", "copy_lsn", "copy_ocn") and document is None:
            return "There is no line under the cursor."
        if action == "copy_lsn" and document is not None and not document.get("lsn"):
            return "OCLC gave no local number in this line: find the record by its byte position (Enter)."
        if action == "copy_ocn" and document is not None and not document.get("ocn_in"):
            return "No OCLC number was sent with this record."
        return None

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def action_minor(self) -> None:
        """Shows or hides MINOR lines."""
        self._minor = not self._minor
        self._choose()

    @on(Table.Chosen, "#exceptions-list")
    def action_open(self) -> None:
        """Opens the record."""
        if document := self._document:
            symbol = str(document.get("symbol") or self._symbol or "")
            self.app.push_screen(RecordScreen(symbol, {**document, "report": document.get("report") or self._name}))

    def action_copy_lsn(self) -> None:
        """Copies the LSN."""
        if document := self._document:
            self.app.copy_to_clipboard(str(document["lsn"]))
            self.notify(f"Copied LSN {document['lsn']}.", markup=False)

    def action_copy_ocn(self) -> None:
        """Copies the OCN that was sent."""
        if document := self._document:
            self.app.copy_to_clipboard(str(document["ocn_in"]))
            self.notify(f"Copied OCN {document['ocn_in']}, the one that was sent.", markup=False)
