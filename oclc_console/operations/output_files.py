"""Writes a prepare run's output files in the run's own folder: split at N records, named to OCLC's rules, each with its
count, bytes and SHA-256. Not for deciding what goes in (routing.py), nor for the outbox (prepare.py moves them there)."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from oclc_console.files import sync_folder
from oclc_console.oclc.names import UploadName, number_in
from oclc_console.settings import Stream, Symbol


@dataclass
class OutputFile:
    """One file being written; `end` is where its last record ends so far, in bytes."""

    name: str
    stream: Stream
    order: int
    handle: BinaryIO
    records: int = 0
    end: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class OutputFiles:
    """The output files of one run. `used` holds the names that are taken already, so that numbers go on from them."""

    def __init__(self, folder: Path, sender: Symbol, records_per_file: int, day: date, used: set[str]) -> None:
        self._folder, self._sender, self._limit, self._day = folder, sender, records_per_file, day
        self._used = set(used)
        self._open: dict[str, OutputFile] = {}
        self.closed: list[OutputFile] = []
        folder.mkdir()

    def add(self, stream: Stream, raw: bytes) -> OutputFile:
        """Appends a record to the stream's file, opening the next one when it is full."""
        file = self._open.get(stream.word)
        if file is not None and file.records >= self._limit:
            self._close(self._open.pop(stream.word))
            file = None
        if file is None:
            file = self._open[stream.word] = self._next(stream)
        file.handle.write(raw)
        file.digest.update(raw)
        file.records += 1
        file.end += len(raw)
        return file

    def _next(self, stream: Stream) -> OutputFile:
        numbers = (number_in(name, stream.collection, self._day) or 0 for name in self._used)
        number = max(numbers, default=0) + 1
        name = str(UploadName(stream.collection, self._sender.code, stream.word, self._day, number))
        self._used.add(name)
        place = self._sender.streams.index(stream)
        return OutputFile(name, stream, place * 100_000 + number, open(self._folder / name, "xb", buffering=1 << 20))

    def _close(self, file: OutputFile) -> None:
        file.handle.flush()
        os.fsync(file.handle.fileno())
        file.handle.close()
        self.closed.append(file)

    def close(self) -> None:
        """Closes and syncs every file, and the folder they are in."""
        for word in list(self._open):
            self._close(self._open.pop(word))
        self.closed.sort(key=lambda file: file.order)
        sync_folder(self._folder)

    def abandon(self) -> None:
        """Closes what is open without caring for it: the run goes no further."""
        for file in self._open.values():
            with contextlib.suppress(OSError):  # what is still buffered may not fit on the disk; it is not wanted either
                file.handle.close()
        self._open.clear()
