"""One upload, while it goes and after: a bar for all and a line a file, how fast the last minutes were, what was asked of it,
its events; when it is over, what it came to and what needs somebody. Works the same whoever started it. Not for runs of other
verbs (run.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.store.runs import RunState
from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.dialogs import Message
from oclc_console.tui.screens.run import EventRows
from oclc_console.tui.screens.upload_file import UploadFileScreen
from oclc_console.tui.screens.upload_keys import UploadKeys
from oclc_console.tui.upload_ending import ending_lines, needs, report_piece
from oclc_console.tui.upload_facts import UploadFacts
from oclc_console.tui.upload_words import (
    UploadFile,
    asked_words,
    curve_of,
    fewer_words,
    most_pressing_first,
    rate_line,
    result_line,
    short_name,
    where_words,
    whole_line,
)
from oclc_console.tui.widgets.drawing import Line, Piece, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Row, Rows, Table

NARROW = (Column("state", 11), Column("file", 12, grows=True, name=True), Column("how far", 13),
          Column("acknowledged", 17, right=True), Column("try", 3, right=True))
NAME_LEAVES = 53  # cells of a narrow row that are not the name's, the frame's among them
WIDE = (Column("state", 11), Column("file", 20, grows=True, name=True), Column("records", 11, right=True),
        Column("how far", 30), Column("acknowledged", 19, right=True), Column("tries", 5, right=True), Column("report", 16))


class FileRows(Rows):
    """The files as rows, each made only when it is drawn."""

    def __init__(self, files: Sequence[UploadFile], facts: UploadFacts, retry: Sequence[str], now: datetime,
                 screen_width: int) -> None:
        self._files, self._facts, self._retry, self._now = files, facts, retry, now
        self._wide, self._name_width = screen_width >= words.WIDE, screen_width - NAME_LEAVES

    def __len__(self) -> int:
        return len(self._files)

    def row(self, at: int) -> Row:
        file = self._files[at]
        report = report_piece(self._facts.known.get(file.name), self._now) if file.state == "sent" else ("", "")
        tries = f"{file.tries}" if file.tries else "–"
        how_far = self._how_far(file, 30 if self._wide else 13)
        acknowledged = words.of(file.done, file.total, "bytes") if file.total else "–"
        if self._wide:
            return [words.state_piece(file.state), file.name, words.number(file.records), how_far, acknowledged, tries, report]
        shown = report if file.state == "sent" and report[0] else how_far
        return [words.state_piece(file.state), short_name(file.name, self._name_width), shown, acknowledged, tries]

    def _how_far(self, file: UploadFile, width: int) -> Piece | list[Piece]:
        if file.name in self._retry:
            return "asked again", "accent"
        if file.failed:
            return "t tries again", "warn"
        if file.between and file.state == "sending":
            return "trying again", "warn"
        if file.behind:
            return "waits behind" if width < 30 else f"behind {file.behind[: width - 7]}", "muted"
        if file.state in ("sending", "partial") or (file.state == "waiting" and file.done):
            bar = words.bar(file.done, file.total, width - 6)
            percent = f" {words.percent(file.done, file.total):>5}"
            return [(bar, "accent" if file.state == "sending" else "muted"), (percent, "")]
        return "", ""


class UploadRunScreen(UploadKeys):
    """One level into place 3."""

    TITLE = "Upload"
    HELP = ("One upload, whoever started it: all of it and each file, in flight first, with the bytes that OCLC's server "
            "acknowledged. p pauses it: connections stay, nothing is sent. + and - change how many connections it may use; the "
            "files of one collection always go one after the other. t tries the file under the cursor again. What is asked "
            "stands here until the upload has answered. When it is over, what it came to stands here, and what needs you. "
            "Enter opens everything about a file, or an event in full; Tab goes from files to events.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="upload.open", key_display="↵",
                tooltip="Everything about the file under the cursor, or the event in full"),
        Binding("n", "next", "Next", id="upload.next", show=False, tooltip="To the next file that needs you"),
        Binding("c", "copy", "Copy", id="upload.copy", show=False, tooltip="Copy the file's name, or the event"),
        Binding("tab", "app.focus_next", "Panel", id="upload.panel", show=False, key_display="Tab",
                tooltip="From the files to the events, and back"),
    ]

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self._files: Sequence[UploadFile] = ()
        self._needing: frozenset[str] = frozenset()

    def body(self) -> Iterable[Widget]:
        """All of it, its files, its events."""
        top = Lines(id="upload-lines")
        top.can_focus = False
        yield Frame(top, title="Upload", id="upload-all")
        yield Frame(Table(NARROW, empty="", id="upload-list"), title="Files", id="upload-files")
        yield Frame(Table((Column("", 20, grows=True),), empty="No event yet.", id="upload-log"), title="Events",
                    id="upload-events")

    def on_mount(self) -> None:
        """Keys go to the files."""
        super().on_mount()
        self._table.focus()

    @property
    def _table(self) -> Table:
        return self.query_one("#upload-list", Table)

    @property
    def file(self) -> UploadFile | None:
        """The file under the cursor."""
        return next((file for file in self._files if file.name == self._table.key), None)

    def show_facts(self, facts: Facts) -> None:
        """Draws the upload as it is now."""
        super().show_facts(facts)
        if (run := self.upload) is not None:
            self._show(run, facts)

    def _draw_again(self) -> None:
        if (run := self.upload) is not None and self.console.facts is not None:
            self._show(run, self.console.facts)
        super()._draw_again()

    def _show(self, run: RunState, facts: Facts) -> None:
        files, live = self.files_of(run), run.state == "running"
        wanted = [] if live else needs(run, self._facts, files, facts.as_of)
        self._needing = frozenset(name for need in wanted for name in need.files)
        self._files = most_pressing_first(files, [*self._needing])
        self.query_one("#upload-all", Frame).titles(f"upload {run.symbol} · started {words.moment(run.at)} by {run.by}")
        self.query_one("#upload-lines", Lines).show(
            lambda width: self._live_lines(run, facts, files, width) if live else self._over_lines(run, facts, files, width))
        width = self.app.size.width
        retry = self._wished.wishes.retry if live and self._wished else ()
        self._table.say("It has begun no file yet." if live else "It had no file to send.")
        self._table.show(FileRows(self._files, self._facts, retry, facts.as_of, width), [file.name for file in self._files],
                         WIDE if width >= words.WIDE else NARROW)
        count = len(self._needing)
        needing = f"{count} need{'s' if count == 1 else ''} you, n goes there" if count else ""
        self.query_one("#upload-files", Frame).titles(f"Files {len(files):,}", needing)
        self._show_events(run)

    def _show_events(self, run: RunState) -> None:
        table = self.query_one("#upload-log", Table)
        keys = [str(at) for at in range(len(run.events) - 1, -1, -1)]
        table.show(EventRows(run), [] if table.cursor == 0 else keys)
        self.query_one("#upload-events", Frame).titles(f"Events {len(run.events):,}")

    def _live_lines(self, run: RunState, facts: Facts, files: Sequence[UploadFile], width: int) -> list[Line]:
        first = result_line(run, files, self.settings_say, run.name in self.console.stopping)
        lines: list[Line] = [*wrap(first, width, 2)]
        if whole := whole_line(run, curve_of(run, facts), facts.as_of, width):
            lines.append(whole)
        if rate := rate_line(run, facts, width):
            lines.append(rate)
        if fewer := fewer_words(run, self.settings_say):
            lines += wrap([("! ", "warn"), (fewer, "warn")], width, 2)
        for asked in asked_words(run, self._wished, self.settings_say, facts.as_of):
            lines += wrap([("→ ", "warn"), (asked, "warn")], width, 2)
        if where := where_words(run):
            lines += wrap([("to   ", "muted"), (where, "muted")], width, 5)
        return lines

    def _over_lines(self, run: RunState, facts: Facts, files: Sequence[UploadFile], width: int) -> list[Line]:
        lines = ending_lines(run, self._facts, files, facts.as_of, width)
        if rate := rate_line(run, facts, width):
            lines.append(rate)
        return lines

    # actions

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Opening and copying need something under the cursor."""
        if action in ("open", "copy") and self._on_events and self.upload is not None and not self.upload.events:
            return "There is no event under the cursor yet."
        if action in ("open", "copy") and not self._on_events and self.file is None:
            return "There is no file under the cursor."
        if action == "next" and not self._needing:
            return "No file needs you" + (" while it is at work." if self.upload and self.upload.state == "running" else ".")
        return super().why_not(action, parameters)

    @property
    def _on_events(self) -> bool:
        return self.query_one("#upload-log", Table).has_focus

    def _event(self, run: RunState) -> str:
        recorded = run.events[len(run.events) - 1 - self.query_one("#upload-log", Table).cursor]
        return f"{words.moment(recorded.at)}, by {recorded.by}:\n{recorded.event.words}"

    @on(Table.Chosen)
    def action_open(self) -> None:
        """Opens the file, or shows the event."""
        run, file = self.upload, self.file
        if run is not None and self._on_events:
            self.app.push_screen(Message("Event", self._event(run)))
        elif file is not None:
            self.app.push_screen(UploadFileScreen(self._run_name, file.name))

    def action_next(self) -> None:
        """Goes to the next file that needs somebody, after the last to the first."""
        at = self._table.cursor
        places = [number for number, file in enumerate(self._files) if file.name in self._needing]
        if places:
            self._table.cursor = next((place for place in places if place > at), places[0])

    def action_copy(self) -> None:
        """Copies the name, or the event."""
        run, file = self.upload, self.file
        text = self._event(run) if run is not None and self._on_events else file.name if file is not None else ""
        self.app.copy_to_clipboard(text)
        self.notify("Copied the event." if self._on_events else f"Copied {text}.", markup=False)
