"""A run is a folder: what was asked, the events as they happened, the progress now, and the result. This module makes
such folders, keeps the rule "an event that was yielded is on disk", and reads them back for whoever watches: the console,
a colleague's console, a status page. Not for doing the work itself: that is an operation's generator.

    runs/20201103T081200Z-upload-ZMD/   run.json events.jsonl progress.json run.lock result.json words.txt

A run whose lock is free and whose last event is not Ended was interrupted.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import ConsoleError, HereError, from_os_error
from oclc_console.files import (
    append_line,
    complete_lines,
    is_locked,
    locked,
    make_folder,
    open_for_append,
    replace_file,
)
from oclc_console.store.events import Ended, Event, Recorded, from_line, to_line
from oclc_console.workspace import Workspace, folder_name

SAMPLE_SECONDS = 0.25
TRAIL = 240  # the progress keeps how far the run was at each of so many seconds, for whoever begins to watch later


@dataclass
class Progress:
    """Counters an operation raises as it works; the runner samples them. `file_done` of `file_total` bytes is the file in
    hand; `done` of `total` is the whole run, in `unit`. `moving` has every file in flight where several are: its name, and
    [bytes done, bytes in all]; a file comes and goes by putting another dictionary in its place, never by changing it under
    the sampler's eyes. `moved` counts what went through in this run and never goes back, as `done` does when a file has to
    begin again, or jumps when it is gone on with; None where `done` is just that."""

    unit: str = "bytes"
    done: int = 0
    total: int = 0
    file: str = ""
    file_done: int = 0
    file_total: int = 0
    files_done: int = 0
    files_total: int = 0
    moving: dict[str, list[int]] = field(default_factory=dict)
    moved: int | None = None


@dataclass
class RunFolder:
    """What an operation is handed: its own folder, its counters, and the event that asks it to stop."""

    path: Path
    stop: threading.Event
    progress: Progress = field(default_factory=Progress)

    @property
    def name(self) -> str:
        """The run's name: its folder."""
        return self.path.name


@dataclass(frozen=True)
class Operation:
    """Work to be run: what it is called, what was asked, how to do it, and how its result is folded from its events.
    `exit_code` reads the result: 1 when something was set aside or refused, 3 when the other side failed."""

    verb: str
    symbol: str
    asked: dict[str, Any]
    work: Callable[[RunFolder], Iterator[Event]]
    fold: Callable[[Sequence[Event]], dict[str, Any]]
    exit_code: Callable[[dict[str, Any]], int] = lambda result: 0


def run(workspace: Workspace, operation: Operation, stop: threading.Event) -> Iterator[Event]:
    """Runs an operation, yielding each event once it is on disk; the last one is Ended. Whoever iterates may stop
    iterating: the run then ends as stopped. A ConsoleError ends the run as failed or refused and is raised again."""
    lock = workspace.runs / ".locks" / f"{operation.verb}-{folder_name(operation.symbol)}.lock"
    with ExitStack() as held:
        held.enter_context(locked(lock, doing=f"{operation.verb} {operation.symbol}", wait_seconds=0.2))
        folder = RunFolder(_new_folder(workspace, operation), stop)
        held.enter_context(locked(folder.path / "run.lock", doing="running"))
        asked = {"verb": operation.verb, "symbol": operation.symbol, "asked": operation.asked, "by": workspace.actor,
                 "at": clock.iso(clock.now()), "pid": os.getpid()}
        try:
            replace_file(folder.path / "run.json", orjson.dumps(asked, option=orjson.OPT_INDENT_2))
            journal = open_for_append(folder.path / "events.jsonl")
        except OSError as error:
            raise from_os_error(error, f"beginning {operation.verb} {operation.symbol}") from error
        yield from _recorded(workspace, operation, folder, journal)


def _recorded(workspace: Workspace, operation: Operation, folder: RunFolder, journal: int) -> Iterator[Event]:
    sampler = _Sampler(folder)
    work: Iterator[Event] = iter(())
    events: list[Event] = []
    end: Ended | None = None
    try:
        work = operation.work(folder)
        for event in work:
            append_line(journal, to_line(event, workspace.actor))
            events.append(event)
            yield event
        result = operation.fold(events)
        stopped = folder.stop.is_set()
        end = Ended("stopped", 3, "asked to stop") if stopped else Ended("done", operation.exit_code(result))
    except ConsoleError as error:
        state = "refused" if error.exit_code == 4 else "failed"
        end = Ended(state, error.exit_code, str(error), error.needs_somebody)
        raise
    except OSError as error:
        ours = from_os_error(error, f"running {operation.verb} {operation.symbol}")
        end = Ended("failed", ours.exit_code, str(ours))
        raise ours from error
    except GeneratorExit:
        end = Ended("stopped", 3, "whoever asked for it went away")
        raise
    except KeyboardInterrupt:
        end = Ended("stopped", 3, "stopped from the keyboard")
        raise
    except BaseException as error:
        end = Ended("failed", 70, f"{type(error).__name__}: a mistake in this program; please report it")
        raise
    finally:
        try:
            if isinstance(work, Generator):
                work.close()
        except OSError as error:
            # clearing up after a first failure may fail for the same reason (a full disk): the first one is told
            if end is None or end.state == "done":
                raise from_os_error(error, f"ending {operation.verb} {operation.symbol}") from error
        finally:
            sampler.close()
            _finish(folder, operation, journal, workspace.actor, events, end)
    yield end


def _finish(
    folder: RunFolder, operation: Operation, journal: int, actor: str, events: list[Event], end: Ended | None
) -> None:
    """Writes the last event and the result. When even that fails (a full disk) the run shows as interrupted, which is
    the truth, and the error that ended it goes on to whoever asked."""
    try:
        if end is not None:
            append_line(journal, to_line(end, actor))
            result = {"run": folder.name, **operation.fold(events), "state": end.state, "reason": end.reason}
            replace_file(folder.path / "result.json", orjson.dumps(result, option=orjson.OPT_INDENT_2))
    except OSError as error:
        if end is None or end.state == "done":
            raise from_os_error(error, "writing the end of the run") from error
    finally:
        os.close(journal)


def _new_folder(workspace: Workspace, operation: Operation) -> Path:
    base = f"{clock.stamp(clock.now())}-{operation.verb}-{folder_name(operation.symbol)}"
    make_folder(workspace.runs)
    for tail in ["", *(f"-{n:02}" for n in range(2, 100))]:
        path = workspace.runs / (base + tail)
        try:
            path.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise from_os_error(error, "making the run's folder") from error
        return path
    raise HereError("a hundred runs began within this second", where=str(workspace.runs), then="Try again in a second.")


class _Sampler:
    """Writes progress.json four times a second while a run lives, with its trail: [second since 1970, how far the run was
    then], oldest first, one for each second in which something moved."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder, self._done = folder, threading.Event()
        self._last: dict[str, Any] = {}
        self._trail: deque[list[int]] = deque(maxlen=TRAIL)
        self._thread = threading.Thread(target=self._loop, name="progress", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._write()

    def _write(self) -> None:
        now = asdict(self._folder.progress)
        if now == self._last:
            return
        self._last = now
        at = clock.now()
        if self._trail and self._trail[-1][0] == int(at.timestamp()):
            self._trail.pop()
        self._trail.append([int(at.timestamp()), now["done"] if now["moved"] is None else now["moved"]])
        try:
            content = orjson.dumps({"at": clock.iso(at), **now, "trail": list(self._trail)})
            target = self._folder.path / "progress.json"
            temporary = target.with_suffix(".tmp")
            temporary.write_bytes(content)  # not synced: a lost sample costs nothing, an fsync four times a second does
            os.replace(temporary, target)
        except OSError:
            self._last = {}  # a full disk must not end the run here; the next event write says so

    def close(self) -> None:
        self._done.set()
        self._thread.join()
        self._write()


@dataclass(frozen=True)
class RunState:
    """A run as read from its folder."""

    name: str
    path: Path
    verb: str
    symbol: str
    by: str
    at: str
    asked: dict[str, Any]
    events: tuple[Recorded, ...]
    progress: dict[str, Any]
    alive: bool

    @property
    def end(self) -> Ended | None:
        """The last event, when the run has ended."""
        last = self.events[-1].event if self.events else None
        return last if isinstance(last, Ended) else None

    @property
    def state(self) -> str:
        """running, done, failed, refused, stopped or interrupted."""
        if self.end is not None:
            return self.end.state
        return "running" if self.alive else "interrupted"

    @property
    def needs_attention(self) -> bool:
        """Whether a person should look: it failed, was refused or interrupted, set something aside, or
        did not get everything through."""
        short = self.state == "done" and self.end is not None and self.end.exit_code != 0
        return short or self.state in ("failed", "refused", "interrupted")


def read_run(path: Path) -> RunState | None:
    """A run folder as it is now; None for one that is just being made (or is no run)."""
    try:
        asked = orjson.loads((path / "run.json").read_bytes())
    except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError):
        return None
    alive = is_locked(path / "run.lock")  # looked at before the events: a run that ends between the two reads as ended
    events = tuple(from_line(line) for line in complete_lines(path / "events.jsonl"))
    try:
        progress = orjson.loads((path / "progress.json").read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        progress = {}
    return RunState(path.name, path, asked["verb"], asked["symbol"], asked["by"], asked["at"], asked["asked"], events,
                    progress, alive)


def list_runs(workspace: Workspace, verb: str | None = None, symbol: str | None = None) -> list[RunState]:
    """Every run, oldest first; of one verb or symbol when asked."""
    names = sorted(entry.name for entry in os.scandir(workspace.runs)) if workspace.runs.is_dir() else []
    wanted = [n for n in names if _concerns(n, verb, symbol)]
    return [state for name in wanted if (state := read_run(workspace.runs / name))]


def _concerns(name: str, verb: str | None, symbol: str | None) -> bool:
    parts = name.split("-")
    if len(parts) < 3:
        return False
    return (verb is None or parts[1] == verb) and (symbol is None or parts[2] == folder_name(symbol))


def events_of(workspace: Workspace, verb: str, symbol: str | None = None) -> Iterator[tuple[RunState, Recorded]]:
    """Every event of every run of a verb, oldest first."""
    for state in list_runs(workspace, verb, symbol):
        for recorded in state.events:
            yield state, recorded
