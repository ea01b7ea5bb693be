"""Tells on stderr what an operation does while it does it: its events, a line each, and on a terminal one line of progress
with rate and time left, drawn over itself. Not for results (show.py)."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from oclc_console.cli import show
from oclc_console.store.events import Event
from oclc_console.store.runs import Operation, RunState, list_runs
from oclc_console.workspace import Workspace

SECONDS = 0.5
UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"), (1, "bytes"))


class Follower:
    """Follows one operation of this process; `close` gives the name of its run."""

    def __init__(self, workspace: Workspace, operation: Operation) -> None:
        self._workspace, self._operation = workspace, operation
        self._before = {state.name for state in self._runs()}
        self._mutex, self._done = threading.Lock(), threading.Event()
        self._drawn = 0
        self._thread = threading.Thread(target=self._draw_again_and_again, name="progress line", daemon=True)
        if sys.stderr.isatty():
            self._thread.start()

    def _runs(self) -> list[RunState]:
        return list_runs(self._workspace, self._operation.verb, self._operation.symbol)

    def _mine(self) -> RunState | None:
        mine = [run for run in self._runs() if run.name not in self._before]
        return mine[-1] if mine else None

    def event(self, event: Event) -> None:
        """Says one event."""
        with self._mutex:
            self._wipe()
            show.say(f"{self._operation.verb} {self._operation.symbol}: {event.words}")

    def close(self) -> str | None:
        """Stops drawing; the name of the run, when one was made."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._mutex:
            self._wipe()
        run = self._mine()
        return run.name if run else None

    def _draw_again_and_again(self) -> None:
        began, start = time.monotonic(), None
        while not self._done.wait(SECONDS):
            run = self._mine()
            if run is None or not run.progress:
                continue
            if start is None:
                began, start = time.monotonic(), int(run.progress["done"])
            line = progress_words(run.progress, int(run.progress["done"]) - start, time.monotonic() - began)
            with self._mutex:
                self._wipe()
                show.draw(line)
                self._drawn = len(line)

    def _wipe(self) -> None:
        if self._drawn:
            show.draw("\r" + " " * self._drawn + "\r")
            self._drawn = 0


def size_words(count: float) -> str:
    """A number of bytes for people: `12.3 MB`."""
    unit, name = next((pair for pair in UNITS if count >= pair[0]), UNITS[-1])
    return f"{count / unit:,.1f} {name}" if unit > 1 else f"{count:,.0f} {name}"


def progress_words(progress: dict[str, Any], gained: int, seconds: float) -> str:
    """`file 2 of 5, 612.0 MB of 778.0 MB, 4.1 MB/s, 2:51 left`; rate and time left once there is something to tell."""
    done, total = int(progress["done"]), int(progress["total"])
    words = [f"file {min(progress['files_done'] + 1, progress['files_total'])} of {progress['files_total']}",
             f"{size_words(done)} of {size_words(total)}"]
    if gained > 0 and seconds > 0.2:
        rate = gained / seconds
        left = round((total - done) / rate)
        words += [f"{size_words(rate)}/s", f"{left // 60}:{left % 60:02d} left"]
    return "  " + ", ".join(words)
