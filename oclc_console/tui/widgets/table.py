"""A list one moves through: any number of rows over any sequence, drawn line by line, so a hundred thousand rows cost what
the visible ones cost. The chosen row carries a bar as well as a colour. Columns are laid out for the width there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, overload

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from oclc_console.tui.widgets.drawing import Cell, Drawn, Piece, fit, shortened, wrap

Row = Sequence[Cell]


class Rows(Sequence[Row]):
    """Rows that are made only when they are drawn, however many there are: a list says how many, and makes one (`row`)."""

    def row(self, at: int) -> Row:
        """The row at a place."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return [self.row(number) for number in range(*at.indices(len(self)))]
        return self.row(at)


@dataclass(frozen=True)
class Column:
    """A column: its title and its width; `grows` takes what the others leave, `right` is for numbers, `name` is for names:
    one that is too long keeps both its ends."""

    title: str
    width: int
    right: bool = False
    grows: bool = False
    name: bool = False


def laid_out(columns: Sequence[Column], room: int) -> list[int]:
    """The widths of the columns in `room` cells, one cell between them: growing columns share what is over."""
    fixed = sum(column.width for column in columns) + max(0, len(columns) - 1)
    growing = [number for number, column in enumerate(columns) if column.grows]
    widths = [column.width for column in columns]
    over = room - fixed
    for turn, number in enumerate(growing):
        share = over // len(growing) + (turn < over % len(growing))
        widths[number] = max(1, widths[number] + share)
    return widths


class Table(Drawn):
    """A list with a cursor. `empty` is what it says when there is nothing: a sentence with the next key in it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up", tooltip="One row up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down", tooltip="One row down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up", tooltip="One page up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down", tooltip="One page down"),
        Binding("home,g", "to(0)", "Top", show=False, id="table.top", tooltip="To the first row"),
        Binding("end,G", "to(-1)", "End", show=False, id="table.end", tooltip="To the last row"),
    ]

    cursor: reactive[int] = reactive(0)

    class Moved(Message):
        """The cursor stands on another row."""

        def __init__(self, table: Table, row: int) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> Table:
            """The table, so that handlers can select by its id."""
            return self.table

    class Chosen(Moved):
        """Somebody clicked the row that already had the cursor."""

    def __init__(self, columns: Sequence[Column] = (), *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns: Sequence[Column] = columns
        self.rows: Sequence[Row] = ()
        self.keys: Sequence[str] = ()
        self.empty = empty
        self._widths: list[int] = []
        self._painted: dict[int, tuple[list[Piece], bool]] = {}

    # contents

    def show(self, rows: Sequence[Row], keys: Sequence[str] = (), columns: Sequence[Column] | None = None) -> None:
        """Other rows. With `keys` (one a row) the cursor stays on the row it was on, wherever that is now."""
        on = self.key
        new_columns = columns is not None and columns != self.columns
        if columns is not None:
            self.columns = columns
        again = len(rows) != len(self.rows) or new_columns
        self.rows, self.keys = rows, keys
        self._lay_out()
        self.cursor = keys.index(on) if on is not None and on in keys else self.validate_cursor(self.cursor)
        if again:
            self.refresh()
        else:
            self.look_again()

    def look_again(self) -> None:
        """Paints those visible lines again whose content changed."""
        for y in range(self.size.height):
            if self._painted.get(y) != self._line(y):
                self.repaint(y)

    def say(self, empty: str) -> None:
        """What stands here while there is nothing to list."""
        if empty != self.empty:
            self.empty = empty
            self.refresh()

    @property
    def key(self) -> str | None:
        """The key of the row under the cursor."""
        return self.keys[self.cursor] if 0 <= self.cursor < len(self.keys) else None

    def _lay_out(self) -> None:
        self._widths = laid_out(self.columns, self.room - 1)
        self.virtual_size = Size(self.room, len(self.rows) + self._heading)

    @property
    def _heading(self) -> int:
        return 1 if any(column.title for column in self.columns) else 0

    # moving

    def validate_cursor(self, row: int) -> int:
        """A row that exists (0 where there is none)."""
        return max(0, min(row, len(self.rows) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        """Brings the row into view and says so."""
        self._bring_into_view()
        self.look_again()
        self.post_message(self.Moved(self, now))

    def _bring_into_view(self) -> None:
        top, room = self.scroll_offset.y, max(1, self.size.height - self._heading)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, force=True)

    def action_move(self, by: int) -> None:
        """Moves the cursor by some rows."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Moves the cursor by a screenful."""
        self.cursor += by * max(1, self.size.height - self._heading)

    def action_to(self, row: int) -> None:
        """Moves the cursor to a row; -1 is the last."""
        self.cursor = row if row >= 0 else len(self.rows) - 1

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor; a click on the row that has it chooses it."""
        row = self.scroll_offset.y + event.y - self._heading
        if not 0 <= row < len(self.rows) or event.y < self._heading:
            return
        if row == self.cursor:
            self.post_message(self.Chosen(self, row))
        self.cursor = row

    def on_resize(self, event: events.Resize) -> None:
        """Lays the columns out anew."""
        self._lay_out()
        self._bring_into_view()
        self.refresh()

    def on_focus(self) -> None:
        """The cursor's colour shows where the keys go."""
        self.look_again()

    def on_blur(self) -> None:
        """The bar stays, the colour goes."""
        self.look_again()

    # drawing

    def render_line(self, y: int) -> Strip:
        """One line: the heading, a row, or what an empty list says."""
        line, under_cursor = self._painted[y] = self._line(y)
        if self._heading and y == 0 and self.rows:
            return self.strip(line, self.get_component_rich_style("k-head"))
        if under_cursor:
            return self.strip(line, self.get_component_rich_style("k-cursor"), coloured=False)
        return self.strip(line, self.rich_style)

    def _line(self, y: int) -> tuple[list[Piece], bool]:
        if not self.rows:
            said = wrap(self.empty, max(10, self.room - 1)) if self.empty else []
            return ([(" ", ""), *said[y - 1]] if 0 < y <= len(said) else [], False)
        if self._heading and y == 0:
            return self._row([column.title for column in self.columns], " "), False
        row = self.scroll_offset.y + y - self._heading
        if row >= len(self.rows):
            return [], False
        on = row == self.cursor
        return self._row(self.rows[row], "▌" if on else " "), on and self.has_focus

    def _row(self, cells: Row, mark: str) -> list[Piece]:
        line: list[Piece] = [(mark, "accent")]
        for number, (cell, column, width) in enumerate(zip(cells, self.columns, self._widths, strict=False)):
            if number:
                line.append((" ", ""))
            shown = shortened(cell, width) if column.name and isinstance(cell, str) else cell
            line.extend(fit(shown, width, column.right))
        return line
