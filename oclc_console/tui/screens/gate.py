"""How does one gate of a symbol stand? Its conditions with the evidence and its time, what would turn a red one green, what the
step does in numbers, and the keys to enter evidence, to take a red condition upon oneself, and to sign. Signing triggers
nothing at OCLC. Not for all symbols at once (boards.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console import clock
from oclc_console.operations.entering import enter
from oclc_console.operations.signing import gate, gate_pages, look, override, sign, withdraw
from oclc_console.project.evidence import Evidence, Known
from oclc_console.project.gates import SECOND_PERSON, ConditionState, GateState, why_not_sign
from oclc_console.tui import gate_words
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.checklist_forms import EnterEvidence
from oclc_console.tui.screens.dialogs import AskReason, Choose, Field, Form, Message
from oclc_console.tui.screens.gate_forms import SignGate
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

_FIRST = {"retained": "scan-delete", "target": "scan-delete", "retiring": "retire"}  # what people come for
_ABOUT = {"scan-delete": "Cut-off day (year-month-day)", "submit": "Collection id", "unset": "The list: a file or a document"}

Pages = tuple[tuple[str, str], ...]  # gates of a symbol with what each is about


class GateScreen(ConsoleScreen):
    """One level into place 2 or 5."""

    PLACE = "2"
    TITLE = "Gate"
    HELP = ("The conditions before a step that can't be taken back, each green, red, or signed for with a reason; below, the "
            "one under the cursor with what it looked at, when that was, and what would turn it green. i enters what the "
            "console can't see, with its source. o takes a red condition upon you, with a reason: it counts only while the "
            "evidence stays as it is. s signs: you type the symbol and the date, and a second person signs under another "
            "login. z takes your signature back while nobody else signed. n and p go through the gates of the symbol, d "
            "asks for another date, collection or list, Enter shows all of it with its history. Signing triggers nothing at "
            "OCLC.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sign", "Sign", id="gate.sign", tooltip="Sign: type the symbol and the date; a second person signs too"),
        Binding("i", "enter", "Evidence", id="gate.enter", tooltip="Enter what the console can't see, with its source"),
        Binding("o", "override", "Sign for", id="gate.override", tooltip="Take a red condition upon you, with a reason"),
        Binding("z", "withdraw", "Undo", id="gate.withdraw", show=False,
                tooltip="Take your signature back, while nobody else signed"),
        Binding("n", "next(1)", "Next", id="gate.next", tooltip="The next gate of this symbol"),
        Binding("p", "next(-1)", "Previous", id="gate.previous", show=False, tooltip="The previous gate of this symbol"),
        Binding("d", "subject", "Date", id="gate.subject", show=False, tooltip="Another cut-off day, collection or list"),
        Binding("enter", "read", "All", id="gate.read", key_display="↵", tooltip="The gate in full, with its history"),
        Binding("left_square_bracket", "step(-1)", "Before", id="gate.symbol_before", key_display="[", show=False,
                tooltip="The previous symbol"),
        Binding("right_square_bracket", "step(1)", "After", id="gate.symbol_after", key_display="]", show=False,
                tooltip="The next symbol"),
        ConsoleScreen.BACK,
    ]
    MORE_KEYS = frozenset({"gate.withdraw", "gate.subject"})

    def __init__(self, symbol: str | None = None, gate_id: str = "", subject: str = "") -> None:
        super().__init__()
        self._symbol, self._gate, self._subject = symbol, gate_id, subject
        self._asked: object = None
        self._state: GateState | None = None
        self._pages: Pages = ()
        self._known: Mapping[str, Known] = {}

    def body(self) -> Iterable[Widget]:
        """The conditions with the effect, and the condition under the cursor."""
        yield Frame(Table(gate_words.CONDITIONS, empty="Looking at the evidence…", id="conditions"), Lines(id="effect"),
                    title="Gate", id="gate")
        yield Frame(Lines(id="condition-lines"), title="Condition", id="condition")

    def on_mount(self) -> None:
        """Keys go to the conditions."""
        super().on_mount()
        self.query_one("#effect").can_focus = False
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#conditions", Table)

    @property
    def code(self) -> str | None:
        """The symbol whose gate this is."""
        return self._symbol or self.console.symbol

    def show_facts(self, facts: Facts) -> None:
        """Looks again when something changed."""
        code = self.code
        if code is None:
            self._table.say("There is no symbol yet. Press 2 and then e to open console.toml.")
            return
        wanted = (code, self._gate, self._subject, facts.changes, facts.workspace)
        if wanted == self._asked:
            return
        self._asked, workspace, gate_id, subject = wanted, facts.workspace, self._gate, self._subject
        self.ask("the gate", lambda: _looked(workspace, code, gate_id, subject), self._read)

    def _read(self, answer: tuple[GateState, Mapping[str, Known], Pages]) -> None:
        state, self._known, pages = answer
        if state.case.symbol != self.code or self._gate not in ("", state.gate.id):
            return
        another = self._state is None or (self._state.gate, self._state.case) != (state.gate, state.case)
        self._state, self._pages, self._gate = state, pages, state.gate.id
        if self._asked is not None and isinstance(self._asked, tuple):
            self._asked = (*self._asked[:1], self._gate, *self._asked[2:])
        self._show(another)

    def _show(self, another: bool) -> None:
        state = self._state
        if state is None or not self.is_attached:
            return
        rows, said = gate_words.condition_rows(state), gate_words.standing(state)
        if state.not_for:
            rows = []
            self._table.say(f"{state.case.symbol} has no such gate: {state.not_for}. Press n for the next one.")
        self._table.show(rows, [one.id for one in state.conditions][:len(rows)], gate_words.CONDITIONS)
        if another:
            self._table.cursor = next((at for at, one in enumerate(state.conditions) if one.state == "red"), 0)
        page = (state.gate.id, state.case.subject)
        at = self._pages.index(page) + 1 if page in self._pages else len(self._pages)
        self.query_one("#gate", Frame).titles(gate_words.title_of(state, at, len(self._pages)), said[0])
        self.query_one("#effect", Lines).show(lambda width: [] if state.not_for else gate_words.effect_lines(state, width))
        self._show_condition()

    @on(Table.Moved, "#conditions")
    def _show_condition(self) -> None:
        state, one = self._state, self._condition
        self.query_one("#condition", Frame).titles(one.sentence if one else "Condition")
        self.query_one("#condition-lines", Lines).show(
            lambda width: gate_words.condition_lines(state, one, width) if state and one else [])
        self.refresh_bindings()

    @property
    def _condition(self) -> ConditionState | None:
        state = self._state
        if state is None or state.not_for:
            return None
        return next((one for one in state.conditions if one.id == self._table.key), None)

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Signing needs a gate without red; taking back a signature that stands."""
        state, one = self._state, self._condition
        if action in ("sign", "enter", "override", "withdraw", "read", "subject") and state is None:
            return "The evidence is still being looked at."
        if state is None:
            return None
        if action == "sign" and (why := why_not_sign(state, self.workspace.actor)):
            return f"{why[0].upper()}{why[1:]}."
        if action == "override":
            return self._why_not_override(state, one)
        if action == "enter" and (one is None or not gate_words.evidence_of(state, one.id)):
            return "This condition is met by people signing, not by evidence." if one else "There is no condition here."
        if action == "withdraw" and (state.passed or not self._mine(state)):
            stands = "You have signed nothing here that stands."
            return "Two people have signed: it can't be taken back." if state.passed else stands
        if action == "subject" and state.gate.id not in _ABOUT:
            return "This gate is about the whole symbol."
        return None

    def _why_not_override(self, state: GateState, one: ConditionState | None) -> str | None:
        if one is None or one.state != "red":
            return "Only a red condition is signed for. Move to one."
        if one.id == SECOND_PERSON:
            return "The second person can't be signed away: ask a colleague to sign, under their own login."
        return "Two people have signed: there is nothing to sign for." if state.passed else None

    def _mine(self, state: GateState) -> list[int]:
        return [act.seq for act in state.history if act.seq in state.standing and act.by == self.workspace.actor]

    def action_sign(self) -> None:
        """Asks for the symbol and the date, typed by hand, then signs."""
        state = self._state
        if state is None:
            return

        def typed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                words = f"{answers['symbol']} {answers['day']}"
                self._act("sign", lambda workspace: sign(workspace, state.gate.id, state.case.symbol, words, state.case.subject,
                                                         answers["note"], state), self._signed)

        self.app.push_screen(SignGate(state, self.workspace.actor), typed)

    def _signed(self, state: GateState) -> None:
        if state.passed:
            self.notify(f"{state.passed.first.by} and {state.passed.second.by} have signed: it may be done.",
                        title=f"✔ {state.gate.step}", markup=False)
            return
        self.app.push_screen(Message(f"✔ Signed: {state.gate.step}, {state.case.symbol}", (
            f"Your signature is in the log. Now a second person signs, under another login: in their console on this page, or\n"
            f"oclc-console sign {state.gate.id} {state.case.symbol}\nIt counts while the evidence stays as it is.")))

    def action_override(self) -> None:
        """Asks why, then takes the red condition upon the person."""
        state, one = self._state, self._condition
        if state is None or one is None:
            return
        asked = AskReason(f"Sign for: {state.case.symbol} {one.id}", [
            f"{one.sentence}: {one.words}.", "", f"You take it upon you, as {self.workspace.actor}, for this evidence alone: "
            "when it changes, your reason counts no more."])
        case = state.case

        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("sign for", lambda workspace: override(
                    workspace, case.gate, case.symbol, one.id, answers["reason"], case.subject, state), self._told)

        self.app.push_screen(asked, reasoned)

    def action_withdraw(self) -> None:
        """Asks why, then takes the newest own signature back."""
        state = self._state
        if state is None:
            return
        line = max(self._mine(state))
        said = next(act.words for act in state.history if act.seq == line)

        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("take back", lambda workspace: withdraw(
                    workspace, state.gate.id, state.case.symbol, answers["reason"], state.case.subject, line), self._told)

        self.app.push_screen(AskReason(f"Take back: {state.case.symbol}", [f"Line {line} of the log: {said}"]), reasoned)

    def action_enter(self) -> None:
        """Asks which thing, then its value and source, and enters it."""
        state, one = self._state, self._condition
        if state is None or one is None:
            return
        things = gate_words.evidence_of(state, one.id)
        if len(things) == 1:
            self._ask_evidence(state, things[0])
            return

        def chosen(key: str | None) -> None:
            if key is not None:
                self._ask_evidence(state, next(thing for thing in things if thing.key == key))

        known = self._known
        rows = [[thing.words, gate_words.shown_value(known.get(thing.key))] for thing in things]
        columns = (Column("what", 40, grows=True), Column("known", 24))
        self.app.push_screen(Choose(f"Enter evidence: {one.sentence}", columns, rows, [thing.key for thing in things],
                                    next((thing.key for thing in things if thing.key not in known), None)), chosen)

    def _ask_evidence(self, state: GateState, thing: Evidence) -> None:
        subject = state.case.subject if thing.about != "symbol" else ""

        def typed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act("enter", lambda workspace: _entered(workspace, state, thing, answers, subject), self._told)

        today = clock.now().astimezone().date()
        self.app.push_screen(EnterEvidence(state.case.symbol, thing.key, self._known.get(thing.key), today), typed)

    def action_subject(self) -> None:
        """Asks for another cut-off day, collection or list."""
        state = self._state
        if state is None:
            return

        def typed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._subject = answers["about"]
                self._draw()

        label = _ABOUT[state.gate.id]
        self.app.push_screen(Form(f"{state.case.symbol}: {state.gate.step}", ["Which one do you want to look at?"],
                                  [Field("about", label)]), typed)

    def action_read(self) -> None:
        """The gate in full."""
        if (state := self._state) is not None:
            self.app.push_screen(Message(f"{state.case.symbol}: {state.gate.step}", gate_words.whole_text(state)))

    def action_next(self, by: int) -> None:
        """Another gate of the symbol, round and round."""
        state = self._state
        if state is None or not self._pages:
            return
        page = (state.gate.id, state.case.subject)
        at = self._pages.index(page) if page in self._pages else 0
        self._gate, self._subject = self._pages[(at + by) % len(self._pages)]
        self._draw()

    def action_step(self, by: int) -> None:
        """The same gate of a neighbouring symbol."""
        status = self.console.facts.status if self.console.facts else None
        symbols = [row.symbol for row in status.symbols] if status else []
        if not symbols:
            return
        at = symbols.index(self.code) if self.code in symbols else 0
        self.console.symbol = symbols[(at + by) % len(symbols)]
        self._symbol, self._gate, self._subject = self.console.symbol, "", ""
        self._draw()

    def _act(self, topic: str, act: Callable[[Workspace], GateState], done: Callable[[GateState], None]) -> None:
        workspace, pages, known = self.workspace, self._pages, self._known

        def told(state: GateState) -> None:
            if self._state is not None and (state.gate, state.case.symbol) == (self._state.gate, self._state.case.symbol):
                self._read((state, known, pages))
            done(state)

        self.ask(topic, lambda: act(workspace), told)

    def _told(self, state: GateState) -> None:
        self.notify(f"It is in the log. {gate_words.standing(state)[0]}", title=f"{state.case.symbol}: {state.gate.step}",
                    markup=False)


def _looked(workspace: Workspace, code: str, gate_id: str, subject: str) -> tuple[GateState, Mapping[str, Known], Pages]:
    """The gate that is wanted, what it was judged on, and which gates there are."""
    wanted = gate_id or _FIRST[workspace.settings.symbol(code).disposition]
    looked, pages = look(workspace, wanted, code, subject), gate_pages(workspace, code)
    page = (wanted, looked.state.case.subject)
    if page not in pages:  # another day than the usual one: it stands after that
        at = next((number + 1 for number, (each, _) in enumerate(pages) if each == wanted), len(pages))
        pages = (*pages[:at], page, *pages[at:])
    return looked.state, looked.known, pages


def _entered(workspace: Workspace, state: GateState, thing: Evidence, answers: dict[str, str], subject: str) -> GateState:
    enter(workspace, state.case.symbol, thing.key, answers["value"], answers["source"], answers["day"], answers["note"],
          subject)
    about = "" if thing.key == "cutoff_proposed" else state.case.subject
    return gate(workspace, state.gate.id, state.case.symbol, about)
