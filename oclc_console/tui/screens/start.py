"""What is asked before an operation starts: which of Alma's files to prepare; whether what waits shall really go out. Not for
starting it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from oclc_console.operations.outbox import OutboxFile
from oclc_console.store.events import SourceRead, Staged
from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.screens.dialogs import CANCEL, SAID_WIDTH, Dialog, Field, Form
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, shortened
from oclc_console.tui.widgets.frame import Frame, KeyLine
from oclc_console.tui.widgets.plain import plain
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class InboxFile:
    """One of Alma's files; `prepared` is when a run over a file of this name was made into output files (ISO), if ever."""

    path: Path
    bytes: int
    prepared: str | None


def inbox_of(workspace: Workspace, symbol: str, runs: Sequence[RunState]) -> list[InboxFile]:
    """What stands in a symbol's inbox, by name."""
    prepared: dict[str, str] = {}
    for run in reversed(runs):
        if run.verb == "prepare" and run.symbol == symbol and any(isinstance(r.event, Staged) for r in run.events):
            prepared.update({r.event.file: run.at for r in run.events if isinstance(r.event, SourceRead)})
    folder = workspace.at("inbox", symbol)
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [InboxFile(path, path.stat().st_size, prepared.get(path.name)) for path in files]


class PrepareFiles(Dialog[list[str]]):
    """Asks which files, and Alma's own count of the set; gives the arguments of the command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Start", id="prepare.start", key_display="↵", tooltip="Prepare the marked "
                                                                                        "files", priority=True),
        Binding("space", "mark", "Mark", id="prepare.mark", tooltip="Mark or unmark the file under the cursor"),
        Binding("tab", "app.focus_next", "Count", id="prepare.count", tooltip="To the line for Alma's count"),
        CANCEL,
    ]

    def __init__(self, symbol: str, folder: Path, files: Sequence[InboxFile]) -> None:
        super().__init__()
        self._symbol, self._folder, self._files = symbol, folder, files
        self._marked = {file.path for file in files if file.prepared is None}

    def compose(self) -> ComposeResult:
        """The files, and the line for the count."""
        columns = (Column("", 3), Column("file", 20, grows=True, name=True), Column("size", 10, right=True),
                   Column("before", 22))
        empty = f"There is no file in {self._folder}. Put the files that Alma published there, then press p again."
        yield Frame(Table(columns, empty=empty, id="files"), Static(Content("Alma's own count of the set (may be "
                                                                            "empty)"), classes="label"),
                    Input(id="set-count", compact=True, placeholder="for example "
                                                                    "468033"), Static("", id="wrong"), KeyLine(),
                    title=f"Prepare {self._symbol}", id="prepare")

    def on_mount(self) -> None:
        """Files that were never prepared are marked already."""
        self.query_one(Input).cursor_blink = False
        self.query_one(Table).focus()
        self._show()

    def _show(self) -> None:
        rows: list[list[Cell]] = []
        for file in self._files:
            mark: Piece = ("[x]", "accent") if file.path in self._marked else ("[ ]", "muted")
            before = f"prepared {words.short_moment(file.prepared)}" if file.prepared else "new"
            rows.append([mark, file.path.name, words.size(file.bytes), (before, "muted")])
        self.query_one(Table).show(rows, [str(file.path) for file in self._files])
        chosen = sum(file.bytes for file in self._files if file.path in self._marked)
        self.query_one("#prepare", Frame).titles(
            f"Prepare {self._symbol} · {len(self._marked)} of {words.plural(len(self._files), 'file')} marked, "
            f"{words.size(chosen)}")

    def action_mark(self) -> None:
        """Marks or unmarks, and goes on to the next file."""
        table = self.query_one(Table)
        if self._files:
            self._marked ^= {self._files[table.cursor].path}
            table.cursor += 1
            self._show()

    def action_start(self) -> None:
        """Gives the command's arguments, when there is something to prepare."""
        count = self.query_one(Input).value.strip().replace(",", "")
        wrong = "" if self._marked else "No file is marked. Space marks the one under the cursor."
        if count and not count.isdecimal():
            wrong = f"{count!r} is no count. Write digits only, or nothing."
        if wrong:
            self.query_one("#wrong", Static).update(Content(plain(f"✖ {wrong}")))
            return
        files = [str(file.path) for file in self._files if file.path in self._marked]
        self.dismiss(["prepare", self._symbol, *files, *(["--set-count", count] if count else [])])


class UploadConfirm(Form):
    """Shows what would go where. To OCLC's real server only after the symbol was typed: what is sent can't be called back."""

    def __init__(self, workspace: Workspace, symbol: str, files: Sequence[OutboxFile]) -> None:
        settings = workspace.settings
        due = [file for file in files if file.state in ("waiting", "partial")]
        self._symbol = symbol
        exchange, account = settings.exchange, settings.account_of(settings.symbol(symbol))
        real = not exchange.is_rehearsal
        super().__init__(f"Upload {symbol}", _said(due, "the rehearsal" if exchange.is_rehearsal else exchange.host,
                                                   account),
                         [Field("symbol", f"What is sent can't be called back. Type {symbol} to "
                                          "upload")] if real else [])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """To a real server the symbol must be typed."""
        if "symbol" in answers and answers["symbol"] != self._symbol:
            return f"Type {self._symbol} exactly, or press Esc to leave without sending anything."
        return None


def _said(due: Sequence[OutboxFile], host: str, account: str) -> list[Line | str]:
    records, size = sum(file.records for file in due), sum(file.bytes for file in due)
    lines: list[Line | str] = [f"{words.plural(len(due), 'file')}, {records:,} records, {words.size(size)} go to "
                               f"{host} as {account}:",
                               ""]
    for file in due[:10]:
        head, counted = f"{words.state_piece(file.state)[0]:<10}", f"  {file.records:,} records"
        name = shortened(file.name, SAID_WIDTH - len(head) - len(counted))
        lines.append([(head, ""), (name, "strong"), (counted, "muted")])
    return [*lines, *([f"and {len(due) - 10} more"] if len(due) > 10 else [])]
