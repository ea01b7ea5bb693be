"""The checklist of a symbol: its six milestones, what people signed and when, and the acts of signing and reopening.
Every act is a line of the log and the history is the log itself. Signing records what was done at OCLC and among
people: it triggers nothing. Not for what the runs did (status.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from oclc_console import clock
from oclc_console.errors import CallError
from oclc_console.project.milestones import MILESTONES, STATES, MilestoneState, fold_milestones
from oclc_console.store import log
from oclc_console.store.project import Project, project
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class HistoryLine:
    """One act on a milestone: when (ISO instant), by whom (login), and what, in words."""

    at: str
    by: str
    words: str


@dataclass(frozen=True)
class Checklist:
    """A symbol's milestones in order. `history` has every act on a milestone, oldest first, by milestone id; `next` is
    the current milestone, None when all six are behind; `as_of` an ISO instant."""

    symbol: str
    name: str
    disposition: str
    milestones: tuple[MilestoneState, ...]
    history: Mapping[str, tuple[HistoryLine, ...]]
    next: MilestoneState | None
    as_of: str


def checklist(workspace: Workspace, symbol: str) -> Checklist:
    """The checklist of a symbol as it stands. Raises SettingsError for a symbol that is not in console.toml."""
    return _checklist(workspace, symbol, project(workspace))


def sign_off(workspace: Workspace, symbol: str, milestone_id: str, completed: date, note: str = "") -> Checklist:
    """Signs a milestone as completed on a day. Raises CallError for a day to come, or a milestone that is done already
    or not applicable."""
    today = clock.now().astimezone().date()  # the day where the person sits, not in UTC
    if completed > today:
        raise CallError(f"{completed} is still to come; today is {today}", where=f"{symbol} {milestone_id}",
                        then="Sign with the day on which it was completed.")
    with log.writing(workspace) as writer:
        code, state = _state(workspace, symbol, milestone_id)
        _require_open(state, code)
        writer.append("milestone.done", code, milestone=milestone_id, date=completed.isoformat(), note=note.strip())
    return checklist(workspace, symbol)


def mark_not_applicable(workspace: Workspace, symbol: str, milestone_id: str, note: str = "") -> Checklist:
    """Says that a milestone does not concern this symbol. Raises CallError when it is done, or marked so already."""
    with log.writing(workspace) as writer:
        code, state = _state(workspace, symbol, milestone_id)
        _require_open(state, code)
        writer.append("milestone.not_applicable", code, milestone=milestone_id, note=note.strip())
    return checklist(workspace, symbol)


def reopen(workspace: Workspace, symbol: str, milestone_id: str, reason: str) -> Checklist:
    """Opens a milestone again that was signed, or was not applicable; nothing is erased. Raises CallError without a
    reason, or when it is open."""
    if not reason.strip():
        raise CallError("reopening needs a reason", where=f"{symbol} {milestone_id}",
                        then="Say in a few words why; it stays in the log.")
    with log.writing(workspace) as writer:
        code, state = _state(workspace, symbol, milestone_id)
        if state.state not in ("done", "not_applicable"):
            raise CallError(f"{state.milestone.title} is open: nobody signed it", where=f"{code} {milestone_id}",
                            then="There is nothing to reopen.")
        act = "milestone.reopened" if state.state == "done" else "milestone.applicable"
        writer.append(act, code, milestone=milestone_id, reason=reason.strip())
    return checklist(workspace, symbol)


def _checklist(workspace: Workspace, symbol: str, known: Project) -> Checklist:
    found = workspace.settings.symbol(symbol)
    acts = known.of(found.code)
    states = fold_milestones(found.disposition, acts)
    history = {
        milestone.id: tuple(_history_line(act) for act in acts
                            if act["act"] in STATES and act.get("milestone") == milestone.id)
        for milestone in MILESTONES
    }
    current = next((state for state in states if state.state == "current"), None)
    return Checklist(found.code, found.name, found.disposition, states, history, current, clock.iso(clock.now()))


def _state(workspace: Workspace, symbol: str, milestone_id: str) -> tuple[str, MilestoneState]:
    """The symbol's code as console.toml spells it, and where one of its milestones stands."""
    found = _checklist(workspace, symbol, project(workspace))
    for state in found.milestones:
        if state.milestone.id == milestone_id:
            return found.symbol, state
    there = ", ".join(milestone.id for milestone in MILESTONES)
    raise CallError(f"{milestone_id!r} is no milestone", where=found.symbol, then=f"There are: {there}.")


def _require_open(state: MilestoneState, code: str) -> None:
    then = "If that was wrong, reopen it with a reason first; the log keeps both."
    if state.state == "done":
        raise CallError(f"{state.milestone.title} was signed as completed on {state.completed} by {state.who}",
                        where=f"{code} {state.milestone.id}", then=then)
    if state.state == "not_applicable":
        why = f" ({state.note})" if state.note else ""
        by = f" by {state.who}" if state.who else ""
        raise CallError(f"{state.milestone.title} is not applicable to {code}{by}{why}",
                        where=f"{code} {state.milestone.id}", then=then)


def _history_line(act: Mapping[str, Any]) -> HistoryLine:
    said = act.get("reason") or act.get("note")
    what = {
        "milestone.done": f"completed on {act.get('date')}",
        "milestone.not_applicable": "not applicable",
        "milestone.reopened": "reopened",
        "milestone.applicable": "applicable after all",
    }[act["act"]]
    return HistoryLine(act["at"], act["by"], f"{what}: {said}" if said else what)
