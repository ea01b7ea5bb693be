"""What people did about rejections up to a place in their journal, as columns of a file that opens at once: of the journal only
what stands behind that place has to be read then. Derived and checked against the journal, which is the truth, so it may be
deleted at any time. Not for what was done since (journal.py).

    rejections/ZMD/reviews.checkpoint
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import orjson

from oclc_console.store.columns import Column, Columns, Strings, crc, crcs, load_columns, strings_of
from oclc_console.store.journal import Document, Journal, Kept, checkpoint_path
from oclc_console.store.standing import in_ms

NOBODY_SET = ""  # a state nobody has set
_VERSION = 1
_COMPARED = 4096  # bytes before a place in the journal that have to be the same
_WORTH = 1 << 18  # bytes of a journal that are worth a checkpoint


class KeptDocuments(Kept):
    """The documents of one table, in the order of their numbers; each is read when it is asked for."""

    def __init__(self, numbers: Column, texts: Strings) -> None:
        self.numbers, self._texts = numbers, texts
        self.size = int(texts.ends[-1])

    def _place(self, number: str) -> int | None:
        wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else -1
        at = int(np.searchsorted(self.numbers, wanted))
        return at if at < len(self.numbers) and self.numbers[at] == wanted else None

    def __getitem__(self, number: str) -> Document:
        at = self._place(number)
        if at is None:
            raise KeyError(number)
        document: Document = orjson.loads(self._texts.raw(at))
        return document

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and self._place(number) is not None

    def __iter__(self) -> Iterator[str]:
        return map(str, self.numbers.tolist())

    def __len__(self) -> int:
        return len(self.numbers)


class Checkpoint:
    """A journal's state at a place of it. Its rows are the documents of records: `numbers`, `keys` and their checksums, what
    state a person set (a place in `states`) and when, the owner (a place in `owners`), and the notes in small letters."""

    def __init__(self, columns: Columns) -> None:
        about = columns.about
        self.journal, self.position = str(about["journal"]), int(about["position"])
        self.reviews, self.acts = (KeptDocuments(columns.columns[f"{name}_number"], columns.texts[name])
                                   for name in ("reviews", "acts"))
        self.tables: Mapping[str, Kept] = {"reviews": self.reviews, "acts": self.acts}
        self.numbers, self.sums, self.said = (columns.columns[name] for name in ("reviews_number", "sum", "said"))
        self.since, self.owner, self._by_sum = (columns.columns[name] for name in ("since", "owner", "by_sum"))
        self.keys, self.notes = columns.texts["key"], columns.texts["note"]
        self.states, self.owners = columns.words["state"], columns.words["owner"]

    @cached_property
    def _sums_in_order(self) -> Column:
        found: Column = self.sums[self._by_sum]
        return found

    def number_of(self, key: str) -> str | None:
        """The number of a record's document."""
        wanted = crc(key)
        at = int(np.searchsorted(self._sums_in_order, wanted))
        while at < len(self._by_sum) and self._sums_in_order[at] == wanted:
            row = int(self._by_sum[at])
            if self.keys[row] == key:
                return str(self.numbers[row])
            at += 1
        return None

    def last(self, table: str) -> int:
        """The highest number in a table."""
        numbers = self.numbers if table == "reviews" else self.acts.numbers
        return int(numbers[-1]) if len(numbers) else 0


def load_checkpoint(journal: Path) -> Checkpoint | None:
    """The checkpoint of a journal; None where there is none that is sound and of this very file."""
    found = load_columns(checkpoint_path(journal))
    if found is None or not isinstance(found.about, dict) or found.about.get("version") != _VERSION:
        return None
    try:
        checkpoint = Checkpoint(found)
        sound = found.checksum() == found.about["checksum"]
        return checkpoint if sound and _bytes_before(journal, checkpoint.position) == found.about["before"] else None
    except (KeyError, TypeError, ValueError, IndexError, FileNotFoundError):  # FileNotFoundError: the journal is gone
        return None


def _bytes_before(journal: Path, position: int) -> list[int]:
    """What tells that a place in a journal is what it was: the checksums of its first line and of the bytes before the place.
    ValueError when it has no such place."""
    with open(journal, "rb") as file:
        head = file.readline()
        file.seek(max(0, position - _COMPARED))
        before = file.read(min(position, _COMPARED))
    if not before.endswith(b"\n") or len(before) < min(position, _COMPARED):
        raise ValueError(position)
    return [zlib.crc32(head), zlib.crc32(before)]


def keep_checkpoint(journal: Journal) -> bool:
    """Writes a checkpoint where the journal has grown by much since the last one; whether it did. For quiet moments. Where it
    can't be written (somebody who may only read), all of the journal is read the next time, and nothing is lost."""
    with journal.mutex:
        journal.refresh()
        position, name = journal.position, journal.id
        before = journal.base.position if journal.base is not None else 0
        if name is None or position - before < _WORTH:
            return False
        tables = {table: [(int(number), documents[number]) for number in documents]
                  for table, documents in journal.data.items() if table in ("reviews", "acts")}
    if _is_kept(journal.path, name, position):
        return False
    reviews, acts = (sorted(tables.get(table, ()), key=lambda each: each[0]) for table in ("reviews", "acts"))
    try:
        before_it = _bytes_before(journal.path, position)
        about = {"version": _VERSION, "journal": name, "position": position, "before": before_it}
        made = _columns(about, reviews, acts)
        about["checksum"] = made.checksum()
        Columns(about, made.words, made.columns, made.texts).save(checkpoint_path(journal.path))
    except (ValueError, OSError):  # ValueError: another process has compacted the journal meanwhile
        return False
    return True


def _is_kept(journal: Path, name: str, position: int) -> bool:
    """Whether another process kept a checkpoint of nearly this place."""
    there = load_checkpoint(journal)
    return there is not None and there.journal == name and position - there.position < _WORTH


def _columns(about: Mapping[str, object], reviews: Sequence[tuple[int, Document]], acts: Sequence[tuple[int, Document]]
             ) -> Columns:
    documents = [document for _, document in reviews]
    keys = [document["key"] for document in documents]
    sums = crcs(keys)
    words, columns = {}, {"sum": sums, "by_sum": np.argsort(sums, kind="stable").astype(np.int32)}
    for column, name, kind in (("said", "state", np.uint8), ("owner", "owner", np.uint32)):
        told = [document[name] or NOBODY_SET for document in documents]
        words[name] = sorted(set(told))
        place = {word: at for at, word in enumerate(words[name])}
        columns[column] = np.fromiter((place[word] for word in told), kind, len(told))
    columns["since"] = np.fromiter((in_ms(document["since"]) if document["since"] else -1 for document in documents), np.int64,
                                   len(documents))
    texts = {"key": strings_of(keys), "note": strings_of("\x1f".join(document["notes"]).lower() for document in documents)}
    for table, rows in (("reviews", reviews), ("acts", acts)):
        columns[f"{table}_number"] = np.fromiter((number for number, _ in rows), np.int64, len(rows))
        texts[table] = strings_of(orjson.dumps(document).decode() for _, document in rows)
    return Columns(about, words, columns, texts)
