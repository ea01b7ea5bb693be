"""The last step of prepare: a staged run's files are moved to their places, and what a killed run left is finished or
cleared away. Every step can be done again without harm. Not for making the files (prepare.py)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oclc_console.files import make_folder, move_into_place
from oclc_console.settings import Symbol
from oclc_console.store.events import Counted, Event, FileReady, FileWithdrawn, Note, SetAside, SourceRead, Staged
from oclc_console.store.runs import list_runs, read_run
from oclc_console.workspace import Workspace

STAGING = "out"


def publish(workspace: Workspace, symbol: Symbol, run: Path) -> Iterator[Event]:
    """Moves a staged run's files to their places: ledger, quarantine, then each output file and last its .json, without
    which nobody takes it for a file. Doing it again after a kill finishes what is left."""
    staging = run / STAGING
    staged = _staged(run)
    ledger = staging / "ledger.parquet"
    if ledger.exists():
        move_into_place(ledger, workspace.at("ledger", symbol.code) / f"{run.name}.parquet")
    for ending in ("mrc", "csv"):
        if (quarantine := staging / f"quarantine.{ending}").exists():
            move_into_place(quarantine, workspace.at("quarantine", symbol.code) / f"{run.name}.{ending}")
    outbox = workspace.at("outbox", symbol.code)
    for name in staged.supersedes:
        _withdraw(outbox, name)
        yield FileWithdrawn(name, run.name)
    for file in staged.files:
        for name in (file["name"], f"{file['name']}.json"):
            if (staging / name).exists():
                move_into_place(staging / name, outbox / name)
        yield FileReady(file["name"], file["stream"], file["collection"], file["records"], file["bytes"], file["sha256"])
    shutil.rmtree(staging, ignore_errors=True)


def _withdraw(outbox: Path, name: str) -> None:
    """Takes a file that was never sent out of the outbox: first its .json, so that nobody sends it on the way."""
    attic = make_folder(outbox / "withdrawn")
    for part in (f"{name}.json", name):
        if (outbox / part).exists():
            move_into_place(outbox / part, attic / part)


def _staged(run: Path) -> Staged:
    state = read_run(run)
    events = [recorded.event for recorded in state.events] if state else []
    return next(event for event in reversed(events) if isinstance(event, Staged))


@dataclass(frozen=True)
class Finished:
    """An interrupted run that has been dealt with: what it was asked, and the events that tell of it now."""

    asked: dict[str, Any] | None
    events: tuple[Event, ...]


def finish_interrupted(workspace: Workspace, symbol: Symbol) -> Iterator[Finished]:
    """Deals with prepare runs of the symbol that died: those that had staged everything are published, the others leave
    nothing behind (their `asked` is None)."""
    for state in list_runs(workspace, "prepare", symbol.code):
        staging = state.path / STAGING
        if state.alive or not staging.exists():
            continue
        events = [recorded.event for recorded in state.events]
        if any(isinstance(event, Staged) for event in events):
            told = [event for event in events if isinstance(event, SourceRead | SetAside | Counted)]
            published = publish(workspace, symbol, state.path)
            yield Finished(state.asked, (Note(f"finishing {state.name}, which was interrupted"), *told, *published))
        else:
            shutil.rmtree(staging)
            words = f"cleared away {state.name}, which was interrupted before its files were complete"
            yield Finished(None, (Note(words),))
