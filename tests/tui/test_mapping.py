"""The page of symbols: what becomes what, what the checks say, and a table taken in by keyboard at 80x24."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oclc_console.store import log
from oclc_console.tui.screens.mapping import summary
from oclc_console.workspace import Workspace, make_workspace
from tests.project import eight_symbols
from tests.tui.conftest import console
from tests.tui.driving import Console, flat, press, settled, shows, text_of, toasts
from tests.tui.stage import HeldClock

SIZE = (80, 24)


async def opened(app: Console, pilot: Any, wait: str = "Symbols") -> str:
    """The page, from the project's place."""
    await shows(pilot, "as of")
    await press(pilot, "5", "s")
    await shows(pilot, wait)
    await settled(pilot)
    return text_of(app)


async def test_every_symbol_stands_with_what_it_becomes(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(app, pilot, "Symbols 3")
        assert "ZMD    stays    retained    Medical library" in screen
        assert "ZHG    → ZMD    retiring    Rare books [and manuscripts]" in screen
        assert "✔ nothing wrong" in screen
        await press(pilot, "end")
        screen = flat(await shows(pilot, "─ ZHG Rare books [and manuscripts] ─"))
        assert "libraries 2: RBK, THE" in screen and "its files go out under the streams of ZMD" in screen


@pytest.mark.slow
async def test_the_eight_symbols_are_set_up_by_keyboard(tmp_path: Path, held: HeldClock) -> None:
    workspace = Workspace(make_workspace(tmp_path / "w", eight_symbols.BEFORE).root, "jdoe")
    table = tmp_path / "mapping.csv"
    table.write_text(eight_symbols.CSV)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(app, pilot, "Press i")
        assert "There is no symbol in console.toml yet. Press i to import a table" in flat(screen)
        await press(pilot, "i", *"nosuch.csv", "enter")
        assert "✖ There is no file" in text_of(app)
        await press(pilot, *["backspace"] * 10, *str(table), "enter")
        screen = flat(await shows(pilot, "Import mapping.csv", "9 changes of console.toml"))
        assert 'libraries + [libraries] + VIL = "Villa library"' in screen
        await press(pilot, "y")
        screen = await shows(pilot, "Symbols 8", "✔ nothing wrong")
        assert "ZHG    → ZUL    retiring    Rare books & manuscripts" in screen
        assert toasts(app)[-1].startswith("9 changes made. The file as it was: console.2020")
    assert (workspace.root / "console.toml").read_text().startswith(eight_symbols.BEFORE)
    assert [(line.act, line.by) for line in log.read(workspace)] == [("settings.changed", "jdoe")]


async def test_a_table_with_a_mistake_changes_nothing_and_says_why(workspace: Workspace, tmp_path: Path) -> None:
    before = (workspace.root / "console.toml").read_text()
    table = tmp_path / "mapping.csv"
    table.write_text("symbol,library\nZLW,MED\n")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "Symbols 3")
        await press(pilot, "i", *str(table), "enter")
        screen = flat(await shows(pilot, "Import mapping.csv"))
        assert "✖ MED: the library MED is in ZLW and ZMD; a library has one symbol" in screen
        await press(pilot, "y")
        assert toasts(app)[-1] == "There is nothing to change. Press Esc."
        await press(pilot, "escape")
        await shows(pilot, "Symbols 3")
    assert (workspace.root / "console.toml").read_text() == before


async def test_a_file_that_is_no_table_is_told_in_a_window(workspace: Workspace, tmp_path: Path) -> None:
    table = tmp_path / "mapping.csv"
    table.write_text("colour\nred [/x]\n")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "Symbols 3")
        await press(pilot, "i", *str(table), "enter")
        assert "the heading 'colour' is not known" in flat(await shows(pilot, "✖ reading the table"))


async def test_what_the_checks_say_stands_with_the_symbol(workspace: Workspace) -> None:
    path = workspace.root / "console.toml"
    path.write_text(path.read_text().replace('libraries = ["LAW"]', 'libraries = ["LAW", "MED"]'))
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(app, pilot, "✖ 1 wrong")
        assert "✖ ZLW" in screen and "✖ ZMD" in screen and "✔ ZHG" in screen
        assert "✖ MED: the library MED is in ZLW and ZMD" in flat(screen)


async def test_a_wide_terminal_lists_the_libraries(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=(160, 48)) as pilot:
        assert "RBK, THE" in await opened(app, pilot, "Symbols 3")


def test_the_summary_counts_symbols_and_what_the_checks_say(workspace: Workspace, tmp_path: Path) -> None:
    assert summary(workspace) == "3 symbols, 1 retiring, 4 libraries; ✔ nothing wrong"
    empty = make_workspace(tmp_path / "empty", '[institution]\nname = "E"\n')
    assert summary(empty) == "no symbols yet → import a table of them"
