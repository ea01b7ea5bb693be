"""A timeline drawn with characters: a scale of months, a bar for each span, today's line. The marks of a draft, of what OCLC
confirmed and of what happened differ by their characters, not by colour alone. Pure text, for the screens and for a plain
terminal; not for what the spans mean (timeline.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from oclc_console.project.timeline import Kind, Span

MARKS: dict[Kind, str] = {"draft": "┄", "confirmed": "═", "actual": "█"}
CROSSED = {"┄": "┼", "═": "╪"}  # a mark where today's line goes through it
TODAY, GOES_ON, BEFORE, AFTER = "│", "▶", "‹", "›"
LEGEND = "┄ draft   ═ confirmed with OCLC   █ actual   ▶ goes on   │ today"
_SHORTEST = 45  # days a scale shows at least


@dataclass(frozen=True)
class Scale:
    """`width` cells, from the day `first` on, `days` to a cell."""

    first: date
    days: float
    width: int

    def cell(self, day: date) -> int:
        """The cell in which a day begins; it may lie outside."""
        return int((day - self.first).days // self.days)

    def day(self, cell: int) -> date:
        """The day on which a cell begins."""
        return self.first + timedelta(days=int(cell * self.days))

    @property
    def past(self) -> date:
        """The first day that is not shown any more."""
        return self.day(self.width)


def scale_for(spans: Iterable[Span], today: date, width: int) -> Scale:
    """A scale of whole months on which all of these spans and today can be seen."""
    days = [day for span in spans for day in (span.begin, span.end) if day is not None] + [today]
    first = min(days).replace(day=1)
    last = max(*days, first + timedelta(days=_SHORTEST))
    return _fitted(first, _next_month(last), width)


def scale_of(months: int, around: date, width: int) -> Scale:
    """A scale of so many months, with a day in the middle one."""
    first = _months_on(around, -((months - 1) // 2))
    return _fitted(first, _months_on(first, months), width)


def moved(scale: Scale, months: int) -> Scale:
    """The scale so many months further on."""
    return Scale(_months_on(scale.first, months), scale.days, scale.width)


def bar(scale: Scale, span: Span, kind: Kind, today: date) -> str:
    """A span on the scale, as wide as the scale: clipped at its edges with a mark that says so, one that goes on up to today
    (what happens) or to the edge (what is planned)."""
    cells = grid(scale, today)
    going = span.end is None and kind == "actual"
    last_day = span.end or (max(today, span.begin) if going else scale.past)
    begin = scale.cell(span.begin)
    end = max(begin, scale.cell(last_day + timedelta(days=1)) - 1)
    for cell in range(max(0, begin), min(scale.width, end + 1)):
        cells[cell] = CROSSED.get(MARKS[kind], MARKS[kind]) if cells[cell] == TODAY else MARKS[kind]
    if going and 0 <= end < scale.width:
        cells[end] = GOES_ON
    if end < 0 or begin < 0 <= end:
        cells[0] = BEFORE
    if begin >= scale.width or end >= scale.width > begin or (span.end is None and not going):
        cells[-1] = AFTER
    return "".join(cells)


def grid(scale: Scale, today: date) -> list[str]:
    """An empty line of the scale: only today's cell has a mark."""
    cells = [" "] * scale.width
    if 0 <= scale.cell(today) < scale.width:
        cells[scale.cell(today)] = TODAY
    return cells


def axis(scale: Scale) -> tuple[str, str]:
    """The two lines above the bars: years, and months by their names or first letters, as the room allows."""
    years, months = [" "] * scale.width, [" "] * scale.width
    room = 30.4 / scale.days
    at = scale.first.replace(day=1)
    while at < scale.past:
        place = scale.cell(at)
        if place >= 0:
            if at.month == 1:
                _write(years, place, str(at.year))
            name = f"{at:%b}" if room >= 4 else f"{at:%b}"[0]
            if room >= 1.9 or at.month in ((1, 4, 7, 10) if room > 0.6 else (1,)):
                _write(months, place, name)
        at = _months_on(at, 1)
    _write(years, 0, str(scale.first.year))
    return "".join(years), "".join(months)


def _write(cells: list[str], place: int, text: str) -> None:
    """Writes a text whole, with a blank around it, or not at all."""
    free = all(cell == " " for cell in cells[max(0, place - 1):place + len(text) + 1])
    if free and place + len(text) <= len(cells):
        cells[place:place + len(text)] = text


def _fitted(first: date, past: date, width: int) -> Scale:
    return Scale(first, (past - first).days / max(1, width), max(1, width))


def _next_month(day: date) -> date:
    return _months_on(day, 1)


def _months_on(day: date, months: int) -> date:
    """The first of the month so many months on."""
    number = min(max(day.year * 12 + day.month - 1 + months, 12), 9999 * 12 + 10)
    return date(number // 12, number % 12 + 1, 1)
