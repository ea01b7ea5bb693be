"""One MARC 21 record as bytes: leader, tags and fields, found without decoding (ISO 2709), and how to write one. Not
for walking files (source.py) nor for judging a record's content.

A field is everything between its start and its 0x1E: for a data field two indicators and subfields, each introduced by
0x1F and a code. Lengths and positions are in bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

END_OF_RECORD = b"\x1d"
END_OF_FIELD = b"\x1e"
SUBFIELD = b"\x1f"
LONGEST_RECORD = 99_999  # ISO 2709: five digits in the leader
LONGEST_FIELD = 9_999  # ISO 2709: four digits in the directory, the 0x1E included


class _Digits(dict[int, bytes]):
    """Numbers as so many digits, worked out when first asked for: looking one up is several times faster than formatting it."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self._format = b"%%0%dd" % places

    def __missing__(self, number: int) -> bytes:
        digits = self[number] = self._format % number
        return digits


FOUR_DIGITS, FIVE_DIGITS = _Digits(4), _Digits(5)

OCN_PREFIXED = rb"\(OCoLC\)\s*(?:ocm|ocn|on)?\s*(\d+)\s*#?\s*"
OCN_BARE = rb"(?:\(OCoLC\)\s*)?(?:ocm|ocn|on)?\s*(\d+)\s*#?\s*"
_OCN_PREFIXED = re.compile(OCN_PREFIXED, re.IGNORECASE)
_OCN_BARE = re.compile(rb"\s*" + OCN_BARE, re.IGNORECASE)
_SHOWN = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code != 0x1F},
    0x7F: "␡",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
}


class Record(NamedTuple):
    """A record taken apart: `leader` is 24 bytes; `tags` and `fields` go side by side; fields are without their 0x1E."""

    leader: bytes
    tags: Sequence[bytes]
    fields: Sequence[bytes]

    def all(self, tag: bytes) -> list[bytes]:
        """Every field with this tag, in record order."""
        count = self.tags.count(tag)
        if count == 0:
            return []
        if count == 1:
            return [self.fields[self.tags.index(tag)]]
        return [field for t, field in zip(self.tags, self.fields, strict=True) if t == tag]

    def first(self, tag: bytes) -> bytes | None:
        """The first field with this tag."""
        return self.fields[self.tags.index(tag)] if tag in self.tags else None


class CannotExpress(ValueError):
    """ISO 2709 has no room for this record: a field over 9,999 bytes or a record over 99,999."""


def subfields(field: bytes, code: bytes) -> list[bytes]:
    """The values of one subfield of a data field, in order; `code` is one byte."""
    if SUBFIELD + code not in field:
        return []
    return [part[1:] for part in field.split(SUBFIELD)[1:] if part[:1] == code]


def take_apart(raw: bytes) -> Record:
    """A record as its directory tells it. `raw` may end with 0x1D or not. Raises ValueError when the directory can't be
    followed; says nothing about whether the record is sound (source.py judges that)."""
    base = int(raw[12:17])
    directory = raw[24 : base - 1]
    if base < 25 or base > len(raw) or len(directory) % 12:
        raise ValueError(f"the directory can't be read (base address {base})")
    tags, fields = [], []
    for at in range(0, len(directory), 12):
        length, start = int(directory[at + 3 : at + 7]), int(directory[at + 7 : at + 12])
        tags.append(directory[at : at + 3])
        fields.append(raw[base + start : base + start + length - 1])
    return Record(raw[:24], tags, fields)


def take_apart_loosely(raw: bytes) -> Record | None:
    """A record that is not sound, so that people can be told which one it is: its fields as their terminators part them, named
    by its directory; None where these two differ in number. Never for sending."""
    directory, *fields = raw[24:].removesuffix(END_OF_RECORD).removesuffix(END_OF_FIELD).split(END_OF_FIELD)
    if not fields or len(directory) != 12 * len(fields):
        return None
    return Record(raw[:24], [directory[at : at + 3] for at in range(0, len(directory), 12)], fields)


def put_together(leader: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A whole record, 0x1D included, from its leader and (tag, field) pairs. Lengths and base address in the leader are
    computed. Raises CannotExpress where ISO 2709 has no digits for it (pymarc writes such records without a word)."""
    pairs = list(fields)
    lengths = [len(field) + 1 for _, field in pairs]
    base = 25 + 12 * len(pairs)
    total = base + sum(lengths) + 1
    longest = max(lengths, default=0)
    if total > LONGEST_RECORD or longest > LONGEST_FIELD:
        raise CannotExpress(f"the record would have {total:,} bytes, its longest field {longest:,}")
    starts = accumulate(lengths, initial=0)
    parts = [FIVE_DIGITS[total], leader[5:12], FIVE_DIGITS[base], leader[17:24]]
    for (tag, _), length, start in zip(pairs, lengths, starts, strict=False):
        parts += tag, FOUR_DIGITS[length], FIVE_DIGITS[start]
    parts.append(END_OF_FIELD)
    for _, field in pairs:
        parts += field, END_OF_FIELD
    parts.append(END_OF_RECORD)
    return b"".join(parts)


def read_ocn(value: bytes) -> int | None:
    """The OCLC number a subfield holds, as an integer, in any of its spellings: `(OCoLC)ocm00012345`, `ocn`, `on`,
    `(OCoLC) 123`, a trailing `#`, or digits alone. None where it holds none (another agency's prefix, letters, zero).
    """
    match = _OCN_BARE.fullmatch(value)
    if not match or len(match[1]) > 12:
        return None
    return int(match[1]) or None


def has_oclc_prefix(value: bytes) -> bool:
    """Whether a 035 value says itself that it is OCLC's number (another system's bare digits must not pass for one)."""
    return bool(_OCN_PREFIXED.fullmatch(value))


def text_of(field: bytes, *, utf8: bool = True) -> str:
    """A field for people to read: bytes that aren't UTF-8 show as \\xNN, control characters as their Unicode pictures
    (0x1F stays: it parts the subfields), those above ASCII, which terminals obey too, as \\xNN."""
    decoded = field.decode("utf-8" if utf8 else "latin-1", errors="backslashreplace")
    return decoded.translate(_SHOWN)
