"""What did OCLC say? Every report that is here, what it holds, and the way into its exceptions. Works with no network. Not
for fetching them (runs.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.oclc.report_line import ACCEPTED, UNRESOLVED_ROW
from oclc_console.store.report_rows import ReportInfo, list_reports
from oclc_console.tui import words
from oclc_console.tui.bench import View
from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.screens.merge import MergeFrom, MergeScreen
from oclc_console.tui.screens.workbench import WorkbenchScreen
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, shortened, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table
from oclc_console.tui.words import WIDE

if TYPE_CHECKING:
    from oclc_console.operations.fetched import AskFor
    from oclc_console.operations.merge_pack import Merged
    from oclc_console.workspace import Workspace

EMPTY = ("No report is here yet. Press 3 and then f to fetch OCLC's reports, or i to import report files from a "
         "folder on this "
         "machine.")
PACKED = "No report is here, only the records that reports complained about, as in a pack. Press a to see those."
TYPES = {"BibProcessingReport": "outcomes", "BibExceptionReport": "exceptions", "BibCrossRefReport": "cross ref",
         "xrefrpt": "cross ref", "XREFRPT": "cross ref", "BibUnresolvedCrossRefReport": "unresolved",
         "unresxrefrpt": "unresolved", "bibdetailexcpt": "exceptions", "ScanDeleteList": "to delete"}


class ImportFrom(Form):
    """Asks where the report files are."""

    def __init__(self) -> None:
        super().__init__("Import "
                         "reports", ["Report files as OCLC named them. They are copied as they are; importing one "
                                     "twice changes "
                                            "nothing."], [Field("path", "A folder, or one "
                                                                        "file", "", "/path/to/reports")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """There must be something there."""
        path = Path(answers["path"]).expanduser()
        return None if answers["path"] and path.exists() else "There is no such folder or file."


class ReportsScreen(ConsoleScreen):
    """Place 4."""

    PLACE = "4"
    TITLE = "Reports"
    HELP = ("Every report that is here, that of the newest upload first. Outcomes reports say what OCLC did with each "
            "record, "
            "exceptions reports what it complained about. a opens the records that are to be mended, of all reports; Enter "
            "those of one report, whatever became of them. "
            "i imports report files from a folder; m takes in the work of a pack that comes back. "
            "Nothing here needs the network. At the foot: files that OCLC removed before "
            "they were fetched; they have to be asked for (1 Dashboard, m writes the mail).")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="reports.open", key_display="↵", tooltip="The records this report complains "
                                                                                     "about"),
        Binding("a", "all", "Rejections", id="reports.all", tooltip="The records to mend, of all reports"),
        Binding("i", "import", "Import", id="reports.import", tooltip="Import report files from a folder"),
        Binding("m", "merge", "Merge", id="reports.merge", tooltip="Take in the work that was done in a pack"),
        Binding("c", "copy", "Copy name", id="reports.copy", tooltip="Copy the report's name"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._asked: object = None
        self._is_read = False
        self._reports: Sequence[ReportInfo] = ()
        self._gathered = False  # whether there are rejections without the reports they come from: a pack
        self._views: list[View] = []  # how the workbench was left

    def body(self) -> Iterable[Widget]:
        """The reports, and the one under the cursor."""
        yield Frame(Table(empty="Reading the reports…", id="reports-list"), title="Reports", id="reports")
        yield Frame(Lines(id="report-lines"), title="Report", id="report")
        yield Frame(Lines(id="removed-lines"), title="Ask OCLC for", id="removed")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self.query_one("#removed-lines").can_focus = False
        self._list.focus()
        self.run_worker(_make_ready, name="making ready", group="making ready", thread=True, exit_on_error=False)

    @property
    def _list(self) -> Table:
        return self.query_one("#reports-list", Table)

    def show_facts(self, facts: Facts) -> None:
        """Lists again when something changed."""
        removed = facts.status.ask_for if facts.status else ()
        self.query_one("#removed", Frame).display = bool(removed)
        self.query_one("#removed", Frame).titles(f"Ask OCLC for {len(removed)} · removed before they were fetched")
        self.query_one("#removed-lines", Lines).show(lambda width: [line for each in removed for line in _removed(each, width)])
        if (wanted := (facts.changes, facts.workspace)) != self._asked:
            self._asked = wanted
            workspace = facts.workspace
            self.ask("the list of reports", lambda: (list_reports(workspace), _has_gathered(workspace)), self._read)

    def _read(self, found: tuple[Sequence[ReportInfo], bool]) -> None:
        self._reports, self._gathered = found
        self._is_read = True
        self._show()

    def on_resize(self) -> None:
        """Other columns for another width."""
        self._show()

    def _show(self) -> None:
        if not self._is_read or not self.is_attached:
            return
        wide = self.app.size.width >= WIDE
        if self.console.facts and self.console.facts.status:
            self._list.say(PACKED if self._gathered else EMPTY)
        rows = [_cells(info, wide) for info in self._reports]
        self._list.show(rows, [f"{info.symbol}/{info.name}" for info in self._reports], _columns(wide))
        exceptions = sum(info.documents for info in self._reports)
        self.query_one("#reports", Frame).titles(f"Reports {len(self._reports):,} · {exceptions:,} exceptions in all")
        self._show_report()

    @property
    def _selected(self) -> ReportInfo | None:
        return self._reports[self._list.cursor] if self._list.cursor < len(self._reports) else None

    @on(Table.Moved, "#reports-list")
    def _show_report(self) -> None:
        info = self._selected
        self.query_one("#report", Frame).titles(f"{info.symbol} · "
                                                f"{TYPES.get(info.type, info.type)}" if info else "Report")
        self.query_one("#report-lines", Lines).show(lambda width: _told(info, width) if info else [])
        self.refresh_bindings()

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Opening needs a report with exceptions."""
        info = self._selected
        if action in ("open", "copy", "all") and not self._is_read:
            return "The reports are being read: in a moment."
        if action in ("open", "copy") and info is None:
            return "There is no report under the cursor. Press i to import some, or 3 and f to fetch them."
        if action == "open" and info is not None and not info.documents:
            return "This report complains about no record: there is nothing in it to mend."
        if action == "all" and not self._gathered and not any(each.documents for each in self._reports):
            return "The reports that are here complain about no record: there is nothing to mend."
        if action in ("import", "merge") and self.workspace.is_pack:
            return "This is a pack: only its records can be worked on here. Press a to see them."
        return None

    @on(Table.Chosen, "#reports-list")
    def action_open(self) -> None:
        """Opens the records of the report, whatever became of them."""
        if (info := self._selected) and info.documents:
            shown = f"{TYPES.get(info.type, info.type)} of {_upload_words(info.original or info.name)}"
            self.app.push_screen(WorkbenchScreen(View((("report", info.name, shown),))))

    def action_all(self) -> None:
        """Opens the records to mend, as the list was left."""
        self.app.push_screen(WorkbenchScreen(self._views[-1] if self._views else None, self._views))

    def action_copy(self) -> None:
        """Copies the name."""
        if info := self._selected:
            self.app.copy_to_clipboard(info.name)
            self.notify(info.name, title="Copied", markup=False)

    def action_import(self) -> None:
        """Asks where, then starts the import."""

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                path = Path(answers["path"]).expanduser().absolute()
                self.ask("that folder", lambda: _files_in(path), self._import)

        self.app.push_screen(ImportFrom(), given)

    def action_merge(self) -> None:
        """Asks for the pack, then shows what it brings."""
        workspace = self.workspace

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                path = Path(answers["path"]).expanduser().absolute()
                self.ask("that pack", lambda: look_into(path), lambda found: show(path, found))

        def look_into(path: Path) -> Merged:
            from oclc_console.operations.merge_pack import merge

            return merge(workspace, path, only_look=True)

        def show(path: Path, found: Merged) -> None:
            self.app.push_screen(MergeScreen(path, found))

        self.app.push_screen(MergeFrom(), given)

    def _import(self, files: Sequence[Path]) -> None:
        if files:
            self.console.start_operation("reports", "import", *(str(file) for file in files))
        else:
            self.console.show_error("Nothing to import", "There is no file in that folder.")


def _make_ready() -> None:
    """Loads what the rejections stand on, so that they open at once. For threads."""
    import oclc_console.store.desk  # noqa: F401


def _has_gathered(workspace: Workspace) -> bool:
    """Whether rejections were gathered here, by whatever reports. Brings the store: for threads."""
    from oclc_console.store.gathered import gathered_path

    folders = (workspace.root / "rejections").glob("*")
    return any(gathered_path(workspace, folder.name).is_file() for folder in folders if folder.is_dir())


def _files_in(path: Path) -> list[Path]:
    """The file itself, or the files right in a folder."""
    if path.is_file():
        return [path]
    return sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))


def _removed(wanted: AskFor, width: int) -> list[Line]:
    """A file that OCLC has removed, in one line: both ends of its name, and when."""
    when = f" {words.day(wanted.removed_at)}" if wanted.removed_at else ""
    room = max(12, width - len(wanted.symbol) - len(when) - 3)
    return [[("! ", "warn"), (f"{wanted.symbol} ", "strong"), (shortened(wanted.name, room), ""), (when, "muted")]]


def _columns(wide: bool) -> list[Column]:
    upload = [Column("symbol", 8), Column("upload it answers", 16, grows=True), Column("report", 10)]
    counts = [Column("rows", 9, right=True), Column("refused", 7, right=True), Column("worst", 16)]
    if not wide:
        return [Column("symbol", 6), Column("upload it answers", 16, grows=True), Column("report", 10),
                Column("rows", 7, right=True), Column("refused", 7, right=True), Column("worst", 13)]
    return [*upload, Column("received", 14), *counts, Column("records", 9, right=True), Column("exceptions", 10, right=True),
            Column("filed", 14), Column("by", 10)]


def _cells(info: ReportInfo, wide: bool) -> list[Cell]:
    upload = _upload(info.original or info.name, 90 if wide else 29)
    head: list[Cell] = [(info.symbol, "strong"), upload, TYPES.get(info.type, info.type)]
    refused: Cell = (f"{info.refused:,}", "warn") if info.refused else ("0", "muted")
    counts: list[Cell] = [f"{info.rows:,}", refused, worst(info)]
    if not wide:
        return [*head, *counts]
    received = words.short_moment(info.received) if info.received else "–"
    return [*head, received, *counts, f"{info.records:,}", f"{info.documents:,}", words.short_moment(info.filed_at),
            info.filed_by]


def _upload_words(name: str) -> str:
    """`trusted 002`; any other name as it is."""
    parts = name.split(".")
    return f"{parts[2]} {parts[4]}" if len(parts) == 6 and parts[-1] == "mrc" else name


def _upload(name: str, room: int) -> Cell:
    """`trusted 002 1000043`: the parts of one of our names; any other name as it is, both its ends."""
    parts = name.split(".")
    if room < 60 and len(parts) == 6 and parts[-1] == "mrc":
        return [(f"{parts[2]} {parts[4]} ", ""), (parts[0], "muted")]
    return shortened(name, room)


def worst(info: ReportInfo) -> Piece:
    """The worst thing the report says, with how often."""
    for severity, glyph, kind in (("CRITICAL", "✖", "bad"), ("SEVERE", "!", "warn")):
        if count := info.severities.get(severity):
            return f"{glyph} {count:,} {severity.lower()}", kind
    rejected = sum(count for word, count in info.outcomes.items() if word not in ACCEPTED)
    if rejected:
        return f"! {rejected:,} of {info.rows:,}", "warn"
    if not info.understood:
        return "– unknown", "muted"
    if info.outcomes:
        return "✔ none", "good"
    if unresolved := info.exceptions.get(UNRESOLVED_ROW):
        return f"! {unresolved:,} of {info.rows:,}", "warn"
    return ("· minor", "muted") if info.documents else ("–", "muted")


def _told(info: ReportInfo, width: int) -> list[Line]:
    """What is known of a report, with denominators."""
    received = words.moment(info.received) if info.received else "its name does not say when"
    lines: list[Line] = [*wrap([(info.name, "strong")], width, 2),
                         *wrap([("received by OCLC ", "muted"), (received, ""), (" · filed ", "muted"),
                                (f"{words.moment(info.filed_at)} by {info.filed_by}", "")], width, 2)]
    apart = [f"{count:,} of them {said}" for count, said in ((info.headings, "above the rows"),
                                                             (info.other_job, "about another upload")) if count]
    of_them = f" ({', '.join(apart)})" if apart else ""
    lines += wrap([("lines ", "muted"), (f"{info.rows + info.refused:,} = {info.rows:,} read{of_them} + {info.refused:,} "
                                         "refused", ""),
                   (f" · about {info.records:,} records · {info.documents:,} exceptions", "")], width, 2)
    for title, counts in (("outcomes", info.outcomes), ("severities", info.severities), ("types", info.exceptions)):
        if counts:
            shown = ", ".join(f"{word} {count:,}" for word, count in counts.items())
            lines += wrap([(f"{title} ", "muted"), (shown, ""), (f" of {info.rows:,} rows", "muted")], width, 2)
    if not info.understood:
        lines += wrap("No public source shows the layout of this report: its lines are kept and counted, never read "
                      "as outcomes. Should you know what they mean, console.toml can say it ([reports]); then import it again.",
                      width, 2)
    if info.superseded:
        before = f", last in {info.supersedes[0]}" if info.supersedes else ""
        lines += wrap(f"It answers {info.superseded:,} records again{before}: OCLC ran the file once more, and this "
                      "answer holds.", width, 2)
    return lines
