"""The console on a pack, as it opens on a laptop: its rejections, and nothing else. Not for opening a pack's file."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import SystemCommand

from oclc_console.tui.app import PLACES, ConsoleApp


class PackApp(ConsoleApp):
    """The console on a pack: it opens on its rejections, and the other places have nothing to show."""

    DEFAULT_MODE = "reports"

    def action_go(self, key: str) -> None:
        """Goes to Reports, and nowhere else."""
        if PLACES[key] == self.DEFAULT_MODE:
            super().action_go(key)
        else:
            self.notify("This is a pack: only 4 Reports has something to show here.", severity="warning", markup=False)

    def _project_commands(self) -> Iterable[SystemCommand]:
        return ()
