"""What people do on the checklist: the keys that sign, set aside, claim, plan, note, reopen, take back and enter evidence, and
why one of them can't be used now. Not for drawing the checklist (symbol.py, checklist_words.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import ClassVar

from textual.binding import Binding, BindingType

from oclc_console import clock
from oclc_console.operations import checklist as acts
from oclc_console.operations.checklist import Checklist, checklist
from oclc_console.operations.entering import enter
from oclc_console.operations.taking_back import take_back
from oclc_console.project.evidence import CATALOGUE, Known, value_words
from oclc_console.project.history import HistoryLine, newest
from oclc_console.project.milestones import MilestoneState
from oclc_console.project.tasks import TaskState
from oclc_console.tui import words
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.checklist_forms import AddNote, EnterEvidence, Plan, SignOff
from oclc_console.tui.screens.dialogs import AskReason, Choose, Confirm
from oclc_console.tui.widgets.table import Column

Item = MilestoneState | TaskState
_TASK_ONLY = {"claim": "claimed", "plan": "planned", "note": "given a note"}


class ChecklistActs(ConsoleScreen):
    """A screen with a checklist and one milestone or task of it under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sign", "Sign off", id="symbol.sign", tooltip="Sign it off: the day it was completed, and a note"),
        Binding("c", "claim", "Claim", id="symbol.claim", show=False, tooltip="This task is yours now; once more: nobody's"),
        Binding("i", "evidence", "Evidence", id="symbol.evidence",
                tooltip="Enter what the console can't see: the value, its source, its day"),
        Binding("n", "not_applicable", "N/A", id="symbol.na", show=False, tooltip="Say that it does not concern this symbol"),
        Binding("o", "reopen", "Reopen", id="symbol.reopen", show=False, tooltip="Open what was signed again, with a reason"),
        Binding("z", "take_back", "Undo", id="symbol.undo", show=False, tooltip="Take the last act on it back, with a reason"),
        Binding("p", "plan", "Plan", id="symbol.plan", show=False, tooltip="The day for which the task is planned"),
        Binding("t", "note", "Note", id="symbol.note", show=False, tooltip="Add a note to the task"),
    ]

    @property
    def item(self) -> Item | None:
        """The milestone or the task under the cursor."""
        raise NotImplementedError

    @property
    def shown_checklist(self) -> Checklist | None:
        """The checklist on the screen."""
        raise NotImplementedError

    def acted(self, found: Checklist, item: Item | None) -> None:
        """Draws the checklist after an act on one item of it (or on none: evidence was entered)."""
        raise NotImplementedError

    def known(self, key: str) -> Known | None:
        """What is known of a piece of evidence."""
        raise NotImplementedError

    def item_of(self, found: Checklist, key: str | None) -> Item | None:
        """The milestone or the task that commands name so."""
        every: list[Item] = [*found.milestones, *found.tasks, *found.gone]
        return next((each for each in every if id_of(each) == key), None)

    # keys that can't be used now say why

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Signing needs something open, reopening something closed; some acts are for tasks only."""
        if action not in ("sign", "not_applicable", "reopen", "take_back", "evidence", *_TASK_ONLY):
            return None
        item, found = self.item, self.shown_checklist
        if found is None or self.console.symbol is None:
            return "There is no checklist to act on. Choose a symbol on 1 Dashboard."
        if action == "evidence":
            nothing = "No evidence belongs to any task here; what else is known is entered with: oclc-console evidence"
            return None if _all_keys(found) else nothing
        if item is None:
            return "This is only a heading: go to a milestone or a task first."
        if isinstance(item, TaskState) and item.gone and action != "take_back":
            return f"It is {item.gone}; what was entered stays. Put it back into checklist.toml to go on with it."
        if action == "take_back":
            return None if newest(_history(item, found)) else "Nobody has entered anything here that could be taken back."
        if action in _TASK_ONLY and not isinstance(item, TaskState):
            return f"Only a task is {_TASK_ONLY[action]}; this is a milestone. Enter shows its tasks."
        return _why_not_now(action, item)

    # what they do

    def action_sign(self) -> None:
        """Asks for the day and a note, then signs."""
        item, found = self.item, self.shown_checklist
        if item is None or found is None:
            return
        left = found.open_in(item.milestone.id) if isinstance(item, MilestoneState) else ()

        def signed(answers: dict[str, str] | None) -> None:
            if answers is not None:
                day, note = date.fromisoformat(answers["day"]), answers["note"]
                self._act(item, lambda: acts.sign_off(self.workspace, found.symbol, id_of(item), day, note))

        self.app.push_screen(SignOff(found.symbol, item, left, today(), found.gates.get(id_of(item), "")), signed)

    def action_not_applicable(self) -> None:
        """Asks why, then marks it as not applicable."""
        self._with_reason("Not applicable", [], "Why does it not concern this symbol?", acts.mark_not_applicable)

    def action_reopen(self) -> None:
        """Asks why, then opens it again."""
        said = ["What was signed stays in the log; it is open again."]
        self._with_reason("Reopen", said, "Reason (it stays in the log)", acts.reopen)

    def action_claim(self) -> None:
        """Claims the task; releases it when somebody has it, somebody else's only after asking."""
        item, found = self.item, self.shown_checklist
        if not isinstance(item, TaskState) or found is None:
            return

        def release(yes: bool | None) -> None:
            if yes:
                self._act(item, lambda: acts.release(self.workspace, found.symbol, item.task.id))

        if item.claimed_by is None:
            self._act(item, lambda: acts.claim(self.workspace, found.symbol, item.task.id))
        elif item.claimed_by == self.workspace.actor:
            release(True)
        else:
            since = words.short_moment(str(item.claimed_at))
            self.app.push_screen(Confirm(f"Release {found.symbol}: {item.task.task}",
                                         f"{item.claimed_by} has it since {since}. Release it? The log says who did."), release)

    def action_plan(self) -> None:
        """Asks for a day, then plans the task for it."""
        item, found = self.item, self.shown_checklist
        if not isinstance(item, TaskState) or found is None:
            return

        def planned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                day = date.fromisoformat(answers["day"])
                self._act(item, lambda: acts.plan(self.workspace, found.symbol, item.task.id, day))

        self.app.push_screen(Plan(found.symbol, item, today()), planned)

    def action_note(self) -> None:
        """Asks for a note."""
        item, found = self.item, self.shown_checklist
        if not isinstance(item, TaskState) or found is None:
            return

        def noted(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act(item, lambda: acts.note(self.workspace, found.symbol, item.task.id, answers["note"]))

        self.app.push_screen(AddNote(found.symbol, item), noted)

    def action_take_back(self) -> None:
        """Asks why, then takes back the last act on it."""
        item, found = self.item, self.shown_checklist
        last = newest(_history(item, found)) if item is not None and found is not None else None
        if item is None or found is None or last is None:
            return
        said = [f"{title_of(item)}: {last.words}", f"by {last.by}, {words.moment(last.at)}, line {last.seq} of the log.",
                "Both stay in the log; only what counts changes."]

        def back(reason: str) -> Checklist:
            take_back(self.workspace, last.seq, reason, found.symbol)
            return checklist(self.workspace, found.symbol)

        asked = AskReason(f"Take back for {found.symbol}", said, "Why was it wrong? (it stays in the log)")
        self._with_window(asked, item, back)

    def action_evidence(self) -> None:
        """Asks which evidence where there are several, then what is known of it."""
        item, found = self.item, self.shown_checklist
        if found is None:
            return
        mine = item.task.evidence if isinstance(item, TaskState) else ()
        keys = list(dict.fromkeys(wanted.key for wanted in mine)) or _all_keys(found)
        if len(keys) == 1:
            self._enter(keys[0])
            return
        told = [(key, self.known(key)) for key in keys]
        drawn = [[CATALOGUE[key].words, value_words(key, known.value if known else None)] for key, known in told]
        columns = (Column("evidence", 40), Column("known", 12, grows=True))
        self.app.push_screen(Choose(f"Evidence for {found.symbol}", columns, drawn, keys),
                             lambda key: self._enter(key) if key else None)

    def _enter(self, key: str) -> None:
        item, found = self.item, self.shown_checklist
        if found is None:
            return

        def entered(answers: dict[str, str] | None) -> None:
            if answers is None:
                return

            def act() -> Checklist:
                enter(self.workspace, found.symbol, key, answers["value"], answers["source"], answers["day"], answers["note"])
                return checklist(self.workspace, found.symbol)

            self._act(item, act)

        self.app.push_screen(EnterEvidence(found.symbol, key, self.known(key), today()), entered)

    def _with_reason(self, what: str, said: list[str], label: str,
                     act: Callable[..., Checklist]) -> None:
        item, found = self.item, self.shown_checklist
        if item is None or found is None:
            return
        asked = AskReason(f"{what}: {found.symbol}", [title_of(item), *said], label)
        self._with_window(asked, item, lambda reason: act(self.workspace, found.symbol, id_of(item), reason))

    def _with_window(self, asked: AskReason, item: Item, act: Callable[[str], Checklist]) -> None:
        def reasoned(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._act(item, lambda: act(answers["reason"]))

        self.app.push_screen(asked, reasoned)

    def _act(self, item: Item | None, act: Callable[[], Checklist]) -> None:
        self.ask("checklist", act, lambda found: self.acted(found, item))


def today() -> date:
    """The day where the person sits."""
    return clock.now().astimezone().date()


def id_of(item: Item) -> str:
    """How commands and the log name it."""
    return item.task.id if isinstance(item, TaskState) else item.milestone.id


def title_of(item: Item) -> str:
    """How people name it."""
    return item.task.task if isinstance(item, TaskState) else f"{item.milestone.number} {item.milestone.title}"


def _history(item: Item | None, found: Checklist | None) -> tuple[HistoryLine, ...]:
    if item is None or found is None:
        return ()
    return item.history if isinstance(item, TaskState) else found.history[item.milestone.id]


def _why_not_now(action: str, item: Item) -> str | None:
    closed, title = item.state in ("done", "not_applicable"), title_of(item)
    if action == "reopen" and not closed:
        return f"{title} is open: there is nothing to reopen. Press s to sign it off."
    if action in ("sign", "not_applicable", "claim", "plan") and closed:
        was = "done already" if item.state == "done" else "marked as not applicable"
        return f"{title} is {was}. If that is wrong, press o to reopen it with a reason."
    return None


def _all_keys(found: Checklist) -> list[str]:
    """Every piece of evidence that belongs to some task of the symbol."""
    return list(dict.fromkeys(wanted.key for state in found.tasks for wanted in state.task.evidence))
