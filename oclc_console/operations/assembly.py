"""The second half of prepare: the chunks' fragments, in source order, become the run's lists and the ledger, with each record's
number and its place in an output file. Sequential and in constant memory but for four bytes a record (and the LSNs that occur
twice). Not for scanning (chunks.py) nor for writing the output files themselves (output_files.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from oclc_console.csv_cells import csv_line
from oclc_console.files import replace_file
from oclc_console.operations.fragments import LOOSE, read_list, read_rows
from oclc_console.operations.output_files import OutputPlan
from oclc_console.settings import Stream
from oclc_console.store.ledger import LedgerWriter, ledger_schema

if TYPE_CHECKING:
    import pyarrow as pa

Keys = npt.NDArray[np.uint32]
_AS_THEY_ARE = ("offset", "length", "mms", "lsn", "ocn_in", "library", "status", "fate", "sha256", "content")


@dataclass(frozen=True)
class Chunk:
    """A chunk that has been worked through: its number in the set, its source's name, and how many records of that source
    stand before it."""

    number: int
    source: str
    before: int


def get_ready(asks: bool) -> None:
    """Loads what putting together needs (and asking the ledger, where it `asks`), so that this does not take its time when the
    workers wait for it; and has memory given back once it is free, which the pool that is usual here does not do."""
    if asks:
        import duckdb  # noqa: F401
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet

    pa.set_memory_pool(pa.system_memory_pool())


def write_loose(path: Path, folder: Path, chunks: Sequence[Chunk]) -> None:
    """The list of every record that no stream wants, or two: its fate, ids, and number in its source."""
    replace_file(path, chain([csv_line(("why", "mms", "lsn", "record number"))], (
        b"%b,%d\r\n" % (cells.rstrip(), chunk.before + number)
        for chunk in chunks for number, cells in read_list(folder, chunk.number, LOOSE))))


def write_list(path: Path, folder: Path, chunks: Sequence[Chunk], which: str, columns: Sequence[str]) -> None:
    """One of the run's lists, in source order. Each line begins with the source's name and the record's number in it;
    `columns` names what comes behind these."""
    replace_file(path, chain([csv_line(("file", "record number", *columns))], _list_lines(folder, chunks, which)))


def _list_lines(folder: Path, chunks: Sequence[Chunk], which: str) -> Iterator[bytes]:
    for chunk in chunks:
        source, before = csv_line([chunk.source]).rstrip(), chunk.before
        lines = read_list(folder, chunk.number, which)
        yield b"".join([b"%b,%d,%b" % (source, before + number, cells) for number, cells in lines])


def plan_outputs(folder: Path, chunks: Sequence[Chunk], plan: OutputPlan, repeated: Keys) -> None:
    """Places every record that goes to a stream in the plan, in source order. `repeated` are the set's `repeated_keys`."""
    for chunk in chunks:
        _places(chunk.number, read_rows(folder, chunk.number, ["length", "lsn", "stream", "key"]), plan, repeated)


def write_ledger(
    path: Path, folder: Path, chunks: Sequence[Chunk], streams: Sequence[Stream], plan: tuple[OutputPlan, Keys] | None
) -> None:
    """Writes the ledger, in source order; where each record stands follows from the plan, which must be a fresh one, and the
    set's `repeated_keys`. Without a plan no record stands in an output file: the ledger of a set that was refused."""
    ledger = LedgerWriter(path)
    try:
        for chunk in chunks:
            ledger.add(_ledger_rows(chunk, read_rows(folder, chunk.number), plan, streams))
    except BaseException:
        ledger.abandon()
        raise
    ledger.close()


def repeated_keys(folder: Path, chunks: Sequence[Chunk]) -> Keys:
    """The keys that more than one record has; now and then two LSNs share a key, which does no harm."""
    keys = np.concatenate([read_rows(folder, chunk.number, ["key"])["key"].to_numpy() for chunk in chunks])
    keys.sort()
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def _ledger_rows(
    chunk: Chunk, rows: pa.Table, plan: tuple[OutputPlan, Keys] | None, streams: Sequence[Stream]
) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if plan:
        names, ends = _places(chunk.number, rows, *plan)
    else:
        names, ends = pa.nulls(len(rows), pa.string()), pa.nulls(len(rows), pa.int64())
    which = rows["stream"]
    columns: dict[str, Any] = {name: rows[name] for name in _AS_THEY_ARE}
    columns["source"] = pa.repeat(chunk.source, len(rows))
    columns["number"] = pc.add(rows["number"], chunk.before)
    columns["stream"] = pa.array([stream.word for stream in streams], pa.string()).take(which)
    columns["collection"] = pa.array([stream.collection for stream in streams], pa.string()).take(which)
    columns["outbox"], columns["end"] = names, ends
    schema = ledger_schema()
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _places(chunk: int, rows: pa.Table, plan: OutputPlan, repeated: Keys) -> tuple[pa.Array, pa.Array]:
    """For each record the output file it is put in, and where it ends there; null where it goes to none."""
    import pyarrow as pa

    streams, lengths = rows["stream"].fill_null(-1).to_numpy(), rows["length"].to_numpy()
    copies, lsns = np.isin(rows["key"].to_numpy(), repeated), rows["lsn"]
    files, ends = np.full(len(rows), -1, np.int32), np.zeros(len(rows), np.int64)
    for stream in np.unique(streams[streams >= 0]).tolist():
        here = np.flatnonzero(streams == stream)
        cuts = np.flatnonzero(copies[here])  # a record that may have copies is placed by itself, what lies between together
        at = 0
        for cut in [*cuts.tolist(), len(here)]:
            while at < cut:
                behind = np.cumsum(lengths[here[at:cut]])
                file, count = plan.place_many(stream, chunk, cut - at, behind)
                some = here[at : at + count]
                files[some], ends[some] = file.place, behind[:count] + (file.end - behind[count - 1])
                at += count
            if cut < len(here):
                place = here[cut]
                file = plan.place(stream, chunk, int(lengths[place]), lsns[int(place)].as_py())
                files[place], ends[place] = file.place, file.end
                at = cut + 1
    nowhere = files < 0
    names = pa.array([file.name for file in plan.files], pa.string())
    return names.take(pa.array(files, mask=nowhere)), pa.array(ends, mask=nowhere)
