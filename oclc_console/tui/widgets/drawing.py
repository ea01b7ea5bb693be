"""Lines of text in pieces: how they are fitted, wrapped and drawn. A piece is a text and its kind (muted, good, warn, bad,
accent, strong or ""); a kind is a colour at most, so whatever it tells must stand in the text too. Widths are in cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from oclc_console.tui.widgets.plain import plain

Piece = tuple[str, str]
Line = Sequence[Piece]
Cell = str | Piece | Line
__all__ = ["KINDS", "Cell", "Drawn", "Line", "Piece", "cell_len", "fit", "line_of", "shortened", "width_of", "wrap"]
KINDS = ("muted", "good", "warn", "bad", "accent", "strong")


def line_of(cell: Cell) -> list[Piece]:
    """A cell as a list of pieces, each made plain."""
    if isinstance(cell, str):
        return [(plain(cell), "")]
    if isinstance(cell, tuple) and len(cell) == 2 and isinstance(cell[0], str):
        return [(plain(cell[0]), str(cell[1]))]
    return [(plain(str(text)), str(kind)) for text, kind in cell]


def width_of(line: Line) -> int:
    """How many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def fit(cell: Cell, width: int, right: bool = False) -> list[Piece]:
    """The cell in exactly `width` cells: padded, or cut with an ellipsis that shows that it was cut."""
    line = line_of(cell)
    space = width - width_of(line)
    if space >= 0:
        return [(" " * space, ""), *line] if right else [*line, (" " * space, "")]
    fitted: list[Piece] = []
    left = width - 1
    for text, kind in line:
        if cell_len(text) >= left:
            cut = set_cell_size(text, max(0, left))
            return [*fitted, (cut + "…" if width > 0 else "", kind)]
        fitted.append((text, kind))
        left -= cell_len(text)
    return fitted


def shortened(name: str, width: int) -> str:
    """A long name cut in its middle: names that differ only at one of their ends can still be told apart."""
    name = plain(name)
    if cell_len(name) <= width or width < 8:
        return name
    head = set_cell_size(name, (width - 1) // 2).rstrip()
    at = len(name)
    while cell_len(name[at - 1:]) <= width - 1 - cell_len(head):
        at -= 1
    return f"{head}…{name[at:]}"


def wrap(cell: Cell, width: int, hang: int = 0) -> list[list[Piece]]:
    """The cell over as many lines as it takes, broken between words; lines after the first are indented by `hang`."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for text, kind in line_of(cell):
        for word in re.findall(r"\s+|[^\s]+", text):
            for part in _parts(word, max(1, width - hang)):
                size = cell_len(part)
                if used + size > width and used > hang:
                    lines.append([(" " * hang, "")] if hang else [])
                    used = hang
                    if part.isspace():
                        continue
                lines[-1].append((part, kind))
                used += size
    return lines


def _parts(word: str, width: int) -> Iterable[str]:
    """A word, or the pieces of one that is wider than a whole line."""
    while cell_len(word) > width:
        cut = len(word)
        while cell_len(word[:cut]) > width:
            cut -= 1
        yield word[:cut]
        word = word[cut:]
    yield word


class Drawn(ScrollView, can_focus=True):
    """A widget that draws its own lines and repaints only those that changed."""

    COMPONENT_CLASSES = {"k-cursor", "k-head", *(f"k-{kind}" for kind in KINDS)}

    @property
    def room(self) -> int:
        """The cells a line has, beside the scroll bar's."""
        return self.scrollable_content_region.width

    def strip(self, line: Line, base: Style, *, coloured: bool = True) -> Strip:
        """The line as a strip as wide as the widget."""
        width = self.room
        segments = [Segment(text, self._style(kind, base, coloured)) for text, kind in line if text]
        return Strip(segments).adjust_cell_length(width, base).crop(0, width)

    def _style(self, kind: str, base: Style, coloured: bool) -> Style:
        if not kind or not coloured:
            return base
        return base + self.get_component_rich_style(f"k-{kind}", partial=True)

    def repaint(self, y: int) -> None:
        """Asks for one line on the screen (not of the content) to be drawn again."""
        self.refresh(Region(0, y, self.size.width, 1))
