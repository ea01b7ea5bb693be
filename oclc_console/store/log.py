"""The log: one line for every act of a person on the project, appended and never changed. It is the truth; project.json
is only its fold. Each line carries the hash of the line before it, so that a changed, removed or moved line shows. A last
line that a kill tore is kept in a file beside the log, log.torn-<instant>, before it is cut off. Not for what runs did (their
own events) nor for working out what the acts mean (project.py and project/).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import HereError, from_os_error
from oclc_console.files import append_line, complete_lines, is_locked, locked, open_for_append, replace_file
from oclc_console.workspace import Workspace, require_known_version

BEFORE_THE_FIRST = "0" * 64
TORN = "log.torn-"  # and the second it was set aside in
UNREADABLE = (ValueError, KeyError, TypeError, OverflowError)  # what a line raises that is not one of ours
_TAIL = 4096
_VERIFY = "Run: oclc-console log verify. Nothing was written."


@dataclass(frozen=True)
class LogLine:
    """One act: `act` is a word such as milestone.done, `data` what belongs to it, `by` the login, `at` an ISO instant.
    `prev` is the hash of the line before, `hash` this line's own."""

    seq: int
    at: str
    by: str
    act: str
    symbol: str | None
    data: Mapping[str, Any]
    prev: str
    hash: str

    @property
    def words(self) -> str:
        """The act and its data on one line, for people."""
        shown = ", ".join(f"{key} {_in_short(value)}" for key, value in self.data.items() if value not in ("", None))
        return f"{self.act}{': ' + shown if shown else ''}"


def _in_short(value: Any) -> str:
    """A value of an act as it stands in a line: of a list only how long it is."""
    if isinstance(value, Mapping):
        return " ".join(f"{key}={_in_short(each)}" for key, each in value.items()) or "none"
    return f"({len(value):,})" if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class Head:
    """Where the log stands: the number and the hash of its last line."""

    seq: int = 0
    hash: str = BEFORE_THE_FIRST


@dataclass(frozen=True)
class Verified:
    """What `verify` found: how many lines there are, and the number and fault of the first bad one."""

    lines: int
    ok: bool
    first_bad: int | None = None
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, for people; empty where nothing is."""
        return "" if self.ok else f"line {self.first_bad:,} of the log: {self.reason}"


@dataclass(frozen=True)
class Walked:
    """How far a walk along the lines came: the last sound one, and the fault of the one after it (empty: there is none)."""

    head: Head
    fault: str = ""


BEGINNING = Head()


class Writer:
    """Appends to a log whose lock is held; made by `writing`."""

    def __init__(self, handle: int, by: str, head: Head) -> None:
        self._handle, self._by, self._head = handle, by, head

    def append(self, act: str, symbol: str | None, /, **data: Any) -> LogLine:
        """Writes one act; it is on disk when this comes back."""
        at = clock.iso(clock.now())
        unsigned = LogLine(self._head.seq + 1, at, self._by, act, symbol, data, self._head.hash, "")
        encoded = _encode(unsigned, _hash(unsigned))
        append_line(self._handle, encoded + b"\n")
        line = _decode(encoded)
        self._head = Head(line.seq, line.hash)
        return line


@contextmanager
def writing(workspace: Workspace) -> Iterator[Writer]:
    """Holds the log's lock, so that what is read inside the block still holds when the block appends. A last line torn
    by a kill is set aside first. Raises HereError when the log's end is not sound, or the disk refuses; SettingsError in a
    workspace that a newer program has changed."""
    try:
        require_known_version(workspace.root)  # a colleague's newer program may have brought it up to date just now
        with locked(_lock(workspace), doing="writing the log"):
            _set_aside(workspace)
            handle = open_for_append(workspace.log)
            try:
                yield Writer(handle, workspace.actor, _sound_head(workspace.log))
            finally:
                os.close(handle)
    except OSError as error:
        raise from_os_error(error, "writing the log") from error


def append(workspace: Workspace, act: str, symbol: str | None, /, **data: Any) -> LogLine:
    """Writes one act of the acting person, fsynced, and gives it back. Raises HereError as `writing` does."""
    with writing(workspace) as writer:
        return writer.append(act, symbol, **data)


def read(workspace: Workspace) -> list[LogLine]:
    """Every line, oldest first; a torn last one is left out. Raises HereError at a line that can't be read at all; says
    nothing of lines that were changed (verify does)."""
    lines = []
    for number, raw in enumerate(complete_lines(workspace.log), 1):
        try:
            lines.append(_decode(raw))
        except UNREADABLE as error:
            raise HereError(f"line {number} of the log can't be read ({type(error).__name__})",
                            where=str(workspace.log), then="Run: oclc-console log verify") from error
    return lines


def head(workspace: Workspace) -> Head:
    """Where the log stands, from its end alone. Raises HereError when the last line can't be read."""
    lines = _last_lines(workspace.log, 1)
    if not lines:
        return Head()
    try:
        last = _decode(lines[0])
    except UNREADABLE as error:
        raise HereError("the last line of the log can't be read", where=str(workspace.log), then=_VERIFY) from error
    return Head(last.seq, last.hash)


def verify(workspace: Workspace) -> Verified:
    """Walks the whole log and names the first line that was changed, removed or moved. Lines cut off the end leave no
    trace in the log itself: those are found by what project.json had seen."""
    seen = seen_by_project(workspace)  # before the log is read: what is written meanwhile is then no line that is missing
    lines = complete_lines(workspace.log)
    return judged(lines, walk(lines), seen)


def walk(lines: Iterable[bytes], before: Head = BEGINNING) -> Walked:
    """Walks along lines, the first of which follows `before`, up to the first one that is not sound."""
    for raw in lines:
        line = _sound_line(raw, before)
        if isinstance(line, str):
            return Walked(before, line)
        before = Head(line.seq, line.hash)
    return Walked(before)


def judged(lines: Sequence[bytes], walked: Walked, seen: Head | None) -> Verified:
    """What a walk along all the lines means, beside what project.json had seen of them before they were read."""
    seen = seen or BEGINNING
    if 0 < seen.seq <= walked.head.seq and _decode(lines[seen.seq - 1]).hash != seen.hash:
        return Verified(len(lines), False, seen.seq, "project.json has seen another line here: "
                        "the log was written anew from this line or an earlier one")
    if walked.fault:
        return Verified(len(lines), False, walked.head.seq + 1, walked.fault)
    if seen.seq > len(lines):
        return Verified(len(lines), False, len(lines) + 1,
                        f"project.json has seen {seen.seq:,} lines: the last {seen.seq - len(lines):,} were removed")
    return Verified(len(lines), True)


def set_aside(workspace: Workspace) -> list[Path]:
    """The files that hold last lines torn by a kill, oldest first. Nobody was told that those acts were written."""
    return sorted(workspace.root.glob(f"{TORN}*"))


def torn_bytes(workspace: Workspace) -> int:
    """How many bytes of a torn line the log ends with now; the next one who writes sets them aside. 0 while somebody is
    writing: that line is not torn yet."""
    return len(_torn(workspace.log)) if not is_locked(_lock(workspace)) else 0


def seen_by_project(workspace: Workspace) -> Head | None:
    """The last line that project.json was folded from; None where there is no readable project.json."""
    try:
        mark = orjson.loads(workspace.project.read_bytes())["log"]["1"]
        return Head(int(mark["seq"]), str(mark["hash"]))
    except (FileNotFoundError, *UNREADABLE):
        return None


def _sound_line(raw: bytes, before: Head) -> LogLine | str:
    """A line that is unchanged and follows the one before it; else what is wrong with it."""
    try:
        line = _decode(raw)
        content = _content(line)
        unchanged = line.hash == _hashed(line.prev, content) and _whole(content, line.prev, line.hash) == raw
    except UNREADABLE:
        return "it can't be read: it is not a line this program wrote"
    if not unchanged:
        return "it was changed after it was written"
    if line.seq != before.seq + 1 or line.prev != before.hash:
        return f"it does not follow the line before it: it says it is line {line.seq:,}; lines were removed or moved"
    return line


def _sound_head(path: Path) -> Head:
    """The head, once the last line is seen to be unchanged and to follow the one before it."""
    lines = _last_lines(path, 2)
    if not lines:
        return Head()
    try:
        previous = _decode(lines[0]) if len(lines) == 2 else None
        last = _sound_line(lines[-1], Head(previous.seq, previous.hash) if previous else Head())
    except UNREADABLE:
        last = "the line before it can't be read"
    if isinstance(last, str):
        raise HereError(f"the last line of the log is not sound: {last}", where=str(path), then=_VERIFY)
    return Head(last.seq, last.hash)


def _lock(workspace: Workspace) -> Path:
    return workspace.root / "log.lock"


def _set_aside(workspace: Workspace) -> None:
    """Keeps a torn last line in a file beside the log; the log's lock is held. It is cut off by whoever opens the log to
    append, and kept twice if a kill comes in between."""
    if not (torn := _torn(workspace.log)):
        return
    stem = f"{TORN}{clock.stamp(clock.now())}"
    names = (workspace.root / (stem if number == 1 else f"{stem}-{number}") for number in count(1))
    replace_file(next(path for path in names if not path.exists()), torn)


def _torn(path: Path) -> bytes:
    """What stands after the last whole line."""
    try:
        handle = open(path, "rb")  # noqa: SIM115 - closed by the with below; only the opening may find no file
    except FileNotFoundError:
        return b""
    with handle:
        end, size = handle.seek(0, os.SEEK_END), _TAIL
        while True:
            start = max(0, end - size)
            handle.seek(start)
            block = handle.read(end - start)
            if start == 0 or b"\n" in block:
                return block[block.rfind(b"\n") + 1:]
            size *= 4


def _last_lines(path: Path, count: int) -> list[bytes]:
    """The last `count` whole lines, reading no more of the file's end than it takes."""
    try:
        handle = open(path, "rb")  # noqa: SIM115 - closed by the with below; only the opening may find no file
    except FileNotFoundError:
        return []
    with handle:
        end, size = handle.seek(0, os.SEEK_END), _TAIL
        while True:
            start = max(0, end - size)
            handle.seek(start)
            whole = handle.read(end - start).split(b"\n")[:-1]
            if start == 0 or len(whole) > count:
                return whole[-count:]
            size *= 4


def _content(line: LogLine) -> dict[str, Any]:
    return {"seq": line.seq, "at": line.at, "by": line.by, "act": line.act, "symbol": line.symbol,
            "data": dict(line.data)}


def _hash(line: LogLine) -> str:
    return _hashed(line.prev, _content(line))


def _hashed(previous: str, content: Mapping[str, Any]) -> str:
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous.encode() + canonical).hexdigest()


def _encode(line: LogLine, signed: str) -> bytes:
    return _whole(_content(line), line.prev, signed)


def _whole(content: Mapping[str, Any], previous: str, signed: str) -> bytes:
    return orjson.dumps({**content, "prev": previous, "hash": signed})


def _decode(raw: bytes) -> LogLine:
    found = orjson.loads(raw)
    return LogLine(int(found["seq"]), found["at"], found["by"], found["act"], found["symbol"], dict(found["data"]),
                   str(found["prev"]), str(found["hash"]))
