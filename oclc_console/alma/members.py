"""Opens a published file whatever its wrapping (none, gzip, tar, tar in gzip), told by content and never by name, and hands
out what is inside as streams of bytes, front to back, in constant memory. Where compressed or archived bytes are damaged,
what came before is still given. Writes nothing to disk: a name inside an archive is only shown. Not for records
(published.py).
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Self, cast

from oclc_console.errors import InputError
from oclc_console.marc.source import BLOCK, HEAD, Finding, sniff_head

TRUNCATED, DAMAGED = "truncated", "damaged-archive"
_COMPRESSED_BLOCK = 1 << 16  # what a damaged one can still give is held in memory: a thousand times that at worst
_LONGEST_EXTENSION = 1 << 20  # bytes; a long name or a pax header in a tar is some hundred
_MOST_MEMBERS = 10_000
_EXTENSIONS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class ByteStream:
    """Bytes read once, front to back, that can be looked at before they are taken. `given` counts what was taken; `fault`
    says, once the end is reached, why it came too soon."""

    def __init__(self) -> None:
        self._ahead = b""
        self.given = 0
        self.fault: Finding | None = None

    def _more(self, size: int) -> bytes:
        raise NotImplementedError

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, b"" at the end."""
        if self._ahead:
            block, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            block = self._more(size)
        self.given += len(block)
        return block

    def peek(self) -> bytes:
        """The next HEAD bytes (fewer when there are fewer), which stay to be read."""
        while len(self._ahead) < HEAD and (more := self._more(HEAD)):
            self._ahead += more
        return self._ahead


class FileStream(ByteStream):
    """A file on disk from byte `start` to byte `end`."""

    def __init__(self, handle: BinaryIO, start: int = 0, end: int | None = None) -> None:
        super().__init__()
        self._handle, self._left = handle, None if end is None else end - start
        handle.seek(start)

    def _more(self, size: int) -> bytes:
        block = self._handle.read(size if self._left is None else min(size, self._left))
        if self._left is not None:
            self._left -= len(block)
        return block


class Gunzip(ByteStream):
    """What a gzip stream holds, of one part or several. Damaged, it ends where the damage begins."""

    def __init__(self, inner: ByteStream) -> None:
        super().__init__()
        self._inner, self._waiting = inner, b""
        self._engine = zlib.decompressobj(wbits=31)
        self._between = False

    def _more(self, size: int) -> bytes:
        while self.fault is None:
            self._waiting = self._waiting or self._inner.read(_COMPRESSED_BLOCK)
            if not self._waiting:
                if not self._between:
                    self._end(TRUNCATED, "the compressed file ends too soon")
                return b""
            if self._between and not self._next_part():
                continue
            if data := self._inflate(size):
                return data
        return b""

    def _next_part(self) -> bool:
        """Whether another compressed part begins here; zeros may pad what stands before it."""
        self._waiting = self._waiting.lstrip(b"\0")
        if self._waiting:
            self._engine, self._between = zlib.decompressobj(wbits=31), False
        return bool(self._waiting)

    def _inflate(self, size: int) -> bytes:
        before = self._engine.copy()
        try:
            data = self._engine.decompress(self._waiting, size)
        except zlib.error as error:
            self._end(DAMAGED, f"the compressed file is damaged near byte {self._inner.given:,} ({error})")
            return _what_still_comes(before, self._waiting)
        if self._engine.eof:
            self._waiting, self._between = self._engine.unused_data, True
        else:
            self._waiting = self._engine.unconsumed_tail
        return data

    def _end(self, rule: str, detail: str) -> None:
        self.fault = self._inner.fault or Finding(rule, detail)


def _what_still_comes(engine: zlib._Decompress, waiting: bytes) -> bytes:
    """Everything that can be decompressed before the byte at which it fails (zlib drops what it had when it fails): fed
    in ever smaller pieces, so that only what that one byte makes is lost."""
    parts, step = [], len(waiting)
    while step and waiting:
        before = engine.copy()
        try:
            parts.append(engine.decompress(waiting[:step]))
        except zlib.error:
            engine, step = before, step // 8
        else:
            waiting = waiting[step:]
    return b"".join(parts)


class _TarDamaged(Exception):
    """A header in a tar archive can't be read; tarfile itself would take that for the archive's end."""


class _Header(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if bytes(buf) == bytes(tarfile.BLOCKSIZE):
            return super().frombuf(buf, encoding, errors)  # the end mark, which tarfile knows by an exception
        try:
            info = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            raise _TarDamaged(str(error) if len(buf) == tarfile.BLOCKSIZE else "it stops without its end mark") from None
        if info.size < 0 or (info.type in _EXTENSIONS and info.size > _LONGEST_EXTENSION):
            raise _TarDamaged(f"a header says {info.size:,} bytes")
        return info


class _TarMember(ByteStream):
    """A file in an archive, read straight from it."""

    def __init__(self, archive: tarfile.TarFile, outer: ByteStream, size: int) -> None:
        super().__init__()
        self._archive, self._outer, self._left = archive, outer, size

    def _more(self, size: int) -> bytes:
        if not self._left or self.fault:
            return b""
        assert self._archive.fileobj is not None
        block = self._archive.fileobj.read(min(size, self._left))
        self._left -= len(block)
        if not block:
            self.fault = self._outer.fault or Finding(
                TRUNCATED, f"the archive ends {self._left:,} bytes before this file in it does")
        return block


@dataclass(frozen=True)
class Member:
    """One file of records in a published file (its only one, unless it is an archive): `kind` marc or xml, with its
    `stream`; or `skipped`, the reason why there is nothing to read; or `fault`, why nothing more can be read."""

    name: str
    kind: str
    stream: ByteStream | None
    skipped: str | None = None
    fault: Finding | None = None


def is_tar(head: bytes) -> bool:
    """Whether these first bytes are a tar header (its checksum is right)."""
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def open_members(path: Path) -> Iterator[Member]:
    """What a published file holds, in order; each stream is to be read before the next member is asked for. Raises
    InputError for what holds no MARC (zip, HTML, JSON, text, UTF-16)."""
    with open(path, "rb", buffering=0) as handle:
        yield from members_of(FileStream(handle), path)


def members_of(stream: ByteStream, path: Path) -> Iterator[Member]:
    """As open_members, of a file that is open."""
    if not stream.peek():
        yield Member(path.name, "empty", None, "the file is empty (0 bytes)")
        return
    if sniff_head(stream.peek()) == "gzip":
        stream = Gunzip(stream)
    if is_tar(stream.peek()):
        yield from _tar_members(stream, path)
    else:
        yield _member(stream, path.name, str(path))


def _member(stream: ByteStream, name: str, where: str) -> Member:
    head = stream.peek()
    if not head and stream.fault:
        return Member(name, "empty", None, fault=stream.fault)
    if not head:
        return Member(name, "empty", None, "the file is empty (0 bytes)")
    kind = sniff_head(head)
    if kind not in ("marc", "xml"):
        raise _refusal(kind, where)
    return Member(name, kind, stream)


def _refusal(kind: str, where: str) -> InputError:
    if kind == "empty":
        return InputError("the file holds no records", where=where,
                          then="Check the publishing job in Alma: an empty file usually means an empty set.")
    words = {"html": "a web page (HTML)", "zip": "a zip archive", "json": "JSON", "utf-16": "text in UTF-16",
             "gzip": "compressed twice", "text": "plain text"}
    then = "Publish in Alma as binary MARC 21 or MARCXML, plain or as .tar.gz."
    if kind == "zip":
        then = "Unpack it, then name the files that were in it; what Alma publishes is plain, .gz or .tar.gz."
    return InputError(f"this is {words[kind]}, not MARC", where=where, then=then)


def _tar_members(stream: ByteStream, path: Path) -> Iterator[Member]:
    try:
        source = cast(IO[bytes], stream)  # all that tarfile asks of it in this mode is read
        with tarfile.open(fileobj=source, mode="r|", tarinfo=_Header, bufsize=_COMPRESSED_BLOCK) as archive:
            for number, info in enumerate(archive, start=1):
                if number > _MOST_MEMBERS:
                    raise InputError(f"the archive holds more than {_MOST_MEMBERS:,} files", where=str(path),
                                     then="This is not what Alma publishes; check where it came from.")
                member = _tar_member(archive, info, stream, path)
                yield member
                if member.stream and member.stream.fault:
                    return
        while stream.read(BLOCK):  # behind the last member stands padding, and the checksum of the compressed file
            pass
        fault = stream.fault
    except (_TarDamaged, tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        # the last three are what tarfile makes of headers with numbers that are none, or one header inside another for ever
        fault = stream.fault or Finding(DAMAGED, f"the archive is damaged ({error})")
    if fault:
        yield Member(path.name, "empty", None, fault=fault)


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, stream: ByteStream, path: Path) -> Member:
    if not info.isreg() or info.issparse():
        what = "a folder" if info.isdir() else "a link" if info.issym() or info.islnk() else "no ordinary file"
        return Member(info.name, "empty", None, f"it is {what} in the archive")
    if info.size <= 0:
        return Member(info.name, "empty", None, "the file is empty (0 bytes)")
    inner: ByteStream = _TarMember(archive, stream, info.size)
    if sniff_head(inner.peek()) == "gzip":
        inner = Gunzip(inner)
    return _member(inner, info.name, f"{path}, {info.name}")
