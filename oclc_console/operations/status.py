"""A question: where is every symbol, what is it waiting for, on whom, since when? Computed from the log, the runs, the
outbox and the reports; nothing here is typed by anybody. Not for the outcome of single records: that is account.py."""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.project.milestones import MilestoneState
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class SymbolStatus:
    """One symbol's row. `milestone` is the title of the one that is next, `phase` what the runs say, in words with
    numbers; `rejections` is None while no report has come; `since` is an ISO instant."""

    symbol: str
    name: str
    disposition: str
    successor: str | None
    libraries: tuple[str, ...]
    milestones: tuple[MilestoneState, ...]
    milestone: str
    phase: str
    prepared: int
    sent: int
    reported: int
    files: int
    rejections: int | None
    waiting_on: str
    since: str | None


@dataclass(frozen=True)
class Alert:
    """Something a person should look at: which symbol, what, and what to do next."""

    symbol: str
    text: str
    then: str


@dataclass(frozen=True)
class Status:
    """The whole project at one moment."""

    as_of: str
    institution: str
    host: str
    rehearsal: bool
    symbols: tuple[SymbolStatus, ...]
    alerts: tuple[Alert, ...]


def status(workspace: Workspace) -> Status:
    """Where everything stands now."""
    raise NotImplementedError
