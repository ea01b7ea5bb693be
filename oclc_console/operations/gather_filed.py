"""The last step of whatever files reports: what they say is gathered for the cataloguers' desk, so that it opens at once. Where
this was stopped or killed, nothing is lost: the desk gathers behind what is missing. Not for gathering itself (gathering.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Event as Stop

from oclc_console.errors import ConsoleError
from oclc_console.store.events import Event, Note, RejectionsGathered
from oclc_console.workspace import Workspace


def gather_filed(workspace: Workspace, symbols: Iterable[str], stop: Stop) -> Iterator[Event]:
    """Gathers what the reports of these symbols say, as far as it changed. What goes wrong is told and fails nothing: the
    reports are filed."""
    from oclc_console.store.gathered import gathered_path, load_gathered
    from oclc_console.store.gathering import gather_aside
    from oclc_console.store.reviews import Reviews

    for symbol in sorted(set(symbols)):
        if stop.is_set():
            return
        try:
            if gather_aside(workspace, symbol, stop):
                gathered = load_gathered(gathered_path(workspace, symbol))
                yield RejectionsGathered(symbol, len(gathered) if gathered is not None else 0)
            Reviews(workspace, symbol).keep_checkpoint()
        except ConsoleError as error:
            yield Note(f"the rejections of {symbol} could not be gathered yet: {error}")
