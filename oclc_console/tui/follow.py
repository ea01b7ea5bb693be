"""What the screens know of the world, read again and again in one thread: the project's status, the runs (whoever started
them), how fast they go, and what died before it began. Screens draw from the last Facts and never read these themselves.
Not for what one screen asks for itself (a checklist, a report)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from oclc_console import clock
from oclc_console.errors import ConsoleError, SettingsError, from_os_error
from oclc_console.store.log_check import LogWatch
from oclc_console.store.runs import RunState, read_run
from oclc_console.store.wishes import FILE as WISHES
from oclc_console.store.wishes import Wishes, read_wishes
from oclc_console.tui.launch import Death, Launched, Launcher
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.operations.status import Status

QUICK, QUIET = 0.25, 2.0  # seconds between looks while something is alive, and while nothing is
REFRESH_SECONDS = 30.0  # a status is asked again after this even when nothing seems to have changed: lateness grows by itself
KEPT_SAMPLES = 240


@dataclass(frozen=True)
class Curve:
    """How a run's counter has moved: (instant, counter), oldest first, about one a second."""

    samples: tuple[tuple[datetime, int], ...] = ()

    def with_sample(self, at: datetime, done: int) -> Curve:
        """The curve with one more sample, if it is a new one; it takes the place of the last one where no more than a
        second has passed since the one before it."""
        kept = self.samples
        if kept and kept[-1][0] >= at:
            return self
        if len(kept) > 1 and (at - kept[-2][0]).total_seconds() <= 1:
            kept = kept[:-1]
        return Curve((*kept, (at, done))[-KEPT_SAMPLES:])

    def rate(self, seconds: float = 10.0) -> float | None:
        """Units a second over the last seconds before the last sample; None while there is only one."""
        if len(self.samples) < 2:
            return None
        end, done = self.samples[-1]
        begin, before = next((at, count) for at, count in self.samples if (end - at).total_seconds() <= seconds)
        passed = (end - begin).total_seconds()
        return max(0, done - before) / passed if passed > 0 else None

    def still_for(self, now: datetime) -> float:
        """Seconds since the counter last moved."""
        return (now - self.samples[-1][0]).total_seconds() if self.samples else 0.0

    def each(self, step: int, until: datetime | None = None) -> list[float]:
        """Units a second in each `step` seconds, oldest first; 0 where nothing moved. Goes on to `until` (else the last
        sample), and at most `KEPT_SAMPLES` seconds back from there."""
        if len(self.samples) < 2:
            return []
        last = max(self.samples[-1][0], until or self.samples[-1][0])
        first = int(max(self.samples[0][0].timestamp(), last.timestamp() - KEPT_SAMPLES)) // step
        buckets = [0.0] * (int(last.timestamp()) // step - first + 1)
        for (_, before), (at, done) in zip(self.samples, self.samples[1:], strict=False):
            if (place := int(at.timestamp()) // step - first) >= 0:
                buckets[place] += max(0, done - before) / step
        return buckets


def curve_on_disk(run: RunState) -> Curve:
    """The curve of a run as its own progress keeps it: the last minutes of it, whoever watched or nobody."""
    at, moved = run.progress.get("at"), counted(run)
    trail = [(datetime.fromtimestamp(second, UTC), int(done)) for second, done in run.progress.get("trail", [])[:-1]]
    return Curve((*trail, (clock.parse(at), moved)) if at else ())


def counted(run: RunState) -> int:
    """What a rate is made of: what went through in this run, where it counts that, else how far it is."""
    moved = run.progress.get("moved")
    return int(run.progress.get("done", 0) if moved is None else moved)


@dataclass(frozen=True)
class Wished:
    """What is asked of a run in its folder, and since when."""

    wishes: Wishes
    since: datetime


def wished_of(run: RunState) -> Wished | None:
    """What somebody wished of a run; None where nobody did."""
    try:
        written = (run.path / WISHES).stat().st_mtime
    except FileNotFoundError:
        return None
    return Wished(read_wishes(run.path), datetime.fromtimestamp(written, UTC))


@dataclass(frozen=True)
class Facts:
    """Everything as of one moment. `runs` are newest first; `problem` is a sentence about console.toml (or the disk) when
    something is wrong with it: the rest is then as it was when it last was right."""

    workspace: Workspace
    as_of: datetime
    status: Status | None = None
    runs: tuple[RunState, ...] = ()
    curves: Mapping[str, Curve] = field(default_factory=dict)
    starting: tuple[str, ...] = ()
    wished: Mapping[str, Wished] = field(default_factory=dict)  # what is asked of the runs that are at work
    begun: Mapping[Launched, str] = field(default_factory=dict)  # what was started here -> its run's name
    problem: str = ""
    log_fault: str = ""  # a sentence on the first line of the log that is not what was written; empty where all are
    changes: int = 0  # counts what changed besides progress, so that a screen knows when to ask again
    worked: tuple[tuple[int, int] | None, ...] = ()  # changes when somebody, here or elsewhere, does something about rejections

    @property
    def alive(self) -> tuple[RunState, ...]:
        """The runs that are at work."""
        return tuple(run for run in self.runs if run.state == "running")

    def differs(self, other: Facts | None) -> bool:
        """Whether there is anything to draw anew: not only that a moment has passed, unless the minute has."""
        return other is None or self._shown() != other._shown()

    def _shown(self) -> tuple[object, ...]:
        moment = self.as_of.replace(microsecond=0) if self.alive else self.as_of.replace(second=0, microsecond=0)
        return (self.workspace, self.status, self.runs, self.curves, self.wished, self.starting, self.problem, self.changes,
                self.log_fault, self.worked, moment)


class Follower:
    """Looks at one workspace. Not thread-safe: one thread looks."""

    def __init__(self, workspace: Workspace, launcher: Launcher) -> None:
        self._workspace, self._launcher = workspace, launcher
        self._settings_seen: tuple[int, int] | None = None
        self._ended: dict[str, RunState] = {}
        self._curves: dict[str, Curve] = {}
        self._wished: dict[str, Wished] = {}
        self._status: Status | None = None
        self._status_key: object = None
        self._status_at = clock.now()
        self._problem = self._unlogged = ""  # what is wrong in console.toml; what kept a change of it from being logged
        self._changes = 0
        self._log = LogWatch(workspace)
        self._looked = False

    def look(self) -> tuple[Facts, list[Death]]:
        """The facts now, and the processes that died unheard since the last look."""
        problem = self._settings()
        runs = self._runs()
        starting, deaths = self._launcher.look(runs)
        now = clock.now()
        if not problem:
            problem = self._look_at_status(runs, now) or self._unlogged
        fault = self._look_at_log() if self._looked else ""  # the first screen does not wait for it
        self._looked = True
        return Facts(self._workspace, now, self._status, runs, dict(self._curves), tuple(starting),
                     dict(self._wished), dict(self._launcher.begun), problem, fault, self._changes,
                     _worked(self._workspace.root)), deaths

    def _look_at_log(self) -> str:
        try:
            return self._log.look().sentence
        except OSError as error:
            return str(from_os_error(error, "reading the log"))

    def _settings(self) -> str:
        """Reads console.toml again when it has changed; a mistake keeps the last good settings and is told."""
        seen = _signature(self._workspace.root / "console.toml")
        if seen == self._settings_seen:
            return self._problem
        self._settings_seen = seen
        fresh = Workspace(self._workspace.root, self._workspace.acting_as)
        try:
            fresh.settings  # noqa: B018  reading it is the check
        except SettingsError as error:
            self._problem = str(error)
        else:
            self._workspace, self._problem, self._status_key = fresh, "", None
            self._unlogged = _notice_changes(fresh)
        return self._problem

    def _runs(self) -> tuple[RunState, ...]:
        try:
            names = sorted((entry.name for entry in os.scandir(self._workspace.runs)), reverse=True)
        except FileNotFoundError:
            return ()
        found = []
        for name in names:
            if name.startswith("."):
                continue
            run = self._ended.get(name) or read_run(self._workspace.runs / name)
            if run is None:
                continue
            if run.end is not None:
                self._ended[name] = run  # an ended run never changes
                self._wished.pop(name, None)
            else:
                self._sample(run)
            found.append(run)
        return tuple(found)

    def _sample(self, run: RunState) -> None:
        if at := run.progress.get("at"):
            curve = self._curves.get(run.name) or curve_on_disk(run)
            self._curves[run.name] = curve.with_sample(clock.parse(at), counted(run))
        if wished := wished_of(run):
            self._wished[run.name] = wished

    def _look_at_status(self, runs: tuple[RunState, ...], now: datetime) -> str:
        root = self._workspace.root
        key = (tuple((run.name, run.state, len(run.events)) for run in runs), _signature(root / "log.jsonl"),
               tuple(_signature(folder) for folder in _folders(root)))
        if key == self._status_key and (now - self._status_at).total_seconds() < REFRESH_SECONDS:
            return ""
        from oclc_console.operations.status import status

        try:
            self._status = status(self._workspace)
        except ConsoleError as error:
            return str(error)
        except OSError as error:
            return str(from_os_error(error, "looking at the workspace"))
        self._changes += key != self._status_key
        self._status_key, self._status_at = key, now
        return ""


def _notice_changes(workspace: Workspace) -> str:
    """Logs that console.toml was changed, where nobody did yet; gives back what kept that from being done."""
    from oclc_console.operations.settings_changes import notice

    try:
        notice(workspace)
    except ConsoleError as error:
        return str(error)
    return ""


def _signature(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _worked(root: Path) -> tuple[tuple[int, int] | None, ...]:
    return tuple(_signature(path) for path in sorted((root / "rejections").glob("*/reviews.json")))


def _folders(root: Path) -> list[Path]:
    """The folders in which a new name is news: what Alma published, what waits, what OCLC wrote."""
    return [folder for kind in ("inbox", "outbox", "reports") for folder in sorted((root / kind).glob("*"))]
