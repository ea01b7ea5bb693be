"""A log that somebody edited is noticed: every byte, every line taken out, put in or moved; a torn last line is kept; and
project.json is compared with what the log adds up to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oclc_console.errors import HereError
from oclc_console.store import log, log_check
from oclc_console.store.log_check import LogWatch
from oclc_console.store.project import changed_ones, check_fold, project, rebuild
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

STONES = ("authorizations", "logins", "reclamation", "freeze", "deletion", "updates")
WILD = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = workspace(tmp_path / "w")
    for stone in STONES:
        log.append(made, "milestone.done", "ZUL", milestone=stone, date="2020-11-03", note="ünicode [x] \\ \"quoted\"")
    project(made)
    return made


@WILD
@given(data=st.data())
def test_any_edit_of_any_bytes_is_noticed_by_verify_and_by_the_watch(ws: Workspace, data: st.DataObject) -> None:
    original = ws.log.read_bytes()
    watch = LogWatch(ws)
    assert watch.look().ok
    begin = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(begin, min(len(original), begin + 400)))
    put = data.draw(st.one_of(st.binary(max_size=60), st.sampled_from(original.splitlines(keepends=True))))
    edited = original[:begin] + put + original[end:]
    ws.log.write_bytes(edited)
    try:
        found, looked, torn = log.verify(ws), watch.look(), log.torn_bytes(ws)
        assert found == looked
        assert found.ok == (edited == original or (torn > 0 and edited.startswith(original)))
    finally:
        ws.log.write_bytes(original)


@WILD
@given(st.permutations(range(6)), st.sets(st.integers(0, 5)))
def test_lines_in_another_order_or_fewer_of_them_are_noticed(ws: Workspace, order: list[int], kept: set[int]) -> None:
    lines = ws.log.read_bytes().splitlines(keepends=True)
    ws.log.write_bytes(b"".join(lines[number] for number in order if number in kept))
    try:
        assert log.verify(ws).ok == ([number for number in order if number in kept] == list(range(6)))
    finally:
        ws.log.write_bytes(b"".join(lines))


@pytest.mark.parametrize("line", [
    b'{"seq":1e999}', b'{"seq":99999999999999999999999999}', b'{"seq":"1' + b"0" * 5000 + b'"}', b"[" * 3000, b"\xff\xfe",
    b'{"seq":1,"at":[],"by":{},"act":0,"symbol":7,"data":[["a",1]],"prev":null,"hash":null}',
    b'{"seq":"999999999999999999999999","at":"","by":"","act":"","symbol":null,"data":{},"prev":"","hash":""}',
])
def test_whatever_stands_in_a_line_it_is_named_and_nothing_breaks(ws: Workspace, line: bytes) -> None:
    lines = ws.log.read_bytes().splitlines()
    ws.log.write_bytes(b"\n".join([*lines[:2], line, *lines[3:], b""]))
    assert log.verify(ws).first_bad == 3


def test_the_watch_goes_on_from_where_it_was_and_sees_a_change_far_behind(ws: Workspace) -> None:
    watch = LogWatch(ws)
    assert watch.look() == log.Verified(6, True)
    log.append(ws, "milestone.done", "ZMD", milestone="logins", date="2020-11-03", note="")
    assert watch.look() == log.Verified(7, True)
    sound = ws.log.read_bytes()
    ws.log.write_bytes(sound.replace(b"freeze", b"thawed"))
    assert watch.look().first_bad == 4 and "changed after it was written" in watch.look().sentence
    ws.log.write_bytes(sound)
    assert watch.look() == log.Verified(7, True)


def test_an_edit_that_keeps_size_and_time_is_noticed_too(ws: Workspace) -> None:
    import os

    watch, before = LogWatch(ws), ws.log.stat()
    watch.look()
    with open(ws.log, "r+b") as handle:
        content = handle.read()
        handle.seek(content.index(b"freeze"))
        handle.write(b"thawed")
    os.utime(ws.log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert watch.look().first_bad == 4


def test_nobody_can_sign_on_a_log_that_was_changed_in_its_middle(ws: Workspace) -> None:
    log_check.require_sound(ws)
    ws.log.write_bytes(ws.log.read_bytes().replace(b"freeze", b"thawed"))
    with pytest.raises(HereError, match=r"line 4 of the log: it was changed .* nobody can sign"):
        log_check.require_sound(ws)


# a torn last line

def test_a_torn_last_line_is_kept_in_a_file_beside_the_log_before_it_is_cut(ws: Workspace) -> None:
    with open(ws.log, "ab") as handle:
        handle.write(b'{"seq":7,"at":"2020-')
    assert log.torn_bytes(ws) == 20 and log.set_aside(ws) == []
    log.append(ws, "milestone.done", "ZMD", milestone="logins", date="2020-11-03", note="")
    [kept] = log.set_aside(ws)
    assert kept.read_bytes() == b'{"seq":7,"at":"2020-' and kept.parent == ws.log.parent
    assert log.torn_bytes(ws) == 0 and log.verify(ws) == log.Verified(7, True)


def test_two_torn_lines_of_the_same_second_are_both_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from oclc_console import clock

    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    for torn in (b"one", b"two"):
        with open(ws.log, "ab") as handle:
            handle.write(torn)
        log.append(ws, "x", None)
    assert [path.read_bytes() for path in log.set_aside(ws)] == [b"one", b"two"]


@WILD
@given(torn=st.binary(min_size=1, max_size=9000).filter(lambda torn: b"\n" not in torn))
def test_whatever_a_torn_line_holds_it_is_kept_byte_for_byte(ws: Workspace, torn: bytes) -> None:
    with open(ws.log, "ab") as handle:
        handle.write(torn)
    before = set(log.set_aside(ws))
    log.append(ws, "x", None)
    [kept] = set(log.set_aside(ws)) - before
    assert kept.read_bytes() == torn and log.verify(ws).ok


# project.json

def test_a_fresh_fold_is_whole_and_a_later_act_leaves_it_behind(ws: Workspace) -> None:
    assert check_fold(ws).state == "whole"
    log.append(ws, "milestone.done", "ZMD", milestone="logins", date="2020-11-03", note="")
    found = check_fold(ws)
    assert (found.state, found.ok, found.sentence) == (
        "behind", True, "project.json holds 6 of 7 lines: the next reader adds the rest")


def test_no_project_file_is_no_fault(ws: Workspace) -> None:
    ws.project.unlink()
    assert (check_fold(ws).state, check_fold(ws).ok) == ("absent", True)


def forge(ws: Workspace) -> None:
    """Writes into project.json what nobody did."""
    ws.project.write_bytes(ws.project.read_bytes().replace(b"2020-11-03", b"2020-10-03", 1))


def test_a_project_file_changed_by_hand_is_told_and_not_believed_and_kept(ws: Workspace) -> None:
    forge(ws)
    forged = ws.project.read_bytes()
    assert (check_fold(ws).state, check_fold(ws).ok) == ("changed", False)
    assert {act["date"] for act in project(ws).of("ZUL")} == {"2020-11-03"}
    assert check_fold(ws).state == "whole"
    assert [path.read_bytes() for path in changed_ones(ws)] == [forged]


def test_a_project_file_forged_with_a_fitting_sum_is_found_by_folding_the_log_again(ws: Workspace) -> None:
    from oclc_console.store.project import _sum

    forge(ws)
    tables = orjson.loads(ws.project.read_bytes())
    tables["log"]["1"]["sum"] = _sum(tables)
    ws.project.write_bytes(orjson.dumps(tables))
    assert check_fold(ws).state == "changed"
    assert rebuild(ws) == 6
    assert check_fold(ws).state == "whole" and len(changed_ones(ws)) == 1
    assert {act["date"] for act in project(ws).of("ZUL")} == {"2020-11-03"}


def test_rebuilding_is_refused_where_the_log_is_not_sound_and_leaves_the_evidence(ws: Workspace) -> None:
    before = ws.project.read_bytes()
    ws.log.write_bytes(b"".join(ws.log.read_bytes().splitlines(keepends=True)[:4]))
    with pytest.raises(HereError, match=r"the last 2 were removed; project\.json stays as it is"):
        rebuild(ws)
    assert ws.project.read_bytes() == before


APPENDER = """
import pathlib, sys
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
ws = Workspace(pathlib.Path(sys.argv[1]))
for number in range(25):
    log.append(ws, "milestone.done", "ZUL", milestone="logins", note=str(number))
    project(ws)
"""


def test_two_writers_at_once_on_a_log_that_ended_torn_write_one_chain_and_the_watch_sees_it_whole_all_the_time(
        ws: Workspace) -> None:
    with open(ws.log, "ab") as handle:
        handle.write(b'{"seq":7,"at"')
    watch = LogWatch(ws)
    writers = [subprocess.Popen([sys.executable, "-c", APPENDER, str(ws.root)]) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        assert watch.look().ok
    assert [writer.returncode for writer in writers] == [0, 0]
    assert watch.look() == log.verify(ws) == log.Verified(56, True)
    assert [path.read_bytes() for path in log.set_aside(ws)] == [b'{"seq":7,"at"']
