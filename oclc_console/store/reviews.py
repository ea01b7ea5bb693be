"""What people do about the rejections of one symbol: states, owners, notes, and who did what when. One TinyDB document a
record, in a journal (journal.py) that survives kills and lets several consoles and timers write at once. A record is known
by its key: its local number, or `@` and OCLC's record key where OCLC gave none. Not for what OCLC said (rejections.py) nor
for what a later report makes of it (standing.py).

    rejections/ZMD/reviews.json    tables: reviews (a document a record), acts (a document an act of a person)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console import clock
from oclc_console.errors import CallError
from oclc_console.store.journal import Document, JournalDB, JournalStorage, Op
from oclc_console.store.standing import BY_PEOPLE, Did, Entry, State, in_force
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    from tinydb import TinyDB

REVIEWS, ACTS = "reviews", "acts"
NOBODY = ""
_IMPOSSIBLE = (State.CONFIRMED, State.CAME_BACK)


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


class Reviews:
    """The reviews of one symbol. Threads may share it. Every method that reads follows what other processes wrote."""

    def __init__(self, workspace: Workspace, symbol: str) -> None:
        self.symbol = folder_name(symbol)
        self.path: Path = workspace.root / "rejections" / self.symbol / "reviews.json"
        self._actor = workspace.actor
        self._db = JournalDB(self.path)
        self.numbers: dict[str, str] = {}  # key -> number of its document
        self._last = {REVIEWS: 0, ACTS: 0}
        self._read_until = (-1, 0)

    @property
    def journal(self) -> JournalStorage:
        """The journal beneath, for whoever keeps something up to date by it."""
        storage = self._db.storage
        assert isinstance(storage, JournalStorage)
        return storage

    def tinydb(self) -> TinyDB:
        """The same as a TinyDB, for questions of one's own: tables `reviews` and `acts`."""
        return self._db

    def refresh(self) -> None:
        """Follows what other processes wrote."""
        with self.journal.mutex:
            self.journal.refresh()
            readings, until = self._read_until
            if readings != self.journal.readings:
                self.numbers, self._last, until = {}, {REVIEWS: 0, ACTS: 0}, 0
            touched = self.journal.touched
            now = (self.journal.readings, len(touched))
            documents = self.journal.data.get(REVIEWS, {})
            for table, number in touched[until : now[1]]:
                self._last[table] = max(self._last.get(table, 0), int(number))
                if table == REVIEWS and (document := documents.get(number)) is not None:
                    self.numbers[document["key"]] = number
            self._read_until = now

    def get(self, key: str) -> Review | None:
        """What people did about one record; None: nothing."""
        self.refresh()
        document = self._document(key)
        return review_of(document) if document else None

    def all(self) -> Iterator[Review]:
        """Everything anybody did something about."""
        self.refresh()
        return map(review_of, list(self.journal.data.get(REVIEWS, {}).values()))

    def _document(self, key: str) -> Document | None:
        number = self.numbers.get(key)
        return None if number is None else self.journal.data.get(REVIEWS, {}).get(number)

    def change(self, keys: Iterable[str], change: Change, who: str | None = None, *, take_over: bool = False) -> Changed:
        """Does the same to all these records, in one write: it is on disk when this comes back, all of it or nothing.
        Records that somebody else owns are left alone unless `take_over`; a note may be put to any. Raises CallError for a
        state that only a report can give, HereError when the disk refuses."""
        if change.state in _IMPOSSIBLE:
            raise CallError(f"nobody can set {change.state.label!r}: OCLC's next report says so",
                            then=f"Choose one of: {', '.join(state.label for state in BY_PEOPLE)}.")
        by = who or self._actor

        def changed(before: Review | None, entry: Entry) -> Entry | str:
            owner = before.owner if before else None
            if owner not in (None, by) and not take_over and (change.state, change.owner) != (None, None):
                return f"{owner} has it"
            return _after(before, entry, change)

        return self._act(list(dict.fromkeys(keys)), "change", by, change, changed)

    def undo(self, who: str | None = None) -> Changed | None:
        """Takes back the last act of this person that stands, by acts that say the contrary: the history keeps everything.
        Records that somebody changed since are left alone. None: there is nothing to take back."""
        by = who or self._actor
        with self.journal.writing():
            last = self.last_act(by)
            if last is None:
                return None
            (document,) = [each for each in self.journal.data[ACTS].values() if each["id"] == last.id]
            documents = self.journal.data.get(REVIEWS, {})
            keys = [documents[number]["key"] for number in document["records"] if number in documents]

            def undone(before: Review | None, entry: Entry) -> Entry | str:
                standing = in_force(before.history) if before else []
                if not standing or standing[-1].act != last.id:
                    return f"{standing[-1].by if standing else 'somebody'} changed it since"
                below = standing[-2] if len(standing) > 1 else Entry("", "", "", "change")
                return replace(entry, state=below.state, since=below.since, owner=below.owner, undoes=last.id)

            return self._act(keys, "undo", by, Change(), undone, undoes=last.id)

    def last_act(self, who: str | None = None) -> Act | None:
        """What `undo` would take back."""
        by = who or self._actor
        self.refresh()
        documents = self.journal.data.get(ACTS, {})
        undone = {document["undoes"] for document in documents.values() if document["undoes"]}
        for document in reversed(list(documents.values())):
            if document["by"] == by and document["did"] == "change" and document["id"] not in undone:
                return _act_of(document, undone=False)
        return None

    def acts(self) -> list[Act]:
        """Everything anybody did, oldest first."""
        self.refresh()
        documents = list(self.journal.data.get(ACTS, {}).values())
        undone = {document["undoes"] for document in documents if document["undoes"]}
        return [_act_of(document, undone=document["id"] in undone) for document in documents]

    def adopt(
        self, histories: Mapping[str, Sequence[Entry]], keep_ours: Collection[str] = (), who: str | None = None
    ) -> Changed:
        """Adds what was done elsewhere (a pack that comes back): the entries that are not here yet, in one write. A record
        then stands as the other side left it or, for keys in `keep_ours`, as it stood here; its history tells both.
        Records with nothing new are left alone."""

        by = who or self._actor
        with self.journal.writing():
            self.refresh()
            missing = {key: _missing(self._document(key), entries) for key, entries in histories.items()}
            news = {key: entries for key, entries in missing.items() if entries}
            held = tuple((key, "nothing new") for key in histories if key not in news)
            return self._adopt(news, histories, frozenset(keep_ours), by, held)

    def _adopt(
        self, news: Mapping[str, Sequence[Entry]], theirs: Mapping[str, Sequence[Entry]], ours: frozenset[str], by: str,
        held: tuple[tuple[str, str], ...],
    ) -> Changed:
        entry = _entry("merge", by)
        documents: dict[str, Document] = {}
        for key, entries in news.items():
            before, left = self._document(key), theirs[key][-1]
            stands: Review | Entry | None = left if key not in ours else review_of(before) if before else None
            last = replace(entry, state=stands.state, since=stands.since, owner=stands.owner) if stands else entry
            documents[key] = _with(key, before, *entries, last)
        self._write(documents, entry, Change(), "")
        return Changed(entry.act if news else "", "merge", tuple(news), held)

    def compact_if_due(self) -> bool:
        """Writes the journal anew where most of it is outdated; for quiet moments."""
        return self.journal.compact_if_due()

    def _act(
        self, keys: Sequence[str], did: Did, by: str, change: Change,
        decide: Callable[[Review | None, Entry], Entry | str], undoes: str = "",
    ) -> Changed:
        """One act: `decide` gives the new line of each record's history, or says why it is left alone."""
        entry = _entry(did, by)
        documents: dict[str, Document] = {}
        held: list[tuple[str, str]] = []
        with self.journal.writing():
            self.refresh()
            for key in keys:
                before = self._document(key)
                line = decide(review_of(before) if before else None, entry)
                if isinstance(line, str):
                    held.append((key, line))
                else:
                    documents[key] = _with(key, before, line)
            self._write(documents, entry, change, undoes)
        return Changed(entry.act if documents or undoes else "", did, tuple(documents), tuple(held))

    def _write(self, documents: Mapping[str, Document], entry: Entry, change: Change, undoes: str) -> None:
        """The act and its records' documents, in one line of the journal."""
        if not documents and not undoes:
            return
        ops: list[Op] = []
        free = self._last[REVIEWS]
        for key, document in documents.items():
            number = self.numbers.get(key)
            if number is None:
                free += 1
                number = str(free)
            ops.append((REVIEWS, number, document))
        act = {"id": entry.act, "at": entry.at, "by": entry.by, "did": entry.did, "change": asdict(change),
               "records": [number for _, number, _ in ops], "undoes": undoes}
        self.journal.commit([(ACTS, str(self._last[ACTS] + 1), act), *ops])
        self.refresh()


def review_of(document: Document) -> Review:
    """A document of the table `reviews` as a value."""
    return Review(document["key"], _state(document["state"]), document["since"], document["owner"],
                  tuple(map(_entry_of, document["history"])))


def _with(key: str, before: Document | None, *lines: Entry) -> Document:
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


def _act_of(document: Document, *, undone: bool) -> Act:
    change = document["change"]
    return Act(document["id"], document["at"], document["by"], document["did"],
               Change(_state(change["state"]), change["owner"], change["note"]), len(document["records"]), undone)


def _state(word: str | None) -> State | None:
    return State(word) if word else None


def _entry(did: Did, by: str) -> Entry:
    return Entry(os.urandom(8).hex(), clock.iso(clock.now()), by, did)


def _after(before: Review | None, entry: Entry, change: Change) -> Entry:
    """The new line of a history: what the change says, and for the rest what stood."""
    state, since, owner = (before.state, before.since, before.owner) if before else (None, None, None)
    if change.state is not None:
        state, since = change.state, entry.at
    if change.owner is not None:
        owner = change.owner or None
    return replace(entry, state=state, since=since, owner=owner, note=change.note)


def _missing(document: Document | None, entries: Sequence[Entry]) -> list[Entry]:
    here = {line["act"] for line in document["history"]} if document else set()
    return [entry for entry in entries if entry.act not in here]
