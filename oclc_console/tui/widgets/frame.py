"""The lines around every screen: whose workspace it is and as of when; the five places; the keys that work here now. Keys
come from the bindings themselves, `? Help` and `^p Palette` first, and never more than fit."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.widget import Widget

from oclc_console.tui import words
from oclc_console.tui.follow import Facts
from oclc_console.tui.widgets.drawing import Line, fit, width_of
from oclc_console.tui.widgets.plain import plain
from oclc_console.workspace import Workspace

PLACES = (("1", "Dashboard"), ("2", "Symbol"), ("3", "Runs"), ("4", "Reports"), ("5", "Project"))
FIRST_KEYS = ("app.help", "app.palette")


def content_of(line: Line) -> Content:
    """A line as Textual content; the kinds are classes of text in console.tcss's theme colours."""
    colours = {"muted": "dim", "good": "$text-success", "warn": "$text-warning", "bad": "$text-error",
               "accent": "bold $accent", "strong": "bold", "now": "bold underline"}
    return Content.assemble(*((text, colours.get(kind, "")) for text, kind in line))


class HeadLine(Widget):
    """Institution, REHEARSAL or the host, and the moment everything on the screen is as of."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = ("", "", "")

    def show(self, facts: Facts | None, workspace: Workspace | None) -> None:
        """Draws the line from the facts; only the folder's name while nothing is known yet."""
        status = facts.status if facts else None
        if facts is None or status is None:
            name = workspace.root.name if workspace else "oclc-console"
            parts = (name, "", "reading…" if workspace and not (facts and facts.problem) else "")
        else:
            where = "◆ REHEARSAL ◆" if status.rehearsal else status.host
            parts = (status.institution, where, f"as of {words.moment(facts.as_of)}")
        self.set_class(bool(status and status.rehearsal), "-rehearsal")
        if parts != self._parts:
            self._parts = parts
            self.refresh()

    def render(self) -> Content:
        """The three parts: left, middle, right."""
        left, middle, right = (plain(part) for part in self._parts)
        room = self.size.width - 2
        right_room = cell_len(right)
        middle_text = f" {middle} " if middle else ""
        left_room = max(0, min(cell_len(left), room - right_room - cell_len(middle_text) - 2))
        start = max(left_room + 1, (room - cell_len(middle_text)) // 2)
        start = min(start, room - right_room - cell_len(middle_text) - 1)
        line = [*fit(left, left_room), (" " * max(1, start - left_room), ""), (middle_text, "strong")]
        gap = room - width_of(line) - right_room
        return content_of([(" ", ""), *line, (" " * max(0, gap), ""), (right, ""), (" ", "")])


class PlacesLine(Widget):
    """The five places, which of them this is, and how many runs are at work."""

    def __init__(self) -> None:
        super().__init__()
        self._line: list[tuple[str, str]] = []

    def show(self, facts: Facts | None, symbol: str | None, here: str) -> None:
        """Draws the line."""
        line: list[tuple[str, str]] = []
        for key, name in PLACES:
            extra = f" {plain(symbol)}" if name == "Symbol" and symbol else ""
            if name == "Runs" and facts and (alive := len(facts.alive) + len(facts.starting)):
                extra = f" ◐{alive}"
            mark = "▸" if key == here else " "
            line.append((f"{mark}{key} {name}{extra} ", "now" if key == here else "muted"))
        if line != self._line:
            self._line = line
            self.refresh()

    def render(self) -> Content:
        """The line as content."""
        return content_of(self._line)

    async def on_click(self, event: events.Click) -> None:
        """A click on a place goes there."""
        at = 0
        for (text, _), (key, _name) in zip(self._line, PLACES, strict=False):
            at += cell_len(text)
            if event.x < at:
                await self.app.run_action(f"app.go('{key}')")
                return


class KeyLine(Widget):
    """The keys that matter here, as many as fit; a greyed key says why when it is pressed."""

    def on_mount(self) -> None:
        """Follows the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    def shown(self) -> list[ActiveBinding]:
        """The bindings to show, each once, help and palette first; where there is room, those a screen names as MORE_KEYS."""
        seen: dict[str, ActiveBinding] = {}
        more: frozenset[str] = getattr(self.screen, "MORE_KEYS", frozenset()) if self.size.width >= words.WIDE else frozenset()
        for active in self.screen.active_bindings.values():
            if active.binding.show or active.binding.id in more:
                seen.setdefault(active.binding.action, active)
        return sorted(seen.values(), key=lambda active: _rank(active.binding))

    def _words(self) -> list[tuple[str, str, ActiveBinding]]:
        return [(self.app.get_key_display(active.binding), active.binding.description, active) for active in self.shown()]

    def render(self) -> Content:
        """` ? Help  ^p Palette  s Sign off ...`"""
        line: list[tuple[str, str]] = [(" ", "")]
        for key, description, active in self._words():
            piece = [(key, "accent" if active.enabled else "muted"), (f" {description}  ", "" if active.enabled else "muted")]
            if width_of([*line, *piece]) - 2 > self.size.width:  # its last two cells are blank
                break
            line.extend(piece)
        return content_of(line)

    async def on_click(self, event: events.Click) -> None:
        """A click on a key presses it."""
        at = 1
        for key, description, active in self._words():
            at += cell_len(key) + cell_len(description) + 3
            if event.x < at:
                await self.app.run_action(active.binding.action, active.node)
                return


def _rank(binding: Binding) -> int:
    name = binding.id or ""
    if name in FIRST_KEYS:
        return FIRST_KEYS.index(name)
    if name == "dialog.cancel":
        return 6
    if name.startswith("app."):
        return 5
    return {"enter": 2, "escape": 4}.get(binding.key, 3)  # what goes on stands first, what goes back last


class Frame(Widget):
    """A bordered panel with a title on the left (a noun) and one on the right (a count)."""

    def __init__(self, *children: Widget, title: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(*children, id=id)
        self.titles(title)

    def titles(self, left: str, right: str = "") -> None:
        """Other titles; always plain text."""
        if self.border_title != Content(plain(left)):
            self.border_title = Content(plain(left))
        if right or self.border_subtitle:
            self.border_subtitle = Content(plain(right))
