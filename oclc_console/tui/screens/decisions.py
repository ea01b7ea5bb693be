"""What was decided, by whom, when and why? The register of decisions: those of the whole project and of each symbol,
their options with the results of tests, choosing with a reason, reopening. Deciding triggers nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console import clock
from oclc_console.operations.decisions import Register, add_option, choose, open_new, person_name, registers, reopen
from oclc_console.project.decisions import Decision
from oclc_console.tui import words
from oclc_console.tui.decision_words import STATES, about, full_words
from oclc_console.tui.screens.decision_forms import AddOption, Decide, NewDecision
from oclc_console.tui.screens.dialogs import AskReason, Choose, Message
from oclc_console.tui.screens.list_page import ListPage
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.filter import FilterLine, holds
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.plain import plain
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

NARROW = (Column("", 10), Column("decision", 30), Column("choice", 10, grows=True), Column("on", 9))
BROAD = (Column("", 10), Column("decision", 44, grows=True), Column("choice", 20, grows=True), Column("on", 9),
         Column("who", 20))
_OTHER = "(other)"  # the key of the row that stands for any other text


def summary(workspace: Workspace) -> str:
    """The register in one line, for the list of pages."""
    whole, *symbols = registers(workspace)
    line = f"{whole.decided:,} of {len(whole.decisions):,} decided for the whole project"
    if not symbols:
        return line
    decided, every = sum(each.decided for each in symbols), sum(len(each.decisions) for each in symbols)
    return f"{line}, {decided:,} of {every:,} for {words.plural(len(symbols), 'symbol')}"


class DecisionsScreen(ListPage):
    """One level into place 5."""

    PLACE = "5"
    LIST = "register-list"
    TITLE = "Decisions"
    HELP = ("The register of decisions: first those of the whole project, then with ] and [ those of each symbol. c "
            "records what "
            "was decided: an option, the reason, who, when, and a link to the document. t adds an option, or the result of its "
            "test. o opens a decision again, with a reason; n opens one that is not in the register. Nothing is erased: the "
            "history of each stays. Deciding triggers nothing: gates ask for their own signatures.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", id="decisions.read", key_display="↵", tooltip="The decision in full, with history"),
        Binding("c", "choose", "Decide", id="decisions.choose", tooltip="Record what was decided, with a reason"),
        Binding("t", "option", "Option", id="decisions.option", tooltip="Add an option, or the result of its test"),
        Binding("o", "reopen", "Reopen", id="decisions.reopen", tooltip="Open it again, with a reason; the history stays"),
        Binding("n", "new", "New", id="decisions.new", show=False, tooltip="Open a decision that is not in the register"),
        Binding("left_square_bracket", "step(-1)", "Previous", id="decisions.previous", key_display="[", show=False,
                tooltip="The symbol before; before the first, the whole project"),
        Binding("right_square_bracket", "step(1)", "Next", id="decisions.next", key_display="]", show=False,
                tooltip="The next symbol"),
        Binding("slash", "filter", "Filter", id="decisions.filter", key_display="/", tooltip="Only decisions that hold a word"),
        ListPage.BACK,
    ]
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset({"decisions.new", "decisions.previous", "decisions.next"})

    def __init__(self, symbol: str | None = None) -> None:
        super().__init__()
        self._every: Sequence[Register] = ()
        self._symbol = symbol  # whose decisions are shown; None: the whole project's

    def body(self) -> Iterable[Widget]:
        """The decisions, and the one under the cursor."""
        yield Frame(Table(NARROW, empty="Reading the register…", id="register-list"), FilterLine("a word of a decision"),
                    title="Decisions", id="register")
        yield Frame(Lines(id="register-lines"), title="Decision", id="register-about")

    def _read_again(self) -> None:
        workspace = self.workspace
        self.ask("the decisions", lambda: registers(workspace), self._read)

    def _read(self, every: Sequence[Register]) -> None:
        self._every = every
        if self._symbol not in [each.symbol for each in every]:
            self._symbol = None
        self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._show()

    @property
    def _shown(self) -> Register | None:
        return next((each for each in self._every if each.symbol == self._symbol), None)

    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        shown = self._shown
        if shown is None or not self.is_attached:
            return
        wanted = self.query_one(FilterLine).value
        kept = [each for each in shown.decisions if holds(wanted, each.id, each.title, each.question, STATES[each.state][0],
                                                          each.choice.option if each.choice else "", each.who)]
        self._list.say(f"Nothing holds {wanted!r}. Press / and Esc to see all." if wanted else
                       "There is nothing to decide here. Press n to open a decision.")
        self._list.show([self._cells(each) for each in kept], [each.id for each in kept],
                        BROAD if self.app.size.width >= words.WIDE else NARROW)
        whose = f"{shown.symbol} {shown.name}" if shown.symbol else "the whole project"
        self.query_one("#register", Frame).titles(f"Decisions · {whose}{f' · filter: {wanted}' if wanted else ''}",
                                                  f"{shown.decided:,} of {len(shown.decisions):,} decided · [ ] other symbols")
        self._moved()

    def _cells(self, one: Decision) -> list[Cell]:
        choice = one.choice
        if choice is None:
            return [STATES[one.state], one.title, (f"usually {one.who}" if one.who else "", "muted"), "–", ""]
        who = person_name(self.workspace, choice.decided_by)
        return [STATES[one.state], one.title, choice.option, words.day(choice.day), who]

    @property
    def _one(self) -> Decision | None:
        """The decision under the cursor."""
        shown = self._shown
        return next((each for each in shown.decisions if each.id == self._list.key), None) if shown else None

    @on(Table.Moved, "#register-list")
    def _moved(self) -> None:
        one, workspace = self._one, self.workspace
        self.query_one("#register-about", Frame).titles(one.title if one else "Decision", one.id if one else "")
        self.query_one("#register-lines", Lines).show(lambda width: about(workspace, one, width) if one else [])
        self.refresh_bindings()

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Deciding needs an open decision, reopening a decided one."""
        if not self.is_mounted or not self.query("#register-list"):
            return None
        one = self._one
        if action in ("read", "choose", "option", "reopen") and one is None:
            return "There is no decision under the cursor."
        if action == "choose" and one is not None and one.choice is not None:
            return "That is decided. If it no longer holds, press o to open it again with a reason."
        if action == "reopen" and one is not None and one.choice is None:
            return "That is open: nothing was decided."
        if action == "step" and len(self._every) < 2:
            return "There is no symbol in console.toml."
        return None

    def action_step(self, by: int) -> None:
        """Goes to the decisions of a neighbouring symbol, round and round."""
        symbols = [each.symbol for each in self._every]
        self._symbol = symbols[(symbols.index(self._symbol) + by) % len(symbols)]
        self._list.cursor = 0
        self._show()

    @on(Table.Chosen, "#register-list")
    def action_read(self) -> None:
        """Shows the decision in full."""
        if (one := self._one) is not None:
            self.app.push_screen(Message(one.title, "\n".join(full_words(self.workspace, one))))

    def action_choose(self) -> None:
        """Records what was decided: which option, then why."""
        if (one := self._one) is None:
            return
        if not one.options:
            self._decide(one, None)
            return

        def chosen(key: str | None) -> None:
            if key is not None:
                self._decide(one, None if key == _OTHER else one.options[int(key)].text)

        rows: list[list[Cell]] = [[f"{number}", each.text, (each.result, "muted")]
                                  for number, each in enumerate(one.options, 1)]
        keys = [str(number) for number in range(len(one.options))]
        if one.takes_any_text:
            rows.append(["", "Something else", ""])
            keys.append(_OTHER)
        self.app.push_screen(Choose(f"Decide: {one.title}", (Column("no.", 3, right=True), Column("option", 36, grows=True),
                                                             Column("its test", 24)), rows, keys), chosen)

    def _decide(self, one: Decision, option: str | None) -> None:
        workspace, today = self.workspace, clock.now().astimezone().date()
        actor = person_name(workspace, workspace.actor)

        def given(answers: dict[str, str] | None) -> None:
            if answers is None:
                return
            by = "" if answers["by"] == actor else answers["by"]
            self._act("recording the decision", lambda: choose(
                workspace, one.id, option or answers["choice"], answers["reason"], symbol=one.symbol, link=answers["link"],
                decided_by=by, day=answers["day"]))

        self.app.push_screen(Decide(one, option, today, actor), given)

    def action_option(self) -> None:
        """Adds an option, or the result of its test."""
        if (one := self._one) is None:
            return
        workspace = self.workspace

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("adding an option", lambda: add_option(workspace, one.id, answers["text"], answers["result"],
                                                                 symbol=one.symbol))

        self.app.push_screen(AddOption(one), given)

    def action_reopen(self) -> None:
        """Opens the decision again, with a reason."""
        if (one := self._one) is None or one.choice is None:
            return
        workspace = self.workspace
        said = f"{one.choice.option}, decided on {words.day(one.choice.day)}. It stays in the history."

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("reopening", lambda: reopen(workspace, one.id, answers["reason"], symbol=one.symbol))

        self.app.push_screen(AskReason(f"Reopen: {one.title}", [said]), given)

    def action_new(self) -> None:
        """Opens a decision that is not in the register."""
        workspace, symbol = self.workspace, self._symbol

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("opening a decision", lambda: open_new(workspace, answers["title"], answers["question"],
                                                                 symbol=symbol))

        self.app.push_screen(NewDecision(symbol or "the whole project"), given)

    def _act(self, doing: str, act: Callable[[], Decision]) -> None:
        def done(one: Decision) -> None:
            self._read_again()
            self.notify(plain(f"{one.title}."), title=STATES[one.state][0], markup=False)

        self.ask(doing, act, done)
