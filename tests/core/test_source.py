"""The byte scanner: a bad record is named and stays one bad record, good ones are never lost, and pymarc agrees about
every record that both accept."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import InputError
from oclc_console.marc.record import take_apart
from oclc_console.marc.source import Scanned, judge, scan, sniff
from tests.core.malformed import CASES, FILES, G1, G2, NOT_MARC, R
from tests.core.samples import good, marc

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real MARC files are not on this machine")


def scanned(folder: Path, content: bytes) -> list[Scanned]:
    path = folder / "a.mrc"
    path.write_bytes(content)
    return list(scan(path))


def told(found: list[Scanned]) -> list[str]:
    """Per stretch: the number in 001 of a kept record, or the rule that rejected it."""
    return [(s.record.first(b"001") or b"").decode() if s.record else s.finding.rule if s.finding else "" for s in found]


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_record_between_good_ones_is_judged_as_the_table_says(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    found = scanned(tmp_path, G1 + case.raw + G2)
    assert told(found)[0] == "good-001" and told(found)[-1] == "good-002"
    between = found[1:-1]
    assert b"".join(stretch.raw for stretch in between) == case.raw
    if case.rejected:
        assert [s.finding.rule for s in between if s.finding] == list(case.rejected)
        assert all(s.record is None and s.finding is not None and s.finding.fatal for s in between)
    else:
        assert [s.record is not None for s in between] == [True]
        assert (between[0].finding.rule if between[0].finding else None) == case.warning
        assert not (between[0].finding and between[0].finding.fatal)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_gives_up_every_good_record_in_it(tmp_path: Path, name: str) -> None:
    content, expected = FILES[name]
    assert told(scanned(tmp_path, content)) == expected


@pytest.mark.parametrize("name", FILES)
def test_every_stretch_says_truly_where_in_the_file_it_stands(tmp_path: Path, name: str) -> None:
    content, _ = FILES[name]
    found = scanned(tmp_path, content)
    assert [s.number for s in found] == list(range(1, len(found) + 1))
    for stretch in found:
        assert content[stretch.offset : stretch.offset + len(stretch.raw)] == stretch.raw
    ends = [s.offset + len(s.raw) for s in found]
    between = [content[end:s.offset] for end, s in zip([0, *ends[:-1]], found, strict=True)]
    assert b"".join(between).strip(b"\r\n\0\x1a \xef\xbb\xbf") == b""


@pytest.mark.parametrize("name", NOT_MARC)
def test_a_file_that_is_not_marc_is_refused_in_one_sentence_with_what_to_do(tmp_path: Path, name: str) -> None:
    content, words = NOT_MARC[name]
    with pytest.raises(InputError) as raised:
        scanned(tmp_path, content)
    assert words in str(raised.value) and "a.mrc" in raised.value.where and "Alma" in raised.value.then


def test_compressed_files_are_named_as_such_even_with_marc_inside(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as stored:
        stored.writestr("a.mrc", G1 + R + G2)
    for content, words in ((gzip.compress(G1 + R), "gzip-compressed"), (archive.getvalue(), "a zip archive")):
        with pytest.raises(InputError, match=words):
            scanned(tmp_path, content)


def test_what_a_file_holds_is_told_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "records.xml"
    path.write_bytes(b"\n" + G1)
    assert sniff(path) == "marc"


def test_records_that_straddle_the_blocks_the_file_is_read_in_come_whole(tmp_path: Path) -> None:
    size = len(good(0))
    count = (5 << 20) // 2 // size
    found = scanned(tmp_path, b"".join(good(n % 1000) for n in range(count)))
    assert len(found) == count
    assert all(s.record is not None and len(s.raw) == size and s.offset == n * size for n, s in enumerate(found))


def test_a_record_that_ends_exactly_at_a_block_is_neither_lost_nor_doubled(tmp_path: Path) -> None:
    padding = (1 << 20) % len(good(0))
    first = marc([("001", b"x" * (padding + len(good(0)) - 37 - 2))])
    count = ((1 << 20) - len(first)) // len(good(0))
    content = first + b"".join(good(n % 1000) for n in range(count))
    assert len(content) == 1 << 20
    assert len(scanned(tmp_path, content + G1)) == count + 2


@pytest.mark.slow
def test_a_file_in_which_nothing_ends_is_refused_before_memory_runs_out(tmp_path: Path) -> None:
    path = tmp_path / "a.mrc"
    with open(path, "wb") as handle:
        handle.write(G1)
        handle.seek(70 << 20)  # a hole in the file: it takes no disk
        handle.write(b"x")
    with pytest.raises(InputError, match="no record ends within"):
        list(scan(path))


def test_a_record_over_the_limit_says_how_long_it_is(tmp_path: Path) -> None:
    found = scanned(tmp_path, CASES["record-over-99999-leader-99999"].raw)
    assert found[0].finding is not None and "MARC 21 allows 99,999" in found[0].finding.detail


def theirs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """The record's fields as pymarc has them. MARC-8 is given as Latin-1, so that bytes are compared and not pymarc's
    conversion."""
    utf8 = raw[9:10] == b"a"
    record = pymarc.Record(data=raw, to_unicode=utf8, force_utf8=utf8, utf8_handling="strict")
    fields = []
    for field in record.fields:
        if utf8:
            fields.append((field.tag.encode(), field.as_marc("utf-8")[:-1]))
        elif isinstance(field, pymarc.RawField) and field.subfields:
            values: list[tuple[str, Any]] = [(part.code, part.value) for part in field.subfields]  # bytes, in a RawField
            parts = b"".join(b"\x1f" + code.encode("latin-1") + value for code, value in values)
            fields.append((field.tag.encode(), "".join(field.indicators or ()).encode() + parts))
        else:
            data = field.data
            fields.append((field.tag.encode(), data if isinstance(data, bytes) else (data or "").encode("latin-1")))
    return fields


def without_empty_subfields(field: bytes) -> bytes:
    """A field as pymarc keeps it: it drops a subfield without even a code."""
    head, *parts = field.split(b"\x1f")
    return b"\x1f".join([head, *(part for part in parts if part)])


def pymarc_can(raw: bytes) -> bool:
    try:
        theirs(raw)
    except (pymarc.exceptions.PymarcException, UnicodeError, ValueError, KeyError, IndexError):
        return False
    return True


def compared(stretch: Scanned) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    assert stretch.record is not None
    ours = [(tag, without_empty_subfields(field) if tag >= b"010" else field)
            for tag, field in zip(stretch.record.tags, stretch.record.fields, strict=True)]
    return ours, theirs(stretch.raw)


REAL_FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.suffix in (".mrc", ".dat", ".marc"))


@real
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: path.name)
def test_pymarc_agrees_field_by_field_about_every_real_record_both_accept(path: Path) -> None:
    accepted, equal = 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for stretch in scan(path):
            odd = stretch.finding is not None and stretch.finding.rule == "subfield-code"
            if stretch.record is not None and not odd and pymarc_can(stretch.raw):
                accepted += 1
                ours, pymarcs = compared(stretch)
                equal += ours == pymarcs
    assert equal == accepted


@real
def test_every_record_of_the_real_catalogues_is_accepted(tmp_path: Path) -> None:
    for name, count in (("uva_001_2000.mrc", 2000), ("specTestRecs.mrc", 76)):
        found = list(scan(DATA / "volume" / name))
        assert len(found) == count
        assert b"".join(s.raw for s in found) == (DATA / "volume" / name).read_bytes()


words = st.text(st.characters(codec="utf-8", exclude_characters="\x1d\x1e\x1f"), max_size=30).map(str.encode)
codes = st.from_regex(rb"[a-z0-9]", fullmatch=True)
data_field = st.tuples(
    st.from_regex(rb"[1-9][0-9][0-9]", fullmatch=True).map(bytes.decode),
    st.lists(st.tuples(codes, words), min_size=1, max_size=3).map(
        lambda parts: b"1 " + b"".join(b"\x1f" + code + value for code, value in parts)),
)
records = st.lists(data_field, min_size=1, max_size=6).map(lambda fields: marc([("001", b"991"), *fields]))


@given(records)
def test_pymarc_agrees_field_by_field_about_any_record_that_is_sound(raw: bytes) -> None:
    stretch = judge(1, 0, raw)
    ours, pymarcs = compared(stretch)
    assert ours == pymarcs
    again = take_apart(raw)
    assert stretch.record is not None
    assert (list(again.tags), list(again.fields)) == (list(stretch.record.tags), list(stretch.record.fields))


@given(records, st.data())
def test_a_record_with_a_byte_changed_is_rejected_or_read_as_pymarc_reads_it(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 2))
    changed = raw[:at] + bytes([data.draw(st.integers(0, 255).filter(lambda b: b != 0x1D))]) + raw[at + 1 :]
    stretch = judge(1, 0, changed)
    odd = stretch.finding is not None and stretch.finding.rule == "subfield-code"
    if stretch.record is not None and not odd and pymarc_can(changed):
        ours, pymarcs = compared(stretch)
        assert ours == pymarcs


@given(st.lists(records | st.binary(max_size=80).map(lambda junk: junk.replace(b"\x1d", b"") + b"\x1d"), max_size=6))
def test_whatever_stands_around_it_a_good_record_is_never_lost(
    tmp_path_factory: pytest.TempPathFactory, around: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("wild") / "a.mrc"
    path.write_bytes(G1 + b"".join(around) + G2)
    kept = told(list(scan(path)))
    assert kept[0] == "good-001" and kept[-1] == "good-002"
    assert kept.count("991") == sum(raw.startswith(b"0") and judge(1, 0, raw).record is not None for raw in around)
