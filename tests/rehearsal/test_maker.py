from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pymarc
import pytest

from oclc_console.marc.record import Record, subfields, take_apart
from oclc_console.marc.source import judge, scan
from oclc_console.rehearsal.faults import KINDS
from oclc_console.rehearsal.maker import ONE_NOT_MARC_IN, MadeRecord, make_set, write_files

Made = list[MadeRecord]


def sound(made: Made) -> list[tuple[MadeRecord, Record]]:
    judged = ((record, judge(1, 0, record.raw).record) for record in made)
    return [(record, read) for record, read in judged if read is not None and b"001" in read.tags]


def values(record: Record, tag: bytes, code: bytes) -> list[bytes]:
    return [value for field in record.all(tag) for value in subfields(field, code)]


def test_the_same_seed_makes_the_same_bytes_and_another_one_others() -> None:
    def make(seed: int, symbol: str = "ZMD") -> list[MadeRecord]:
        return list(make_set(symbol=symbol, libraries=["MED"], suffix="9999", records=60, seed=seed))

    assert make(1) == make(1)
    assert [r.raw for r in make(1)] != [r.raw for r in make(2)]
    assert not {r.lsn for r in make(1)} & {r.lsn for r in make(1, "ZUL")}


def test_pymarc_reads_every_record_that_is_not_broken_as_such_and_writes_the_same_bytes(made: Made) -> None:
    for record, _ in sound(made):
        assert pymarc.Record(data=record.raw, to_unicode=True).as_marc() == record.raw


def test_ids_are_almas_and_holdings_ids_are_never_repeated(made: Made) -> None:
    assert all(r.lsn.startswith("22") and r.lsn.endswith("9999") and len(r.lsn) == 18 for r in made)
    assert all(r.mms.startswith("99") and r.mms.endswith("9999") and 16 <= len(r.mms) <= 18 for r in made)
    assert len({r.lsn for r in made}) == len(made)
    for record, read in sound(made):
        assert read.first(b"001") == record.mms.encode()
        assert values(read, b"852", b"8") == [record.lsn.encode()]
        assert values(read, b"852", b"b")[0] in (b"MED", b"SCI")


def test_a_bib_is_repeated_for_each_of_its_holdings(made: Made) -> None:
    copies = Counter(record.mms for record in made)
    assert 1.1 < len(made) / len(copies) < 1.35
    assert max(copies.values()) >= 3


def test_a_few_hundred_records_hold_each_of_the_five_groups(made: Made) -> None:
    groups: Counter[str] = Counter()
    for _, record in sound(made[:400]):
        standard = set(values(record, b"040", b"e")) & {b"amim", b"appm", b"dacs", b"dcrmg", b"dcrmm", b"dcrmmss"}
        archival = record.leader[8:9] == b"a" or record.leader[6:7] in b"tdf" or standard
        if b"843" in record.tags:
            groups["reproduction"] += 1
        elif archival:
            groups["archival"] += 1
        elif b"079" in record.tags:
            groups["trusted"] += 1
        else:
            groups["vernacular" if b"880" in record.tags else "plain"] += 1
    assert len(groups) == 5
    assert min(groups.values()) >= 25


def test_fixed_fields_have_forty_characters_and_every_880_is_linked_both_ways(made: Made) -> None:
    linked = 0
    for made_record, record in sound(made):
        assert len(record.first(b"008") or b"") == 40
        if b"245" not in record.tags or (made_record.label and made_record.label.kind in ("linking", "sparse")):
            continue
        there = {(tag, v[4:6]) for tag, f in zip(record.tags, record.fields, strict=True)
                 for v in subfields(f, b"6") if tag != b"880"}
        back = {(value[:3], value[4:6]) for value in values(record, b"880", b"6")}
        assert there == back, record
        linked += bool(back)
    assert linked > 50


def test_numbers_come_in_every_spelling_and_some_records_have_none(made: Made) -> None:
    numbers = [value.decode() for _, record in sound(made) for value in values(record, b"035", b"a")]
    for start in ("(OCoLC)ocm", "(OCoLC)ocn", "(OCoLC)on", "(OCoLC) ", "(OCoLC)1", "(EXLCZ)", "(OCoLC)0"):
        assert any(number.startswith(start) for number in numbers), start
    assert any(values(record, b"035", b"z") for _, record in sound(made))
    without = [r for _, r in sound(made) if not any(v.startswith(b"(OCoLC)") for v in values(r, b"035", b"a"))]
    assert 0.1 < len(without) / len(made) < 0.4


def test_awkward_titles_scripts_and_long_records_are_there() -> None:
    made = list(make_set(symbol="ZUL", libraries=["NET"], suffix="9999", records=3000, seed=3))
    titles = {values(record, b"245", b"a")[0].decode() for _, record in sound(made) if values(record, b"245", b"a")}
    for title in ("[Letters] :", "[/red] and other stories :", "=1+1 : a spreadsheet history :", "[bold] :"):
        assert title in titles
    everything = b"".join(record.raw for record in made).decode(errors="replace")
    for letters in ("红楼梦", "Реки", "סיפורי", "أنهار", "한국"):
        assert letters in everything
    assert any(60_000 < len(record.raw) < 90_000 for record in made)
    for word in ("NO-WORLDCAT", "[Electronic reproduction]", "Photocopy.", "Microform.", "Thesis (", "\x1fbger"):
        assert word in everything


def test_about_one_record_in_25_is_broken_and_500_hold_every_kind(made: Made) -> None:
    labels = [record.label for record in made if record.label]
    assert 0.025 < len(labels) / len(made) < 0.08
    assert {label.kind for label in labels if label} == set(KINDS)
    first = {record.label.kind for record in made[:600] if record.label}
    assert len(first) >= len(KINDS) - 1


def test_very_few_records_are_no_marc_and_the_rest_of_the_file_is_not_lost(made: Made, tmp_path: Path) -> None:
    path = write_files(tmp_path, made, prefix="p", job="9", records_per_file=5000)[0]
    found = list(scan(path))
    assert [f.raw for f in found] == [record.raw for record in made]
    bad = [f for f in found if f.record is None or b"001" not in f.record.tags]
    assert len(bad) == -(-len(made) // ONE_NOT_MARC_IN)
    assert len({f.finding.rule if f.finding else "no-001" for f in bad}) >= 2


def test_a_label_holds_for_the_record_it_was_made_for(made: Made) -> None:
    for record in made:
        if record.label:
            read = take_apart(record.raw)
            assert record.label.lsn == record.lsn
            assert record.label.holds(read.leader, zip(read.tags, read.fields, strict=True))


@pytest.mark.parametrize(("count", "per_file", "names"), [
    (5, 10, ["1000031.zmd_12349999_new.mrc"]),
    (10, 10, ["1000031.zmd_12349999_new.mrc"]),
    (11, 5, ["1000031.zmd_12349999_new.mrc_1", "1000031.zmd_12349999_new.mrc_2", "1000031.zmd_12349999_new.mrc_3"]),
    (0, 5, ["1000031.zmd_12349999_new.mrc"]),
])
def test_files_are_named_as_alma_names_them(tmp_path: Path, made: Made, count: int, per_file: int, names: list[str]) -> None:
    records = itertools.islice(made, count)
    paths = write_files(tmp_path, records, prefix="1000031.zmd", job="12349999", records_per_file=per_file)
    assert [path.name for path in paths] == names == sorted(path.name for path in tmp_path.iterdir())
    assert b"".join(path.read_bytes() for path in paths) == b"".join(record.raw for record in made[:count])
