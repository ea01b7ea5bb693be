"""Rejections on their way out of the console, from the workbench: a list for Alma, tables and lists as files, a pack for a
laptop. Each is written in a thread, by what the command calls too. Not a screen by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding, BindingType

from oclc_console import clock
from oclc_console.tui import words
from oclc_console.tui.bench import Repair, View, repair
from oclc_console.tui.bench_words import exported_words, packed_words, repair_words
from oclc_console.tui.screens.dialogs import Choose, Field, Form, Message
from oclc_console.tui.screens.marking import MarkingScreen
from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.table import Column

if TYPE_CHECKING:
    from oclc_console.operations.export_rejections import Exported
    from oclc_console.operations.pack import Packed

Written = Literal["csv", "xlsx", "alma", "list"]
FORMS: dict[Written, str] = {
    "xlsx": "table for a spreadsheet (XLSX)", "csv": "table as text (CSV)", "alma": "MMS ids, for a set in Alma",
    "list": "local numbers, a line each"}
EACH: dict[Literal["library", "group"] | None, str] = {
    None: "one file", "library": "a file a library", "group": "a file a fault"}


class AskPack(Form):
    """Asks of which library, and into which file."""

    def __init__(self, library: str, folder: Path) -> None:
        super().__init__("Pack for a laptop", [
            "All rejections of a library, what was done about them, and each record as it was sent, in one file that opens in "
            "this console without network. What is done there comes home: 4 Reports, then m."],
            [Field("library", "Library", library, "its code, as By library has it"),
             Field("file", "File", f"{library or 'LIBRARY'}-{clock.stamp(clock.now())[:8]}.pack")])
        self._folder = folder

    def path(self, answers: dict[str, str]) -> Path:
        """The file; among the workspace's exports unless another folder was named."""
        path = self._folder / Path(answers["file"]).expanduser()
        return path if path.suffix else path.with_suffix(".pack")

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A library, and a file that is not there yet."""
        if not answers["library"] or not answers["file"]:
            return "Type the library and the file."
        return f"{self.path(answers).name} is there already: choose another name." if self.path(answers).exists() else None


class TakingOutScreen(MarkingScreen):
    """A screen whose rejections can be taken out of the console."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "repair", "Alma list", id="bench.repair", show=False,
                tooltip="Write all shown records with the same fault to a list for Alma"),
        Binding("e", "export", "Export", id="bench.export", show=False,
                tooltip="Write the marked records, else all shown, to files: XLSX, CSV, ids"),
        Binding("p", "pack", "Pack", id="bench.pack", show=False,
                tooltip="Pack a library's rejections for a laptop without network"),
    ]

    @property
    def view(self) -> View:
        """What is asked for."""
        raise NotImplementedError

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """A list needs a record; a pack is not packed again."""
        if action == "repair" and self.one() is None:
            return self.no_target()
        if action == "export" and not len(self.marks) and not len(self.pages):
            return "There is no record in the list."
        if action == "pack" and self.workspace.is_pack:
            return "This is a pack already. Your work goes back into its file when you leave the console."
        return super().why_not(action, parameters)

    # one fault, one list for Alma

    def action_repair(self) -> None:
        """Writes all shown records with the same fault to one list for Alma, and marks them."""
        one, desk, view = self.one(), self.desk, self.view
        if one is not None and desk is not None:
            self.ask("the list for Alma", lambda: repair(desk, view, one), self._listed)

    def _listed(self, made: Repair) -> None:
        self.marks.clear()
        self.marks.add(made.refs)
        self.show_marks()
        path = words.below(str(made.made.path), self.workspace.root)
        self.app.push_screen(Message(f"✔ List for Alma: {made.title}", repair_words(made, path, self.workspace.actor)))

    # files

    def action_export(self) -> None:
        """Asks in which form, then writes the marked records, else all that are shown."""
        marked = len(self.marks)
        rows: list[list[Cell]] = [[form, (each, "muted")] for form in FORMS.values() for each in EACH.values()]
        keys = [f"{form} {each or ''}" for form in FORMS for each in EACH]
        which = f" that {'is' if marked == 1 else 'are'} marked" if marked else ""
        title = f"Write {words.plural(marked or len(self.pages), 'record')}{which}"
        asked = Choose(title, (Column("", 32), Column("", 18, grows=True)), rows, keys)
        self.app.push_screen(asked, lambda way: self._export(way) if way else None)

    def _export(self, way: str) -> None:
        form = next(each for each in FORMS if each == way.split()[0])
        each = next((each for each in EACH if each is not None and each == way.partition(" ")[2]), None)
        workspace, view, marked = self.workspace, self.view, self.marks.reader() if len(self.marks) else None

        def work() -> Exported:
            from oclc_console.operations.export_rejections import export_rejections

            return export_rejections(workspace, view.filter(), form, each=each, refs=marked() if marked else None)

        self.notify("Writing…", title=FORMS[form], markup=False)
        self.ask("writing the records", work, self._exported)

    def _exported(self, done: Exported) -> None:
        self.app.push_screen(Message("✔ Written", exported_words(done, self.workspace.root)))

    # a pack

    def action_pack(self) -> None:
        """Asks of which library and where to, then packs."""
        one, workspace = self.one(), self.workspace
        asked = AskPack(self.view.value("library") or (one.library if one else ""), workspace.root / "exports")

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                library, path = answers["library"], asked.path(answers)
                self.notify("Packing…", title=path.name, markup=False)
                self.ask("packing", lambda: work(library, path), self._packed)

        def work(library: str, path: Path) -> Packed:
            from oclc_console.operations.pack import pack

            workspace.at("exports")
            return pack(workspace, library, path)

        self.app.push_screen(asked, given)

    def _packed(self, made: Packed) -> None:
        self.app.push_screen(Message(f"✔ Pack of {made.about.library}", packed_words(made, self.workspace.root)))
