"""What stands on the screen while the terminal is smaller than the console needs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

SMALLEST = Size(80, 24)


class TooSmall(ModalScreen[None]):
    """Says how large the terminal is and how large it must be; goes away by itself."""

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static("", id="small")

    def on_resize(self) -> None:
        """The size is said as it is now."""
        width, height = self.app.size
        self.query_one(Static).update(Content(f"Terminal too small: {width}x{height}.\nNeeded: "
                                              f"{SMALLEST.width}x{SMALLEST.height}.\n"
                                              "Make the window larger."))
