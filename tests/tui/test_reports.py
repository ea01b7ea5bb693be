"""The reports: what OCLC said, a pager over its exceptions, one record with its MARC as sent. No network anywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from oclc_console.operations.import_reports import file_report
from oclc_console.store.events import ReportFiled
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


async def test_enter_pages_through_the_exceptions_and_m_shows_the_minor_ones(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "down", "enter")
        screen = await shows(pilot, "4 of 6 exceptions", "2 minor hidden, m shows them", "✖ CRITICAL")
        assert "· minor" not in screen
        await press(pilot, "m")
        screen = await shows(pilot, "6 of 6 exceptions", "· minor")
        await press(pilot, "escape")
        await shows(pilot, "Reports 4")


async def test_the_filter_is_kept_in_the_title_and_can_be_inverted(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a", "slash", *"sparse [", "enter")
        screen = await shows(pilot, "4 of 16 exceptions · filter: sparse [")
        assert screen.count("Record is sparse [/x].") == 5, "four rows, and the one under the cursor in full"
        await press(pilot, "slash", "home", "!", "enter")
        screen = await shows(pilot, "8 of 16 exceptions · filter: !sparse [")
        assert "Record is sparse" not in screen
        await press(pilot, "slash", "escape", "slash", *"nothing like it", "enter")
        await shows(pilot, "No line holds 'nothing like it'")


async def test_a_record_shows_its_lines_its_marc_as_sent_and_warns_of_the_staging_number(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a", "enter")
        screen = await shows(pilot, "1390150802 is a staging number: never load it.", "As sent · 1000043.zmd.trusted")
        assert "OCN sent 52345002" in screen and "1 minor hidden" in screen
        assert "245 10 $a [/red] and [bold] $c by ␛[31mnobody" in screen, "outside text stands verbatim, ESC as a picture"
        await press(pilot, "m")
        screen = await shows(pilot, "4 lines")


async def test_a_vernacular_record_shows_its_880(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "end", "enter", "enter")
        await shows(pilot, "880 10 $6 245-01 $a 한국 [사진]")


async def test_c_copies_the_lsn_and_capital_c_the_ocn_that_was_sent_never_the_staging_number(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a", "c")
        assert app.clipboard == "220000000099999"
        await press(pilot, "C")
        assert app.clipboard == "52345002"
        await press(pilot, "enter")
        await shows(pilot, "staging number")
        await press(pilot, "C")
        assert app.clipboard == "52345002"
    assert "Copied LSN 220000000099999." in toasts(app)


async def test_a_record_whose_file_is_gone_says_why_it_can_not_be_shown(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / "outbox" / "ZMD")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a", "enter")
        screen = await shows(pilot, "The record can't be shown")
    assert "is not in this workspace's outbox" in flat(screen)


async def test_a_hundred_thousand_exceptions_open_and_end_shows_the_last(workspace: Workspace) -> None:
    big = "".join(f"ZMD_1000043_1604394840000::bib::{n * 10}|22{n:013d}|1||Validation Error|SEVERE|line {n} [/x]\n"
                  for n in range(1, 100_001))
    name = "ZMD-ZMD.1000043.IN.BIB.D20201104.T041400000.big.mrc.BibExceptionReport.txt"
    assert isinstance(file_report(workspace, name, big.encode()), ReportFiled)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a", "end")
        await shows(pilot, "100,012 of 100,016 exceptions")
        await press(pilot, "home")
        await shows(pilot, "line 1 [/x]")
        for _ in range(5):
            await press(pilot, "pagedown")
        await shows(pilot, "line 86 [/x]")


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
