"""Starts, finds and stops the stand-in OCLC's server, a process of its own that outlives the terminal it was started from.
Loads no SSH code: whoever only wants to know where the server is pays nothing. Not the server itself (server.py)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import orjson

import oclc_console
from oclc_console import files
from oclc_console.errors import OtherSideError

HOST = "127.0.0.1"
SERVER_FILE, SERVER_LOCK, SERVER_LOG = "server.json", ".server.lock", "server.log"
_STARTS_WITHIN = 10.0
_ENDS_WITHIN = 15.0


@dataclass(frozen=True)
class Server:
    """Where a server listens, and the public key it shows (`ssh-ed25519 AAAA...`, OpenSSH form)."""

    host: str
    port: int
    host_key: str
    pid: int


def running_server(folder: Path) -> Server | None:
    """The server of a rehearsal, when it lives and answers."""
    if not files.is_locked(folder / SERVER_LOCK):
        return None
    try:
        kept = orjson.loads((folder / SERVER_FILE).read_bytes())
        server = Server(kept["host"], kept["port"], kept["host_key"], kept["pid"])
        with socket.create_connection((server.host, server.port), timeout=2):
            return server
    except (FileNotFoundError, ConnectionError, TimeoutError):
        return None


def ensure_server(folder: Path, *, parent: int, idle_seconds: float = 60) -> Server:
    """The running server of a rehearsal, started first when there is none. It ends by itself when the process `parent` is
    gone, nobody has been connected for `idle_seconds` and no file waits. Raises OtherSideError with the end of its log when
    it does not come up within ten seconds."""
    with files.locked(folder / ".starting.lock", doing="starting the rehearsal", wait_seconds=2 * _STARTS_WITHIN):
        until = time.monotonic() + _STARTS_WITHIN
        while (server := running_server(folder)) is None and files.is_locked(folder / SERVER_LOCK):
            if time.monotonic() > until:
                break
            time.sleep(0.05)  # one is on its way out, or still coming up
        if server:
            return server
        process = _start(folder, parent, idle_seconds)
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until and process.poll() is None:
            if server := running_server(folder):
                # somebody must take note of its end, or it stays in the process table for as long as we live
                threading.Thread(target=process.wait, daemon=True, name="rehearsal server").start()
                return server
            time.sleep(0.05)
        if process.poll() is None:
            process.terminate()
        process.wait()
    tail = (folder / SERVER_LOG).read_text(errors="replace")[-1500:].strip()
    raise OtherSideError(f"the rehearsal's server did not start: {tail or 'it said nothing'}", where=str(folder / SERVER_LOG),
                         then="Run the same command again; if it fails again, this log says why.")


def _start(folder: Path, parent: int, idle_seconds: float) -> subprocess.Popen[bytes]:
    (folder / SERVER_FILE).unlink(missing_ok=True)
    ours = str(Path(oclc_console.__file__).parents[1])
    path = os.pathsep.join(part for part in (ours, os.environ.get("PYTHONPATH", "")) if part)
    command = [sys.executable, "-m", "oclc_console.rehearsal.server", str(folder.absolute()), "--parent", str(parent),
               "--idle", str(idle_seconds)]
    # asyncssh looks for ~ and ends where there is none: a login without an entry in passwd, in a container
    home = {"HOME": str(folder.absolute())}
    with open(folder / SERVER_LOG, "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                env={**home, **os.environ, "PYTHONPATH": path})


def stop_server(folder: Path) -> None:
    """Ends the server of a rehearsal, if it runs, and waits until it has; files it took wait for the next one. Raises
    OtherSideError when it does not end."""
    until = time.monotonic() + _ENDS_WITHIN
    asked = 0
    while files.is_locked(folder / SERVER_LOCK):
        if time.monotonic() > until:
            raise OtherSideError("the rehearsal's server does not end", where=str(folder),
                                 then="Wait a little and try again, or end its process yourself.")
        if (pid := _pid(folder)) and pid != asked:
            os.kill(pid, signal.SIGTERM)
            asked = pid
        time.sleep(0.05)


def _pid(folder: Path) -> int:
    try:
        return int(orjson.loads((folder / SERVER_FILE).read_bytes())["pid"])
    except FileNotFoundError:
        return 0


def is_alive(pid: int) -> bool:
    """Whether a process lives. On Windows, where asking would end it, the answer is always yes."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
