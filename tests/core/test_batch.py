"""A batch says of every record what the record says by itself, and a block checked as a whole is what its records are one by
one: source.judge is the oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.batch import Batch, Block, TakenApart, content_of, read_column, read_one
from oclc_console.marc.block_check import CheckedBlock
from oclc_console.marc.brief import FACTS
from oclc_console.marc.facts import Fact
from oclc_console.marc.identifiers import LIBRARY, MMS, lsn_steps, ocn_steps
from oclc_console.marc.query import condition_fact
from oclc_console.marc.source import blocks, judge_block
from tests.core.malformed import CASES, FILES
from tests.core.samples import good, marc

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
TAGS = ("001", "005", "008", "245", "852", "1XX", "6XX", "X45", "9X9", "XXX", "79X", "035")


def checked(block: bytes) -> Block:
    return Block(CheckedBlock(block), 1000)


def said(batch: Batch) -> dict[str, Any]:
    """Everything a batch can be asked; the order of records in a column does not matter, the order in a record does."""
    fatal = [finding if finding and finding.fatal else None for finding in batch.findings]
    columns = {tag: sorted(zip(*batch.fields(tag), strict=True), key=lambda pair: pair[0]) for tag in TAGS}
    return {"offsets": list(batch.offsets), "raws": list(batch.raws), "findings": fatal, "leaders": list(batch.leaders),
            "columns": columns, "contents": list(batch.contents())}


def assert_same(block: bytes) -> None:
    assert said(checked(block)) == said(TakenApart(list(judge_block(1000, block))))


@pytest.mark.parametrize("name", [*CASES, *FILES])
def test_a_block_with_a_damaged_record_is_what_its_records_are_one_by_one(name: str) -> None:
    content = FILES[name][0] if name in FILES else good(1) + CASES[name].raw + good(2)
    assert_same(content + b"\x1d" if not content.endswith(b"\x1d") else content)


fields = st.lists(st.tuples(
    st.sampled_from(["001", "005", "008", "035", "245", "650", "852", "00A", "9!9"]),
    st.sampled_from([b"  \x1fa", b"10\x1fb", b"", b"1", b"12", b"\xc3\xa91\x1fa", b"991"]) | st.binary(max_size=4),
), min_size=1, max_size=6)
LEADERS = (b"00000nam a2200000 a 4500", b"00000nam  2200000 a 4500", b"00000n\xc3m a2200000 a 4500")
records = st.builds(lambda pairs, leader: marc([(tag, field + "é".encode()) for tag, field in pairs], leader=leader), fields,
                    st.sampled_from(LEADERS)) | st.integers(0, 9).map(good)


@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_a_block_with_any_bytes_changed_is_what_its_records_are_one_by_one(raws: list[bytes], data: st.DataObject) -> None:
    block = bytearray(b"".join(raws))
    for _ in range(data.draw(st.integers(0, 3))):
        block[data.draw(st.integers(0, len(block) - 2))] = data.draw(st.integers(0, 255) | st.sampled_from(b"\x1d\x1e\x1f0"))
    assert_same(bytes(block))


@given(st.binary(max_size=60))
def test_a_block_of_anything_at_all_is_judged_without_an_error(junk: bytes) -> None:
    assert_same(junk + b"\x1d")


REAL = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix in (".mrc", ".dat", ".marc"))


@pytest.mark.skipif(not REAL, reason="the real MARC files are not on this machine")
def test_the_blocks_of_every_real_file_are_what_their_records_are_one_by_one() -> None:
    for path in REAL:
        with open(path, "rb") as handle:
            for _, block in blocks(handle, path.name):
                if block.endswith(b"\x1d"):
                    assert_same(block)


CONDITIONS = ["245", "9XX", "245$a", "245$a = Title", "852$b ~ ^M", "008/35-37 = eng", "LDR/06 = a", "LDR/06-07 = am",
              "LDR/06-08 = am#", "LDR/23 = 0", "LDR/23-24 = 0#", "LDR/30 = a", "6XX$a"]


@pytest.mark.parametrize("fact", [*map(condition_fact, CONDITIONS), *FACTS.values()], ids=[*CONDITIONS, *FACTS])
def test_a_fact_of_a_batch_is_a_fact_of_each_of_its_records(fact: Fact) -> None:
    for some in (EXAMPLES, [found for found in EXAMPLES if found.record]):
        expected = [bool(found.record and fact.of(found.record)) for found in some]
        assert fact.among(TakenApart(some)).tolist() == expected
        assert fact.among(checked(b"".join(found.raw for found in some))).tolist() == expected


def test_ids_of_a_batch_are_those_of_each_of_its_records() -> None:
    batch = TakenApart(EXAMPLES)
    for steps in (MMS, LIBRARY, lsn_steps(["852$8", "001"]), ocn_steps(["079$a", "035$a"])):
        expected = [read_one(steps, found.record) if found.record else None for found in EXAMPLES]
        assert read_column(steps, batch) == expected
        assert len(set(expected)) > 1


def test_content_changes_with_every_field_but_005() -> None:
    (one,) = judge_block(0, marc([("001", b"991"), ("005", b"20200101"), ("245", b"10\x1faTitle")]))
    (saved,) = judge_block(0, marc([("001", b"991"), ("005", b"20260101"), ("245", b"10\x1faTitle")]))
    (other,) = judge_block(0, marc([("001", b"991"), ("005", b"20200101"), ("246", b"10\x1faTitle")]))
    assert one.record and saved.record and other.record
    assert content_of(one.record) == content_of(saved.record) != content_of(other.record)


EXAMPLES = [found for raw in (
    marc([("001", b"991"), ("008", b"200101s2020    mau           000 0 eng d"), ("245", b"10\x1faTitle"),
          ("650", b" 0\x1faRivers"), ("852", b"0 \x1fbMED\x1f8221"), ("079", b"  \x1fa123")]),
    marc([("001", b" 992 "), ("035", b"  \x1fa(XX)5"), ("035", b"  \x1fA(OCoLC)4\x1fa(OCoLC)ocm00012"), ("245", b"10\x1fb "),
          ("852", b"0 \x1fc1"), ("852", b"0 \x1fbLAW\x1f8 \x1f8 229 ")]),
    marc([("040", b"  \x1faX\x1fbger"), ("100", b"1 \x1faName"), ("300", b"  \x1ff3"), ("990", b"  \x1fa")],
         leader=b"00000nps a2200000 a 4500"),
    good(1)[:-2] + b"\x1d",
) for found in judge_block(0, raw)]
