"""What changed between two statuses, in sentences: milestones, phases, whom a symbol waits for, counts. Pure, over what
`status --json` says; one kept by another version may lack keys. Not for reading or keeping them (oversight.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
_STATES = {"done": "done", "current": "now", "to_come": "to come", "not_applicable": "not applicable"}


def symbol_changes(before: Row | None, now: Row) -> Iterator[str]:
    """What changed of one symbol; `before` is None where it was not there."""
    if before is None:
        yield "new in this status"
        return
    yield from _milestones(before, now)
    for key, words in (("disposition", "disposition"), ("successor", "successor"), ("phase", "phase"),
                       ("waiting_on", "waits for")):
        if key in before and before[key] != now[key]:
            yield f"{words}: {before[key] or 'none'} → {now[key] or 'none'}"
    yield from _counts(before, now)


def project_changes(before: Mapping[str, Row], now: Mapping[str, Row], log_before: Any, log_now: Row) -> Iterator[str]:
    """What changed of the project as a whole: symbols that came or went, milestones behind, what was written into the log."""
    if new := sorted(set(now) - set(before)):
        yield f"new: {', '.join(new)}"
    if gone := sorted(set(before) - set(now)):
        yield f"no longer there: {', '.join(gone)}"
    behind, were = _behind(now), _behind(before)
    if behind != were:
        yield f"milestones done: {were:,} → {behind:,}"
    if isinstance(log_before, Mapping) and isinstance(log_before.get("lines"), int):
        lines = log_now["lines"] - log_before["lines"]
        if lines:
            yield f"lines of the log: {log_before['lines']:,} → {log_now['lines']:,}"


def _behind(rows: Mapping[str, Row]) -> int:
    return sum(stone.get("state") == "done" for row in rows.values() for stone in row.get("milestones", ()))


def _milestones(before: Row, now: Row) -> Iterator[str]:
    were = {stone["id"]: stone for stone in before.get("milestones", ())}
    for number, stone in enumerate(now["milestones"], 1):
        was, state = were.get(stone["id"]), stone["state"]
        if was is None or (was.get("state") == state and was.get("completed") == stone["completed"]):
            continue
        day = f" on {stone['completed']}" if stone["completed"] else ""
        yield f"milestone {number} {stone['id']}: {_word(was.get('state'))} → {_word(state)}{day}"


def _word(state: Any) -> str:
    return _STATES.get(state, str(state))


def _counts(before: Row, now: Row) -> Iterator[str]:
    were = {counted.get("words"): counted.get("value") for counted in before.get("counts", ())}
    for counted in now["counts"]:
        words, value = counted["words"], counted["value"]
        if value is None or words not in were or were[words] == value:
            continue  # what is not counted this time did not change
        was = were[words]
        by = f" ({value - was:+,})" if isinstance(was, int) and isinstance(value, int) else ""
        yield f"{words}: {_number(was)} → {_number(value)}{by}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else "not yet"
