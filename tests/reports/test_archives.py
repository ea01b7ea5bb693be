"""Zipped reports, and the names that mean one file: whatever comes, it is text in memory or a sentence."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import InputError
from oclc_console.oclc.archives import Opened, opened
from oclc_console.oclc.listed_names import base_of, fold, read_listed_name
from tests.reports.made_up import name_of, processing


def packed(*members: tuple[str, bytes]) -> bytes:
    """An archive of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


def test_a_zipped_report_is_opened_in_memory_with_the_name_inside() -> None:
    assert opened(packed(("report.txt", processing(3))), "x.zip") == Opened(processing(3), "report.txt")
    assert opened(processing(3), "x.txt") == Opened(processing(3))


@pytest.mark.parametrize("content, said", [
    (packed(("a.txt", b"x"), ("b.txt", b"x")), "holds 2 files where one report should be"),
    (packed(("folder/", b"")), "holds 0 files"),
    (packed(("folder/a.txt", b"x")), "a path or an odd name"),
    (packed((".hidden.txt", b"x")), "a path or an odd name"),
    (packed(("C:a.txt", b"x")), "a path or an odd name"),
    (packed(("a\x1b[2J.txt", b"x")), "a path or an odd name"),
    (packed(("a.txt", b"x")).replace(b"a.txt", b"\0.txt"), "a path or an odd name"),
    (packed(("a.txt", processing(9)))[:60], "can't be read"),
], ids=["two files", "a folder", "a path", "hidden", "a drive", "an escape", "a null", "torn"])
def test_what_is_no_archive_of_one_report_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        opened(content, "x.zip")


def test_an_archive_made_to_fill_memory_is_left_after_a_little_of_it() -> None:
    bomb = packed(("a.txt", b"\0" * (300 << 20)))
    assert len(bomb) < 400_000
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"unpacks to more than .* it is no report"):
            opened(bomb, "x.zip")
        assert tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()


def test_an_archive_locked_with_a_password_says_so() -> None:
    content = bytearray(packed(("a.txt", processing(2))))
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[start] |= 1
    with pytest.raises(InputError, match="locked with a password"):
        opened(bytes(content), "x.zip")


@given(st.binary(max_size=300), st.integers(0, 300))
def test_torn_and_wild_archives_end_in_a_sentence(noise: bytes, at: int) -> None:
    whole = packed(("a.txt", processing(4)))
    for content in (b"PK\x03\x04" + noise, whole[:at] + noise + whole[at + len(noise):]):
        try:
            assert isinstance(opened(content, "x.zip").text, bytes)
        except InputError as error:
            assert error.then


@pytest.mark.parametrize("name, wanted, zipped, stub", [
    (name_of("x"), name_of("x"), False, False),
    ("a.txt.zip", "a.txt.zip", True, False),
    ("a.txt-stub.txt", "a.txt", False, True),
    ("a.mrc.zip-stub.txt", "a.mrc.zip", True, True),
    ("-stub.txt", "-stub.txt", False, False),
    (".zip", ".zip", False, False),
])
def test_a_name_tells_whether_the_file_is_zipped_or_gone(name: str, wanted: str, zipped: bool, stub: bool) -> None:
    listed = read_listed_name(name)
    assert (listed.wanted, listed.zipped, listed.stub) == (wanted, zipped, stub)


@given(st.text(min_size=1, max_size=30))
def test_a_file_its_zip_and_its_placeholder_share_one_name(name: str) -> None:
    base = base_of(name)
    for form in (f"{base}.zip", f"{base}-stub.txt", f"{base}.zip-stub.txt"):
        if base_of(base) == base:
            assert base_of(form) == base
    assert fold(fold(name)) == fold(name)
