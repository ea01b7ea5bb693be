"""Watches a connection: when nothing has moved on it for too long, or somebody asked to stop and it does not end by itself,
it is closed, which frees a thread that is stuck anywhere in the SSH library at once. The library's own time-outs do not
reach everywhere: a peer that is frozen keeps acknowledging, and a full send buffer waits for ever (measured with paramiko
5.1). Not for deciding what a closed connection means.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

LOOK_EVERY = 0.2
GRACE_SECONDS = 1.0  # how long after a stop the work in hand may still end by itself


class Watch:
    """One connection's watch, with a thread of its own until `end`. It looks only while a `guard` is on; `tick` says that
    something has moved, and so does any change of what `signs` gives. `stalled` tells afterwards that it closed the
    connection because nothing did."""

    def __init__(self, close: Callable[[], None], stop: threading.Event | None) -> None:
        self._close, self._stop = close, stop
        self._over = threading.Event()
        self._on = threading.Event()
        self._last, self._seconds, self._number = 0.0, 0.0, 0
        self.stalled = False
        self.signs: Callable[[], object] = lambda: None
        threading.Thread(target=self._loop, name="stall watch", daemon=True).start()

    def tick(self) -> None:
        """Something has moved."""
        self._last = time.monotonic()

    @contextlib.contextmanager
    def guard(self, seconds: float) -> Iterator[Watch]:
        """While the block lasts, the connection is closed after `seconds` without a tick, or soon after a stop."""
        self._number += 1
        self._seconds = seconds
        self.tick()
        self._on.set()
        try:
            yield self
        finally:
            self._on.clear()

    def end(self) -> None:
        """The watch is over."""
        self._over.set()
        self._on.set()

    def _loop(self) -> None:
        stopping: tuple[int, float] | None = None  # which guard was on when the stop was first seen, and when that was
        before = self.signs()
        while True:
            self._on.wait()
            if self._over.wait(LOOK_EVERY):
                return
            if not self._on.is_set():
                continue
            number, now = self._number, time.monotonic()
            if self._stop is not None and self._stop.is_set():
                if stopping is None or stopping[0] != number:
                    stopping = (number, now)
                elif now - stopping[1] > GRACE_SECONDS:
                    self._close()
                    return
            if (signs := self.signs()) != before:
                before = signs
                self.tick()
            elif now - self._last > self._seconds:
                self.stalled = True
                self._close()
                return
