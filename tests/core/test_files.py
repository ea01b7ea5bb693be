"""What is on disk is whole: files are replaced or left alone, lines are there or not, locks say who is at work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import HereError
from oclc_console.files import (
    append_line,
    complete_lines,
    cut_torn_tail,
    is_locked,
    is_plain_name,
    locked,
    move_into_place,
    open_for_append,
    replace_file,
    replacing,
    sha256_of,
)

unix = pytest.mark.skipif(os.name == "nt", reason="needs resource limits as Unix has them")


def limited(size: int, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program in a process in which no file can grow beyond `size` bytes: a disk that is full."""
    preface = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
    return subprocess.run([sys.executable, "-c", preface + program, *arguments], capture_output=True, text=True,
                          timeout=60)


def test_a_replaced_file_has_the_new_content_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    replace_file(path, [b"new ", b"content"])
    assert path.read_bytes() == b"new content"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_the_old_file_stays_when_the_block_that_writes_it_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), replacing(path) as handle:
        handle.write(b"half of the ")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_two_threads_that_replace_the_same_file_each_replace_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([n]) * 200_000 for n in range(8)]
    threads = [threading.Thread(target=replace_file, args=(path, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


@unix
def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    program = """
import sys, pathlib
from oclc_console.files import replace_file
try:
    replace_file(pathlib.Path(sys.argv[1]), b"x" * 100_000)
except OSError as error:
    sys.exit(f"full: {error.errno}")
"""
    done = limited(10_000, program, str(path))
    assert "full:" in done.stderr
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


@unix
def test_a_line_that_no_longer_fits_on_the_disk_is_cut_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    program = """
import sys, pathlib
from oclc_console.files import append_line, open_for_append
handle = open_for_append(pathlib.Path(sys.argv[1]))
append_line(handle, b"the first line\\n")
try:
    append_line(handle, b"x" * 5_000 + b"\\n")
except OSError:
    sys.exit("full")
"""
    assert limited(2_000, program, str(path)).stderr == "full\n"
    assert path.read_bytes() == b"the first line\n"


def test_a_torn_last_line_is_left_out_by_readers_and_cut_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\ntwo\nthr")
    assert complete_lines(path) == [b"one", b"two"]
    handle = open_for_append(path)
    append_line(handle, b"three\n")
    os.close(handle)
    assert path.read_bytes() == b"one\ntwo\nthree\n"


@given(whole=st.lists(st.integers(0, 9_000), max_size=4), torn=st.integers(0, 9_000))
def test_cutting_a_torn_tail_keeps_every_whole_line_of_any_length(
    tmp_path_factory: pytest.TempPathFactory, whole: list[int], torn: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "a"
    lines = b"".join(b"x" * length + b"\n" for length in whole)
    path.write_bytes(lines + b"y" * torn)
    handle = os.open(path, os.O_RDWR)
    cut_torn_tail(handle)
    os.close(handle)
    assert path.read_bytes() == lines


def test_a_file_of_lines_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert complete_lines(tmp_path / "none") == []


def test_a_file_is_moved_to_its_final_name_whole(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"content")
    move_into_place(tmp_path / "part", tmp_path / "whole")
    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("whole", b"content")]


def test_the_sha256_of_a_file_is_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_second_holder_of_a_lock_is_told_who_what_and_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "a.lock"
    with (
        locked(path, doing="upload ZMD"),
        pytest.raises(HereError, match=r"somebody else is at it \(upload ZMD\)") as raised,
        locked(path, doing="upload ZMD", wait_seconds=0),
    ):
        raise AssertionError("both hold it")
    assert str(path) in raised.value.where and "Wait" in raised.value.then


def test_a_lock_that_was_let_go_can_be_held_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "a.lock", doing="x", wait_seconds=0):
            assert is_locked(tmp_path / "a.lock")
        assert not is_locked(tmp_path / "a.lock")


def test_a_lock_nobody_ever_held_is_free(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "none.lock")


def test_looking_at_a_lock_gets_in_nobodys_way(tmp_path: Path) -> None:
    path, done, refused = tmp_path / "a.lock", threading.Event(), []
    with locked(path, doing="x"):
        pass

    def look() -> None:
        while not done.is_set():
            is_locked(path)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    for _ in range(100):
        try:
            with locked(path, doing="x", wait_seconds=5):
                pass
        except HereError as error:
            refused.append(error)
    done.set()
    for looker in lookers:
        looker.join()
    assert refused == []


@unix
def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    program = """
import sys, pathlib
from oclc_console.files import locked
with locked(pathlib.Path(sys.argv[1]), doing="x"):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        assert is_locked(path)
        process.kill()
        process.wait()
    assert not is_locked(path)


@pytest.mark.parametrize("name", [
    "LHR-report.txt", "PUL-PUL.1012676.IN.BIB.D20230712.txt", "a b.mrc", "[Letters].mrc", "Müller.mrc", "x" * 200,
])
def test_an_ordinary_name_from_outside_is_taken(name: str) -> None:
    assert is_plain_name(name)


@pytest.mark.parametrize("name", [
    "", ".", "..", "../a", "a/b", "a\\b", ".hidden", "C:a", "a\n", "a\x00b", "a\x1b[31m", "a\x9b31m", " a", "a ",
    "x" * 201, "ü" * 101,
])
def test_a_name_that_could_leave_its_folder_or_fool_a_terminal_is_not_taken(name: str) -> None:
    assert not is_plain_name(name)


@given(st.text(min_size=1))
def test_any_name_that_is_taken_makes_a_file_in_the_folder_and_nowhere_else(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    if not is_plain_name(name):
        return
    folder = tmp_path_factory.mktemp("names")
    replace_file(folder / name, b"x")
    assert [entry.read_bytes() for entry in folder.iterdir()] == [b"x"]
