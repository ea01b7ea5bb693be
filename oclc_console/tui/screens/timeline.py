"""When was each step meant to happen, and when did it? The timelines of all symbols or of one, drawn as bars on a scale of
months: drafted, confirmed with OCLC, actual; what slipped is said in words. Entries are acts of the log. Not for signing
milestones (symbol.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console import clock
from oclc_console.operations.timeline import SymbolTimeline, enter, timelines
from oclc_console.project.timeline import Kind, RowState, Span, fold_timeline, row_of, span_of
from oclc_console.project.timeline_bars import Scale, axis, moved, scale_for, scale_of
from oclc_console.store.project import project
from oclc_console.tui import timeline_words as say
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.timeline_words import Bar
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Table
from oclc_console.tui.words import WIDE, plural
from oclc_console.workspace import Workspace

ZOOMS = (3, 6, 12, 24, 48, 96)  # months on the scale, where it does not show all there is
LEGEND = "┄ draft  ═ OCLC  █ actual  ▶ goes on  │ today"
TITLES: dict[Kind, str] = {"draft": "Draft", "confirmed": "Confirmed with OCLC", "actual": "What happened"}


class EnterSpan(Form):
    """Asks for the days of a row, and for what OCLC confirmed also who there and when; for another row its name first."""

    def __init__(self, kind: Kind, title: str, state: RowState | None, today: date, others: Sequence[str] = ()) -> None:
        entry = getattr(state, kind) if state else None
        known = entry or (state.plan if state and kind == "confirmed" else None)
        begin, end = (str(known.span.begin), str(known.span.end or "")) if known else ("", "")
        fields = [] if state else [Field("name", "Name of the row")]
        fields += [Field("begin", "First day (year-month-day)", begin, str(today)),
                   Field("end", "Last day (empty while it goes on)", end)]
        if kind == "confirmed":
            fields += [Field("who", "Who confirmed it at OCLC", entry.who if entry else ""),
                       Field("on", "On which day", str(today))]
        fields.append(Field("note", "Note (may be empty)"))
        super().__init__(f"{TITLES[kind]}: {title}", ["The log keeps what was entered before."], fields)
        self._kind, self._today, self._others = kind, today, others

    def wrong(self, answers: dict[str, str]) -> str | None:
        """The days must be some, in their order; what happened can't lie ahead."""
        if "name" in answers and isinstance(row := row_of(answers["name"], self._others), str):
            return f"{row[0].upper()}{row[1:]}."
        try:
            span = span_in(answers)
            on = span_of(answers["on"]).begin if "on" in answers else self._today
        except ValueError as mistake:
            return f"{str(mistake)[0].upper()}{str(mistake)[1:]}."
        ahead = [day for day in (on, *((span.begin, span.end) if self._kind == "actual" else ())) if day and day > self._today]
        if ahead:
            return f"{max(ahead)} is still to come; today is {self._today}."
        return "Say who at OCLC confirmed it." if self._kind == "confirmed" and not answers["who"] else None


def span_in(answers: dict[str, str]) -> Span:
    """The days that were typed. Raises ValueError with a sentence."""
    return span_of(f"{answers['begin']}..{answers['end']}")


class TimelineScreen(ConsoleScreen):
    """A page of place 5."""

    PLACE = "5"
    TITLE = "Timeline"
    HELP = ("Each row of a symbol has up to three bars: a draft, what OCLC confirmed (who there, and when), and what happened; "
            "where nobody entered that, the runs say it: first upload, last report. d, o and a enter the three for the row "
            "under the cursor; entering again replaces, and the log keeps all. n adds a row by a name of your own. ! marks a "
            "row that is behind its plan; how far is said below. s shows one symbol with all its rows, or all symbols again; "
            "[ and ] go to its neighbours. + and - change the scale, ← and → move it.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "enter('draft')", "Draft", id="timeline.draft", tooltip="Draft the days of this row"),
        Binding("o", "enter('confirmed')", "OCLC", id="timeline.confirmed", tooltip="Enter the days that OCLC confirmed"),
        Binding("a", "enter('actual')", "Actual", id="timeline.actual", tooltip="Enter the days on which it happened"),
        Binding("n", "another", "New row", id="timeline.another", tooltip="Draft another row, by a name of your own"),
        Binding("s", "one", "One/all", id="timeline.one", tooltip="One symbol with all its rows, or all symbols"),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", id="timeline.in", key_display="+", show=False,
                tooltip="Fewer months on the scale"),
        Binding("minus", "zoom(-1)", "Zoom out", id="timeline.out", key_display="-", tooltip="More months on the scale",
                show=False),
        Binding("left", "pan(-1)", "Earlier", id="timeline.earlier", key_display="←", tooltip="A month earlier", show=False,
                priority=True),
        Binding("right", "pan(1)", "Later", id="timeline.later", key_display="→", tooltip="A month later", show=False,
                priority=True),
        Binding("left_square_bracket", "step(-1)", "Previous", id="timeline.previous", key_display="[", show=False,
                tooltip="The previous symbol"),
        Binding("right_square_bracket", "step(1)", "Next", id="timeline.next", key_display="]", show=False,
                tooltip="The next symbol"),
        ConsoleScreen.BACK,
    ]

    MORE_KEYS = frozenset({"timeline.in", "timeline.out", "timeline.earlier", "timeline.later"})

    def __init__(self) -> None:
        super().__init__()
        self._found: Sequence[SymbolTimeline] = ()
        self._bars: list[Bar] = []
        self._asked: object = None
        self._one = False
        self._months: int | None = None  # on the scale; None: all there is
        self._pan = 0

    def body(self) -> Iterable[Widget]:
        """The bars, and what is to be said of the row under the cursor."""
        yield Frame(Lines(id="years"), Table(empty="Reading the timeline…", id="bars"), title="Timeline", id="timeline")
        yield Frame(Lines(id="slipped"), title="Row", id="timeline-row")

    def on_mount(self) -> None:
        """Keys go to the bars."""
        super().on_mount()
        self.query_one("#years").can_focus = False
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#bars", Table)

    def show_facts(self, facts: Facts) -> None:
        """Reads the timelines again when something changed."""
        if (wanted := (facts.changes, facts.workspace)) != self._asked:
            self._asked = wanted
            workspace = facts.workspace
            self.ask("the timeline", lambda: timelines(workspace), self._read)

    def _read(self, found: Sequence[SymbolTimeline]) -> None:
        self._found = found
        if not found:
            self._table.say(_NO_SYMBOL)
        self._show()

    def on_resize(self) -> None:
        """Another scale for another width, once the list has it."""
        self.call_after_refresh(self._show)

    @property
    def _chosen(self) -> Sequence[SymbolTimeline]:
        """The symbols on the screen."""
        return [each for each in self._found if each.symbol == self.console.symbol] if self._one else self._found

    def _show(self) -> None:
        if not self.is_attached or not self._found or self._table.room < 20:
            return
        wide, room = self.app.size.width >= WIDE, self._table.room - 1
        scale = self._scale(say.chart_width(wide, room))
        years, months = axis(scale)
        self._bars = say.bars(self._chosen, every=self._one)
        self._table.show([say.cells(line, scale, wide) for line in self._bars], [line.key for line in self._bars],
                         say.columns(wide, months))
        self.query_one("#years", Lines).show(lambda width: [say.years_line(wide, room, years)])
        whose = f"{self.console.symbol}" if self._one else plural(len(self._found), "symbol")
        self.query_one("#timeline", Frame).titles(f"Timeline · {whose} · {say.slips(self._chosen)}", LEGEND)
        self._show_row()

    def _scale(self, width: int) -> Scale:
        today = self._found[0].as_of
        scale = self._whole(width) if self._months is None else scale_of(self._months, today, width)
        return moved(scale, self._pan) if self._pan else scale

    def _whole(self, width: int = 1) -> Scale:
        """The scale on which everything can be seen."""
        spans = [entry.span for each in self._chosen for row in each.rows for entry in row.entries]
        return scale_for(spans, self._found[0].as_of, width)

    def _zoomed(self, by: int) -> int | None:
        """The months on the scale after one step in (1) or out (-1); 0 where there is no such step."""
        every = round(self._whole().days / 30.4)
        if by > 0:
            return max((months for months in ZOOMS if months < (self._months or every)), default=0)
        if self._months is None:
            return 0
        return min((months for months in ZOOMS if self._months < months < every), default=None)

    @on(Table.Moved, "#bars")
    def _show_row(self) -> None:
        line = self._line
        title = f"{line.symbol.symbol} {line.row.row.title}" if line and line.row else line.symbol.symbol if line else "Row"
        self.query_one("#timeline-row", Frame).titles(title, f"as of {line.symbol.as_of}" if line else "")
        self.query_one("#slipped", Lines).show(lambda width: say.told(line, width))
        self.refresh_bindings()

    @property
    def _line(self) -> Bar | None:
        """The line under the cursor."""
        return self._bars[self._table.cursor] if 0 <= self._table.cursor < len(self._bars) else None

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Days are entered for a row; the scale moves within what there is."""
        if action == "enter" and (self._line is None or self._line.row is None):
            return "There is no row under the cursor. Press s to see all rows of this symbol." if self._line else _NO_SYMBOL
        if action in ("another", "one") and self._line is None:
            return _NO_SYMBOL
        if action == "step" and len(self._found) < 2:
            return "There is no other symbol in console.toml."
        if action == "zoom" and (not self._found or self._zoomed(int(str(parameters[0]))) == 0):
            return "The scale goes from all there is down to three months."
        return None

    def action_enter(self, kind: Kind) -> None:
        """Asks for the days of the row under the cursor, and enters them."""
        line = self._line
        if line is not None and line.row is not None:
            self._ask_for(kind, line.symbol, line.row)

    def action_another(self) -> None:
        """Asks for the name and the days of another row."""
        if self._line is not None:
            self._ask_for("draft", self._line.symbol, None)

    def _ask_for(self, kind: Kind, symbol: SymbolTimeline, state: RowState | None) -> None:
        workspace = self.workspace

        def given(answers: dict[str, str] | None) -> None:
            if answers is None:
                return
            row = state.row.id if state else answers["name"]
            on = date.fromisoformat(answers["on"]) if "on" in answers else None
            self.ask("entering the days", lambda: enter(workspace, symbol.symbol, row, kind, span_in(answers),
                                                        who=answers.get("who", ""), on=on, note=answers["note"]), self._took)

        others = [row.row.id for row in symbol.rows]
        title = f"{symbol.symbol} {state.row.title}" if state else f"another row of {symbol.symbol}"
        self.app.push_screen(EnterSpan(kind, title, state, symbol.as_of, others), given)

    def _took(self, one: SymbolTimeline) -> None:
        self._read([one if one.symbol == each.symbol else each for each in self._found])
        self.notify(f"{one.symbol}: {say.slips([one])}.", title="✔ entered", markup=False)

    def action_one(self) -> None:
        """The symbol under the cursor alone, with every row; or all symbols again."""
        if self._line is not None:
            self.console.symbol = self._line.symbol.symbol
        self._one = not self._one
        self._again()

    def action_step(self, by: int) -> None:
        """A neighbouring symbol, alone."""
        symbols = [each.symbol for each in self._found]
        at = symbols.index(self.console.symbol) if self.console.symbol in symbols else 0
        self.console.symbol = symbols[(at + by) % len(symbols)]
        self._one = True
        self._again()

    def action_zoom(self, by: int) -> None:
        """Fewer or more months on the scale."""
        self._months = self._zoomed(by)
        self._again()

    def action_pan(self, months: int) -> None:
        """The scale a month earlier or later."""
        self._pan += months
        self._show()

    def _again(self) -> None:
        self._pan = 0
        self._draw()
        self._show()


_NO_SYMBOL = "There is no symbol in console.toml yet. Press 5 and import a table of them on the page Symbols."


def summary(workspace: Workspace) -> str:
    """The timeline in a line, for the list of pages, from the log alone: how many rows have a plan, how many of these OCLC
    confirmed, and which begins next."""
    known, today = project(workspace), clock.now().astimezone().date()
    plans = [(row.plan, code, row) for code in workspace.settings.symbols
             for row in fold_timeline(known.of(code), lambda row: None) if row.plan is not None]
    if not plans:
        return "nothing is planned yet → draft the days of a symbol's rows"
    confirmed = sum(plan.kind == "confirmed" for plan, _, _ in plans)
    said = f"{plural(len(plans), 'row')} planned, {confirmed:,} confirmed with OCLC"
    ahead = [(plan.span.begin, code, row.row.short) for plan, code, row in plans if plan.span.begin >= today]
    if not ahead:
        return said
    begin, code, row = min(ahead)
    return f"{said}; next: {code} {row} on {begin}"
