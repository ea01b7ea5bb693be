"""A record as lint rules look at it: what they ask for is found without decoding, and what several of them ask for is found
once. Not a judgement of anything, and not for the many records of which no rule has to be asked (remembered.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from oclc_console.marc.record import SUBFIELD, Record

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
    """`codes` goes side by side with `tags` and `fields`: the subfield codes of each field, in order."""

    def __init__(self, record: Record, context: Context = NO_CONTEXT) -> None:
        self.record, self.context = record, context
        self.leader, self.tags, self.fields = record
        self._answers: dict[Callable[[View], Any], Any] = {}

    @cached_property
    def codes(self) -> list[bytes]:
        """The subfield codes of every field."""
        return list(map(codes_of, self.fields))

    def all(self, tag: bytes) -> list[bytes]:
        """Every field with this tag."""
        return self.record.all(tag)

    def first(self, tag: bytes) -> bytes | None:
        """The first field with this tag."""
        return self.record.first(tag)

    def has(self, tag: bytes) -> bool:
        """Whether there is a field with this tag."""
        return tag in self.tags

    def each(self, tag: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        """(occurrence from 1, codes, field) of every field with this tag."""
        for number, field in enumerate(self.all(tag), 1):
            yield number, codes_of(field), field

    def shaped(self, test: Callable[[bytes, bytes, bytes], bool]) -> Iterator[int]:
        """The places in the record of the fields whose tag, codes and indicators pass a test."""
        for index, (tag, codes, field) in enumerate(zip(self.tags, self.codes, self.fields, strict=True)):
            if test(tag, codes, field[:2]):
                yield index

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
        return is_bibliographic(self.leader)

    @property
    def is_deleted(self) -> bool:
        """Whether leader/05 tells to delete: such a record needs its numbers and little else."""
        return self.leader[5:6] == b"d"


def is_bibliographic(leader: bytes) -> bool:
    """Whether leader/06 is not a holdings, authority, classification or community record's (MARC 21)."""
    return leader[6] not in _OTHER_FORMATS


def codes_of(field: bytes) -> bytes:
    """The subfield codes of a field, in order; 0x00 where a subfield has none."""
    parts = field.split(SUBFIELD)
    del parts[0]
    try:
        return bytes([part[0] for part in parts])
    except IndexError:
        return b"".join([part[:1] or _EMPTY for part in parts])


def numbered(field: bytes, code: bytes) -> Iterator[tuple[int, bytes]]:
    """(occurrence from 1, value) of every subfield with this code."""
    number = 0
    for part in field.split(SUBFIELD)[1:]:
        if part[:1] == code:
            number += 1
            yield number, part[1:]
