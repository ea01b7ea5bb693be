"""The evidence that stands beside a task: what its template names, what is known of it, and whether that fulfils it. A task
with all its evidence green is still signed by a person. Pure; not for gates (conditions.py)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oclc_console.project.evidence import CATALOGUE, Known, read_value, source_words, value_words
from oclc_console.project.tasks import Task, Wanted


@dataclass(frozen=True)
class Beside:
    """One piece of evidence of a task. `fulfilled` is None while nothing, or not enough, is known."""

    wanted: Wanted
    known: Known | None
    fulfilled: bool | None
    expected: str

    @property
    def words(self) -> str:
        """`records in the save file: 326, not 0 (entered by jdoe: ILLiad, as of 2020-11-16)`."""
        label = CATALOGUE[self.wanted.key].words
        if self.known is None or self.known.value is None:
            return f"{label}: not known" + (f"; it should be {self.expected}" if self.expected else "")
        value = value_words(self.wanted.key, self.known.value)
        should = "" if self.fulfilled or not self.expected else f", not {self.expected}"
        return f"{label}: {value}{should} ({source_words(self.known)})"


def beside(task: Task, known: Mapping[str, Known]) -> tuple[Beside, ...]:
    """The evidence of a task, in the template's order."""
    return tuple(_beside(wanted, known) for wanted in task.evidence)


def _beside(wanted: Wanted, known: Mapping[str, Known]) -> Beside:
    found = known.get(wanted.key)
    value = found.value if found else None
    if wanted.value is None:
        return Beside(wanted, found, None if value is None else True, "")
    if wanted.value in CATALOGUE:
        other = known.get(wanted.value)
        against = other.value if other else None
        label = CATALOGUE[wanted.value].words
        expected = label if against is None else f"{value_words(wanted.value, against)} ({label})"
    else:
        against = read_value(wanted.key, wanted.value)
        expected = value_words(wanted.key, against)
    return Beside(wanted, found, None if value is None or against is None else value == against, expected)
