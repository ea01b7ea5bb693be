"""What people do about the rejections of one symbol: states, owners, notes, and who did what when. One TinyDB document a
record, in a journal (journal.py) that survives kills and lets several consoles and timers write at once. A record is known
by its key: its local number, or `@` and OCLC's record key where OCLC gave none. Not for what OCLC said (rejections.py) nor
for what a later report makes of it (standing.py).

    rejections/ZMD/reviews.json    tables: reviews (a document a record), acts (a document an act of a person)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from oclc_console.errors import CallError
from oclc_console.store.journal import Document, Journal, Op, checkpoint_path
from oclc_console.store.review_values import (
    Act,
    Change,
    Changed,
    Review,
    act_of,
    document_with,
    entry_after,
    missing_from,
    new_entry,
    review_of,
)
from oclc_console.store.standing import BY_PEOPLE, Did, Entry, State, in_force
from oclc_console.workspace import Workspace, folder_name

if TYPE_CHECKING:
    from tinydb import TinyDB

    from oclc_console.store.checkpoint import Checkpoint

__all__ = ["ACTS", "NOBODY", "REVIEWS", "Act", "Change", "Changed", "Review", "Reviews", "review_of"]
REVIEWS, ACTS = "reviews", "acts"
NOBODY = ""
_IMPOSSIBLE = (State.CONFIRMED, State.CAME_BACK)


class Reviews:
    """The reviews of one symbol. Threads may share it. Every method that reads follows what other processes wrote."""

    def __init__(self, workspace: Workspace, symbol: str) -> None:
        self.symbol = folder_name(symbol)
        self.path: Path = workspace.root / "rejections" / self.symbol / "reviews.json"
        self._actor = workspace.actor
        self.journal = Journal(self.path)  # for whoever keeps something up to date by it
        self._numbers: dict[str, str] = {}  # key -> number of its document, of those that changed since the checkpoint
        self._last = {REVIEWS: 0, ACTS: 0}
        self._read_until = (-1, 0)
        self._begun = False

    def tinydb(self) -> TinyDB:
        """The same as a TinyDB, for questions of one's own: tables `reviews` and `acts`."""
        from oclc_console.store.journal_tinydb import JournalDB

        self.refresh()
        return JournalDB(self.journal)

    def refresh(self) -> None:
        """Follows what other processes wrote; the first time, from the checkpoint on."""
        with self.journal.mutex:
            if not self._begun:
                self._begin()
            self.journal.refresh()
            readings, until = self._read_until
            if readings != self.journal.readings:
                kept = self.checkpoint
                self._numbers, until = {}, 0
                self._last = {table: kept.last(table) if kept else 0 for table in (REVIEWS, ACTS)}
            touched = self.journal.touched
            now = (self.journal.readings, len(touched))
            documents = self.journal.table(REVIEWS)
            for table, number in touched[until : now[1]]:
                self._last[table] = max(self._last.get(table, 0), int(number))
                if table == REVIEWS and (document := documents.get(number)) is not None:
                    self._numbers[document["key"]] = number
            self._read_until = now

    def _begin(self) -> None:
        self._begun = True
        if checkpoint_path(self.path).is_file():  # else nothing of it is loaded
            from oclc_console.store.checkpoint import load_checkpoint

            if (kept := load_checkpoint(self.path)) is not None:
                self.journal.begin_at(kept)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """What the journal was begun with; None when it was read from its start."""
        base = self.journal.base
        return cast("Checkpoint | None", base)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Holds the lock of the journal; what is read inside still holds when it is written."""
        self.refresh()
        with self.journal.writing():
            self.refresh()
            yield

    def number_of(self, key: str) -> str | None:
        """The number of a record's document, as of the last refresh."""
        number = self._numbers.get(key)
        return number or (self.checkpoint.number_of(key) if self.checkpoint else None)

    @property
    def last_number(self) -> int:
        """The highest number of a record's document, as of the last refresh."""
        return self._last[REVIEWS]

    def get(self, key: str) -> Review | None:
        """What people did about one record; None: nothing."""
        self.refresh()
        document = self._document(key)
        return review_of(document) if document else None

    def all(self) -> Iterator[Review]:
        """Everything anybody did something about."""
        self.refresh()
        return map(review_of, list(self.journal.table(REVIEWS).values()))

    def _document(self, key: str) -> Document | None:
        number = self.number_of(key)
        return None if number is None else self.journal.table(REVIEWS).get(number)

    def change(
        self, keys: Iterable[str], change: Change, who: str | None = None, *, take_over: bool = False, act: str = ""
    ) -> Changed:
        """Does the same to all these records, in one write: it is on disk when this comes back, all of it or nothing.
        Records that somebody else owns are left alone unless `take_over`; a note may be put to any. `act`: the id of the act,
        where it is about records of other symbols too. Raises CallError for a
        state that only a report can give, HereError when the disk refuses."""
        if change.state in _IMPOSSIBLE:
            raise CallError(f"nobody can set {change.state.label!r}: OCLC's next report says so",
                            then=f"Choose one of: {', '.join(state.label for state in BY_PEOPLE)}.")
        by = who or self._actor

        def changed(before: Review | None, entry: Entry) -> Entry | str:
            owner = before.owner if before else None
            if owner not in (None, by) and not take_over and (change.state, change.owner) != (None, None):
                return f"{owner} has it"
            return entry_after(before, entry, change)

        return self._act(list(dict.fromkeys(keys)), "change", by, change, changed, act=act)

    def undo(self, who: str | None = None, act: str = "") -> Changed | None:
        """Takes back the last act of this person that stands (of `act`, that one), by acts that say the contrary: the history
        keeps everything. Records that somebody changed since are left alone. None: there is nothing to take back."""
        by = who or self._actor
        with self._writing():
            last = self.last_act(by, act)
            if last is None:
                return None
            (document,) = [each for each in self.journal.table(ACTS).values() if each["id"] == last.id]
            documents = self.journal.table(REVIEWS)
            keys = [documents[number]["key"] for number in document["records"] if number in documents]

            def undone(before: Review | None, entry: Entry) -> Entry | str:
                standing = in_force(before.history) if before else []
                if not standing or standing[-1].act != last.id:
                    return f"{standing[-1].by if standing else 'somebody'} changed it since"
                below = standing[-2] if len(standing) > 1 else Entry("", "", "", "change")
                return replace(entry, state=below.state, since=below.since, owner=below.owner, undoes=last.id)

            return self._act(keys, "undo", by, Change(), undone, undoes=last.id)

    def last_act(self, who: str | None = None, act: str = "") -> Act | None:
        """What `undo` would take back."""
        by = who or self._actor
        self.refresh()
        documents = self.journal.table(ACTS)
        undone = {document["undoes"] for document in documents.values() if document["undoes"]}
        for document in reversed(list(documents.values())):
            stands = document["did"] == "change" and document["id"] not in undone
            if stands and document["by"] == by and act in ("", document["id"]):
                return act_of(document, undone=False)
        return None

    def acts(self) -> list[Act]:
        """Everything anybody did, oldest first."""
        self.refresh()
        documents = list(self.journal.table(ACTS).values())
        undone = {document["undoes"] for document in documents if document["undoes"]}
        return [act_of(document, undone=document["id"] in undone) for document in documents]

    def adopt(
        self, histories: Mapping[str, Sequence[Entry]], keep_ours: Collection[str] = (), who: str | None = None
    ) -> Changed:
        """Adds what was done elsewhere (a pack that comes back): the entries that are not here yet, in one write. A record
        then stands as the other side left it or, for keys in `keep_ours`, as it stood here; its history tells both.
        Records with nothing new are left alone."""

        by = who or self._actor
        with self._writing():
            missing = {key: missing_from(self._document(key), entries) for key, entries in histories.items()}
            news = {key: entries for key, entries in missing.items() if entries}
            held = tuple((key, "nothing new") for key in histories if key not in news)
            return self._adopt(news, histories, frozenset(keep_ours), by, held)

    def _adopt(
        self, news: Mapping[str, Sequence[Entry]], theirs: Mapping[str, Sequence[Entry]], ours: frozenset[str], by: str,
        held: tuple[tuple[str, str], ...],
    ) -> Changed:
        entry = new_entry("merge", by)
        documents: dict[str, Document] = {}
        for key, entries in news.items():
            before, left = self._document(key), theirs[key][-1]
            stands: Review | Entry | None = left if key not in ours else review_of(before) if before else None
            last = replace(entry, state=stands.state, since=stands.since, owner=stands.owner) if stands else entry
            documents[key] = document_with(key, before, *entries, last)
        self._write(documents, entry, Change(), "")
        return Changed(entry.act if news else "", "merge", tuple(news), held)

    def compact_if_due(self) -> bool:
        """Writes the journal anew where most of it is outdated; for quiet moments."""
        self.refresh()
        return self.journal.compact_if_due()

    def keep_checkpoint(self) -> bool:
        """Makes the next opening quick, where much was done since the last checkpoint; for quiet moments."""
        from oclc_console.store.checkpoint import keep_checkpoint

        self.refresh()
        return keep_checkpoint(self.journal)

    def _act(
        self, keys: Sequence[str], did: Did, by: str, change: Change,
        decide: Callable[[Review | None, Entry], Entry | str], undoes: str = "", act: str = "",
    ) -> Changed:
        """One act: `decide` gives the new line of each record's history, or says why it is left alone."""
        entry = new_entry(did, by, act)
        documents: dict[str, Document] = {}
        held: list[tuple[str, str]] = []
        with self._writing():
            for key in keys:
                before = self._document(key)
                line = decide(review_of(before) if before else None, entry)
                if isinstance(line, str):
                    held.append((key, line))
                else:
                    documents[key] = document_with(key, before, line)
            self._write(documents, entry, change, undoes)
        return Changed(entry.act if documents or undoes else "", did, tuple(documents), tuple(held))

    def _write(self, documents: Mapping[str, Document], entry: Entry, change: Change, undoes: str) -> None:
        """The act and its records' documents, in one line of the journal."""
        if not documents and not undoes:
            return
        ops: list[Op] = []
        free = self._last[REVIEWS]
        for key, document in documents.items():
            number = self.number_of(key)
            if number is None:
                free += 1
                number = str(free)
            ops.append((REVIEWS, number, document))
        act = {"id": entry.act, "at": entry.at, "by": entry.by, "did": entry.did, "change": asdict(change),
               "records": [number for _, number, _ in ops], "undoes": undoes}
        self.journal.commit([(ACTS, str(self._last[ACTS] + 1), act), *ops])
        self.refresh()
