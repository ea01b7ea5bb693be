"""A page that is a list: read again whenever something changed, with a cursor and, where it has one, a filter line. Not for
what stands in the list, nor for what its keys do: those are each page's own."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual import on

from oclc_console.tui.follow import Facts
from oclc_console.tui.screens.base import ConsoleScreen
from oclc_console.tui.widgets.filter import FilterLine
from oclc_console.tui.widgets.table import Table


class ListPage(ConsoleScreen):
    """One level into a place. `LIST` is the id of its table, to which keys go."""

    LIST: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._asked: object = None

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self._list.focus()

    @property
    def _list(self) -> Table:
        return self.query_one(f"#{self.LIST}", Table)

    def show_facts(self, facts: Facts) -> None:
        """Reads again when something changed."""
        if (wanted := (facts.changes, facts.workspace)) != self._asked:
            self._asked = wanted
            self._read_again()

    @abstractmethod
    def _read_again(self) -> None:
        """Asks in a thread for what the list shows."""

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._list.focus()

    def action_filter(self) -> None:
        """Opens the filter line."""
        self.query_one(FilterLine).open()
