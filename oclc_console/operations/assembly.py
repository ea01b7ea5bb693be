"""The second half of prepare: the chunks' fragments, in source order, become the ledger, with each record's number and its
place in an output file. Sequential and in constant memory but for four bytes a record (and the LSNs that occur twice). Not
for scanning (chunks.py) nor for writing the output files themselves (output_files.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console.operations.fragments import read_rows
from oclc_console.operations.output_files import OutputPlan
from oclc_console.settings import Stream
from oclc_console.store.ledger import LedgerWriter, ledger_schema

if TYPE_CHECKING:
    import pyarrow as pa

_SHARES = 16  # keys are looked at in so many shares, so that counting them takes little memory
_AS_THEY_ARE = ("offset", "length", "mms", "lsn", "ocn_in", "library", "status", "fate", "sha256", "content")


@dataclass(frozen=True)
class Chunk:
    """A chunk that has been worked through: its number in the set, its source's name, and how many records of that source
    stand before it."""

    number: int
    source: str
    before: int


def loose_records(folder: Path, chunks: Sequence[Chunk]) -> Iterator[tuple[str, str, str, int]]:
    """(fate, mms, lsn, number in its source) of every record that no stream wants, or two."""
    for chunk in chunks:
        rows = read_rows(folder, chunk.number, ["mms", "lsn", "fate"])
        loose = [number for number, fate in enumerate(rows["fate"].to_pylist()) if fate in ("unrouted", "double")]
        for number, mms, lsn, fate in zip(loose, *_lists(rows.take(loose)), strict=True):
            yield fate, mms or "", lsn or "", chunk.before + number + 1


def write_ledger(path: Path, folder: Path, chunks: Sequence[Chunk], plan: OutputPlan, streams: Sequence[Stream]) -> None:
    """Places every record that goes to a stream in the plan, and writes the ledger in source order."""
    repeated = _repeated_keys(folder, chunks)
    ledger = LedgerWriter(path)
    try:
        for chunk in chunks:
            ledger.add(_ledger_rows(chunk, read_rows(folder, chunk.number), plan, streams, repeated))
    except BaseException:
        ledger.abandon()
        raise
    ledger.close()


def _repeated_keys(folder: Path, chunks: Sequence[Chunk]) -> set[int]:
    """The keys that more than one record bound for a stream has; now and then two LSNs share a key, which does no harm."""
    import pyarrow as pa
    import pyarrow.compute as pc

    every = pa.scalar(0xFFFFFFFF, pa.uint32())  # a key "and" this is itself, but copied: the rows it was read with can go
    keys = [pc.bit_wise_and(part, every)
            for chunk in chunks for part in read_rows(folder, chunk.number, ["key"])["key"].chunks]
    low, repeated = pa.scalar(_SHARES - 1, pa.uint32()), set[int]()
    for share in range(_SHARES):
        here = pa.chunked_array([part.filter(pc.equal(pc.bit_wise_and(part, low), share)) for part in keys], pa.uint32())
        counts = here.value_counts()
        repeated.update(counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist())
    return repeated


def _ledger_rows(chunk: Chunk, rows: pa.Table, plan: OutputPlan, streams: Sequence[Stream], repeated: set[int]) -> pa.Table:
    import pyarrow as pa

    place, number = plan.place, chunk.number
    names: list[str | None] = []
    ends: list[int | None] = []
    for length, lsn, stream, key in zip(*_lists(rows.select(["length", "lsn", "stream", "key"])), strict=True):
        if stream is None:
            names.append(None)
            ends.append(None)
            continue
        file = place(stream, number, length, lsn if key in repeated else None)
        names.append(file.name)
        ends.append(file.end)
    which = rows["stream"]
    columns: dict[str, Any] = {name: rows[name] for name in _AS_THEY_ARE}
    columns["source"] = pa.repeat(chunk.source, len(rows))
    columns["number"] = pa.array(range(chunk.before + 1, chunk.before + len(rows) + 1), pa.int64())
    columns["stream"] = pa.array([stream.word for stream in streams], pa.string()).take(which)
    columns["collection"] = pa.array([stream.collection for stream in streams], pa.string()).take(which)
    columns["outbox"] = pa.array(names, pa.string())
    columns["end"] = pa.array(ends, pa.int64())
    schema = ledger_schema()
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _lists(rows: pa.Table) -> list[list[Any]]:
    return [column.to_pylist() for column in rows.columns]
