"""Which symbol becomes which, with which libraries and streams, and what do the checks say? As console.toml has it; a table is
taken in from here: first what it would change, then the change itself. Not for editing single keys (e opens the file)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.operations.import_symbols import Applied, Mapping, Planned, apply_import, mapping, plan_import
from oclc_console.project.mapping import Finding, MappedSymbol
from oclc_console.project.mapping_table import COLUMNS
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import CANCEL, Dialog, Field, Form
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.frame import Frame, KeyLine
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.tui.words import WIDE, plural
from oclc_console.workspace import Workspace

MARKS = {"wrong": ("✖", "bad"), "look": ("!", "warn")}
EMPTY = ("There is no symbol in console.toml yet. Press i to import a table of symbols, libraries and streams, or e to write "
         "them into the file.")


class AskTable(Form):
    """Asks which table to take in."""

    def __init__(self) -> None:
        said = (f"A CSV file with a line for each library and each stream, and these headings as far as you need them: "
                f"{', '.join(COLUMNS)}. First you see what it would change.")
        super().__init__("Import symbols", [said], [Field("file", "File", hint="mapping.csv")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """The file must be there."""
        given = Path(answers["file"]).expanduser()
        if not answers["file"]:
            return "Type the file's name, with its folder."
        return None if given.is_file() else f"There is no file {given.absolute()}."


class Preview(Dialog[bool]):
    """What a table would change, and what the checks say; y makes the change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Change it", id="preview.yes", tooltip="Write this into console.toml; a dated copy is kept"),
        CANCEL,
    ]

    def __init__(self, planned: Planned) -> None:
        super().__init__()
        self._planned = planned

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Lines(id="text"), KeyLine(), title=f"Import {self._planned.source}", id="message")

    def on_mount(self) -> None:
        """Shows the change."""
        self.query_one(Lines).show(self._said)
        self.query_one(Lines).focus()

    def _said(self, width: int) -> list[Line]:
        planned = self._planned
        lines: list[Line] = [line for finding in planned.findings for line in finding_lines(finding, width)]
        if planned.wrong:
            lines += wrap("Nothing can be changed until what is marked ✖ is mended in the table. Press Esc.", width)
        elif not planned.changes:
            lines += wrap("console.toml says all of this already. Press Esc.", width)
        else:
            them = "it" if len(planned.changes) == 1 else "them"
            lines += wrap([(plural(len(planned.changes), "change"), "strong"),
                           (f" of console.toml. y makes {them}; a dated copy of the file is kept.", "")], width)
        for change in planned.changes:
            lines += [[], *wrap([(change.key, "strong")], width)]
            lines += [line for each in change.before.splitlines() for line in wrap([("- ", "bad"), (each, "")], width, 2)]
            lines += [line for each in change.after.splitlines() for line in wrap([("+ ", "good"), (each, "")], width, 2)]
        return lines

    def action_yes(self) -> None:
        """Makes the change, if there is one to make."""
        if self._planned.changes and not self._planned.wrong:
            self.dismiss(True)
        else:
            self.notify("There is nothing to change. Press Esc.", severity="warning", markup=False)


class MappingScreen(ConsoleScreen):
    """A page of place 5."""

    PLACE = "5"
    TITLE = "Symbols"
    HELP = ("Each symbol with the one it becomes, its disposition, how many libraries and streams it has, and the worst that "
            "the checks say of it: ✖ is wrong, ! is to be looked at. Below stand the checks in words, the libraries and the "
            "streams. i takes a table in: it shows what would change in console.toml, and y makes the change; comments stay, "
            "a dated copy is kept, the log says who did it. e opens console.toml.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "Import", id="mapping.import", tooltip="Take a table of symbols, libraries and streams in"),
        Binding("e", "edit", "Settings", id="mapping.edit", tooltip="Open console.toml in your editor"),
        ConsoleScreen.BACK,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: Mapping | None = None
        self._asked: object = None

    def body(self) -> Iterable[Widget]:
        """The symbols, and what is to be said of the one under the cursor."""
        yield Frame(Table(empty="Reading console.toml…", id="mapped"), title="Symbols", id="mapping")
        yield Frame(Lines(id="mapped-words"), title="Symbol", id="mapped-symbol")

    def on_mount(self) -> None:
        """Keys go to the symbols."""
        super().on_mount()
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#mapped", Table)

    def show_facts(self, facts: Facts) -> None:
        """Reads the mapping again when the settings changed."""
        if facts.workspace is not self._asked:
            self._asked = facts.workspace
            workspace = facts.workspace
            self.ask("the mapping", lambda: mapping(workspace), self._read)

    def _read(self, found: Mapping) -> None:
        self._found = found
        self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._show()

    def _show(self) -> None:
        if self._found is None or not self.is_attached:
            return
        wide, symbols = self.app.size.width >= WIDE, self._found.mapping.symbols
        self._table.say(EMPTY)
        self._table.show([self._cells(symbol, wide) for symbol in symbols], [symbol.code for symbol in symbols], _columns(wide))
        self.query_one("#mapping", Frame).titles(f"Symbols {len(symbols):,}", said_in_short(self._found.findings))
        self._show_symbol()

    def _cells(self, symbol: MappedSymbol, wide: bool) -> list[Cell]:
        worst = next(iter(self._of(symbol)), None)
        mark: Cell = MARKS[worst.level] if worst else ("✔", "good")
        becomes: Cell = [("→ ", "muted"), (symbol.target, "strong")] if symbol.successor else ("stays", "muted")
        libraries: Cell = ", ".join(symbol.libraries) if wide else f"{len(symbol.libraries):,}"
        return [mark, (symbol.code, "strong"), becomes, symbol.disposition or "", symbol.name or "", libraries,
                f"{len(symbol.streams):,}"]

    def _of(self, symbol: MappedSymbol) -> Sequence[Finding]:
        """What the checks say of a symbol, of one of its libraries, or of one of its streams."""
        about = {symbol.code, *symbol.libraries, *(stream.collection for stream in symbol.streams),
                 *(f"{symbol.code} {stream.name}" for stream in symbol.streams)}
        return [finding for finding in self._found.findings if finding.where in about] if self._found else []

    @on(Table.Moved, "#mapped")
    def _show_symbol(self) -> None:
        symbol = self._found.mapping.of(self._table.key) if self._found and self._table.key else None
        self.query_one("#mapped-symbol", Frame).titles(f"{symbol.code} {symbol.name or ''}" if symbol else "Symbol")
        self.query_one("#mapped-words", Lines).show(lambda width: self._told(symbol, width) if symbol else [])
        self.refresh_bindings()

    def _told(self, symbol: MappedSymbol, width: int) -> list[Line]:
        """The checks, the libraries and the streams of a symbol."""
        names = self._found.mapping.libraries if self._found else {}
        lines: list[Line] = [line for finding in self._of(symbol) for line in finding_lines(finding, width)]
        listed = ", ".join(f"{code} {names.get(code, '')}".strip() for code in symbol.libraries) or "none"
        lines += wrap([(f"libraries {len(symbol.libraries):,}: ", "muted"), (listed, "")], width, 2)
        for stream in symbol.streams:
            lines += wrap([(stream.collection, "strong"), (f" {stream.name}", ""),
                           (f", {stream.kind}, match {stream.match}, sent by {stream.delivery}", "muted")], width, 2)
        if symbol.successor:
            lines += wrap([("its files go out under the streams of ", "muted"), (symbol.successor, "")], width, 2)
        return lines

    # keys

    def action_edit(self) -> None:
        """Opens console.toml in an editor."""
        self.console.edit_settings()

    def action_import(self) -> None:
        """Asks for the table, shows what it would change, and changes it when that is wanted."""
        workspace = self.workspace

        def named(answers: dict[str, str] | None) -> None:
            if answers is not None:
                table = Path(answers["file"]).expanduser()
                self.ask("reading the table", lambda: plan_import(workspace, table), self._planned)

        self.app.push_screen(AskTable(), named)

    def _planned(self, planned: Planned) -> None:
        workspace = self.workspace

        def decided(yes: bool | None) -> None:
            if yes:
                self.ask("changing console.toml", lambda: apply_import(workspace, planned), self._applied)

        self.app.push_screen(Preview(planned), decided)

    def _applied(self, applied: Applied) -> None:
        kept = f" The file as it was: {applied.backup.name}." if applied.backup else ""
        self.notify(f"{plural(len(applied.changes), 'change')} made.{kept}", title="✔ console.toml", markup=False)


def finding_lines(finding: Finding, width: int) -> list[list[tuple[str, str]]]:
    """What a check says, as lines."""
    mark, kind = MARKS[finding.level]
    return wrap([(f"{mark} ", kind), (f"{finding.where}: ", "strong"), (finding.words, "")], width, 2)


def said_in_short(findings: Sequence[Finding]) -> str:
    """How much the checks have to say."""
    wrong = sum(finding.level == "wrong" for finding in findings)
    look = len(findings) - wrong
    parts = [f"✖ {wrong:,} wrong" if wrong else "", f"! {look:,} to look at" if look else ""]
    return ", ".join(part for part in parts if part) or "✔ nothing wrong"


def _columns(wide: bool) -> tuple[Column, ...]:
    libraries = Column("libraries", 60) if wide else Column("libraries", 9, right=True)
    return (Column("", 1), Column("symbol", 6), Column("becomes", 8), Column("disposition", 11),
            Column("name", 16, grows=True), libraries, Column("streams", 7, right=True))


def summary(workspace: Workspace) -> str:
    """The mapping in a line, for the list of pages."""
    found = mapping(workspace)
    symbols = found.mapping.symbols
    if not symbols:
        return "no symbols yet → import a table of them"
    retiring = sum(symbol.disposition == "retiring" for symbol in symbols)
    libraries = len({code for symbol in symbols for code in symbol.libraries})
    said = f"{plural(len(symbols), 'symbol')}, {retiring:,} retiring, {plural(libraries, 'library', 'libraries')}"
    return f"{said}; {said_in_short(found.findings)}"
