"""Counts the bytes of several files on their way at once into a run's progress. Not for what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from oclc_console.store.runs import Progress


class Meter:
    """The progress of an upload. The bytes of a file that did not get through are taken off again."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._lock, self._finished = progress, threading.Lock(), 0

    def begin(self, name: str, done: int, total: int) -> Callable[[int], None]:
        """A file is on its way, `done` bytes of it there already; returns what to call as more are acknowledged."""
        progress, here = self._progress, [done, total]
        with self._lock:
            progress.moving = {**progress.moving, name: here}
            progress.file, progress.file_done, progress.file_total = name, done, total
            self._sum_up()

        def moved(acknowledged: int) -> None:
            with self._lock:
                here[0] = acknowledged
                if progress.file == name:
                    progress.file_done = acknowledged
                self._sum_up()

        return moved

    def end(self, name: str, sent: bool) -> None:
        """A file is no longer on its way."""
        with self._lock:
            _, total = self._progress.moving[name]
            self._progress.moving = {other: at for other, at in self._progress.moving.items() if other != name}
            self._finished += total if sent else 0
            self._sum_up()

    def _sum_up(self) -> None:
        self._progress.done = self._finished + sum(done for done, _ in self._progress.moving.values())
