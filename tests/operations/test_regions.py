"""A file cut into regions is scanned as the whole file is, record by record, however it is cut and whatever it holds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.source import Scanned, scan, scan_part
from oclc_console.operations.regions import regions, scan_region
from tests.core.malformed import CASES, FILES
from tests.core.samples import good


def in_regions(path: Path, size: int) -> list[Scanned]:
    found = [scanned for region in regions(path, size) for scanned in scan_region(region)]
    return [scanned._replace(number=number) for number, scanned in enumerate(found, 1)]


@pytest.mark.parametrize("name", [*CASES, *FILES])
def test_the_regions_of_a_damaged_file_together_are_the_file(tmp_path: Path, name: str) -> None:
    content = FILES[name][0] if name in FILES else good(1) + CASES[name].raw + good(2)
    path = tmp_path / "a.mrc"
    path.write_bytes(content * 3)
    whole = list(scan(path))
    for size in (1, 7, 100, len(content) - 1, len(content), 10 * len(content)):
        assert in_regions(path, size) == whole


PARTS = (good(1), b"\x1d", b"\r\n", b"00026", b"junk\x1d", good(2)[:-1], good(3)[9:])


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=9)), st.integers(1, 400))
def test_the_regions_of_anything_at_all_together_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], size: int
) -> None:
    path = tmp_path_factory.mktemp("wild") / "a.mrc"
    path.write_bytes(b"".join(parts))
    assert in_regions(path, size) == list(scan_part(path))


def test_regions_end_right_behind_a_record_and_leave_nothing_out(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    path.write_bytes(b"".join(map(good, range(100))))
    cut = regions(path, 10 * len(good(0)))
    assert len(cut) == 10 and cut[0].start == 0 and cut[-1].end == path.stat().st_size
    assert all(one.end == other.start for one, other in pairwise(cut))
    assert all(path.read_bytes()[region.end - 1] == 0x1D for region in cut)


def test_what_a_growing_file_gains_after_it_was_cut_belongs_to_no_region(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    path.write_bytes(good(1) + good(2))
    cut = regions(path, 1 << 20)
    path.write_bytes(good(1) + good(2) + good(3))
    assert [len(list(scan_region(region))) for region in cut] == [2]
