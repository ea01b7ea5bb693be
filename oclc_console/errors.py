"""The console's own family of errors. Each one says what happened, where, and what to do next, and knows the exit code
of the command it ends. Not for programming mistakes: those stay ordinary Python exceptions.

    ConsoleError
      CallError        2  the command was called wrongly
      SettingsError    2  console.toml has a mistake
      InputError       2  a file given to us is not what it should be
      OtherSideError   3  OCLC's server (or the link to it) failed; safe to run again
      HereError        3  this machine failed (disk full, no permission, somebody else at work); safe to run again
      Refused          4  a gate is closed
"""

from __future__ import annotations

from functools import partial
from typing import Any


class ConsoleError(Exception):
    """What happened, where (file, record, byte, line or key) and what to do next. `needs_somebody` where the same command ends
    in the same way until somebody has done something about it."""

    exit_code = 2
    needs_somebody = False

    def __init__(self, what: str, *, where: str = "", then: str = "") -> None:
        self.what, self.where, self.then = what, where, then
        super().__init__(what, where, then)

    def __reduce__(self) -> tuple[Any, ...]:
        """How the error travels home from a worker process (what follows `what` goes by name only)."""
        return partial(type(self), self.what, where=self.where, then=self.then), ()

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.then}" if self.then else ""
        stop = "" if self.what.endswith((".", "?", "!")) else "."
        return f"{place}{self.what}{stop}{remedy}"


class CallError(ConsoleError):
    """The command was called wrongly."""


class SettingsError(ConsoleError):
    """console.toml has a mistake; `where` names the file and the key."""


class InputError(ConsoleError):
    """A file given to us is not what it should be; nothing was taken from it."""


class OtherSideError(ConsoleError):
    """The other side failed, or the link to it. Running the command again is safe."""

    exit_code = 3


class HereError(ConsoleError):
    """This machine failed: disk, permission, or somebody else at work. Running the command again is safe."""

    exit_code = 3


class Refused(ConsoleError):
    """A gate is closed: a condition is not met and nobody signed for it."""

    exit_code = 4


def from_os_error(error: OSError, doing: str) -> HereError:
    """An OSError of this machine in our words: `doing` completes "while ..."."""
    where = str(error.filename) if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    remedies = {1: "Give this login the right to it, or run as the login that owns the workspace.",
                2: "Look at the path: it is not there, or can't be made there. Then run the same command again.",
                17: "There is a file where a folder is wanted, or the other way round: name another place.",
                20: "There is a file where a folder is wanted: name another place.",
                21: "There is a folder where a file is wanted: name another place.",
                28: "Free some space on that disk, then run the same command again; nothing was half-written.",
                122: "The disk quota is used up: free some space, then run the same command again.",
                13: "Give this login the right to it, or run as the login that owns the workspace.",
                30: "That disk is read-only: use a workspace on a disk that can be written."}
    then = remedies.get(error.errno or 0, "Then run the same command again.")
    return HereError(f"{reason} while {doing}", where=where, then=then)
