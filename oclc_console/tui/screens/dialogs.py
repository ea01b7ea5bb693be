"""The small windows that ask for something or say something: a message to read, a choice, a sentence to type. Esc always
leaves without doing anything; keys stand in the window. Not for the dialogs of one screen (they stand beside it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from oclc_console.tui.widgets.drawing import Cell, Line, wrap
from oclc_console.tui.widgets.frame import Frame, KeyLine
from oclc_console.tui.widgets.lines import Lines
from oclc_console.tui.widgets.plain import plain
from oclc_console.tui.widgets.table import Column, Table

Result = TypeVar("Result")
SAID_WIDTH = 72  # cells of a line in a form
CANCEL = Binding("escape", "cancel", "Cancel", id="dialog.cancel", key_display="Esc", priority=True,
                 tooltip="Leave without doing anything")


class Dialog(ModalScreen[Result | None], Generic[Result]):
    """A window with a title; Esc leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [CANCEL]

    def action_cancel(self) -> None:
        """Leaves without doing anything."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Nothing to copy here."""


class Message(Dialog[bool]):
    """Something to read; any of the closing keys closes it, `c` copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "cancel", "Close", id="dialog.close", tooltip="Close this window", key_display="Esc"),
        Binding("c", "copy", "Copy", id="dialog.copy", tooltip="Copy the text to the clipboard"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Lines(id="text"), KeyLine(), title=self._title, id="message")

    def on_mount(self) -> None:
        """Shows the text, wrapped."""
        paragraphs = self._text.splitlines() or [""]
        self.query_one(Lines).show(lambda width: [line for part in paragraphs for line in wrap(part, width)])

    def action_copy(self) -> None:
        """Copies the text."""
        self.app.copy_to_clipboard(self._text)
        self.notify("Copied the message.", markup=False)


class Confirm(Dialog[bool]):
    """A question that y answers with yes; Enter and Esc leave everything as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes", id="confirm.yes", tooltip="Yes, do it"),
        Binding("n,escape,enter", "cancel", "No", id="confirm.no", key_display="n", tooltip="No: leave it as it is"),
    ]

    def __init__(self, title: str, said: str) -> None:
        super().__init__()
        self._title, self._said = title, said

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Lines(id="text"), KeyLine(), title=self._title, id="message")

    def on_mount(self) -> None:
        """Shows what it means."""
        self.query_one(Lines).show(lambda width: wrap(self._said, width))

    def action_yes(self) -> None:
        """Yes."""
        self.dismiss(True)


class Choose(Dialog[str]):
    """A choice among a few; Enter takes the one under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "Choose", id="dialog.choose", key_display="↵", tooltip="Take the one under the cursor",
                priority=True),
        CANCEL,
    ]

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], keys: Sequence[str],
                 at: str | None = None) -> None:
        super().__init__()
        self._title, self._columns, self._rows, self._keys, self._at = title, columns, rows, keys, at

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Table(self._columns, empty="There is nothing to choose from. Press "
                                               "Esc."), KeyLine(), title=self._title,
                    id="choose")

    def on_mount(self) -> None:
        """Shows the choices, the cursor on the one that is most likely meant."""
        table = self.query_one(Table)
        table.show(self._rows, self._keys)
        if self._at in self._keys:
            table.cursor = self._keys.index(self._at)
        self.query_one("#choose").styles.height = min(len(self._rows) + 4 + (self._columns[0].title != ""), 20)

    @on(Table.Chosen)
    def action_take(self) -> None:
        """Takes the row under the cursor."""
        if key := self.query_one(Table).key:
            self.dismiss(key)


@dataclass(frozen=True)
class Field:
    """One line to type in a form."""

    id: str
    label: str
    value: str = ""
    hint: str = ""


class Form(Dialog[dict[str, str]]):
    """A few lines to type; Enter goes to the next one, and on the last one does it. `wrong` (a subclass) keeps it open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Go on", id="dialog.submit", key_display="↵", priority=True,
                tooltip="To the next line; on the last one: do it"),
        Binding("tab", "app.focus_next", "Next line", id="dialog.next", tooltip="To the next line"),
        CANCEL,
    ]

    def __init__(self, title: str, said: Sequence[Line | str], fields: Sequence[Field]) -> None:
        super().__init__()
        self._title, self._said, self._fields = title, list(said), fields

    def compose(self) -> ComposeResult:
        """The window: what it is about, the lines to type, what is wrong with them."""
        parts: list[Static | Input] = [Static("", id="said")]
        for field in self._fields:
            parts.append(Static(Content(plain(field.label)), classes="label"))
            parts.append(Input(field.value, placeholder=field.hint, id=field.id, compact=True))
        yield Frame(Vertical(*parts, Static("", id="wrong")), KeyLine(), title=self._title, id="form")

    def on_mount(self) -> None:
        """Shows what it is about and goes to the first empty line."""
        width = min(SAID_WIDTH, self.app.size.width - 8)
        lines = [line for part in self._said for line in wrap(part, width)]
        from oclc_console.tui.widgets.frame import content_of

        self.query_one("#said", Static).update(Content("\n").join(content_of(line) for line in lines))
        inputs = list(self.query(Input))
        for field in inputs:
            field.cursor_blink = False
        for field in [*(field for field in inputs if not field.value), *inputs][:1]:
            field.focus()

    def answers(self) -> dict[str, str]:
        """What stands in the lines."""
        return {field.id: self.query_one(f"#{field.id}", Input).value.strip() for field in self._fields}

    def wrong(self, answers: dict[str, str]) -> str | None:
        """What is wrong with the answers, in a sentence; None when they will do."""
        return None

    def action_submit(self) -> None:
        """On the last line, hands the answers over if they will do; else goes to the next line."""
        inputs = list(self.query(Input))
        if not inputs or inputs[-1].has_focus or not any(field.has_focus for field in inputs):
            answers = self.answers()
            if wrong := self.wrong(answers):
                self.query_one("#wrong", Static).update(Content(plain(f"✖ {wrong}")))
                return
            self.dismiss(answers)
            return
        self.focus_next(Input)


class AskReason(Form):
    """A form with one line that must not be empty: why."""

    def __init__(self, title: str, said: Sequence[Line | str], label: str = "Reason (it stays in the log)") -> None:
        super().__init__(title, said, [Field("reason", label)])

    def wrong(self, answers: dict[str, str]) -> str | None:
        """A reason has words."""
        return None if answers["reason"] else "Say in a few words why."
