"""The windows of the checklist: signing off, planning, entering evidence. Each says what is wrong before anything is written.
Not for the keys that open them (checklist_acts.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from oclc_console.errors import CallError
from oclc_console.project.evidence import CATALOGUE, Known, check_entry, read_value, source_words, value_words
from oclc_console.project.milestones import MilestoneState
from oclc_console.project.tasks import TaskState
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.drawing import Line

_TRIGGERS = [("Signing records what was done; it triggers nothing.", "muted")]


class SignOff(Form):
    """Asks for the day on which a milestone or a task was completed, and a note; a milestone with open tasks needs one, and
    what stands behind a `gate` that two people have yet to pass."""

    def __init__(self, symbol: str, state: MilestoneState | TaskState, left: Sequence[TaskState], today: date,
                 gate: str = "") -> None:
        said: list[Line | str] = [_about(state)] if _about(state) else []
        label = "Note (may be empty)"
        if left:
            names = ", ".join(each.task.task for each in left[:3])
            more = f" and {len(left) - 3} more" if len(left) > 3 else ""
            said.append([("! ", "warn"), (f"{len(left)} of its tasks are open: {names}{more}.", "")])
            label = "Note: why it is signed without them"
        if gate:
            said.append([("! ", "warn"), (f"Two people have yet to pass the gate {gate}: Esc, then g.", "")])
            label = "Note: only if OCLC did it without this console"
        super().__init__(f"Sign off {symbol}: {_title(state)}", [*said, "", _TRIGGERS],
                         [Field("day", "Completed on (year-month-day)", today.isoformat()), Field("note", label)])
        self._today, self._left, self._gate = today, left, gate

    def wrong(self, answers: dict[str, str]) -> str | None:
        """The day must be one, and not to come."""
        try:
            given = date.fromisoformat(answers["day"])
        except ValueError:
            return f"{answers['day']!r} is no day. Write it as {self._today}."
        if given > self._today:
            return f"{given} is still to come; today is {self._today}."
        if self._gate and not answers["note"]:
            return f"First two people pass the gate {self._gate} (Esc, then g). If OCLC did it all the same, say so in a note."
        if self._left and not answers["note"]:
            return "Say in a few words why it is signed with tasks open; or sign those first."
        return None


class Plan(Form):
    """Asks for the day for which a task is planned."""

    def __init__(self, symbol: str, state: TaskState, today: date) -> None:
        before = f"It was planned for {state.planned}." if state.planned else "It has no day yet."
        super().__init__(f"Plan {symbol}: {state.task.task}", [before],
                         [Field("day", "Planned for (year-month-day)", "", today.isoformat())])
        self._today = today

    def wrong(self, answers: dict[str, str]) -> str | None:
        """The day must be one."""
        try:
            date.fromisoformat(answers["day"])
        except ValueError:
            return f"{answers['day']!r} is no day. Write it as {self._today}."
        return None


class AddNote(Form):
    """Asks for a note on a task."""

    def __init__(self, symbol: str, state: TaskState) -> None:
        super().__init__(f"Note on {symbol}: {state.task.task}", [f"So far: {state.note}"] if state.note else [],
                         [Field("note", "Note (it stays in the log)")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A note has words."""
        return None if answers["note"] else "Say it in a few words."


class EnterEvidence(Form):
    """Asks for what the console can't see: the value, where it is known from, the day on which it was so."""

    def __init__(self, symbol: str, key: str, before: Known | None, today: date) -> None:
        thing = CATALOGUE[key]
        hints = {"count": "a number, as 7,214", "day": "a day, as 2020-11-16", "yes": "yes or no", "text": "some words",
                 "choice": " or ".join(thing.choices)}
        known = f"So far: {value_words(key, before.value)} ({source_words(before)})." if before else "Nobody knows it yet."
        computed = " The console computes it; what is entered counts only while it can't." if thing.computed else ""
        super().__init__(f"Evidence for {symbol}", [[(thing.words, "strong")], f"{known}{computed}"], [
            Field("value", f"Value: {hints[thing.kind]}"), Field("source", "Where it is known from", "", thing.hint),
            Field("day", "The day on which it was so", today.isoformat()), Field("note", "Note (may be empty)")])
        self._key, self._today = key, today

    def wrong(self, answers: dict[str, str]) -> str | None:
        """Value, source and day must be such."""
        try:
            value = read_value(self._key, answers["value"])
            check_entry(self._key, value, answers["source"], answers["day"], self._today.isoformat())
        except CallError as error:
            return f"{error.what}. {error.then}"
        return None


def _title(state: MilestoneState | TaskState) -> str:
    return state.task.task if isinstance(state, TaskState) else f"{state.milestone.number} {state.milestone.title}"


def _about(state: MilestoneState | TaskState) -> str:
    return state.task.about if isinstance(state, TaskState) else state.milestone.explanation
