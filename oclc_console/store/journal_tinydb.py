"""TinyDB over a journal: stock questions and changes, each change one line of the journal. Not for the journal itself
(journal.py)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

from tinydb import TinyDB
from tinydb.table import Table

from oclc_console.store.journal import Document, Journal


class _Touched(MutableMapping[int, Document]):
    """What TinyDB's updaters see of a table: documents by number, copied when they are looked at, so that nothing in memory
    changes before it is on disk."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self.new: dict[int, Document | None] = {}

    def __getitem__(self, number: int) -> Document:
        if number not in self.new:
            self.new[number] = copy.deepcopy(self._documents[str(number)])
        found = self.new[number]
        if found is None:
            raise KeyError(number)
        return found

    def __setitem__(self, number: int, document: Document) -> None:
        self.new[number] = dict(document)

    def __delitem__(self, number: int) -> None:
        self[number]
        self.new[number] = None

    def __iter__(self) -> Iterator[int]:
        for number in [*dict.fromkeys([*map(int, self._documents), *self.new])]:
            if self.new.get(number, True) is not None:
                yield number

    def __len__(self) -> int:
        return sum(1 for _ in self)


class JournalTable(Table):
    """TinyDB's table over a journal: a change writes the documents it touched, not the table. Its query cache is off, for it
    would not see what another process writes."""

    default_query_cache_capacity = 0

    @property
    def _journal(self) -> Journal:
        assert isinstance(self._storage, Journal)
        return self._storage

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        with self._journal.writing() as journal:
            before = journal.table(self.name)
            touched = _Touched(before)
            updater(touched)  # type: ignore[arg-type] # TinyDB's updaters only get, set, delete and walk
            journal.commit([(self.name, str(number), document) for number, document in touched.new.items()
                            if document != before.get(str(number))])

    def insert(self, document: Mapping[str, Any]) -> int:
        """As TinyDB's; its number is chosen under the lock."""
        with self._numbering():
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """As TinyDB's; the numbers are chosen under the lock."""
        with self._numbering():
            return super().insert_multiple(documents)

    @contextmanager
    def _numbering(self) -> Iterator[None]:
        with self._journal.writing():
            self._next_id = None
            yield


class JournalDB(TinyDB):
    """TinyDB over a journal: `JournalDB(journal)`."""

    table_class = JournalTable

    def __init__(self, journal: Journal) -> None:
        super().__init__(storage=lambda: journal)
