"""The timeline's page in words and cells: its columns, a row for each bar, and what is to be said of the row under the cursor.
Not for the screen's keys (screens/timeline.py) nor for the bars themselves (project/timeline_bars.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from oclc_console.operations.timeline import SymbolTimeline, behind
from oclc_console.project.timeline import KINDS, Entry, Kind, RowState
from oclc_console.project.timeline_bars import Scale, bar, grid
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.table import Column, laid_out
from oclc_console.tui.words import plural

KIND_WORDS: dict[Kind, tuple[str, str]] = {  # kind -> the word in the list, the word in a sentence
    "draft": ("draft", "drafted"), "confirmed": ("OCLC", "confirmed"), "actual": ("actual", "actual")}
_COLOURS: dict[Kind, str] = {"draft": "muted", "confirmed": "accent", "actual": "good"}


@dataclass(frozen=True)
class Bar:
    """One line of the page: a symbol and, where anything is known of it, a row and one of its spans. `first`: the line that
    names the row."""

    symbol: SymbolTimeline
    row: RowState | None
    entry: Entry | None
    first: bool = True

    @property
    def key(self) -> str:
        """What tells this line from the others."""
        return f"{self.symbol.symbol}|{self.row.row.id if self.row else ''}|{self.entry.kind if self.entry else ''}"


def bars(found: Sequence[SymbolTimeline], every: bool) -> list[Bar]:
    """The lines of the page. With `every` (one symbol alone) rows of which nothing is known are there too."""
    lines: list[Bar] = []
    for each in found:
        rows = [row for row in each.rows if every or row.entries]
        if not rows:
            lines.append(Bar(each, None, None))
        for row in rows:
            entries = row.entries or (None,)
            lines += [Bar(each, row, entry, number == 0) for number, entry in enumerate(entries)]
    return lines


def columns(wide: bool, months: str = "") -> tuple[Column, ...]:
    """The columns; the last one's title is the scale."""
    return (Column("symbol", 6), Column("row", 26 if wide else 19), Column("", 6), Column(months, 10, grows=True))


def chart_width(wide: bool, room: int) -> int:
    """The cells there are for the bars, in so many for the whole line."""
    return laid_out(columns(wide), room)[-1]


def years_line(wide: bool, room: int, years: str) -> Line:
    """The years, above the months of the list's heading."""
    before = sum(laid_out(columns(wide), room)[:-1]) + len(columns(wide)) - 1
    return [(" " * before, ""), (years.rstrip(), "muted")]


def cells(line: Bar, scale: Scale, wide: bool) -> list[Cell]:
    """A line of the page as cells."""
    empty = "".join(grid(scale, line.symbol.as_of))
    symbol: Cell = (line.symbol.symbol, "strong") if line.first else ""
    if line.row is None:
        return [symbol, ("nothing yet", "muted"), "", empty]
    title = (line.row.row.title if wide else line.row.row.short) if line.first else ""
    slip = line.symbol.slip(line.row).days if line.first else 0
    row: Cell = [("! ", "warn"), (title, "")] if slip else title
    if line.entry is None:
        return [symbol, row, ("–", "muted"), empty]
    kind = line.entry.kind
    return [symbol, row, (KIND_WORDS[kind][0], _COLOURS[kind]),
            (bar(scale, line.entry.span, kind, line.symbol.as_of), _COLOURS[kind])]


def told(line: Bar | None, width: int) -> list[Line]:
    """What is to be said of the row under the cursor: its days, who said them, what slipped."""
    if line is None:
        return []
    if line.row is None:
        return [*wrap(f"Nothing is known of {line.symbol.symbol} yet. Press s for its rows alone, then d on one of them to "
                      "draft its days.", width)]
    lines: list[Line] = []
    slip = line.symbol.slip(line.row)
    if slip.words:
        mark = ("! ", "warn") if slip.days else ("· ", "muted")
        lines += wrap([mark, ("; ".join(slip.words), "")], width, 2)
    for entry in (getattr(line.row, kind) for kind in KINDS):
        if entry is not None:
            lines += wrap(list(_entry_words(entry)), width, 2)
    computed, actual = line.row.computed, line.row.actual
    if computed is not None and actual is not None and not actual.computed and computed.span != actual.span:
        lines += wrap([("the runs say: ", "muted"), (computed.span.words, "")], width, 2)
    if not line.row.entries:
        lines += wrap("Nothing is known of it yet. Press d to draft its days, o once OCLC has confirmed them, a for what "
                      "happened.", width)
    return lines


def _entry_words(entry: Entry) -> Iterator[Piece]:
    yield f"{KIND_WORDS[entry.kind][1]} ", "muted"
    yield entry.span.words, "strong"
    if entry.who:
        yield f", {entry.who} at OCLC" + (f" on {entry.on}" if entry.on else ""), ""
    yield (", as the runs say" if entry.computed else f" ({entry.by}, line {entry.seq} of the log)"), "muted"
    if entry.note:
        yield f" · {entry.note}", ""


def slips(found: Sequence[SymbolTimeline]) -> str:
    """How many rows are behind their plan, and which most."""
    late = behind(found)
    if not late:
        return "nothing is behind its plan"
    symbol, row, slip = late[0]
    return f"{plural(len(late), 'row')} behind: {symbol.symbol} {row.row.short} {plural(slip.days, 'day')}"
