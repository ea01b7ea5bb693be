"""What working through one chunk leaves behind, as files in the run's own folder: its records by stream as they came, those
set aside, its rows of the ledger to be, and its lines of the run's lists. Each file appears whole, under a name that says which
chunk it is of, so that a chunk done twice (a cluster does that when a machine dies) does no harm. Not for putting them together
(assembly.py)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa

FRAGMENTS = "fragments"  # the folder of them, in what a run has staged
STOP = "stop"  # a file of this name in that folder asks everybody to stop
QUARANTINE = -1  # as a stream's number: records that were set aside
# the run's lists: what lint says; what was set aside and why; and what no stream wants, or two
FINDINGS, ASIDE, LOOSE = "findings", "listed", "loose"
ListLine = tuple[int, bytes]  # a record's number in the chunk, and what stands behind the number in a line of a list, as CSV
_TAB = b"\t"  # which no cell can hold


class Stopped(Exception):
    """Somebody asked the run to stop."""


# The columns of a row of the ledger to be; what only the whole set can tell (output file) is missing. `number` is the record's
# in the chunk, from 1; `stream` is the stream's number; `key` says with few mistakes whether two LSNs are the same.
COLUMNS = ("number", "offset", "length", "mms", "lsn", "ocn_in", "library", "status", "fate", "stream", "key", "sha256",
           "content")


def _schema() -> pa.Schema:
    import pyarrow as pa

    text, whole, digest = pa.string(), pa.int64(), pa.binary(32)
    kinds = [whole, whole, whole, text, text, whole, text, text, text, pa.int16(), pa.uint32(), digest, digest]
    return pa.schema(list(zip(COLUMNS, kinds, strict=True)))


def records_path(folder: Path, chunk: int, stream: int) -> Path:
    """Where a chunk's records of one stream are, or those it set aside (QUARANTINE)."""
    return folder / (f"{chunk:06}.aside" if stream == QUARANTINE else f"{chunk:06}.{stream}")


def list_path(folder: Path, chunk: int, which: str) -> Path:
    """Where a chunk's lines of one of the run's lists are."""
    return folder / f"{chunk:06}.{which}"


def read_list(folder: Path, chunk: int, which: str) -> Iterator[tuple[int, bytes]]:
    """A chunk's lines of one of the run's lists: a record's number in the chunk, and the rest of its line as CSV."""
    path = list_path(folder, chunk, which)
    if path.exists():
        with open(path, "rb") as lines:
            for line in lines:
                number, _, cells = line.partition(_TAB)
                yield int(number), cells


def taken_path(folder: Path, chunk: int) -> Path:
    """Where it is told how many bytes of a file that can't be cut into chunks have been read: nothing rests on it."""
    return folder / f"{chunk:06}.taken"


def rows_path(folder: Path, chunk: int) -> Path:
    """Where a chunk's rows are."""
    return folder / f"{chunk:06}.rows"


def read_rows(folder: Path, chunk: int, columns: list[str] | None = None) -> pa.Table:
    """A chunk's rows (some columns of them)."""
    import pyarrow as pa

    wanted = [COLUMNS.index(name) for name in columns] if columns else None
    with pa.OSFile(str(rows_path(folder, chunk))) as file, \
            pa.ipc.open_stream(file, options=pa.ipc.IpcReadOptions(included_fields=wanted)) as reader:
        return reader.read_all()


class FragmentWriter:
    """Writes one chunk's fragments, a batch of records at a time; they get their names when the block ends well."""

    def __init__(self, folder: Path, chunk: int) -> None:
        self._folder, self._chunk = folder, chunk
        self._mark = f".{os.getpid()}-{secrets.token_hex(4)}.tmp"
        self._files: dict[Path, BinaryIO] = {}

    def __enter__(self) -> FragmentWriter:
        import pyarrow as pa

        self._schema = _schema()
        self._table = pa.ipc.new_stream(self._open(rows_path(self._folder, self._chunk)), self._schema)
        return self

    def _open(self, path: Path) -> BinaryIO:
        if path not in self._files:
            self._files[path] = open(path.with_name(path.name + self._mark), "wb", buffering=1 << 18)  # noqa: SIM115
        return self._files[path]

    def add_rows(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Adds a batch's rows: a list for each of COLUMNS."""
        import pyarrow as pa

        arrays = [pa.array(columns[kind.name], kind.type) for kind in self._schema]
        self._table.write_batch(pa.record_batch(arrays, schema=self._schema))

    def add_records(self, stream: int, raws: Sequence[bytes]) -> None:
        """Adds records of a stream, or such as were set aside (QUARANTINE)."""
        if raws:
            self._open(records_path(self._folder, self._chunk, stream)).write(b"".join(raws))

    def add_lines(self, which: str, lines: Sequence[ListLine]) -> None:
        """Adds lines of one of the run's lists."""
        if lines:
            self._open(list_path(self._folder, self._chunk, which)).write(b"".join([b"%d\t%b" % line for line in lines]))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._table.close()
        for path, file in self._files.items():
            file.close()
            temporary = path.with_name(path.name + self._mark)
            if error is None:
                os.replace(temporary, path)
            else:
                temporary.unlink(missing_ok=True)
