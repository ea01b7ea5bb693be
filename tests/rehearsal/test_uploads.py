from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.marc.record import put_together
from oclc_console.rehearsal.draft import Draft, control, data
from oclc_console.rehearsal.maker import MadeRecord
from oclc_console.rehearsal.uploads import arrived, local_number_of, number_of, read, records_in

VOLUME = Path(__file__).parents[3] / "shared" / "data" / "marc" / "volume"
PLACES = ("079$a", "035$a")


def record(*pairs: tuple[bytes, bytes]) -> bytes:
    return Draft(b"00000nam a2200000 i 4500", ()).add(*pairs).bytes_of()


def test_n_is_the_byte_a_record_ends_at(tmp_path: Path, made: list[MadeRecord]) -> None:
    path = tmp_path / "f.mrc"
    path.write_bytes(b"".join(r.raw for r in made[:50]))
    whole = path.read_bytes()
    found = list(arrived(path))
    assert [whole[one.end - 1] for one in found] == [0x1D] * 50
    assert found[-1].end == len(whole)
    assert records_in(path) == 50


@pytest.mark.parametrize(("value", "number"), [
    ("(OCoLC)ocm00012345", 12345), ("(OCoLC)ocn123456789", 123456789), ("(OCoLC)on1234567890", 1234567890),
    ("(OCoLC)123", 123), ("(OCoLC) 123", 123), ("(OCoLC)00000123#", 123), ("(MaryMartin)mm123", None), ("123", None),
    ("(OCoLC)990210000001029999", None), ("(OCoLC-M)123", None), ("(OCoLC)0", None), ("(OCoLC)", None),
])
def test_an_oclc_number_is_known_in_any_spelling(value: str, number: int | None) -> None:
    assert number_of(read(record(data("035", "  ", "a", value)), 1), PLACES) == number


def test_the_trusted_number_of_the_holding_comes_before_the_bibs_and_may_be_bare() -> None:
    raw = record(data("035", "  ", "a", "(OCoLC)5"), data("079", "  ", "a", "ocm00000007"))
    assert number_of(read(raw, 1), PLACES) == 7
    assert number_of(read(raw, 1), ("035$a",)) == 5


def test_a_stale_number_in_035_z_is_not_the_records_number() -> None:
    assert number_of(read(record(data("035", "  ", "z", "(OCoLC)5")), 1), PLACES) is None


def test_the_local_number_is_the_first_there_is() -> None:
    raw = record(control("001", "99123"), data("852", "  ", "b", "MED"))
    assert local_number_of(read(raw, 1), ("852$8", "001")) == "99123"
    assert local_number_of(read(record(data("245", "  ", "a", "T")), 1), ("852$8", "001")) == ""


@pytest.mark.parametrize(("spoil", "word"), [
    (lambda raw: b"00009" + raw[5:], "marc_record_field_length_error"),
    (lambda raw: raw[:12] + b"abcde" + raw[17:], "crosswalk_error"),
    (lambda raw: raw[:24] + b"XXX????" + raw[31:], "crosswalk_error"),
    (lambda raw: raw.replace(b"Title", b"Tit\xff\xff"), "invalid_characters_present"),
    (lambda raw: raw[:-1], "marc_record_field_length_error"),
])
def test_a_record_that_cant_be_read_is_a_data_error_and_not_the_end(spoil, word: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    raw = record(control("001", "99123"), data("245", "10", "a", "Title"))
    spoilt = spoil(raw)
    path = tmp_path / "f.mrc"
    path.write_bytes(raw + spoilt + (raw if spoilt.endswith(b"\x1d") else b""))
    troubles = [one.trouble for one in arrived(path)]
    assert troubles == (["", word, ""] if spoilt.endswith(b"\x1d") else ["", word])


def test_marc_8_records_and_bytes_between_records_are_everyday(tmp_path: Path) -> None:
    marc8 = put_together(b"00000nam  2200000 i 4500", [(b"001", b"1"), (b"245", b"10\x1faCaf\xe2e")])
    path = tmp_path / "f.mrc"
    path.write_bytes(marc8 + b"\r\n" + marc8 + b"\n")
    assert [(one.trouble, one.end) for one in arrived(path)] == [("", len(marc8)), ("", 2 * len(marc8) + 2)]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "f.mrc").touch()
    assert list(arrived(tmp_path / "f.mrc")) == []


@given(st.binary(max_size=400), st.binary(max_size=60))
def test_wild_bytes_never_stop_the_reading(wild: bytes, field: bytes) -> None:
    one = read(wild + b"\x1d", 1)
    assert one.trouble or one.fields
    raw = record((b"500", b"  \x1fa" + field.replace(b"\x1d", b"").replace(b"\x1e", b"").replace(b"\x1f", b"")))
    number_of(read(raw, 1), ("500$a", "001"))
    assert "|" not in local_number_of(read(raw, 1), ("500$a",))


@pytest.mark.skipif(not VOLUME.is_dir(), reason="the real records are not on this machine")
def test_real_records_are_all_met_and_almost_all_can_be_read() -> None:
    for path in VOLUME.glob("*.mrc"):
        found = list(arrived(path))
        assert len(found) == records_in(path) == path.read_bytes().rstrip().count(b"\x1d")
        assert sum(bool(one.trouble) for one in found) <= len(found) // 50, path.name
