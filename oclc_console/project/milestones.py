"""The six milestones of a symbol's reclamation, in order, and their state as a fold over what people signed. Pure.

Source: Harvard Library, "2019 OCLC Data Sync Project Information": six dated milestones per symbol, N/A allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


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
              "A retired symbol is deleted once every loan is back; a kept one loses the records the sync did not touch. "
              "It can't be undone."),
    Milestone("updates", 6, "WorldCat Updates reactivated", "LTS operator",
              "The former Bibliographic Notification Service sends changed records again."),
)


@dataclass(frozen=True)
class MilestoneState:
    """Where one milestone of one symbol stands: `state` is done, current, to_come or not_applicable."""

    milestone: Milestone
    state: str
    completed: str | None
    who: str | None
    note: str | None


def fold_milestones(disposition: str, acts: Iterable[dict[str, Any]]) -> tuple[MilestoneState, ...]:
    """The states of a symbol's milestones after these acts of the log, oldest first. The freeze is not applicable to a
    symbol that stays, until somebody says otherwise."""
    raise NotImplementedError
