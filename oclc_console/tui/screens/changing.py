"""What people do about rejections, the same on the workbench and on the page of one record: claim, set a state, note, take
back, copy a number. The changes are made in threads. Not a screen by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from oclc_console.store.standing import BY_PEOPLE, State
from oclc_console.tui import words
from oclc_console.tui.rejection_words import STATES, WHAT_IT_SAYS, state_piece
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Choose, Confirm, Field, Form
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.table import Column

if TYPE_CHECKING:
    from oclc_console.store.desk import Desk, Ref, Rejection
    from oclc_console.store.reviews import Act, Change, Changed

_turns = count(1)  # each change is a question of its own: none takes the place of another


@dataclass(frozen=True)
class Targets:
    """What a change is about: how many records, and what names them (it may take its time: for threads)."""

    records: int
    refs: Callable[[], list[Ref]]


class AskNote(Form):
    """Asks for a note."""

    def __init__(self, records: int) -> None:
        super().__init__(f"Note on {words.plural(records, 'record')}", ["It stays with the record, with your name and the "
                         "time. What others noted stays too."], [Field("note", "Note")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A note has words."""
        return None if answers["note"] else "Type the note, or leave with Esc."


class ChangingScreen(ConsoleScreen):
    """A screen on which rejections can be changed. `desk` is there once it is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "claim", "Claim", id="reject.claim", tooltip="Claim the marked records, else this one: they are yours"),
        Binding("s", "state", "State", id="reject.state", tooltip="Say where the marked records stand, else this one"),
        Binding("n", "note", "Note", id="reject.note", show=False,
                tooltip="Write a note to the marked records, else to this one"),
        Binding("z", "undo", "Undo", id="reject.undo", show=False, tooltip="Take back the last thing you did here"),
        Binding("c", "copy_lsn", "Copy LSN", id="reject.lsn", show=False, tooltip="Copy the local number of the record"),
        Binding("C", "copy_ocn", "Copy OCN", id="reject.ocn", show=False, key_display="C",
                tooltip="Copy the OCLC number that was sent"),
    ]

    desk: Desk | None = None

    # what a screen says of itself

    def one(self) -> Rejection | None:
        """The record the screen is about now."""
        raise NotImplementedError

    def targets(self) -> Targets | None:
        """What a change is to be about; None: nothing."""
        raise NotImplementedError

    def changed(self) -> None:
        """Something was changed: show it."""
        raise NotImplementedError

    def no_target(self) -> str:
        """Why there is nothing to change."""
        return "There is no record under the cursor."

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Changing needs records, copying a number."""
        if action in ("claim", "state", "note") and self.targets() is None:
            return self.no_target()
        one = self.one()
        if action in ("copy_lsn", "copy_ocn") and one is None:
            return "There is no record under the cursor."
        if action == "copy_lsn" and one is not None and not one.lsn:
            return "OCLC gave no local number for this record: Enter shows where it stands in its upload."
        if action == "copy_ocn" and one is not None and not one.ocn_in:
            staging = " The staging number is not one and can't be copied." if one.staging and one.ocn_out else ""
            return f"No OCLC number was sent with this record.{staging}"
        return None

    def action_claim(self) -> None:
        """Claims them."""
        self._set(State.CLAIMED)

    def action_state(self) -> None:
        """Asks where they stand, then says so."""
        targets = self.targets()
        if targets is None:
            return
        rows: list[list[Cell]] = [[state_piece(state), (WHAT_IT_SAYS[state], "")] for state in BY_PEOPLE]
        one = self.one()
        stands = one.state if one and targets.records == 1 else State.OPEN
        at = stands.value if stands in BY_PEOPLE and stands is not State.OPEN else None
        asked = Choose(f"{words.plural(targets.records, 'record')}: where {'does it' if targets.records == 1 else 'do they'} "
                       "stand?", (Column("", 13), Column("", 40, grows=True)), rows, [state.value for state in BY_PEOPLE],
                       at or State.FIXED.value)
        self.app.push_screen(asked, lambda state: self._set(State(state), targets) if state else None)

    def action_note(self) -> None:
        """Asks for a note, then writes it."""
        targets = self.targets()
        if targets is not None:
            self.app.push_screen(AskNote(targets.records), lambda given: self._noted(given, targets))

    def _noted(self, given: dict[str, str] | None, targets: Targets) -> None:
        if given:
            from oclc_console.store.reviews import Change

            self._change(targets, Change(note=given["note"]), "✎ noted")

    def _set(self, state: State, targets: Targets | None = None) -> None:
        """Sets a state. Whoever does so has the record then; one that is open again is nobody's."""
        from oclc_console.store.reviews import NOBODY, Change

        targets = targets or self.targets()
        if targets is not None:
            owner = NOBODY if state is State.OPEN else self.workspace.actor
            glyph, _, _ = STATES[state]
            self._change(targets, Change(state, owner), f"{glyph} {state.label}")

    def _change(self, targets: Targets, change: Change, said: str, *, take_over: bool = False) -> None:
        desk = self.desk
        if desk is not None:
            self.ask(f"change {next(_turns)}", lambda: desk.change(targets.refs(), change, take_over=take_over),
                     lambda done: self._done(done, change, said))

    def _done(self, done: Mapping[str, Changed], change: Change, said: str) -> None:
        """Says what was changed; asks about what somebody else has."""
        changed = sum(len(each.done) for each in done.values())
        held = [((symbol, key), why) for symbol, each in done.items() for key, why in each.held]
        self.changed()
        if changed:
            self.notify("z takes it back.", title=f"{said}: {changed:,} of {words.plural(changed + len(held), 'record')}",
                        markup=False)
        if held:
            reasons = ", ".join(f"{why}: {times:,}" for why, times in Counter(why for _, why in held).most_common(5))
            refs = [ref for ref, _ in held]
            again = Targets(len(refs), lambda: refs)
            self.app.push_screen(
                Confirm(f"{words.plural(len(refs), 'record')} left as {'it was' if len(refs) == 1 else 'they were'}",
                        f"Somebody else is at work there ({reasons}). y takes over: {said}, in your name."),
                lambda yes: self._change(again, change, said, take_over=True) if yes else None)

    def action_undo(self) -> None:
        """Takes back the last act, in all symbols it was about."""
        desk = self.desk
        if desk is None:
            return

        def work() -> tuple[Act, Mapping[str, Changed]] | None:
            last = desk.last_act()
            return (last[1], desk.undo()) if last else None

        self.ask(f"change {next(_turns)}", work, self._undone)

    def _undone(self, undone: tuple[Act, Mapping[str, Changed]] | None) -> None:
        if undone is None or not undone[1]:
            self.notify("There is nothing of yours to take back.", markup=False)
            return
        self.changed()
        act, changed = undone
        done, held = (sum(len(getattr(each, name)) for each in changed.values()) for name in ("done", "held"))
        what = f"“{act.change.note}”" if act.change.note else act.change.state.label if act.change.state else "the change"
        left = f" {held:,} left as they are: somebody changed them since." if held else ""
        self.notify(f"{what}, set {words.hour(act.at)}, no longer holds.{left}", markup=False,
                    title=f"Undone: {words.plural(done, 'record')}")

    def action_copy_lsn(self) -> None:
        """Copies the LSN."""
        if (one := self.one()) and one.lsn:
            self.app.copy_to_clipboard(one.lsn)
            self.notify(f"Copied LSN {one.lsn}.", markup=False)

    def action_copy_ocn(self) -> None:
        """Copies the OCN that was sent, never a staging number."""
        if (one := self.one()) and one.ocn_in:
            self.app.copy_to_clipboard(str(one.ocn_in))
            self.notify(f"Copied OCN {one.ocn_in}, the one that was sent.", markup=False)
