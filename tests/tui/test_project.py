"""The project's pages: the hub that lists them, and the log."""

from __future__ import annotations

from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.log import LogScreen
from oclc_console.tui.screens.project import PAGES, ProjectScreen
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, toasts, until
from tests.tui.stage import HeldClock

SIZE = (80, 24)


def test_every_page_has_a_key_of_its_own_that_moves_nothing() -> None:
    keys = [page.key for page in PAGES]
    assert len(set(keys)) == len(keys) and not set(keys) & set("jkgG12345?/e")
    assert all(page.screen.PLACE == ProjectScreen.PLACE for page in PAGES)
    assert all(ConsoleScreen.BACK in page.screen.BINDINGS for page in PAGES)


async def test_the_hub_says_of_every_page_what_stands_there(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5")
        screen = await shows(pilot, "▸5 Project", "6 lines → v there proves")
        assert all(page.title in screen for page in PAGES)


async def test_each_page_opens_by_its_key_and_by_enter_and_escape_comes_back(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5")
        for number, page in enumerate(PAGES):
            await press(pilot, page.key)
            assert isinstance(app.screen, page.screen)
            await press(pilot, "escape", "home", *["down"] * number, "enter")
            assert isinstance(app.screen, page.screen)
            await press(pilot, "escape")
            assert isinstance(app.screen, ProjectScreen)


async def test_every_page_is_found_in_the_palette_from_anywhere(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        for page in PAGES:
            await press(pilot, "2", "v")
            command = next(c for c in app.get_system_commands(app.screen) if c.title == f"go: {page.title.lower()}")
            command.callback()
            await until(pilot, lambda page=page: isinstance(app.screen, page.screen))  # type: ignore[misc]
            await press(pilot, "escape")
            assert isinstance(app.screen, ProjectScreen)


async def test_a_page_that_can_not_be_asked_says_why_and_the_others_go_on(workspace: Workspace) -> None:
    workspace.log.write_bytes(workspace.log.read_bytes() + b"not a line\n")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await press(pilot, "5")
        await shows(pilot, "✖", "the last line of the log can't be read")


async def test_the_log_lists_every_act_and_v_checks_that_none_was_changed(workspace: Workspace, held: HeldClock) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5", "l")
        assert isinstance(app.screen, LogScreen)
        screen = await shows(pilot, "Log 6 of 6", "signed off: 1 Connexion")
        assert screen.index("│▌     6") < screen.index("      1 2 Nov"), "newest first"
        await press(pilot, "v")
        await until(pilot, lambda: "6 lines, none changed, moved or removed." in toasts(app))
        text = workspace.log.read_text()
        workspace.log.write_text(text.replace("too early", "in time!!"))
        await press(pilot, "v")
        screen = await shows(pilot, "The log is not sound")
        assert "was changed after it was written" in flat(screen)


