"""How tests and drawings drive the console headless: wait for a condition, read the screen as text, press keys."""

from __future__ import annotations

import re
from collections.abc import Callable

from textual.pilot import Pilot

from oclc_console.tui.app import ConsoleApp


def text_of(app: ConsoleApp) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def flat(screen: str) -> str:
    """The screen's words without borders and line breaks."""
    return re.sub(r"[│\s]+", " ", screen)


async def until(pilot: Pilot[tuple[str, str]], condition: Callable[[], object], what: str = "") -> None:
    """Waits until the condition holds; says what the screen was when it never does."""
    for _ in range(1500):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
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
    before = ""
    for _ in range(600):
        await pilot.pause(0.01)
        busy = any(worker.is_running and worker.group != "follow" for worker in app.workers)
        now = text_of(app)
        if not busy and now == before:
            return
        before = now
    raise AssertionError(f"never stood still:\n{before}")


async def press(pilot: Pilot[tuple[str, str]], *keys: str) -> None:
    """Presses keys, one after the other, each once the screen stands still."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)
