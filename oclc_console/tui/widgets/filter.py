"""The line that `/` opens under a list: what is typed filters the list as it is typed; Enter keeps the filter, Esc clears
it. `!word` shows what does not hold the word. Not for searching reports themselves (the screen asks the store)."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterLine(Input):
    """Hidden until it is opened; says `Changed` as Textual's Input does, and `Left` when the list should get the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear", tooltip="Clear the filter and go back to the list"),
        Binding("enter,down", "keep", "Keep "
                                      "filter", id="filter.keep", tooltip="Keep the filter and go back to the list"),
    ]

    class Left(Message):
        """The list gets the keys back."""

    def __init__(self, hint: str) -> None:
        super().__init__(placeholder=hint, compact=True, id="filter", select_on_focus=False)
        self.cursor_blink = False
        self.display = False

    def open(self) -> None:
        """Shows the line and takes the keys."""
        self.display = True
        self.focus()

    def action_clear(self) -> None:
        """No filter any more."""
        self.value = ""
        self.action_keep()

    def action_keep(self) -> None:
        """Back to the list; the line stays while there is a filter in it."""
        self.display = bool(self.value)
        self.post_message(self.Left())


def holds(needle: str, *texts: str) -> bool:
    """Whether any text holds the needle, whatever its case; `!needle`: whether none does."""
    wanted = needle.removeprefix("!").casefold()
    found = any(wanted in text.casefold() for text in texts)
    return found != needle.startswith("!") if wanted else True
