"""A record while it is being made: a leader and (tag, field) pairs, and the few moves that making and breaking one needs.
Not a reader of files; finished bytes come from marc.record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from oclc_console.marc.record import put_together

Pair = tuple[bytes, bytes]


def data(tag: str, indicators: str, *parts: str) -> Pair:
    """A data field: `data("245", "10", "a", "Title", "b", "rest")`. Two indicators; codes and values alternate."""
    values = zip(parts[::2], parts[1::2], strict=True)
    return tag.encode(), indicators.encode() + b"".join(f"\x1f{code}{value}".encode() for code, value in values)


def control(tag: str, value: str) -> Pair:
    """A control field."""
    return tag.encode(), value.encode()


@dataclass(frozen=True)
class Draft:
    """A leader of 24 bytes (its lengths are filled in by `bytes_of`) and fields in record order."""

    leader: bytes
    fields: tuple[Pair, ...]

    def add(self, *pairs: Pair) -> Draft:
        """With more fields, everything in the order of tags (fields of one tag keep their order)."""
        return replace(self, fields=tuple(sorted((*self.fields, *pairs), key=lambda pair: pair[0])))

    def without(self, tags: Iterable[bytes]) -> Draft:
        """Without any field of these tags."""
        unwanted = frozenset(tags)
        return replace(self, fields=tuple(pair for pair in self.fields if pair[0] not in unwanted))

    def change(self, tag: bytes, edit: Callable[[bytes], bytes]) -> Draft:
        """With the first field of this tag edited; the same record when there is none."""
        fields = list(self.fields)
        for at, (found, field) in enumerate(fields):
            if found == tag:
                fields[at] = (tag, edit(field))
                return replace(self, fields=tuple(fields))
        return self

    def has(self, tag: bytes) -> bool:
        """Whether a field of this tag is there."""
        return any(found == tag for found, _ in self.fields)

    def count(self, tag: bytes) -> int:
        """How many fields of this tag there are."""
        return sum(found == tag for found, _ in self.fields)

    def at_leader(self, position: int, value: bytes) -> Draft:
        """With the leader changed from `position` on."""
        return replace(self, leader=self.leader[:position] + value + self.leader[position + len(value):])

    def bytes_of(self) -> bytes:
        """The whole record, 0x1D included."""
        return put_together(self.leader, self.fields)
