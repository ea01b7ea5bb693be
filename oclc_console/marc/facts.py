"""A fact: something that a single field of a record, or its leader, can show. Every condition of the rule language is one, and
rules are decided from facts alone; so a fact can be asked of one record, or of a whole batch at once. Not for the language
itself (query.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Protocol

from oclc_console.marc.batch import Batch, Column
from oclc_console.marc.record import Record

LEADER = "LDR"


class Question(Protocol):
    """What can be asked of one record, or of a batch: a fact, or a rule that is built in."""

    def of(self, record: Record) -> bool:
        """Whether it is so of this record."""

    def among(self, batch: Batch) -> list[int]:
        """The numbers of a batch's records of which it is so; a number may come twice."""


@dataclass(frozen=True, slots=True)
class Fact:
    """That a record has a field with this tag (X is any digit; LDR is the leader), or with one of the `others`, which shows
    something (at some positions of it, where they are given); without `shows`, that the field is there. An empty leader shows
    nothing. Where `filled` is given, a field that begins with one of these subfields, not blank, shows it for sure."""

    tag: str
    shows: Callable[[bytes], object] | None = None
    others: tuple[str, ...] = ()
    at: slice | None = None
    filled: bytes = b""

    def of(self, record: Record) -> bool:
        """Whether it is a fact of this record."""
        shows, at = self.shows or _anything, self.at or slice(None)
        if self.tag == LEADER:
            return bool(shows(record.leader[at]))
        return any(shows(field[at]) for pattern in (self.tag, *self.others) for field in _all_like(pattern, record))

    def among(self, batch: Batch, without: Sequence[int] = ()) -> list[int]:
        """The numbers of a batch's records of which it is a fact; a number may come twice, those in `without` may be
        missing."""
        if self.tag == LEADER:
            return self._among((range(len(batch.leaders)), batch.leaders))
        if self.shows is None and not self.others:
            return list(batch.having(self.tag))
        found: list[int] = []
        for tag in (self.tag, *self.others):
            if self.filled:
                sure, rest = batch.beginning(tag, self.filled, without=[*without, *found])
                found += sure
            else:
                rest = batch.fields(tag, without=[*without, *found])
            found += self._among(rest)
        return found

    def _among(self, column: Column) -> list[int]:
        numbers, fields = column
        if self.shows is None:
            return list(numbers)
        parts = map(itemgetter(self.at), fields) if self.at else fields
        return list(compress(numbers, map(self.shows, parts)))


@lru_cache(maxsize=10_000)
def like(pattern: str, tag: bytes) -> bool:
    """Whether a tag is like a pattern in which X is any digit."""
    return len(tag) == len(pattern) and all(
        wanted == chr(code) or (wanted == "X" and 48 <= code <= 57) for wanted, code in zip(pattern, tag, strict=True))


def _all_like(pattern: str, record: Record) -> list[bytes]:
    if "X" not in pattern:
        return record.all(pattern.encode())
    return [field for tag, field in zip(record.tags, record.fields, strict=True) if like(pattern, tag)]


def _anything(field: bytes) -> bool:
    return True
