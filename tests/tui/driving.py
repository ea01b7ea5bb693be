"""How tests and drawings drive the console headless: wait for a condition, read the screen as text, press keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Input

from oclc_console.tui.app import ConsoleApp
from oclc_console.tui.launch import Launcher
from oclc_console.workspace import Workspace


class Console(ConsoleApp):
    """The console, remembering what it said in toasts: they are gone after a few seconds, however slow the machine is."""

    def __init__(self, workspace: Workspace | None, root: Path, launcher: Launcher | None = None) -> None:
        super().__init__(workspace, root, launcher)
        self.toasts: list[str] = []

    def notify(self, message: str, **told: Any) -> None:
        """Remembers, and says it."""
        self.toasts.append(message)
        super().notify(message, **told)


def toasts(app: ConsoleApp) -> list[str]:
    """What was said in toasts so far."""
    assert isinstance(app, Console)
    return app.toasts


def text_of(app: ConsoleApp) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def flat(screen: str) -> str:
    """The screen's words without borders and line breaks."""
    return re.sub(r"[│\s]+", " ", screen)


async def until(pilot: Pilot[tuple[str, str]], condition: Callable[[], object], what: str = "") -> None:
    """Waits until the condition holds; says what the screen was when it never does."""
    for _ in range(750):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.02)
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    raise AssertionError(f"waited in vain{f' for {what}' if what else ''}; the screen was:\n{text_of(app)}")


async def shows(pilot: Pilot[tuple[str, str]], *texts: str) -> str:
    """Waits until all the texts stand on the screen; gives the screen back."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    await until(pilot, lambda: all(text in text_of(app) for text in texts), repr(texts))
    return text_of(app)


async def settled(pilot: Pilot[tuple[str, str]]) -> None:
    """Waits until the facts are read, nothing is being asked any more, and the screen stands still."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    if app.given is not None:
        await until(pilot, lambda: app.facts is not None and (app.facts.status or app.facts.problem), "the facts")
    before, still = "", 0
    for _ in range(600):
        await pilot.pause(0.01)
        if any(not worker.is_finished and worker.group != "follow" for worker in app.workers):  # asked, or about to be
            still = 0
            continue
        now = text_of(app)
        still = still + 1 if now == before and now.strip() else 0
        if still == 2:
            return
        before = now
    raise AssertionError(f"never stood still:\n{before}")


async def press(pilot: Pilot[tuple[str, str]], *keys: str) -> None:
    """Presses keys, one after the other, each once the screen stands still; what is typed into a line goes in at once."""
    for key, following in zip_longest(keys, keys[1:]):
        one = len(key) == 1
        pilot.app.post_message(Key(_character_to_key(key) if one else key, key if one else None))
        if following is None or not (_typed(pilot, key) and (key == following or (one and len(following) == 1))):
            await pilot.pause()
            await settled(pilot)


def _typed(pilot: Pilot[tuple[str, str]], key: str) -> bool:
    return isinstance(pilot.app.focused, Input) and (len(key) == 1 or key == "backspace")
