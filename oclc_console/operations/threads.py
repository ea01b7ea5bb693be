"""Work done in several threads whose events one generator yields, so that `yield` stays the commit before the act: a thread
that has something to tell waits until its event is on disk before it goes on. Not for what the threads do.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from oclc_console.store.events import Event


class Abandoned(Exception):
    """Whoever was to put this thread's event on disk has gone: nothing more may happen."""


class Threads:
    """Threads that hand their events over; a context manager that ends with all of them."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="sending")
        self._told: queue.SimpleQueue[tuple[Event, threading.Event] | None] = queue.SimpleQueue()
        self._abandoned = threading.Event()

    def __enter__(self) -> Threads:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._abandoned.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, work: Generator[Event, None, None]) -> Future[None]:
        """Begins this work in a thread; what it raises is the future's."""
        future = self._pool.submit(self._carry_out, work)
        future.add_done_callback(lambda _: self._told.put(None))
        return future

    def _carry_out(self, work: Generator[Event, None, None]) -> None:
        with contextlib.closing(work):
            for event in work:
                go_on = threading.Event()
                self._told.put((event, go_on))
                while not go_on.wait(0.2):
                    if self._abandoned.is_set():
                        raise Abandoned

    def next_event(self, seconds: float) -> Iterator[Event]:
        """The next event of any thread, when one comes within `seconds`. Its thread goes on when this iterator is asked for
        more: whoever yields the event has it on disk by then."""
        try:
            told = self._told.get(timeout=seconds)
        except queue.Empty:
            return
        if told is not None:
            event, go_on = told
            yield event
            go_on.set()
