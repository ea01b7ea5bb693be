"""Who does the work of prepare: a thread of this process, a pool of processes on this machine, or a Dask cluster, all as a
concurrent.futures.Executor. Not for the work itself (chunks.py, output_files.py)."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, TypeVar

from oclc_console.errors import CallError, HereError, OtherSideError
from oclc_console.operations.fragments import Stopped

Task = TypeVar("Task")
Result = TypeVar("Result")
LOOK_SECONDS = 0.25
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def check_workers(workers: int, cluster: str | None) -> None:
    """Raises CallError when this many workers, or a cluster, can't be had."""
    if workers < 1:
        raise CallError("somebody has to do the work", where="--workers", then="Use 1 or more.")
    if cluster is None:
        return
    if workers != 1:
        raise CallError("a cluster has its own workers", where="--workers", then="Use --workers or --cluster, not both.")
    if importlib.util.find_spec("distributed") is None:
        raise CallError("the Dask client is not installed", where="--cluster",
                        then='Install it with: pip install "oclc-console[cluster]"')


@contextlib.contextmanager
def executor(workers: int, cluster: str | None, begun: Processes | None = None) -> Iterator[Executor]:
    """The executor for so many workers, closed when the block ends, however it ends. The first worker is a thread of this
    process, the others are processes: those `begun` already, if so, else new ones. Raises OtherSideError when no scheduler
    answers at the cluster's address."""
    _keep_freed_memory()
    if cluster is not None:
        with _dask(cluster) as ready:
            yield ready
    elif workers == 1:
        with ThreadPoolExecutor(1, "prepare") as thread:
            yield thread
    else:
        with begun or Processes(workers - 1) as others, ThreadPoolExecutor(1, "prepare") as thread:
            yield _Together([_Lane(thread, 1), _Lane(others.pool, 2 * others.count)])


class Processes:
    """So many processes of this machine as a pool. They begin afresh (spawn), and at once, so that they get ready while the
    caller still does something else, and die with this one. When the block fails they are ended at once, by us: a pool that
    lost one forgets another that it was just starting, and would then wait for it for ever."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._others = set(multiprocessing.active_children())
        self.pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), initializer=_begin_worker)
        with _without_interrupts():
            for _ in range(count):
                self.pool.submit(_get_ready)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._terminate()
        self.pool.shutdown(wait=True, cancel_futures=True)
        for process in self._terminate():
            process.join()

    def _terminate(self) -> list[BaseProcess]:
        mine = [process for process in multiprocessing.active_children() if process not in self._others]
        for process in mine:
            process.terminate()
        return mine


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes that begin in the block never hear Ctrl-C: the console does, and ends them. One that is pressed in the meantime
    reaches the console right after the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass
class _Lane:
    """An executor, and how many more tasks it takes now: as many as it works on, and those that must not be waited for."""

    executor: Executor
    room: int


class _Together(Executor):
    """Several executors as one: each task goes to the first that has room for it."""

    def __init__(self, lanes: Sequence[_Lane]) -> None:
        self._lanes, self._lock = lanes, threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The task's future."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, partial(fn, **kwargs), args))
        self._hand_out()
        return future

    def _hand_out(self) -> None:
        while True:
            with self._lock:
                lane = next((lane for lane in self._lanes if lane.room), None)
                if lane is None or not self._waiting:
                    return
                future, function, args = self._waiting.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                lane.room -= 1
            try:
                lane.executor.submit(function, *args).add_done_callback(partial(self._done, lane, future))
            except (BrokenExecutor, RuntimeError, OSError) as error:  # it lost a process, or is being closed
                future.set_exception(error)

    def _done(self, lane: _Lane, future: Future[Any], inner: Future[Any]) -> None:
        with self._lock:
            lane.room += 1
        if inner.cancelled():
            future.set_exception(BrokenExecutor("it was being closed"))
        elif (error := inner.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(inner.result())
        self._hand_out()


def _keep_freed_memory() -> None:
    """Has memory that a block needed kept for the next block. Without it glibc gives every megabyte back to the system and
    asks for it again, which takes a twentieth of the time. Where there is no such setting nothing happens."""
    if sys.platform == "linux":
        set_option = getattr(ctypes.CDLL(None), "mallopt", None)
        for option, limit in ((_M_TRIM_THRESHOLD, 256 << 20), (_M_MMAP_THRESHOLD, 32 << 20)):
            if set_option:
                set_option(option, limit)


def _get_ready() -> None:
    """Loads what the work needs, as the first task of a process."""

    import oclc_console.operations.chunks
    import oclc_console.operations.output_files  # noqa: F401


def _begin_worker() -> None:
    """Ctrl-C is for the console to hear, not for its workers; a worker whose console was killed must not go on alone; and one
    that is not needed any more has nothing to tidy up, so it ends at once."""
    _keep_freed_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(os._exit, 0)
    parent = multiprocessing.parent_process()

    def end_with_it() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_it, name="parent", daemon=True).start()


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Executor]:
    from distributed import Client
    from distributed.scheduler import KilledWorker

    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TimeoutError) as error:
        raise OtherSideError(f"no Dask scheduler answers ({error})", where=address,
                             then="Check the address, as in tcp://scheduler:8786, and that it runs.") from error
    try:
        yield client.get_executor(pure=False)
    except KilledWorker as error:
        raise _lost() from error
    finally:
        client.close()


def _lost() -> HereError:
    return HereError("a worker died in the middle of its work (out of memory, or killed); nothing was put in the outbox",
                     then="Look at the machine's memory, then run the same command again, with fewer --workers if need be.")


def _submit(workers: Executor, function: Callable[[Task], Result], task: Task) -> Future[Result]:
    try:
        return workers.submit(function, task)
    except OSError as error:  # a pool whose worker died this moment may say it so
        raise BrokenExecutor(str(error)) from error


def begin(workers: Executor, function: Callable[[Task], Result], tasks: Iterable[Task]) -> set[Future[Result]]:
    """Has the tasks worked on from now on; `results` gives what comes of them."""
    begun: set[Future[Result]] = set()
    try:
        begun.update(_submit(workers, function, task) for task in tasks)
    except BrokenExecutor as error:
        _forget(begun)
        raise _lost() from error
    return begun


def results(begun: set[Future[Result]], stop: threading.Event) -> Iterator[Result | None]:
    """Each task's result as soon as it is there, in any order; None where a while passed without any. Looks at `stop` several
    times a second and raises Stopped; raises HereError when a worker dies, and whatever a task raises. What has not begun by
    then is never begun."""
    waiting = begun
    try:
        while waiting:
            done, waiting = wait(waiting, LOOK_SECONDS, FIRST_COMPLETED)
            if stop.is_set():
                raise Stopped
            for future in done:
                yield future.result()
            if not done:
                yield None
    except BrokenExecutor as error:
        raise Stopped if stop.is_set() else _lost() from error
    finally:
        _forget(waiting)


def _forget(waiting: Iterable[Future[Result]]) -> None:
    for future in waiting:
        future.cancel()
