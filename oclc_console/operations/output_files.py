"""A prepare run's output files: which record stands in which, split at N records with all copies of one LSN together, named
to OCLC's rules; and writing one. Not for deciding what goes in (routing.py), nor for the outbox (publish.py moves them)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from oclc_console.files import replacing
from oclc_console.oclc.names import UploadName, number_in
from oclc_console.operations.fragments import STOP, Stopped, records_path
from oclc_console.settings import Stream, Symbol

_BLOCK = 1 << 20
Ends = npt.NDArray[np.int64]


@dataclass(slots=True)
class Piece:
    """Bytes `start` to `end` of a chunk's fragment for the file's stream."""

    chunk: int
    start: int
    end: int


@dataclass
class OutputFile:
    """One output file as planned: `place` is its own among the plan's files, `number` its stream's, `order` what it is sent
    after; `end` is where its last record ends so far, in bytes; `pieces` what it is made of."""

    name: str
    stream: Stream
    place: int
    number: int
    order: int
    records: int = 0
    end: int = 0
    pieces: list[Piece] = field(default_factory=list)


class _Line:
    """A stream's files: the one being filled, how far its fragments are used up, and where repeated LSNs live."""

    def __init__(self) -> None:
        self.file: OutputFile | None = None
        self.chunk, self.at = -1, 0
        self.homes: dict[str, OutputFile] = {}


class OutputPlan:
    """Which record stands in which file of a run. `used` holds the names that are taken already, so that numbers go on from
    them. A file takes no new LSN once it holds N records; a later copy of an LSN that it holds still joins it at its end, so
    a file can exceed N by such copies, and OCLC sees all copies of an LSN in one file."""

    def __init__(self, sender: Symbol, records_per_file: int, day: date, used: set[str]) -> None:
        self._sender, self._limit, self._day = sender, records_per_file, day
        self._used = set(used)
        self._lines = [_Line() for _ in sender.streams]
        self.files: list[OutputFile] = []

    def place(self, stream: int, chunk: int, length: int, repeated_lsn: str) -> OutputFile:
        """Puts a record that may have copies, the next of its chunk and stream, into a file; its end is then the file's."""
        line = self._lines[stream]
        file = line.homes.get(repeated_lsn)
        if file is None:
            file = line.homes[repeated_lsn] = self._open(line, stream)
        self._add(line, file, chunk, 1, length)
        return file

    def place_many(self, stream: int, chunk: int, records: int, ends: Ends) -> tuple[OutputFile, int]:
        """Puts as many as fit of so many records without copies, the next of their chunk and stream, into one file, and says
        how many these are. `ends` are where each of them ends, in bytes from the first one's start."""
        line = self._lines[stream]
        file = self._open(line, stream)
        fitting = min(records, self._limit - file.records)
        self._add(line, file, chunk, fitting, int(ends[fitting - 1]))
        return file, fitting

    def _open(self, line: _Line, stream: int) -> OutputFile:
        if line.file is None or line.file.records >= self._limit:
            line.file = self._next(stream)
        return line.file

    def _add(self, line: _Line, file: OutputFile, chunk: int, records: int, length: int) -> None:
        if line.chunk != chunk:
            line.chunk, line.at = chunk, 0
        last = file.pieces[-1] if file.pieces else None
        if last is not None and last.chunk == chunk and last.end == line.at:
            last.end += length
        else:
            file.pieces.append(Piece(chunk, line.at, line.at + length))
        line.at += length
        file.records += records
        file.end += length

    def _next(self, place: int) -> OutputFile:
        stream = self._sender.streams[place]
        numbers = (number_in(name, stream.collection, self._day) or 0 for name in self._used)
        number = max(numbers, default=0) + 1
        name = str(UploadName(stream.collection, self._sender.code, stream.word, self._day, number))
        self._used.add(name)
        self.files.append(OutputFile(name, stream, len(self.files), place, place * 100_000 + number))
        return self.files[-1]


@dataclass(frozen=True)
class WriteTask:
    """An output file to be written into `target` from the fragments in `fragments`."""

    target: Path
    fragments: Path
    stream: int
    pieces: tuple[Piece, ...]


def write_output(task: WriteTask) -> tuple[str, str]:
    """Writes one output file; its name and the SHA-256 of its bytes, in hex. Doing it twice does no harm. Raises Stopped."""
    digest = hashlib.sha256()
    with replacing(task.target) as target:
        for piece in task.pieces:
            with open(records_path(task.fragments, piece.chunk, task.stream), "rb", buffering=0) as source:
                source.seek(piece.start)
                left = piece.end - piece.start
                while left and (block := source.read(min(_BLOCK, left))):
                    target.write(block)
                    digest.update(block)
                    left -= len(block)
            if (task.fragments / STOP).exists():
                raise Stopped
    return task.target.name, digest.hexdigest()
