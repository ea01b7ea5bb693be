"""What is running, and what came of what ran? Every run of the workspace, whoever started it; the one under the cursor as it
goes. Starting, stopping and resuming happen here. Not for one run's events (run.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.launch import Launched, command_again
from oclc_console.tui.run_words import event_line, may_accept, result_words, shown_state, summary
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import AskReason, Choose
from oclc_console.tui.screens.run import RunScreen
from oclc_console.tui.screens.start import InboxFile, PrepareFiles, UploadConfirm, inbox_of
from oclc_console.tui.screens.stopping import ask_to_stop
from oclc_console.tui.screens.upload_run import UploadRunScreen
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table

EMPTY = ("Nothing has run yet. Press p to prepare files that Alma published (put them into inbox/SYMBOL first), then "
         "u to upload "
         "them, then f to fetch OCLC's reports.")
RESUMABLE = ("failed", "refused", "stopped", "interrupted")
LAST_EVENTS = 30


class RunsScreen(ConsoleScreen):
    """Place 3."""

    PLACE = "3"
    TITLE = "Runs"
    HELP = ("Every run, newest first, also those that a timer or a colleague started. p prepares files from "
            "inbox/SYMBOL, u uploads "
            "what waits, f fetches OCLC's reports: each asks for the symbol and then goes on as a process of its own, "
            "also when "
            "the console or the terminal is closed. Enter opens the run; an upload can be paused there. "
            "x asks a run to stop: it ends at a clean place. r gives the same "
            "command "
            "again: finished work is not done twice. a accepts unrouted or double records with a reason, after a "
            "refused prepare.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "watch", "Watch", id="runs.watch", key_display="↵", tooltip="The run under the cursor with "
                                                                                     "all its events"),
        Binding("p", "prepare", "Prepare", id="runs.prepare", tooltip="Prepare files that Alma published into "
                                                                      "inbox/SYMBOL"),
        Binding("u", "upload", "Upload", id="runs.upload", tooltip="Upload what waits in a symbol's outbox"),
        Binding("f", "fetch", "Fetch", id="runs.fetch", tooltip="Fetch the reports that are not here yet"),
        Binding("x", "stop", "Stop", id="runs.stop", tooltip="Ask the run under the cursor to stop at a clean place"),
        Binding("r", "resume", "Resume", id="runs.resume", tooltip="The same command again; nothing is done twice"),
        Binding("a", "accept", "Accept", id="runs.accept", show=False,
                tooltip="After a refused prepare: accept unrouted and double records with a reason"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._outbox: dict[str, Sequence[OutboxFile]] = {}
        self._started: Launched | None = None  # what was started here and is no run yet
        self._was_on: str | None = None  # the run under the cursor at that time

    def body(self) -> Iterable[Widget]:
        """The runs, and the one under the cursor."""
        yield Frame(Table(empty="", id="runs-list"), title="Runs", id="runs")
        yield Frame(Lines(id="run-lines"), title="Run", id="run")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self._list.focus()

    @property
    def _list(self) -> Table:
        return self.query_one("#runs-list", Table)

    @property
    def selected(self) -> RunState | None:
        """The run under the cursor."""
        facts = self.console.facts
        return next((run for run in facts.runs if run.name == self._list.key), None) if facts else None

    def show_facts(self, facts: Facts) -> None:
        """Draws the list and the run under the cursor."""
        rows = [_cells(run, run.name in self.console.stopping) for run in facts.runs]
        self._list.say(EMPTY)
        was_on = self._list.key
        self._list.show(rows, [run.name for run in facts.runs], COLUMNS)
        self._follow_started(facts, was_on)
        starting = f" · starting: {', '.join(facts.starting)}" if facts.starting else ""
        self.query_one("#runs", Frame).titles(f"Runs {len(facts.runs)} · {len(facts.alive)} at work{starting}")
        self._show_run()

    def _follow_started(self, facts: Facts, was_on: str | None) -> None:
        """Puts the cursor on the run that was started here, once, unless a person has moved it since."""
        if self._started is None or (name := facts.begun.get(self._started)) is None:
            return
        if was_on == self._was_on and name in self._list.keys:
            self._list.cursor = self._list.keys.index(name)
            self.query_one("#run-lines").scroll_home(animate=False)
        self._started = None

    @on(Table.Moved, "#runs-list")
    def _show_run(self) -> None:
        run, facts = self.selected, self.console.facts
        panel, frame = self.query_one("#run-lines", Lines), self.query_one("#run", Frame)
        if run is None or facts is None:
            frame.titles("Run")
            panel.show(lambda width: [])
            return
        self._ask_outbox(run)
        stopping = run.name in self.console.stopping
        frame.titles(f"{run.verb} {run.symbol} · started {words.short_moment(run.at)} by {run.by}")

        def build(width: int) -> list[Line]:
            lines = summary(run, facts, self._outbox.get(run.name, ()), stopping, width)
            last = range(len(run.events) - 1, max(-1, len(run.events) - 1 - LAST_EVENTS), -1)
            return [*lines, [], *(line for at in last for line in wrap(event_line(run, at), width, 9))]

        panel.show(build)
        self.refresh_bindings()

    def _ask_outbox(self, run: RunState) -> None:
        """An upload's waiting files stand in the outbox; asked once per run, since they only become fewer."""
        if run.verb != "upload" or run.name in self._outbox:
            return
        self._outbox[run.name] = ()
        workspace = self.workspace

        def show(files: Sequence[OutboxFile]) -> None:
            self._outbox[run.name] = files
            self._show_run()

        self.ask(f"the outbox of {run.name}", lambda: read_outbox(workspace, run.symbol), show)

    # what can't be done now

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Stopping needs a live run, resuming one that did not end well, starting a symbol."""
        facts = self.console.facts
        if action in ("prepare", "upload", "fetch"):
            if facts is None or facts.status is None:
                return "The workspace is still being read, or console.toml has a mistake: see 1 Dashboard."
            return None if facts.status.symbols else "There is no symbol in console.toml yet. Press 1, then e."
        if action not in ("watch", "stop", "resume", "accept"):
            return None
        run = self.selected
        if run is None:
            return "There is no run under the cursor."
        if action == "stop" and (run.state != "running" or run.name in self.console.stopping):
            over = f"This {run.verb} is not running: it is {run.state}."
            return "It is stopping already." if run.state == "running" else over
        if action == "resume" and run.state not in RESUMABLE:
            return f"This {run.verb} is {run.state}: there is nothing to resume. p, u and f start a new run."
        if action == "accept" and may_accept(run) is None:
            return "Only a prepare that was refused for unrouted or double records can be accepted."
        return None

    # actions

    @on(Table.Chosen, "#runs-list")
    def action_watch(self) -> None:
        """Opens the run with all its events."""
        if run := self.selected:
            self.app.push_screen(UploadRunScreen(run.name) if run.verb == "upload" else RunScreen(run.name))

    def action_prepare(self) -> None:
        """Asks for the symbol, then for the files."""
        workspace = self.workspace

        def chosen(symbol: str) -> None:
            runs = self.console.facts.runs if self.console.facts else ()

            def pick(files: Sequence[InboxFile]) -> None:
                self.app.push_screen(PrepareFiles(symbol, workspace.at("inbox", symbol), files), self._start)

            self.ask("the inbox", lambda: inbox_of(workspace, symbol, runs), pick)

        self._choose("Prepare the files of which symbol?", chosen)

    def action_upload(self) -> None:
        """Asks for the symbol, shows what would go where, then starts."""
        workspace = self.workspace

        def chosen(symbol: str) -> None:
            def confirm(files: Sequence[OutboxFile]) -> None:
                if not any(file.state in ("waiting", "partial") for file in files):
                    before = f" {words.plural(len(files), 'file')} went out before." if files else ""
                    self.notify(f"Nothing waits.{before} Press p to prepare Alma's files.", title=f"– {symbol}",
                                markup=False)
                    return
                self.app.push_screen(UploadConfirm(workspace, symbol, files),
                                     lambda yes: self._start(["upload", symbol] if yes is not None else None))

            self.ask("the outbox", lambda: read_outbox(workspace, symbol), confirm)

        self._choose("Upload what waits for which symbol?", chosen)

    def _start(self, arguments: Sequence[str] | None) -> None:
        if arguments and (started := self.console.start_operation(*arguments)):
            self._started, self._was_on = started, self._list.key

    def action_fetch(self) -> None:
        """Asks for the symbol, then starts."""
        self._choose("Fetch the reports of which symbol?", lambda symbol: self._start(["fetch", symbol]))

    def _choose(self, title: str, chosen: Callable[[str], None]) -> None:
        status = self.console.facts.status if self.console.facts else None
        rows = status.symbols if status else ()
        cells: list[Sequence[Cell]] = [[(row.symbol, "strong"), row.phase, row.waiting_on] for row in rows]
        run = self.selected
        at = run.symbol if run and run.symbol in {row.symbol for row in rows} else self.console.symbol
        columns = (Column("symbol", 8), Column("phase", 26, grows=True), Column("waits for", 24))
        self.app.push_screen(Choose(title, columns, cells, [row.symbol for row in rows], at),
                             lambda symbol: chosen(symbol) if symbol else None)

    def action_stop(self) -> None:
        """Asks the run to stop; it shows as stopping until its end is on disk."""
        if run := self.selected:
            ask_to_stop(self, run, self._draw)

    def action_resume(self) -> None:
        """The same command again."""
        if run := self.selected:
            self._start(command_again(run))

    def action_accept(self) -> None:
        """Asks for a reason, then prepares again with it."""
        run = self.selected
        counted = may_accept(run) if run else None
        if run is None or counted is None:
            return
        said = [f"{counted.unrouted:,} of {counted.in_set:,} records go to no stream and will not be sent. "
                f"{counted.double:,} are "
                "wanted by two streams and will be sent once, by the first one in console.toml."]
        self.app.push_screen(AskReason(f"Accept for {run.symbol}", said),
                             lambda given: self._start(command_again(run, given["reason"]) if given else None))


def _cells(run: RunState, stopping: bool) -> list[Cell]:
    return [words.state_piece(shown_state(run, stopping)), (run.verb, ""), (run.symbol, "strong"),
            words.short_moment(run.at), result_words(run)]


COLUMNS = (Column("state", 13), Column("run", 7), Column("symbol", 6), Column("started", 12),
           Column("came to", 16, grows=True))
