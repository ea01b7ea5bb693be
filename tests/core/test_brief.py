"""Alma's brief levels 01 to 03 (Harvard Library, "Alma Brief Record Levels"), which @brief keeps out of WorldCat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.batch import Block, TakenApart
from oclc_console.marc.block_check import CheckedBlock
from oclc_console.marc.brief import BRIEF, brief_level, is_brief
from oclc_console.marc.source import judge_block
from tests.core.samples import Fields, marc, record

FULL: dict[str, bytes] = {
    "001": b"99123", "008": b"200101s2020    mau           000 0 eng d", "100": b"1 \x1faSomebody.",
    "245": b"10\x1faTitle.", "260": b"  \x1faBoston", "300": b"  \x1fa3 p.",
}
BOOK, MANUSCRIPT, COLLECTION, SERIAL = (
    b"00000nam a2200000 a 4500", b"00000ntm a2200000 a 4500", b"00000nac a2200000 a 4500", b"00000nas a2200000 a 4500")


def level(leader: bytes = BOOK, **changed: bytes | None) -> str | None:
    fields = {**FULL, **{tag.lstrip("f"): value for tag, value in changed.items()}}
    kept: Fields = [(tag, value) for tag, value in fields.items() if value is not None]
    return brief_level(record(kept, leader))


def test_a_full_record_has_no_brief_level() -> None:
    assert level() is None and not is_brief(record(list(FULL.items())))


def test_level_01_lacks_a_title() -> None:
    assert level(f245=None) == "01"
    assert level(f245=b"10\x1fcsomebody") == "01"
    assert level(f245=b"10\x1fa ") == "01"
    assert level(f245=b"10\x1fkRecords") is None


@pytest.mark.parametrize(("first", "last"), [(7, 11), (15, 18), (35, 38)])
def test_level_02_lacks_date_place_or_language_in_008(first: int, last: int) -> None:
    fixed = FULL["008"]
    assert level(f008=fixed[:first] + b" " * (last - first) + fixed[last:]) == "02"


def test_level_02_has_no_008_at_all() -> None:
    assert level(f008=None) == "02"


def test_level_02_lacks_a_place_of_publication_unless_it_is_a_manuscript_or_a_collection() -> None:
    assert level(f260=None) == "02"
    assert level(f260=None, f264=b" 1\x1faBoston") is None
    assert level(MANUSCRIPT, f260=None) is None
    assert level(COLLECTION, f260=None) is None
    assert level(SERIAL, f260=None) == "02"


def test_level_02_lacks_an_extent() -> None:
    assert level(f300=None) == "02"
    assert level(f300=b"  \x1fc30 cm") == "02"
    assert level(f300=b"  \x1ffboxes") is None


def test_level_02_lacks_names_and_subjects_unless_it_is_a_serial() -> None:
    assert level(f100=None) == "02"
    assert level(f100=None, f650=b" 0\x1faTrees.") is None
    assert level(f100=None, f710=b"2 \x1faSociety.") is None
    assert level(SERIAL, f100=None) is None


def test_an_oclc_number_overrides_level_02_unless_there_is_a_011() -> None:
    assert level(f300=None, f035=b"  \x1fa(OCoLC)ocm00012345") is None
    assert level(f300=None, f035=b"  \x1fa(DLC)12345") == "02"
    assert level(f300=None, f035=b"  \x1fa12345") == "02"
    assert level(f300=None, f035=b"  \x1fa(OCoLC)12345", f011=b"  \x1fa1") == "02"


def test_an_oclc_number_does_not_override_a_missing_title_or_another_language() -> None:
    assert level(f245=None, f035=b"  \x1fa(OCoLC)1") == "01"
    assert level(f040=b"  \x1fbger", f035=b"  \x1fa(OCoLC)1") == "03"


def test_level_03_is_catalogued_in_another_language_than_english() -> None:
    assert level(f040=b"  \x1faDE\x1fbger") == "03"
    assert level(f040=b"  \x1faDLC\x1fbENG") is None
    assert level(f040=b"  \x1faDLC") is None


VARIANTS: dict[str, list[bytes | None]] = {
    "008": [FULL["008"], None, FULL["008"][:7] + b"    " + FULL["008"][11:], FULL["008"][:7] + b"   0" + FULL["008"][11:]],
    "011": [None, b"1"], "035": [None, b"  \x1fa(OCoLC)123", b"  \x1fa(XX)123"], "040": [None, b"  \x1fbger", b"  \x1fbeng"],
    "100": [None, b"1 \x1faSomebody", b"1 \x1f6880-01\x1faSomebody", b"1 \x1fa "],
    "245": [b"10\x1faTitle", b"10\x1fc?", None],
    "264": [None, b" 1\x1faBoston", b" 1\x1fbPublisher"], "300": [b"  \x1fa3 p.", b"  \x1fc30 cm"],
    "650": [None, b" 0\x1faRivers"],
}


def some_record(leader: bytes, fields: dict[str, bytes | None]) -> bytes:
    return marc([*((tag, field) for tag, field in fields.items() if field is not None), ("999", b"  \x1fa1")], leader=leader)


wild = st.builds(some_record, st.sampled_from([BOOK, MANUSCRIPT, COLLECTION, SERIAL]),
                 st.fixed_dictionaries({tag: st.sampled_from(fields) for tag, fields in VARIANTS.items()}))


@given(st.lists(wild, min_size=1, max_size=8))
def test_the_brief_records_of_a_batch_are_those_that_are_brief_by_themselves(raws: list[bytes]) -> None:
    block = b"".join(raws)
    records = list(judge_block(0, block))
    expected = [number for number, found in enumerate(records) if found.record and is_brief(found.record)]
    for batch in (TakenApart(records), Block(CheckedBlock(block), 0)):
        assert np.flatnonzero(BRIEF.among(batch)).tolist() == expected
