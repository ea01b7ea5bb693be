"""Tables of documents whose every change is one line appended to a file: a checksum and JSON, written under a lock and synced
before anybody is told that it is done. Several processes may have it open; each follows what the others wrote. Killed at any
moment, it opens with the last change that was acknowledged. Not for what the documents mean (reviews.py), nor for how TinyDB
is put on it (journal_tinydb.py).

    3f2a9c01 {"journal":1,"id":"9f0c..."}                       the first line; a compacted file has another id
    8b01d2aa [["acts","7",{...}],["reviews","12",{...}]]         one change; a document of null was removed
"""

from __future__ import annotations

import gc
import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Protocol

import orjson

from oclc_console.errors import HereError, from_os_error
from oclc_console.files import append_line, locked, make_folder, replace_file

Document = dict[str, Any]
Op = tuple[str, str, Document | None]  # table, number of the document, the document or None to remove it
_VERSION = 1
_CHECKSUM = 9  # bytes: eight hex digits and a blank
_WORTH_COMPACTING = 1 << 20  # bytes: a small journal is left as it is
_LINE = 1000  # documents a line when the whole state is written


def _line(content: object) -> bytes:
    body = orjson.dumps(content)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _content(line: bytes) -> Any:
    """What a line holds (without its end); None when it is not as it was written."""
    body = line[_CHECKSUM:]
    if line[:_CHECKSUM] != b"%08x " % zlib.crc32(body):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage meanwhile: documents have no cycles, and looking through all of them again and again takes
    three times as long as reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def checkpoint_path(journal: Path) -> Path:
    """Where the checkpoint of a journal stands."""
    return journal.with_suffix(".checkpoint")


class Kept(Mapping[str, Document]):
    """Documents of one table by number, as a checkpoint keeps them; `size` bytes of JSON."""

    size: int


class Base(Protocol):
    """What stood in the journal `journal` up to the byte `position`."""

    journal: str
    position: int
    tables: Mapping[str, Kept]


class Documents(MutableMapping[str, Document]):
    """A table: the documents of a checkpoint, each read when it is asked for, and over them those that changed since."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept: Mapping[str, Document] = kept if kept is not None else MappingProxyType({})
        self._kept_size = kept.size if kept is not None else 0
        self._new: dict[str, Document] = {}
        self._gone: set[str] = set()

    def __getitem__(self, number: str) -> Document:
        found = self._new.get(number)
        if found is not None:
            return found
        if number in self._gone:
            raise KeyError(number)
        return self._kept[number]

    def __setitem__(self, number: str, document: Document) -> None:
        self._new[number] = document
        self._gone.discard(number)

    def __delitem__(self, number: str) -> None:
        self[number]
        self._new.pop(number, None)
        if number in self._kept:
            self._gone.add(number)

    def __iter__(self) -> Iterator[str]:
        yield from (number for number in self._kept if number not in self._gone)
        yield from (number for number in list(self._new) if number not in self._kept)

    def __len__(self) -> int:
        return len(self._kept) - len(self._gone) + sum(number not in self._kept for number in self._new)

    def size(self) -> int:
        """About how many bytes of JSON they are."""
        return self._kept_size + len(orjson.dumps(self._new))


class Journal:
    """`data` is the state in memory: {table: {number: document}}; nobody but this class changes it. `touched` names every
    document that changed since the journal was read from its start, or since its `base`, in order, and `readings` counts how
    often that was: by these a reader keeps something of its own up to date. `mutex` is held by whichever thread reads on or
    writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data: dict[str, Documents] = {}
        self.touched: list[tuple[str, str]] = []
        self.readings = 0
        self.base: Base | None = None
        self._position = 0
        self._seen: tuple[int, int, int] | None = None
        self._id: str | None = None
        self.mutex = threading.RLock()
        self._depth = 0

    @property
    def position(self) -> int:
        """The byte up to which it has been read."""
        return self._position

    @property
    def id(self) -> str | None:
        """Which writing of the file was read; None before any was."""
        return self._id

    def table(self, name: str) -> Mapping[str, Document]:
        """One table as it is in memory: documents by number."""
        found = self.data.get(name)
        return found if found is not None else {}

    # reading

    def begin_at(self, base: Base) -> None:
        """Goes on from a checkpoint of this very file instead of reading it from its start."""
        with self.mutex:
            self._forget(base.journal)
            self.base, self._position, self._seen = base, base.position, None
            self.data = {table: Documents(kept) for table, kept in base.tables.items()}

    def read(self) -> dict[str, dict[str, Any]]:
        """The state as it is now, for TinyDB."""
        with self.mutex:
            self.refresh()
            return {table: dict(documents) for table, documents in self.data.items()}

    def refresh(self, *, surely: bool = False) -> None:
        """Follows what other processes wrote; `surely`: even when the file looks as it did. Raises HereError when a line is
        damaged that others follow."""
        with self.mutex:
            try:
                now = os.stat(self.path)
                mark = (now.st_ino, now.st_size, now.st_mtime_ns)
                if mark != self._seen or surely:
                    with open(self.path, "rb") as file:
                        self._follow(file)
                    self._seen = mark
            except FileNotFoundError:
                if self._id is not None:
                    self._forget(None)
                    self._seen = None
            except OSError as error:
                raise from_os_error(error, "reading what people did about rejections") from error

    def _follow(self, file: BinaryIO) -> None:
        head = file.readline()
        about = _content(head[:-1])
        if not isinstance(about, dict) or about.get("journal") != _VERSION:
            raise self._damaged(0)
        size = file.seek(0, os.SEEK_END)
        known = about["id"] == self._id and size >= self._position
        if known and self._read_on(file):
            return
        self._forget(about["id"])  # compacted, or cut back by a writer whose disk was full: read from the start
        self._position = len(head)
        if not self._read_on(file):
            raise self._damaged(self._position)

    def _read_on(self, file: BinaryIO) -> bool:
        """Takes every whole line from our position on; False where one is damaged. The last one may be torn, by a kill or a
        power cut: then nobody was told that it is done."""
        file.seek(self._position)
        lines = file.read().split(b"\n")
        lines.pop()  # what stands behind the last line end: nothing, or a torn line
        with _uncollected():
            for number, line in enumerate(lines, 1):
                ops = _content(line)
                if ops is None:
                    return number == len(lines)
                self._apply(ops)
                self._position += len(line) + 1
        return True

    def _apply(self, ops: Iterable[Iterable[Any]]) -> None:
        for table, number, document in ops:
            documents = self.data.setdefault(table, Documents())
            if document is None:
                documents.pop(number, None)
            else:
                documents[number] = document
            self.touched.append((table, number))

    def _forget(self, new_id: str | None) -> None:
        self.data, self.touched, self._position, self._id, self.base = {}, [], 0, new_id, None
        self.readings += 1

    def _damaged(self, at: int) -> HereError:
        return HereError(f"what people did about rejections is damaged from byte {at:,} on", where=str(self.path),
                         then="Put the file back from a backup; nothing was written. What stands before that byte is sound.")

    # writing

    @contextmanager
    def writing(self) -> Iterator[Journal]:
        """Holds the lock, so that what is read inside the block still holds when the block writes. May be nested."""
        with self.mutex:
            if self._depth:
                yield self
                return
            make_folder(self.path.parent)
            with locked(self.path.with_name(self.path.name + ".lock"), doing="writing down what people did about rejections",
                        wait_seconds=60):
                self.refresh(surely=True)
                self._depth += 1
                try:
                    yield self
                finally:
                    self._depth -= 1

    def commit(self, ops: list[Op]) -> None:
        """Writes a change, all of it or nothing, and has it on disk when it comes back. Only inside `writing`. Raises
        HereError, with the old state intact, when the disk refuses."""
        if not ops:
            return
        try:
            if self._id is None:
                replace_file(self.path, _line({"journal": _VERSION, "id": os.urandom(8).hex()}))
                self.refresh()
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
            try:
                if os.fstat(handle).st_size > self._position:
                    os.ftruncate(handle, self._position)  # what a killed writer left, which nobody was told of
                line = _line(ops)
                append_line(handle, line)
                now = os.fstat(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise from_os_error(error, "writing down what people did about rejections") from error
        self._apply(ops)
        self._position += len(line)
        self._seen = (now.st_ino, now.st_size, now.st_mtime_ns)

    def write(self, data: Mapping[str, Mapping[Any, Mapping[str, Any]]]) -> None:
        """Writes the whole state anew (TinyDB's drop_tables, and compaction)."""
        with self.writing():
            ops = [[table, str(number), dict(document)] for table, documents in data.items()
                   for number, document in documents.items()]
            lines = (_line(ops[at : at + _LINE]) for at in range(0, len(ops), _LINE))
            try:
                replace_file(self.path, [_line({"journal": _VERSION, "id": os.urandom(8).hex()}), *lines])
            except OSError as error:
                raise from_os_error(error, "writing down what people did about rejections") from error
            self.refresh()

    def compact_if_due(self) -> bool:
        """Writes the journal anew where more than half of it is outdated. For quiet moments: it takes its time."""
        with self.mutex:
            self.refresh()
            if self._position <= _WORTH_COMPACTING + 2 * sum(table.size() for table in self.data.values()):
                return False
        with self.writing():
            self.write(self.data)
        return True

    def close(self) -> None:
        """Nothing is held open."""
