"""The mover: a process of its own that takes files out of an upload folder as OCLC does, and writes down every take (time,
name, size, sha256) as a line of JSON. Tests judge by that log alone. `at-close` takes a file the moment a handle of it that
could write is closed, whole or cut (inotify); `when-quiet` once its size has not changed for so many seconds. Knows nothing
of SSH, and shares no code with what is tested. `python mover.py FOLDER TAKEN LOG MODE [SECONDS]`."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import select
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

AT_CLOSE, WHEN_QUIET = "at-close", "when-quiet"
TAKE_NOW = "take-now"  # a file of this name beside the log: the next look takes whatever is there
_IN_CLOSE_WRITE = 0x8
_EVENT = struct.Struct("iIII")


@dataclass(frozen=True)
class Take:
    """One file taken away: when (epoch seconds), its name, its size in bytes and the SHA-256 of what was taken."""

    at: float
    name: str
    size: int
    sha256: str


def takes(log: Path) -> list[Take]:
    """Every take so far, in order; a line that is still being written is left for later."""
    whole = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
    return [Take(**json.loads(line)) for line in whole]


class Mover:
    """A running mover."""

    def __init__(self, uploads: Path, place: Path, mode: str, quiet_seconds: float = 1.0) -> None:
        """`place` is for its log; what it takes goes beside the tree of `uploads` (on the same disk)."""
        self.mode, self.quiet_seconds = mode, quiet_seconds
        self.taken, self.log = uploads.parents[4] / "taken", place / "takes.jsonl"
        self.uploads = uploads
        for folder in (self.taken, place):
            folder.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, str(Path(__file__)), str(uploads), str(self.taken), str(self.log), mode, str(quiet_seconds)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE)
        assert self._process.stdout is not None and self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def settle(self, seconds: float = 20.0) -> list[Take]:
        """Waits until it has taken what it is going to take, and returns every take. A file that somebody still holds open
        is not waited for at close."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.mode == WHEN_QUIET and any(self.uploads.iterdir()):
            time.sleep(0.05)
        time.sleep(0.1)
        while time.monotonic() < until and len(takes(self.log)) < len(list(self.taken.iterdir())):
            time.sleep(0.02)  # it is taken before it is written down
        return takes(self.log)


def _take(path: Path, taken: Path, log: Path, number: int) -> None:
    """Takes what is there at this moment; what a writer adds through a handle it still holds is not taken any more."""
    target = taken / f"{number:05}-{path.name}"
    try:
        os.rename(path, target)
    except FileNotFoundError:
        return
    at, size = time.time(), target.stat().st_size
    with open(target, "rb") as handle:
        content = handle.read(size)
    line = {"at": at, "name": path.name, "size": size, "sha256": hashlib.sha256(content).hexdigest()}
    with open(log, "a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def _at_close(uploads: Path, taken: Path, log: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    if watch < 0 or libc.inotify_add_watch(watch, os.fsencode(uploads), _IN_CLOSE_WRITE) < 0:
        raise OSError(ctypes.get_errno(), "inotify")
    print("ready", flush=True)
    number = 0
    while True:
        select.select([watch], [], [])
        data = os.read(watch, 65536)
        at = 0
        while at < len(data):
            _, _, _, length = _EVENT.unpack_from(data, at)
            name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\x00")
            at += _EVENT.size + length
            number += 1
            _take(uploads / os.fsdecode(name), taken, log, number)


def _when_quiet(uploads: Path, taken: Path, log: Path, seconds: float) -> None:
    print("ready", flush=True)
    seen: dict[str, tuple[int, float]] = {}
    number = 0
    while True:
        now, here = time.monotonic(), {}
        at_once = (log.parent / TAKE_NOW).exists()
        for entry in os.scandir(uploads):
            try:
                size = entry.stat().st_size
            except FileNotFoundError:
                continue
            before, since = seen.get(entry.name, (-1, now))
            here[entry.name] = (size, since if size == before else now)
            if at_once or now - here[entry.name][1] >= seconds:
                number += 1
                _take(uploads / entry.name, taken, log, number)
        if at_once:
            (log.parent / TAKE_NOW).unlink()
        seen = here
        time.sleep(min(0.05, seconds / 20))


if __name__ == "__main__":
    folder, put, book, how = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    if how == AT_CLOSE:
        _at_close(folder, put, book)
    else:
        _when_quiet(folder, put, book, float(sys.argv[5]))
