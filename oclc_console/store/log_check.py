"""Is the log still what people wrote? A watch that looks again and again and walks only what is new, for a console that is
open all day; and a look to be taken before somebody signs. Not for naming everything that is wrong (log.verify, and
project.check_fold for the fold).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from oclc_console.errors import HereError
from oclc_console.files import FileMark, mark_of
from oclc_console.store import log
from oclc_console.store.log import BEGINNING, Verified, Walked
from oclc_console.workspace import Workspace


class LogWatch:
    """Looks at one workspace's log. What was walked once and has not changed by a byte since is not walked again: that is
    seen by its SHA-256 (some hundredths of a second for 100,000 lines; the first walk takes under a second). Not
    thread-safe: one thread looks."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._marks: tuple[FileMark | None, ...] = ()
        self._found = Verified(0, True)
        self._size, self._digest, self._walked = 0, hashlib.sha256(b"").digest(), Walked(BEGINNING)

    def look(self) -> Verified:
        """What is to be said of the log now. Raises OSError when it can't be read."""
        marks = tuple(_mark(path) for path in (self._workspace.log, self._workspace.project))
        if marks != self._marks:
            self._found = self._look()
            self._marks = marks
        return self._found

    def _look(self) -> Verified:
        seen = log.seen_by_project(self._workspace)
        try:
            content = self._workspace.log.read_bytes()
        except FileNotFoundError:
            content = b""
        whole = memoryview(content)[: content.rfind(b"\n") + 1]
        known = self._size <= len(whole) and hashlib.sha256(whole[: self._size]).digest() == self._digest
        begin, before = (self._size, self._walked.head) if known and not self._walked.fault else (0, BEGINNING)
        lines = content.split(b"\n")[:-1]
        self._walked = log.walk(lines[content.count(b"\n", 0, begin):], before)
        self._size, self._digest = len(whole), hashlib.sha256(whole).digest()
        return log.judged(lines, self._walked, seen)


def require_sound(workspace: Workspace) -> None:
    """Walks the whole log before somebody signs what can't be taken back. Raises HereError when a line of it was changed,
    removed, moved or put in."""
    found = log.verify(workspace)
    if not found.ok:
        raise HereError(f"{found.sentence}; nobody can sign on a log that was changed", where=str(workspace.log),
                        then="Run: oclc-console log verify. Find out who changed it, and bring it back from a backup.")


def _mark(path: Path) -> FileMark | None:
    try:
        return mark_of(path)
    except FileNotFoundError:
        return None
