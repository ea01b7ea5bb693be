"""A panel of lines that scrolls: sentences, a run's files and events, a record's MARC. Lines are made for the width there
is, so a bar can be as long as the room allows. Not for lists one chooses from (table.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from oclc_console.tui.widgets.drawing import Drawn, Line

Build = Callable[[int], Sequence[Line]]


class Lines(Drawn):
    """Shows what `build(width)` makes; arrows and Page keys scroll when it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, id="lines.up", tooltip="One line up"),
        Binding("down,j", "scroll_down", "Down", show=False, id="lines.down", tooltip="One line down"),
        Binding("pageup", "page_up", "Page up", show=False, id="lines.page_up", tooltip="One page up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="lines.page_down", tooltip="One page down"),
        Binding("home,g", "scroll_home", "Top", show=False, id="lines.top", tooltip="To the first line"),
        Binding("end,G", "scroll_end", "End", show=False, id="lines.end", tooltip="To the last line"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._build: Build = lambda width: []
        self._lines: Sequence[Line] = ()
        self._width = -1

    def show(self, build: Build) -> None:
        """Draws what `build` makes of the present width; only lines that differ are painted again."""
        self._build = build
        self._make()

    @property
    def lines(self) -> Sequence[Line]:
        """What is shown now, line by line."""
        return self._lines

    def on_resize(self, event: events.Resize) -> None:
        """Makes the lines for the new width."""
        if self.room != self._width:
            self._make()

    def _make(self) -> None:
        self._width = self.room
        if self._width <= 0:
            return
        before, self._lines = self._lines, list(self._build(self._width - 1))
        self.virtual_size = Size(self._width, len(self._lines))
        top, height = self.scroll_offset.y, self.size.height
        for row in range(top, min(top + height, max(len(before), len(self._lines)))):
            if row >= len(before) or row >= len(self._lines) or before[row] != self._lines[row]:
                self.repaint(row - top)

    def render_line(self, y: int) -> Strip:
        """One line of the panel."""
        row = self.scroll_offset.y + y
        line: Line = [(" ", ""), *self._lines[row]] if row < len(self._lines) else ()
        return self.strip(line, self.rich_style)
