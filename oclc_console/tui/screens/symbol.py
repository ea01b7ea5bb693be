"""What is left to do for one symbol? Its milestones in order and the tasks in them: what is next, what waits on whom and since
when, with the evidence beside. Signing records what people did; it triggers nothing. Not for the acts (checklist_acts.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.errors import ConsoleError
from oclc_console.operations.checklist import Checklist, checklist
from oclc_console.operations.entering import computed
from oclc_console.operations.status import SymbolStatus
from oclc_console.project.evidence import Known, together
from oclc_console.project.tasks import TaskState
from oclc_console.tui import words
from oclc_console.tui.checklist_words import (
    NARROW,
    WIDE,
    Shown,
    about_heading,
    group_of,
    groups_of,
    milestone_lines,
    next_lines,
    phase_lines,
    rows,
    task_lines,
)
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.checklist_acts import ChecklistActs, Item, id_of, title_of, today
from oclc_console.tui.screens.dialogs import Message
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Table
from oclc_console.workspace import Workspace

_DETAIL = 70  # cells of a line in the window that shows everything about a task


class Steps(Table, inherit_bindings=False):
    """The checklist's rows. Unlike in other lists g does not go to the top: it is the key of the gates here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        binding if not isinstance(binding, Binding) or binding.key != "home,g" else
        Binding("home", "to(0)", "Top", show=False, id="table.top", tooltip="To the first row") for binding in Table.BINDINGS]


class SymbolScreen(ChecklistActs):
    """Place 2."""

    PLACE = "2"
    TITLE = "Symbol"
    HELP = ("The milestones of a symbol in their order, and the tasks in them; Enter opens and closes a milestone and shows "
            "everything about a task, . goes to what is next. s signs the one under the cursor off, with the day it was "
            "completed and a note; a milestone with open tasks needs a note that says why. n says that it does not concern "
            "this symbol; o opens a signed one again; z takes the last act on it back; each with a reason. c claims a task, p "
            "plans it, t adds a note, i enters evidence that the console can't see. Nothing is erased: the log keeps every "
            "act. Signing triggers nothing at OCLC. v shows where every record of the set went, g the gates before what can't "
            "be taken back. [ and ] go to the neighbouring symbols. The tasks are a template: oclc-console checklist "
            "--template writes it out to be edited.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="symbol.open", key_display="↵",
                tooltip="Open or close the milestone; everything about the task"),
        *ChecklistActs.BINDINGS,
        Binding("full_stop", "next", "Step", id="symbol.step", key_display=".", tooltip="Go to what is next"),
        Binding("h", "history", "History", id="symbol.history", show=False, tooltip="Every act on it, newest first"),
        Binding("v", "coverage", "Coverage", id="symbol.coverage", tooltip="Where every record of the set went"),
        Binding("g", "gates", "Gates", id="symbol.gates", priority=True, tooltip="The gates before what can't be taken back"),
        Binding("left_square_bracket", "step(-1)", "Previous", id="symbol.previous", key_display="[", show=False,
                tooltip="The previous symbol"),
        Binding("right_square_bracket", "step(1)", "Next", id="symbol.next", key_display="]", show=False,
                tooltip="The next symbol"),
        Binding("e", "edit", "Settings", id="symbol.edit", tooltip="Open console.toml in your editor", show=False),
    ]
    MORE_KEYS = frozenset(f"symbol.{key}" for key in
                          ("claim", "na", "reopen", "undo", "plan", "note", "history", "previous", "next"))

    def __init__(self) -> None:
        super().__init__()
        self._found: Checklist | None = None
        self._computed: Mapping[str, Known] = {}
        self._toggled: dict[str, bool] = {}  # milestones that were opened or closed by hand
        self._asked: object = None
        self._asked_evidence: object = None
        self._problem = ""

    def body(self) -> Iterable[Widget]:
        """The checklist, and what is to be said of the row under the cursor."""
        yield Frame(Steps(NARROW, empty="Reading the checklist…", id="stones"), Lines(id="phase"), title="Checklist",
                    id="checklist")
        yield Frame(Lines(id="more"), title="Milestone", id="milestone")

    def on_mount(self) -> None:
        """Keys go to the checklist."""
        super().on_mount()
        self.query_one("#phase").can_focus = False
        self.query_one("#stones").focus()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._draw_rows()

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
        workspace = facts.workspace
        wanted = (symbol, facts.changes, workspace)
        if wanted != self._asked:
            self._asked = wanted
            self.ask("the checklist", lambda: checklist(workspace, symbol), self._show)
        numbers = (symbol, workspace, facts.worked, next((row for row in self._rows() if row.symbol == symbol), None))
        if numbers != self._asked_evidence:
            self._asked_evidence = numbers
            self.ask("the evidence", lambda: _evidence(workspace, symbol), self._show_evidence)
        self._show_phase()

    def _show_evidence(self, told: tuple[str, Mapping[str, Known], str]) -> None:
        symbol, known, problem = told
        if symbol == self.console.symbol:
            self._computed = known
            self._draw_rows()
            if problem and problem != self._problem:  # the checklist can be worked on all the same
                self.notify(problem, title="! not all evidence can be computed", severity="warning", markup=False)
            self._problem = problem

    def _show(self, found: Checklist) -> None:
        before = self._found if self._found and self._found.symbol == found.symbol else None
        if found.symbol != self.console.symbol or (before is not None and found.seq < before.seq):
            return  # of another symbol, or older than what came of an act meanwhile
        self._found = found
        if before is None:
            self._toggled = {}
            self._draw_rows()
            self._to_step()
        else:
            self._draw_rows()

    @property
    def _shown(self) -> Shown | None:
        if self._found is None:
            return None
        opened = {key for key, is_open in self._toggled.items() if is_open}
        opened |= {key for key in groups_of(self._found) if self._toggled.get(key, True)}
        return Shown(self._found, self._computed, frozenset(opened), today())

    def _draw_rows(self) -> None:
        shown = self._shown
        if shown is None or not self.is_attached:
            return
        found, wide = shown.found, self.app.size.width >= words.WIDE
        drawn, on = rows(shown, wide), self._stones.key
        keys = [key for key, _ in drawn]
        self._stones.show([cells for _, cells in drawn], keys, WIDE if wide else NARROW)
        if on is not None and on not in keys and (group := group_of(found, on)) in keys:
            self._stones.cursor = keys.index(group)  # its milestone was closed, or signed
        behind = sum(state.state in ("done", "not_applicable") for state in found.milestones)
        title = f"{found.symbol} {found.name} · Checklist · {behind} of {len(found.milestones)} behind"
        self.query_one("#checklist", Frame).titles(title, "✔ done  ◐ now  · to come  – n/a")
        self._show_more()
        self._show_phase()

    def _show_phase(self) -> None:
        facts, found = self.console.facts, self._found
        if facts is None or found is None or found.symbol != self.console.symbol:
            return
        row = next((row for row in self._rows() if row.symbol == found.symbol), None)

        def build(width: int) -> list[Line]:
            problem = wrap([("! ", "bad"), (words.below(found.problem, facts.workspace.root), "")], width, 2)
            return [*(problem if found.problem else []), *next_lines(found, facts.as_of, width),
                    *(phase_lines(row, width) if row else [])]

        self.query_one("#phase", Lines).show(build)

    @on(Table.Moved, "#stones")
    def _show_more(self) -> None:
        item = self.item
        frame, panel = self.query_one("#milestone", Frame), self.query_one("#more", Lines)
        if item is None:
            frame.titles("Heading")
            panel.show(lambda width: wrap(about_heading(self._stones.key), width))
        else:
            frame.titles(title_of(item))
            panel.show(lambda width: self._said(item, width))
        self.refresh_bindings()

    def _said(self, item: Item, width: int) -> list[Line]:
        shown, facts = self._shown, self.console.facts
        if shown is None or facts is None:
            return []
        if isinstance(item, TaskState):
            return list(task_lines(item, shown, facts.as_of, width))
        return list(milestone_lines(item, shown, width))

    # what the acts want to know

    @property
    def shown_checklist(self) -> Checklist | None:
        """The checklist on the screen."""
        return self._found if self._found and self._found.symbol == self.console.symbol else None

    @property
    def item(self) -> Item | None:
        """The milestone or the task under the cursor."""
        return self.item_of(self._found, self._stones.key) if self._found else None

    def known(self, key: str) -> Known | None:
        """What is known of a piece of evidence."""
        return together(self._computed, self._found.entered).get(key) if self._found else None

    def acted(self, found: Checklist, item: Item | None) -> None:
        """Draws what came of it. Whoever closed what was next goes on to what is next now."""
        steps = {step.id for step in self._found.steps} if self._found else set()
        self._show(found)
        now = self.item_of(found, id_of(item)) if item is not None else None
        if item is None or now is None:
            self.notify("It is in the log.", title=found.symbol, markup=False)
            return
        if now.state in ("done", "not_applicable") and id_of(now) in steps:
            self._to_step()
        word = words.MILESTONE_STATES[now.state][1]
        self.notify(f"It is {word} now, and in the log.", title=f"{found.symbol}: {title_of(now)}", markup=False)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Keys that need a row, a symbol or another one."""
        if action in ("coverage", "gates") and self.console.symbol is None:
            return "There is no symbol yet. Press e to open console.toml."
        if action == "step" and len(self._rows()) < 2:
            return "There is no other symbol in console.toml."
        if action == "next" and not (self._found and self._found.steps):
            return "Nothing is next: all of it is behind."
        if action in ("open", "history") and self._stones.key is None:
            return "There is nothing under the cursor."
        return super().why_not(action, parameters)

    # keys

    def action_open(self) -> None:
        """Opens or closes a milestone; shows everything about a task."""
        key, shown = self._stones.key, self._shown
        if key is None or shown is None:
            return
        if isinstance(self.item, TaskState):
            self.action_history()
            return
        self._toggled[key] = key not in shown.opened
        self._draw_rows()

    @on(Table.Chosen, "#stones")
    def _chosen(self) -> None:
        self.action_open()

    def action_history(self) -> None:
        """Everything about the row, its whole history with it."""
        item = self.item
        if item is not None:
            told = ["".join(text for text, _ in line) for line in self._said(item, _DETAIL)]
            self.app.push_screen(Message(title_of(item), "\n".join(told)))

    def action_next(self) -> None:
        """Goes to what is next; where two things are, to the other one."""
        self._to_step()

    def _to_step(self) -> None:
        found = self._found
        if found is None or not found.steps:
            return
        ids = [step.id for step in found.steps]
        wanted = ids[(ids.index(str(self._stones.key)) + 1) % len(ids)] if self._stones.key in ids else ids[0]
        if wanted not in self._stones.keys:
            self._toggled[group_of(found, wanted)] = True
            self._draw_rows()
        if wanted in self._stones.keys:
            self._stones.cursor = self._stones.keys.index(wanted)

    def _rows(self) -> Sequence[SymbolStatus]:
        facts = self.console.facts
        return facts.status.symbols if facts and facts.status else ()

    def action_step(self, by: int) -> None:
        """Goes to a neighbouring symbol, round and round."""
        symbols = [row.symbol for row in self._rows()]
        at = symbols.index(self.console.symbol) if self.console.symbol in symbols else 0
        self.console.symbol = symbols[(at + by) % len(symbols)]
        self._computed = {}
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


def _evidence(workspace: Workspace, symbol: str) -> tuple[str, Mapping[str, Known], str]:
    """The symbol, what the console knows of it, and why that is nothing where a file can't be read."""
    try:
        return symbol, computed(workspace, symbol), ""
    except ConsoleError as error:
        return symbol, {}, str(error)
