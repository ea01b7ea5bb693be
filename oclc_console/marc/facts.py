"""A fact: something that a single field of a record, or its leader, can show. Every condition of the rule language is one, and
rules are decided from facts alone; so a fact can be asked of one record, or of a whole batch at once. Not for the language
itself (query.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Protocol

from oclc_console.marc.batch import Batch
from oclc_console.marc.record import Record

if TYPE_CHECKING:
    from oclc_console.marc.block_check import Flags

LEADER = "LDR"
LEADER_BYTES = 24


class Question(Protocol):
    """What can be asked of one record, or of a batch: a fact, or a rule that is built in."""

    def of(self, record: Record) -> bool:
        """Whether it is so of this record."""

    def among(self, batch: Batch) -> Flags:
        """For each record of a batch whether it is so of it."""


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

    def among(self, batch: Batch, without: Flags | None = None) -> Flags:
        """For each record of a batch whether it is a fact of it; those in `without` need not be looked at."""
        import numpy as np  # which what only reads settings does not wait for

        if self.tag == LEADER:
            return self._shown_by(batch.leaders)
        found = np.zeros(len(batch.raws), np.bool_)
        for tag in (self.tag, *self.others):
            if self.shows is None:
                found[batch.having(tag)] = True
                continue
            known = without if tag == self.tag else found if without is None else found | without
            if self.filled:
                sure, (places, fields) = batch.beginning(tag, self.filled, known)
                found[sure] = True
            else:
                places, fields = batch.fields(tag, known)
            found[places[self._shown(fields)]] = True
        return found

    def _shown_by(self, leaders: Sequence[bytes]) -> Flags:
        """For each of these leaders whether it shows the fact: a character or two of it, of which few kinds occur."""
        import numpy as np

        together, shows = b"".join(leaders), self.shows or _anything
        first, behind = (self.at.start, self.at.stop) if self.at else (0, 0)
        even = len(together) == LEADER_BYTES * len(leaders)  # they all have their length
        if not even or not first < behind <= min(first + 2, LEADER_BYTES):
            return self._shown(leaders)
        columns = np.frombuffer(together, np.uint8).reshape(-1, LEADER_BYTES)[:, first:behind]
        kinds, which = np.unique(columns.copy().view(f"u{behind - first}")[:, 0], return_inverse=True)
        return np.array([bool(shows(kind.tobytes())) for kind in kinds], np.bool_)[which]

    def _shown(self, fields: Sequence[bytes]) -> Flags:
        """For each of these fields, or leaders, whether it shows the fact."""
        import numpy as np

        parts = map(itemgetter(self.at), fields) if self.at else fields
        return np.fromiter(map(self.shows or _anything, parts), np.bool_, len(fields))


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
