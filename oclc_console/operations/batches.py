"""The records of a region of a published file as batches, some hundreds at a time. Plain binary MARC is checked in whole
blocks, everything else comes record by record with the same outcome. A `_delete` file's records come completed from the ledger
(alma/deletes.py). Not for finding regions, nor for opening archives (alma/published.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from oclc_console.alma.deletes import completed, wanted_mms
from oclc_console.alma.members import FileStream, is_tar
from oclc_console.alma.published import Region, Skipped, scan_region
from oclc_console.errors import InputError
from oclc_console.marc.batch import Batch, Block, TakenApart
from oclc_console.marc.block_check import CheckedBlock
from oclc_console.marc.record import END_OF_RECORD
from oclc_console.marc.source import HEAD, blocks, judge_block, sniff_head
from oclc_console.store.ledger import holdings_by_mms

RECORDS_IN_MEMORY = 1_000


class Batches(Iterator[Batch]):
    """The records of the region, sound or not, in order: the same records that `scan_region` gives, but that each holding a
    deleted record had is one. `ledgers` is None for a file that is no `_delete` file. While it goes: `records` counts those of
    the region, `taken` the bytes of a file that is read whole, `skipped` lists what held nothing."""

    def __init__(self, region: Region, lsn_places: Sequence[str], ledgers: Sequence[Path] | None = None) -> None:
        self.records, self.taken = 0, 0
        self.skipped: list[Skipped] = []
        self._region, self._lsn_places, self._ledgers = region, lsn_places, ledgers
        self._batches = self._walk()

    def __next__(self) -> Batch:
        return next(self._batches)

    def _walk(self) -> Iterator[Batch]:
        region = self._region
        with open(region.path, "rb", buffering=0) as handle:
            head = handle.read(HEAD)
            if self._ledgers is None and sniff_head(head) == "marc" and not is_tar(head):
                for offset, block in blocks(FileStream(handle, region.start, region.end), str(region.path), region.start):
                    batch = _batch(offset, block, self.records)
                    self.records += len(batch.raws)
                    self.taken = offset + len(block)
                    yield batch
                if not self.records:
                    raise InputError("the file holds no records", where=str(region.path),
                                     then="Publish again in Alma, then try again.")
                return
        yield from self._one_by_one()

    def _one_by_one(self) -> Iterator[Batch]:
        scan = scan_region(self._region)
        while some := list(islice(scan, RECORDS_IN_MEMORY)):
            self.records = some[-1].number
            self.taken = scan.taken
            if self._ledgers is not None:
                known = holdings_by_mms(self._ledgers, wanted_mms(some))
                some = list(completed(some, known, self._lsn_places))
            yield TakenApart(some)
        self.skipped = scan.skipped


def _batch(offset: int, block: bytes, before: int) -> Batch:
    if block.endswith(END_OF_RECORD):
        return Block(CheckedBlock(block), offset, before)
    return TakenApart(list(judge_block(offset, block, before)))
