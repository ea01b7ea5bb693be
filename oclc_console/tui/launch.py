"""Operations are started as processes of their own, by the same command a person would type, so that they outlive the
console and its terminal. What such a process says goes to a file; one that dies before it has a run folder has its last
words shown. Stopping is SIGTERM to the process of a run that is alive. Not for the work itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from oclc_console import clock
from oclc_console.errors import CallError, from_os_error
from oclc_console.files import make_folder
from oclc_console.store.runs import RunState, read_run
from oclc_console.workspace import Workspace

COMMAND = (sys.executable, "-m", "oclc_console")


@dataclass(frozen=True, eq=False)
class Launched:
    """A process that was started here: what was asked (`upload ZMD`), and where its words go."""

    process: subprocess.Popen[bytes]
    asked: str
    words: Path


@dataclass(frozen=True)
class Death:
    """A process that ended badly without ever making a run folder: what was asked, its exit code, its last words."""

    asked: str
    exit_code: int
    last_words: str


@dataclass
class Launcher:
    """Starts the command for one workspace and keeps an eye on what it started."""

    command: Sequence[str] = COMMAND
    _started: list[Launched] = field(default_factory=list)
    begun: dict[Launched, str] = field(default_factory=dict)  # what was started here -> the name of the run it became

    def start(self, workspace: Workspace, *arguments: str) -> Launched:
        """Starts `oclc-console ARGUMENTS` on this workspace, in a session of its own. Raises HereError when it can't."""
        asked = " ".join(arguments[:2])
        acting = ["--as", workspace.acting_as] if workspace.acting_as else []
        line = [*self.command, "--workspace", str(workspace.root), *acting, *arguments]
        folder = make_folder(make_folder(workspace.runs) / ".console")
        words = folder / f"{clock.stamp(clock.now())}-{arguments[0]}-{len(self._started)}-{os.getpid()}.txt"
        try:
            with open(words, "wb") as out:
                process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                           start_new_session=True, cwd=workspace.root)
        except OSError as error:
            raise from_os_error(error, f"starting {asked}") from error
        launched = Launched(process, asked, words)
        self._started.append(launched)
        return launched

    def look(self, runs: Sequence[RunState]) -> tuple[list[str], list[Death]]:
        """What is starting (no run folder yet), and what died without one since the last look."""
        begun = {process_of(run): run.name for run in reversed(runs[:50])} if self._started else {}
        starting, deaths = [], []
        for launched in list(self._started):
            code = launched.process.poll()
            if launched.process.pid in begun:
                self.begun[launched] = begun[launched.process.pid]
            if code is None:
                if launched.process.pid not in begun:
                    starting.append(launched.asked)
                continue
            self._started.remove(launched)
            if code != 0 and launched.process.pid not in begun:
                deaths.append(Death(launched.asked, code, last_words(launched.words)))
        return starting, deaths


def last_words(path: Path) -> str:
    """The end of what a process said."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 4000))
            said = file.read().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return "It left no word behind."
    return said or "It ended without a word."


def process_of(run: RunState) -> int | None:
    """The process id that a run began with."""
    try:
        pid = orjson.loads((run.path / "run.json").read_bytes())["pid"]
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError):
        return None
    return pid if isinstance(pid, int) else None


def stop(run: RunState) -> None:
    """Asks a run to stop; it ends by itself, at a clean place. Raises CallError when it is not alive (any more)."""
    now = read_run(run.path)
    pid = process_of(run)
    if now is None or not now.alive or now.end is not None or pid is None:
        raise CallError(f"{run.verb} {run.symbol} is not running (any more)", then="There is nothing to stop.")
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        raise CallError(f"the process of {run.verb} {run.symbol} is on another machine, or gone",
                        where=f"process {pid}", then="Stop it where it was started.") from None
    except PermissionError:
        raise CallError(f"{run.verb} {run.symbol} belongs to another login ({run.by})", where=f"process {pid}",
                        then="Ask them to stop it.") from None


def command_again(run: RunState, accept: str | None = None) -> list[str]:
    """The arguments that ask for the same once more; `accept` is a reason to send what is unrouted or double."""
    if run.verb == "import":
        return ["reports", "import", *(str(file) for file in run.asked.get("files", []))]
    arguments = [run.verb, run.symbol]
    if run.verb == "prepare":
        arguments += [str(file) for file in run.asked.get("files", [])]
        if run.asked.get("set_count") is not None:
            arguments += ["--set-count", str(run.asked["set_count"])]
        reason = accept or run.asked.get("accept_unrouted")
        if reason:
            arguments.append(f"--accept-unrouted={reason}")
    elif run.verb == "upload" and run.asked.get("again"):
        arguments += [f"--again={run.asked['again']}", f"--reason={run.asked.get('reason') or ''}"]
    return arguments
