"""Brings the files of an older workspace up to date when it is opened, version after version; whatever is changed is first
copied into a folder backup-<instant>/. The next version is one more Step and VERSION in workspace.py. Not for console.toml,
which is the person's own, and not for a newer workspace: that is refused (workspace.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from oclc_console import clock
from oclc_console.errors import from_os_error
from oclc_console.files import locked, make_folder, sync_file, sync_folder
from oclc_console.store import log
from oclc_console.store.project import rebuild
from oclc_console.workspace import VERSION, VERSION_FILE, Workspace, require_known_version, write_version


@dataclass(frozen=True)
class Step:
    """From one version to the next: which files it changes (patterns below the workspace), what it does, and that in words.
    It may be done a second time where a kill came in between, and must then do no harm."""

    changes: tuple[str, ...]
    does: Callable[[Workspace], None]
    words: str


@dataclass(frozen=True)
class Migrated:
    """What was done to an older workspace: from which version to which, what, and where the files are as they were (None:
    nothing that was there had to change)."""

    before: int
    now: int
    did: tuple[str, ...]
    backup: Path | None

    @property
    def sentence(self) -> str:
        """The same for people."""
        kept = f" As it was, it is in {self.backup.name}." if self.backup else ""
        return f"Brought from version {self.before} to {self.now}: {'; '.join(self.did)}.{kept}"


def _fold_anew(workspace: Workspace) -> None:
    """1 to 2: project.json has a hash of its own, and the fold knows more kinds of acts."""
    if log.verify(workspace).ok:  # else it is the evidence of what the log was, and stays
        rebuild(workspace)


STEPS: Mapping[int, Step] = {
    1: Step(("project.json",), _fold_anew, "project.json was made anew from the log"),
}


def migrate(workspace: Workspace) -> Migrated | None:
    """Brings an older workspace up to date; None when it is. Raises SettingsError for a newer one, HereError when the disk
    refuses or somebody else is at it."""
    if require_known_version(workspace.root) == VERSION:
        return None
    try:
        with locked(workspace.root / "workspace.lock", doing="bringing the workspace up to date", wait_seconds=60):
            before = require_known_version(workspace.root)
            return _migrate(workspace, before) if before < VERSION else None  # another console was quicker
    except OSError as error:
        raise from_os_error(error, "bringing the workspace up to date") from error


def _migrate(workspace: Workspace, before: int) -> Migrated:
    steps = {version: STEPS[version] for version in range(before, VERSION)}
    backup = _back_up(workspace.root, [pattern for step in steps.values() for pattern in step.changes])
    for version, step in steps.items():
        step.does(workspace)
        told = {"backup": backup.name} if backup else {}
        write_version(workspace.root, version + 1, at=clock.iso(clock.now()), by=workspace.actor, **told)
    return Migrated(before, VERSION, tuple(step.words for step in steps.values()), backup)


def _back_up(root: Path, patterns: list[str]) -> Path | None:
    """Copies what fits the patterns, and what says the version, into a folder of its own."""
    files = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})
    if not files:
        return None
    stem = f"backup-{clock.stamp(clock.now())}"
    names = (root / (stem if number == 1 else f"{stem}-{number}") for number in count(1))
    folder = make_folder(next(path for path in names if not path.exists()))
    for path in [*files, *(path for path in [root / VERSION_FILE] if path.exists())]:
        copy = make_folder((folder / path.relative_to(root)).parent) / path.name
        shutil.copy2(path, copy)
        sync_file(copy)
        sync_folder(copy.parent)
    return folder
