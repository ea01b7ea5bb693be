"""The checklist in words and cells: a row a milestone, under it a row a task, what is next, and everything there is to say of
one of them. Pure; not for the keys (screens/symbol.py, screens/checklist_acts.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from oclc_console.operations.checklist import Checklist
from oclc_console.operations.entering import updates_paused
from oclc_console.operations.status import SymbolStatus
from oclc_console.project.beside import Beside, beside
from oclc_console.project.evidence import Known, together
from oclc_console.project.history import HistoryLine
from oclc_console.project.milestones import POST, POST_TITLE, MilestoneState
from oclc_console.project.tasks import Step, TaskState
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.table import Column

GONE = "#gone"  # the keys of the two headings; no task can be called so
AFTER = "#post"
NARROW = (Column("", 1), Column("milestone, task", 41), Column("completed", 9), Column("who", 10),
          Column("note", 6, grows=True))
WIDE = (Column("", 1), Column("milestone, task", 30, grows=True), Column("completed", 9), Column("planned", 9),
        Column("record type", 13), Column("system", 16), Column("phase", 14), Column("who", 14), Column("note", 10, grows=True))


@dataclass(frozen=True)
class Shown:
    """What is on the screen: the checklist, what the console computed of its symbol, which milestones are open, and today."""

    found: Checklist
    computed: Mapping[str, Known]
    opened: frozenset[str]
    today: date

    def evidence(self, state: TaskState) -> tuple[Beside, ...]:
        """The evidence beside a task."""
        return beside(state.task, together(self.computed, self.found.entered))


def groups_of(found: Checklist) -> frozenset[str]:
    """The rows that stand open by themselves: those in which something is next."""
    of = {state.task.id: state.task.milestone for state in found.tasks}
    return frozenset(AFTER if of.get(step.id) == POST else of.get(step.id, step.id) for step in found.steps) | {GONE}


def group_of(found: Checklist, key: str) -> str:
    """The row under which a task stands."""
    state = next((each for each in found.tasks if each.task.id == key), None)
    return GONE if state is None else AFTER if state.task.milestone == POST else state.task.milestone


def about_heading(key: str | None) -> str:
    """What a heading is for."""
    if key == GONE:
        return ("These tasks are not in the template any more, or not for a symbol of this disposition. What was entered "
                "about them stays here. Enter opens and closes the list.")
    return ("What comes after the six milestones: local holdings records, updates that go out by themselves, shared retention "
            "statements. Its tasks are signed one by one. Enter opens and closes the list.")


def rows(shown: Shown, wide: bool) -> list[tuple[str, list[Cell]]]:
    """(key, cells) of every row that is to be seen."""
    found, drawn = shown.found, []
    for stone in found.milestones:
        drawn.append((stone.milestone.id, _milestone(stone, shown, wide)))
        if stone.milestone.id in shown.opened:
            drawn += [(state.task.id, _task(state, shown, wide)) for state in found.of(stone.milestone.id)]
    for key, title, states in ((AFTER, POST_TITLE, found.of(POST)), (GONE, "No longer in the template", found.gone)):
        if states:
            drawn.append((key, _heading(title, key, states, shown, wide)))
            if key in shown.opened:
                drawn += [(state.task.id, _task(state, shown, wide)) for state in states]
    return drawn


def _milestone(state: MilestoneState, shown: Shown, wide: bool) -> list[Cell]:
    glyph, word, kind = words.MILESTONE_STATES[state.state]
    stone, mine = state.milestone, shown.found.of(state.milestone.id)
    title: list[Piece] = [(f"{stone.number} ", "muted"), (stone.title, "strong"), *_counted(stone.id, mine, shown)]
    completed: Cell = words.day(state.completed) if state.completed else (word, kind)
    note = state.note or ""
    if stone.id == "updates" and (paused := updates_paused(shown.found)) is not None:
        note = f"paused since {words.day(str(paused.value))}"
    between: list[Cell] = [""] * 4 if wide else []
    return [(glyph, kind), title, completed, *between, state.who or "", note]


def _heading(title: str, key: str, states: Sequence[TaskState], shown: Shown, wide: bool) -> list[Cell]:
    return ["", [(title, "strong"), *_counted(key, states, shown)], "", *([""] * 4 if wide else []), "", ""]


def _counted(key: str, states: Sequence[TaskState], shown: Shown) -> list[Piece]:
    if not states:
        return []
    return [(f" {'▾' if key in shown.opened else '▸'} {sum(not each.is_open for each in states)}/{len(states)}", "muted")]


def _task(state: TaskState, shown: Shown, wide: bool) -> list[Cell]:
    glyph, word, kind = words.MILESTONE_STATES[state.state]
    title: Cell = [(f"  {glyph} ", kind), (state.task.task, "")]
    completed: Cell = words.day(state.completed) if state.completed else (word, kind)
    who: Cell = state.by or state.claimed_by or (state.task.who, "muted")
    mark, planned = _mark(shown.evidence(state)), _planned(state, shown.today)
    note = [*mark, (state.note or "", "")]
    if not wide:
        return ["", title, completed, who, [*([(f"{planned} ", "warn")] if planned else []), *note]]
    of = state.task
    return ["", title, completed, words.day(state.planned) if state.planned else "", of.record_type, of.system, of.phase, who,
            [*([(f"{planned} ", "warn")] if "late" in planned else []), *note]]


def _mark(evidence: Sequence[Beside]) -> list[Piece]:
    """`✔ shown` where all the evidence is there and right, `! look` where some is not as it should be."""
    if any(each.fulfilled is False for each in evidence):
        return [("! not yet ", "warn")]
    return [("✔ shown ", "good")] if evidence and all(each.fulfilled for each in evidence) else []


def _planned(state: TaskState | Step, today: date) -> str:
    """`planned 1 Dec 20`, or by how much it is late; empty for what is closed or not planned."""
    if state.planned is None or (isinstance(state, TaskState) and not state.is_open):
        return ""
    days = (today - date.fromisoformat(state.planned)).days
    return f"{days} d late" if days > 0 else f"planned {words.day(state.planned)}"


def step_title(step: Step, found: Checklist) -> str:
    """`3 Reclamation: Upload every file`, or `3 Reclamation: sign the milestone`."""
    group = step.id if step.is_milestone else next(each.task.milestone for each in found.tasks if each.task.id == step.id)
    stone = next((each.milestone for each in found.milestones if each.milestone.id == group), None)
    before = f"{stone.number} {stone.title}" if stone else POST_TITLE
    return f"{before}: {'sign the milestone' if step.is_milestone else step.title}"


def next_lines(found: Checklist, now: datetime, width: int) -> Sequence[Line]:
    """What is next, on whom it waits and since when."""
    if not found.steps:
        return wrap([("Next: ", "strong"), ("nothing: all of it is behind.", "")], width, 6)
    step = found.steps[0]
    since = f" since {words.short_moment(step.since)} ({words.age(step.since, now)})" if step.since else ""
    planned = _planned(step, words.local(now).date())
    also = f" Also: {step_title(found.steps[1], found)}." if len(found.steps) > 1 else ""
    return wrap([("Next: ", "strong"), (step_title(step, found), "accent"), (f". Waits for {step.on}{since}.", ""),
                 (f" {planned[:1].upper()}{planned[1:]}." if planned else "", "warn"), (also, "")], width, 6)


def phase_lines(row: SymbolStatus, width: int) -> Sequence[Line]:
    """What the runs say of the symbol."""
    since = f" since {words.short_moment(row.since)}" if row.since else ""
    rejected = "not yet" if row.rejections is None else f"{row.rejections:,} of {row.reported:,}"
    return wrap([("Runs: ", "strong"), (f"{row.phase}; in set {row.prepared:,}, sent {row.sent:,} of {row.prepared:,}, "
                                        f"reported {row.reported:,} of {row.sent:,}, rejected {rejected}; waits for "
                                        f"{row.waiting_on}{since}.", "")], width, 6)


def task_lines(state: TaskState, shown: Shown, now: datetime, width: int) -> Iterator[Line]:
    """Everything there is to say of a task: where it stands, its evidence, what it is, and its history."""
    task = state.task
    yield from wrap(_stands(state, shown.today, now), width)
    if state.called:
        yield from wrap([("When it was signed it was called: ", "muted"), (state.called, "")], width)
    if gate := shown.found.gates.get(task.id):
        yield from wrap(_gate_line(gate), width, 2)
    for each in shown.evidence(state):
        glyph, kind = {True: ("✔", "good"), False: ("!", "warn"), None: ("·", "muted")}[each.fulfilled]
        yield from wrap([(f"{glyph} ", kind), (each.words, "")], width, 2)
    if task.about:
        yield from wrap(task.about, width)
    columns = " · ".join(part for part in (task.record_type, task.system, task.phase) if part)
    yield from wrap([(columns, "muted"), (f" · {task.who}" if task.who and columns else task.who, "muted"),
                     (f" · id {task.id}", "muted")], width)
    yield []
    yield from history_lines(state.history, width)


def milestone_lines(state: MilestoneState, shown: Shown, width: int) -> Iterator[Line]:
    """Everything there is to say of a milestone."""
    stone = state.milestone
    left = shown.found.open_in(stone.id)
    if stone.id == "updates" and (paused := updates_paused(shown.found)) is not None:
        days = (shown.today - date.fromisoformat(str(paused.value))).days
        yield from wrap([(f"! WorldCat Updates paused since {words.day(str(paused.value))} ({days} d).", "warn")], width, 2)
    if gate := shown.found.gates.get(stone.id):
        yield from wrap(_gate_line(gate), width, 2)
    if left and state.state not in ("done", "not_applicable"):
        yield from wrap(f"{words.plural(len(left), 'task')} open. Enter shows them.", width)
    yield from history_lines(shown.found.history[stone.id], width)
    yield from wrap(f"{stone.explanation} Usually signed by: {stone.who}.", width)


def _gate_line(gate: str) -> list[Piece]:
    return [("◐ ", "accent"), (f"Two people pass the gate {gate} first: press g.", "")]


def history_lines(history: Sequence[HistoryLine], width: int) -> Iterator[Line]:
    """Every act, newest first; what was taken back says so."""
    for act in reversed(history):
        back = " (taken back)" if act.taken_back else ""
        yield from wrap([(f"{words.moment(act.at)} ", "muted"), (act.by, ""), (f" {act.words}{back}", ""),
                         (f" · line {act.seq}", "muted")], width, 4)
    if not history:
        yield [("Nobody has signed or entered anything here yet.", "muted")]


def _stands(state: TaskState, today: date, now: datetime) -> list[Piece]:
    glyph, word, kind = words.MILESTONE_STATES[state.state]
    head: list[Piece] = [(f"{glyph} {word}", kind)]
    if state.gone:
        head.append((f", {state.gone}: what was entered stays.", ""))
    if not state.is_open:
        day = f" on {words.day(state.completed)}" if state.completed else ""
        return [*head, (f"{day}{f', by {state.by}' if state.by else ''}{f': {state.note}' if state.note else ''}", "")]
    planned = _planned(state, today)
    tail: list[Piece] = [(f"; {planned}", "warn")] if planned else []
    tail += [(f": {state.note}", "")] if state.note else []
    if state.gone:
        return [*head, *tail]
    claimed = f" (claimed {words.short_moment(state.claimed_at)})" if state.claimed_at else ""
    if state.state == "current":
        since = f" since {words.short_moment(state.since)} ({words.age(state.since, now)})" if state.since else ""
        return [*head, (f", waits for {state.on}{claimed}{since}", ""), *tail]
    after = f", after: {state.after}" if state.after else ", left open when its milestone was signed"
    return [*head, (f"{after}; then for {state.on}{claimed}", ""), *tail]
