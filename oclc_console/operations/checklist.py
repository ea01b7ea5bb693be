"""The checklist of a symbol: its milestones and the tasks in them, what people signed and when, what is next and on whom it
waits; and the acts: signing, not applicable, reopening, claiming, planning, noting. Every act is a line of the log and the
history is the log itself. Signing records what was done at OCLC and among people: it triggers nothing. Not for what the runs
did (status.py), nor for taking an act back (taking_back.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from oclc_console import clock
from oclc_console.errors import CallError, Refused
from oclc_console.operations.checklist_file import followed, required
from oclc_console.project.acts import Act
from oclc_console.project.evidence import Known, entered
from oclc_console.project.history import HistoryLine, history_of
from oclc_console.project.milestones import GATES, MILESTONES, MilestoneState, fold_milestones
from oclc_console.project.signatures import is_passed
from oclc_console.project.tasks import Step, TaskState, Template, fold_tasks
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace

__all__ = ["Checklist", "HistoryLine", "checklist", "claim", "mark_not_applicable", "note", "plan", "release", "reopen",
           "sign_off"]
_CLOSED = ("done", "not_applicable")


@dataclass(frozen=True)
class Checklist:
    """A symbol's milestones in order, and its tasks in the order in which they are done. `gone` are tasks that the template
    has no more though something was entered about them. `history` has every act on a milestone, oldest first, by milestone
    id; `next` is the current milestone, None when all six are behind; `steps` is what can be done now; `entered` the evidence
    that people entered about the symbol; `seq` the last line of the log that is in all this. `problem` is a mistake in
    checklist.toml, for which the template is followed as it last was right. `gates` names, by the id of an open milestone or
    task, the gate in front of it that two people have yet to pass. `as_of` is an ISO instant."""

    symbol: str
    name: str
    disposition: str
    milestones: tuple[MilestoneState, ...]
    history: Mapping[str, tuple[HistoryLine, ...]]
    next: MilestoneState | None
    as_of: str
    tasks: tuple[TaskState, ...] = ()
    gone: tuple[TaskState, ...] = ()
    steps: tuple[Step, ...] = ()
    problem: str = ""
    entered: Mapping[str, Known] = field(default_factory=dict)
    seq: int = 0
    gates: Mapping[str, str] = field(default_factory=dict)

    def of(self, milestone_id: str) -> tuple[TaskState, ...]:
        """The tasks of one milestone (or of `post`)."""
        return tuple(state for state in self.tasks if state.task.milestone == milestone_id)

    def open_in(self, milestone_id: str) -> tuple[TaskState, ...]:
        """Those of them that somebody has yet to do."""
        return tuple(state for state in self.of(milestone_id) if state.is_open)


def checklist(workspace: Workspace, symbol: str) -> Checklist:
    """The checklist of a symbol as it stands. Raises SettingsError for a symbol that is not in console.toml."""
    found = followed(workspace)
    return _checklist(workspace, symbol, found.template, found.problem)


def sign_off(workspace: Workspace, symbol: str, item: str, completed: date, note: str = "") -> Checklist:
    """Signs a milestone or a task as completed on a day. Raises CallError for a day to come, for one that is done already or
    not applicable, and for a milestone with open tasks unless the note says why; Refused for what can't be undone while its
    gate is not passed, unless the note says why (it was done before there was a console): the log then says so, too."""
    today = clock.now().astimezone().date()  # the day where the person sits, not in UTC
    if completed > today:
        raise CallError(f"{completed} is still to come; today is {today}", where=f"{symbol} {item}",
                        then="Sign with the day on which it was completed.")
    said, day = note.strip(), completed.isoformat()
    with _acting(workspace, symbol, item) as (writer, found, state):
        _require_open(state, found.symbol)
        gate = found.gates.get(item, "")
        if gate and not said:
            raise _not_passed(gate, found, item)
        beyond = {"gate_open": gate} if gate else {}
        if isinstance(state, TaskState):
            writer.append("task.done", found.symbol, task=state.task.id, title=state.task.task, date=day, note=said, **beyond)
        else:
            left = [task.task.id for task in found.open_in(state.milestone.id)]
            if left and not said:
                raise _tasks_open(found, state)
            more = beyond | ({"open": left} if left else {})
            writer.append("milestone.done", found.symbol, milestone=state.milestone.id, date=day, note=said, **more)
    return checklist(workspace, symbol)


def mark_not_applicable(workspace: Workspace, symbol: str, item: str, note: str = "") -> Checklist:
    """Says that a milestone or a task does not concern this symbol. Raises CallError when it is done, or marked so already."""
    with _acting(workspace, symbol, item) as (writer, found, state):
        _require_open(state, found.symbol)
        kind, about = _about(state)
        writer.append(f"{kind}.not_applicable", found.symbol, **about, note=note.strip())
    return checklist(workspace, symbol)


def reopen(workspace: Workspace, symbol: str, item: str, reason: str) -> Checklist:
    """Opens a milestone or a task again that was signed, or was not applicable; nothing is erased. Raises CallError without a
    reason, when it is open, or when a task's milestone is signed on the strength of it."""
    said = _worded(reason, "reopening needs a reason", f"{symbol} {item}")
    with _acting(workspace, symbol, item) as (writer, found, state):
        kind, about = _about(state)
        if state.state not in _CLOSED:
            raise CallError(f"{_title(state)} is open: nobody signed it", where=f"{found.symbol} {item}",
                            then="There is nothing to reopen.")
        if isinstance(state, TaskState):
            _require_own_state(state, found)
        word = "applicable" if kind == "milestone" and state.state == "not_applicable" else "reopened"
        writer.append(f"{kind}.{word}", found.symbol, **about, reason=said)
    return checklist(workspace, symbol)


def claim(workspace: Workspace, symbol: str, task: str) -> Checklist:
    """Says that a task is now in the hands of whoever acts. Raises CallError when it is closed, or somebody else has it."""
    with _acting(workspace, symbol, task) as (writer, found, state):
        mine = _task_only(state, found, "claimed")
        _require_open(mine, found.symbol)
        if mine.claimed_by is not None:
            whose = "yours already" if mine.claimed_by == workspace.actor else f"{mine.claimed_by}'s"
            raise CallError(f"{mine.task.task} is {whose} since {mine.claimed_at}", where=f"{found.symbol} {task}",
                            then="It can be released first; the log keeps who did.")
        writer.append("task.claimed", found.symbol, **_about(mine)[1])
    return checklist(workspace, symbol)


def release(workspace: Workspace, symbol: str, task: str) -> Checklist:
    """Says that a task is nobody's any more. Raises CallError when nobody has it."""
    with _acting(workspace, symbol, task) as (writer, found, state):
        mine = _task_only(state, found, "released")
        if mine.claimed_by is None:
            raise CallError(f"nobody has claimed {mine.task.task}", where=f"{found.symbol} {task}",
                            then="There is nothing to release.")
        writer.append("task.released", found.symbol, **_about(mine)[1])
    return checklist(workspace, symbol)


def plan(workspace: Workspace, symbol: str, task: str, day: date) -> Checklist:
    """Says for which day a task is planned. Raises CallError when it is closed."""
    with _acting(workspace, symbol, task) as (writer, found, state):
        mine = _task_only(state, found, "planned")
        _require_open(mine, found.symbol)
        writer.append("task.planned", found.symbol, **_about(mine)[1], date=day.isoformat())
    return checklist(workspace, symbol)


def note(workspace: Workspace, symbol: str, task: str, text: str) -> Checklist:
    """Adds a note to a task, open or closed. Raises CallError when it is empty."""
    said = _worded(text, "the note is empty", f"{symbol} {task}")
    with _acting(workspace, symbol, task) as (writer, found, state):
        writer.append("task.noted", found.symbol, **_about(_task_only(state, found, "noted"))[1], note=said)
    return checklist(workspace, symbol)


def _checklist(workspace: Workspace, symbol: str, template: Template, problem: str = "") -> Checklist:
    found = workspace.settings.symbol(symbol)
    known = project(workspace)
    acts = known.of(found.code)
    states = fold_milestones(found.disposition, acts)
    listed = fold_tasks(template, found.disposition, acts, states)
    history = {milestone.id: history_of(acts, "milestone", milestone.id) for milestone in MILESTONES}
    current = next((state for state in states if state.state == "current"), None)
    return Checklist(found.code, found.name, found.disposition, states, history, current, clock.iso(clock.now()),
                     listed.tasks, listed.gone, listed.next, problem, entered(acts),
                     known.head.seq, _gates_not_passed(found.disposition, states, listed.tasks, acts))


@contextmanager
def _acting(workspace: Workspace, symbol: str, item: str) -> Iterator[tuple[log.Writer, Checklist, MilestoneState | TaskState]]:
    """The log's lock held, the checklist as it stands, and one milestone or task of it. Raises CallError when there is none."""
    with log.writing(workspace) as writer:
        found = _checklist(workspace, symbol, required(workspace))
        for stone in found.milestones:
            if stone.milestone.id == item:
                yield writer, found, stone
                return
        for task in found.tasks:
            if task.task.id == item:
                yield writer, found, task
                return
        gone = next((task for task in found.gone if task.task.id == item), None)
        if gone is not None:
            raise CallError(f"{gone.task.task} is {gone.gone}", where=f"{found.symbol} {item}",
                            then="What was entered about it stays to be seen; put the task back into checklist.toml to go on.")
        there = ", ".join(milestone.id for milestone in MILESTONES)
        raise CallError(f"{item!r} is no milestone and no task", where=found.symbol, then=f"There are: {there}; and the "
                        f"tasks {', '.join(task.task.id for task in found.tasks)}.")


def _task_only(state: MilestoneState | TaskState, found: Checklist, what: str) -> TaskState:
    if isinstance(state, TaskState):
        return state
    there = ", ".join(task.task.id for task in found.of(state.milestone.id)) or "none"
    raise CallError(f"{state.milestone.title} is a milestone; only a task is {what}",
                    where=f"{found.symbol} {state.milestone.id}", then=f"Its tasks are: {there}.")


def _about(state: MilestoneState | TaskState) -> tuple[str, dict[str, Any]]:
    """The kind of thing it is, and the data by which acts name it; a task's title as it is called now, for the log to say for
    ever what it was that was signed."""
    if isinstance(state, TaskState):
        return "task", {"task": state.task.id, "title": state.task.task}
    return "milestone", {"milestone": state.milestone.id}


def _title(state: MilestoneState | TaskState) -> str:
    return state.task.task if isinstance(state, TaskState) else state.milestone.title


def _worded(text: str, missing: str, where: str) -> str:
    if not text.strip():
        raise CallError(missing, where=where, then="Say it in a few words; it stays in the log.")
    return text.strip()


def _gates_not_passed(disposition: str, stones: Iterable[MilestoneState], tasks: Iterable[TaskState],
                      acts: Iterable[Act]) -> dict[str, str]:
    """The gates that two people have yet to pass, by the id of the open milestone or task that each is in front of."""
    wanted = {stone.milestone.id: GATES.get(stone.milestone.id, {}).get(disposition, "") for stone in stones
              if stone.state not in _CLOSED}
    wanted |= {each.task.id: each.task.gate for each in tasks if each.is_open}
    every = list(acts)
    return {item: gate for item, gate in wanted.items() if gate and not is_passed(every, gate)}


def _not_passed(gate: str, found: Checklist, item: str) -> Refused:
    return Refused(f"the gate {gate} of {found.symbol} is not passed: nobody signs for what can't be undone before two people "
                   "have", where=f"{found.symbol} {item}",
                   then=f"g on the symbol's screen (sign {gate} {found.symbol}) shows what is missing; if it was done at OCLC "
                        "without this console, say so in a note.")


def _tasks_open(found: Checklist, state: MilestoneState) -> CallError:
    stone, left, every = state.milestone, found.open_in(state.milestone.id), found.of(state.milestone.id)
    return CallError(f"{stone.title} has {len(left)} of {len(every)} tasks open: {', '.join(task.task.id for task in left)}",
                     where=f"{found.symbol} {stone.id}", then="Sign those, or mark them as not applicable; or say in a note "
                     "why the milestone is signed without them.")


def _require_own_state(state: TaskState, found: Checklist) -> None:
    """A task can be reopened by itself: neither its milestone's signature nor its milestone's being set aside rests on it."""
    stone = next((each for each in found.milestones if each.milestone.id == state.task.milestone), None)
    if stone is not None and stone.state in _CLOSED:
        was = "signed" if stone.state == "done" else "marked as not applicable"
        raise CallError(f"{stone.milestone.title} was {was} as a whole", where=f"{found.symbol} {state.task.id}",
                        then=f"Reopen {stone.milestone.id} first; the log keeps both.")


def _require_open(state: MilestoneState | TaskState, code: str) -> None:
    item = state.task.id if isinstance(state, TaskState) else state.milestone.id
    who = state.by if isinstance(state, TaskState) else state.who
    then = "If that was wrong, reopen it with a reason first; the log keeps both."
    if state.state == "done":
        raise CallError(f"{_title(state)} was signed as completed on {state.completed} by {who}", where=f"{code} {item}",
                        then=then)
    if state.state == "not_applicable":
        why = f" ({state.note})" if state.note else ""
        by = f" by {who}" if who else ""
        raise CallError(f"{_title(state)} is not applicable to {code}{by}{why}", where=f"{code} {item}", then=then)
