"""Writes screens.md: every screen as it is drawn by the running console, at 80x24 and at 160x48, with its keys as the
bindings have them. `python tests/draw_screens.py` writes it, `--check` says whether it is up to date (a test does so)."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from oclc_console import clock
from oclc_console.tui.app import ConsoleApp
from oclc_console.workspace import Workspace
from tests.tui.driving import press, settled, text_of, until
from tests.tui.stage import HeldClock, live_upload, make_stage

TARGET = Path(__file__).parents[1] / "screens.md"
SIZES = ((80, 24), (160, 48))
HEAD = """# The screens

Drawn from the running console by `python tests/draw_screens.py`, on invented data; the keys come from the bindings. A test
fails when this file is out of date. A glyph always has its word: ✔ done · ◐ at work, now · ! look at it · ✖ failed · ■ stopped
· `·` to come · – not applicable, or not known yet.
"""


@dataclass(frozen=True)
class Scene:
    """One drawing: its title, the keys that lead there, and what makes it special."""

    title: str
    keys: tuple[str, ...]
    live: bool = False
    workspace: bool = True
    empty: bool = False


SCENES = (
    Scene("First run: a folder with no workspace", (), workspace=False),
    Scene("1 Dashboard", ()),
    Scene("1 Dashboard, an upload at work", (), live=True),
    Scene("1 Dashboard, a filter", ("slash", "m", "e", "d", "enter")),
    Scene("2 Symbol: the checklist", ("2", "right_square_bracket")),
    Scene("2 Symbol: signing a task off", ("2", "right_square_bracket", "s")),
    Scene("2 Symbol: signing a milestone with tasks open", ("2", "right_square_bracket", "up", "s")),
    Scene("2 Symbol: entering evidence", ("2", "right_square_bracket", "i")),
    Scene("2 Symbol: everything about a milestone", ("2", "right_square_bracket", "home", "h")),
    Scene("2 Symbol: the coverage", ("2", "right_square_bracket", "v", "down", "down")),
    Scene("2 Symbol: the coverage of a refused prepare", ("2", "left_square_bracket", "v", "end", "up")),
    Scene("2 Symbol: the records of one part", ("2", "right_square_bracket", "v", "down", "down", "enter")),
    Scene("2 Symbol: a gate", ("2", "right_square_bracket", "g")),
    Scene("3 Runs", ("3",)),
    Scene("3 Runs: an upload at work", ("3",), live=True),
    Scene("3 Runs: one run with all its events", ("3", "enter")),
    Scene("3 Runs: an upload at work, file by file", ("3", "enter"), live=True),
    Scene("3 Runs: before an upload is stopped", ("3", "enter", "x"), live=True),
    Scene("3 Runs: an upload that is over", ("3", "down", "enter")),
    Scene("3 Runs: everything about a file", ("3", "down", "enter", "enter")),
    Scene("3 Runs: which files to prepare", ("3", "p", "home", "enter")),
    Scene("3 Runs: nothing yet", ("3",), empty=True),
    Scene("4 Reports", ("4",)),
    Scene("4 Reports: the records to mend", ("4", "a")),
    Scene("4 Reports: the faults, and some records marked", ("4", "a", "space", "down", "space", "f")),
    Scene("4 Reports: where the marked records stand", ("4", "a", "A", "s")),
    Scene("4 Reports: one list for Alma", ("4", "a", "r")),
    Scene("4 Reports: one record", ("4", "a", "enter")),
    Scene("4 Reports: its MARC as sent", ("4", "a", "enter", "tab")),
    Scene("4 Reports: nothing yet", ("4",), empty=True),
    Scene("5 Project", ("5",)),
    Scene("5 Project: the log", ("5", "l")),
    Scene("? Help", ("2", "question_mark")),
)


@contextlib.contextmanager
def held_world() -> Iterator[HeldClock]:
    """A clock that stands, one time zone for everybody, and a folder whose name is the same everywhere."""
    held, real, here = HeldClock(), clock.now, Path.cwd()
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        clock.now = held.now
        try:
            yield held
        finally:
            clock.now = real
            os.chdir(here)


async def draw(scene: Scene, workspace: Workspace, held: HeldClock) -> tuple[list[str], str]:
    """(the screen as text, once for each size; its keys as a table)."""
    with contextlib.ExitStack() as stack:
        held.at(seconds=12 if scene.live else 0)
        live = stack.enter_context(live_upload(workspace)) if scene.live else None
        app = ConsoleApp(workspace if scene.workspace else None, Path("/srv/library"))
        app.quick_seconds = app.quiet_seconds = 0.1
        async with app.run_test(size=SIZES[0]) as pilot:
            await settled(pilot)
            if live is not None:
                await _moves(app, pilot, live, held)
            await press(pilot, *scene.keys)
            drawn = [text_of(app)]
            for size in SIZES[1:]:
                await pilot.resize_terminal(*size)
                await settled(pilot)
                drawn.append(text_of(app))
            keys = _keys(app)
    if live is not None:
        _remove(live.path)
        held.at()
    return drawn, keys


async def _moves(app: ConsoleApp, pilot: object, live: object, held: HeldClock) -> None:
    """Lets the upload go on for some seconds, so that it has a rate."""
    from textual.pilot import Pilot

    from tests.tui.stage import Live

    assert isinstance(pilot, Pilot) and isinstance(live, Live)
    for second in range(1, 13):
        held.at(seconds=12 - second)
        moved = 4_100_000 * second - (2_000_000 if second == 6 else 0)
        live.goes_on(done=400_000_000 + moved, file="1000043.zmd.trusted.20201116.001.mrc", file_done=254_000_000 + moved,
                     file_total=632_000_000, files_done=1)
        await until(pilot, partial(_has_samples, app, live.path.name, second + 1))
    await settled(pilot)


def _has_samples(app: ConsoleApp, run: str, count: int) -> bool:
    return app.facts is not None and len(app.facts.curves[run].samples) == count


def _remove(path: Path) -> None:
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


def _keys(app: ConsoleApp) -> str:
    """The keys that work on this screen, without those for moving."""
    rows, seen = [], set()
    for active in app.screen.active_bindings.values():
        binding = active.binding
        if binding.id and not binding.system and binding.action not in seen and not binding.id.startswith(("table.", "lines.")):
            seen.add(binding.action)
            key = app.get_key_display(binding).replace("|", "\\|")
            rows.append(f"| `{key}` | {binding.description} | {binding.tooltip} |")
    return "\n".join(["| key | | what it does |", "|---|---|---|", *rows])


def drawing() -> str:
    """The whole of screens.md."""
    parts = [HEAD]
    with held_world() as held:
        stage = make_stage(Path("workspace"), held)
        bare = _bare(held)
        for scene in SCENES:
            parts.append(f"\n## {scene.title}\n")
            drawn, keys = asyncio.run(draw(scene, bare if scene.empty else stage, held))
            for size, text in zip(SIZES, drawn, strict=True):
                parts.append(f"\n{size[0]}x{size[1]}\n\n```text\n{text}\n```\n")
            parts.append(f"\n{keys}\n")
    return "".join(parts)


def _bare(held: HeldClock) -> Workspace:
    """A workspace in which nothing has happened yet."""
    from oclc_console.workspace import make_workspace
    from tests.tui.stage import TOML

    make_workspace(Path("bare"), TOML.format(host="rehearsal"))
    return Workspace(Path("bare"), "lts")


def main() -> int:
    """Writes the file, or with --check compares it."""
    text = drawing()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    there = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    if there != text:
        print("screens.md is out of date. Run: python tests/draw_screens.py")
        differing = difflib.unified_diff(there.splitlines(), text.splitlines(), "screens.md", "drawn", lineterm="")
        print("\n".join(list(differing)[:60]))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
