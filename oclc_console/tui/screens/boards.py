"""Which symbols may take the step that can't be undone, and what blocks the others? The scan/delete board and the retirement
board: all symbols at once. Not for one gate in full (gate.py)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.boards import BOARDS, Board, Row, board
from oclc_console.operations.boards import summary as summary_of
from oclc_console.operations.gate_facts import SCAN_DELETE
from oclc_console.tui import gate_words, words
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Table
from oclc_console.workspace import Workspace


def summary(workspace: Workspace) -> str:
    """The scan/delete board in one line."""
    return summary_of(workspace, SCAN_DELETE)


def retirement_summary(workspace: Workspace) -> str:
    """The retirement board in one line."""
    return summary_of(workspace, "retire")


class BoardScreen(ConsoleScreen):
    """One level into place 5."""

    PLACE = "5"
    TITLE = "Board"
    HELP = ("A row a symbol: how many conditions of its gate are met, which ones block, whom they wait for, and what the step "
            "would remove. Below, the symbol under the cursor with the words of each condition that blocks. Enter opens its "
            "gate, where evidence is entered and where people sign. t goes to the other board.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Gate", id="board.open", key_display="↵", tooltip="The gate of the symbol under the cursor"),
        Binding("t", "turn", "Other", id="board.turn", tooltip="From scan/delete to retirement, and back"),
        ConsoleScreen.BACK,
    ]

    def __init__(self, gate_id: str = SCAN_DELETE) -> None:
        super().__init__()
        self._gate = gate_id
        self._asked: object = None
        self._found: Board | None = None

    def body(self) -> Iterable[Widget]:
        """The board, and what is to be said of the symbol under the cursor."""
        yield Frame(Table(gate_words.BOARD, empty="Looking at every symbol's evidence…", id="rows"), title="Board", id="gates")
        yield Frame(Lines(id="row-lines"), title="Symbol", id="row")

    def on_mount(self) -> None:
        """Keys go to the board."""
        super().on_mount()
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#rows", Table)

    def show_facts(self, facts: Facts) -> None:
        """Looks again when something changed."""
        wanted = (self._gate, facts.changes, facts.workspace)
        if wanted == self._asked:
            return
        self._asked, workspace, gate_id = wanted, facts.workspace, self._gate
        self.ask("the board", lambda: board(workspace, gate_id), self._read)

    def _read(self, found: Board) -> None:
        if found.gate != self._gate:
            return
        self._found = found
        self._table.say("No symbol has this step: " + ("no symbol is retiring." if found.gate != SCAN_DELETE else
                        "add symbols to console.toml (press 2, then e)."))
        self._table.show(gate_words.board_rows(found), [row.symbol for row in found.rows], gate_words.BOARD)
        self.query_one("#gates", Frame).titles(f"{BOARDS[found.gate]} board · {words.plural(len(found.rows), 'symbol')}",
                                               gate_words.elsewhere_words(found.elsewhere))
        self._show_row()

    @on(Table.Moved, "#rows")
    def _show_row(self) -> None:
        row = self._row
        self.query_one("#row", Frame).titles(f"{row.symbol} {row.name}" if row else "Symbol")
        self.query_one("#row-lines", Lines).show(lambda width: gate_words.row_lines(row, width) if row else [])
        self.refresh_bindings()

    @property
    def _row(self) -> Row | None:
        return next((row for row in self._found.rows if row.symbol == self._table.key), None) if self._found else None

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """A gate opens from a row."""
        return "There is no symbol under the cursor." if action == "open" and self._row is None else None

    @on(Table.Chosen, "#rows")
    def action_open(self) -> None:
        """Opens the gate of the symbol."""
        from oclc_console.tui.screens.gate import GateScreen

        if row := self._row:
            self.console.symbol = row.symbol
            self.app.push_screen(GateScreen(row.symbol, self._gate, row.subject))

    def action_turn(self) -> None:
        """The other board."""
        boards = list(BOARDS)
        self._gate = boards[(boards.index(self._gate) + 1) % len(boards)]
        self._table.show([], [])
        self._draw()


class RetirementScreen(BoardScreen):
    """The retirement board."""

    TITLE = "Retirement board"

    def __init__(self) -> None:
        super().__init__("retire")
