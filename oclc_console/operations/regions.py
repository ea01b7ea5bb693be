"""Cuts a file of binary MARC 21 into parts that can be scanned one by one, on any machine that sees the file: whoever scans
them all, in order, has scanned the file. Not for judging records (marc/source.py), nor for opening archives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from oclc_console.marc.batch import Batch, Block, TakenApart
from oclc_console.marc.record import END_OF_RECORD
from oclc_console.marc.source import Scanned, blocks, judge_block, scan_part

try:
    from oclc_console.marc.block_check import CheckedBlock
except ModuleNotFoundError:  # without numpy every record is judged by itself, slower and with the same outcome
    CheckedBlock = None  # type: ignore[assignment, misc]

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Region:
    """The bytes of a file from `start` up to `end`; both stand right behind a record's end, or at the file's."""

    path: Path
    start: int
    end: int


def regions(path: Path, size: int) -> list[Region]:
    """The file in regions of about `size` bytes, in order; what it grows by later belongs to none. A region ends behind the
    first 0x1D at or after a multiple of `size`: the scanner judges every stretch between two of them by itself, so any of
    them will do, sound record or not."""
    whole = path.stat().st_size
    cuts = [0]
    with open(path, "rb") as handle:
        while cuts[-1] + size < whole:
            cuts.append(_behind_next_end(handle, cuts[-1] + size - 1, whole))
    return [Region(path, start, end) for start, end in zip(cuts, [*cuts[1:], whole], strict=True) if end > start]


def _behind_next_end(handle: BinaryIO, at: int, whole: int) -> int:
    handle.seek(at)
    while at < whole and (block := handle.read(_BLOCK)):
        if (found := block.find(END_OF_RECORD)) >= 0:
            return min(at + found + 1, whole)
        at += len(block)
    return whole


def batches(region: Region) -> Iterator[Batch]:
    """The records of the region, sound or not, in order, some hundreds at a time: the same records as `scan_region` gives."""
    for offset, block in blocks(region.path, region.start, region.end):
        if CheckedBlock is not None and block.endswith(END_OF_RECORD):
            yield Block(CheckedBlock(block), offset)
        else:
            yield TakenApart(list(judge_block(offset, block)))


def scan_region(region: Region) -> Iterator[Scanned]:
    """Every record of the region, sound or not, in order: numbered from 1, with its offset in the file."""
    return scan_part(region.path, region.start, region.end)
