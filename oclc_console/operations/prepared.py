"""A question: what has been prepared for a symbol so far, as the first identity counts it? Not for what was sent
(outbox.py) nor what OCLC answered (account.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from oclc_console.store.events import Counted, SourceRead, Staged
from oclc_console.store.runs import RunState, list_runs
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class PreparedSet:
    """The counts of the prepare runs that stand: those whose sources no later run prepared again."""

    runs: tuple[str, ...]
    in_set: int
    set_count: int | None
    excluded: dict[str, int]
    routed: int
    unrouted: int
    double: int
    quarantined: int
    since: str | None


def prepared_set(workspace: Workspace, symbol: str) -> PreparedSet:
    """What has been prepared for a symbol so far."""
    standing: list[tuple[RunState, Counted, set[str]]] = []
    for state in list_runs(workspace, "prepare", symbol):
        events = [recorded.event for recorded in state.events]
        counted = next((event for event in events if isinstance(event, Counted)), None)
        if counted is None or not any(isinstance(event, Staged) for event in events):
            continue
        sources = {event.sha256 for event in events if isinstance(event, SourceRead)}
        standing = [entry for entry in standing if not entry[2] <= sources]
        standing.append((state, counted, sources))
    counts = [counted for _, counted, _ in standing]
    excluded: Counter[str] = Counter()
    for counted in counts:
        excluded.update(counted.excluded)
    stated = [counted.set_count for counted in counts]
    return PreparedSet(
        tuple(state.name for state, _, _ in standing), sum(c.in_set for c in counts),
        None if None in stated or not stated else sum(s for s in stated if s is not None), dict(sorted(excluded.items())),
        sum(c.routed for c in counts), sum(c.unrouted for c in counts), sum(c.double for c in counts),
        sum(c.quarantined for c in counts), standing[-1][0].at if standing else None,
    )
