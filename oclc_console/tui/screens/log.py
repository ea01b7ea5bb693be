"""Who decided what, and when? The log of everything people did, newest first; it is only ever added to. Not for what the acts
add up to: that is on the pages beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.project.milestones import MILESTONES
from oclc_console.store import log
from oclc_console.store.log import LogLine
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Message
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.filter import FilterLine, holds
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

ACTS = {"milestone.done": "signed off", "milestone.not_applicable": "not applicable", "milestone.reopened": "reopened",
        "milestone.applicable": "applicable after all"}
TITLES = {stone.id: f"{stone.number} {stone.title}" for stone in MILESTONES}
COLUMNS = (Column("no.", 6, right=True), Column("when", 12), Column("by", 10), Column("symbol", 8),
           Column("what", 20, grows=True))
NOTHING = "nobody has signed or decided anything yet"
EMPTY = "Nobody has signed anything yet. Press 2 and then s to sign a milestone off: it is written here, with your name."


class LogScreen(ConsoleScreen):
    """One level into place 5."""

    PLACE = "5"
    TITLE = "Log"
    HELP = ("The log: every act of a person on the project, newest first, with who and when. It is only ever added "
            "to, and each "
            "line carries a hash of the one before it: v checks that none was changed, moved or removed.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", id="log.read", key_display="↵", tooltip="The line under the cursor in full"),
        Binding("slash", "filter", "Filter", id="log.filter", key_display="/", tooltip="Show only the lines that hold "
                                                                                       "a word"),
        Binding("v", "verify", "Verify", id="log.verify", tooltip="Check that no line was changed, moved or removed"),
        Binding("c", "copy", "Copy", id="log.copy", tooltip="Copy the line under the cursor"),
        ConsoleScreen.BACK,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._asked: object = None
        self._every: list[LogLine] = []
        self._lines: list[LogLine] = []

    def body(self) -> Iterable[Widget]:
        """The log."""
        yield Frame(Table(COLUMNS, empty="Reading the "
                                         "log…", id="log"), FilterLine("a symbol, a person, a "
                                                                       "word"), title="Log", id="logs")

    def on_mount(self) -> None:
        """Keys go to the log."""
        super().on_mount()
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#log", Table)

    def show_facts(self, facts: Facts) -> None:
        """Reads the log again when something changed."""
        if (wanted := (facts.changes, facts.workspace)) != self._asked:
            self._asked = wanted
            workspace = facts.workspace
            self.ask("the log", lambda: log.read(workspace), self._read)

    def _read(self, lines: Sequence[LogLine]) -> None:
        self._every = list(reversed(lines))
        self._show()

    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        wanted = self.query_one(FilterLine).value
        self._lines = [line for line in self._every if holds(wanted, act_words(line), line.by, line.symbol or "")]
        self._table.say(EMPTY if not self._every else f"No line holds {wanted!r}. Press / and Esc to see all.")
        self._table.show([_cells(line) for line in self._lines], [str(line.seq) for line in self._lines])
        self.query_one("#logs", Frame).titles(f"Log {len(self._lines):,} of {len(self._every):,}"
                                              + (" · filter: "
                                                 f"{wanted}" if wanted else ""), "newest first; only ever added to")
        self.refresh_bindings()

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._table.focus()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """A line can be read when there is one."""
        if action in ("read", "copy") and not self._lines:
            return "There is no line under the cursor."
        return None

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()

    def _text(self) -> str:
        line = self._lines[self._table.cursor]
        data = "\n".join(f"  {key}: {value}" for key, value in line.data.items())
        return (f"Line {line.seq}, {words.moment(line.at)}, by {line.by}, "
                f"{line.symbol or 'no symbol'}\n{line.act}\n{data}\n"
                f"hash {line.hash}\nbefore {line.prev}")

    @on(Table.Chosen, "#log")
    def action_read(self) -> None:
        """Shows the line in full."""
        self.app.push_screen(Message("Log line", self._text()))

    def action_copy(self) -> None:
        """Copies the line."""
        self.app.copy_to_clipboard(self._text())
        self.notify(f"Copied line {self._lines[self._table.cursor].seq}.", markup=False)

    def action_verify(self) -> None:
        """Walks the whole log."""
        workspace = self.workspace

        def told(found: log.Verified) -> None:
            if found.ok:
                self.notify(f"{words.plural(found.lines, 'line')}, none changed, moved or "
                            "removed.", title="✔ log verified", markup=False)
            else:
                self.console.show_error("The log is not sound", f"Line {found.first_bad}: {found.reason}.")

        self.ask("verifying the log", lambda: log.verify(workspace), told)


def summary(workspace: Workspace) -> str:
    """What the hub says of the log. Raises HereError when its end can't be read."""
    lines = log.head(workspace).seq
    return f"{words.plural(lines, 'line')} → v there proves that none was changed" if lines else NOTHING


def _cells(line: LogLine) -> list[Cell]:
    return [f"{line.seq:,}", words.short_moment(line.at), line.by, (line.symbol or "–", "strong"), act_words(line)]


def act_words(line: LogLine) -> str:
    """What was done, in a sentence where this version knows the act; else as the log has it."""
    stone = TITLES.get(str(line.data.get("milestone")))
    if line.act not in ACTS or stone is None:
        return line.words
    day = f", completed {words.day(str(line.data['date']))}" if line.data.get("date") else ""
    said = line.data.get("reason") or line.data.get("note")
    return f"{ACTS[line.act]}: {stone}{day}{f' · {said}' if said else ''}"
