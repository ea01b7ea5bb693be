"""Leaving while runs are at work: they go on without the console, and this says so before one leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.screens.dialogs import Dialog
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame, KeyLine
from oclc_console.tui.widgets.lines import Lines


class Quit(Dialog[bool]):
    """The window Ctrl+Q opens while something runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,ctrl+q", "leave", "Leave", id="quit.leave", tooltip="Leave; the runs go on"),
        Binding("n,escape", "cancel", "Stay", id="quit.stay", tooltip="Stay in the console"),
    ]

    def __init__(self, alive: Sequence[RunState]) -> None:
        super().__init__()
        self._alive = alive

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Lines(id="text"), KeyLine(), title="Leave the console?", id="quit")

    def on_mount(self) -> None:
        """Names what goes on."""
        self.query_one(Lines).show(self._lines)

    def _lines(self, width: int) -> list[Line]:
        count = len(self._alive)
        said: list[Line] = [*wrap(f"{words.plural(count, 'run')} at work. {'It goes' if count == 1 else 'They go'} on "
                                  "without the console; open it again to see how far. To stop one, use x in 3 "
                                  "Runs.", width), []]
        return [*said, *([("◐ ", "accent"), (f"{run.verb} {run.symbol}", "")] for run in self._alive)]

    def action_leave(self) -> None:
        """Leaves."""
        self.dismiss(True)
