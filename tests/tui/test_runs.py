"""The runs: starting operations as processes of their own, watching them whoever started them, stopping, resuming."""

from __future__ import annotations

import re
import sys
from functools import partial
from pathlib import Path

import pytest

from oclc_console.operations.prepare import prepare
from oclc_console.store.events import Ended
from oclc_console.store.runs import Operation, list_runs
from oclc_console.tui.app import ConsoleApp
from oclc_console.tui.launch import Launched, Launcher, command_again
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts, until
from tests.tui.stage import HeldClock, live_upload, make_stage, ran, records, sending

SIZE = (80, 24)


class Recorder(Launcher):
    """Starts a tiny real process instead of the command, and keeps what was asked."""

    def __init__(self, code: str = "pass") -> None:
        super().__init__(command=(sys.executable, "-c", code))
        self.asked: list[tuple[str, ...]] = []

    def start(self, workspace: Workspace, *arguments: str) -> Launched:
        """Keeps what was asked."""
        self.asked.append(arguments)
        return super().start(workspace, *arguments)


async def test_the_list_shows_state_verb_symbol_and_what_each_run_came_to(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3")
        screen = await shows(pilot, "Runs 3 · 0 at work")
    assert "✖ refused     prepare ZHG    16 Nov" in screen and "4 of 5 records routed" in screen
    assert "✔ done        upload  ZMD" in screen and "3 of 3 files sent" in screen
    assert "Press a to accept 1 unrouted and 0 double records" in flat(screen)


async def test_a_live_upload_of_another_process_shows_bars_rate_and_time_left(workspace: Workspace, held: HeldClock) -> None:
    held.at(seconds=4)
    app = console(workspace)
    with live_upload(workspace) as live:
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3")
            await shows(pilot, "◐ running", "rate not known yet")
            for second in range(1, 5):
                held.at(seconds=4 - second)
                live.goes_on(done=400_000_000 + second * 10_000_000, file="1000043.zmd.trusted.20201116.001.mrc",
                             file_done=254_000_000 + second * 10_000_000, file_total=632_000_000)
                await until(pilot, partial(has_samples, app, live.path.name, second + 1))
            screen = await shows(pilot, "10.0 MB/s, 0:34 left")
            assert "✔ sent      1000037.zmd.vern.20201116.001.mrc" in screen
            assert "◐ sending   1000043.zmd.trusted.20201116.001.mrc" in screen and "% of 632.0 MB" in screen
            held.at(seconds=-40)
            await shows(pilot, "nothing moved for 0:40")


@pytest.mark.slow
async def test_one_run_shows_its_events_verbatim_newest_first(workspace: Workspace) -> None:
    with live_upload(workspace):
        async with console(workspace).run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, "3", "enter", "tab")
            screen = await shows(pilot, "Events 5", "resumed at 211.6 MB [/red]")
            assert screen.index("[/red]") < screen.index("sending 1000043")
            await press(pilot, "enter")
            await shows(pilot, "by cron:")
            await press(pilot, "escape", "escape")
            await shows(pilot, "Runs 4 · 1 at work")


@pytest.mark.slow
@pytest.mark.parametrize("where", [("3",), ("3", "enter")], ids=["in the list", "on its page"])
async def test_x_asks_first_then_the_process_is_to_stop_and_it_is_stopping_until_its_end_is_on_disk(
    where: tuple[str, ...], workspace: Workspace
) -> None:
    app = console(workspace)
    with live_upload(workspace) as live:
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            await press(pilot, *where, "x")
            await shows(pilot, "Stop upload ZMD?", "Files that were sent stay sent.")
            await press(pilot, "enter")
            assert live.process.poll() is None, "Enter leaves it alone"
            await press(pilot, "x", "y")
            await shows(pilot, "◐ stopping…")
            assert live.process.wait(timeout=10) == -15, "SIGTERM"
            await press(pilot, "x")
            assert "It is stopping already." in toasts(app)
            live.say(Ended("stopped", 3, "asked to stop"))
            screen = await shows(pilot, "■ stopped")
            assert "press r" in screen.lower()
            assert "stopping…" not in screen


async def test_a_key_that_can_not_be_used_says_why(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "x", "down", "r", "a")
        said = toasts(app)
    assert "This prepare is not running: it is refused." in said
    assert any("This upload is done: there is nothing to resume" in each for each in said)
    assert any("Only a prepare that was refused" in each for each in said)


async def test_r_gives_the_same_command_again(workspace: Workspace) -> None:
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "r")
    (asked,) = recorder.asked
    assert asked[:2] == ("prepare", "ZHG") and asked[2].endswith("RBK_2020111608_1.mrc") and len(asked) == 3


async def test_a_refused_prepare_can_be_accepted_only_with_a_reason(workspace: Workspace) -> None:
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "a", "enter")
        await shows(pilot, "Say in a few words why.")
        assert not recorder.asked
        await press(pilot, *"-they go later", "enter")
    assert recorder.asked[0][-1] == "--accept-unrouted=-they go later"


@pytest.mark.slow
async def test_prepare_asks_for_symbol_and_files_and_runs_the_real_command(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "p")
        await shows(pilot, "Prepare the files of which symbol?")
        await press(pilot, "home", "enter")
        await shows(pilot, "[x] LAW_[new]_1.mrc", "1 of 1 file marked")
        await press(pilot, "space")
        await press(pilot, "enter")
        await shows(pilot, "No file is marked")
        await press(pilot, "home", "space", "tab", *"6", "enter")
        await shows(pilot, "✔ done        prepare ZLW", "6 of 6 records routed")
    (run,) = list_runs(workspace, "prepare", "ZLW")
    assert run.asked["set_count"] == 6 and run.by == "lts"


@pytest.mark.slow
async def test_an_empty_inbox_says_where_to_put_the_files(workspace: Workspace) -> None:
    for file in workspace.at("inbox", "ZLW").iterdir():
        file.unlink()
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "p", "home", "enter")
        screen = await shows(pilot, "There is no file in")
        assert "Put the files that Alma published there" in flat(screen)


async def test_files_prepared_before_are_listed_so_and_not_marked(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "p", "home", "down", "enter")
        await shows(pilot, "[ ] MED_2020110208_1.mrc", "prepared 3 Nov")


@pytest.mark.slow
async def test_upload_to_a_rehearsal_shows_what_goes_and_enter_starts_it(workspace: Workspace) -> None:
    make_waiting(workspace)
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "u", "home", "enter")
        screen = await shows(pilot, "Upload ZLW", "go to the rehearsal as fx_zlw")
        assert "1000021.zlw.all.20201116.001.mrc" in screen
        await press(pilot, "enter")
    assert recorder.asked == [("upload", "ZLW")]


@pytest.mark.slow
async def test_upload_to_oclc_itself_needs_the_symbol_typed(tmp_path: Path, held: HeldClock) -> None:
    stage = make_stage(tmp_path / "real", held, host="filex-m1.oclc.org")
    make_waiting(stage)
    recorder = Recorder()
    async with console(stage, launcher=recorder).run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "filex-m1.oclc.org", "3 of 3")
        assert "REHEARSAL" not in screen
        await press(pilot, "3", "u", "home", "enter")
        await shows(pilot, "What is sent can't be called back. Type ZLW to upload")
        await press(pilot, "enter")
        await shows(pilot, "Type ZLW exactly")
        assert not recorder.asked, "Enter alone sends nothing"
        await press(pilot, *"ZLW", "enter")
    assert recorder.asked == [("upload", "ZLW")]


async def test_an_upload_of_nothing_is_not_started(workspace: Workspace) -> None:
    recorder = Recorder()
    app = console(workspace, launcher=recorder)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "u", "home", "down", "enter")
        await until(pilot, lambda: any("3 files went out before" in said for said in toasts(app)))
    assert not recorder.asked


STARTED = """
import os, pathlib, sys, time
root = pathlib.Path(sys.argv[sys.argv.index("--workspace") + 1])
path = root / "runs" / "20201116T091300Z-fetch-ZMD"
while not (root / "go").exists():
    time.sleep(0.02)
path.mkdir()
(path / "run.json").write_text('{"verb": "fetch", "symbol": "ZMD", "asked": {}, "by": "lts", '
                               '"at": "2020-11-16T09:13:00+00:00", "pid": %d}' % os.getpid())
while not (root / "end").exists():
    time.sleep(0.02)
"""


@pytest.mark.parametrize("moved", [False, True])
async def test_a_run_started_here_is_shown_as_it_appears_unless_the_cursor_was_moved(workspace: Workspace, moved: bool) -> None:
    async with console(workspace, launcher=Recorder(STARTED)).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "f", "home", "down", "enter")
        await shows(pilot, "▌✖ refused     prepare ZHG", "starting: fetch ZMD")
        if moved:
            await press(pilot, "down")
        with live_upload(workspace):  # a run of somebody else's is not what was started here
            await shows(pilot, "Runs 4")
            (workspace.root / "go").touch()
            screen = await shows(pilot, "Runs 5", "fetch   ZMD", *([] if moved else ["╭─ fetch ZMD · started 16 Nov 09:13"]))
            assert ("▌! interrupted fetch" in screen) is not moved
            assert ("▌✔ done        upload" in screen) is moved
            (workspace.root / "end").touch()


async def test_a_run_that_had_nothing_to_do_says_so(workspace: Workspace, held: HeldClock) -> None:
    ran(workspace, sending(workspace, "ZLW", []))
    ran(workspace, Operation("fetch", "ZLW", {}, lambda folder: iter(()), lambda events: {}))
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3")
        screen = await shows(pilot, "nothing was waiting", "no new reports")
    assert "0 of 0" not in screen and "0 new" not in screen


async def test_long_names_keep_both_ends_and_the_counts_beside_them_are_whole(workspace: Workspace) -> None:
    names = [f"MED_a_very_long_name_that_somebody_gave_in_{'Alma_' * 8}20201102_new.mrc_{number}" for number in (1, 2)]
    for number, name in enumerate(names):
        (workspace.at("inbox", "ZLW") / name).write_bytes(records(1000 + 1800 * number, 1800))
    (workspace.at("inbox", "ZLW") / "LAW_[new]_1.mrc").unlink()
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "p", "home", "enter")
        screen = await shows(pilot, "2 of 2 files marked")
        assert all(re.search(rf"\] MED_\S+…\S+_new\.mrc_{number} ", screen) for number in (1, 2))
        await press(pilot, "escape")
        ran(workspace, prepare(workspace, "ZLW", [workspace.at("inbox", "ZLW") / name for name in names]))
        await shows(pilot, "prepare ZLW")
        await press(pilot, "home")
        screen = await shows(pilot, "3,600 of 3,600 records routed")
    for number in (1, 2):
        assert re.search(rf"✔ read +MED_\S+…\S+_new\.mrc_{number} +[\d.]+ kB  1,800 records", screen), screen


async def test_fetch_asks_for_the_symbol_and_starts(workspace: Workspace) -> None:
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "f", "home", "down", "enter")
    assert recorder.asked == [("fetch", "ZMD")]


async def test_a_process_that_dies_before_it_has_a_run_folder_shows_its_last_words(workspace: Workspace) -> None:
    recorder = Recorder("import sys; print('console.toml, line 3: [/nonsense]'); sys.exit(2)")
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3", "f", "enter")
        await shows(pilot, "did not start (exit 2)", "console.toml, line 3: [/nonsense]")
        await press(pilot, "escape")
        await shows(pilot, "Runs 3")


async def test_the_real_command_with_wrong_arguments_is_told_too(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        app.start_operation("prepare", "ZZZ", "nowhere.mrc")
        screen = await shows(pilot, "prepare ZZZ did not start (exit 2)")
    assert "ZZZ is not in it" in flat(screen)


async def test_the_end_of_a_run_is_told_wherever_one_is(workspace: Workspace) -> None:
    app = console(workspace)
    with live_upload(workspace) as live:
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "Running 1")
            live.say(Ended("failed", 3, "the disk [C:] is full"))
            await until(pilot, lambda: "the disk [C:] is full" in toasts(app))
            await settled(pilot)
            assert "Running 1" not in text_of(app)


async def test_with_no_run_it_says_what_to_do(tmp_path: Path, workspace: Workspace) -> None:
    for run in list_runs(workspace):
        run.path.rename(tmp_path / run.name)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "3")
        await shows(pilot, "Nothing has run yet. Press p")


@pytest.mark.parametrize("verb", ["prepare", "upload"])
def test_the_same_command_again_repeats_what_was_asked(workspace: Workspace, verb: str) -> None:
    run = list_runs(workspace, verb, "ZMD")[0]
    arguments = command_again(run)
    assert arguments[:2] == [verb, "ZMD"]
    assert ("--set-count" in arguments) == (verb == "prepare")


def has_samples(app: ConsoleApp, run: str, count: int) -> bool:
    """Whether the console has seen so many samples of a run."""
    return app.facts is not None and len(app.facts.curves[run].samples) == count


def make_waiting(workspace: Workspace) -> None:
    """Prepares the law library's file, so that something waits."""
    ran(workspace, prepare(workspace, "ZLW", [workspace.at("inbox", "ZLW") / "LAW_[new]_1.mrc"]))
