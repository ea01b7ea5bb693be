"""Walks a file of binary MARC 21 without decoding it and says of every record whether it is sound. One bad record stays
one bad record: the walk goes on at the next 0x1D, or at a sound record that stands behind stray bytes. Constant
memory, whatever the file's size. Not for content rules (lint), and never for changing anything: a record leaves byte
for byte as it came.

The quick path rebuilds the directory that the fields ask for and compares it with the one that is there, in a handful
of C-level steps; only a record that differs is looked at slowly, to say what is wrong with it (or that it is legal
after all, its fields merely in another order).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Protocol

from oclc_console.errors import InputError
from oclc_console.marc.record import FIVE_DIGITS, FOUR_DIGITS, LONGEST_RECORD, Record

BLOCK = 1 << 20
HEAD = 4096
LONGEST_WITHOUT_END = 64 << 20
_ENTRIES = Struct("3s4s5s").iter_unpack
_BETWEEN_RECORDS = re.compile(rb"(?:[\r\n\x00\x1a]|\xef\xbb\xbf| +(?=[\r\n\x00\x1a]|\xef\xbb\xbf|\d{5}|\Z))*")
AFTER_RECORDS = b"\r\n\x00\x1a "
_FIVE_DIGITS = re.compile(rb"(?=(\d{5}))")
_UTF16 = re.compile(rb"\xff\xfe|\xfe\xff|(?:\d\x00){5}|(?:\x00\d){5}")
_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_CONTROL = bytes(set(range(0x20)) - {0x1B, 0x1D, 0x1E, 0x1F}) + b"\x7f"  # not allowed in MARC 21 data
_EMPTY_SUBFIELD = re.compile(rb"\x1f[\x1e\x1f]")
_NON_ASCII_CODE = re.compile(rb"\x1f[\x80-\xff]")
_TAG = re.compile(rb"[0-9A-Za-z]{3}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a record. `rule` is a fixed word, `detail` says it with the values met; `fatal` means that the
    record can't be sent (it goes to quarantine), otherwise it is a warning and the record is kept."""

    rule: str
    detail: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Scanned:
    """One stretch of the file that ends in 0x1D (or the file's end, or where a sound record begins): its 1-based
    number, the byte it starts at, its bytes (0x1D included where there was one), the record when it is sound, and what
    was found."""

    number: int
    offset: int
    raw: bytes
    record: Record | None
    finding: Finding | None


class _Bad(Exception):
    def __init__(self, rule: str, detail: str) -> None:
        self.finding = Finding(rule, detail)
        super().__init__(rule, detail)


def sniff(path: Path) -> str:
    """What a file holds, by its first bytes and not by its name: marc, xml, html, gzip, zip, json, utf-16, text or
    empty."""
    with open(path, "rb") as handle:
        return sniff_head(handle.read(HEAD))


def sniff_head(head: bytes) -> str:
    """What a file holds, by its first bytes (HEAD of them are enough)."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n\x00\x1a")
    if not start:
        return "empty"
    if _UTF16.match(head):
        return "utf-16"
    if _HTML.match(start):
        return "html"
    signs = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"<": "xml", b"{": "json", b"[": "json"}
    for sign, kind in signs.items():
        if head.startswith(sign) or start.startswith(sign):
            return kind
    return "marc" if b"\x1d" in head or b"\x1e" in head or re.match(rb"[0-9 +-]{5}.{7}\d{5}", start) else "text"


def require_marc(path: Path) -> None:
    """Raises InputError, with what to do, when a file is not binary MARC or holds nothing."""
    kind = sniff(path)
    if kind == "marc":
        return
    if kind == "empty":
        raise InputError("the file holds no records", where=str(path),
                         then="Check the publishing job in Alma: an empty file usually means an empty set.")
    words = {"xml": "XML", "html": "a web page (HTML)", "gzip": "gzip-compressed", "zip": "a zip archive",
             "json": "JSON", "utf-16": "text in UTF-16", "text": "plain text"}
    then = ("In Alma's publishing profile choose Physical format Binary and switch file compression off, "
            "then publish again.")
    raise InputError(f"this is {words[kind]}, not binary MARC 21", where=str(path), then=then)


def scan(path: Path) -> Iterator[Scanned]:
    """Every record of the file, sound or not, in order. Raises InputError when it is not MARC at all or holds none."""
    require_marc(path)
    found = None
    with open(path, "rb", buffering=0) as handle:
        for found in scan_stream(handle, str(path)):
            yield found
    if found is None:
        raise InputError("the file holds no records", where=str(path), then="Publish again in Alma, then try again.")


class Readable(Protocol):
    """Whatever bytes can be read from, a block at a time; b"" at the end."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""
        ...


def scan_stream(handle: Readable, where: str, *, number: int = 0, offset: int = 0) -> Iterator[Scanned]:
    """Every record of a stream of binary MARC, sound or not, in order. Numbers go on after `number`, bytes are counted
    from `offset`; a stream that begins right behind a 0x1D gives what the whole one gives from there on. `where` names
    it in an InputError, which is raised when nothing in it ever ends."""
    for at, block in blocks(handle, where, offset):
        for found in judge_block(at, block, number):
            number = found.number
            yield found


def blocks(handle: Readable, where: str, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of a stream of binary MARC, about a megabyte at a time. Each block ends with a 0x1D, but for what
    stands behind the last one. Raises InputError when nothing in it ever ends."""
    tail = b""
    while read := handle.read(BLOCK):
        cut = read.rfind(b"\x1d") + 1
        if cut:
            yield offset, tail + memoryview(read)[:cut]
            tail, offset = read[cut:], offset + len(tail) + cut
        else:
            tail += read
        if len(tail) > LONGEST_WITHOUT_END:
            raise InputError(f"no record ends within {LONGEST_WITHOUT_END:,} bytes", where=f"{where}, byte {offset:,}",
                             then="This is not binary MARC 21; check what was published.")
    if tail:
        yield offset, tail


def judge_block(offset: int, block: bytes, number: int = 0) -> Iterator[Scanned]:
    """Every record of a block (see `blocks`), judged one by one; numbers go on after `number`."""
    *stretches, rest = block.split(b"\x1d")
    for stretch in [*(stretch + b"\x1d" for stretch in stretches), rest]:
        found = judge_stretch(offset, stretch, number)
        yield from found
        number += len(found)
        offset += len(stretch)


def judge_stretch(offset: int, stretch: bytes, number: int = 0) -> list[Scanned]:
    """A stretch up to a 0x1D (or the stream's end) judged: one record, or stray bytes and the sound record behind them;
    nothing when it is only what may stand between records."""
    ended = stretch.endswith(b"\x1d")
    skipped = _between(stretch[:-1] if ended else stretch)
    offset, raw = offset + skipped, stretch[skipped:]
    if not ended and not raw.strip(AFTER_RECORDS):
        return []
    found = judge(number + 1, offset, raw, ended)
    stray = 0 if found.record else _sound_end(found)
    if not stray:
        return [found]
    finding = Finding("stray-bytes", f"{stray:,} bytes that end in no record terminator stand before the next record")
    return [Scanned(number + 1, offset, raw[:stray], None, finding), judge(number + 2, offset + stray, raw[stray:])]


def _between(part: bytes) -> int:
    """How many bytes that may stand between records (line ends, padding, a byte order mark) this stretch begins with."""
    if part[:1].isdigit():
        return 0
    match = _BETWEEN_RECORDS.match(part)
    return match.end() if match else 0


def _sound_end(whole: Scanned) -> int:
    """A stretch whose length is wrong may be stray bytes (or a record whose 0x1D got lost) with a sound record behind
    them: where that one begins, 0 when there is none."""
    raw, finding = whole.raw, whole.finding
    if finding is None or finding.rule not in ("leader-length", "too-long"):
        return 0
    for match in _FIVE_DIGITS.finditer(raw, max(1, len(raw) - LONGEST_RECORD)):
        at = match.start()
        if int(match[1]) == len(raw) - at and judge(0, 0, raw[at:]).record:
            return at
    return 0


def judge(number: int, offset: int, raw: bytes, ended: bool = True) -> Scanned:
    """One stretch of bytes judged; `raw` includes its 0x1D when `ended`."""
    body = raw[:-1] if ended else raw
    try:
        if not ended:
            raise _Bad("truncated", f"the file ends {len(body):,} bytes into this record")
        record = _structure(body)
        return Scanned(number, offset, raw, record, _content(body, record))
    except _Bad as bad:
        return Scanned(number, offset, raw, None, bad.finding)


def judge_content(number: int, offset: int, raw: bytes, record: Record) -> Scanned:
    """A record judged that we put together from text, with two indicators and subfields in every data field: its structure
    can't be wrong, only what it says can, and of that little where all of it is ASCII."""
    body = raw[:-1]
    try:
        plain = body.isascii() and b"".join(record.tags).isalnum()
        return Scanned(number, offset, raw, record, _warning(body, True) if plain else _content(body, record))
    except _Bad as bad:
        return Scanned(number, offset, raw, None, bad.finding)


def _structure(body: bytes) -> Record:
    try:
        base = int(body[12:17]) if body[12:17].isdigit() else 0
        tags, lengths, starts = zip(*_ENTRIES(body[24 : base - 1]), strict=True)
        fields = body[base - 1 :].split(b"\x1e")
        del fields[0], fields[-1]
        sizes = [len(field) + 1 for field in fields]
        if (
            base
            and len(body) < LONGEST_RECORD
            and body[base - 1] == 0x1E
            and body[-1] == 0x1E
            and body[:5] == FIVE_DIGITS[len(body) + 1]
            and body[9] in b"a "
            and list(map(FOUR_DIGITS.__getitem__, sizes)) == list(lengths)
            and starts == tuple(map(FIVE_DIGITS.__getitem__, accumulate(sizes[:-1], initial=0)))
        ):
            return Record(body[:24], tags, fields)
    except (KeyError, IndexError, ValueError, StructError):
        pass  # the slow path below says exactly what is wrong
    _leader(body)
    return _directory(body)


def _leader(body: bytes) -> None:
    size = len(body) + 1
    if len(body) < 24:
        raise _Bad("short", f"{size:,} bytes are no record: a leader alone has 24")
    if size > LONGEST_RECORD:
        raise _Bad("too-long", f"{size:,} bytes; MARC 21 allows {LONGEST_RECORD:,}")
    if not body[:5].isdigit():
        raise _Bad("leader-length", f"the leader's length {body[:5]!r} is not five digits")
    if int(body[:5]) != size:
        raise _Bad("leader-length", f"the leader says {int(body[:5]):,} bytes, the record has {size:,}")
    base = int(body[12:17]) if body[12:17].isdigit() else 0
    if not 25 <= base <= len(body):
        raise _Bad("base-address", f"the base address {body[12:17]!r} points outside the record")
    if body[base - 1] != 0x1E:
        raise _Bad("directory-end", f"no field terminator before the base address {base}")
    if (base - 25) % 12:
        raise _Bad("directory-length", f"{base - 25} bytes of directory are not a multiple of 12")
    if base == 25:
        raise _Bad("no-fields", "the record has no fields")
    if body[9:10] not in (b"a", b" "):
        raise _Bad("leader-09", f"character coding {body[9:10]!r} is neither 'a' (UTF-8) nor blank (MARC-8)")


def _directory(body: bytes) -> Record:
    base = int(body[12:17])
    tags: list[bytes] = []
    fields: list[bytes] = []
    spans: list[tuple[int, int]] = []
    for tag, length, start in _ENTRIES(body[24 : base - 1]):
        name = tag.decode("latin-1")
        if not _TAG.fullmatch(tag):
            raise _Bad("tag", f"{tag!r} is no tag")
        if not length.isdigit() or not start.isdigit() or length == b"0000":
            raise _Bad("directory-digits", f"the directory entry {tag + length + start!r} has no usable numbers")
        begin = base + int(start)
        end = begin + int(length)
        if end > len(body):
            raise _Bad("field-range", f"{name} ends at byte {end:,}, the record at {len(body):,}")
        if body[end - 1] != 0x1E:
            raise _Bad("field-end", f"{name} has no field terminator where the directory puts its end")
        field = body[begin : end - 1]
        if b"\x1e" in field:
            raise _Bad("field-stray-1e", f"{name} has a field terminator inside")
        spans.append((begin, end))
        tags.append(tag)
        fields.append(field)
    spans.sort()
    if [begin for begin, _ in spans] != [base, *(end for _, end in spans[:-1])] or spans[-1][1] != len(body):
        raise _Bad("field-overlap", "the fields overlap, or bytes between them belong to none")
    return Record(body[:24], tags, fields)


def _content(body: bytes, record: Record) -> Finding | None:
    """Judges a structurally sound record's bytes: raises _Bad, or gives back a warning, or None."""
    ascii_only = body.isascii()
    if not ascii_only:
        _coding(body)
    if not b"".join(record.tags).isalnum() or not b"".join(record.tags).isascii():
        raise _Bad("tag", f"{next(t for t in record.tags if not _TAG.fullmatch(t))!r} is no tag")
    for tag, field in zip(record.tags, record.fields, strict=True):
        sound = field[2:3] == b"\x1f" and (ascii_only or field[:2].isascii())
        # two indicators and nothing else occur in real data and harm nobody
        if tag > b"009" and not sound and (len(field) != 2 or not field.isascii()):
            raise _Bad("indicators",
                       f"{tag.decode()} begins {field[:4]!r}: two indicators and a subfield should stand there")
    return _warning(body, ascii_only)


def _coding(body: bytes) -> None:
    says_utf8 = body[9] == 0x61
    try:
        body.decode()
    except UnicodeDecodeError as error:
        if says_utf8:
            raise _Bad("utf-8",
                       f"byte {body[error.start]:#04x} at {error.start:,} is not UTF-8, as leader/09 says") from None
    else:
        if not says_utf8:
            raise _Bad("leader-09", "leader/09 says MARC-8, but the non-ASCII bytes are UTF-8")
    if not body[:24].isascii():
        raise _Bad("leader", f"the leader {body[:24]!r} is not ASCII")


def _warning(body: bytes, ascii_only: bool) -> Finding | None:
    if not ascii_only and _NON_ASCII_CODE.search(body):
        return Finding("subfield-code", "a subfield code is not ASCII", fatal=False)
    if body[10:12] != b"22" or body[20:24] != b"4500":
        return Finding("leader", f"leader/10-11 and 20-23 are {body[10:12]!r} {body[20:24]!r}, not 22 and 4500",
                       fatal=False)
    if len(body.translate(None, _CONTROL)) != len(body):
        return Finding("control-char", "a control character stands in the data", fatal=False)
    if _EMPTY_SUBFIELD.search(body):
        return Finding("empty-subfield", "a subfield is empty", fatal=False)
    return None
