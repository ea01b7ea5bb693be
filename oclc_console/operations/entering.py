"""Entering evidence: what the console can't see for itself, with where it is known from and the day on which it was so; and
what is known of a symbol so far, and what is missing. Not for computing evidence (gate_facts.py) nor for judging it (gates)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from oclc_console import clock
from oclc_console.operations.checklist import Checklist, checklist
from oclc_console.project.beside import Beside, beside
from oclc_console.project.evidence import CATALOGUE, ENTERED, Evidence, Known, check_entry, read_value
from oclc_console.store import log
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class EvidenceLine:
    """One thing that can be known of a symbol: what it is, what is known of it (None: nothing), and the ids of the tasks it
    belongs to."""

    evidence: Evidence
    known: Known | None
    tasks: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether nobody knows it yet."""
        return self.known is None or self.known.value is None


def enter(workspace: Workspace, symbol: str, key: str, value: str | int | bool, source: str, day: str | date,
          note: str = "", subject: str = "") -> Known:
    """Enters a piece of evidence into the log: its value (a text is read as a person types it), where it is known from, and the
    day (YYYY-MM-DD) on which it was so. `subject` names the collection or the list it is about, where it is not about the symbol. Raises CallError with a
    sentence for a key, a value, a source or a day that won't do."""
    code = workspace.settings.symbol(symbol).code
    read = read_value(key, value) if isinstance(value, str) else value
    day = str(day)
    check_entry(key, read, source, day, clock.now().astimezone().date().isoformat(), subject.strip())
    about = {"subject": subject.strip()} if subject.strip() else {}
    line = log.append(workspace, ENTERED, code, key=key, value=read, source=source.strip(), day=day, note=note.strip(), **about)
    return Known(key, read, day, source.strip(), line.by, note.strip())


def known(workspace: Workspace, symbol: str, subject: str = "") -> Mapping[str, Known]:
    """What is known of a symbol: what the console computes, else what people entered. It may take a moment: the ledger is
    counted."""
    from oclc_console.operations.gate_facts import facts_of

    return facts_of(workspace, symbol, subject=subject)


def computed(workspace: Workspace, symbol: str) -> Mapping[str, Known]:
    """Of what is known, what the console computed. As slow as `known`."""
    return {key: each for key, each in known(workspace, symbol).items() if each.entered_by is None}


def evidence_beside(workspace: Workspace, symbol: str) -> Mapping[str, tuple[Beside, ...]]:
    """The evidence of each task of a symbol that has some, by the task's id. As slow as `known`."""
    found, facts = checklist(workspace, symbol), known(workspace, symbol)
    return {state.task.id: beside(state.task, facts) for state in found.tasks if state.task.evidence}


def evidence_list(workspace: Workspace, symbol: str) -> tuple[EvidenceLine, ...]:
    """What is known of a symbol and what is missing, in the catalogue's order: whatever is known, and whatever belongs to one
    of its tasks."""
    found, facts = checklist(workspace, symbol), known(workspace, symbol)
    mine: dict[str, tuple[str, ...]] = {}
    for state in found.tasks:
        for wanted in state.task.evidence:
            mine[wanted.key] = tuple(dict.fromkeys((*mine.get(wanted.key, ()), state.task.id)))
    return tuple(EvidenceLine(thing, facts.get(key), mine.get(key, ())) for key, thing in CATALOGUE.items()
                 if key in mine or (key in facts and facts[key].value is not None))


def updates_paused(found: Checklist) -> Known | None:
    """Since when WorldCat Updates are paused for a symbol: entered, and not answered by a reactivation since. None when they
    are not, or when nobody said so."""
    paused, again = found.entered.get("updates_paused_since"), found.entered.get("updates_reactivated")
    stone = next(state for state in found.milestones if state.milestone.id == "updates")
    if paused is None or paused.value is None or stone.state in ("done", "not_applicable"):
        return None
    if again is not None and again.value is not None and str(again.value) >= str(paused.value):
        return None
    return paused
