"""Several connections at once, and what people ask of an upload while it runs: the order within a collection is kept, every
act stands in the journal first, and nothing is sent while it is paused."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from oclc_console.cli.rehearsal import accounts_of, ensure_rehearsal
from oclc_console.errors import OtherSideError
from oclc_console.operations import allowance, one_file
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.upload import upload
from oclc_console.rehearsal.folder import prepare_rehearsal
from oclc_console.rehearsal.starting import SERVER_FILE, stop_server
from oclc_console.store.events import (
    Connected,
    ConnectionsChanged,
    Ended,
    Event,
    FileNotSent,
    FileSent,
    FileStarted,
    GateChecked,
    Note,
    Paused,
    Resumed,
    TriedAgain,
)
from oclc_console.store.runs import list_runs, run
from oclc_console.store.wishes import Wishes, change_wishes
from oclc_console.workspace import Workspace
from tests.operations.stage import TOML, archival, carry_out, holding, rehearsing, taken, trusted, workspace_in, write
from tests.operations.test_upload import big
from tests.sshd.wire import Wire

THREE = TOML + "\n[exchange]\nconnections = 3\n"


def three_collections(tmp_path: Path, toml: str = THREE) -> Workspace:
    """Three collections with three files each."""
    workspace = workspace_in(tmp_path, toml)
    records = [make(n) for n in range(9) for make in (trusted, lambda n: archival(n + 100), lambda n: holding(n + 200))]
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    return workspace


def collection(name: str) -> str:
    return name.split(".")[0]


def test_three_connections_send_every_file_whole_and_each_collection_in_order(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder:
        result, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}
    assert [file["state"] for file in result["files"]] == ["sent"] * 9
    assert sum(isinstance(event, Connected) for event in events) == 3
    for each in ("1000001", "1000002", "1000003"):
        of_it = [event for event in events if isinstance(event, FileStarted | FileSent) and collection(event.name) == each]
        assert [type(event) for event in of_it] == [FileStarted, FileSent] * 3
        names = [event.name for event in of_it]
        assert names == sorted(names)


def test_each_act_of_each_connection_stands_in_the_journal_before_the_next(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace):
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
    for file in read_outbox(workspace, "ZAA"):
        kinds = [type(event).__name__ for event in events if getattr(event, "name", "") == file.name]
        assert kinds == ["FileStarted", "FileOpened", "FileClosing", "FileSent"]


def test_whoever_stops_listening_stops_every_connection_and_no_file_is_closed_without_its_journal_line(
    tmp_path: Path,
) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder:
        going = run(workspace, upload(workspace, "ZAA"), threading.Event())
        assert isinstance(going, Iterator)
        for event in going:
            if isinstance(event, FileStarted):
                going.close()  # type: ignore[attr-defined]
                break
        assert taken(folder) == {}
        carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}


def test_a_login_that_is_refused_is_tried_once_whatever_the_number_of_connections(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace, refuse_login=True):
        try:
            carry_out(workspace, upload(workspace, "ZAA"))
        except OtherSideError as error:
            assert "does not let fx_zaa in" in error.what and "not repeated" in error.then
        else:
            raise AssertionError("it let us in")
    (told,) = list_runs(workspace, "upload")
    assert [type(recorded.event) for recorded in told.events] == [GateChecked, Ended]


def watched(workspace: Workspace, stop: threading.Event, on: Callable[[Event, Path], None]) -> list[Event]:
    """Runs an upload, handing each event to `on` with the run's folder."""
    events = []
    for event in run(workspace, upload(workspace, "ZAA"), stop):
        on(event, list_runs(workspace, "upload")[-1].path)
        events.append(event)
    return events


@pytest.mark.slow
def test_a_paused_upload_sends_nothing_until_it_is_resumed_and_the_journal_tells_both(tmp_path: Path) -> None:
    workspace = big(tmp_path, 20)
    seen: list[int] = []

    def on(event: Event, folder: Path) -> None:
        if isinstance(event, FileStarted):
            change_wishes(folder, lambda now: replace(now, paused=True))
            time.sleep(1)
        elif isinstance(event, Paused):
            threading.Thread(target=later, args=(folder,)).start()

    def later(folder: Path) -> None:
        for _ in range(2):  # two samples of the progress, well apart
            time.sleep(1)
            seen.append(orjson.loads((folder / "progress.json").read_bytes())["done"])
        change_wishes(folder, lambda now: replace(now, paused=False))

    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        events = watched(workspace, threading.Event(), on)
        assert taken(folder) == {file.name: file.path.read_bytes()}
    kinds = [type(event) for event in events]
    assert kinds.index(FileStarted) < kinds.index(Paused) < kinds.index(Resumed) < kinds.index(FileSent)
    assert seen[0] == seen[1] < file.bytes


def test_an_upload_that_is_paused_can_be_stopped(tmp_path: Path) -> None:
    workspace = big(tmp_path, 20)
    stop = threading.Event()

    def on(event: Event, folder: Path) -> None:
        if isinstance(event, FileStarted):
            change_wishes(folder, lambda now: Wishes(paused=True))
            time.sleep(1)
        elif isinstance(event, Paused):
            stop.set()

    with rehearsing(workspace):
        events = watched(workspace, stop, on)
    assert [event.state for event in events if isinstance(event, FileNotSent | Ended)] == ["partial", "stopped"]


@pytest.mark.slow
def test_more_connections_can_be_asked_for_while_it_runs_and_the_journal_tells(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path, TOML)

    def on(event: Event, folder: Path) -> None:
        if isinstance(event, FileStarted):
            change_wishes(folder, lambda now: replace(now, connections=3))
            time.sleep(0.3)

    with rehearsing(workspace) as folder:
        events = watched(workspace, threading.Event(), on)
        assert len(taken(folder)) == 9
    assert [event.count for event in events if isinstance(event, ConnectionsChanged)] == [3]
    assert sum(isinstance(event, Connected) for event in events) == 3


@contextlib.contextmanager
def wired(workspace: Workspace) -> Iterator[Wire]:
    """A wire between the workspace and its rehearsal, which is running."""
    file = workspace.rehearsal / SERVER_FILE
    server = orjson.loads(file.read_bytes())
    wire = Wire(server["port"])
    file.write_bytes(orjson.dumps({**server, "port": wire.port}))
    ensure_rehearsal(workspace)
    try:
        yield wire
    finally:
        wire.close()
        file.write_bytes(orjson.dumps(server))


def test_a_server_that_takes_fewer_connections_than_asked_for_gets_everything_over_those_and_the_journal_tells(
    tmp_path: Path,
) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder, wired(workspace) as wire:
        wire.most_at_once = 1
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}
    (told,) = [event for event in events if isinstance(event, ConnectionsChanged)]
    assert told.count == 1 and "takes no connections now" in told.words and "another is tried now and then" in told.words
    assert not any(isinstance(event, FileNotSent) or "trying again" in event.words for event in events)


@pytest.mark.slow
def test_a_connection_that_was_given_up_is_taken_again_when_the_server_takes_it_and_the_journal_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "FIRST_WAIT", 0.05)
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder, wired(workspace) as wire:
        wire.most_at_once, wire.bytes_a_second = 1, 5_000

        def on(event: Event, _: Path) -> None:
            if isinstance(event, ConnectionsChanged):
                wire.most_at_once = 0

        events = watched(workspace, threading.Event(), on)
        assert len(taken(folder)) == 9
    told = [event for event in events if isinstance(event, ConnectionsChanged)]
    assert [event.count for event in told][:2] == [1, 2]
    assert told[1].why == "the server takes another one again"
    assert sum(isinstance(event, Connected) for event in events) >= 2


def test_a_further_connection_whose_login_is_refused_is_not_tried_again_and_the_others_go_on(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder:

        def on(event: Event, _: Path) -> None:
            if isinstance(event, Connected):  # the first one stands: from here on nobody is let in
                prepare_rehearsal(workspace.rehearsal, accounts=accounts_of(workspace.settings), seed=1, refuse_login=True)

        events = watched(workspace, threading.Event(), on)
        assert len(taken(folder)) == 9
    (told,) = [event for event in events if isinstance(event, ConnectionsChanged)]
    assert told.count == 1 and "does not let fx_zaa in" in told.why and "no other is tried" in told.why


@pytest.mark.slow
def test_a_file_that_did_not_get_through_is_tried_again_when_somebody_asks_and_those_behind_it_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_file, "PAUSES", (0.01,))
    workspace = three_collections(tmp_path, TOML)
    first = read_outbox(workspace, "ZAA")[0].name
    with rehearsing(workspace) as folder:

        def on(event: Event, run_folder: Path) -> None:
            if isinstance(event, FileStarted) and event.name == first and event.attempt == 1:
                stop_server(workspace.rehearsal)
            elif isinstance(event, FileNotSent):
                ensure_rehearsal(workspace)
                change_wishes(run_folder, lambda now: replace(now, retry=(first, "no-such-file.mrc")))
                time.sleep(1)

        events = watched(workspace, threading.Event(), on)
        assert len(taken(folder)) == 9
    assert [event.state for event in events if isinstance(event, FileNotSent | Ended)] == ["partial", "done"]
    assert [event.name for event in events if isinstance(event, TriedAgain)] == [first]
    assert any(isinstance(event, Note) and "no-such-file.mrc" in event.text for event in events)
    behind = [event.name for event in events if isinstance(event, FileSent) and collection(event.name) == collection(first)]
    assert behind[0] == first and behind == sorted(behind)


@pytest.mark.slow
def test_files_in_flight_stand_in_the_progress_one_by_one(tmp_path: Path) -> None:
    workspace = big(tmp_path, 40)
    (file,) = read_outbox(workspace, "ZAA")
    seen: list[dict[str, list[int]]] = []

    def on(event: Event, folder: Path) -> None:
        if isinstance(event, FileStarted):
            time.sleep(0.6)
            seen.append(orjson.loads((folder / "progress.json").read_bytes())["moving"])

    with rehearsing(workspace):
        watched(workspace, threading.Event(), on)
    assert seen == [{file.name: [0, file.bytes]}]
    assert list_runs(workspace, "upload")[-1].progress["moving"] == {}
    assert list_runs(workspace, "upload")[-1].progress["done"] == file.bytes
