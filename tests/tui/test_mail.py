"""What is late or was removed shows on the screens, and the mail to OCLC is there to copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oclc_console.operations.mail_to_oclc import mail_text, mails_to_oclc
from oclc_console.store.events import Event, OnlyPlaceholder, RecordsKept
from oclc_console.store.runs import Operation, RunFolder
from oclc_console.tui.screens.dialogs import Message
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts
from tests.tui.stage import HeldClock, ran

SIZE = (80, 24)
REMOVED = "ZLW-ZLW.1000021.IN.BIB.D20200803.T041400000.1000021.zlw.[old].001.mrc.BibProcessingReport.txt.zip"


def fetched(workspace: Workspace, symbol: str) -> None:
    """A fetch that says what a real one says."""

    def work(folder: RunFolder) -> Iterator[Event]:
        yield RecordsKept("metacoll.ZLW.updates.D20201115.T213019.1.mrc", symbol, "updates", 1_400_000, "0" * 64)
        yield OnlyPlaceholder(REMOVED, "/xfer/metacoll/reports", "2020-10-05T03:00:00.000Z")

    ran(workspace, Operation("fetch", symbol, {}, work, lambda events: {}))


async def test_a_late_report_is_an_alert_and_m_shows_the_mail_to_copy_and_keeps_it(
    workspace: Workspace, held: HeldClock
) -> None:
    held.at(days=-60)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "! ZMD late by 17 d", "→ m on Dashboard")
        assert "collection 1000034" in flat(screen)
        await press(pilot, "m")
        screen = await shows(pilot, "To OCLC Support: ZMD", "Subject: Data sync: no report on 1 file of ZMD")
        assert "mail/20210115-ZMD.txt" in screen
        await press(pilot, "c")
        assert isinstance(app.screen, Message)
        written = mail_text(mails_to_oclc(workspace, "ZMD"))
        assert app.clipboard == written == (workspace.root / "mail/20210115-ZMD.txt").read_text()


async def test_with_nothing_late_m_says_so(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "m")
        assert toasts(app) and "nothing to write to OCLC" in toasts(app)[-1]
    assert not (workspace.root / "mail").exists()


async def test_where_two_symbols_have_a_mail_and_none_is_under_the_cursor_it_asks_which(
    workspace: Workspace, held: HeldClock
) -> None:
    held.at(days=-60)
    fetched(workspace, "ZLW")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "! ZMD late by", "! ZLW OCLC removed")
        await press(pilot, "end", "m")
        await shows(pilot, "The mail to OCLC about which symbol?")
        await press(pilot, "home", "enter")
        await shows(pilot, "Subject: Collection Manager File Request")


async def test_a_removed_file_shows_in_reports_and_in_its_run(workspace: Workspace) -> None:
    fetched(workspace, "ZLW")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        screen = await shows(pilot, "Ask OCLC for 1 · removed before they were fetched")
        line = next(line for line in screen.splitlines() if "! ZLW ZLW-ZLW" in line)
        assert "BibProcessingReport.txt.zip 5 Oct 20" in line
        await press(pilot, "3", "home")
        screen = await shows(pilot, "no new reports, 1 file of records, 1 to ask OCLC for")
        assert "! removed" in screen and "✔ kept" in screen
        await pilot.resize_terminal(160, 48)
        await settled(pilot)
        assert "ask OCLC for it (5 Oct 20)" in text_of(app)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_with_nothing_removed_reports_gives_no_room_to_it(workspace: Workspace, size: tuple[int, int]) -> None:
    async with console(workspace).run_test(size=size) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        screen = await shows(pilot, "Reports 4")
    assert "Ask OCLC" not in screen
