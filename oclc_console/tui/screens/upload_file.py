"""Everything about one file of an upload in one place: stream, records, bytes, checksum, who prepared and sent it and when,
every attempt, the report that answers it, what to do next. Not for its records (4 Reports, the symbol's coverage)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.store.runs import RunState
from oclc_console.tui.file_words import story_lines
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.upload_keys import UploadKeys
from oclc_console.tui.upload_facts import FileStory, file_story
from oclc_console.tui.upload_words import UploadFile
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.workspace import Workspace


class UploadFileScreen(UploadKeys):
    """Two levels into place 3."""

    TITLE = "File"
    HELP = ("One file: where it stands and what to do next, what it holds, who prepared it and who sent it and when, the "
            "report that answers it or how late that is, and every attempt at sending it with why it ended. The keys are those "
            "of its upload. c copies its checksum, C its name.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_sha", "Checksum", id="file.sha256", show=False, tooltip="Copy the file's sha256"),
        Binding("C", "copy_name", "Name", id="file.name", show=False, key_display="C", tooltip="Copy the file's name"),
    ]

    def __init__(self, run: str, file: str) -> None:
        super().__init__(run)
        self._file_name = file
        self._story: FileStory | None = None
        self._read = False

    def body(self) -> Iterable[Widget]:
        """The page."""
        yield Frame(Lines(id="file-lines"), title=self._file_name, id="upload-file")

    def on_mount(self) -> None:
        """Keys go to the page."""
        super().on_mount()
        self.query_one(Lines).focus()

    @property
    def file(self) -> UploadFile | None:
        """The file of this page, as the upload has it."""
        run = self.upload
        return next((file for file in self.files_of(run) if file.name == self._file_name), None) if run else None

    def look(self, workspace: Workspace, run: RunState) -> None:
        """Asks for the file's story as well."""
        super().look(workspace, run)
        self.ask("the file", lambda: file_story(workspace, run.symbol, self._file_name), self._story_read)

    def _story_read(self, story: FileStory | None) -> None:
        self._story, self._read = story, True
        self._draw()

    def show_facts(self, facts: Facts) -> None:
        """Draws the page."""
        super().show_facts(facts)
        run, story = self.upload, self._story
        if run is None:
            return
        if story is None:
            said = "It is not in the outbox (any more): only the upload's events tell of it." if self._read else "Reading…"
            self.query_one(Lines).show(lambda width: wrap((said, "muted"), width))
            return
        here = self.file if run.state == "running" else None
        first = run.end.reason if run.end is not None and run.end.needs_somebody else ""

        def build(width: int) -> list[Line]:
            return story_lines(story, here, facts.as_of, width, first)

        self.query_one(Lines).show(build)

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Copying the checksum needs one."""
        if action == "copy_sha" and self._story is None:
            return "Its checksum is not known."
        return super().why_not(action, parameters)

    def action_copy_sha(self) -> None:
        """Copies the checksum."""
        if self._story is not None:
            self.app.copy_to_clipboard(self._story.known.file.sha256)
            self.notify("Copied the sha256.", markup=False)

    def action_copy_name(self) -> None:
        """Copies the name."""
        self.app.copy_to_clipboard(self._file_name)
        self.notify(f"Copied {self._file_name}.", markup=False)
