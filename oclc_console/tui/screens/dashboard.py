"""What is the state of the whole project? A row a symbol, a cell a milestone, what each waits for and since when; what needs
a person; what is running. Not for doing anything to a symbol: Enter goes there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.run_words import one_line
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, line_of, shortened, width_of, wrap
from oclc_console.tui.widgets.filter import FilterLine, holds
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.tui.words import WIDE

if TYPE_CHECKING:
    from oclc_console.operations.status import Alert, Status, SymbolStatus

SHORT_TITLES = ("1 authorized", "2 new logins", "3 reclaimed", "4 ILL freeze", "5 deletion", "6 updates")
LEGEND = "✔ done  ◐ now  ! look at it  · to come  – not for this symbol"
NO_SYMBOLS = ("There is no symbol yet. Press e to open console.toml and add one as [symbols.ABC], with its libraries "
              "and "
              "streams; it appears here when the file is saved.")


class DashboardScreen(ConsoleScreen):
    """Place 1."""

    PLACE = "1"
    TITLE = "Dashboard"
    HELP = ("One row a symbol, one cell a milestone (1 authorizations, 2 new logins, 3 reclamation, 4 ILL freeze, 5 "
            "deletion, "
            "6 WorldCat Updates). Phase is what the runs say; rejected counts stand over the records that OCLC has "
            "reported, "
            "and a dash means that no report has come yet. Below: what needs a person, and what is running now. m writes "
            "the mail "
            "to OCLC when a report is late or OCLC removed a file before it was fetched. s writes the status for the "
            "oversight committee into exports: a page for the project and one a symbol, and what changed since the last.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="dashboard.open", key_display="↵", tooltip="Open the symbol under the "
                                                                                       "cursor"),
        Binding("slash", "filter", "Filter", id="dashboard.filter", key_display="/",
                tooltip="Show only the symbols that hold a word; !word shows the others"),
        Binding("e", "edit", "Settings", id="dashboard.edit", tooltip="Open console.toml in your editor"),
        Binding("m", "mail", "Mail", id="dashboard.mail", tooltip="The mail to OCLC about what is late or was removed: to "
                                                                  "copy, and in a file"),
        Binding("s", "status", "Status", id="dashboard.status",
                tooltip="Write the status for the oversight committee: a page to print, into exports"),
    ]

    def body(self) -> Iterable[Widget]:
        """Symbols, what needs a person, what runs."""
        yield Frame(Table(id="board"), FilterLine("a symbol, a library, a word of its "
                                                  "phase"), Lines(id="about"), title="Symbols",
                    id="symbols")
        yield Frame(Lines(id="alerts"), title="Needs you", id="needs")
        yield Frame(Lines(id="alive"), title="Running", id="running")

    def on_mount(self) -> None:
        """Keys go to the board."""
        super().on_mount()
        self.query_one("#about").can_focus = self.query_one("#alive").can_focus = False
        self.query_one("#symbols", Frame).border_subtitle = LEGEND
        self.query_one("#board").focus()

    def on_resize(self) -> None:
        """Other columns for another width."""
        if self.console.facts:
            self.show_facts(self.console.facts)

    def show_facts(self, facts: Facts) -> None:
        """Draws everything from the facts."""
        self._show_alerts(facts)
        self._show_running(facts)
        if facts.status is None:
            self._board.say("" if not facts.problem else "Nothing can be shown before console.toml is right. Press e.")
            return
        rows = [row for row in facts.status.symbols if holds(self._filter, row.symbol, row.name, row.phase, row.waiting_on,
                                                              *row.libraries)]
        wide = self.app.size.width >= WIDE
        told = [_cells(row, facts, wide) for row in rows]
        every = len(facts.status.symbols)
        self._board.say(NO_SYMBOLS if not every else f"No symbol holds {self._filter!r}. Press / and Esc to see all.")
        self._board.show(told, [row.symbol for row in rows], _columns(told, wide, self._board.room - 1))
        title = f"Symbols {len(rows)} of {every}" + (f" · filter: {self._filter}" if self._filter else "")
        self.query_one("#symbols", Frame).titles(title, LEGEND)
        self._show_about()

    @property
    def _board(self) -> Table:
        return self.query_one("#board", Table)

    @property
    def _filter(self) -> str:
        return self.query_one(FilterLine).value

    def _show_alerts(self, facts: Facts) -> None:
        alerts, root = facts.status.alerts if facts.status else (), facts.workspace.root
        frame = self.query_one("#needs", Frame)
        frame.titles(f"Needs you {len(alerts) + bool(facts.problem) + bool(facts.log_fault)}")

        def build(width: int) -> list[Line]:
            lines: list[Line] = []
            if facts.problem:
                problem = words.below(facts.problem, root)
                lines += wrap([("✖ settings ", "bad"), (problem, ""), (" Press e to mend "
                                                                             "it.", "strong")], width, 2)
            if facts.log_fault:
                lines += wrap([("✖ log ", "bad"), (f"{facts.log_fault}. Sign nothing before this is settled.", ""),
                               (" → l on Project (log verify)", "accent")], width, 2)
            for alert in alerts:
                lines += _alert_lines(alert, root, width)
            return lines or [[("✔ ", "good"), ("Nothing needs you now.", "muted")]]

        self.query_one("#alerts", Lines).show(build)

    def _show_running(self, facts: Facts) -> None:
        frame = self.query_one("#running", Frame)
        frame.titles(f"Running {len(facts.alive) + len(facts.starting)}")
        frame.display = bool(facts.alive or facts.starting)

        def build(width: int) -> list[Line]:
            starting: list[Line] = [[("◐ ", "accent"), (f"{asked}: starting", "")] for asked in facts.starting]
            return [*(one_line(run, facts, width) for run in facts.alive), *starting]

        self.query_one("#alive", Lines).show(build)

    @on(Table.Moved, "#board")
    def _show_about(self) -> None:
        row = self._row()

        def build(width: int) -> list[Line]:
            return [part for line in _about(row) for part in wrap(line, width, 2)] if row else []

        self.query_one("#about", Lines).show(build)

    def _row(self) -> SymbolStatus | None:
        status: Status | None = self.console.facts.status if self.console.facts else None
        return next((row for row in status.symbols if row.symbol == self._board.key), None) if status else None

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        if self.console.facts:
            self.show_facts(self.console.facts)

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._board.focus()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """A symbol can be opened when there is one."""
        if action == "open" and self._board.key is None:
            return "There is no symbol to open. Press e to add one to console.toml, or / to change the filter."
        if action == "status" and self._board.key is None and not self._filter:
            return "There is no symbol to tell of. Press e to add one to console.toml."
        if action == "mail" and not self._with_mail():
            return "There is nothing to write to OCLC: no report is late, and no file was removed before it came."
        return None

    def _with_mail(self) -> list[str]:
        """The symbols that give cause for a mail to OCLC."""
        return list(dict.fromkeys(alert.symbol for alert in self._alerts() if alert.kind))

    def action_mail(self) -> None:
        """Shows the mail about the symbol under the cursor, else about the one that has one, else asks about which."""
        symbols, at = self._with_mail(), self._board.key
        if at in symbols or len(symbols) == 1:
            self._show_mail(at if at in symbols else symbols[0])
            return
        from oclc_console.tui.screens.dialogs import Choose  # not needed for the first paint

        texts = {alert.symbol: alert.text for alert in reversed(self._alerts()) if alert.kind}
        cells: list[Sequence[Cell]] = [[(symbol, "strong"), texts[symbol]] for symbol in symbols]
        columns = (Column("symbol", 8), Column("why", 40, grows=True))
        self.app.push_screen(Choose("The mail to OCLC about which symbol?", columns, cells, symbols), self._show_mail)

    def action_status(self) -> None:
        """Writes the status for the oversight committee, and says where it is."""
        workspace = self.workspace

        def write() -> Path:
            from oclc_console.operations.oversight_written import write_status

            return write_status(workspace)

        def written(path: Path) -> None:
            self.notify(f"{words.below(str(path), workspace.root)}: open it in a browser, and print it.",
                        title="✔ wrote the status", timeout=8, markup=False)

        self.notify("It is being written; the console goes on.", title="◐ the status", markup=False)
        self.ask("writing the status", write, written)

    def _show_mail(self, symbol: str | None) -> None:
        from oclc_console.tui.screens.mail import show_mail  # not needed for the first paint

        if symbol:
            show_mail(self, symbol)

    def _alerts(self) -> Sequence[Alert]:
        status = self.console.facts.status if self.console.facts else None
        return status.alerts if status else ()

    @on(Table.Chosen, "#board")
    def action_open(self) -> None:
        """Opens the symbol under the cursor."""
        if self._board.key:
            self.console.open_symbol(self._board.key)

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def action_edit(self) -> None:
        """Opens console.toml in an editor."""
        self.console.edit_settings()


def _cells(row: SymbolStatus, facts: Facts, wide: bool) -> list[Cell]:
    glyphs = [_milestone(row, number, facts, wide) for number in range(len(row.milestones))]
    stones: list[Cell] = [(row.name, ""), *glyphs] if wide else [_joined(glyphs)]
    since = words.age(row.since, facts.as_of) if row.since else ""
    waiting = ("nothing", "muted") if row.waiting_on == "nothing" else row.waiting_on
    return [(row.symbol, "strong"), *stones, row.phase, rejected(row), waiting, since]


def rejected(row: SymbolStatus) -> Cell:
    """`384/185,166`: rejected over the records reported so far; a dash while no report has come."""
    if row.rejections is None:
        return ("–", "muted")
    return [(f"{row.rejections:,}", "warn" if row.rejections else ""), (f"/{row.reported:,}", "")]


def _milestone(row: SymbolStatus, number: int, facts: Facts, dated: bool) -> Piece:
    state = row.milestones[number]
    named = state.state
    alerts = facts.status.alerts if facts.status else ()
    if named == "current" and state.milestone.id == "reclamation" and any(alert.symbol == row.symbol for alert in alerts):
        named = "waiting"
    glyph, word, kind = words.MILESTONE_STATES[named]
    if not dated:
        return glyph, kind
    return f"{glyph} {words.day(state.completed) if state.completed else word}", kind


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    return [part for piece in pieces for part in (piece, (" ", ""))][:-1]


def _columns(rows: Sequence[Sequence[Cell]], wide: bool, room: int) -> list[Column]:
    """Columns as wide as what stands in them; what is too much is taken from the words, never from numbers."""
    titles = ["", *(("name", *SHORT_TITLES) if wide else ("1 2 3 4 5 6",)), "phase", "rejected", "waiting on", "since"]
    phase, rejected_at, waiting, since = range(len(titles) - 4, len(titles))
    widths = [max([len(title), *(width_of(line_of(row[at])) for row in rows)]) for at, title in enumerate(titles)]
    over = sum(widths) + len(widths) - 1 - room
    for at in ([1] if wide else []) + [waiting, phase]:
        cut = min(max(0, over), max(0, widths[at] - 12))
        widths[at] -= cut
        over -= cut
    return [Column(title, widths[at], right=at in (rejected_at, since)) for at, title in enumerate(titles)]


def _alert_lines(alert: Alert, root: Path, width: int) -> list[Line]:
    """What, and what to do next, in two lines: as many clauses of its first sentence as they hold (the whole of it stands
    where it happened)."""
    head: list[Piece] = [("! ", "warn"), (f"{alert.symbol} ", "strong")]
    tail: Piece = (f" → {alert.then}", "accent")
    told = words.clauses(words.short_paths(words.below(alert.text, root)))
    for said in told:
        if len(lines := wrap([*head, (said, ""), tail], width, 2)) <= 2:
            return [*lines]
    room = max(8, 2 * width - width_of([*head, tail]) - 2)
    return [*wrap([*head, (shortened(told[-1], room), ""), tail], width, 2)[:2]]


def _about(row: SymbolStatus) -> list[Line]:
    """Three lines on the symbol under the cursor."""
    kind = f"retiring into {row.successor}" if row.successor else row.disposition
    libraries = f" · libraries {' '.join(row.libraries)}" if row.libraries else ""
    since = f" since {words.short_moment(row.since)}" if row.since else ""
    counts = f"  in set {row.prepared:,} · sent {row.sent:,} of {row.prepared:,} · reported {row.reported:,} of {row.sent:,}"
    return [
        [("▸ ", "accent"), (f"{row.symbol} {row.name}", "strong"), (f" ({kind}){libraries}", "muted")],
        [("  next: ", "muted"), (row.milestone, ""), (f" · waits for {row.waiting_on}{since}", "")],
        [(counts, "muted")],
    ]

