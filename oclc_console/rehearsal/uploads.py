"""What the stand-in OCLC sees in a file it took: stretches that end in 0x1D, and in each a leader, fields, a local number
and an OCLC number. Written apart from everything the console reads files with, so that a mistake there shows here. A
stretch that can't be read is a data error, never the end of the file."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Pair = tuple[bytes, bytes]

_NUMBER = re.compile(r"(?:\(ocolc\))?\s*(?:ocm|ocn|on)?\s*0*([1-9]\d{0,10})\s*#?", re.IGNORECASE)
_BETWEEN = b"\r\n\x00\x1a \xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One stretch of the file. `end` is the byte position of its end, counted from 1: the N of OCLC's record key. `trouble`
    is OCLC's word for a stretch it can't read (then there are no fields), else empty."""

    end: int
    leader: bytes
    fields: tuple[Pair, ...]
    trouble: str

    def first(self, tag: bytes, code: bytes = b"") -> str:
        """The first value at a place: a control field whole, or a subfield; empty when there is none."""
        for found, field in self.fields:
            if found != tag:
                continue
            if not code:
                return _text(field)
            for part in field.split(b"\x1f")[1:]:
                if part[:1] == code and part[1:].strip():
                    return _text(part[1:])
        return ""

    def values(self, tag: bytes, code: bytes) -> Iterator[str]:
        """Every value of a subfield."""
        for found, field in self.fields:
            if found == tag:
                for part in field.split(b"\x1f")[1:]:
                    if part[:1] == code:
                        yield _text(part[1:])


def _text(value: bytes) -> str:
    """A value as OCLC would print it: the report's own separators can't stand in it."""
    return value.decode("utf-8", errors="replace").strip().replace("|", " ").replace("\n", " ").replace("\r", " ")


def arrived(path: Path) -> Iterator[Arrived]:
    """Every stretch of a taken file, in file order."""
    for stretch, end in _stretches(path):
        yield read(stretch, end)


def records_in(path: Path) -> int:
    """How many stretches a file holds, complete or not."""
    return sum(1 for _ in _stretches(path))


def _stretches(path: Path) -> Iterator[tuple[bytes, int]]:
    """(bytes, end position counted from 1) up to each 0x1D, and what is left behind the last. The file is mapped, not read
    into memory."""
    if path.stat().st_size == 0:
        return
    with open(path, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        start = 0
        while start < len(whole):
            end = whole.find(b"\x1d", start) + 1 or len(whole)
            if stretch := whole[start:end].lstrip(_BETWEEN):
                yield stretch, end
            start = end


def read(stretch: bytes, end: int) -> Arrived:
    """One stretch taken apart by its own directory."""
    leader = stretch[:24]
    fields: list[Pair] = []
    if not stretch.endswith(b"\x1d") or not stretch[:5].isdigit() or int(stretch[:5]) != len(stretch):
        return Arrived(end, leader, (), "marc_record_field_length_error")
    if not stretch[12:17].isdigit() or not 25 < int(stretch[12:17]) < len(stretch):
        return Arrived(end, leader, (), "crosswalk_error")
    base = int(stretch[12:17])
    entries = stretch[24 : base - 1]
    if len(entries) % 12 or stretch[base - 1] != 0x1E:
        return Arrived(end, leader, (), "crosswalk_error")
    for at in range(0, len(entries), 12):
        if not entries[at + 3 : at + 12].isdigit():
            return Arrived(end, leader, (), "crosswalk_error")
        first = base + int(entries[at + 7 : at + 12])
        last = first + int(entries[at + 3 : at + 7])
        if last >= len(stretch) or stretch[last - 1 : last] != b"\x1e":
            return Arrived(end, leader, (), "marc_record_field_length_error")
        fields.append((entries[at : at + 3], stretch[first : last - 1]))
    if leader[9:10] == b"a" and not _is_utf8(stretch):
        return Arrived(end, leader, (), "invalid_characters_present")
    return Arrived(end, leader, tuple(fields), "")


def _is_utf8(stretch: bytes) -> bool:
    try:
        stretch.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def number_of(record: Arrived, places: Sequence[str]) -> int | None:
    """The OCLC number of a record: the first one found at these places (`079$a`, `035$a`, `001`). 035 counts only with
    the prefix (OCoLC). A number of more than eleven digits is none (Alma ids stray into 035)."""
    for place in places:
        tag, code = place[:3].encode(), place[4:5].encode()
        values = record.values(tag, code) if code else iter((record.first(tag),))
        for value in values:
            if tag == b"035" and not value.lower().startswith("(ocolc)"):
                continue
            if match := _NUMBER.fullmatch(value):
                return int(match[1])
    return None


def local_number_of(record: Arrived, places: Sequence[str]) -> str:
    """The local system number: the first value at these places (`852$8`, `001`), empty when there is none."""
    for place in places:
        if found := record.first(place[:3].encode(), place[4:5].encode()):
            return found
    return ""
