"""What Alma publishes: what a file's name says, whether it is still being written, and its records, whatever its shape, as
one stream in constant memory. Also cuts a plain binary file into regions that can be scanned side by side. Not for where a
record goes (routing), nor for how a file is wrapped (members.py).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from oclc_console.alma.members import DAMAGED, TRUNCATED, FileStream, Member, is_tar, members_of
from oclc_console.errors import InputError
from oclc_console.files import FileMark, mark_of
from oclc_console.marc.source import HEAD, Scanned, scan_stream, sniff_head
from oclc_console.marc.xml import scan_xml

_NAME = re.compile(
    r"(?P<prefix>.+?)(?P<numbers>(?:_\d{6,20})*)(?:\[(?P<seq>\d+)\])?_(?P<kind>new|update|delete)(?:_(?P<part>\d+))?"
    r"(?:\.(?:xml|mrc|marc))?(?:_(?P<part2>\d+))?(?:\.tar)?(?:\.(?:gz|tgz))?")
_JOB = re.compile(r"\d{15,20}")
_DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d\d){0,3}")
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d")
_UNFINISHED = (".filepart", ".part", ".partial", ".crdownload", ".tmp")
_CUT = re.compile(rb"\x1d(?=(?:[\r\n\x00\x1a ]|\xef\xbb\xbf){0,64}\d{5}[ -~]{7}\d{5})")
_LONG_AGO = 10  # seconds; who still writes a file writes more often
_LOOK = 1 << 16
_OVERLAP = 512
NOT_WHOLE = frozenset({TRUNCATED, DAMAGED, "xml"})  # findings that say: this file is not all that Alma published


@dataclass(frozen=True)
class PublishedName:
    """What a published file's name says. `job` is Alma's id of the publishing job, `timestamp` as it stands there, `seq`
    the number in square brackets, `kind` new, update or delete, `part` the number of a split file."""

    prefix: str
    job: str | None
    timestamp: str | None
    seq: str | None
    kind: str
    part: int | None


def parse_name(name: str, suffix: str = "") -> PublishedName | None:
    """A file name as Alma's publishing profiles make them, None for any other. `suffix` are the last digits of every Alma
    id of the institution, where known: a number that doesn't end so is no job. Real names: facts from Princeton, MIT,
    Michigan and Pennsylvania."""
    match = _NAME.fullmatch(name) if len(name) <= 255 else None
    if match is None:
        return None
    prefix, job, stamp = match["prefix"], None, None
    for number in match["numbers"].split("_")[1:]:
        if job is None and _JOB.fullmatch(number) and number.endswith(suffix):
            job = number
        elif stamp is None and _DATE.fullmatch(number):
            stamp = number
        elif stamp is not None and "_" not in stamp and _TIME.fullmatch(number):
            stamp += f"_{number}"
        else:
            prefix += f"_{number}"
    part = match["part"] or match["part2"]
    return PublishedName(prefix, job, stamp, match["seq"], match["kind"], int(part) if part else None)


def tells_deletes(name: str, suffix: str = "") -> bool:
    """Whether by its name this is Alma's file of deleted records."""
    known = parse_name(name, suffix)
    return known is not None and known.kind == "delete"


def require_settled(paths: Sequence[Path], seconds: float, stop: threading.Event) -> dict[Path, FileMark]:
    """What the files bear now, for `require_unchanged`. Raises InputError when one of them is still being written: its name is
    a transfer's provisional one, or it changes while we wait so many seconds. Files that were last written longer ago than
    _LONG_AGO are not waited for; `stop` ends the wait at once, and the caller then looks at it before it goes on."""
    for path in paths:
        if path.name.lower().endswith(_UNFINISHED):
            raise _still_written(path)
    marks = {path: mark_of(path) for path in paths}
    if any(abs(time.time() - mark.modified / 1e9) < _LONG_AGO for mark in marks.values()):
        stop.wait(seconds)
        require_unchanged(marks)
    return marks


def require_unchanged(marks: Mapping[Path, FileMark]) -> None:
    """Raises InputError when one of the files is no longer what it was when it bore this mark."""
    for path, mark in marks.items():
        if not mark_of(path).has_content_of(mark):
            raise _still_written(path)


def _still_written(path: Path) -> InputError:
    return InputError("the file is still being written", where=str(path),
                      then="Wait until Alma, or the transfer, is done with it, then run the same command again.")


@dataclass(frozen=True)
class Region:
    """A stretch of a published file that can be scanned on its own: the bytes from `start` to `end`, or the whole file,
    where only its beginning tells how to read it."""

    path: Path
    start: int
    end: int
    whole: bool


@dataclass(frozen=True)
class Skipped:
    """Something in a published file that holds no records, and why."""

    name: str
    reason: str


class PublishedScan(Iterator[Scanned]):
    """The records of a published file or region, sound or not, in order. While it goes: `taken` counts the bytes of the
    file on disk that were read, `member` names the file in the archive that is in hand, `skipped` lists what held nothing,
    and `whole` turns False when the file proved to be cut off or damaged (the finding says how)."""

    def __init__(self, region: Region) -> None:
        self.region = region
        self.member = region.path.name
        self.skipped: list[Skipped] = []
        self.whole = True
        self._file: FileStream | None = None
        self._number = 0
        self._records = self._walk()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Scanned:
        found = next(self._records)
        self._number = found.number
        if found.finding and found.record is None and found.finding.rule in NOT_WHOLE:
            self.whole = False
        return found

    @property
    def taken(self) -> int:
        """Bytes of the file on disk that were read so far."""
        return self._file.given if self._file else 0

    def close(self) -> None:
        """Closes the file; only needed when not everything was read."""
        self._records.close()

    def _walk(self) -> Generator[Scanned, None, None]:
        region = self.region
        with open(region.path, "rb", buffering=0) as handle:
            if region.whole:
                self._file = FileStream(handle)
                yield from self._members(self._file)
            else:
                self._file = FileStream(handle, region.start, region.end)
                yield from scan_stream(self._file, str(region.path), offset=region.start)

    def _members(self, file: FileStream) -> Iterator[Scanned]:
        path = self.region.path
        for member in members_of(file, path):
            self.member = member.name
            if member.skipped:
                self.skipped.append(Skipped(member.name, member.skipped))
            elif member.fault:
                yield Scanned(self._number + 1, 0, b"", None, member.fault)
            else:
                yield from self._one(member)
        if not self._number and not self.skipped:
            raise InputError("the file holds no records", where=str(path), then="Publish again in Alma, then try again.")

    def _one(self, member: Member) -> Iterator[Scanned]:
        """A member's records; where its bytes ended too soon, the record that was cut, or one more stretch of no bytes,
        carries the finding that says so."""
        stream = member.stream
        assert stream is not None
        scan = scan_stream if member.kind == "marc" else scan_xml
        cut: Scanned | None = None
        for found in scan(stream, str(self.region.path), number=self._number):
            if found.finding and found.finding.rule == TRUNCATED and found.record is None:
                cut = found  # always the last
            else:
                yield found
        if stream.fault:
            cut = cut or Scanned(self._number + 1, stream.given, b"", None, None)
            cut = replace(cut, finding=stream.fault)
        if cut:
            yield cut


def scan_published(path: Path) -> PublishedScan:
    """Every record of a published file of any shape, sound or not, in order, numbered over the whole file; `offset` counts
    in the file as unpacked. Raises InputError, once it is iterated, when the file holds no MARC; a file of zero bytes has
    no records and one entry in `skipped`."""
    return PublishedScan(Region(path, 0, path.stat().st_size, whole=True))


def scan_region(region: Region) -> PublishedScan:
    """Every record of a region; numbers begin at 1, offsets are those in the file."""
    return PublishedScan(region)


def regions(path: Path, size: int) -> list[Region]:
    """A plain binary file cut about every `size` bytes, towards its end into smaller pieces, so that several workers end at
    about the same time; a file of any other shape in one piece. Scanning the regions one after another gives exactly what
    scanning the file gives: a stretch of the scanner ends at every 0x1D, so that a cut behind one changes nothing, and only
    cuts before what looks like a leader are made."""
    total = path.stat().st_size
    with open(path, "rb", buffering=0) as handle:
        head = handle.read(HEAD)
        cuts = [0]
        if sniff_head(head) == "marc" and not is_tar(head):
            while (at := cuts[-1] + _step(size, total - cuts[-1])) < total and (cut := _cut_after(handle, at)):
                cuts.append(cut)
    if len(cuts) == 1:
        return [Region(path, 0, total, whole=True)]
    ends = [*cuts[1:], total]
    return [Region(path, start, end, whole=False) for start, end in zip(cuts, ends, strict=True)]


def _step(size: int, left: int) -> int:
    """How many bytes the next region of a file gets of which so many are left: a sixth of the last six regions' worth, but no
    less than a quarter of `size`."""
    return max(min(size, left // 6), size // 4)


def _cut_after(handle: BinaryIO, at: int) -> int | None:
    """The byte behind the first 0x1D from `at` on that something like a leader follows."""
    handle.seek(at)
    window, base = b"", at
    while block := handle.read(_LOOK):
        window += block
        if match := _CUT.search(window):
            return base + match.end()
        base += max(0, len(window) - _OVERLAP)
        window = window[-_OVERLAP:]
    return None


def require_published(path: Path) -> None:
    """Raises InputError, with what to do, when a file is of no shape that can be read; looks only at its beginning."""
    with open(path, "rb", buffering=0) as handle:
        next(members_of(FileStream(handle), path), None)
