"""The six milestones of a symbol's reclamation, in order, which of them its disposition leaves out, and their state as a fold
over what people signed. Pure; not for the tasks in them (tasks.py).

Source: Harvard Library, "2019 OCLC Data Sync Project Information": six dated milestones per symbol, N/A allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from oclc_console.project.acts import standing

# what an act of the log makes of its milestone; the first that is to come is then shown as current
STATES: Mapping[str, str] = {
    "milestone.done": "done",
    "milestone.not_applicable": "not_applicable",
    "milestone.reopened": "to_come",
    "milestone.applicable": "to_come",
}


@dataclass(frozen=True)
class Milestone:
    """One of the six steps: its id for commands and logs, its title, and who usually signs it."""

    id: str
    number: int
    title: str
    who: str
    explanation: str


MILESTONES: tuple[Milestone, ...] = (
    Milestone("authorizations", 1, "Connexion authorizations aligned", "authorizations coordinator",
              "Every cataloguer has a login of their own under the target symbol; no login is shared."),
    Milestone("logins", 2, "Cataloguers use the new logins", "unit contacts",
              "From here nobody can catalogue under a symbol that goes away."),
    Milestone("reclamation", 3, "Reclamation", "LTS operator",
              "Export, upload, reports, and the clean-up lists handed to the units."),
    Milestone("freeze", 4, "ILL processing freeze", "ILL lead",
              "Only for a symbol that will not be retained: no new loans while the open ones are returned."),
    Milestone("deletion", 5, "Deletion", "coordinator",
              "A retired symbol is deleted once every loan is back; a kept one loses the records the sync did not "
              "touch. At OCLC it can't be undone. Signing here records what was done at OCLC; it triggers nothing."),
    Milestone("updates", 6, "WorldCat Updates reactivated", "LTS operator",
              "The former Bibliographic Notification Service sends changed records again."),
)

POST = "post"  # the group of tasks that come after the six: they are signed one by one, not as a milestone
POST_TITLE = "After the reclamation"
LEFT_OUT: Mapping[str, Mapping[str, str]] = {  # disposition -> the milestones that do not concern it, and why
    "retained": {"freeze": "only for a symbol that will not be retained"},
    "target": {"freeze": "only for a symbol that will not be retained"},
    "retiring": {},
}


@dataclass(frozen=True)
class MilestoneState:
    """Where one milestone of one symbol stands: `state` is done, current, to_come or not_applicable. `completed` is the
    day (YYYY-MM-DD) it was completed on, `who` the login of the last person who acted on it, `note` what they said."""

    milestone: Milestone
    state: str
    completed: str | None
    who: str | None
    note: str | None


def fold_milestones(disposition: str, acts: Iterable[Mapping[str, Any]]) -> tuple[MilestoneState, ...]:
    """The states of a symbol's milestones after these acts of the log, oldest first. Those its disposition leaves out are not
    applicable until somebody says otherwise."""
    latest = {milestone.id: _untouched(milestone, disposition) for milestone in MILESTONES}
    for act in standing(acts):
        state, milestone = STATES.get(act["act"]), act.get("milestone")
        if state is None or milestone not in latest:
            continue  # a newer version's act or milestone: this version has no place to show it
        note = act.get("reason") or act.get("note") or None
        completed = act.get("date") if state == "done" else None
        latest[milestone] = MilestoneState(latest[milestone].milestone, state, completed, act.get("by"), note)
    states = [latest[milestone.id] for milestone in MILESTONES]
    first = next((number for number, state in enumerate(states) if state.state == "to_come"), None)
    if first is not None:
        states[first] = replace(states[first], state="current")
    return tuple(states)


def _untouched(milestone: Milestone, disposition: str) -> MilestoneState:
    why_not = LEFT_OUT.get(disposition, LEFT_OUT["retained"]).get(milestone.id)
    return MilestoneState(milestone, "not_applicable" if why_not else "to_come", None, None, why_not)
