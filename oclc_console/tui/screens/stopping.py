"""Asking before a run is asked to stop, the same on every screen from which one can. Not for the stopping itself
(launch.py)."""

from __future__ import annotations

from collections.abc import Callable

from oclc_console.store.runs import RunState
from oclc_console.tui.launch import stop
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Confirm

WORDS = {
    "upload": "Files that were sent stay sent. One on its way stays partial: the same command goes on with it later, from the "
              "byte that surely arrived. To let it rest for a while, pause it instead: p on its page.",
    "prepare": "A prepare that is stopped before its end puts nothing into the outbox. The same command does all of it again.",
}


def ask_to_stop(screen: ConsoleScreen, run: RunState, asked: Callable[[], None]) -> None:
    """Asks whether to; if so asks the run to stop, and calls `asked` once it has been asked."""

    def answered(yes: bool | None) -> None:
        if not yes:
            return

        def done(_: None) -> None:
            screen.console.stopping.add(run.name)
            screen.notify("It ends at a clean place; what was done stays done.",
                          title=f"◐ stopping: {run.verb} {run.symbol}", markup=False)
            asked()

        screen.ask("stopping", lambda: stop(run), done)

    said = WORDS.get(run.verb, "What was done stays done; the same command goes on with the rest.")
    screen.app.push_screen(Confirm(f"Stop {run.verb} {run.symbol}?", said), answered)
