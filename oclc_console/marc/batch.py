"""Some hundred records of a file side by side: not record by record with its fields, but tag by tag with all records' fields.
Questions that are put to every record of a catalogue (rules, ids) are asked of a column of fields many times faster than of
one record after the other. Not for judging records (source.py, block_check.py).

A record's place in its batch is counted from 0. What is not sound (its record would be None) has a place, but neither leader
nor fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from struct import Struct
from typing import TYPE_CHECKING, Protocol, TypeVar

from oclc_console.marc.record import END_OF_FIELD, Record, put_together
from oclc_console.marc.source import Finding, Scanned, judge_stretch

if TYPE_CHECKING:
    from oclc_console.marc.block_check import CheckedBlock, Flags, Positions

_TAGS = Struct("3s9x").iter_unpack
Column = tuple["Positions", Sequence[bytes]]  # which record, and its field; fields of one record in record order
Value = TypeVar("Value")
Find = Callable[[bytes], re.Match[bytes] | None]
Steps = Sequence[tuple[str, Find, Callable[[re.Match[bytes]], Value | None]]]


class Batch(Protocol):
    """What both kinds of batch give: that of records taken apart one by one, and that of a checked block."""

    @property
    def numbers(self) -> Sequence[int]:
        """Each record's number where counting began (a chunk), from 1."""

    @property
    def offsets(self) -> Sequence[int]:
        """Where each record stands in its file."""

    @property
    def raws(self) -> Sequence[bytes]:
        """Each record's bytes."""

    @property
    def findings(self) -> Sequence[Finding | None]:
        """What is wrong with a record that is not sound; warnings may be left out."""

    @property
    def leaders(self) -> Sequence[bytes]:
        """Each record's leader; empty where the record is not sound."""

    def fields(self, tag: str, without: Flags | None = None) -> Column:
        """The fields of all records, but for some, with this tag, in which X is any digit."""

    def having(self, tag: str) -> Positions:
        """Which records have a field with this tag; one with several may come several times."""

    def beginning(self, tag: str, codes: bytes, without: Flags | None = None) -> tuple[Positions, Column]:
        """Which records, but for some, surely have a field with this tag that begins with one of these subfields, and one that
        is not blank; and the other fields with this tag, where they must be looked at."""

    def record(self, place: int) -> Record | None:
        """One of the records, taken apart; None where it is not sound."""

    def contents(self) -> Sequence[bytes | memoryview | None]:
        """Each record with zeros in 005 (see `content_of`); None where it is not sound."""


class TakenApart:
    """A batch of records that were judged one by one."""

    def __init__(self, scanned: Sequence[Scanned]) -> None:
        self._records = [found.record for found in scanned]
        self.numbers = [found.number for found in scanned]
        self.offsets = [found.offset for found in scanned]
        self.raws = [found.raw for found in scanned]
        self.findings = [found.finding for found in scanned]

    @cached_property
    def leaders(self) -> list[bytes]:
        """Each record's leader; empty where the record is not sound."""
        return [record.leader if record else b"" for record in self._records]

    @cached_property
    def _columns(self) -> dict[bytes, tuple[list[int], list[bytes]]]:
        columns: dict[bytes, tuple[list[int], list[bytes]]] = {}
        for number, record in enumerate(self._records):
            for tag, field in zip(record.tags, record.fields, strict=True) if record else ():
                if tag not in columns:
                    columns[tag] = ([], [])
                columns[tag][0].append(number)
                columns[tag][1].append(field)
        return columns

    def fields(self, tag: str, without: Flags | None = None) -> Column:
        """The fields of all records, but for some, with this tag, in which X is any digit."""
        if "X" not in tag and without is None:
            return _column(*self._columns.get(tag.encode(), ((), ())))
        like = re.compile(tag.replace("X", "[0-9]").encode())
        wanted = {name for name in self._columns if like.fullmatch(name)}
        found = [(number, field) for number, record in enumerate(self._records)
                 if record and (without is None or not without[number])
                 for name, field in zip(record.tags, record.fields, strict=True) if name in wanted]
        return _column([number for number, _ in found], [field for _, field in found])

    def having(self, tag: str) -> Positions:
        """Which records have a field with this tag; one with several may come several times."""
        return self.fields(tag)[0]

    def beginning(self, tag: str, codes: bytes, without: Flags | None = None) -> tuple[Positions, Column]:
        """None surely have such a field: all fields with this tag are to be looked at."""
        return _no_records(), self.fields(tag, without)

    def record(self, place: int) -> Record | None:
        """One of the records, taken apart; None where it is not sound."""
        return self._records[place]

    def contents(self) -> list[bytes | None]:
        """Each record with zeros in 005; None where it is not sound."""
        return [content_of(record) if record else None for record in self._records]


class Block:
    """A batch made from a block of a file (from `offset` on, ending with 0x1D, `before` records behind where counting began),
    checked as a whole: only what is not sound beyond doubt is judged by itself. `places` has, for each stretch of the checked
    block, its place in this batch."""

    def __init__(self, checked: CheckedBlock, offset: int, before: int = 0) -> None:
        self.checked, block = checked, checked.block
        starts, ends = checked.starts.tolist(), (checked.ends + 1).tolist()
        self.offsets: list[int] = [offset + start for start in starts]
        self.raws: list[bytes] = [block[start:end] for start, end in zip(starts, ends, strict=True)]
        self.leaders: list[bytes] = [raw[:24] for raw in self.raws]
        self.findings: list[Finding | None] = [None] * len(self.raws)
        self.places = list(range(len(self.raws)))
        self._columns: dict[str, Column] = {}
        self._judge_doubtful([number for number, sound in enumerate(checked.sound.tolist()) if not sound])
        self.numbers = range(before + 1, before + 1 + len(self.raws))

    def _judge_doubtful(self, doubtful: list[int]) -> None:
        """Puts what judging says of them in the place of these stretches; each can be no record, one, or two."""
        found: list[Scanned] = []
        self._doubtful: list[int] = []
        moved = 0
        for number in doubtful:
            place = number + moved
            judged = judge_stretch(self.offsets[place], self.raws[place])
            here = slice(place, place + 1)
            self.offsets[here] = [one.offset for one in judged]
            self.raws[here] = [one.raw for one in judged]
            self.leaders[here] = [one.record.leader if one.record else b"" for one in judged]
            self.findings[here] = [one.finding for one in judged]
            self._doubtful += range(place, place + len(judged))
            found += judged
            if len(judged) != 1:
                moved += len(judged) - 1
                self.places[number + 1 :] = range(number + 1 + moved, len(self.places) + moved)
        self._rest = TakenApart(found)

    def having(self, tag: str) -> Positions:
        """Which records have a field with this tag; one with several may come several times."""
        return self.fields(tag)[0] if self._doubtful or "X" in tag else self.checked.having(tag)

    def beginning(self, tag: str, codes: bytes, without: Flags | None = None) -> tuple[Positions, Column]:
        """Which records, but for some, surely have a field with this tag that begins with one of these subfields, and one that
        is not blank; and the other fields with this tag, where they must be looked at."""
        if self._doubtful:
            return _no_records(), self.fields(tag, without)
        return self.checked.beginning(tag, codes, without)

    def record(self, place: int) -> Record | None:
        """One of the records, taken apart; None where it is not sound."""
        if place in self._doubtful:
            return self._rest.record(self._doubtful.index(place))
        return _in_order(self.raws[place])

    def fields(self, tag: str, without: Flags | None = None) -> Column:
        """The fields of all records, but for some, with this tag, in which X is any digit."""
        if without is not None:
            return self._fields(tag, without)
        if tag not in self._columns:
            self._columns[tag] = self._fields(tag, None)
        return self._columns[tag]

    def _fields(self, tag: str, without: Flags | None) -> Column:
        if not self._doubtful:
            return self.checked.fields(tag, without)
        stretches, fields = self.checked.fields(tag)
        numbers, more = self._rest.fields(tag)
        both = [*zip([self.places[stretch] for stretch in stretches], fields, strict=True),
                *zip([self._doubtful[number] for number in numbers], more, strict=True)]
        wanted = [(number, field) for number, field in both if without is None or not without[number]]
        return _column([number for number, _ in wanted], [field for _, field in wanted])

    def contents(self) -> list[bytes | memoryview | None]:
        """Each record with zeros in 005; None where it is not sound."""
        contents: list[bytes | memoryview | None] = [None] * len(self.raws)
        for place, sound, content in zip(self.places, self.checked.sound.tolist(), self.checked.contents(), strict=True):
            if sound:
                contents[place] = content
        for number, judged in zip(self._doubtful, self._rest.contents(), strict=True):
            contents[number] = judged
        return contents


def _column(places: Sequence[int], fields: Sequence[bytes]) -> Column:
    import numpy as np  # which what only reads settings does not wait for

    return np.array(places, np.int64), fields


def _no_records() -> Positions:
    return _column((), ())[0]


def _in_order(raw: bytes) -> Record:
    """A sound record whose fields stand in the order of its directory."""
    base = int(raw[12:17])
    return Record(raw[:24], [tag for tag, in _TAGS(raw[24 : base - 1])], raw[base:-2].split(END_OF_FIELD))


def content_of(record: Record) -> bytes:
    """A record as it is written, but with zeros in 005, which changes whenever it is merely saved again: two records with the
    same content say the same."""
    leader, tags, fields = record
    masked = (b"0" * len(field) if tag == b"005" else field for tag, field in zip(tags, fields, strict=True))
    return put_together(leader, zip(tags, masked, strict=True))


def read_column(steps: Steps[Value], batch: Batch) -> list[Value | None]:
    """For each record of a batch the first value that the steps give: a tag, what to find in such a field, and how to read the
    value from what was found."""
    import numpy as np  # which what only reads settings does not wait for

    values: list[Value | None] = [None] * len(batch.raws)
    for tag, find, value in steps:
        places, fields = batch.fields(tag, np.array([known is not None for known in values]) if any(values) else None)
        for place, field in zip(places.tolist(), fields, strict=True):
            if values[place] is None and (found := find(field)) is not None:
                values[place] = value(found)
        if None not in values:
            break
    return values


def read_texts(steps: Steps[bytes], batch: Batch) -> list[str | None]:
    """Like `read_column`, for values that are text, without blanks at their end: all of a batch's are decoded in one step, what
    is not UTF-8 as \\xNN."""
    values = read_column(steps, batch)
    together = END_OF_FIELD.join([value.rstrip() if value else b"" for value in values]).decode("utf-8", "backslashreplace")
    texts = together.split(END_OF_FIELD.decode())  # which no value can hold
    return [text if value is not None else None for text, value in zip(texts, values, strict=True)] if values else []


def read_one(steps: Steps[Value], record: Record) -> Value | None:
    """The first value that the steps give for one record."""
    for tag, find, value in steps:
        for field in record.all(tag.encode()):
            found = find(field)
            if found is not None and (read := value(found)) is not None:
                return read
    return None
