"""Who decided what, and when? The log of everything people did, newest first; it is only ever added to. Not for what the acts
add up to: that is on the pages beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from oclc_console.errors import CallError
from oclc_console.operations.reading_log import ExportedLog, Wanted, export_log, fits, wanted_of
from oclc_console.store import log
from oclc_console.store.log import LogLine
from oclc_console.store.project import FoldCheck, changed_ones, check_fold, rebuild
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.log_words import act_words
from oclc_console.tui.screens.dialogs import Choose, Message
from oclc_console.tui.screens.list_page import ListPage
from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.workspace import Workspace

COLUMNS = (Column("no.", 6, right=True), Column("when", 12), Column("by", 10), Column("symbol", 8),
           Column("what", 20, grows=True))
NOTHING = "nobody has signed or decided anything yet"
EMPTY = "Nobody has signed anything yet. Press 2 and then s to sign a milestone off: it is written here, with your name."
HINT = "a word, !word, symbol:ZUL, by:jdoe, act:milestone, since:2020-11-01, until:…"
FORMS = (("csv", "Spreadsheet", "CSV: a line an act, every cell safe to open"),
         ("md", "Page", "Markdown: to read, mail or print"),
         ("jsonl", "As it is", "JSON lines with their hashes: anybody can prove them"))


@dataclass(frozen=True)
class _Read:
    """The log, and what was set aside beside it."""

    lines: Sequence[LogLine]
    torn: Sequence[Path]
    torn_bytes: int
    changed: Sequence[Path]


class LogScreen(ListPage):
    """One level into place 5."""

    PLACE = "5"
    LIST = "log"
    TITLE = "Log"
    HELP = ("The log: every act of a person on the project, newest first, with who and when. It is only ever added "
            "to, and each "
            "line carries a hash of the one before it: v checks that none was changed, moved or removed, and that "
            "project.json (what the log adds up to) says the same; b makes that anew. / takes words, and symbol: by: act: "
            "since: until: in front of one; x writes the lines that are shown to a file.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "read", "Read", id="log.read", key_display="↵", tooltip="The line under the cursor in full"),
        Binding("slash", "filter", "Filter", id="log.filter", key_display="/", tooltip="Show only some lines: words, "
                                                                                       "symbol: by: act: since: until:"),
        Binding("x", "export", "Export", id="log.export", tooltip="Write the lines that are shown to a file"),
        Binding("v", "verify", "Verify", id="log.verify", tooltip="Check that no line was changed, moved or removed"),
        Binding("c", "copy", "Copy", id="log.copy", tooltip="Copy the line under the cursor"),
        Binding("b", "rebuild", "Rebuild", id="log.rebuild", show=False,
                tooltip="Make project.json anew from the log, should it say something else"),
        ListPage.BACK,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found = _Read((), (), 0, ())
        self._every: list[LogLine] = []
        self._lines: list[LogLine] = []

    def body(self) -> Iterable[Widget]:
        """The log, and what is wrong with it."""
        yield Frame(Lines(id="log-said"), Table(COLUMNS, empty="Reading the log…", id="log"), FilterLine(HINT), title="Log",
                    id="logs")

    def on_mount(self) -> None:
        """Keys go to the log."""
        super().on_mount()
        self.query_one("#log-said").can_focus = False

    def show_facts(self, facts: Facts) -> None:
        """Reads the log again when something changed."""
        super().show_facts(facts)
        self._say(facts.log_fault)

    def _read_again(self) -> None:
        workspace = self.workspace
        self.ask("the log", lambda: _Read(log.read(workspace), log.set_aside(workspace), log.torn_bytes(workspace),
                                          changed_ones(workspace)), self._read)

    def _read(self, found: _Read) -> None:
        self._found, self._every = found, list(reversed(found.lines))
        self._say(self.console.facts.log_fault if self.console.facts else "")
        self._show()

    def _say(self, fault: str) -> None:
        said, panel = _said_of(self._found, fault), self.query_one("#log-said", Lines)
        panel.display = bool(said)
        panel.show(lambda width: [line for part in said for line in wrap(part, width, 2)])

    @on(Input.Changed, "#filter")
    def _show(self) -> None:
        typed, said = self.query_one(FilterLine).value, EMPTY
        try:
            wanted = wanted_of(typed)
            self._lines = [line for line in self._every if fits(line, wanted, act_words(line))]
            said = f"No line fits {typed!r}. Press / and Esc to see all." if self._every else EMPTY
        except CallError as error:  # a day that is being typed is none yet
            self._lines, said = [], str(error)
        self._list.say(said)
        self._list.show([_cells(line) for line in self._lines], [str(line.seq) for line in self._lines])
        title = f"Log {len(self._lines):,} of {len(self._every):,}" + (f" · filter: {typed}" if typed else "")
        self.query_one("#logs", Frame).titles(title, "newest first; only ever added to")
        self.refresh_bindings()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """A line can be read, and lines can be written to a file, when there are some."""
        if action in ("read", "copy") and not self._lines:
            return "There is no line under the cursor."
        if action == "export" and not self._lines:
            return "There is no line to write: press / and Esc to see all."
        return None

    def _text(self) -> str:
        line = self._lines[self._list.cursor]
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
        self.notify(f"Copied line {self._lines[self._list.cursor].seq}.", markup=False)

    def action_export(self) -> None:
        """Asks for the form, then writes the lines that are shown."""
        workspace, numbers = self.workspace, frozenset(line.seq for line in self._lines)
        wanted = _or_all(self.query_one(FilterLine).value)

        def written(done: ExportedLog) -> None:
            self.notify(words.below(str(done.path), workspace.root), title=f"✔ wrote {words.plural(done.lines, 'line')}",
                        markup=False)

        def chosen(form: str | None) -> None:
            if form is not None:
                self.ask("writing the log's export", lambda: export_log(workspace, wanted, form=form, only=numbers), written)

        rows: list[Sequence[Cell]] = [[(name, "strong"), told] for _, name, told in FORMS]
        self.app.push_screen(Choose(f"Write {words.plural(len(self._lines), 'line')} as", (Column("", 12), Column("", 40,
                             grows=True)), rows, [form for form, _, _ in FORMS]), chosen)

    def action_verify(self) -> None:
        """Walks the whole log, and folds it to compare project.json."""
        workspace = self.workspace

        def told(found: tuple[log.Verified, FoldCheck | None]) -> None:
            proved, fold = found
            if not proved.ok:
                self.console.show_error("The log is not sound", f"Line {proved.first_bad}: {proved.reason}.")
            elif fold is not None and not fold.ok:
                self.console.show_error("Not what the log says", f"{fold.sentence}. The log itself is sound. b makes it anew.")
            else:
                self.notify(f"{words.plural(proved.lines, 'line')}, none changed, moved or "
                            "removed.", title="✔ log verified", markup=False)

        def look() -> tuple[log.Verified, FoldCheck | None]:
            proved = log.verify(workspace)
            return proved, check_fold(workspace) if proved.ok else None

        self.ask("verifying the log", look, told)

    def action_rebuild(self) -> None:
        """Makes project.json anew."""
        workspace = self.workspace
        self.ask("making project.json anew", lambda: rebuild(workspace), lambda lines: self.notify(
            f"From {words.plural(lines, 'line')} of the log.", title="✔ project.json made anew", markup=False))


def _said_of(found: _Read, fault: str) -> list[Line]:
    """What is to be said above the log: that it was changed, and what was set aside."""
    said: list[Line] = []
    if fault:
        said.append([("✖ ", "bad"), (f"{fault}. Sign nothing before this is settled.", ""),
                     (" → find out who; bring log.jsonl back from a backup", "accent")])
    if found.torn_bytes:
        said.append([("! ", "warn"), (f"The log ends in {found.torn_bytes:,} bytes of a torn line: the next act sets them "
                                      "aside.", "")])
    if found.torn:
        said.append([("! ", "warn"), (f"{words.plural(len(found.torn), 'torn line')} set aside, the last in "
                                      f"{found.torn[-1].name}: nobody was told that it was written.", "")])
    if found.changed:
        said.append([("! ", "warn"), (f"A project.json that said something else than the log is kept in "
                                      f"{found.changed[-1].name}; nothing in it was believed.", "")])
    return said


def _or_all(typed: str) -> Wanted:
    try:
        return wanted_of(typed)
    except CallError:
        return Wanted()


def summary(workspace: Workspace) -> str:
    """What the hub says of the log. Raises HereError when its end can't be read."""
    lines = log.head(workspace).seq
    return f"{words.plural(lines, 'line')} → v there proves that none was changed" if lines else NOTHING


def _cells(line: LogLine) -> list[Cell]:
    return [f"{line.seq:,}", words.short_moment(line.at), line.by, (line.symbol or "–", "strong"), act_words(line)]
