"""A question: what has been prepared for a symbol so far, as the first identity counts it? Not for what was sent
(outbox.py) nor what OCLC answered (account.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from oclc_console.store.events import Counted, SourceRead, Staged
from oclc_console.store.runs import list_runs
from oclc_console.workspace import Workspace


@dataclass(frozen=True)
class PreparedSet:
    """The counts of the sources that were prepared, each as its newest run counted it. `set_count` is Alma's own count,
    where every source's run stated one."""

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
    """What has been prepared for a symbol so far. A source that was prepared again counts once."""
    newest: dict[str, tuple[str, SourceRead]] = {}
    stated: dict[str, int | None] = {}
    since = None
    for state in list_runs(workspace, "prepare", symbol):
        events = [recorded.event for recorded in state.events]
        counted = next((event for event in events if isinstance(event, Counted)), None)
        if counted is None or not any(isinstance(event, Staged) for event in events):
            continue
        since, stated[state.name] = state.at, counted.set_count
        for event in events:
            if isinstance(event, SourceRead):
                newest[event.sha256] = (state.name, event)
    runs = sorted({run for run, _ in newest.values()})
    total: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    for _, source in newest.values():
        excluded.update(source.counts["excluded"])
        total.update({key: n for key, n in source.counts.items() if key != "excluded"})
    counts = [stated[run] for run in runs]
    whole = None if not counts or None in counts else sum(n for n in counts if n is not None)
    return PreparedSet(tuple(runs), total["in_set"], whole, dict(sorted(excluded.items())), total["routed"],
                       total["unrouted"], total["double"], total["quarantined"], since)
