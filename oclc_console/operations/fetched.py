"""A question: which of the files that OCLC lists are here already, and which has it removed before they came? By name, and
never by a time window: a zip and the file inside it are one, and so are two names of the same report. Not for fetching
anything (fetch.py)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from oclc_console.oclc.listed_names import ListedName, base_of
from oclc_console.settings import Symbol
from oclc_console.store.events import OnlyPlaceholder, ReportFiled, ReportRefused
from oclc_console.store.runs import RunState, events_of, read_run
from oclc_console.workspace import Workspace, folder_name


@dataclass
class Here:
    """The files of one kind that are here: their sizes in bytes by name, the names that mean them (without `.zip`), and
    what was looked at before (name, size) and is not to take the place of what is here."""

    sizes: dict[str, int]
    bases: set[str] = field(default_factory=set)
    refused: frozenset[tuple[str, int | None]] = frozenset()

    def __post_init__(self) -> None:
        self.bases |= {base_of(name) for name in self.sizes}

    def has(self, listed: ListedName) -> bool:
        """Whether the file that this name means is here, in whatever form."""
        return listed.base in self.bases

    def lacks(self, listed: ListedName, size: int) -> bool:
        """Whether the file has to be fetched: it is not here, or is listed with another size than what is here has (OCLC
        was still writing it when it was fetched)."""
        if not self.has(listed):
            return True
        here = self.sizes.get(listed.name)
        return here is not None and here != size and (listed.name, size) not in self.refused

    def differs(self, listed: ListedName, size: int) -> bool:
        """Whether it is here, listed with another size, and was told already that it can't take the place of ours."""
        return self.sizes.get(listed.name, size) != size and (listed.name, size) in self.refused

    def add(self, listed: ListedName, size: int) -> None:
        """One more is here."""
        self.sizes[listed.name] = size
        self.bases.add(listed.base)


@dataclass(frozen=True)
class Told:
    """What earlier fetches told: the names whose very text was here under another name, and what was not taken, with the
    size it was listed with."""

    elsewhere: frozenset[str]
    refused: frozenset[tuple[str, int | None]]


def told_before(workspace: Workspace) -> Told:
    """What every fetch so far told."""
    events = [recorded.event for _, recorded in events_of(workspace, "fetch")]
    elsewhere = {base_of(event.name) for event in events if isinstance(event, ReportFiled) and event.already}
    refused = {(event.name, event.bytes) for event in events if isinstance(event, ReportRefused)}
    return Told(frozenset(elsewhere), frozenset(refused))


def reports_here(workspace: Workspace, told: Told) -> Here:
    """The reports that are here, under whatever symbol they are filed."""
    return Here(_sizes((workspace.root / "reports").glob("*")), set(told.elsewhere), told.refused)


def records_here(workspace: Workspace, folder: str, told: Told) -> Here:
    """The files of records that are here, of one kind (new, updates, deletes), under whatever symbol."""
    return Here(_sizes((workspace.root / "records").glob(f"*/{folder}")), refused=told.refused)


def _sizes(folders: Iterable[Path]) -> dict[str, int]:
    return {entry.name: entry.stat().st_size for folder in sorted(folders) if folder.is_dir()
            for entry in os.scandir(folder) if not entry.name.startswith(".") and entry.is_file()}


@dataclass(frozen=True)
class AskFor:
    """A file that OCLC has removed and that is not here: it has to be asked for at OCLC Support. `symbol` is the one whose
    account listed it, `folder` OCLC's folder, `removed_at` an ISO instant where the server said."""

    symbol: str
    name: str
    folder: str
    removed_at: str | None


def files_to_ask_for(workspace: Workspace) -> tuple[AskFor, ...]:
    """What every account's last whole fetch found removed, as far as it has not come since."""
    settings = workspace.settings
    found: dict[str, tuple[str, RunState]] = {}
    for symbol in settings.symbols.values():
        run = _last_whole_fetch(workspace, symbol)
        account = settings.account_of(symbol)
        if run and (account not in found or found[account][1].name < run.name):
            found[account] = (settings.sender(symbol).code, run)
    placeholders = [(code, event) for code, run in found.values() for event in _placeholders(run)]
    if not placeholders:
        return ()
    reports = _sizes((workspace.root / "reports").glob("*"))
    records = _sizes((workspace.root / "records").glob("*/*"))
    here = {base_of(name) for name in (*reports, *records)}
    return tuple(AskFor(code, event.name, event.folder, event.removed_at) for code, event in placeholders
                 if base_of(event.name) not in here)


def _placeholders(run: RunState) -> Iterator[OnlyPlaceholder]:
    return (recorded.event for recorded in run.events if isinstance(recorded.event, OnlyPlaceholder))


def _last_whole_fetch(workspace: Workspace, symbol: Symbol) -> RunState | None:
    for path in sorted(workspace.runs.glob(f"*-fetch-{folder_name(symbol.code)}*"), reverse=True):
        if path.name.split("-")[2] != folder_name(symbol.code):
            continue
        run = read_run(path)
        if run and run.end is not None and run.end.state == "done":
            return run
    return None
