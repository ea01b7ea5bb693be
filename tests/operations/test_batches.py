"""The batches of a file's regions hold, together, every record that scanning the file gives, however it is cut."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.alma.published import regions, scan_published
from oclc_console.operations.batches import Batches
from tests.core.malformed import CASES, FILES
from tests.core.samples import good

Told = list[tuple[int, bytes, bytes, str | None]]


def in_batches(path: Path, size: int) -> Told:
    """Offset, bytes, leader where it is sound, and the rule that rejected it where not."""
    return [(offset, raw, leader, finding.rule if finding and not leader else None)
            for region in regions(path, size) for batch in Batches(region, ["001"])
            for offset, raw, leader, finding in zip(batch.offsets, batch.raws, batch.leaders, batch.findings, strict=True)]


def one_by_one(path: Path) -> Told:
    return [(s.offset, s.raw, s.record.leader if s.record else b"", s.finding.rule if s.finding and not s.record else None)
            for s in scan_published(path)]


@pytest.mark.parametrize("name", [*CASES, *FILES])
def test_the_batches_of_a_damaged_file_together_are_the_file(tmp_path: Path, name: str) -> None:
    content = FILES[name][0] if name in FILES else good(1) + CASES[name].raw + good(2)
    path = tmp_path / "a.mrc"
    path.write_bytes(good(3) + content * 3)
    for size in (1, 100, len(content), 10 * len(content)):
        assert in_batches(path, size) == one_by_one(path)


PARTS = (good(1), b"\x1d", b"\r\n", b"00026", b"junk\x1d", good(2)[:-1], good(3)[9:])


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=9)), st.integers(1, 400))
def test_the_batches_of_anything_behind_a_record_together_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], size: int
) -> None:
    path = tmp_path_factory.mktemp("wild") / "a.mrc"
    path.write_bytes(b"".join([good(0), *parts]))
    assert in_batches(path, size) == one_by_one(path)


def test_a_compressed_file_comes_in_batches_too(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc.gz"
    path.write_bytes(gzip.compress(b"".join(map(good, range(2_500)))))
    assert in_batches(path, 100) == one_by_one(path)
    assert len(in_batches(path, 100)) == 2_500
