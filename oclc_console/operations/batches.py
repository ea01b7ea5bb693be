"""The records of a region of a published file as batches, some hundreds at a time. Plain binary MARC is checked in whole blocks
where numpy is installed; everything else, and everywhere else, comes record by record with the same outcome. Not for finding
regions, nor for opening archives (alma/published.py)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from oclc_console.alma.members import FileStream, is_tar
from oclc_console.alma.published import Region, scan_region
from oclc_console.marc.batch import Batch, Block, TakenApart
from oclc_console.marc.record import END_OF_RECORD
from oclc_console.marc.source import HEAD, blocks, judge_block, sniff_head

try:
    from oclc_console.marc.block_check import CheckedBlock
except ModuleNotFoundError:  # without numpy
    CheckedBlock = None  # type: ignore[assignment, misc]

RECORDS_IN_MEMORY = 1_000


def batches(region: Region) -> Iterator[Batch]:
    """The records of the region, sound or not, in order: the same records that `scan_region` gives."""
    with open(region.path, "rb", buffering=0) as handle:
        head = handle.read(HEAD)
        if sniff_head(head) == "marc" and not is_tar(head):
            for offset, block in blocks(FileStream(handle, region.start, region.end), str(region.path), region.start):
                yield _batch(offset, block)
            return
    records = scan_region(region)
    while some := list(islice(records, RECORDS_IN_MEMORY)):
        yield TakenApart(some)


def _batch(offset: int, block: bytes) -> Batch:
    if CheckedBlock is not None and block.endswith(END_OF_RECORD):
        return Block(CheckedBlock(block), offset)
    return TakenApart(list(judge_block(offset, block)))
