"""A held clock, and one project made once and copied for every test of the screens."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.tui.launch import Launcher
from oclc_console.workspace import Workspace
from tests.tui.driving import Console
from tests.tui.stage import HeldClock, make_stage


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, made once; tests get copies."""
    held, real = HeldClock(), clock.now
    clock.now = held.now
    try:
        return make_stage(tmp_path_factory.mktemp("stage") / "workspace", held).root
    finally:
        clock.now = real


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldClock:
    """The clock, standing at the stage's present."""
    clock_of_the_stage = HeldClock()
    clock_of_the_stage.at()
    monkeypatch.setattr(clock, "now", clock_of_the_stage.now)
    return clock_of_the_stage


@pytest.fixture
def workspace(made: Path, tmp_path: Path, held: HeldClock) -> Workspace:
    """A copy of the project, as if it had been made where it is."""
    root = tmp_path / "workspace"
    shutil.copytree(made, root)
    for file in root.glob("runs/*/*.json*"):
        file.write_bytes(file.read_bytes().replace(bytes(made), bytes(root)))
    return Workspace(root, "lts")


def console(workspace: Workspace | None, root: Path | None = None, launcher: Launcher | None = None) -> Console:
    """The console on a workspace, looking often so that tests needn't wait long, yet resting in between: key presses wait
    for a moment in which nothing is at work."""
    app = Console(workspace, root or (workspace.root if workspace else Path()), launcher)
    app.quick_seconds = app.quiet_seconds = 0.1
    return app
