"""What Alma publishes, in every shape it has been seen in: told by content, streamed, and nothing lost without a word."""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.alma.members import open_members
from oclc_console.alma.published import (
    PublishedName,
    parse_name,
    regions,
    require_published,
    require_settled,
    require_unchanged,
    scan_published,
    scan_region,
)
from oclc_console.errors import InputError
from oclc_console.marc.source import Scanned, scan
from tests.core.malformed import CASES, FILES, G1, G2, NOT_MARC, R
from tests.core.samples import good
from tests.core.test_xml import document, one
from tests.core.wild import WILD

DATA = Path(__file__).parents[3] / "shared" / "data" / "marc"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real MARC files are not on this machine")
BINARY, XML = G1 + R + G2, document(one("good-001"), one("good-100"), one("good-002"))
ALL = ["good-001", "good-100", "good-002"]
Entry = tuple[str, bytes]


def tar(*entries: Entry | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                archive.addfile(entry)
            else:
                info = tarfile.TarInfo(entry[0])
                info.size = len(entry[1])
                archive.addfile(info, io.BytesIO(entry[1]))
    return made.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def put(folder: Path, content: bytes, name: str = "a.dat") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def told(found: list[Scanned]) -> list[str]:
    return [(s.record.first(b"001") or b"").decode() if s.record else s.finding.rule if s.finding else "" for s in found]


SHAPES = {
    "binary": BINARY, "xml": XML, "binary.gz": gzip.compress(BINARY), "xml.gz": gzip.compress(XML),
    "binary.tar": tar(("inner.mrc", BINARY)), "xml.tar.gz": gzip.compress(tar(("item_recap_[057]_new.xml", XML))),
    "binary.tar.gz": gzip.compress(tar(("b", BINARY))), "old tar": tar(("b", BINARY), form=tarfile.USTAR_FORMAT),
    "gnu tar with a long name": tar(("b" * 300, XML), form=tarfile.GNU_FORMAT),
    "several members": gzip.compress(tar(("1", G1), ("2", document(one("good-100"))), ("3", G2))),
    "gzip of parts": gzip.compress(G1) + gzip.compress(R + G2) + b"\0" * 30,
    "gz in a tar": tar(("1.mrc.gz", gzip.compress(BINARY))),
    "xml with a BOM": b"\xef\xbb\xbf" + XML,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_its_records_whatever_the_file_is_called(tmp_path: Path, shape: str) -> None:
    path = put(tmp_path, SHAPES[shape], "misleading.zip")
    require_published(path)
    found = scan_published(path)
    records = list(found)
    assert told(records) == ALL and [s.number for s in records] == [1, 2, 3]
    assert found.whole and found.skipped == [] and found.taken == path.stat().st_size


@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_of_any_shape_but_plain_binary_is_one_region(tmp_path: Path, shape: str) -> None:
    cut = regions(put(tmp_path, SHAPES[shape]), 10)
    assert len(cut) == (3 if shape == "binary" else 1)
    assert [word for region in cut for word in told(list(scan_region(region)))] == ALL


@pytest.mark.parametrize("name", NOT_MARC)
def test_what_holds_no_marc_is_refused_in_one_sentence_before_and_while_reading(tmp_path: Path, name: str) -> None:
    content, _ = NOT_MARC[name]
    if not content or "xml" in name:
        return
    for path in (put(tmp_path, content), put(tmp_path, gzip.compress(content)), put(tmp_path, tar(("a", content)))):
        with pytest.raises(InputError) as raised:
            require_published(path)
        with pytest.raises(InputError) as again:
            list(scan_published(path))
        assert raised.value.then and str(raised.value) == str(again.value) and str(path) in raised.value.where


def test_a_zip_is_refused_with_what_to_do(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.mrc", BINARY)
    with pytest.raises(InputError, match="zip") as raised:
        list(scan_published(put(tmp_path, made.getvalue(), "a.tar.gz")))
    assert "Unpack it" in raised.value.then


def test_xml_without_a_record_is_refused_as_holding_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no records"):
        list(scan_published(put(tmp_path, b"<collection/>")))


@pytest.mark.parametrize(
    "content", [b"", gzip.compress(b""), tar(("empty.xml", b"")), gzip.compress(tar(("e", b"")))],
    ids=["nothing", "gzip of nothing", "tar of nothing", "tar.gz of nothing"],
)
def test_a_file_of_zero_bytes_is_skipped_with_a_word(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, content)
    require_published(path)
    found = scan_published(path)
    assert list(found) == [] and found.whole
    assert [skipped.reason for skipped in found.skipped] == ["the file is empty (0 bytes)"]


def test_folders_and_links_in_an_archive_are_skipped_with_a_word_and_nothing_is_written(tmp_path: Path) -> None:
    archive = tar(special("d", tarfile.DIRTYPE), special("l", tarfile.SYMTYPE, "/etc/passwd"),
                  special("h", tarfile.LNKTYPE, "../../x"), special("p", tarfile.FIFOTYPE), ("../../../evil.mrc", BINARY))
    (tmp_path / "in").mkdir()
    found = scan_published(put(tmp_path / "in", archive))
    assert told(list(found)) == ALL
    assert [(s.name, s.reason.split(" in ")[0]) for s in found.skipped] == [
        ("d", "it is a folder"), ("l", "it is a link"), ("h", "it is a link"), ("p", "it is no ordinary file")]
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.dat"]


def test_the_members_of_a_file_are_told_with_their_own_names(tmp_path: Path) -> None:
    path = put(tmp_path, gzip.compress(tar(("inner_new.xml", XML), ("empty", b""))), "outer_new.tar.gz")
    assert [(m.name, m.kind, m.skipped is None) for m in open_members(path)] == [
        ("inner_new.xml", "xml", True), ("empty", "empty", False)]


# damage

LONG = b"".join(good(n) for n in range(1, 900))


@pytest.mark.parametrize("content", [LONG, document(*(one(f"good-{n:03}") for n in range(1, 900)))], ids=["binary", "xml"])
@pytest.mark.parametrize("archived", [False, True], ids=["gz", "tar.gz"])
def test_a_compressed_file_that_is_cut_keeps_what_came_before_then_one_finding(
    tmp_path: Path, content: bytes, archived: bool
) -> None:
    squeezed = gzip.compress(tar(("inner", content)) if archived else content)
    found = scan_published(put(tmp_path, squeezed[: len(squeezed) // 2]))
    records = list(found)
    assert len(records) > 100 and not found.whole
    assert told(records) == [f"good-{n:03}" for n in range(1, len(records))] + ["truncated"]
    assert "compressed file ends" in (records[-1].finding.detail if records[-1].finding else "")


@pytest.mark.parametrize("archived", [False, True])
def test_a_wrong_checksum_keeps_every_record_and_says_so(tmp_path: Path, archived: bool) -> None:
    squeezed = bytearray(gzip.compress(tar(("inner", BINARY)) if archived else BINARY))
    squeezed[-6] ^= 1
    found = scan_published(put(tmp_path, bytes(squeezed)))
    assert told(list(found)) == [*ALL, "damaged-archive"] and not found.whole


def test_what_follows_the_compressed_data_and_is_none_is_told(tmp_path: Path) -> None:
    assert told(list(scan_published(put(tmp_path, gzip.compress(BINARY) + b"more")))) == [*ALL, "damaged-archive"]


@pytest.mark.parametrize(("cut", "words"), [
    (512 + 100, ["good-001", "truncated"]),  # inside the first member
    (1024, ["good-001", "good-100", "good-002", "damaged-archive"]),  # behind it: no end mark
    (1024 + 100, ["good-001", "good-100", "good-002", "damaged-archive"]),  # inside the second header
])
def test_an_archive_that_is_cut_keeps_what_came_before_then_one_finding(
    tmp_path: Path, cut: int, words: list[str]
) -> None:
    found = scan_published(put(tmp_path, tar(("1", BINARY), ("2", BINARY), form=tarfile.USTAR_FORMAT)[:cut]))
    assert told(list(found)) == words and not found.whole


def test_a_damaged_second_header_is_not_taken_for_the_end_of_the_archive(tmp_path: Path) -> None:
    archive = bytearray(tar(("1", BINARY), ("2", BINARY), form=tarfile.USTAR_FORMAT))
    archive[1024 + 150] ^= 7
    assert told(list(scan_published(put(tmp_path, bytes(archive))))) == [*ALL, "damaged-archive"]


# regions

stretches = st.lists(st.one_of(
    st.sampled_from([G1, G2, R, R[:-1], b"\r\n", b"\x1d", b"   ", b"00042", *(case.raw for case in CASES.values()
                                                                         if len(case.raw) < 500)]),
    st.binary(max_size=60)), min_size=1, max_size=25)


@WILD
@given(stretches, st.integers(1, 600))
def test_the_regions_of_a_file_give_together_exactly_what_the_file_gives(
    tmp_path: Path, parts: list[bytes], size: int
) -> None:
    content = G1 + b"".join(parts)
    path = put(tmp_path, content)
    whole = list(scan(path))
    cut = regions(path, size)
    assert cut[0].start == 0 and cut[-1].end == len(content)
    together = [found for region in cut for found in scan_region(region)]
    assert [(s.offset, s.raw, s.record, s.finding) for s in together] == [
        (s.offset, s.raw, s.record, s.finding) for s in whole]
    assert list(scan_published(path)) == whole
    assert all(next(scan_region(region)).number == 1 for region in cut)


@WILD
@given(stretches)
def test_of_a_binary_file_no_byte_is_lost(tmp_path: Path, parts: list[bytes]) -> None:
    content = G1 + b"".join(parts)
    found = list(scan_published(put(tmp_path, content)))
    at = 0
    for each in found:
        assert content[at : each.offset].strip(b"\r\n\0\x1a \xef\xbb\xbf") == b""
        assert content[each.offset : each.offset + len(each.raw)] == each.raw
        at = each.offset + len(each.raw)
    assert content[at:].strip(b"\r\n\0\x1a ") in (b"", b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_read_the_same_as_by_the_scanner_itself(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, FILES[name][0])
    assert list(scan_published(path)) == list(scan(path))


@WILD
@given(st.data())
def test_mutated_files_of_any_shape_end_in_records_and_findings_or_one_refusal(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(SHAPES[data.draw(st.sampled_from(sorted(SHAPES)))])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.sampled_from([0, 1, 1, 5, 600]))] = data.draw(st.binary(max_size=4))
    path = put(tmp_path, bytes(content))
    try:
        found = list(scan_published(path))
    except InputError as error:
        assert error.where and error.then
    else:
        assert [s.number for s in found] == list(range(1, len(found) + 1))
        assert all(s.record is not None or (s.finding is not None and s.finding.fatal) for s in found)
    assert regions(path, 50)[0].start == 0


# names, and files still being written


@pytest.mark.parametrize(("name", "means"), [
    ("incremental_recap_25908087650006421_20230420_160408[057]_new.xml.tar.gz",
     PublishedName("incremental_recap", "25908087650006421", "20230420_160408", "057", "new", None)),
    ("TIMDEX_ALMA_EXPORT_DAILY_20220912_210929[053]_new_1.tar.gz",
     PublishedName("TIMDEX_ALMA_EXPORT_DAILY", None, "20220912_210929", "053", "new", 1)),
    ("TIMDEX_ALMA_EXPORT_DAILY_20220912_210929[053]_delete.tar.gz",
     PublishedName("TIMDEX_ALMA_EXPORT_DAILY", None, "20220912_210929", "053", "delete", None)),
    ("search_2022022506_21405138730006381_delete_15.tar.gz",
     PublishedName("search", "21405138730006381", "2022022506", None, "delete", 15)),
    ("prefix_21405138730006381_2023010100_new_1.tar.gz",
     PublishedName("prefix", "21405138730006381", "2023010100", None, "new", 1)),
    ("1012345.xxu.wid-trusted_28150407720009999_new.mrc_2",
     PublishedName("1012345.xxu.wid-trusted", "28150407720009999", None, None, "new", 2)),
    ("search_2022022506_update.xml", PublishedName("search", None, "2022022506", None, "update", None)),
    ("a_1234567_new.mrc", PublishedName("a_1234567", None, None, None, "new", None)),
    ("bib_new", PublishedName("bib", None, None, None, "new", None)),
])
def test_alma_s_file_names_are_understood(name: str, means: PublishedName) -> None:
    assert parse_name(name) == means


@pytest.mark.parametrize("name", ["1000031.zmd.trusted.20201102.001.mrc", "renewals.mrc", "_new", "x_deleted.mrc", ""])
def test_other_names_are_no_published_names(name: str) -> None:
    assert parse_name(name) is None


def test_a_number_of_another_institution_is_no_job() -> None:
    name = "x_28150407720009999_new.mrc"
    assert parse_name(name, "9999") == PublishedName("x", "28150407720009999", None, None, "new", None)
    assert parse_name(name, "6421") == PublishedName("x_28150407720009999", None, None, None, "new", None)


class Grows(threading.Event):
    """While somebody waits for it, this file grows."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def wait(self, timeout: float | None = None) -> bool:
        with open(self.path, "ab") as handle:
            handle.write(G1)
        return False


def test_a_growing_file_is_told_from_one_that_is_done(tmp_path: Path) -> None:
    path, done = put(tmp_path, BINARY), put(tmp_path, BINARY, "b.mrc")
    require_settled([done, path], 0.01, threading.Event())
    with pytest.raises(InputError, match="still being written"):
        require_settled([done, path], 0.01, Grows(path))


def test_a_file_written_long_ago_is_not_waited_for_but_looked_at_again_when_it_was_read(tmp_path: Path) -> None:
    path = put(tmp_path, BINARY)
    os.utime(path, (time.time() - 60,) * 2)
    marks = require_settled([path], 3600, threading.Event())
    require_unchanged(marks)
    with open(path, "ab") as handle:
        handle.write(G1)
    with pytest.raises(InputError, match="still being written"):
        require_unchanged(marks)


@pytest.mark.parametrize("suffix", [".filepart", ".part", ".TMP"])
def test_a_file_under_a_transfer_s_provisional_name_is_still_being_written(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputError, match="still being written"):
        require_settled([put(tmp_path, BINARY, f"a_new.mrc{suffix}")], 60, threading.Event())


def test_the_wait_for_a_file_to_settle_ends_when_the_run_is_stopped(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    require_settled([put(tmp_path, BINARY)], 3600, stop)


# real files


def listed() -> dict[str, int]:
    lines = (DATA / "manifest.tsv").read_text().splitlines()[1:] if DATA.is_dir() else []
    return {line.split("\t")[0]: int(line.split("\t")[4]) for line in lines}


@real
@pytest.mark.parametrize("name", listed())
def test_every_real_file_ends_in_kept_and_set_aside_records_that_are_all_it_has(name: str) -> None:
    path = DATA / name
    found = list(scan_published(path))
    there = listed()[name]
    if name.endswith(".tar.gz"):  # the list counts other elements than records here
        with tarfile.open(path) as archive:
            handle = archive.extractfile(archive.getmembers()[0])
            there = len(re.findall(rb"<record>", handle.read())) if handle else -1
    assert len(found) == there
    assert all(s.record is not None or (s.finding is not None and s.finding.fatal and s.raw) for s in found)
    assert [s.raw for region in regions(path, 1000) for s in scan_region(region)] == [s.raw for s in found]
