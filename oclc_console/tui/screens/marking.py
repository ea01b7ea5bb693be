"""Going to a record of a long list and marking some or all of them, for the workbench. Not a screen by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from oclc_console.tui.bench import BenchPages, Counted, Marks
from oclc_console.tui.screens.changing import ChangingScreen
from oclc_console.tui.screens.dialogs import Field, Form
from oclc_console.tui.widgets.table import Table

if TYPE_CHECKING:
    from oclc_console.store.desk import Ref


class Jump(Form):
    """Asks for a record to go to."""

    def __init__(self, shown: int) -> None:
        super().__init__("Jump to a record", [f"To one of the {shown:,} shown: its LSN, or # and its place in the list."],
                         [Field("to", "Where", "", "990148820310209999, or #1200")])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """Something must be named."""
        return None if answers["to"] else "Type a local number, or # and a place in the list."


class MarkingScreen(ChangingScreen):
    """A screen with a list of rejections that can be marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", id="bench.mark", show=False, key_display="space", tooltip="Mark this record, or not"),
        Binding("v", "range", "Mark to", id="bench.range", show=False, tooltip="Mark from the last mark up to here"),
        Binding("A", "all", "Mark all", id="bench.all", show=False, key_display="A",
                tooltip="Mark all that are shown; once more: none"),
        Binding("ctrl+g", "jump", "Jump", id="bench.jump", show=False, tooltip="Jump to a record or a place in the list"),
        Binding("escape", "leave", "Back", id="bench.back", key_display="Esc", tooltip="Take all marks away, else go back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.pages, self.marks = BenchPages(), Marks()
        self.counted: Counted | None = None
        self.last_mark = 0

    @property
    def table(self) -> Table:
        """The list of records."""
        raise NotImplementedError

    def show_title(self) -> None:
        """How many of how many, and how many are marked."""
        raise NotImplementedError

    async def action_leave(self) -> None:
        """No marks any more; where there are none, back."""
        if len(self.marks):
            self.marks.clear()
            self.show_marks()
        else:
            await self.console.action_back()

    def action_jump(self) -> None:
        """Asks where to, and goes there."""
        self.app.push_screen(Jump(len(self.pages)), lambda given: self._jump(given["to"]) if given else None)

    def _jump(self, to: str) -> None:
        found = self.pages.found
        if found is None:
            return
        if to.startswith("#") and to[1:].strip().replace(",", "").isdigit():
            self.table.cursor = int(to[1:].strip().replace(",", "")) - 1
            return
        symbols = [each.value for each in self.counted.counts["symbol"]] if self.counted else []

        def work() -> int | None:
            places = (found.selection.find((symbol, to)) for symbol in symbols)
            return next((at for at in places if at is not None), None)

        self.ask("that record", work, lambda at: self._jumped(at, to))

    def _jumped(self, at: int | None, to: str) -> None:
        if at is None:
            self.notify(f"{to} is not among the {len(self.pages):,} shown. / looks for it everywhere once Backspace has "
                        "widened the list.", severity="warning", markup=False)
        else:
            self.table.cursor = at

    def show_marks(self) -> None:
        """Draws what is marked."""
        self.table.look_again()
        self.show_title()
        self.refresh_bindings()

    def action_mark(self) -> None:
        """Marks the record, or not, and goes on to the next."""
        if (one := self.one()) is not None:
            self.marks.toggle(one.ref)
            self.last_mark = self.table.cursor
            self.table.cursor += 1
            self.show_marks()

    def action_range(self) -> None:
        """Marks from the last mark up to here."""
        if (found := self.pages.found) is not None:
            first, last = sorted((self.last_mark, self.table.cursor))

            def marked(refs: Sequence[Ref]) -> None:
                self.marks.add(refs)
                self.show_marks()

            self.ask("marking", lambda: [found.selection.ref(at) for at in range(first, last + 1)], marked)

    def action_all(self) -> None:
        """Marks all that are shown, or none."""
        if (found := self.pages.found) is not None:
            if len(self.marks) == len(found.selection):
                self.marks.clear()
            else:
                self.marks.take_all(found.selection)
            self.show_marks()
