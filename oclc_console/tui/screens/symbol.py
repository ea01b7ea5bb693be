"""What is left to do for one symbol? Its six milestones in order: completed, who, note; signing off, marking as not
applicable, reopening with a reason. Signing records what people did; it triggers nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console import clock
from oclc_console.operations.checklist import Checklist, checklist, mark_not_applicable, reopen, sign_off
from oclc_console.operations.status import SymbolStatus
from oclc_console.project.milestones import MilestoneState
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import AskReason, Field, Form
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table

COLUMNS = (Column("", 1), Column("milestone", 34), Column("completed", 9), Column("who", 10), Column("note", 8, grows=True))


class SignOff(Form):
    """Asks for the day on which a milestone was completed, and a note."""

    def __init__(self, symbol: str, state: MilestoneState, today: date) -> None:
        stone = state.milestone
        super().__init__(f"Sign off {symbol}: {stone.number} {stone.title}",
                         [stone.explanation, "", [("Signing records what was done; it triggers nothing.", "muted")]],
                         [Field("day", "Completed on "
                                       "(year-month-day)", today.isoformat()), Field("note", "Note (may be empty)")])
        self._today = today

    def wrong(self, answers: dict[str, str]) -> str | None:
        """The day must be one, and not to come."""
        try:
            given = date.fromisoformat(answers["day"])
        except ValueError:
            return f"{answers['day']!r} is no day. Write it as {self._today}."
        return f"{given} is still to come; today is {self._today}." if given > self._today else None


class SymbolScreen(ConsoleScreen):
    """Place 2."""

    PLACE = "2"
    TITLE = "Symbol"
    HELP = ("The six milestones of a symbol in their order. s signs the one under the cursor off, with the day it was "
            "completed "
            "and a note; n says that it does not concern this symbol; o opens a signed one again, with a reason. "
            "Nothing is "
            "erased: the log keeps every act. Signing triggers nothing at OCLC. v shows where every record of the set "
            "went. [ and ] go to the neighbouring symbols.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sign", "Sign "
                             "off", id="symbol.sign", tooltip="Sign the milestone off: the day it was completed, and "
                                                              "a note"),
        Binding("n", "not_applicable", "N/A", id="symbol.na", tooltip="Say that the milestone does not concern this "
                                                                      "symbol"),
        Binding("o", "reopen", "Reopen", id="symbol.reopen", tooltip="Open a signed milestone again, with a reason"),
        Binding("v", "coverage", "Coverage", id="symbol.coverage", tooltip="Where every record of the set went"),
        Binding("g", "gates", "Gates", id="symbol.gates", priority=True, tooltip="The gates before what can't be taken back"),
        Binding("left_square_bracket", "step(-1)", "Previous", id="symbol.previous", key_display="[",
                tooltip="The previous symbol"),
        Binding("right_square_bracket", "step(1)", "Next", id="symbol.next", key_display="]", tooltip="The next symbol"),
        Binding("e", "edit", "Settings", id="symbol.edit", tooltip="Open console.toml in your editor", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: Checklist | None = None
        self._asked: object = None

    def body(self) -> Iterable[Widget]:
        """The milestones, and what is to be said of the one under the cursor."""
        yield Frame(Table(COLUMNS, empty="Reading the "
                                         "checklist…", id="stones"), Lines(id="phase"), title="Checklist", id="checklist")
        yield Frame(Lines(id="more"), title="Milestone", id="milestone")

    def on_mount(self) -> None:
        """Keys go to the milestones."""
        super().on_mount()
        self.query_one("#phase").can_focus = False
        self.query_one("#stones").focus()

    @property
    def _stones(self) -> Table:
        return self.query_one("#stones", Table)

    def show_facts(self, facts: Facts) -> None:
        """Asks for the checklist again when something changed, and draws the numbers."""
        symbol = self.console.symbol
        if symbol is None:
            said = "console.toml must be mended first" if facts.problem else "There is no symbol yet"
            self._stones.say(f"{said}. Press e to open console.toml." if facts.status or facts.problem else "")
            return
        wanted = (symbol, facts.changes, facts.workspace)
        if wanted != self._asked:
            self._asked = wanted
            workspace = facts.workspace
            self.ask("the checklist", lambda: checklist(workspace, symbol), self._show)
        self._show_phase(facts)

    def _show(self, found: Checklist) -> None:
        if found.symbol != self.console.symbol:
            return
        another = self._shown is None or self._shown.symbol != found.symbol
        self._shown = found
        self._stones.show([_cells(state) for state in found.milestones], [state.milestone.id for state in found.milestones])
        done = sum(state.state in ("done", "not_applicable") for state in found.milestones)
        title = f"{found.symbol} {found.name} · Checklist · {done} of {len(found.milestones)} behind"
        self.query_one("#checklist", Frame).titles(title, "✔ done  ◐ now  · to come  – n/a")
        if another:
            self._stones.cursor = found.milestones.index(found.next) if found.next else 0
        self._show_more()
        if self.console.facts:
            self._show_phase(self.console.facts)

    def _show_phase(self, facts: Facts) -> None:
        row = next((row for row in facts.status.symbols if row.symbol == self.console.symbol), None) if facts.status else None
        following = self._shown.next if self._shown else None

        def build(width: int) -> list[Line]:
            return _phase(row, following, facts, width) if row else []

        self.query_one("#phase", Lines).show(build)

    @on(Table.Moved, "#stones")
    def _show_more(self) -> None:
        state, found = self._state(), self._shown
        if state is None or found is None:
            return
        stone, history = state.milestone, found.history.get(state.milestone.id, ())
        self.query_one("#milestone", Frame).titles(f"{stone.number} {stone.title}")

        def build(width: int) -> list[Line]:
            lines: list[Line] = [*wrap(f"{stone.explanation} Usually signed by: {stone.who}.", width), []]
            for act in reversed(history):
                lines += wrap([(f"{words.moment(act.at)} ", "muted"), (act.by, ""), (f" {act.words}", "")], width, 4)
            return lines if history else [*lines, [("Nobody has signed anything here yet.", "muted")]]

        self.query_one("#more", Lines).show(build)
        self.refresh_bindings()

    def _state(self) -> MilestoneState | None:
        if self._shown is None:
            return None
        return next((state for state in self._shown.milestones if state.milestone.id == self._stones.key), None)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Signing needs an open milestone, reopening a closed one."""
        state = self._state()
        if action in ("sign", "not_applicable", "reopen") and state is None:
            return "There is no milestone under the cursor. Choose a symbol on 1 Dashboard."
        if action in ("sign", "not_applicable") and state and state.state in ("done", "not_applicable"):
            was = "done already" if state.state == "done" else "marked as not applicable"
            return f"{state.milestone.title} is {was}. If that is wrong, press o to reopen it with a reason."
        if action == "reopen" and state and state.state not in ("done", "not_applicable"):
            return f"{state.milestone.title} is open: there is nothing to reopen. Press s to sign it off."
        if action in ("coverage", "gates") and self.console.symbol is None:
            return "There is no symbol yet. Press e to open console.toml."
        if action == "step" and len(self._symbols()) < 2:
            return "There is no other symbol in console.toml."
        return None

    def _symbols(self) -> list[str]:
        status = self.console.facts.status if self.console.facts else None
        return [row.symbol for row in status.symbols] if status else []

    def action_step(self, by: int) -> None:
        """Goes to a neighbouring symbol, round and round."""
        symbols = self._symbols()
        at = symbols.index(self.console.symbol) if self.console.symbol in symbols else 0
        self.console.symbol = symbols[(at + by) % len(symbols)]
        self._draw()

    def action_coverage(self) -> None:
        """Opens the coverage of the symbol."""
        from oclc_console.tui.screens.coverage import CoverageScreen

        self.app.push_screen(CoverageScreen())

    def action_gates(self) -> None:
        """Opens the gates of the symbol."""
        from oclc_console.tui.screens.gate import GateScreen

        self.app.push_screen(GateScreen())

    def action_edit(self) -> None:
        """Opens console.toml in an editor."""
        self.console.edit_settings()

    def action_sign(self) -> None:
        """Asks for the day and a note, then signs."""
        state, symbol = self._state(), self.console.symbol
        if state is None or symbol is None:
            return
        today = clock.now().astimezone().date()

        def signed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                day, note = date.fromisoformat(answers["day"]), answers["note"]
                self._act("sign off", lambda: sign_off(self.workspace, symbol, state.milestone.id, day, note))

        self.app.push_screen(SignOff(symbol, state, today), signed)

    def action_not_applicable(self) -> None:
        """Asks why, then marks the milestone as not applicable."""
        state, symbol = self._state(), self.console.symbol
        if state is None or symbol is None:
            return
        asked = AskReason(f"Not applicable: {symbol} {state.milestone.number}", [state.milestone.title],
                          "Why does it not concern this symbol?")
        self._with_reason(asked, lambda why: mark_not_applicable(self.workspace, symbol, state.milestone.id, why))

    def action_reopen(self) -> None:
        """Asks why, then opens the milestone again."""
        state, symbol = self._state(), self.console.symbol
        if state is None or symbol is None:
            return
        asked = AskReason(f"Reopen {symbol}: {state.milestone.number} {state.milestone.title}",
                          ["What was signed stays in the log; the milestone is open again."])
        self._with_reason(asked, lambda why: reopen(self.workspace, symbol, state.milestone.id, why))

    def _with_reason(self, asked: AskReason, act: Callable[[str], Checklist]) -> None:
        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("checklist", lambda: act(answers["reason"]))

        self.app.push_screen(asked, reasoned)

    def _act(self, topic: str, act: Callable[[], Checklist]) -> None:
        def done(found: Checklist) -> None:
            self._show(found)
            state = self._state()
            if state is not None:
                word = words.MILESTONE_STATES[state.state][1]
                self.notify(f"It is {word} now, and in the "
                            "log.", title=f"{found.symbol}: {state.milestone.title}", markup=False)

        self.ask(topic, act, done)


def _cells(state: MilestoneState) -> list[Cell]:
    glyph, word, kind = words.MILESTONE_STATES[state.state]
    completed: Cell = words.day(state.completed) if state.completed else (word, kind)
    return [(glyph, kind), [(f"{state.milestone.number} ", "muted"), (state.milestone.title, "")], completed, state.who or "",
            state.note or ""]


def _phase(row: SymbolStatus, following: MilestoneState | None, facts: Facts, width: int) -> list[Line]:
    """What the runs say of the symbol, and what is next."""
    since = f" since {words.short_moment(row.since)} ({words.age(row.since, facts.as_of)})" if row.since else ""
    rejected = "not yet" if row.rejections is None else f"{row.rejections:,} of {row.reported:,}"
    following_words = f"{following.milestone.number} {following.milestone.title}" if following else "all six are behind"
    return [
        *wrap([("Next: ", "strong"), (following_words, "accent"), (". Waits for "
                                                                   f"{row.waiting_on}{since}.", "")], width, 6),
        *wrap([("Runs: ", "strong"), (f"{row.phase}; in set {row.prepared:,}, sent {row.sent:,} of {row.prepared:,}, "
                                      "reported "
                                      f"{row.reported:,} of {row.sent:,}, rejected {rejected}.", "")], width, 6),
    ]
