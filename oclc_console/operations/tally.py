"""What has been counted while a set is worked through: per source the faults met, its records and its SHA-256, and over all
where the records went. Results of chunks may come in any order. Not for doing the work (chunks.py, workers.py)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from oclc_console.operations.assembly import Chunk
from oclc_console.operations.chunks import ChunkResult, ChunkTask
from oclc_console.store.events import Counted, Event, Note, SetAside, SourceRead

_BLOCK = 1 << 20


@dataclass
class Source:
    """One of Alma's files: the tasks it was cut into, and their results so far. Its digest is read on as results come in,
    while the workers are busy with the next chunks."""

    path: Path
    size: int
    tasks: list[ChunkTask]
    results: dict[int, ChunkResult] = field(default_factory=dict)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    hashed: int = 0

    @property
    def whole(self) -> bool:
        """Whether every chunk has been worked through."""
        return len(self.results) == len(self.tasks)

    def take(self, result: ChunkResult) -> None:
        """Takes in a chunk's result."""
        self.results[result.number] = result
        self.hash_up_to(self.size * len(self.results) // len(self.tasks))

    def hash_up_to(self, end: int) -> None:
        """Reads the digest on to a byte of the file."""
        with open(self.path, "rb", buffering=0) as handle:
            handle.seek(self.hashed)
            while self.hashed < end and (block := handle.read(min(_BLOCK, end - self.hashed))):
                self.digest.update(block)
                self.hashed += len(block)

    def chunks(self) -> Iterator[tuple[Chunk, ChunkResult]]:
        """Its chunks in order, each with how many records stand before it."""
        before = 0
        for task in self.tasks:
            result = self.results[task.number]
            yield Chunk(task.number, self.path.name, before), result
            before += result.records

    @property
    def records(self) -> int:
        """How many records it has."""
        return sum(result.records for result in self.results.values())

    @property
    def empty(self) -> bool:
        """Whether nothing in it has a row in the ledger."""
        return not any(result.fates for result in self.results.values())

    def events(self) -> Iterator[Event]:
        """What was found in it, once it is whole: what held nothing, each kind of fault with its first place, then the file."""
        faults: dict[str, SetAside] = {}
        for chunk, result in self.chunks():
            for skipped in result.skipped:
                yield Note(f"{self.path.name}: {skipped.name} skipped, {skipped.reason}")
            for rule, fault in result.faults.items():
                first = faults.get(rule) or SetAside(self.path.name, rule, 0, chunk.before + fault.first_number,
                                                     fault.first_offset, fault.detail)
                faults[rule] = replace(first, records=first.records + fault.records)
        counts = _counts([self])
        if counts["in_set"] != self.records:
            yield Note(f"{self.path.name}: {self.records:,} deleted records stand for {counts['in_set']:,} holdings")
        yield from faults.values()
        yield SourceRead(self.path.name, self.records, self.size, self.digest.hexdigest(), counts)


def count(sources: list[Source], set_count: int | None) -> Counted:
    """Where every record of the set went: the first identity. `set_count` is Alma's own count."""
    return Counted(set_count=set_count, **_counts(sources))


def _counts(sources: list[Source]) -> dict[str, Any]:
    fates: Counter[str] = Counter()
    for source in sources:
        for result in source.results.values():
            fates.update(result.fates)
    return {
        "in_set": fates.total(),
        "excluded": {fate.partition(":")[2]: n for fate, n in sorted(fates.items()) if fate.startswith("excluded:")},
        "routed": fates["stream"] + fates["double"], "unrouted": fates["unrouted"], "double": fates["double"],
        "quarantined": sum(n for fate, n in fates.items() if fate.startswith("quarantined:")),
    }
