"""One piece of prepare's work: scan a region of a file, judge, route and hash its records, and leave the outcome as fragments
in the run's folder. The same function runs in this process, in others of this machine, or on a cluster; doing it twice does
no harm. Not for what only the whole set can tell: numbers, output files, the gate (assembly.py, prepare.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from zlib import crc32

from oclc_console.alma.published import Region
from oclc_console.errors import HereError
from oclc_console.marc.batch import Batch
from oclc_console.operations.batches import batches
from oclc_console.operations.fragments import QUARANTINE, FragmentWriter
from oclc_console.operations.routing import Placed, RoutingRules, router_of

CHUNK_BYTES = 8 << 20  # a quarter of a second's work
STOP = "stop"  # a file of this name in the run's folder of fragments asks everybody to stop
_SET_ASIDE = "quarantined:"


class Stopped(Exception):
    """Somebody asked the run to stop."""


@dataclass(frozen=True)
class ChunkTask:
    """What a worker needs to know, as plain values: the chunk's number in the set, its region, the folder for fragments
    (which the worker must see under this name), and the rules."""

    number: int
    region: Region
    folder: Path
    rules: RoutingRules


@dataclass(frozen=True)
class Fault:
    """A kind of fault: how many records of the chunk have it, and where the first one stands (its number in the chunk)."""

    records: int
    first_number: int
    first_offset: int
    detail: str


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk held, in numbers; the rest is in its fragments."""

    number: int
    records: int
    fates: dict[str, int]
    faults: dict[str, Fault]


def work_through(task: ChunkTask) -> ChunkResult:
    """Scans and routes the task's region and writes its fragments. Raises HereError when this machine does not see the run's
    folder or the source, Stopped when the run is being stopped."""
    for path in (task.folder, task.region.path):
        if not path.exists():
            raise HereError("a worker does not see this path", where=str(path),
                            then="With --cluster every worker must see the workspace and Alma's files under the same paths.")
    router, fates, faults, before = router_of(task.rules), Counter[str](), dict[str, Fault](), 0
    with FragmentWriter(task.folder, task.number) as fragments:
        for batch in batches(task.region):
            if (task.folder / STOP).exists():
                raise Stopped
            placed = router.place(batch)
            _write(fragments, batch, placed)
            here = Counter(placed.fates)
            fates += here
            if any(fate.startswith(_SET_ASIDE) for fate in here):
                _count_faults(faults, batch, placed, before)
            before += len(batch.raws)
    return ChunkResult(task.number, before, dict(fates), faults)


def _write(fragments: FragmentWriter, batch: Batch, placed: Placed) -> None:
    raws, streams = batch.raws, placed.streams
    fragments.add_rows({
        "offset": batch.offsets, "length": list(map(len, raws)), "mms": placed.mms, "lsn": placed.lsns,
        "ocn_in": placed.ocns, "library": placed.libraries,
        "status": [chr(leader[5]) if leader else None for leader in batch.leaders],
        "fate": placed.fates, "stream": streams,
        "key": [crc32(lsn.encode()) if stream is not None and lsn is not None else None
                for stream, lsn in zip(streams, placed.lsns, strict=True)],
        "sha256": [sha256(raw).digest() for raw in raws],
        "content": [sha256(content).digest() if content is not None else None for content in batch.contents()],
    })
    by_stream: dict[int, list[bytes]] = {}
    for raw, stream, fate in zip(raws, streams, placed.fates, strict=True):
        if stream is not None:
            by_stream.setdefault(stream, []).append(raw)
        elif fate.startswith(_SET_ASIDE):
            by_stream.setdefault(QUARANTINE, []).append(raw)
    for stream, together in by_stream.items():
        fragments.add_records(stream, together)


def _count_faults(faults: dict[str, Fault], batch: Batch, placed: Placed, before: int) -> None:
    for number, fate in enumerate(placed.fates):
        if fate.startswith(_SET_ASIDE):
            finding, rule = placed.findings[number], fate.removeprefix(_SET_ASIDE)
            first = faults.get(rule) or Fault(0, before + number + 1, batch.offsets[number], finding.detail if finding else "")
            faults[rule] = replace(first, records=first.records + 1)
