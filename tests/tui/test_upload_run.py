"""The page of an upload: watched and steered the same whether it was started here, from a shell or by a timer; what is asked of
it stands there until it has answered; when it is over it says what needs whom."""

from __future__ import annotations

import os
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from oclc_console.cli.rehearsal import ensure_rehearsal
from oclc_console.operations import one_file
from oclc_console.operations.fetch import fetch
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.upload import upload
from oclc_console.rehearsal.starting import stop_server
from oclc_console.store.events import (
    ConnectionsChanged,
    Event,
    FileNotSent,
    FileSent,
    FileStarted,
    Note,
    Paused,
    Resumed,
    TriedAgain,
)
from oclc_console.store.runs import Operation, RunFolder, RunState, list_runs, run
from oclc_console.store.wishes import FILE, Wishes, change_wishes, read_wishes
from oclc_console.tui.app import ConsoleApp
from oclc_console.tui.follow import Curve, curve_on_disk
from oclc_console.tui.upload_facts import about_upload, file_story
from oclc_console.tui.upload_words import short_name
from oclc_console.tui.widgets.table import Table
from oclc_console.workspace import Workspace
from tests.operations.stage import (
    TOML,
    archival,
    carry_out,
    fetched,
    holding,
    rehearsing,
    start,
    taken,
    trusted,
    workspace_in,
    write,
)
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts, until
from tests.tui.slow_line import SlowLine, slow_line
from tests.tui.stage import HeldClock, live_upload
from tests.tui.test_runs import Recorder

SIZE = (80, 24)
WIDE = (160, 48)
FAST = 1e9
Screen = Pilot[tuple[str, str]]


def three_collections(tmp_path: Path, note_words: int = 1900) -> Workspace:
    """Three collections with two files of some hundred kB each."""
    workspace = workspace_in(tmp_path, TOML)
    note = (b"500", b"  \x1fa" + b"long " * note_words)
    notes = [note] * 7
    records = [record for n in range(6) for record in (
        holding(n, (b"079", b"  \x1fa%d" % (1000 + n)), *notes),
        holding(n + 100, *notes, leader=b"00000ctm a2200000 i 4500"), holding(n + 200, *notes))]
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    return workspace


def last_upload(workspace: Workspace) -> RunState:
    return list_runs(workspace, "upload")[-1]


def kinds(workspace: Workspace) -> list[type[Event]]:
    return [type(recorded.event) for recorded in last_upload(workspace).events]


async def begun(pilot: Screen, workspace: Workspace) -> None:
    """Waits until bytes of a first file were acknowledged."""
    await until(pilot, lambda: any(run.progress.get("done") for run in list_runs(workspace, "upload")), "the first bytes")


async def open_file(pilot: Screen, name: str) -> None:
    """Moves the cursor to a file and opens its page."""
    place = pilot.app.screen.query_one("#upload-list", Table).keys.index(name)
    await press(pilot, "home", *["down"] * place, "enter")
    await shows(pilot, f"╭─ {name}")


def screen_of(pilot: Screen) -> str:
    """What stands on the screen."""
    assert isinstance(pilot.app, ConsoleApp)
    return text_of(pilot.app)


def arrived(workspace: Workspace) -> int:
    """The bytes of MARC files that the rehearsal has, taken or on their way."""
    return sum(path.stat().st_size for path in workspace.rehearsal.rglob("*.mrc*") if path.is_file())


async def stands_still(pilot: Screen, line: SlowLine) -> None:
    """Waits until what was on its way has arrived."""
    before = -1
    for _ in range(60):
        if line.passed == before:
            return
        before = line.passed
        await pilot.pause(1)
    raise AssertionError("bytes went on arriving")


@pytest.mark.slow
async def test_an_upload_started_from_a_shell_is_paused_sends_nothing_and_goes_on(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    whole = sum(file.bytes for file in read_outbox(workspace, "ZAA"))
    with rehearsing(workspace) as folder, slow_line(workspace, 40_000) as line:
        process = start(workspace, "upload", "ZAA")
        async with console(workspace).run_test(size=SIZE) as pilot:
            await begun(pilot, workspace)
            await press(pilot, "3", "enter")
            await shows(pilot, "of 6 files sent", "◐ sending", "p Pause")
            await pilot.press("p")
            await until(pilot, lambda: Paused in kinds(workspace), "its answer")
            await shows(pilot, "‖ paused", "p Go on")
            line.bytes_a_second = FAST
            await stands_still(pilot, line)
            there, passed = arrived(workspace), line.passed
            await pilot.pause(1.5)
            assert line.passed == passed and arrived(workspace) == there < whole, "nothing was sent meanwhile"
            await pilot.press("p")
            await shows(pilot, "✔ done: 6 of 6 files sent")
        assert process.wait(timeout=30) == 0
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}
    told = kinds(workspace)
    assert told.index(Paused) < told.index(Resumed) < len(told)


@pytest.mark.slow
async def test_plus_and_minus_ask_for_connections_and_the_upload_answers(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace), slow_line(workspace, 40_000) as line:
        process = start(workspace, "upload", "ZAA")
        async with console(workspace).run_test(size=SIZE) as pilot:
            await begun(pilot, workspace)
            await press(pilot, "3", "enter")
            await shows(pilot, "1 of 1 connection at work")
            await press(pilot, "plus", "plus")
            assert read_wishes(last_upload(workspace).path).connections == 3
            await shows(pilot, "3 of 3 connections at work")
            assert screen_of(pilot).count("◐ sending") == 3
            await press(pilot, "minus")
            await until(pilot, lambda: kinds(workspace).count(ConnectionsChanged) >= 2, "its answer")
            line.bytes_a_second = FAST
            await shows(pilot, "✔ done: 6 of 6 files sent")
        assert process.wait(timeout=30) == 0
    asked = [r.event.count for r in last_upload(workspace).events if isinstance(r.event, ConnectionsChanged)]
    assert asked[-1] == 2 and 3 in asked


@pytest.mark.slow
async def test_x_stops_a_real_upload_and_its_page_says_what_is_left_and_r_goes_on_with_it(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace) as folder, slow_line(workspace, 40_000) as line:
        process = start(workspace, "upload", "ZAA")
        async with console(workspace).run_test(size=SIZE) as pilot:
            await begun(pilot, workspace)
            await press(pilot, "3", "enter", "x", "y")
            screen = await shows(pilot, "■ stopped: ", "press r to go on with the upload", "! partial")
            assert "6 need you" in screen, "one partial, five waiting"
            assert process.wait(timeout=30) == 3
            line.bytes_a_second = FAST
            await press(pilot, "r")
            await until(pilot, lambda: [run.end for run in list_runs(workspace, "upload")[1:] if run.end], "the second one")
            await shows(pilot, "nothing needs you")
        assert len(taken(folder)) == 6


@pytest.mark.slow
async def test_t_tries_a_file_again_in_the_same_run_and_its_page_tells_both_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_file, "PAUSES", (0.01,))
    workspace = three_collections(tmp_path, note_words=10)
    first = read_outbox(workspace, "ZAA")[0].name
    failed, asked = threading.Event(), threading.Event()
    with rehearsing(workspace):

        def carry_on() -> None:
            for event in run(workspace, upload(workspace, "ZAA"), threading.Event()):
                if isinstance(event, FileStarted) and event.name == first and event.attempt == 1:
                    stop_server(workspace.rehearsal)
                elif isinstance(event, FileNotSent):
                    ensure_rehearsal(workspace)
                    failed.set()
                    asked.wait(60)

        work = threading.Thread(target=carry_on, daemon=True)
        async with console(workspace).run_test(size=SIZE) as pilot:
            work.start()
            await until(pilot, failed.is_set, "the failure")
            await press(pilot, "3", "enter")
            screen = await shows(pilot, "! partial", "t tries again", "waits behind")
            assert screen.index("t tries again") < screen.index("· waiting")
            await press(pilot, "home", "t")
            await shows(pilot, "asked again", "asked to try")
            asked.set()
            await shows(pilot, "✔ done: 6 of 6 files sent")
            work.join(30)
            await open_file(pilot, first)
            await shows(pilot, "✔ sent · ")
            await press(pilot, "end")
            await shows(pilot, "attempt 1", "the connection was lost")
    assert [r.event.name for r in last_upload(workspace).events if isinstance(r.event, TriedAgain)] == [first]
    story = file_story(workspace, "ZAA", first)
    assert story is not None and [attempt.number for attempt in story.attempts] == [1, 2]
    assert story.attempts[0].how.startswith("the connection was lost") and story.attempts[-1].how.startswith("sent: ")


async def test_a_finished_upload_says_how_much_was_sent_what_needs_you_and_which_key_goes_there(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "down", "enter")
        screen = flat(await shows(pilot, "✔ done: 3 of 3 files sent, 2 need you"))
        assert "2 files with rejected records, 4 of 20: press 4 for Reports" in screen
        assert "reports are here for 2 of 3 files" in screen
        await press(pilot, "end", "n")
        assert "▌✔ sent      1000037…vern" in screen_of(pilot)


async def test_a_late_report_is_told_with_how_late_it_is_and_whom_to_ask(workspace: Workspace, held: HeldClock) -> None:
    held.at(days=-50)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "down", "enter")
        screen = flat(await shows(pilot, "3 need you", "! late 7 d"))
        assert "no report for 1 file, up to 7 d late: press f to fetch it; if there is none, ask OCLC" in screen
        file = next(file for file in read_outbox(workspace, "ZMD") if "reproductions" in file.name)
        await open_file(pilot, file.name)
        await until(pilot, lambda: "! not yet, 7 d late: expected by Tue 29 Dec 2020 09:14 (OCLC has not reported on its "
                    "collection yet)" in flat(screen_of(pilot)))


@pytest.mark.slow
async def test_everything_about_a_file_stands_in_one_place(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path, note_words=10)
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        fetched(workspace, "ZAA")
        carry_out(workspace, fetch(workspace, "ZAA"))
    async with console(workspace).run_test(size=WIDE) as pilot:
        await shows(pilot, "up")
        await press(pilot, "3")
        place = pilot.app.screen.query_one("#runs-list", Table).keys.index(last_upload(workspace).name)
        await press(pilot, "home", *["down"] * place, "enter")
        await shows(pilot, "6 of 6 files sent")
        await press(pilot, "enter")
        screen = flat(await shows(pilot, "attempt 1"))
    file = next(file for file in read_outbox(workspace, "ZAA") if f"╭─ {file.name}" in screen)
    for said in (f"{file.stream}, collection {file.collection} of ZAA", f"{file.records:,} records, {file.bytes:,} bytes",
                 file.sha256, "from a.mrc", f"answers {file.records} of {file.records} records: ", "every byte acknowledged",
                 "BibProcessingReport", "by "):
        assert said in screen, said


class Crossed:
    """An upload whose link died: what a real one would say, without a server."""

    def __init__(self, state: str) -> None:
        self.state = state

    def of(self, symbol: str, files: list[OutboxFile]) -> Operation:
        """Its operation."""

        def work(folder: RunFolder) -> list[Event]:
            folder.progress.files_total = len(files)
            return [event for file in files for event in (
                FileStarted(file.name, file.bytes, file.sha256, 2),
                FileNotSent(file.name, self.state, file.bytes // 2, 2, "the link died [/red]"))]

        return Operation("upload", symbol, {"again": None, "reason": None}, lambda folder: iter(work(folder)),
                         lambda events: {"files": []}, lambda result: 3)


def crossed(workspace: Workspace, state: str) -> OutboxFile:
    """The last of ZMD's files, that did not come through."""
    file = next(file for file in read_outbox(workspace, "ZMD") if "reproductions" in file.name)
    list(run(workspace, Crossed(state).of("ZMD", [file]), threading.Event()))
    return file


async def test_a_file_that_may_be_at_oclc_is_sent_again_only_with_a_reason(workspace: Workspace) -> None:
    file = crossed(workspace, "taken_cut")
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "enter")
        screen = flat(await shows(pilot, "✖ taken cut", "1 need"))
        assert "press f, the report settles it (oclc-console fetch ZMD); or t, to send it once more with a reason" in screen
        await press(pilot, "t", "enter")
        await shows(pilot, "OCLC may have this file already", "Say in a few words why.")
        await press(pilot, *"OCLC asked", "enter")
    assert recorder.asked == [("upload", "ZMD", f"--again={file.name}", "--reason=OCLC asked")]


async def test_a_partial_file_of_an_upload_that_is_over_is_tried_again_by_the_same_command(workspace: Workspace) -> None:
    crossed(workspace, "partial")
    recorder = Recorder()
    app = console(workspace, launcher=recorder)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZMD")
        await press(pilot, "3", "enter")
        await shows(pilot, "! done, look: 0 of 1 file sent, 1 needs you", "! partial", "press r to go on with the upload")
        await press(pilot, "p", "t")
        assert "This upload is over: it is done." in toasts(app)
    assert recorder.asked == [("upload", "ZMD")]


async def test_what_is_asked_of_a_run_that_does_not_answer_stands_there_with_since_when(
    workspace: Workspace, held: HeldClock
) -> None:
    with live_upload(workspace) as live:
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter", "p")
            await shows(pilot, "asked to pause", "it has not answered yet", "p Go on")
            assert read_wishes(live.path).paused
            os.utime(live.path / FILE, (held.moment.timestamp(), held.moment.timestamp()))
            held.at(seconds=-40)
            screen = flat(await shows(pilot, "asked to pause 0:40 ago"))
            assert "It does not seem to listen" in screen
            live.say(Paused())
            await shows(pilot, "‖ paused")
            await until(pilot, lambda: "asked to" not in screen_of(pilot), "its answer")


async def test_what_a_colleague_asks_is_seen_too(workspace: Workspace) -> None:
    with live_upload(workspace) as live:
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter")
            change_wishes(live.path, lambda now: replace(now, connections=4))
            await shows(pilot, "asked to use 4 connections instead of 1")
            live.say(ConnectionsChanged(4))
            await shows(pilot, "of 4 connections at work")


async def test_fewer_connections_than_asked_for_stand_there_with_the_reason_and_asking_goes_on_from_what_was_asked(
    workspace: Workspace,
) -> None:
    with live_upload(workspace) as live:
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter")
            change_wishes(live.path, lambda now: replace(now, connections=3))
            live.say(ConnectionsChanged(3))
            live.say(ConnectionsChanged(1, "it takes no connections now; another is tried now and then"))
            screen = flat(await shows(pilot, "of 1 connection at work", "1 of the 3 connections asked for"))
            assert "it takes no connections now; another is tried now and then" in screen
            assert "asked to use" not in screen, "it has answered"
            live.say(ConnectionsChanged(3, "the server takes another one again"))
            screen = await shows(pilot, "of 3 connections at work")
            assert "connections asked for" not in screen
            await press(pilot, "plus")
            assert read_wishes(live.path).connections == 4


async def test_a_file_whose_link_was_lost_a_moment_ago_is_shown_as_about_to_be_tried_again(workspace: Workspace) -> None:
    name = "1000043.zmd.trusted.20201116.001.mrc"
    with live_upload(workspace) as live:
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter")
            assert "trying again" not in screen_of(pilot)
            live.say(Note(f"{name}: the connection was lost; trying again"))
            await shows(pilot, "trying again")
            live.say(FileStarted(name, 632_000_000, "0" * 64, 2))
            await until(pilot, lambda: "trying again  " not in screen_of(pilot), "the second try")


async def test_connections_stay_between_one_and_eight(workspace: Workspace) -> None:
    app = console(workspace)
    with live_upload(workspace) as live:
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter", "minus")
            change_wishes(live.path, lambda now: Wishes(connections=8))
            await shows(pilot, "asked to use 8 connections")
            await press(pilot, "plus")
    assert toasts(app).count("Between 1 and 8 connections are possible.") == 2


@pytest.mark.slow
async def test_a_console_that_is_opened_later_shows_the_minutes_before(tmp_path: Path) -> None:
    workspace = three_collections(tmp_path)
    with rehearsing(workspace), slow_line(workspace, 40_000):
        process = start(workspace, "upload", "ZAA")
        try:
            while not (runs := list_runs(workspace, "upload")) or len(runs[0].progress.get("trail", ())) < 5:
                time.sleep(0.1)
            began = last_upload(workspace).progress["trail"][0][0]
            app = console(workspace)
            async with app.run_test(size=SIZE) as pilot:
                await shows(pilot, "ZAA")
                await press(pilot, "3", "enter")
                screen = await shows(pilot, "rate ", "at most ")
                assert app.facts and app.facts.curves[last_upload(workspace).name].samples[0][0].timestamp() == began
                minutes, seconds = re.findall(r"last (\d+):(\d+), at most", screen)[0]
                assert int(minutes) * 60 + int(seconds) >= 5
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.slow
async def test_an_upload_of_thousands_of_files_opens_at_those_on_their_way(workspace: Workspace) -> None:
    with live_upload(workspace) as live:
        for number in range(1, 2001):
            name = f"1000043.zmd.trusted.20201116.{number:04}.mrc"
            live.say(FileStarted(name, 1000, "0" * 64, 1))
            live.say(FileSent(name, 1000, "0" * 64, 1, 0.1))
        live.goes_on(done=2_000_000, file="1000043.zmd.trusted.20201116.001.mrc", file_done=5_000_000, file_total=632_000_000)
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter")
            await shows(pilot, "Files 2,002", "▌◐ sending   1000043…trusted…1116.001 ")
            await press(pilot, "end")
            await shows(pilot, "1000043…trusted…1116.2000")


def test_the_curve_on_disk_is_that_of_the_last_minutes_and_goes_on_with_what_is_seen() -> None:
    start_at = datetime(2020, 11, 3, 9, 0, tzinfo=UTC)
    second = int(start_at.timestamp())
    progress = {"at": "2020-11-03T09:00:04.500Z", "done": 900, "moved": 400,
                "trail": [[second, 0], [second + 1, 100], [second + 2, 200], [second + 4, 350]]}
    read = RunState("r", Path(), "upload", "ZAA", "cron", "2020-11-03T09:00:00Z", {}, (), progress, True)
    curve = curve_on_disk(read)
    assert curve.each(1) == [0, 100, 100, 0, 200], "what went through counts, not how far it is after going on with a file"
    assert curve.with_sample(start_at + timedelta(seconds=6), 1000).each(1)[-1] == 600
    assert curve.each(2) == [50, 50, 100]
    assert curve.each(1, start_at + timedelta(seconds=7)) == [0, 100, 100, 0, 200, 0, 0, 0], "standing still is seen"


def test_samples_of_one_second_take_each_others_place() -> None:
    at, curve = datetime(2020, 11, 3, 9, 0, tzinfo=UTC), Curve()
    for quarter in range(41):
        curve = curve.with_sample(at + timedelta(seconds=quarter / 4), quarter)
    assert len(curve.samples) == 11 and curve.samples[-1] == (at + timedelta(seconds=10), 40)


@pytest.mark.parametrize(("width", "shown"), [(40, "1000043.zmd.trusted.20201116.001.mrc"), (26, "1000043…trusted…1116.001"),
                                              (18, "…trusted…1116.001"), (12, "10000…01.mrc")])
def test_a_name_that_must_be_cut_keeps_its_stream_and_number_as_long_as_they_fit(width: int, shown: str) -> None:
    assert short_name("1000043.zmd.trusted.20201116.001.mrc", width) == shown


@pytest.mark.slow
def test_the_files_of_an_upload_are_those_that_waited_when_it_began_whatever_came_of_them_later(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", trusted(1), archival(2))]))
    with rehearsing(workspace):
        carry_out(workspace, upload(workspace, "ZAA"))
        carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "b.mrc", trusted(3))]))
        first = last_upload(workspace)
        time.sleep(1.1)  # a run's name has whole seconds
        carry_out(workspace, upload(workspace, "ZAA"))
    facts, later = about_upload(workspace, first), about_upload(workspace, last_upload(workspace))
    assert len(facts.due) == 2 and len(later.due) == 1
    assert {file.state for file in facts.due} == {"waiting"} and {k.file.state for k in facts.known.values()} == {"sent"}
