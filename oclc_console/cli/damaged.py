"""What is said when a file of the workspace itself turns out to be damaged (a bad disk, a careless hand): which file it is
and what to do. Not for files that people give us (those are read with care where they are read)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import orjson

from oclc_console.errors import ConsoleError, InputError
from oclc_console.files import shown_name
from oclc_console.workspace import find_workspace

_JSON = ("outbox/*/*.mrc.json", "ledger/*/*.json", "runs/*/run.json", "project.json", "rehearsal/*.json")


def kinds() -> tuple[type[Exception], ...]:
    """What the readers of JSON and of Parquet raise, as far as they are loaded: what is not loaded has not raised anything."""
    found: list[type[Exception]] = [orjson.JSONDecodeError]
    if duckdb := sys.modules.get("duckdb"):
        found += [duckdb.InvalidInputException, duckdb.IOException]
    return tuple(found)


def in_words(error: Exception, given: str | None) -> InputError:
    """The error as a sentence that names the damaged file. `given` is the workspace as named on the command line."""
    reason = str(error).strip().partition("\n")[0]
    if isinstance(error, orjson.JSONDecodeError):
        path = _damaged_json(given)
        return InputError(f"this file can't be read ({reason})", where=shown_name(str(path)) if path else "a JSON file",
                          then=_remedy(path))
    named = re.search(r"""['"]([^'"]+\.parquet)['"]""", reason)
    path = Path(named[1]) if named else None
    return InputError(f"this file can't be read ({reason})", where=str(path) if path else "a ledger file", then=_remedy(path))


def _damaged_json(given: str | None) -> Path | None:
    try:
        root = find_workspace(given).root
    except ConsoleError:
        return None
    for path in (path for pattern in _JSON for path in sorted(root.glob(pattern))):
        try:
            orjson.loads(path.read_bytes())
        except (orjson.JSONDecodeError, OSError):
            return path
    return None


def _remedy(path: Path | None) -> str:
    if path is not None and path.with_suffix("").suffix == ".txt":
        return "Delete this file, then import its report from the reports folder again."
    return "Put it back from a backup; if there is none, move it away and prepare its source files again."
