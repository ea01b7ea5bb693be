"""The console in a real terminal (tmux): what it starts goes on when the terminal is closed or the console is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.store.events import Paused
from oclc_console.store.runs import list_runs
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, console, holding, rehearsing, start, taken, workspace_in, write
from tests.tui.slow_line import slow_line

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

T = TypeVar("T")

ALL = """
[institution]
name = "Example [/red] Library"
[symbols.ZAA]
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
"""


class Terminal:
    """A terminal of 80x24 with the console in it."""

    def __init__(self, workspace: Workspace) -> None:
        self.socket = f"console-test-{os.getpid()}"
        command = f"exec {sys.executable} -m oclc_console --workspace {workspace.root}"
        self.tmux("new-session", "-d", "-s", "c", "-x", "80", "-y", "24", command)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", "-L", self.socket, *words], capture_output=True, text=True, check=False)
        return done.stdout

    def text(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "c")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "c", *keys)

    def shows(self, words: str) -> str:
        try:
            return until(lambda: text if words in (text := self.text()) else "", f"{words!r} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.text()}") from None

    def pid(self) -> int:
        return int(self.tmux("display-message", "-p", "-t", "c", "#{pane_pid}"))

    def close(self) -> None:
        self.tmux("kill-server")


def until(look: Callable[[], T], what: str, seconds: float = 40) -> T:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One waiting file of some 60 MB."""
    workspace = workspace_in(tmp_path, ALL)
    note = (b"500", b"  \x1fa" + b"long " * 1900)
    records = (holding(n, note, note, note, note, note, note, note) for n in range(900))
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "big.mrc", *records)]))
    return workspace


@pytest.fixture
def terminal(workspace: Workspace) -> Iterator[Terminal]:
    terminal = Terminal(workspace)
    yield terminal
    terminal.close()


def start_upload(terminal: Terminal, workspace: Workspace) -> None:
    """As the operator does: Runs, upload, this symbol, go on."""
    terminal.shows("Example [/red] Library")
    terminal.shows("up 0/1")
    terminal.press("3")
    terminal.shows("Watch")
    terminal.press("u")
    terminal.shows("Upload what waits")
    terminal.press("Enter")
    terminal.shows("go to the rehearsal")
    terminal.press("Enter")
    until(lambda: [run for run in list_runs(workspace, "upload") if run.progress.get("done")], "bytes on their way")


@pytest.mark.slow
def test_an_upload_goes_on_when_its_terminal_is_closed(terminal: Terminal, workspace: Workspace) -> None:
    with rehearsing(workspace) as folder:
        start_upload(terminal, workspace)
        terminal.close()
        until(lambda: list_runs(workspace, "upload")[-1].end, "the upload's end")
        assert list_runs(workspace, "upload")[-1].state == "done"
        assert taken(folder) == {file.name: file.path.read_bytes() for file in read_outbox(workspace, "ZAA")}


@pytest.mark.slow
def test_a_console_opened_on_an_upload_from_the_shell_watches_pauses_and_stops_it(workspace: Workspace) -> None:
    with rehearsing(workspace), slow_line(workspace, 2_000_000):
        process = start(workspace, "upload", "ZAA")
        until(lambda: [run for run in list_runs(workspace, "upload") if run.progress.get("done")], "bytes on their way")
        terminal = Terminal(workspace)
        try:
            terminal.shows("Example [/red] Library")
            terminal.press("3")
            terminal.shows("Watch")
            terminal.press("Enter")
            terminal.shows("◐ sending")
            terminal.shows("MB/s, ")
            terminal.press("p")
            terminal.shows("‖ paused")
            assert any(isinstance(recorded.event, Paused) for recorded in list_runs(workspace, "upload")[-1].events)
            terminal.press("p")
            terminal.shows("◐ running")
            terminal.press("x")
            terminal.shows("Stop upload ZAA?")
            terminal.press("y")
            terminal.shows("■ stopped: 0 of 1 file sent, 1 needs you")
            assert process.wait(timeout=30) == 3
        finally:
            terminal.close()


def test_an_upload_goes_on_when_the_console_is_killed_and_a_new_console_shows_it(
    terminal: Terminal, workspace: Workspace
) -> None:
    with rehearsing(workspace):
        start_upload(terminal, workspace)
        os.kill(terminal.pid(), signal.SIGKILL)
        until(lambda: list_runs(workspace, "upload")[-1].end, "the upload's end")
        assert console(workspace, "upload", "ZAA").returncode == 0, "and the same again has nothing left to do"
        again = Terminal(workspace)
        try:
            again.shows("Example [/red] Library")
            again.shows("up 1/1")
            again.press("3")
            again.shows("1 of 1 file sent")
        finally:
            again.close()
