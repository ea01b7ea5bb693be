"""One record: what is written is read again, by us and by pymarc, and what ISO 2709 has no room for is refused."""

from __future__ import annotations

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.record import (
    LONGEST_FIELD,
    CannotExpress,
    Record,
    has_oclc_prefix,
    put_together,
    read_ocn,
    subfields,
    take_apart,
    text_of,
)
from tests.core.samples import TITLE, marc

LEADER = b"00000nam a2200000 a 4500"
words = st.text(st.characters(codec="utf-8", exclude_characters="\x1d\x1e\x1f"), max_size=40).map(str.encode)
control_fields = st.tuples(st.from_regex(rb"00[1-9]", fullmatch=True), words)
data_fields = st.tuples(
    st.from_regex(rb"[1-9][0-9][0-9]", fullmatch=True),
    st.tuples(st.from_regex(rb"[ 0-9]{2}", fullmatch=True),
              st.lists(st.tuples(st.from_regex(rb"[a-z0-9]", fullmatch=True), words), min_size=1, max_size=4),
              ).map(lambda parts: parts[0] + b"".join(b"\x1f" + code + value for code, value in parts[1])),
)
many_fields = st.lists(control_fields | data_fields, min_size=1, max_size=12)


@given(many_fields)
def test_what_is_put_together_is_taken_apart_again(fields: list[tuple[bytes, bytes]]) -> None:
    raw = put_together(LEADER, fields)
    again = take_apart(raw)
    assert list(zip(again.tags, again.fields, strict=True)) == fields
    assert int(raw[:5]) == len(raw) and raw.endswith(b"\x1e\x1d")
    assert again.leader[5:12] + again.leader[17:] == LEADER[5:12] + LEADER[17:]
    assert put_together(again.leader, fields) == raw


@given(many_fields)
def test_pymarc_reads_the_same_fields_from_what_we_write(fields: list[tuple[bytes, bytes]]) -> None:
    theirs = pymarc.Record(data=put_together(LEADER, fields), to_unicode=True, force_utf8=True)
    assert [(f.tag.encode(), f.as_marc("utf-8")[:-1]) for f in theirs.fields] == [
        (tag, field) for tag, field in fields]


def test_a_record_written_by_hand_is_the_record_put_together() -> None:
    assert put_together(LEADER, [(tag.encode(), field) for tag, field in TITLE]) == marc(TITLE)


def test_a_field_of_9999_bytes_is_written_and_a_longer_one_refused() -> None:
    fits = b"  \x1fa" + b"x" * (LONGEST_FIELD - 5)
    assert take_apart(put_together(LEADER, [(b"520", fits)])).fields == [fits]
    with pytest.raises(CannotExpress, match="its longest field 10,000"):
        put_together(LEADER, [(b"520", fits + b"x")])


def test_a_record_of_99999_bytes_is_written_and_a_longer_one_refused() -> None:
    fields = [(b"520", b"  \x1fa" + b"x" * 9_000)] * 11
    room = 99_999 - len(put_together(LEADER, fields)) - 12 - 1
    whole = put_together(LEADER, [*fields, (b"500", b"y" * room)])
    assert len(whole) == 99_999 and whole[:5] == b"99999"
    with pytest.raises(CannotExpress, match="the record would have 100,000 bytes"):
        put_together(LEADER, [*fields, (b"500", b"y" * (room + 1))])


@pytest.mark.parametrize("raw", [
    b"", b"00000nam a22", LEADER, marc(TITLE)[:30], marc(TITLE).replace(b"00049", b"0x049"),
    marc(TITLE)[:12] + b"99999" + marc(TITLE)[17:], marc(TITLE)[:12] + b"-0001" + marc(TITLE)[17:],
])
def test_a_directory_that_cannot_be_followed_raises_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        take_apart(raw)


def test_a_records_fields_are_found_by_tag() -> None:
    record = Record(LEADER, [b"035", b"245", b"035"], [b"one", b"two", b"three"])
    assert record.all(b"035") == [b"one", b"three"] and record.all(b"999") == []
    assert record.first(b"035") == b"one" and record.first(b"999") is None


def test_the_values_of_a_repeated_subfield_come_in_order() -> None:
    assert subfields(b"10\x1faone\x1fbtwo\x1fathree\x1fa", b"a") == [b"one", b"three", b""]
    assert subfields(b"10", b"a") == []


@pytest.mark.parametrize(("value", "number"), [
    (b"(OCoLC)ocm00012345", 12345), (b"(OCoLC)ocn123456789", 123456789), (b"(OCoLC)on1234567890", 1234567890),
    (b"(OCoLC)12345", 12345), (b"(OCoLC) 12345", 12345), (b"(ocolc)OCM00012345", 12345), (b"ocm00012345 ", 12345),
    (b"12345", 12345), (b" 12345#", 12345), (b"(OCoLC)12345#", 12345),
    (b"(DLC)12345", None), (b"(OCoLC)", None), (b"(OCoLC)0", None), (b"(OCoLC)12345a", None), (b"", None),
    (b"(OCoLC)1234567890123", None), (b"ocm 12 345", None), (b"(OCoLC)-5", None),
])
def test_an_oclc_number_is_read_in_every_spelling_and_nothing_else_passes_for_one(
    value: bytes, number: int | None
) -> None:
    assert read_ocn(value) == number


@pytest.mark.parametrize(("value", "says_so"), [
    (b"(OCoLC)12345", True), (b"(OCoLC)ocm12345 ", True), (b"12345", False), (b"ocm12345", False), (b"(DLC)12345", False),
])
def test_only_a_value_with_oclcs_prefix_says_that_it_is_oclcs(value: bytes, says_so: bool) -> None:
    assert has_oclc_prefix(value) is says_so


@pytest.mark.parametrize(("field", "shown"), [
    (b"[Letters] [/red] =1+1", "[Letters] [/red] =1+1"),
    (b"\x1b[31mred", "␛[31mred"),
    ("a\x9b31m".encode(), "a\\x9b31m"),
    (b"bell\x07 tab\t del\x7f", "bell␇ tab␉ del␡"),
    (b"caf\xe9", "caf\\xe9"),
    ("café 中文 ࠀ".encode(), "café 中文 ࠀ"),
    (b"10\x1faTitle", "10\x1faTitle"),
])
def test_a_field_is_shown_verbatim_and_commands_a_terminal_nothing(field: bytes, shown: str) -> None:
    assert text_of(field) == shown


@given(st.binary(max_size=60))
def test_no_bytes_at_all_can_put_a_control_character_on_the_screen(field: bytes) -> None:
    shown = text_of(field) + text_of(field, utf8=False)
    assert not [c for c in shown if (ord(c) < 0x20 and c != "\x1f") or 0x7F <= ord(c) < 0xA0]
