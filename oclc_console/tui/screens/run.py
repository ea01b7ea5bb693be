"""One run with everything it said: its files, how fast it goes, and every event, newest first. Not for starting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.run_words import connection_words, event_line, summary
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Message
from oclc_console.tui.screens.stopping import ask_to_stop
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Row, Rows, Table


class EventRows(Rows):
    """The events of a run as rows, newest first, each made only when it is drawn."""

    def __init__(self, run: RunState) -> None:
        self._run = run

    def __len__(self) -> int:
        return len(self._run.events)

    def row(self, at: int) -> Row:
        return [event_line(self._run, len(self) - 1 - at)]


class RunScreen(ConsoleScreen):
    """One level into place 3."""

    PLACE = "3"
    TITLE = "Run"
    HELP = ("One run: its files with a bar for each that is at work, how fast it goes, and every event on disk, "
            "newest first. Enter "
            "shows an event in full. x asks a live run to stop at a clean place.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", id="run.read", key_display="↵", tooltip="The event under the cursor in full"),
        Binding("c", "copy", "Copy", id="run.copy", tooltip="Copy the event under the cursor"),
        Binding("x", "stop", "Stop", id="run.stop", tooltip="Ask this run to stop at a clean place"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._outbox: Sequence[OutboxFile] | None = None

    def body(self) -> Sequence[Widget]:
        """The run, and its events."""
        return [Frame(Lines(id="one-lines"), title="Run", id="one-run"),
                Frame(Table((Column("", 20, grows=True),), empty="No event "
                                                                 "yet.", id="events"), title="Events", id="one-events")]

    def on_mount(self) -> None:
        """Keys go to the events; Tab goes to the files."""
        super().on_mount()
        self.query_one("#events").focus()

    @property
    def _run(self) -> RunState | None:
        facts = self.console.facts
        return next((run for run in facts.runs if run.name == self._name), None) if facts else None

    def show_facts(self, facts: Facts) -> None:
        """Draws the run as it is now."""
        run = self._run
        if run is None:
            return
        if self._outbox is None and run.verb == "upload":
            self._outbox, workspace = (), facts.workspace
            self.ask("the outbox", lambda: read_outbox(workspace, run.symbol), self._outbox_read)
        stopping = run.name in self.console.stopping
        self.query_one("#one-run", Frame).titles(f"{run.verb} {run.symbol} · started {words.moment(run.at)} by "
                                                 f"{run.by}")
        where = connection_words(run)

        def build(width: int) -> list[Line]:
            first = wrap((where, "muted"), width, 2) if where else []
            return [*first, *summary(run, facts, self._outbox or (), stopping, width)]

        self.query_one("#one-lines", Lines).show(build)
        table = self.query_one("#events", Table)
        on_newest = table.cursor == 0
        keys = [str(at) for at in range(len(run.events) - 1, -1, -1)]
        table.show(EventRows(run), [] if on_newest else keys)
        self.query_one("#one-events", Frame).titles(f"Events {len(run.events):,}")

    def _outbox_read(self, files: Sequence[OutboxFile]) -> None:
        self._outbox = files
        self._draw()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Stopping needs a live run, reading an event."""
        run = self._run
        if action == "stop" and (run is None or run.state != "running" or self._name in self.console.stopping):
            alive = run is not None and run.state == "running"
            return "It is stopping already." if alive else "This run is over: there is nothing to stop."
        if action in ("read", "copy") and (run is None or not run.events):
            return "There is no event under the cursor yet."
        return None

    def _event(self) -> str:
        run = self._run
        if run is None:
            return ""
        recorded = run.events[len(run.events) - 1 - self.query_one("#events", Table).cursor]
        return f"{words.moment(recorded.at)}, by {recorded.by}:\n{recorded.event.words}"

    @on(Table.Chosen, "#events")
    def action_read(self) -> None:
        """Shows the event in full."""
        self.app.push_screen(Message("Event", self._event()))

    def action_copy(self) -> None:
        """Copies the event."""
        self.app.copy_to_clipboard(self._event())
        self.notify("Copied the event.", markup=False)

    def action_stop(self) -> None:
        """Asks the run to stop."""
        if run := self._run:
            ask_to_stop(self, run, self._draw)
