"""What can be done here: a paragraph on the screen one came from, its keys, and the keys that work everywhere. Made from the
bindings that are active, so it can't be out of date."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.screen import Screen

from oclc_console.tui.screens.dialogs import Dialog
from oclc_console.tui.widgets.drawing import Line, cell_len, wrap
from oclc_console.tui.widgets.frame import Frame, KeyLine
from oclc_console.tui.widgets.lines import Lines

SIGNS = ("✔ done   ◐ now, at work   ! look at it   ✖ failed, refused   ■ stopped   · to come   "
         "– not applicable, not known yet")


class Help(Dialog[bool]):
    """The window `?` opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,enter,q", "cancel", "Close", id="help.close", tooltip="Close the help",
                key_display="Esc"),
    ]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        self._about = " ".join((screen.HELP or "").split())
        self._title = screen.title or "Help"
        self._groups = _groups(screen, list(screen.active_bindings.values()))

    def compose(self) -> ComposeResult:
        """The window."""
        yield Frame(Lines(id="text"), KeyLine(), title=f"Help · {self._title}", id="help")

    def on_mount(self) -> None:
        """Shows the text for the width there is."""
        self.query_one(Lines).show(self._lines)
        self.query_one(Lines).focus()

    def _lines(self, width: int) -> list[Line]:
        lines: list[Line] = [*wrap(self._about, width), []]
        for title, keys in self._groups:
            lines.append([(title, "strong")])
            for key, words, off in keys:
                head = f"  {key}{' ' * max(1, 10 - cell_len(key))}"
                lines.extend(wrap([(head, "accent"), (words, ""), (" (not now)" if off else "", "muted")], width, 12))
            lines.append([])
        return [*lines, [("Signs", "strong")], *wrap(f"  {SIGNS}", width, 2)]


def _groups(screen: Screen[object], bindings: list[ActiveBinding]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """(title, [(keys, what it does, not possible now)]) for this screen, for moving, and for everywhere."""
    groups: dict[str, dict[str, tuple[list[str], str, bool]]] = {"On this screen": {}, "Moving": {}, "Everywhere": {}}
    for active in bindings:
        own = active.node is screen and active.binding.id is not None
        title = "On this screen" if own else "Everywhere" if active.node is screen.app else "Moving"
        words = active.binding.tooltip or active.binding.description
        if not words or active.binding.system:
            continue
        keys, _, _ = groups[title].setdefault(active.binding.action, ([], words, not active.enabled))
        key = screen.app.get_key_display(active.binding)
        if key not in keys:
            keys.append(key)
    return [(title, [(" ".join(keys), words, off) for keys, words, off in entries.values()])
            for title, entries in groups.items() if entries]
