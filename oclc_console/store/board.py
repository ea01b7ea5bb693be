"""The rejections of one or more symbols as columns side by side, with what people did about them kept up to date: what a
question over hundreds of thousands of records is answered from. Not for values that people see (desk.py).
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from oclc_console.store.columns import NEVER, Column
from oclc_console.store.gathered import CURRENT, MINOR_ONLY, PLAIN, Gathered
from oclc_console.store.reviews import REVIEWS, Review, Reviews, review_of
from oclc_console.store.standing import HANDED_ON, STATES, State, in_ms

_CODE_OF = {state: code for code, state in enumerate(STATES)}
_HANDED_ON = np.array([state in HANDED_ON for state in STATES])
_WORDS = ("severity", "outcome", "library", "stream", "upload", "group")
_PLAIN_COLUMNS = ("report", "received", "flags", "rank", "appearances", "last_refused", "last_taken")


class Part:
    """One symbol on the board: its columns, its reviews, and where its rows begin."""

    def __init__(self, gathered: Gathered, reviews: Reviews, first: int) -> None:
        self.gathered, self.reviews, self.first = gathered, reviews, first
        self.followed = (-1, 0)  # which reading of the journal, and how much of it, the board has taken in
        self.kept_rows: Column | None = None  # the row on the board of each row of the reviews' checkpoint


class Board:
    """Columns of all records, symbol after symbol. A row is a record's place in them. Threads may share it."""

    def __init__(self, parts: Sequence[tuple[Gathered, Reviews]]) -> None:
        self.parts: list[Part] = []
        self._firsts: list[int] = []
        rows = 0
        for gathered, reviews in parts:
            self.parts.append(Part(gathered, reviews, rows))
            self._firsts.append(rows)
            rows += len(gathered)
        self.rows = rows
        self.version = 0
        self.orders: dict[str, tuple[object, Column]] = {}  # what asking.py remembers of this board
        self.words: dict[str, list[str]] = {"symbol": [part.gathered.symbol for part in self.parts]}
        self.columns: dict[str, Column] = {"symbol": self._spread([np.full(len(part.gathered), at, np.uint32)
                                                                  for at, part in enumerate(self.parts)])}
        for name in _WORDS:
            self.words[name], self.columns[name] = self._coded(name)
        for name in _PLAIN_COLUMNS:
            self.columns[name] = self._spread([part.gathered[name] for part in self.parts])
        self.words["report"], self._report_of = self._reports()
        self.columns["report"] = self.reports_of(self.columns["symbol"], self.columns["report"])
        self.words["state"] = [state.value for state in STATES]
        self.words["owner"] = [""]
        self.columns["state"] = np.zeros(rows, np.uint8)
        self.columns["owner"] = np.zeros(rows, np.uint32)
        self._documents = np.zeros(rows, np.int32)  # the number of the document about each record, 0: nobody did anything
        self._several: dict[int, list[int]] = {}  # row -> numbers, of records that had several names
        self._notes: dict[int, str] = {}  # those that changed since the checkpoint
        self._owner_codes = {"": 0}
        self._lock = threading.RLock()

    def _spread(self, columns: Sequence[Column]) -> Column:
        if len(columns) == 1:
            return columns[0]
        return np.concatenate(columns) if columns else np.zeros(0, np.uint32)

    def _coded(self, name: str) -> tuple[list[str], Column]:
        """A column of words: the words of all symbols, in order, and which stands in each row."""
        words = sorted({word for part in self.parts for word in part.gathered.words[name]})
        return words, self._spread([
            part.gathered[name] if part.gathered.words[name] == words
            else _places(part.gathered.words[name], words)[part.gathered[name]] for part in self.parts])

    def _reports(self) -> tuple[list[str], list[Column]]:
        """The names of all reports, the newest first, and for each symbol where its own stand in them."""
        told = {(report["received"], report["name"]) for part in self.parts for report in part.gathered.about["reports"]}
        names = list(dict.fromkeys(name for _, name in sorted(told, reverse=True)))
        return names, [_places([report["name"] for report in part.gathered.about["reports"]], names) for part in self.parts]

    def reports_of(self, symbols: Column, reports: Column) -> Column:
        """Reports by their number within each symbol, as places in `words["report"]`."""
        if len(self._report_of) == 1 and len(self._report_of[0]):
            only: Column = self._report_of[0][reports]
            return only
        found = np.zeros(len(reports), np.uint32)
        for at, places in enumerate(self._report_of):
            here = symbols == at
            if len(places):
                found[here] = places[reports[here]]
        return found

    def part_of(self, row: int) -> Part:
        """The symbol a row belongs to."""
        return self.parts[bisect_right(self._firsts, row) - 1]

    def word(self, name: str, row: int) -> str:
        """What stands in a column of words."""
        return self.words[name][int(self.columns[name][row])]

    # lines

    @cached_property
    def groups_of_lines(self) -> tuple[Column, Column]:
        """(row, group), each pair once, of the lines that count for the groups of their record."""
        return self._pairs(lambda gathered: (gathered["line_flags"] & PLAIN) > 0)

    @cached_property
    def groups_of_all_lines(self) -> tuple[Column, Column]:
        """The same of every line of the newest appearance that complained, MINOR ones and noise too."""
        return self._pairs(lambda gathered: (gathered["line_flags"] & CURRENT) > 0)

    def _pairs(self, counts: Callable[[Gathered], Column]) -> tuple[Column, Column]:
        found = []
        for part in self.parts:
            gathered, here = part.gathered, counts(part.gathered)
            place = _places(gathered.words["group"], self.words["group"])
            found.append(_each_once(gathered.rows_of_lines[here] + part.first, place[gathered["line_group"][here]]))
        return self._spread([rows for rows, _ in found]), self._spread([groups for _, groups in found])

    @cached_property
    def reports_of_rows(self) -> tuple[Column, Column]:
        """(row, report), each pair once, of every appearance and every line."""
        found = []
        for part, places in zip(self.parts, self._report_of, strict=True):
            here = part.gathered
            seen = np.repeat(np.arange(len(here), dtype=np.int32), np.diff(here["seen_start"]))
            rows = np.concatenate([seen, here.rows_of_lines]) + part.first
            found.append(_each_once(rows, places[np.concatenate([here["seen_report"], here["line_report"]])]))
        return self._spread([rows for rows, _ in found]), self._spread([reports for _, reports in found])

    def rows_with_text(self, holds: Callable[[str], bool]) -> Column:
        """Which records have a line whose text is such a one."""
        found = np.zeros(self.rows, bool)
        for part in self.parts:
            gathered = part.gathered
            good = np.fromiter(map(holds, gathered.texts["text"]), bool, len(gathered.texts["text"]))
            if good.any():
                found[gathered.rows_of_lines[good[gathered["line_text"]]] + part.first] = True
        return found

    def rows_with_search(self, needle: str) -> Column:
        """Which records have `needle` (in small letters) in key, numbers or title, or, where it looks like one, in OCLC's
        record key."""
        found = []
        for part in self.parts:
            texts = part.gathered.texts
            hits = texts["search"].holding(needle)
            found.append(hits | texts["record_key"].holding(needle.upper().replace("::BIB::", "::bib::"))
                         if "::" in needle else hits)
        return self._spread(found) if found else np.zeros(0, bool)

    def warm(self) -> None:
        """Makes and loads what the first question by group, report or word would wait for."""
        self.rows_with_search("\x1f")  # it stands in each of them
        _ = self.groups_of_lines, self.groups_of_all_lines, self.reports_of_rows

    def ranks(self, column: str) -> Column:
        """Each record's place in the order of a column of texts (key, title), whatever its case."""
        if column not in self._ranks:
            import pyarrow as pa
            import pyarrow.compute as pc

            texts = pc.utf8_lower(pa.chunked_array([part.gathered.texts[column].arrow() for part in self.parts], pa.string()))
            ranks = np.empty(self.rows, np.int64)
            ranks[pc.sort_indices(texts).to_numpy()] = np.arange(self.rows)
            self._ranks[column] = ranks
        return self._ranks[column]

    @cached_property
    def _ranks(self) -> dict[str, Column]:
        return {}

    # what people did

    def follow(self) -> None:
        """Takes in what people did since: states, owners and notes."""
        with self._lock:
            for part in self.parts:
                part.reviews.refresh()
                journal = part.reviews.journal
                readings, until = part.followed
                now = (journal.readings, len(journal.touched))
                if part.followed == now:
                    continue
                if readings != journal.readings:
                    self._begin(part)
                    until = 0
                documents = journal.table(REVIEWS)
                touched = dict.fromkeys(number for table, number in journal.touched[until:] if table == REVIEWS)
                self._take(part, [(int(number), documents[number]) for number in touched if number in documents])
                part.followed = now
                self.version += 1

    def _begin(self, part: Part) -> None:
        """A symbol as it stands where nobody has done anything, or as its checkpoint has it."""
        rows, part.kept_rows = slice(part.first, part.first + len(part.gathered)), None
        self.columns["state"][rows] = settled(
            np.asarray(_CODE_OF[State.OPEN]), np.asarray(NEVER), part.gathered["last_refused"], part.gathered["last_taken"])
        self.columns["owner"][rows] = 0
        self._documents[rows] = 0
        for kept in (self._notes, self._several):
            for row in [row for row in kept if rows.start <= row < rows.stop]:
                del kept[row]
        checkpoint = part.reviews.checkpoint
        if checkpoint is not None:
            found = part.gathered.rows_named(checkpoint.keys, checkpoint.sums)
            part.kept_rows = np.where(found == NEVER, NEVER, found + part.first)
            here = np.flatnonzero(found != NEVER)
            said = np.array([_CODE_OF[State(word) if word else State.OPEN] for word in checkpoint.states], np.int64)
            owners = np.array([self._owner(word) for word in checkpoint.owners], np.uint32)
            self._put(part, part.kept_rows[here], checkpoint.numbers[here], said[checkpoint.said[here]],
                      checkpoint.since[here], owners[checkpoint.owner[here]])

    def _take(self, part: Part, documents: Sequence[tuple[int, dict[str, Any]]]) -> None:
        """Takes in the documents of records; where a report is not here (any more), what was done stays in the
        journal."""
        found = part.gathered.rows_of([document["key"] for _, document in documents])
        rows = np.where(found == NEVER, NEVER, found + part.first).tolist()
        here = [(row, *each) for row, each in zip(rows, documents, strict=True) if row != NEVER]
        for row, _, document in here:
            self._notes[row] = "\x1f".join(document["notes"]).lower()
        self._put(part, np.array([row for row, _, _ in here], np.int64), np.array([number for _, number, _ in here], np.int64),
                  *self._standing([document for _, _, document in here]))

    def _standing(self, documents: Sequence[dict[str, Any]]) -> tuple[Column, Column, Column]:
        """What documents say: states, since when, owners."""
        said = np.array([_CODE_OF[document["state"] or State.OPEN] for document in documents], np.int64)
        since = np.array([in_ms(document["since"]) if document["since"] else NEVER for document in documents], np.int64)
        return said, since, np.array([self._owner(document["owner"] or "") for document in documents], np.uint32)

    def _put(self, part: Part, rows: Column, numbers: Column, said: Column, since: Column, owners: Column) -> None:
        """Puts what documents say into the columns. A record with several is put together first."""
        before = self._documents[rows]
        order = np.argsort(rows, kind="stable")
        again = np.zeros(len(rows), bool)
        again[order[1:]] = rows[order[1:]] == rows[order[:-1]]
        several = np.flatnonzero(again | ((before != 0) & (before != numbers)))
        fresh = before == 0
        fresh[several] = False
        self._documents[rows[fresh]] = numbers[fresh]
        self._settle(part, rows, said, since, owners)
        for row, number in zip(rows[several].tolist(), numbers[several].tolist(), strict=True):
            known = self._several.setdefault(row, [int(self._documents[row])])
            if number not in known:
                known.append(number)
        touched = [row for row in dict.fromkeys(rows.tolist()) if row in self._several] if self._several else []
        for row in touched:
            document = _together(self._of(row))
            self._notes[row] = "\x1f".join(document["notes"]).lower()
            self._settle(part, np.array([row]), *self._standing([document]))

    def _settle(self, part: Part, rows: Column, said: Column, since: Column, owners: Column) -> None:
        here = rows - part.first
        self.columns["owner"][rows] = owners
        self.columns["state"][rows] = settled(said, since, part.gathered["last_refused"][here],
                                              part.gathered["last_taken"][here])

    def _of(self, row: int) -> list[dict[str, Any]]:
        """The documents of a record, under all of its names."""
        first = int(self._documents[row])
        documents = self.part_of(row).reviews.journal.table(REVIEWS)
        numbers = self._several.get(row, [first] if first else [])
        return [documents[str(number)] for number in numbers if str(number) in documents]

    def _owner(self, login: str) -> int:
        if login not in self._owner_codes:
            self._owner_codes[login] = len(self.words["owner"])
            self.words["owner"].append(login)
        return self._owner_codes[login]

    def review(self, row: int) -> Review | None:
        """What people did about a record, under whatever of its names."""
        documents = self._of(row)
        return review_of(_together(documents)) if documents else None

    def rows_noted(self, needle: str) -> list[int]:
        """The records in whose notes `needle` (in small letters) stands."""
        found = [row for row, note in self._notes.items() if needle in note]
        for part in self.parts:
            checkpoint = part.reviews.checkpoint
            if part.kept_rows is not None and checkpoint is not None:
                rows = part.kept_rows[checkpoint.notes.holding(needle)].tolist()
                found += [row for row in rows if row != NEVER and row not in self._notes]
        return found

    @property
    def minor_only(self) -> Column:
        """Which records OCLC took all the same: it has nothing but MINOR lines or noise to say of them."""
        return (self.columns["flags"] & MINOR_ONLY) > 0


def settled(said: Column, since: Column, refused: Column, taken: Column) -> Column:
    """The states that standing.standing gives, as places in STATES, from what a person said last (a place in STATES) and when,
    and from when OCLC last refused and last took each record; all in epoch milliseconds, NEVER where it did not happen."""
    back = (refused > since) & (_HANDED_ON[said] | (taken > since))
    confirmed = (taken > refused) & (taken > since)
    return np.where(confirmed, _CODE_OF[State.CONFIRMED], np.where(back, _CODE_OF[State.CAME_BACK], said))


def _together(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Documents of one record, which had several names before its local number was known, as one."""
    if len(documents) == 1:
        return documents[0]
    newest = max(documents, key=lambda document: document["history"][-1]["at"])
    history = sorted((line for document in documents for line in document["history"]), key=lambda line: line["at"])
    return {**newest, "history": history, "notes": [note for document in documents for note in document["notes"]]}


def _each_once(rows: Column, words: Column) -> tuple[Column, Column]:
    """Pairs of a row and a word, in order, each once."""
    pairs = np.sort((rows.astype(np.int64) << 32) | words, kind="stable")  # nearly in order already
    pairs = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])] if len(pairs) else pairs
    return (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.uint32)


def _places(words: Sequence[str], among: Sequence[str]) -> Column:
    """Where each word stands among others."""
    place = {word: at for at, word in enumerate(among)}
    return np.array([place[word] for word in words], np.uint32)
