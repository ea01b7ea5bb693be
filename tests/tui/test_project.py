"""The project's pages: the hub that lists them, and the log."""

from __future__ import annotations

import pytest

from oclc_console.tui.app import _brought_up_to_date
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.log import LogScreen
from oclc_console.tui.screens.project import PAGES, ProjectScreen
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts, until
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


@pytest.mark.slow
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


@pytest.mark.slow
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




async def test_the_log_takes_filters_by_name_and_exports_what_is_shown(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5", "l", "slash", *"symbol:ZHG since:2020-11-", "enter")
        await shows(pilot, "is no day")
        await press(pilot, "slash", *"01 reopened", "enter")
        await shows(pilot, "Log 1 of 6", "reopened: 2 Cataloguers")
        await press(pilot, "x", "enter")
        await until(pilot, lambda: any("exports/log-" in toast for toast in toasts(app)))
    [written] = (workspace.root / "exports").glob("log-*.csv")
    assert written.read_text().count("\n") == 2 and "two cataloguers" in written.read_text()


async def test_a_filter_that_finds_nothing_leaves_nothing_to_export_and_says_so(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5", "l", "slash", *"nobody", "enter", "x")
        assert "There is no line to write" in toasts(app)[-1]


async def test_a_line_changed_in_the_middle_is_said_on_the_dashboard_and_in_the_log(workspace: Workspace) -> None:
    workspace.log.write_bytes(workspace.log.read_bytes().replace(b"too early", b"in time!!"))
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "✖ log", "l on Project")
        assert "line 4 of the log: it was changed after it was written. Sign nothing" in flat(screen)
        assert any("1 Dashboard says more" in toast for toast in toasts(app))
        await press(pilot, "5")
        await shows(pilot, "✖ the log was changed: sign nothing")
        await press(pilot, "l")
        assert "Sign nothing before this is settled" in flat(await shows(pilot, "✖ line 4"))


async def test_a_log_edited_while_the_console_is_open_is_said_without_a_key(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        lines = workspace.log.read_bytes().splitlines(keepends=True)
        workspace.log.write_bytes(b"".join([*lines[:2], *lines[3:]]))
        screen = await shows(pilot, "✖ log")
        assert "line 3 of the log: it does not follow the line before it" in flat(screen)
        workspace.log.write_bytes(b"".join(lines))
        await until(pilot, lambda: app.facts is not None and not app.facts.log_fault)


async def test_what_was_set_aside_beside_the_log_is_said_above_it_and_b_makes_the_project_anew(workspace: Workspace) -> None:
    from oclc_console.operations.checklist import mark_not_applicable

    with open(workspace.log, "ab") as handle:
        handle.write(b'{"seq":7')
    mark_not_applicable(workspace, "ZMD", "updates", "a test")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5", "l")
        await shows(pilot, "1 torn line set aside", "log.torn-2020")
        await press(pilot, "b")
        await until(pilot, lambda: "From 7 lines of the log." in toasts(app))


async def test_what_was_done_to_an_older_workspace_is_said_once_it_is_open(workspace: Workspace) -> None:
    (workspace.root / "workspace.json").unlink()
    app = console(workspace)
    app.brought = _brought_up_to_date(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        assert "Brought from version 1 to 2" in toasts(app)[0]
    assert _brought_up_to_date(workspace) == ""


async def test_an_empty_log_says_what_to_do(workspace: Workspace) -> None:
    workspace.log.unlink()
    workspace.project.unlink(missing_ok=True)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "5")
        await shows(pilot, "nobody has signed or decided anything yet")
        await press(pilot, "l")
        assert "Press 2 and then s" in flat(text_of(app))
