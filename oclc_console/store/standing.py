"""Where a rejection stands: what people said of it, and what OCLC answered when the record was sent again. Pure: the same
acts and the same answers give the same standing, in whatever order reports were imported. Confirmed and came back are never
written down anywhere; they are worked out here. Not for reading or writing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from oclc_console import clock


class State(StrEnum):
    """Where a rejection can stand. The last two only a later report can say."""

    OPEN = "open"
    CLAIMED = "claimed"
    FIXED = "fixed"
    ACCEPTED = "accepted"
    EXCLUDED = "excluded"
    REPORTED = "reported"
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    CAME_BACK = "came_back"

    @property
    def label(self) -> str:
        """For people."""
        return _LABELS.get(self, self.value)


_LABELS = {
    State.FIXED: "fixed in Alma", State.ACCEPTED: "accepted as is", State.EXCLUDED: "excluded with 914",
    State.REPORTED: "reported to LTS", State.WAITING: "waiting for OCLC", State.CAME_BACK: "came back",
}
STATES = tuple(State)
BY_PEOPLE = STATES[:7]
CLOSED = frozenset({State.FIXED, State.ACCEPTED, State.EXCLUDED, State.CONFIRMED})  # nobody has to do anything now
TO_DO = frozenset(STATES) - CLOSED
# out of its owner's hands: a record refused again after one of these has come back. Who accepts a record as it is expects
# that OCLC refuses it again, and who has only claimed it has promised nothing yet.
HANDED_ON = frozenset({State.FIXED, State.EXCLUDED, State.REPORTED, State.WAITING, State.CONFIRMED})

Word = Literal["refused", "taken", "same"]
Did = Literal["change", "undo", "merge"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a record's history. `act` is one id for all the records of a bulk change; `state`, `since` (an ISO instant:
    when a person set this state) and `owner` are those after it; a state of None: nobody has set one. `undoes` is the act
    that an undo takes back."""

    act: str
    at: str
    by: str
    did: Did
    state: State | None = None
    since: str | None = None
    owner: str | None = None
    note: str = ""
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What OCLC said of a record in one upload: `at_ms` is when OCLC received that upload (epoch milliseconds: a fix made
    later was not in it). refused; taken (and what it complained of before is gone); same: it says nothing new."""

    at_ms: int
    report: str
    word: Word


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rejection stands: its state and owner, how often it came back, and the report that confirmed it or brought it
    back (empty when a person spoke last)."""

    state: State = State.OPEN
    owner: str | None = None
    came_back: int = 0
    report: str = ""


def in_force(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that stand: undone ones and the undoing are left out."""
    undone = {entry.undoes for entry in entries if entry.did == "undo"}
    return [entry for entry in entries if entry.did != "undo" and entry.act not in undone]


def standing(entries: Sequence[Entry], verdicts: Sequence[Verdict]) -> Standing:
    """Where a record stands, by its history and OCLC's verdicts. A verdict judges what was said before its upload was
    received; of two in one instant (the record stands in the file twice) the refusal holds."""
    now = Standing(owner=entries[-1].owner if entries else None)
    refused = {verdict.at_ms for verdict in verdicts if verdict.word == "refused"}
    told = [(verdict.at_ms, 0, verdict) for verdict in verdicts if verdict.word != "taken" or verdict.at_ms not in refused]
    happened: list[tuple[int, int, Verdict | State]] = [*told, *((since, 1, state) for since, state in _said(entries))]
    for _, _, what in sorted(happened, key=lambda each: each[:2]):
        now = _set(now, what) if isinstance(what, State) else _judged(now, what)
    return now


def _said(entries: Sequence[Entry]) -> list[tuple[int, State]]:
    """What people set, and when. The last line of a history holds, even where a merge made an earlier instant the last; a
    note only repeats what it found."""
    said: list[tuple[int, State]] = []
    for entry in in_force(entries):
        if entry.state is None or entry.since is None:
            said.clear()
            continue
        since = in_ms(entry.since)
        while said and said[-1][0] >= since:
            said.pop()
        said.append((since, entry.state))
    return said


@lru_cache(maxsize=10_000)  # the records of a bulk change share one
def in_ms(instant: str) -> int:
    """An ISO instant in epoch milliseconds."""
    return round(clock.parse(instant).timestamp() * 1000)


def _set(now: Standing, state: State) -> Standing:
    return Standing(state, now.owner, now.came_back)


def _judged(now: Standing, verdict: Verdict) -> Standing:
    if verdict.word == "taken" and now.state is not State.CONFIRMED:
        return Standing(State.CONFIRMED, now.owner, now.came_back, verdict.report)
    if verdict.word == "refused" and now.state in HANDED_ON:
        return Standing(State.CAME_BACK, now.owner, now.came_back + 1, verdict.report)
    return now
