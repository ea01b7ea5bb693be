"""What has been counted while a set is worked through: per source the faults met, its records and its SHA-256, and over all
where the records went. Results of chunks may come in any order. Not for doing the work (chunks.py, workers.py)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from oclc_console.operations.assembly import Chunk
from oclc_console.operations.chunks import ChunkResult, ChunkTask
from oclc_console.store.events import Counted, SetAside, SourceRead

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
        self._hash_up_to(self.size * len(self.results) // len(self.tasks))

    def _hash_up_to(self, end: int) -> None:
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

    def events(self) -> Iterator[SetAside | SourceRead]:
        """What was found in it, once it is whole: each kind of fault with its first place, then the file."""
        faults: dict[str, SetAside] = {}
        records = 0
        for chunk, result in self.chunks():
            records += result.records
            for rule, fault in result.faults.items():
                first = faults.get(rule) or SetAside(self.path.name, rule, 0, chunk.before + fault.first_number,
                                                     fault.first_offset, fault.detail)
                faults[rule] = SetAside(first.file, rule, first.records + fault.records, first.first_number,
                                        first.first_offset, first.detail)
        yield from faults.values()
        yield SourceRead(self.path.name, records, self.size, self.digest.hexdigest())


def count(sources: list[Source], set_count: int | None) -> Counted:
    """Where every record of the set went: the first identity. `set_count` is Alma's own count."""
    fates: Counter[str] = Counter()
    for source in sources:
        for result in source.results.values():
            fates.update(result.fates)
    excluded = {fate.partition(":")[2]: n for fate, n in sorted(fates.items()) if fate.startswith("excluded:")}
    quarantined = sum(n for fate, n in fates.items() if fate.startswith("quarantined:"))
    return Counted(fates.total(), set_count, excluded, fates["stream"] + fates["double"], fates["unrouted"],
                   fates["double"], quarantined)
