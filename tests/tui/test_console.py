"""What holds on every screen: keys, help, palette, plain text, no colour, small terminals, quick start, quitting."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandPalette

from oclc_console.store import log
from oclc_console.store.events import Ended
from oclc_console.tui import screens
from oclc_console.tui.app import PLACES, ConsoleApp
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Dialog
from oclc_console.tui.widgets.frame import KeyLine
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts, until
from tests.tui.stage import live_upload

SIZE = (80, 24)
PAGES = [("1",), ("2",), ("2", "v"), ("2", "right_square_bracket", "v", "enter"), ("3",),
         ("3", "home", "enter"), ("3", "home", "down", "enter"), ("3", "home", "down", "enter", "enter"), ("4",),
         ("4", "a"), ("4", "a", "enter"), ("5",), ("5", "l")]
SLOW_LIBRARIES = ("paramiko", "pymarc", "tinydb", "duckdb", "pyarrow", "asyncssh", "pydantic")


for module in pkgutil.iter_modules(screens.__path__):  # they are imported when they are first gone to
    importlib.import_module(f"{screens.__name__}.{module.name}")


def subclasses(kind: type[Any]) -> list[type[Any]]:
    """A class's subclasses, and theirs."""
    return [each for sub in kind.__subclasses__() for each in (sub, *subclasses(sub))]


@pytest.mark.parametrize("kind", [ConsoleApp, *subclasses(ConsoleScreen), *subclasses(Dialog)], ids=lambda kind: kind.__name__)
def test_every_key_has_a_name_a_short_word_and_a_sentence(kind: type) -> None:
    for binding in vars(kind).get("BINDINGS", ()):
        assert isinstance(binding, Binding)
        assert binding.id and binding.tooltip, binding
        assert len(binding.description) <= 10, binding.description


@pytest.mark.slow
async def test_the_footer_fits_and_begins_with_help_and_palette(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        for page in PAGES:
            await press(pilot, *page)
            footer = text_of(app).splitlines()[-1]
            assert footer.startswith(" ? Help  ^p Palette  "), page
            assert len(footer) <= 80, page
            for active in app.screen.query_one(KeyLine).shown():
                if active.binding.id != "app.quit":
                    assert f" {active.binding.description}" in footer, f"{active.binding.description} does not fit on {page}"


@pytest.mark.slow
async def test_help_names_every_key_of_the_screen_and_has_a_paragraph(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=(100, 60)) as pilot:
        await shows(pilot, "3 of 3")
        for page in PAGES:
            await press(pilot, *page)
            wanted = [active.binding for active in app.screen.active_bindings.values()
                      if active.node is app.screen and active.binding.id]
            paragraph = (app.screen.HELP or "").split(".")[0]
            await press(pilot, "question_mark")
            screen = flat(text_of(app))
            assert paragraph[:40] in screen, page
            for binding in wanted:
                assert binding.tooltip[:30] in screen, (page, binding)
            await press(pilot, "escape")


@pytest.mark.slow
async def test_every_key_of_a_screen_is_in_the_palette(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        for page in PAGES:
            await press(pilot, *page)
            told = [command.help for command in app.get_system_commands(app.screen)]
            for active in app.screen.active_bindings.values():
                if active.node in (app.screen, app) and active.binding.id:
                    assert any(active.binding.tooltip in each for each in told), (page, active.binding)


@pytest.mark.slow
async def test_the_palette_opens_and_goes_to_a_symbol(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        for key in PLACES:
            await press(pilot, key)
            await pilot.press("ctrl+p")
            await until(pilot, lambda: isinstance(app.screen, CommandPalette))
            await shows(pilot, "console: help")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ConsoleScreen))
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"symbol ZHG")
        await until(pilot, lambda: "go: symbol ZMD" not in text_of(app) and "go: symbol ZHG" in text_of(app))
        await pilot.press("enter")
        await shows(pilot, "ZHG Rare books [and manuscripts] · Checklist")


async def test_the_palette_does_what_a_key_does(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2")
        command = next(c for c in app.get_system_commands(app.screen) if c.title == "here: sign off")
        command.callback()
        await shows(pilot, "Sign off ZLW")


@pytest.mark.slow
async def test_text_that_looks_like_markup_or_holds_control_characters_stands_verbatim(workspace: Workspace) -> None:
    nasty = "[/red] [bold] [Letters] =1+1 \x1b[31m \x9b \u202e [@click=app.quit]"
    toml = workspace.root / "console.toml"
    toml.write_text(toml.read_text().replace("Law library", "[/red] [bold] [Letters] =1+1 \\u001b \\u202e")
                    .replace("Example University Library", "[/x] Library"))
    log.append(workspace, "milestone.done", "ZLW", milestone="authorizations", date="2020-11-01", note=nasty)
    odd = workspace.at("inbox", "ZLW") / "=1+1 [red] \x1b[31m.mrc"
    odd.write_bytes((workspace.at("inbox", "ZLW") / "LAW_[new]_1.mrc").read_bytes())
    seen = {"1": "[/red] [bold] [Letters] =1+1 ␛", "2": "[/red] [bold] [Letters] =1+1 ␛[31m \\x9b \\u202e "
                                                        "[@click=app.quit]",
            "5-l": "[/red] [bold] [Letters] =1+1 ␛[31m \\x9b", "3": "[/red]", "4": "[/x]",
            "4-a": "[/x]", "4-a-enter": "[sajin]", "3-p-home-enter": "=1+1 [red] ␛[31m.mrc", "3-enter": "[/red]"}
    with live_upload(workspace):
        app = console(workspace)
        async with app.run_test(size=(160, 48)) as pilot:
            await shows(pilot, "3 of 3", "[/x] Library")
            for page in [*PAGES, ("3", "p", "home", "enter"), ("3", "u"), ("2", "s")]:
                await press(pilot, *page, *(("home",) if page == ("2",) else ()))
                screen = await shows(pilot, seen.get("-".join(page), ""))
                assert "\x1b" not in screen and "\u202e" not in screen, page
                if isinstance(app.screen, Dialog):
                    await press(pilot, "escape")


@pytest.mark.slow
async def test_without_colour_every_screen_says_the_same(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    for colour in (True, False):
        if not colour:
            monkeypatch.setenv("NO_COLOR", "1")
        app = console(workspace)
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "3 of 3")
            for page in PAGES:
                await press(pilot, *page)
                drawn.append(text_of(app))
            assert app.no_color is not colour
    for number, page in enumerate(PAGES):
        assert drawn[number] == drawn[len(PAGES) + number], page


@pytest.mark.slow
async def test_a_screen_follows_the_size_of_the_terminal(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        for page in PAGES:
            await press(pilot, *page)
            before = text_of(app)
            await pilot.resize_terminal(160, 48)
            await settled(pilot)
            assert max(len(line) for line in text_of(app).splitlines()) > 100, page
            await pilot.resize_terminal(*SIZE)
            await settled(pilot)
            assert text_of(app) == before, page


async def test_a_terminal_that_is_too_small_says_what_is_needed_until_it_is_larger(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(60, 20)) as pilot:
        await shows(pilot, "Terminal too small: 60x20.", "Needed: 80x24.")
        await pilot.resize_terminal(80, 24)
        await shows(pilot, "3 of 3")
        await pilot.resize_terminal(79, 24)
        await shows(pilot, "Terminal too small: 79x24.")


async def test_the_five_places_are_on_the_keys_one_to_five_and_are_kept(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "down")
        for key, name in PLACES.items():
            await press(pilot, key)
            assert f"▸{key} {name.title()}" in text_of(app)
        await press(pilot, "1")
        await shows(pilot, "▌ZMD")


async def test_quitting_with_a_run_at_work_says_that_it_goes_on(workspace: Workspace) -> None:
    app = console(workspace)
    with live_upload(workspace):
        async with app.run_test(size=SIZE) as pilot:
            await shows(pilot, "Running 1")
            await press(pilot, "ctrl+q")
            screen = await shows(pilot, "Leave the console?")
            assert "1 run at work. It goes on without the console" in flat(screen)
            await press(pilot, "n")
            assert app.is_running
            await press(pilot, "ctrl+q")
            await pilot.press("y")
            await until(pilot, lambda: not app.is_running or app._exit)


async def test_ctrl_c_does_not_quit_but_says_what_does(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "ctrl+c")
        assert "Press Ctrl+Q to leave the console." in toasts(app)
        assert app.is_running


async def test_the_first_run_screen_offers_a_rehearsal_which_the_command_line_makes(tmp_path: Path) -> None:
    app = console(None, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "Rehearse", "New workspace here", "Open another folder")
        assert "▸" not in screen, "there are no places yet"
        await press(pilot, "3")
        await pilot.press("r")
        await until(pilot, lambda: app.return_value)
    assert app.return_value == ("rehearse", str(tmp_path / "demo"))


async def test_the_first_run_screen_makes_a_workspace_and_opens_it(tmp_path: Path) -> None:
    app = console(None, tmp_path)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "Rehearse")
        await press(pilot, "n", "enter")
        await shows(pilot, "Both lines are needed.")
        await press(pilot, *"My [Library]")
        await pilot.press("enter")
        await until(pilot, lambda: app.return_value)
    assert app.return_value == ("open", str(tmp_path))
    assert Workspace(tmp_path).settings.institution.name == "My [Library]"


async def test_the_first_run_screen_opens_another_folder(tmp_path: Path, workspace: Workspace) -> None:
    app = console(None, tmp_path / "elsewhere")
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "Rehearse")
        await press(pilot, "o", "enter")
        await shows(pilot, "There is no console.toml in that folder.")
        await press(pilot, *["backspace"] * len(str(tmp_path / "elsewhere")))
        await press(pilot, *str(workspace.root))
        await pilot.press("enter")
        await until(pilot, lambda: app.return_value)
    assert app.return_value == ("open", str(workspace.root))


def test_nothing_slow_is_loaded_before_the_first_paint(workspace: Workspace) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from typing import Any
from oclc_console.tui.app import ConsoleApp
from oclc_console.workspace import Workspace

class Looking(ConsoleApp):
    def begin(self):
        lines = [strip.text for strip in self.screen._compositor.render_strips()]
        assert any("Dashboard" in line for line in lines), lines
        print([name for name in {SLOW_LIBRARIES!r} if name in sys.modules])
        self.exit()

async def main():
    app = Looking(Workspace(Path({str(workspace.root)!r})), Path())
    async with app.run_test() as pilot:
        await pilot.pause()

asyncio.run(main())
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"


async def test_a_mistake_in_this_program_is_told_and_the_console_goes_on(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        screen = app.screen
        assert isinstance(screen, ConsoleScreen)
        screen.ask("testing", lambda: [][1], lambda _: None)
        await shows(pilot, "A mistake in this program", "IndexError")
        await press(pilot, "escape")
        await shows(pilot, "3 of 3")


async def test_a_workspace_whose_files_go_away_is_told_and_not_a_crash(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        shutil.rmtree(workspace.root)
        await shows(pilot, "✖ settings")
        await asyncio.sleep(0)
        assert app.is_running


async def test_a_toast_takes_two_lines_and_goes_away_soon(workspace: Workspace) -> None:
    app = console(workspace)
    with live_upload(workspace) as live:
        async with app.run_test(size=SIZE, notifications=True) as pilot:
            await shows(pilot, "Running 1")
            live.say(Ended("failed", 3, f"the disk is full; {'nothing more can be written here, ' * 5}. Make room."))
            screen = await shows(pilot, "✖ failed: upload ZMD", "the disk is full")
            at = next(at for at, line in enumerate(screen.splitlines()) if "✖ failed: upload ZMD" in line)
            (toast,) = app.screen.query("Toast")
            assert toast.size.height == 2 and "the disk is full" in screen.splitlines()[at + 1]
            assert app.NOTIFICATION_TIMEOUT <= 4
