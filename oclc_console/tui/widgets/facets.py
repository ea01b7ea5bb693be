"""Panels that count by one thing each (fault, library, state, ...): on a wide terminal one below the other, on a narrow one at
a time. Enter takes the value under the cursor. Not for what is counted (bench.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from oclc_console.tui.widgets.drawing import Cell
from oclc_console.tui.widgets.frame import Frame
from oclc_console.tui.widgets.table import Column, Table

_COLUMNS = (Column("", 1), Column("", 10, grows=True), Column("", 9, right=True), Column("", 5, right=True))


@dataclass(frozen=True)
class Value:
    """A value of a facet as it is shown: its words, how many have it, what share that is, whether it is asked for."""

    value: str
    words: str
    count: str
    share: str
    chosen: bool


class FacetList(Table):
    """The values of one facet."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.only", "Only", id="facet.only", key_display="↵",
                tooltip="Show only the records that have this; once more: any"),
        Binding("escape", "screen.records", "Records", id="facet.records", key_display="Esc", tooltip="Back to the records"),
    ]

    def __init__(self, facet: str) -> None:
        super().__init__(_COLUMNS, empty="Counting…", id=f"list-{facet}")
        self.facet = facet


class Facets(Container):
    """The panels. `here` are those that tell anything; the current one is shown where there is room for one."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__(id="facets")
        self._names = names
        self._wide = False
        self.here: Sequence[str] = tuple(names)
        self.current = self.here[0]

    def compose(self) -> ComposeResult:
        """A frame for each."""
        for facet, name in self._names.items():
            yield Frame(FacetList(facet), title=f"By {name}", id=f"facet-{facet}")

    def make_room(self, wide: bool, here: Sequence[str]) -> None:
        """Shows what there is room for."""
        self._wide, self.here = wide, here
        for facet in self._names:
            self.query_one(f"#facet-{facet}", Frame).display = facet in here and (wide or facet == self.current)

    def show(self, facet: str, title: str, values: Sequence[Value]) -> None:
        """Other counts of a facet."""
        table = self.query_one(f"#list-{facet}", FacetList)
        table.say("There is none.")
        rows: list[list[Cell]] = [[("●", "accent") if each.chosen else " ", each.words, each.count, (each.share, "muted")]
                                  for each in values]
        table.show(rows, [each.value for each in values])
        others = ", ".join(self._names[other] for other in self.here if other != facet)
        self.query_one(f"#facet-{facet}", Frame).titles(title, "" if self._wide or not others else f"f: by {others}")

    @property
    def focused(self) -> FacetList | None:
        """The panel that has the keys."""
        focused = self.screen.focused
        return focused if isinstance(focused, FacetList) else None

    def take_keys(self) -> None:
        """Gives the keys to the current panel; to the next one where they are here already."""
        if (now := self.focused) is not None:
            at = self.here.index(now.facet) if now.facet in self.here else -1
            self.current = self.here[(at + 1) % len(self.here)]
            self.make_room(self._wide, self.here)
        self.query_one(f"#list-{self.current}", FacetList).focus()
