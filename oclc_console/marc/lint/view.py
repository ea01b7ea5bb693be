"""A record as lint rules look at it: what many rules ask for is found once, in a few steps over the whole record and without
decoding. Not a judgement of anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from oclc_console.marc.record import SUBFIELD, Record

_FIELD = b"\x1e"
_NEXT_FIELD = SUBFIELD + _FIELD
_FIRST = itemgetter(0)
_OTHER_FORMATS = b"uvxyzwq"
Answer = TypeVar("Answer")
_EMPTY = b"\x00"  # the "code" of a subfield that has none


@dataclass(frozen=True)
class Context:
    """What a workspace knows and a bare file does not: the last digits of every id of the institution, and the library codes
    (852 $b) of the symbol. Rules that need one of them say nothing where it is empty."""

    suffix: str = ""
    libraries: frozenset[str] = frozenset()


NO_CONTEXT = Context()


class View:
    """`codes` goes side by side with `tags` and `fields`: the subfield codes of each field, in order. For questions about the
    whole record: `body` is all fields in one; `parts` are all its subfields (code and value), with a mark and the indicators
    in front of each field's; `all_codes` is the first byte of each part. `first(tag)` is the first field with a tag."""

    __slots__ = (
        "_answers", "_first", "all_codes", "body", "codes", "context", "fields", "first", "leader", "parts", "record", "tags")

    def __init__(self, record: Record, context: Context = NO_CONTEXT) -> None:
        self.record, self.context = record, context
        self.leader, self.tags, self.fields = record
        # a mark before each field, so that one split of the whole record tells fields apart, too
        self.body = _FIELD + _NEXT_FIELD.join(self.fields)
        self.parts = self.body.split(SUBFIELD)
        try:
            self.all_codes = bytes(map(_FIRST, self.parts))
        except IndexError:
            self.all_codes = b"".join([part[:1] or _EMPTY for part in self.parts])
        self.codes = self.all_codes.split(_FIELD)[1 : len(self.fields) + 1]
        self._first = dict(zip(self.tags[::-1], self.fields[::-1], strict=True))  # the first of a tag wins
        self.first = self._first.get
        self._answers: dict[Callable[[View], Any], Any] = {}

    def has(self, tag: bytes) -> bool:
        """Whether there is a field with this tag."""
        return tag in self._first

    def each(self, tag: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        """(occurrence from 1, codes, field) of every field with this tag."""
        at = -1
        for number in range(1, self.tags.count(tag) + 1):
            at = self.tags.index(tag, at + 1)
            yield number, self.codes[at], self.fields[at]

    def with_code(self, code: bytes) -> Iterator[bytes]:
        """Every subfield with this code in the record, its code in front."""
        at = self.all_codes.find(code)
        while at >= 0:
            yield self.parts[at]
            at = self.all_codes.find(code, at + 1)

    def occurrence(self, index: int) -> int:
        """Which of its tag, from 1, the field at this place in the record is."""
        return self.tags[: index + 1].count(self.tags[index])

    def once(self, question: Callable[[View], Answer]) -> Answer:
        """The answer to a question that several rules ask, worked out for the first of them."""
        if question not in self._answers:
            self._answers[question] = question(self)
        answer: Answer = self._answers[question]
        return answer

    @property
    def is_bibliographic(self) -> bool:
        """Whether leader/06 is not a holdings, authority, classification or community record's (MARC 21)."""
        return self.leader[6] not in _OTHER_FORMATS

    @property
    def is_deleted(self) -> bool:
        """Whether leader/05 tells to delete: such a record needs its numbers and little else."""
        return self.leader[5:6] == b"d"


def numbered(field: bytes, code: bytes) -> Iterator[tuple[int, bytes]]:
    """(occurrence from 1, value) of every subfield with this code."""
    number = 0
    for part in field.split(SUBFIELD)[1:]:
        if part[:1] == code:
            number += 1
            yield number, part[1:]
