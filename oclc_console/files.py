"""How we write to disk: a file is replaced whole or not at all (temporary file in the same folder, fsync, rename, fsync
the folder), a line is appended and synced or not there, and a lock says who is at work. Works on Windows too: nothing
here needs fcntl at import. Not for MARC or JSON shapes; only bytes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

from oclc_console.errors import HereError, from_os_error

BLOCK = 1 << 20
_TEMPORARIES = count(1)  # two threads of one process may replace the same file


def sync_folder(folder: Path) -> None:
    """Makes renames and new names in `folder` survive a power cut (a no-op where folders can't be opened)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Makes what was written into a file that is closed again survive a power cut."""
    with open(path, "rb+") as handle:
        os.fsync(handle.fileno())


def make_folder(folder: Path) -> Path:
    """The folder, made if need be and synced into its parent."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    return folder


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write into that takes `path`'s place, synced, when the block ends well, and leaves no trace if not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{next(_TEMPORARIES)}.tmp")
    try:
        with open(temporary, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Replaces `path` by `content`, atomically and durably."""
    with replacing(path) as handle:
        for part in [content] if isinstance(content, bytes) else content:
            handle.write(part)


def move_into_place(source: Path, target: Path) -> None:
    """Renames an already synced file to its final name (same disk), durably."""
    os.replace(source, target)
    sync_folder(target.parent)


def append_line(handle: int, line: bytes) -> None:
    """Appends one line to an open O_APPEND descriptor and syncs it; on a full disk cuts back what was half-written."""
    size = os.fstat(handle).st_size
    try:
        written = 0
        while written < len(line):
            written += os.write(handle, line[written:])
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, size)
        raise


def open_for_append(path: Path) -> int:
    """A descriptor for `append_line`. A torn last line (a process killed while writing) is cut off first."""
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    cut_torn_tail(handle)
    if fresh:
        sync_folder(path.parent)
    return handle


def cut_torn_tail(handle: int) -> None:
    """Cuts an incomplete last line off an open file, so that the next line starts on its own."""
    end = os.fstat(handle).st_size
    position = end
    while position > 0:
        start = max(0, position - 4096)
        os.lseek(handle, start, os.SEEK_SET)
        block = os.read(handle, position - start)
        if (at := block.rfind(b"\n")) >= 0:
            position = start + at + 1
            break
        position = start
    if position != end:
        os.ftruncate(handle, position)


def complete_lines(path: Path) -> list[bytes]:
    """The whole lines of a file of lines; a torn last one (still being written, or cut by a kill) is left out."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = content.split(b"\n")
    return lines[:-1]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex, in constant memory."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@dataclass(frozen=True)
class FileMark:
    """What a file bears that nobody has touched since: its inode, its size in bytes, and when its content and when anything
    of it changed (nanoseconds)."""

    inode: int
    size: int
    modified: int
    changed: int

    def has_content_of(self, other: FileMark) -> bool:
        """Whether this is the same file, and nobody wrote into it since; it may bear other names or rights."""
        return (self.inode, self.size, self.modified) == (other.inode, other.size, other.modified)


def mark_of(file: Path | int) -> FileMark:
    """The mark of a file, by its path or an open descriptor. Raises OSError."""
    now = os.stat(file)
    return FileMark(now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@contextlib.contextmanager
def locked(path: Path, *, doing: str, wait_seconds: float = 10) -> Iterator[None]:
    """Holds the lock file `path`. Raises HereError when somebody else holds it for longer than `wait_seconds`, or it
    can't be made."""
    from filelock import FileLock, Timeout  # what is only looked at opens without it

    try:
        make_folder(path.parent)
        lock = FileLock(str(path))
        lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise HereError(f"somebody else is at it ({doing})", where=str(path),
                        then="Wait until they are done, or look at Runs, then try again.") from None
    except OSError as error:
        raise from_os_error(error, f"making a lock ({doing})") from error
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock file (looking never gets in a holder's way)."""
    if not path.exists():
        return False
    if os.name == "nt":
        from filelock import FileLock, Timeout

        try:
            with FileLock(str(path)).acquire(timeout=0):
                return False
        except Timeout:
            return True
    import fcntl

    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


_PLAIN_NAME = re.compile(r"[^/\\:\x00-\x1f\x7f-\x9f]+")
_LONGEST_NAME = 200  # bytes; a file system takes 255, and ours grow by what a temporary or derived file adds


def is_utf8(name: str) -> bool:
    """Whether a file name from this system is text at all (Python keeps the bytes that are not as surrogates)."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def shown_name(name: str) -> str:
    """A file name for people and logs: bytes that are no text as \\xNN."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_plain_name(name: str) -> bool:
    """Whether a name from outside can be a file in one of our folders: no path in it, not hidden, no control character,
    not too long."""
    if not _PLAIN_NAME.fullmatch(name) or name.startswith(".") or name.strip() != name:
        return False
    return len(name.encode("utf-8", "surrogateescape")) <= _LONGEST_NAME
