"""What does this pack bring home, and where both sides worked on the same record, whose word holds? Nothing is taken in before
y, and of a record that nobody decided nothing at all. Not for opening a pack."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from oclc_console.store.standing import Entry, State
from oclc_console.tui import words
from oclc_console.tui.rejection_words import entries_lines, state_piece
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.screens.dialogs import Field, Form, Message
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.table import Column, Table

if TYPE_CHECKING:
    from oclc_console.operations.merge_pack import Conflict, Merged, Side

COLUMNS = (Column("holds", 8), Column("record", 18), Column("here", 13), Column("in the pack", 13),
           Column("title", 10, grows=True))
_HOLDS: dict[str, Piece] = {"": ("! decide", "warn"), "ours": ("✔ ours", "good"), "theirs": ("✔ theirs", "good")}


class MergeFrom(Form):
    """Asks for the pack that came back."""

    def __init__(self) -> None:
        super().__init__("Merge a pack", [
            "The file that came back from a laptop, or the folder it was unpacked into. You see first what it brings; nothing "
            "is taken in before you say so."], [Field("path", "Pack", "", "/path/to/WID.pack")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """There must be something there."""
        path = Path(answers["path"]).expanduser()
        return None if answers["path"] and path.exists() else "There is no such file or folder."


class MergeScreen(ConsoleScreen):
    """Two levels into place 4."""

    PLACE = "4"
    TITLE = "Merge"
    HELP = ("What people did in a pack, on its way home. Where only one side worked on a record since the pack went out, its "
            "work is taken in. Where both did, the record stands in the list: o keeps ours, t takes theirs, O and T decide all "
            "that are not decided yet; below it stands who did what. Whatever is decided, the record's history tells both. y "
            "takes in what is decided; a record left undecided stays as it is here, and merging the pack again asks again.")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "keep('ours')", "Ours", id="merge.ours", tooltip="This record stays as it stands here"),
        Binding("t", "keep('theirs')", "Theirs", id="merge.theirs", tooltip="This record stands as the pack left it"),
        Binding("y", "take", "Take in", id="merge.take", tooltip="Take in what is decided"),
        Binding("O", "rest('ours')", "All ours", id="merge.all-ours", show=False, key_display="O",
                tooltip="Ours for all not decided yet"),
        Binding("T", "rest('theirs')", "All theirs", id="merge.all-theirs", show=False, key_display="T",
                tooltip="Theirs for all not decided yet"),
        Binding("tab", "app.focus_next", "Panel", id="merge.panel", show=False, key_display="Tab",
                tooltip="To the other panel"),
        ConsoleScreen.BACK,
    ]
    MORE_KEYS: ClassVar[frozenset[str]] = frozenset({"merge.all-ours", "merge.all-theirs"})

    def __init__(self, path: Path, looked: Merged) -> None:
        super().__init__()
        self._path, self._looked = path, looked
        self._keep: dict[str, Side] = {}

    def body(self) -> Iterable[Widget]:
        """What it brings, the records both sides worked on, and who did what with one of them."""
        top = Lines(id="merge-lines")
        top.can_focus = False
        yield Frame(top, title="Pack", id="merge")
        yield Frame(Table(COLUMNS, empty="No record was worked on both here and there. Press y to take everything in.",
                          id="merge-list"), title="Worked on by both", id="merge-conflicts")
        yield Frame(Lines(id="merge-both"), title="Who did what", id="merge-record")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self._table.focus()
        self._show()

    @property
    def _table(self) -> Table:
        return self.query_one("#merge-list", Table)

    @property
    def _conflict(self) -> Conflict | None:
        conflicts = self._looked.conflicts
        return conflicts[self._table.cursor] if self._table.cursor < len(conflicts) else None

    # drawing

    def _show(self) -> None:
        looked, about = self._looked, self._looked.about
        self.query_one("#merge", Frame).titles(f"Pack of {about.library or 'no library'} · made {words.day(about.made_at)} by "
                                               f"{about.made_by}")
        self.query_one("#merge-lines", Lines).show(self._brings)
        undecided = sum(each.key not in self._keep for each in looked.conflicts)
        self.query_one("#merge-conflicts", Frame).titles(f"Worked on by both {len(looked.conflicts):,}",
                                                         f"{undecided:,} to decide" if undecided else "")
        keys = [f"{each.symbol}/{each.key}" for each in looked.conflicts]
        self._table.show([self._cells(each) for each in looked.conflicts], keys)
        self._show_both()

    def _brings(self, width: int) -> list[Line]:
        looked = self._looked
        taken: list[Piece] = [(f"{len(looked.taken):,}", "strong"),
                              (f" {'record' if len(looked.taken) == 1 else 'records'} to take in · "
                               f"{looked.unchanged:,} with nothing new · {len(looked.conflicts):,} worked on by both", "")]
        return list(wrap(taken, width, 2))

    def _cells(self, conflict: Conflict) -> list[Cell]:
        return [_HOLDS[self._keep.get(conflict.key, "")], (conflict.key, "strong"), _stands(conflict.ours),
                _stands(conflict.theirs), conflict.title or ("no title known", "muted")]

    @on(Table.Moved, "#merge-list")
    def _show_both(self) -> None:
        conflict = self._conflict

        def build(width: int) -> list[Line]:
            if conflict is None:
                return []
            return [[("Here", "strong")], *entries_lines(conflict.ours, width), [], [("In the pack", "strong")],
                    *entries_lines(conflict.theirs, width)]

        self.query_one("#merge-both", Lines).show(build)
        self.query_one("#merge-record", Frame).titles(f"{conflict.symbol} {conflict.key}" if conflict else "Who did what")
        self.refresh_bindings()

    # keys

    def why_not(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """There may be nothing to decide, or nothing to take in."""
        if not self.is_mounted or not self.query("#merge-list"):
            return None
        if action == "keep" and self._conflict is None:
            return "There is no record that both sides worked on. Press y to take everything in."
        if action == "rest" and all(each.key in self._keep for each in self._looked.conflicts):
            return "There is nothing left to decide."
        if action == "take" and not self._looked.taken and not self._keep:
            return "Decide first: o or t." if self._looked.conflicts else "It brings nothing that is not here already."
        return None

    def action_keep(self, side: Side) -> None:
        """Decides for one side, and goes on to the next record."""
        if (conflict := self._conflict) is not None:
            self._keep[conflict.key] = side
            self._table.cursor += 1
            self._show()

    def action_rest(self, side: Side) -> None:
        """Decides for one side wherever nobody decided."""
        self._keep = {**{each.key: side for each in self._looked.conflicts}, **self._keep}
        self._show()

    def action_take(self) -> None:
        """Takes in what is decided."""
        workspace, path, keep = self.workspace, self._path, dict(self._keep)

        def work() -> tuple[Merged, Merged]:
            from oclc_console.operations.merge_pack import merge

            return merge(workspace, path, keep), merge(workspace, path, only_look=True)

        self.ask("merging", work, self._taken)

    def _taken(self, done: tuple[Merged, Merged]) -> None:
        merged, left = done
        said = f"{words.plural(len(merged.taken), 'record')} taken in."
        if left.conflicts:
            said += (f"\n\n{words.plural(len(left.conflicts), 'record')} worked on by both: as they are here until somebody "
                     "decides (o or t, then y).")
            self._looked, self._keep = left, {}
            self._show()
        else:
            self.app.pop_screen()
        self.app.push_screen(Message(f"✔ Merged the pack of {merged.about.library or 'no library'}", said))


def _stands(entries: Sequence[Entry]) -> Cell:
    """How a side left a record; a note alone changes nothing."""
    return state_piece(entries[-1].state or State.OPEN) if entries else ("–", "muted")
