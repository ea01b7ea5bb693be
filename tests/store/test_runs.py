"""A run is a folder: what was yielded is on disk, every end is written down, and a run that was killed shows as such."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.errors import ConsoleError, HereError, InputError, OtherSideError, Refused
from oclc_console.files import complete_lines
from oclc_console.store import runs
from oclc_console.store.events import Ended, Event, FileReady, Note, Unknown, from_line, to_line
from oclc_console.store.runs import Operation, RunFolder, RunState, list_runs, read_run, run
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

unix = pytest.mark.skipif(os.name == "nt", reason="needs signals and limits as Unix has them")
Work = Callable[[RunFolder], Iterator[Event]]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path / "w")


def counted(events: Sequence[Event]) -> dict[str, Any]:
    return {"notes": sum(isinstance(event, Note) for event in events)}


def operation(work: Work, verb: str = "prepare", symbol: str = "ZUL", exit_code: int = 0) -> Operation:
    return Operation(verb, symbol, {"files": ["a.mrc"]}, work, counted, lambda result: exit_code)


def notes(*texts: str) -> Work:
    def work(folder: RunFolder) -> Iterator[Event]:
        for text in texts:
            yield Note(text)

    return work


def failing(error: BaseException) -> Work:
    def work(folder: RunFolder) -> Iterator[Event]:
        yield Note("one")
        raise error

    return work


def only(ws: Workspace) -> RunState:
    [state] = list_runs(ws)
    return state


def result(state: RunState) -> dict[str, Any]:
    return dict(orjson.loads((state.path / "result.json").read_bytes()))


def test_a_run_to_its_end_leaves_what_was_asked_the_events_and_the_result(ws: Workspace) -> None:
    events = list(run(ws, operation(notes("one", "two")), threading.Event()))
    assert events == [Note("one"), Note("two"), Ended("done", 0)]
    state = only(ws)
    assert (state.verb, state.symbol, state.by, state.asked) == ("prepare", "ZUL", ws.actor, {"files": ["a.mrc"]})
    assert [recorded.event for recorded in state.events] == events
    assert all(recorded.by == ws.actor for recorded in state.events)
    assert state.state == "done" and not state.needs_attention
    assert result(state) == {"run": state.name, "notes": 2, "state": "done", "reason": ""}


def test_an_event_is_on_disk_before_the_operation_goes_on(ws: Workspace) -> None:
    seen: list[int] = []

    def work(folder: RunFolder) -> Iterator[Event]:
        for number in range(3):
            yield Note(str(number))
            seen.append(len(complete_lines(folder.path / "events.jsonl")))

    for event in run(ws, operation(work), threading.Event()):
        recorded = complete_lines(only(ws).path / "events.jsonl")
        assert from_line(recorded[-1]).event == event
    assert seen == [1, 2, 3]


def test_a_run_lives_while_it_is_iterated_and_no_longer(ws: Workspace) -> None:
    going = run(ws, operation(notes("one", "two")), threading.Event())
    next(going)
    assert only(ws).state == "running" and only(ws).alive
    list(going)
    assert not only(ws).alive


@pytest.mark.parametrize(("error", "state", "code"), [
    (InputError("bad", where="a.mrc"), "failed", 2), (OtherSideError("gone"), "failed", 3), (Refused("no"), "refused", 4),
])
def test_an_error_of_ours_ends_the_run_with_its_words_and_is_raised_again(
    ws: Workspace, error: ConsoleError, state: str, code: int
) -> None:
    with pytest.raises(type(error)) as raised:
        list(run(ws, operation(failing(error)), threading.Event()))
    assert raised.value is error
    found = only(ws)
    assert found.end == Ended(state, code, str(error)) and found.needs_attention and not found.alive
    assert result(found)["notes"] == 1


def test_an_error_of_this_machine_becomes_one_of_ours(ws: Workspace) -> None:
    with pytest.raises(HereError, match="No space left on device while running prepare ZUL"):
        list(run(ws, operation(failing(OSError(28, "No space left on device", "x"))), threading.Event()))
    assert only(ws).state == "failed"


def test_a_mistake_in_the_program_is_raised_as_it_is_and_written_down(ws: Workspace) -> None:
    with pytest.raises(ZeroDivisionError):
        list(run(ws, operation(failing(ZeroDivisionError())), threading.Event()))
    end = only(ws).end
    assert end is not None and end.exit_code == 70 and "ZeroDivisionError" in end.reason


def test_an_operation_that_fails_before_its_first_event_is_written_down_too(ws: Workspace) -> None:
    def work(folder: RunFolder) -> Iterator[Event]:
        raise InputError("not even begun")

    with pytest.raises(InputError):
        list(run(ws, operation(work), threading.Event()))
    assert only(ws).state == "failed"


def test_control_c_ends_the_run_as_stopped(ws: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(run(ws, operation(failing(KeyboardInterrupt())), threading.Event()))
    assert only(ws).state == "stopped"


def test_an_operation_asked_to_stop_ends_as_stopped(ws: Workspace) -> None:
    stop = threading.Event()

    def work(folder: RunFolder) -> Iterator[Event]:
        while not folder.stop.is_set():
            yield Note("working")

    for number, _ in enumerate(run(ws, operation(work), stop)):
        if number == 2:
            stop.set()
    state = only(ws)
    assert state.state == "stopped" and state.end is not None and state.end.exit_code == 3
    assert len(state.events) == 4


def test_whoever_stops_iterating_ends_the_run_as_stopped_and_the_operation_tidies_up(ws: Workspace) -> None:
    tidied: list[str] = []

    def work(folder: RunFolder) -> Iterator[Event]:
        try:
            yield Note("one")
            yield Note("two")
        finally:
            tidied.append("yes")

    going = run(ws, operation(work), threading.Event())
    next(going)
    assert hasattr(going, "close")
    going.close()
    assert tidied == ["yes"]
    assert only(ws).state == "stopped" and not only(ws).alive


def test_a_result_may_ask_for_a_persons_attention_though_the_run_is_done(ws: Workspace) -> None:
    list(run(ws, operation(notes("one"), exit_code=1), threading.Event()))
    assert only(ws).state == "done" and only(ws).needs_attention


def test_the_same_verb_and_symbol_run_once_at_a_time(ws: Workspace) -> None:
    going = run(ws, operation(notes("one", "two")), threading.Event())
    next(going)
    with pytest.raises(HereError, match=r"somebody else is at it \(prepare ZUL\)"):
        list(run(ws, operation(notes("x")), threading.Event()))
    list(run(ws, operation(notes("x"), verb="fetch"), threading.Event()))
    list(run(ws, operation(notes("x"), symbol="ZMD"), threading.Event()))
    list(going)
    list(run(ws, operation(notes("x")), threading.Event()))
    assert [(s.verb, s.symbol, s.state) for s in list_runs(ws, "prepare", "ZUL")] == [("prepare", "ZUL", "done")] * 2


def test_a_run_in_another_process_holds_the_lock_too(ws: Workspace) -> None:
    with started(ws, "prepare") as process:
        with pytest.raises(HereError, match="somebody else is at it"):
            list(run(ws, operation(notes("x")), threading.Event()))
        process.kill()
        process.wait()
    list(run(ws, operation(notes("x")), threading.Event()))


RUNNER = """
import pathlib, sys, threading, time
from oclc_console.store.events import Note
from oclc_console.store.runs import Operation, run
from oclc_console.workspace import Workspace

def work(folder):
    yield Note("one")
    folder.progress.done, folder.progress.total = 5, 10
    yield Note("two")
    while not folder.stop.wait(0.05):
        pass

stop = threading.Event()
operation = Operation(sys.argv[2], "ZUL", {}, work, lambda events: {"events": len(events)})
for event in run(Workspace(pathlib.Path(sys.argv[1])), operation, stop):
    print(event.words, flush=True)
"""


def started(ws: Workspace, verb: str) -> subprocess.Popen[bytes]:
    """A run in a process of its own, past its second event."""
    process = subprocess.Popen([sys.executable, "-c", RUNNER, str(ws.root), verb], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"one\n", b"two\n"]
    return process


@unix
def test_a_killed_run_reads_as_interrupted_with_all_its_events(ws: Workspace) -> None:
    with started(ws, "upload") as process:
        assert only(ws).state == "running"
        process.kill()
        process.wait()
    state = only(ws)
    assert state.state == "interrupted" and state.needs_attention and state.end is None
    assert [recorded.event for recorded in state.events] == [Note("one"), Note("two")]
    assert not (state.path / "result.json").exists()


@unix
def test_an_event_torn_by_a_kill_is_left_out(ws: Workspace) -> None:
    list(run(ws, operation(notes("one")), threading.Event()))
    path = only(ws).path / "events.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    assert [recorded.event for recorded in only(ws).events] == [Note("one")]
    assert only(ws).state == "interrupted"


@unix
def test_a_full_disk_while_an_event_is_written_leaves_a_run_that_can_be_read(ws: Workspace) -> None:
    program = """
import pathlib, resource, sys, threading
from oclc_console.errors import HereError
from oclc_console.store.events import Note
from oclc_console.store.runs import Operation, run
from oclc_console.workspace import Workspace
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))

def work(folder):
    yield Note("one")
    yield Note("x" * 3_000)
    yield Note("never")

try:
    list(run(Workspace(pathlib.Path(sys.argv[1])), Operation("prepare", "ZUL", {}, work, lambda e: {}), threading.Event()))
except HereError as error:
    sys.exit(f"told: {error}")
"""
    done = subprocess.run([sys.executable, "-c", program, str(ws.root)], capture_output=True, text=True, timeout=60)
    assert done.stderr.startswith("told: ") and "while running prepare ZUL" in done.stderr
    state = only(ws)
    assert state.events[0].event == Note("one") and len(state.events) == 2
    assert state.end is not None and state.end.state == "failed"


def test_progress_is_sampled_while_the_run_goes_on_and_once_at_its_end(ws: Workspace) -> None:
    def work(folder: RunFolder) -> Iterator[Event]:
        folder.progress.unit, folder.progress.total, folder.progress.done = "records", 10, 3
        yield Note("waiting for a sample")
        while not (folder.path / "progress.json").exists():
            assert not folder.stop.wait(0.01)
        seen.append(orjson.loads((folder.path / "progress.json").read_bytes())["done"])
        folder.progress.done = 10
        yield Note("done")

    seen: list[int] = []
    list(run(ws, operation(work), threading.Event()))
    assert seen == [3]
    assert (only(ws).progress["done"], only(ws).progress["total"], only(ws).progress["unit"]) == (10, 10, "records")


def test_runs_within_one_second_have_folders_of_their_own_in_order(ws: Workspace) -> None:
    for number in range(12):
        list(run(ws, operation(notes(str(number))), threading.Event()))
    found = list_runs(ws)
    assert len({state.name for state in found}) == 12
    assert [state.events[0].event for state in found] == [Note(str(number)) for number in range(12)]


def test_runs_are_listed_by_verb_and_by_symbol_whatever_its_signs(ws: Workspace) -> None:
    list(run(ws, operation(notes("x"), symbol="Z$L"), threading.Event()))
    list(run(ws, operation(notes("x"), verb="fetch"), threading.Event()))
    assert [state.symbol for state in list_runs(ws, symbol="Z$L")] == ["Z$L"]
    assert [state.verb for state in list_runs(ws, verb="fetch")] == ["fetch"]
    assert [event.event for _, event in runs.events_of(ws, "fetch")] == [Note("x"), Ended("done", 0)]
    assert list_runs(ws, "upload") == []


def test_a_folder_that_is_no_run_or_not_yet_one_is_passed_over(ws: Workspace) -> None:
    (ws.runs / "20201103T081200Z-upload-ZMD").mkdir()
    (ws.runs / "notes.txt").write_text("x")
    assert list_runs(ws) == [] and read_run(ws.runs / "none") is None


def test_an_event_is_read_as_it_was_written() -> None:
    event = FileReady("a.mrc", "All", "1000031", 12, 3456, "ab" * 32)
    recorded = from_line(to_line(event, "jdoe"))
    assert (recorded.event, recorded.by) == (event, "jdoe") and recorded.at.endswith("Z")


@pytest.mark.parametrize("line", [
    b'{"at":"t","by":"b","kind":"FromTheFuture","colour":"red"}',
    b'{"at":"t","by":"b","kind":"Note","text":"x","colour":"red"}',
    b'{"at":"t","by":"b","kind":"FileReady","name":"a.mrc"}',
])
def test_an_event_of_another_version_is_kept_as_unknown_and_never_lost(line: bytes) -> None:
    recorded = from_line(line)
    data = orjson.loads(line)
    assert recorded.event == Unknown(data.pop("kind"), {k: v for k, v in data.items() if k not in ("at", "by")})
    assert (recorded.at, recorded.by) == ("t", "b") and recorded.event.words


@pytest.mark.parametrize("line", [b"", b"\0\0\0", b"{", b"[]", b'{"kind":"Note"}', b"\xff"])
def test_a_line_that_a_bad_disk_made_unreadable_does_not_hide_the_run(line: bytes) -> None:
    event = from_line(line).event
    assert isinstance(event, Unknown) and event.named == "unreadable"


def test_every_event_has_one_line_of_words() -> None:
    samples: dict[str, Any] = {
        "str": "x", "int": 1, "float": 1.0, "bool": False, "int | None": None, "str | None": None, "list[str]": ["a"],
        "dict[str, int]": {"@brief": 2}, "dict[str, Any]": {}, "list[dict[str, Any]]": [{"line": 1, "why": "x"}],
        "list[dict[str, str]]": [{"id": "uploaded", "state": "red", "words": "2 of 3 files"}],
    }
    for kind in Event.kinds.values():
        if kind.__module__ != Event.__module__:
            continue
        fields = [(field.name, field.type) for field in dataclasses.fields(kind)]
        event = kind(**{name: samples[str(kinds)] for name, kinds in fields})
        assert event.words and "\n" not in event.words
