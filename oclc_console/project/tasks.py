"""The tasks inside the milestones: what a template says of them, and where each stands as a fold over what people did: done,
not applicable, whose it is, planned for when, since when it waits. Whatever was entered about a task stays visible, though the
template no longer has it. Pure; not for reading a template (template.py) or the log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from oclc_console.project.acts import of_kind, standing
from oclc_console.project.history import HistoryLine, history_of
from oclc_console.project.milestones import MILESTONES, POST, MilestoneState

Act = Mapping[str, Any]
GROUPS = (*(milestone.id for milestone in MILESTONES), POST)
CLOSED = ("done", "not_applicable")
NOT_IN_THE_WAY = "updates"  # WorldCat Updates may stay paused for months: what comes after the six does not wait for it


@dataclass(frozen=True)
class Wanted:
    """A piece of evidence that belongs to a task: fulfilled when it is known and, where there is a `value`, has that one."""

    key: str
    value: str | None = None


@dataclass(frozen=True)
class Task:
    """One line of the checklist, with the columns libraries use for it. `milestone` is one of GROUPS; `dispositions` says which
    symbols have it; `about` explains."""

    id: str
    milestone: str
    task: str
    record_type: str = ""
    system: str = ""
    phase: str = ""
    who: str = ""
    dispositions: frozenset[str] = frozenset({"retained", "target", "retiring"})
    evidence: tuple[Wanted, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Template:
    """Every task there is, in the file's order. `first` says for a disposition and a milestone which tasks go in front, where
    that is another order than the file's."""

    tasks: tuple[Task, ...]
    first: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, disposition: str) -> tuple[Task, ...]:
        """The tasks of a symbol with this disposition, in the order in which they are done."""
        ordered: list[Task] = []
        for group in GROUPS:
            mine = [task for task in self.tasks if task.milestone == group and disposition in task.dispositions]
            front = self.first.get(disposition, {}).get(group, ())
            ordered += sorted(mine, key=lambda task: front.index(task.id) if task.id in front else len(front))
        return tuple(ordered)

    def task(self, task_id: str) -> Task | None:
        """The task with this id, whatever symbols it is for."""
        return next((task for task in self.tasks if task.id == task_id), None)


@dataclass(frozen=True)
class TaskState:
    """Where one task of one symbol stands. `state` is done, not_applicable, current (its turn) or to_come. `completed` and
    `planned` are days; `by` who closed it; `claimed_by` who has it. A task whose turn it is waits on `on` since `since` (an
    instant; None from the beginning), any other open one comes `after` the task of that title. `called` is how it was called
    when it was closed, where it is called otherwise now; `gone` says why the template has it no more for this symbol."""

    task: Task
    state: str
    completed: str | None = None
    planned: str | None = None
    note: str | None = None
    by: str | None = None
    closed_at: str | None = None
    claimed_by: str | None = None
    claimed_at: str | None = None
    since: str | None = None
    after: str | None = None
    called: str | None = None
    gone: str = ""
    history: tuple[HistoryLine, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to do it."""
        return self.state not in CLOSED

    @property
    def on(self) -> str:
        """Whom it waits for: who claimed it, else whose work it is."""
        return self.claimed_by or self.task.who or "anybody"


@dataclass(frozen=True)
class Step:
    """What is next: a task, or a milestone all of whose tasks are closed and that waits to be signed. It waits on `on` since
    `since` (an instant; None from the beginning)."""

    id: str
    title: str
    on: str
    since: str | None
    planned: str | None = None
    is_milestone: bool = False


@dataclass(frozen=True)
class TaskList:
    """The tasks of a symbol in their order, and those that its template has no more though something was entered about them.
    `next` is what can be done now: one step, or two while WorldCat Updates stay paused."""

    tasks: tuple[TaskState, ...]
    gone: tuple[TaskState, ...]
    next: tuple[Step, ...]


def fold_tasks(template: Template, disposition: str, acts: Sequence[Act],
               milestones: Sequence[MilestoneState]) -> TaskList:
    """Where the tasks of a symbol stand after these acts of the log, oldest first."""
    there = template.of(disposition)
    stands = standing(acts)
    stones = {state.milestone.id: state for state in milestones}
    mine = [_folded(task, stands, acts, stones.get(task.milestone)) for task in there]
    closed = {str(act.get("milestone")): str(act["at"]) for act in of_kind(stands, "milestone")}
    found = list(_in_turn(mine, stones, closed))
    ids = {task.id for task in there}
    entered = dict.fromkeys(str(act.get("task")) for act in of_kind(acts, "task"))
    gone = tuple(_gone(task_id, template, stands, acts) for task_id in entered if task_id not in ids)
    return TaskList(tuple(each for each in found if isinstance(each, TaskState)), gone,
                    tuple(_step(each) for each in found if isinstance(each, Step) or each.state == "current"))


def _folded(task: Task, stands: Sequence[Act], acts: Sequence[Act], stone: MilestoneState | None) -> TaskState:
    """One task by itself, without whose turn it is."""
    found: dict[str, Any] = {"state": "to_come"}
    for act in of_kind(stands, "task"):
        if str(act.get("task")) == task.id:
            found.update(_changed(act, task))
    if stone is not None and stone.state == "not_applicable" and found["state"] == "to_come":
        found.update(state="not_applicable", note=found.get("note") or f"as the whole milestone {stone.milestone.number}")
    return TaskState(task, history=history_of(acts, "task", task.id), **found)


def _changed(act: Act, task: Task) -> dict[str, Any]:
    """What an act makes of its task's fields."""
    word, at, by = act["act"].partition(".")[2], str(act["at"]), act.get("by")
    said = act.get("note") or act.get("reason") or None
    if word in CLOSED:
        called = act.get("title") if act.get("title") not in (None, task.task) else None
        return {"state": word, "completed": act.get("date") if word == "done" else None, "by": by, "closed_at": at,
                "called": called, "note": said, "claimed_by": None, "claimed_at": None}
    others: dict[str, dict[str, Any]] = {
        "reopened": {"state": "to_come", "completed": None, "by": None, "closed_at": None, "called": None, "since": at,
                     "note": said},
        "claimed": {"claimed_by": by, "claimed_at": at},
        "released": {"claimed_by": None, "claimed_at": None},
        "planned": {"planned": act.get("date") or None},
        "noted": {"note": said},
    }
    return others.get(word, {})


def _in_turn(states: Sequence[TaskState], stones: Mapping[str, MilestoneState],
             closed: Mapping[str, str]) -> Iterator[TaskState | Step]:
    """The same states, each open one with since when it waits or what it comes after, and a step for a milestone that only
    waits to be signed. `closed` has the instant of the last act on each milestone."""
    in_front: str | None = None  # the first open task or milestone in front
    kept: str | None = None
    before: list[str] = []  # the instants at which what is in front was closed
    for group in GROUPS:
        kept, in_front = (in_front, in_front) if group == NOT_IN_THE_WAY else (kept, kept if group == POST else in_front)
        stone, mine = stones.get(group), [state for state in states if state.task.milestone == group]
        shut = stone is not None and stone.state in CLOSED
        for state in mine:
            turn = state.is_open and not shut and in_front is None
            if turn:
                since = max([*before, *([state.since] if state.since else [])], default=None)
                yield replace(state, state="current", since=since)
                in_front = state.task.task
            else:
                yield replace(state, after=in_front if state.is_open and not shut else None)
                before += [state.closed_at] if state.closed_at else []
        if shut:
            before += [closed[group]] if group in closed else []
        elif stone is not None and in_front is None:
            in_front = stone.milestone.title
            yield Step(group, in_front, stone.milestone.who, max([*before, *_since(stone, closed)], default=None),
                       is_milestone=True)


def _since(stone: MilestoneState, closed: Mapping[str, str]) -> list[str]:
    """When an open milestone was last touched (it was reopened then)."""
    return [closed[stone.milestone.id]] if stone.milestone.id in closed else []


def _step(found: TaskState | Step) -> Step:
    if isinstance(found, Step):
        return found
    return Step(found.task.id, found.task.task, found.on, found.since, found.planned)


def _gone(task_id: str, template: Template, stands: Sequence[Act], acts: Sequence[Act]) -> TaskState:
    """A task that the template has no more for this symbol, by what was entered about it."""
    known = template.task(task_id)
    named = [str(act["title"]) for act in acts if str(act.get("task")) == task_id and act.get("title")]
    task = known or Task(task_id, "", named[-1] if named else task_id)
    why = "no longer for a symbol of this disposition" if known else "no longer in the template"
    return replace(_folded(task, stands, acts, None), gone=why)
