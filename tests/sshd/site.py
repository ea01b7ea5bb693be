"""A place where an upload can go wrong: a workspace, the wire, and at its other end either Debian's sshd with a mover or
the rehearsal's server. Says what arrived (by the mover's log, or the rehearsal's journal) and what the console shows. Not for
the faults themselves (faults.py)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.files import sha256_of
from oclc_console.operations.outbox import OutboxFile, read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.rehearsal.folder import IN_BIB as REHEARSAL_IN
from oclc_console.rehearsal.folder import Account, load, prepare_rehearsal
from oclc_console.rehearsal.jobs import read_journal
from oclc_console.rehearsal.mishaps import happened
from oclc_console.rehearsal.starting import ensure_server, stop_server
from oclc_console.workspace import Workspace, make_workspace
from tests.operations.stage import carry_out, holding, write
from tests.sshd.mover import TAKE_NOW, Mover, Take, takes
from tests.sshd.server import IN_BIB, REPORTS, Sshd
from tests.sshd.wire import Wire

TOML = """
[institution]
name = "Example"
[exchange]
host = "127.0.0.1"
port = {port}
account = "{account}"
key = "{key}"
upload_folder = "{uploads}"
reports_folder = "{reports}"
late_after_hours = 0.0002
late_first_days = 0.00001
connect_seconds = 3
stall_seconds = {stall}
channels = {channels}
[symbols.ZAA]
records_per_file = {per_file}
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
"""
NOTE = (b"500", b"  \x1fa" + b"long " * 1900)
KINDS = ("sshd/at-close", "sshd/when-quiet", "rehearsal/keep", "rehearsal/take")


@dataclass(frozen=True)
class Ran:
    """One call of the command: what it returned and said, how long it took (seconds), when it began (epoch seconds)."""

    code: int
    out: str
    said: str
    began: float
    seconds: float

    @property
    def states(self) -> dict[str, str]:
        """The files and their states, as `upload --json` printed them."""
        return {file["name"]: file["state"] for file in orjson.loads(self.out)["files"]} if self.out else {}


class Site:
    """What both servers have in common."""

    kind = ""
    account = ""
    key: Path
    uploads: Path

    def __init__(self, place: Path, stall: float, large: int, channels: int) -> None:
        self.place, self.stall, self.large, self.channels = place, stall, large, channels
        self.wire: Wire
        self.workspace: Workspace
        self.files: tuple[OutboxFile, ...] = ()
        self._undo: list[Callable[[], object]] = []

    def furnish(self, folder: Path, uploads: str, reports: str) -> None:
        """The workspace, whose console.toml leads to the wire, with the server's key pinned."""
        text = TOML.format(port=self.wire.port, account=self.account, key=self.key, uploads=uploads, reports=reports,
                           stall=self.stall, per_file=self.large, channels=self.channels)
        self.workspace = make_workspace(folder, text)
        self.pin(self.server_key())

    def pin(self, key: str) -> None:
        """Pins this public key as the server's, and no other."""
        self.workspace.known_hosts.write_text(f"[127.0.0.1]:{self.wire.port} {key}\n")

    def prepare(self, *records: bytes) -> None:
        """Puts these records into the outbox."""
        source = write(self.place / f"source{len(list(self.place.glob('source*')))}.mrc", *records)
        carry_out(self.workspace, prepare(self.workspace, "ZAA", [source]))
        self.files = read_outbox(self.workspace, "ZAA")

    def some_files(self, small: int = 3) -> None:
        """A file of 67 KB a record, 1.6 MB as a rule, and so many small records in one more file or several."""
        large = (holding(n, *[NOTE] * 7) for n in range(self.large))
        self.prepare(*large, *(holding(n) for n in range(1000, 1000 + small)))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Starts the command."""
        command = [sys.executable, "-m", "oclc_console", "--workspace", str(self.workspace.root), *words]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                start_new_session=True, env={**os.environ, "COLUMNS": "400"})

    def console(self, *words: str, seconds: float = 180) -> Ran:
        """Runs the command to its end."""
        began, clock_began = time.time(), time.monotonic()
        with self.start(*words) as child:
            try:
                out, said = child.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.kill(child.pid, signal.SIGKILL)
                out, said = child.communicate()
                said += "\n(still not done: killed)"
        return Ran(child.returncode, out, said, began, time.monotonic() - clock_began)

    def upload(self, *more: str) -> Ran:
        """`upload ZAA --json`."""
        return self.console("upload", "ZAA", "--json", *more)

    def shown(self) -> dict[str, OutboxFile]:
        """The files as the outbox shows them now."""
        return {file.name: file for file in read_outbox(self.workspace, "ZAA")}

    def account_shown(self) -> dict[str, dict[str, Any]]:
        """The files as `account --json` prints them."""
        return {file["name"]: file for file in orjson.loads(self.console("account", "ZAA", "--json").out)["files"]}

    def events(self, verb: str = "upload") -> list[dict[str, Any]]:
        """Every event of every run of a verb so far, oldest first, with `when` in epoch seconds."""
        found = []
        for path in sorted(self.workspace.runs.glob(f"2*-{verb}-ZAA*/events.jsonl")):
            for line in path.read_bytes().split(b"\n")[:-1]:
                event = orjson.loads(line)
                found.append({**event, "when": clock.parse(event["at"]).timestamp()})
        return found

    def on_event(self, kind: str, act: Callable[[], object], *, count: int = 1) -> None:
        """Calls `act` once, as soon as so many events of this kind are on disk."""
        def watch() -> None:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                if sum(event["kind"] == kind for event in self.events()) >= count:
                    act()
                    return
                time.sleep(0.005)

        threading.Thread(target=watch, daemon=True).start()

    def ending(self, act: Callable[[], object]) -> None:
        """What has to be undone when the fault is lifted."""
        self._undo.append(act)

    def lift(self) -> None:
        """Ends the fault."""
        while self._undo:
            self._undo.pop()()
        self.wire.lift()

    def close(self) -> None:
        """Ends everything."""
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            self.lift()
        self.wire.close()

    # what the two servers do differently

    def server_key(self) -> str:
        raise NotImplementedError

    def takes(self) -> list[Take]:
        """What the other side has taken."""
        raise NotImplementedError

    def settle(self) -> list[Take]:
        """What the other side has taken, once it has taken all it is going to."""
        raise NotImplementedError

    def fired_at(self) -> float:
        """When the fault happened (epoch seconds), 0 when it has not."""
        return self.wire.fired_at

    def restart(self) -> None:
        """Ends the server and starts it again."""
        raise NotImplementedError

    def freeze(self) -> None:
        """Stops every process of the server until the fault is lifted."""
        raise NotImplementedError


class SshdSite(Site):
    """Debian's sshd and a mover."""

    def __init__(self, place: Path, mode: str, *, quiet: float = 4.0, stall: float = 2.0, large: int = 24, channels: int = 1,
                 root: Path | None = None, workspace: Path | None = None, **server: Any) -> None:
        super().__init__(place, stall, large, channels)
        self.kind = f"sshd/{mode}"
        self.server = Sshd(place / "sshd", root=root, **server)
        self.account, self.key = self.server.account, self.server.place / "client_key"
        self.uploads = self.server.uploads
        self.mover = Mover(self.uploads, place / "mover", mode, quiet)
        self.wire = Wire(self.server.port, self.server.place / "control")
        self.furnish(workspace or place / "workspace", str(self.server.root / IN_BIB), str(self.server.root / REPORTS))

    def plan(self, on: str, do: str, **more: Any) -> None:
        """What the go-between does, and when."""
        take_now = str(self.mover.log.parent / TAKE_NOW)
        (self.server.place / "plan.json").write_bytes(orjson.dumps({"on": on, "do": do, "take_now": take_now, **more}))

    def server_key(self) -> str:
        return self.server.host_key

    def takes(self) -> list[Take]:
        return takes(self.mover.log)

    def settle(self) -> list[Take]:
        until = time.monotonic() + 10
        while len(self.server.processes) > 1 and time.monotonic() < until:
            time.sleep(0.02)
        return self.mover.settle()

    def fired_at(self) -> float:
        book = self.server.place / "fired"
        noted = [float(word) for word in book.read_text().split()] if book.exists() else []
        return max([self.wire.fired_at, *noted])

    def restart(self) -> None:
        self.wire.fired()
        self.server.stop()
        self.wire.drop_all()
        self.server.start()

    def freeze(self) -> None:
        self.wire.fired()
        self.server.signal(signal.SIGSTOP)
        self.ending(lambda: self.server.signal(signal.SIGCONT))

    def lift(self) -> None:
        (self.server.place / "plan.json").unlink(missing_ok=True)
        super().lift()

    def close(self) -> None:
        super().close()
        self.server.stop()
        self.mover.stop()


class RehearsalSite(Site):
    """The rehearsal's server; `torn` says whether it keeps or takes a file whose link died."""

    def __init__(self, place: Path, torn: str, *, stall: float = 2.0, large: int = 24, channels: int = 1,
                 workspace: Path | None = None, turn_around_seconds: float = 3600, **mishap: Any) -> None:
        super().__init__(place, stall, large, channels)
        self.kind = f"rehearsal/{torn}"
        self.folder, self.account = place / "rehearsal", "fx_zaa"
        self.settings: dict[str, Any] = {"torn": torn, "turn_around_seconds": turn_around_seconds}
        self.mishap(**mishap)
        self._port = self._start()
        self.key = self.folder / "client_key"
        self.uploads = load(self.folder).root(self.account) / REHEARSAL_IN
        self.wire = Wire(self._port)
        self.furnish(workspace or place / "workspace", "/xfer/metacoll/in/bib", "/xfer/metacoll/reports")

    def mishap(self, **mishap: Any) -> None:
        """Sets what goes wrong at the server."""
        accounts = [Account("ZAA", ("1000001",), self.account)]
        prepare_rehearsal(self.folder, accounts=accounts, seed=1, **self.settings, **mishap)

    def _start(self) -> int:
        return ensure_server(self.folder, parent=os.getpid()).port

    def server_key(self) -> str:
        return " ".join((self.folder / "host_key.pub").read_text().split()[:2])

    def takes(self) -> list[Take]:
        found = []
        for taken in read_journal(self.folder)[0]:
            path = self.folder / taken.place
            if path.exists() and not taken.second_run:
                found.append(Take(taken.received / 1000, taken.name, path.stat().st_size, sha256_of(path)))
        return found

    def settle(self) -> list[Take]:
        time.sleep(0.3)
        return self.takes()

    def fired_at(self) -> float:
        noted = [clock.parse(entry["at"]).timestamp() for entry in happened(self.folder)]
        return max([self.wire.fired_at, *noted])

    def restart(self) -> None:
        self.wire.fired()
        self.wire.drop_all()
        stop_server(self.folder)
        self.wire.upstream = self._start()

    def freeze(self) -> None:
        self.wire.fired()
        pid = orjson.loads((self.folder / "server.json").read_bytes())["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.ending(lambda: os.kill(pid, signal.SIGCONT))

    def lift(self) -> None:
        super().lift()
        self.mishap()

    def close(self) -> None:
        super().close()
        stop_server(self.folder)


def can_mount() -> bool:
    """Whether a small disk can be mounted here."""
    if os.geteuid() != 0:
        return False
    there = Path("/proc/filesystems").read_text()
    return "tmpfs" in there and subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A disk of this size, mounted at `place` while the block lasts."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Fills a disk but for so many bytes; returns the file that does it."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as handle:
        with contextlib.suppress(OSError):
            while True:
                handle.write(bytes(65536))
        with contextlib.suppress(OSError):
            while True:
                handle.write(bytes(4096))
        handle.truncate(max(0, handle.tell() - leave))
    return ballast
