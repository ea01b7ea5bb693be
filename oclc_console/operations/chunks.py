"""One piece of prepare's work: scan a region of a file, judge, route, lint and hash its records, and leave the outcome as
fragments in the run's folder. The same function runs in this process, in others of this machine, or on a cluster; doing it
twice does no harm. Not for what only the whole set can tell: output files, the gate (assembly.py, prepare.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from oclc_console.alma.published import Region, Skipped
from oclc_console.csv_cells import csv_line
from oclc_console.errors import HereError
from oclc_console.marc.batch import Batch
from oclc_console.operations.batches import Batches
from oclc_console.operations.fragments import (
    ASIDE,
    FINDINGS,
    LOOSE,
    QUARANTINE,
    STOP,
    FragmentWriter,
    Stopped,
    taken_path,
)
from oclc_console.operations.linting import Linting, LintRules, Predicted
from oclc_console.operations.routing import Placed, RoutingRules, router_of

CHUNK_BYTES = 8 << 20  # a quarter of a second's work
SET_ASIDE_COLUMNS = ("byte offset", "bytes", "lsn", "mms", "finding", "detail")  # of the list of what was set aside
WANT_A_REASON = {"unrouted", "double"}  # fates that stop a run unless a person accepts them
_SET_ASIDE = "quarantined:"


@dataclass(frozen=True)
class ChunkTask:
    """What a worker needs to know, as plain values: the chunk's number in the set, its region, the folder for fragments
    (which the worker must see under this name), and the rules. `ledgers` are the symbol's earlier ledgers when the file is one
    of Alma's `_delete` files, None when it is any other."""

    number: int
    region: Region
    folder: Path
    rules: RoutingRules
    lint: LintRules
    ledgers: tuple[Path, ...] | None = None


@dataclass(frozen=True)
class Fault:
    """A kind of fault: how many records of the chunk have it, and where the first one stands (its number in the chunk)."""

    records: int
    first_number: int
    first_offset: int
    detail: str


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk held, in numbers; the rest is in its fragments. `records` is how many the source has there, `fates` counts
    rows of the ledger (several for a deleted record with several holdings)."""

    number: int
    records: int
    fates: dict[str, int]
    faults: dict[str, Fault]
    predicted: dict[str, Predicted]
    skipped: tuple[Skipped, ...]


def work_through(task: ChunkTask) -> ChunkResult:
    """Scans and routes the task's region and writes its fragments. Raises HereError when this machine does not see the run's
    folder or the source, Stopped when the run is being stopped."""
    for path in (task.folder, task.region.path):
        if not path.exists():
            raise HereError("a worker does not see this path", where=str(path),
                            then="With --cluster every worker must see the workspace and Alma's files under the same paths.")
    chunk = _Chunk(task)
    source = Batches(task.region, task.rules.lsn, task.ledgers)
    taken = taken_path(task.folder, task.number) if task.region.whole else None
    with FragmentWriter(task.folder, task.number) as fragments:
        for batch in source:
            if (task.folder / STOP).exists():
                raise Stopped
            chunk.take(batch, fragments)
            if taken:
                taken.write_text(str(source.taken), "ascii")
    return ChunkResult(task.number, source.records, dict(chunk.fates), chunk.faults, chunk.linting.predicted,
                       tuple(source.skipped))


class _Chunk:
    """A chunk's counts so far."""

    def __init__(self, task: ChunkTask) -> None:
        self._router, self.linting = router_of(task.rules), Linting(task.lint)
        self.fates, self.faults = Counter[str](), dict[str, Fault]()

    def take(self, batch: Batch, fragments: FragmentWriter) -> None:
        placed = self._router.place(batch)
        fragments.add_lines(FINDINGS, self.linting.hold_back(batch, placed))
        here = Counter(placed.fates)
        self.fates += here
        if any(fate.startswith(_SET_ASIDE) for fate in here):
            self._set_aside(batch, placed, fragments)
        if here.keys() & WANT_A_REASON:
            fragments.add_lines(LOOSE, [(batch.numbers[place], csv_line((fate, placed.mms[place], placed.lsns[place])))
                                        for place, fate in enumerate(placed.fates) if fate in WANT_A_REASON])
        _write(fragments, batch, placed)

    def _set_aside(self, batch: Batch, placed: Placed, fragments: FragmentWriter) -> None:
        lines = []
        for place, fate in enumerate(placed.fates):
            if fate.startswith(_SET_ASIDE):
                finding, rule = placed.findings[place], fate.removeprefix(_SET_ASIDE)
                detail, number, offset = finding.detail if finding else "", batch.numbers[place], batch.offsets[place]
                first = self.faults.get(rule) or Fault(0, number, offset, detail)
                self.faults[rule] = replace(first, records=first.records + 1)
                ids = placed.lsns[place], placed.mms[place]
                lines.append((number, csv_line((offset, len(batch.raws[place]), *ids, rule, detail))))
        fragments.add_lines(ASIDE, lines)


def _write(fragments: FragmentWriter, batch: Batch, placed: Placed) -> None:
    raws, streams = batch.raws, placed.streams
    fragments.add_rows({
        "number": list(batch.numbers), "offset": batch.offsets, "length": list(map(len, raws)), "mms": placed.mms,
        "lsn": placed.lsns, "ocn_in": placed.ocns, "library": placed.libraries,
        "status": [chr(leader[5]) if leader else None for leader in batch.leaders],
        "fate": placed.fates, "stream": streams,
        "key": list(map(crc32, map(str.encode, [lsn or "" for lsn in placed.lsns]))),
        "sha256": _digests(raws), "content": _digests(batch.contents()),
    })
    by_stream: dict[int, list[bytes]] = {}
    for raw, stream, fate in zip(raws, streams, placed.fates, strict=True):
        if stream is not None:
            by_stream.setdefault(stream, []).append(raw)
        elif fate.startswith(_SET_ASIDE):
            by_stream.setdefault(QUARANTINE, []).append(raw)
    for stream, together in by_stream.items():
        fragments.add_records(stream, together)


def _digests(parts: Sequence[bytes | memoryview | None]) -> list[bytes | None]:
    """The SHA-256 of each; a fresh one is copied from, since making one takes longer than reading a record."""
    copy, digests = sha256().copy, list[bytes | None]()
    for part in parts:
        if part is None:
            digests.append(None)
            continue
        digest = copy()
        digest.update(part)
        digests.append(digest.digest())
    return digests
