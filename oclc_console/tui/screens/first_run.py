"""What one sees in a folder with no workspace: rehearse, make one here, or open another folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.drawing import Line, wrap
from oclc_console.tui.widgets.frame import Frame, HeadLine, PlacesLine
from oclc_console.tui.widgets.lines import Lines


class NewWorkspace(Form):
    """Asks where, and for whom."""

    def __init__(self, root: Path) -> None:
        super().__init__("A new "
                         "workspace", ["A workspace is a folder: console.toml with your symbols, and everything the "
                                       "console "
                                             "does beside it."],
                         [Field("folder", "Folder", str(root)), Field("name", "Your institution's "
                                                                              "name", "", "Example University "
                                                                                          "Library")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """Both must be said, and the folder must have no workspace."""
        if not answers["folder"] or not answers["name"]:
            return "Both lines are needed."
        if (Path(answers["folder"]).expanduser() / "console.toml").exists():
            return "There is a workspace in that folder already. Open it with o."
        return None


class OpenWorkspace(Form):
    """Asks for the folder of a workspace."""

    def __init__(self, root: Path) -> None:
        super().__init__("Open a "
                         "workspace", ["The folder that holds console.toml."], [Field("folder", "Folder", str(root))])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """There must be one."""
        if not (Path(answers["folder"]).expanduser() / "console.toml").is_file():
            return "There is no console.toml in that folder."
        return None


class FirstRunScreen(ConsoleScreen):
    """The screen of a folder without a workspace."""

    TITLE = "No workspace here"
    HELP = ("The console works on a workspace: a folder with console.toml in it. A rehearsal makes one with invented "
            "records and "
            "an OCLC to practise on, on this machine, offline, in about a minute. A new workspace starts with a "
            "commented "
            "console.toml that sends nothing to OCLC until you name its host.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "rehearse", "Rehearse", id="first.rehearse", tooltip="Make a rehearsal in ./demo and open it"),
        Binding("n", "new", "New here", id="first.new", tooltip="Make a workspace: asks where and for whom"),
        Binding("o", "open", "Open", id="first.open", tooltip="Open a workspace in another folder"),
    ]

    def body(self) -> Iterable[Widget]:
        """What there is to choose."""
        yield Frame(Lines(id="first-text"), title="No workspace here", id="first")

    def on_mount(self) -> None:
        """Says where here is, and what can be done."""
        self.query_one(PlacesLine).display = False
        self.query_one(Lines).show(self._lines)

    def _draw(self) -> None:
        self.query_one(HeadLine).show(None, None)

    def _lines(self, width: int) -> list[Line]:
        room = min(width, 90)
        root = self.console.root
        demo = "opens it again" if (root / "demo" / "console.toml").exists() else f"makes it in {root / 'demo'}"
        choices = (
            ("r", "Rehearse", "An OCLC to practise on, with invented records, on this machine, with no network. r "
                              f"{demo}."),
            ("n", "New workspace "
                  "here", "A folder with a commented console.toml, for your own symbols. It sends nothing to OCLC "
                                        "until you name its host there."),
            ("o", "Open another folder", "One that has a console.toml. Next time: oclc-console --workspace DIR."),
        )
        lines: list[Line] = [[], *wrap(f"There is no console.toml in {root}.", room), []]
        for key, title, text in choices:
            lines += [[("  ", ""), (key, "accent"), ("  ", ""), (title, "strong")]]
            lines += [[("     ", ""), *line] for line in wrap(text, room - 5)]
            lines += [[]]
        return lines

    def action_rehearse(self) -> None:
        """Leaves, so that the command line makes the rehearsal and opens the console on it."""
        self.app.exit(result=("rehearse", str(self.console.root / "demo")))

    def action_new(self) -> None:
        """Asks where and for whom, makes the workspace, and opens it."""

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                from oclc_console.operations.init_workspace import init_workspace

                folder = Path(answers["folder"]).expanduser().absolute()
                self.ask("a new workspace", lambda: init_workspace(folder, answers["name"]).root, self._opened)

        self.app.push_screen(NewWorkspace(self.console.root), given)

    def action_open(self) -> None:
        """Asks for a folder and opens its workspace."""

        def given(answers: dict[str, str] | None) -> None:
            if answers is not None:
                self._opened(Path(answers["folder"]).expanduser().absolute())

        self.app.push_screen(OpenWorkspace(self.console.root), given)

    def _opened(self, root: Path) -> None:
        self.app.exit(result=("open", str(root)))
