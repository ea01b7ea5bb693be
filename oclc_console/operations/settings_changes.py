"""Writes into the log that console.toml was changed: which keys, once for each change, by whoever first opened the workspace
afterwards. A copy of the file as it was last seen stands beside it, to compare with. Not for checking the file
(settings_file.py); one with a mistake in it is not seen until it is mended."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from oclc_console.errors import SettingsError, from_os_error
from oclc_console.files import locked, replace_file
from oclc_console.settings_file import settings_of
from oclc_console.store import log
from oclc_console.workspace import Workspace

ACT = "settings.changed"
_SEEN = ".console.toml.seen"
_PACK = "pack.json"  # what was unpacked from a pack has settings that were made for it, and no log


def notice(workspace: Workspace) -> str:
    """Looks whether console.toml was changed since it was last looked at; if so, logs which keys and gives them back in
    words, else "". Comments and order are no change. Raises HereError when the log or the copy can't be written."""
    path, seen = workspace.root / "console.toml", workspace.root / _SEEN
    if (workspace.root / _PACK).exists() or _content(path) == _content(seen):
        return ""
    with locked(workspace.root / "console.lock", doing="looking at console.toml"):
        now, before = _content(path), _content(seen)
        if now is None or now == before:
            return ""
        try:
            settings_of(now.decode(), path)
        except (SettingsError, UnicodeDecodeError):
            return ""  # whoever reads the settings is told; what is wrong in them is not a change yet
        keys = _log_change(workspace, before, now)
        try:
            replace_file(seen, now)
        except OSError as error:
            raise from_os_error(error, "keeping a copy of console.toml to compare with") from error
    return keys


def changed_keys(before: str, now: str) -> list[str]:
    """The keys whose values differ between two TOML texts, in the order of the file; a table that came or went is one."""
    return list(_differences("", tomllib.loads(before), tomllib.loads(now)))


def short_list(keys: list[str], most: int = 12) -> str:
    """Keys on one line; of very many only the first."""
    more = f" and {len(keys) - most} more" if len(keys) > most else ""
    return ", ".join(keys[:most]) + more


def hash_of(content: bytes) -> str:
    """What names one content of console.toml in the log."""
    return hashlib.sha256(content).hexdigest()


def _log_change(workspace: Workspace, before: bytes | None, now: bytes) -> str:
    """Logs the change if nobody did yet (an import of symbols logs its own)."""
    named = hash_of(now)
    logged = next((line.data.get("sha256") for line in reversed(log.read(workspace)) if line.act == ACT), None)
    if logged == named or (before is None and logged is None):
        return ""
    keys = short_list(changed_keys(before.decode(), now.decode())) if before is not None else "not known: the copy is gone"
    if keys:
        log.append(workspace, ACT, None, keys=keys, sha256=named)
    return keys


def _differences(key: str, before: Any, now: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*before, *now]):
            under = f"{key}.{name}" if key else name
            if name not in before or name not in now:
                yield under
            else:
                yield from _differences(under, before[name], now[name])
    elif isinstance(before, list) and isinstance(now, list) and any(isinstance(each, dict) for each in [*before, *now]):
        for place in range(max(len(before), len(now))):
            under = f"{key}[{place + 1}]"
            if place >= len(before) or place >= len(now):
                yield under
            else:
                yield from _differences(under, before[place], now[place])
    elif before != now:
        yield key


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise from_os_error(error, "looking whether console.toml was changed") from error
