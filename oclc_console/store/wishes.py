"""What people ask of a run that is under way: to pause, to use more or fewer connections, to try a file again. A small file
in the run's folder that anybody with the workspace may change and the run reads again about once a second. Not for asking it
to end (that is SIGTERM), nor for what happened: the run answers with events of its own.

    runs/20201103T081200Z-upload-ZMD/wishes.json    {"paused": true, "connections": 2, "retry": ["a.mrc"]}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from oclc_console.files import locked, replace_file

FILE = "wishes.json"
MOST_CONNECTIONS = 8


@dataclass(frozen=True)
class Wishes:
    """What is asked of a run now. `connections` is None where nobody said: the settings' count holds. `retry` names files
    that failed in this run and shall be tried again; the run takes a name out when it takes the file up."""

    paused: bool = False
    connections: int | None = None
    retry: tuple[str, ...] = ()


def read_wishes(folder: Path, before: Wishes | None = None) -> Wishes:
    """The wishes in a run's folder; the defaults where nobody wished for anything. A file that can't be understood changes
    nothing: then they are what they were `before`."""
    try:
        found = orjson.loads((folder / FILE).read_bytes())
        paused, connections, retry = found["paused"], found["connections"], tuple(found["retry"])
    except FileNotFoundError:
        return Wishes()
    except (ValueError, KeyError, TypeError):
        return before or Wishes()
    sound = (isinstance(paused, bool) and (connections is None or type(connections) is int)
             and all(isinstance(name, str) for name in retry))
    if not sound:
        return before or Wishes()
    return Wishes(paused, None if connections is None else min(max(connections, 1), MOST_CONNECTIONS), retry)


def change_wishes(folder: Path, change: Callable[[Wishes], Wishes]) -> Wishes:
    """Changes the wishes in a run's folder: reads them, hands them to `change` and puts its answer in their place, under a
    lock, so that two people who wish at once both get theirs. Raises HereError when the lock can't be had."""
    with locked(folder / f"{FILE}.lock", doing="changing what is asked of a run"):
        before = read_wishes(folder)
        after = change(before)
        if after != before:
            replace_file(folder / FILE, orjson.dumps(asdict(after), option=orjson.OPT_INDENT_2))
        return after
