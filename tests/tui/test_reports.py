"""The reports: what OCLC said, and the way to the records to mend. No network anywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from oclc_console.operations.import_reports import file_report
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts
from tests.tui.test_runs import Recorder

SIZE = (80, 24)


async def test_the_list_names_upload_type_rows_refused_and_the_worst(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        screen = await shows(pilot, "Reports 4 · 16 exceptions in all")
    assert "ZMD    trusted 001 1000043          outcomes        10       0 ! 2 of 10" in screen
    assert "✖ 2 critical" in screen
    assert "outcomes match 8, unresolved 2 of 10 rows" in flat(screen)


async def test_a_wide_terminal_shows_whole_names_and_when_it_was_received(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        await shows(pilot, "1000043.zmd.trusted.20201103.001.mrc", "3 Nov 09:14")


async def test_import_asks_for_a_folder_and_starts_the_command_on_its_files(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "[one].txt").write_text("x")
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "i", *"/nowhere", "enter")
        await shows(pilot, "There is no such folder or file.")
        await press(pilot, *["backspace"] * 8, *str(tmp_path / "given"), "enter")
        await settled(pilot)
    assert recorder.asked == [("reports", "import", str(tmp_path / "given" / "[one].txt"))]


async def test_a_report_without_exceptions_says_so_when_opened(workspace: Workspace) -> None:
    name = "ZMD-ZMD.1000043.IN.BIB.D20201105.T041400000.clean.mrc.BibProcessingReport.txt"
    file_report(workspace, name, b"ZMD_1000043_1604481240000::bib::10|221|5|5|match\n")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "enter")
        assert "complains about no record" in toasts(app)[-1]


@pytest.mark.parametrize("key", ["enter", "a", "c"])
async def test_without_reports_it_says_what_to_do(workspace: Workspace, key: str) -> None:
    shutil.rmtree(workspace.root / "reports")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        await shows(pilot, "No report is here yet. Press 3 and then f")
        await press(pilot, key)
        assert toasts(app), "a dead key explains itself"
        assert "No report is here yet" in text_of(app)
