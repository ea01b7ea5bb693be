"""What people do about a rejection, as values and as the documents in which it is kept: a change, a record's review, an act
over many records, what an act came to. Pure. Not for reading or writing them (reviews.py)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from oclc_console import clock
from oclc_console.store.standing import Did, Entry, State, in_force

Document = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What to do with records: a state, an owner (a login; empty: nobody), a note. None and an empty note leave things as
    they are."""

    state: State | None = None
    owner: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Review:
    """What people did about one record. `state` is what a person set last (since when: `since`), None when nobody did;
    standing.py tells where the record stands now. `notes` are the entries that hold one and were not undone."""

    key: str
    state: State | None
    since: str | None
    owner: str | None
    history: tuple[Entry, ...]

    @property
    def notes(self) -> tuple[Entry, ...]:
        """The notes that stand, oldest first."""
        return tuple(entry for entry in in_force(self.history) if entry.note)


@dataclass(frozen=True)
class Act:
    """Something a person did to one or many records at once. `undone`: taken back since, as far as that was possible."""

    id: str
    at: str
    by: str
    did: Did
    change: Change
    count: int
    undone: bool


@dataclass(frozen=True)
class Changed:
    """What an act came to: its id, the keys it changed, and those it left alone, each with the reason in words."""

    act: str
    did: Did
    done: tuple[str, ...]
    held: tuple[tuple[str, str], ...]


def review_of(document: Document) -> Review:
    """A document of the table `reviews` as a value."""
    return Review(document["key"], _state(document["state"]), document["since"], document["owner"],
                  tuple(map(_entry_of, document["history"])))


def document_with(key: str, before: Document | None, *lines: Entry) -> Document:
    """The document of a record whose history goes on with these lines; it stands as the last one says."""
    last = lines[-1]
    history = [*(before["history"] if before else ()), *map(_line_of, lines)]
    noted = any(line.note or line.undoes for line in lines) or (before is not None and bool(before["notes"]))
    notes = [entry.note for entry in in_force([_entry_of(line) for line in history]) if entry.note] if noted else []
    return {"key": key, "state": last.state and last.state.value, "since": last.since, "owner": last.owner, "notes": notes,
            "history": history}


def _line_of(entry: Entry) -> Document:
    """A line of a history; what it doesn't say is left out."""
    line = {"act": entry.act, "at": entry.at, "by": entry.by, "did": entry.did, "state": entry.state and entry.state.value,
            "since": entry.since, "owner": entry.owner, "note": entry.note, "undoes": entry.undoes}
    return {name: value for name, value in line.items() if value}


def _entry_of(line: Document) -> Entry:
    return Entry(**{**line, "state": _state(line.get("state"))})


def act_of(document: Document, *, undone: bool) -> Act:
    """A document of the table `acts` as a value."""
    change = document["change"]
    return Act(document["id"], document["at"], document["by"], document["did"],
               Change(_state(change["state"]), change["owner"], change["note"]), len(document["records"]), undone)


def _state(word: str | None) -> State | None:
    return State(word) if word else None


def new_act() -> str:
    """An id that no other act has."""
    return os.urandom(8).hex()


def new_entry(did: Did, by: str, act: str = "") -> Entry:
    """A line of a history, as of now, that says nothing yet."""
    return Entry(act or new_act(), clock.iso(clock.now()), by, did)


def entry_after(before: Review | None, entry: Entry, change: Change) -> Entry:
    """The new line of a history: what the change says, and for the rest what stood."""
    state, since, owner = (before.state, before.since, before.owner) if before else (None, None, None)
    if change.state is not None:
        state, since = change.state, entry.at
    if change.owner is not None:
        owner = change.owner or None
    return replace(entry, state=state, since=since, owner=owner, note=change.note)


def missing_from(document: Document | None, entries: Sequence[Entry]) -> list[Entry]:
    """Which of these lines a document lacks."""
    here = {line["act"] for line in document["history"]} if document else set()
    return [entry for entry in entries if entry.act not in here]
