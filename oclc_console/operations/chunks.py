"""One piece of prepare's work: scan a region of a file, judge, route and hash its records, and leave the outcome as fragments
in the run's folder. The same function runs in this process, in others of this machine, or on a cluster; doing it twice does
no harm. Not for what only the whole set can tell: numbers, output files, the gate (assembly.py, prepare.py)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from oclc_console.errors import HereError
from oclc_console.marc.record import END_OF_FIELD, Record
from oclc_console.operations.fragments import QUARANTINE, FragmentRow, FragmentWriter
from oclc_console.operations.regions import Region, scan_region
from oclc_console.operations.routing import RoutingRules, router_of

CHUNK_BYTES = 8 << 20  # a quarter of a second's work
STOP = "stop"  # a file of this name in the run's folder of fragments asks everybody to stop


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
    place, number = router_of(task.rules).place, 0
    faults: dict[str, Fault] = {}
    with FragmentWriter(task.folder, task.number) as fragments:
        for number, offset, raw, record, finding in scan_region(task.region):
            fate, stream, finding, mms, lsn, ocn, library = place(record, finding)
            goes_to = stream
            if record is None or fate.startswith("quarantined"):
                goes_to = QUARANTINE
                rule, detail = fate.partition(":")[2], finding.detail if finding else ""
                first = faults.setdefault(rule, Fault(0, number, offset, detail))
                faults[rule] = Fault(first.records + 1, first.first_number, first.first_offset, first.detail)
            written = fragments.add(FragmentRow(
                offset, len(raw), mms, lsn, ocn, library, chr(record.leader[5]) if record else None, fate, stream,
                crc32(lsn.encode()) if lsn is not None and stream is not None else None, hashlib.sha256(raw).digest(),
                content_digest(record) if record else None,
            ), raw, goes_to)
            if written and (task.folder / STOP).exists():
                raise Stopped
    return ChunkResult(task.number, number, dict(fragments.fates), faults)


def content_digest(record: Record) -> bytes:
    """Of everything but 005, which changes whenever a record is merely saved again, and what follows from lengths."""
    leader, tags, fields = record
    if b"005" in tags:
        kept = [number for number, tag in enumerate(tags) if tag != b"005"]
        tags, fields = [tags[number] for number in kept], [fields[number] for number in kept]
    return hashlib.sha256(END_OF_FIELD.join((leader[5:12], leader[17:], b"".join(tags), *fields))).digest()
