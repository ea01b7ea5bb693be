"""A question: what does the oversight committee get to see? A page for the project and one for each symbol: counts with what
they are counts of, where each symbol is, on whom it waits and since when, what changed since the status before, and the
log's last hash. Also keeps a status, so that the next one can be compared. Not for how it looks (oversight_pages.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import CallError, InputError, from_os_error
from oclc_console.files import make_folder, replace_file
from oclc_console.operations.oversight_changes import project_changes, symbol_changes
from oclc_console.operations.prepared import prepared_set
from oclc_console.operations.status import Alert, Status, SymbolStatus, status
from oclc_console.store import log
from oclc_console.workspace import Workspace

KEPT = "exports/status"  # where a status is kept, one a day: 20201116.json
OLD_ENOUGH = timedelta(days=1)
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Counted:
    """A count and what it is a count of: `value` and `of` are None while nobody can know them (then it is "not yet", never
    0); `of_words` says what `of` counts."""

    words: str
    value: int | None
    of: int | None
    of_words: str


@dataclass(frozen=True)
class Section:
    """A table on a symbol's page: its title, its columns and its rows, all text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class SymbolPage:
    """A symbol's page. `open` is how many rejections somebody still has to do something about; None: not known."""

    status: SymbolStatus
    counts: tuple[Counted, ...]
    open: int | None
    sections: tuple[Section, ...]
    alerts: tuple[Alert, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class LogState:
    """Where the log stood: the number and hash of its last line, and what is wrong with it (empty: nothing)."""

    lines: int
    hash: str
    fault: str


@dataclass(frozen=True)
class Oversight:
    """The whole status; `alerts` in a sentence each. `previous` is the instant of the one it was compared with,
    None where there was none; `changed` is what changed of the project as a whole."""

    status: Status
    pages: tuple[SymbolPage, ...]
    counts: tuple[Counted, ...]
    alerts: tuple[Alert, ...]
    log: LogState
    previous: str | None
    changed: tuple[str, ...]


def _milestones(workspace: Workspace, row: SymbolStatus) -> Section:
    words = {"done": "done", "current": "now", "to_come": "to come", "not_applicable": "not applicable"}
    rows = tuple((str(stone.milestone.number), stone.milestone.title, words.get(stone.state, stone.state),
                  stone.completed or "", stone.who or "", stone.note or "") for stone in row.milestones)
    return Section("Milestones", ("no.", "milestone", "state", "completed", "signed by", "note"), rows)


# what stands on every symbol's page below its counts, in this order; one that has nothing to say gives None
SECTIONS: tuple[Callable[[Workspace, SymbolStatus], Section | None], ...] = (_milestones,)


def oversight(workspace: Workspace, since: date | None = None, *, thorough: bool = True) -> Oversight:
    """The status now, compared with the newest that was kept a day ago or earlier, or with the newest of `since` or before.
    `thorough` also counts what became of every record and gathers the rejections, which takes its time. Raises CallError
    when nothing is kept from `since` or before."""
    now = status(workspace)
    alerts = tuple(replace(alert, text=_sentence(alert.text, workspace)) for alert in now.alerts)
    pages = tuple(_page(workspace, row, alerts, thorough=thorough) for row in now.symbols)
    value = Oversight(now, pages, _together(pages), alerts, _log_state(workspace), None, ())
    before = _previous(workspace, since)
    return _compared(value, before) if before else value


def to_json(value: Oversight) -> dict[str, Any]:
    """What `status --json` prints, and what is kept."""
    told = asdict(value.status)
    for row, page in zip(told["symbols"], value.pages, strict=True):
        row["milestones"] = [{"id": stone.milestone.id, "state": stone.state, "completed": stone.completed}
                             for stone in page.status.milestones]
        row |= {"open": page.open, "counts": [asdict(each) for each in page.counts], "changed": list(page.changed)}
    return {**told, "counts": [asdict(each) for each in value.counts], "log": asdict(value.log),
            "previous": value.previous, "changed": list(value.changed)}


def keep(workspace: Workspace, value: Oversight) -> Path:
    """Keeps a status for later ones to be compared with; one a day, the last. Raises HereError when the disk refuses."""
    day = clock.parse(value.status.as_of).astimezone().date()
    path = workspace.root / KEPT / f"{day:%Y%m%d}.json"
    try:
        make_folder(path.parent)
        replace_file(path, orjson.dumps(to_json(value), option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise from_os_error(error, "keeping the status") from error
    return path


def _sentence(text: str, workspace: Workspace) -> str:
    """What an alert says, without what only an operator needs: its first sentence, and no path above the workspace."""
    first = re.split(r"(?<=[.!?])\s", text.replace(f"{workspace.root}{os.sep}", "").strip(), maxsplit=1)[0]
    return first.removesuffix(".")


def _page(workspace: Workspace, row: SymbolStatus, alerts: Iterable[Alert], *, thorough: bool) -> SymbolPage:
    open_, complained = _open(workspace, row, thorough=thorough)
    counts = (*_counts(workspace, row), *(_outcomes(workspace, row) if thorough and row.sent else ()),
              Counted("rejected", row.rejections, row.reported if row.rejections is not None else None, "reported"),
              Counted("open rejections", open_, complained, "rejected"))
    sections = tuple(found for ask in SECTIONS if (found := ask(workspace, row)))
    return SymbolPage(row, counts, open_, sections, tuple(alert for alert in alerts if alert.symbol == row.symbol), ())


def _counts(workspace: Workspace, row: SymbolStatus) -> Sequence[Counted]:
    """The two identities' left sides: where the records of the set went, and how many were sent and reported."""
    found = prepared_set(workspace, row.symbol)
    if not found.runs:
        return (Counted("in set", None, None, "Alma's count"), *_on_the_way(row, None))
    stated = Counted("in set", found.in_set, found.set_count, "Alma's count")
    parts = {"excluded": sum(found.excluded.values()), "quarantined": found.quarantined, "unrouted": found.unrouted,
             "routed": found.routed}
    return (stated, *(Counted(word, count, found.in_set, "in set") for word, count in parts.items()),
            *((Counted("wanted by two streams", found.double, found.routed, "routed"),) if found.double else ()),
            *_on_the_way(row, found.in_set))


def _on_the_way(row: SymbolStatus, in_set: int | None) -> Sequence[Counted]:
    reported = row.reported if row.rejections is not None else None  # a report that has not come is no 0
    return (Counted("sent", row.sent, in_set, "in set"), Counted("reported", reported, row.sent, "sent"))


def _outcomes(workspace: Workspace, row: SymbolStatus) -> Iterable[Counted]:
    """What became of every record that was sent."""
    from oclc_console.operations.account import OUTCOMES, account  # brings DuckDB: only a whole status waits for it

    total = account(workspace, row.symbol).total
    for word in OUTCOMES:
        yield Counted(word, total[word.replace(" ", "_")], total["sent"], "sent")
    for word, count in total["other"].items():
        yield Counted(f"other: {word}", count, total["sent"], "sent")
    yield Counted("not reported", total["not_reported"], total["sent"], "sent")
    yield Counted("matched to another number", total["ocn_changed"], total["match"], "match")


def _open(workspace: Workspace, row: SymbolStatus, *, thorough: bool) -> tuple[int | None, int | None]:
    """How many rejections are open, of how many; None where no report has come, or they are not gathered yet."""
    if row.rejections is None:
        return None, None
    from oclc_console.store.desk import Desk  # brings numpy
    from oclc_console.store.standing import TO_DO

    with Desk.open(workspace, row.symbol) as desk:
        if thorough:
            desk.catch_up()
        elif desk.behind:
            return None, None
        counts = {count.value: count.records for count in desk.counts("state")}
    return sum(records for state, records in counts.items() if state in TO_DO), sum(counts.values())


def _together(pages: Sequence[SymbolPage]) -> tuple[Counted, ...]:
    """The symbols' counts added up. A sum of which one part is not known yet counts the others, and so does what it is of;
    where a part is of nobody knows how many, so is the sum."""
    found: dict[tuple[str, str], list[Counted]] = {}
    for page in sorted(pages, key=lambda page: -len(page.counts)):  # the fullest one has every count in its place
        for counted in page.counts:
            found.setdefault((counted.words, counted.of_words), []).append(counted)
    return tuple(Counted(words, _sum(each.value for each in parts), _sum_of(parts), of_words)
                 for (words, of_words), parts in found.items())


def _sum_of(parts: Sequence[Counted]) -> int | None:
    known = [part for part in parts if part.value is not None]
    return None if any(part.value and part.of is None for part in known) else _sum(part.of for part in known)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _log_state(workspace: Workspace) -> LogState:
    proved = log.verify(workspace)
    if not proved.ok:
        return LogState(proved.lines, "", proved.sentence)
    head = log.head(workspace)
    return LogState(head.seq, head.hash, "")


def _previous(workspace: Workspace, since: date | None) -> Path | None:
    """The kept status to compare with."""
    kept = {path.stem: path for path in sorted((workspace.root / KEPT).glob("[0-9]*.json"))}
    if since is None:
        last = clock.now() - OLD_ENOUGH
        return next((path for path in reversed(kept.values()) if clock.parse(_read(path)["as_of"]) <= last), None)
    days = [day for day in kept if day <= f"{since:%Y%m%d}"]
    if not days:
        oldest = f"the oldest is of {min(kept)[:4]}-{min(kept)[4:6]}-{min(kept)[6:]}" if kept else "none is kept at all"
        raise CallError(f"no status is kept of {since} or before: {oldest}", where="--since",
                        then="Each status that is written as a page (--format html or md) is kept for the next ones.")
    return kept[days[-1]]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = dict(orjson.loads(path.read_bytes()))
        clock.parse(found["as_of"])
        found["symbols"] = {row["symbol"]: row for row in found["symbols"]}
    except _DAMAGED as error:
        raise _unreadable(path) from error
    return found


def _unreadable(path: Path) -> InputError:
    return InputError("this status of an earlier day can't be read", where=str(path),
                      then="Put it back from a backup, or delete it: then an earlier one is compared.")


def _compared(value: Oversight, path: Path) -> Oversight:
    before, now = _read(path), to_json(value)
    rows = {row["symbol"]: row for row in now["symbols"]}
    try:
        changes = [tuple(symbol_changes(before["symbols"].get(page.status.symbol), rows[page.status.symbol]))
                   for page in value.pages]
        changed = tuple(project_changes(before["symbols"], rows, before.get("log"), now["log"]))
    except _DAMAGED as error:
        raise _unreadable(path) from error
    pages = tuple(replace(page, changed=each) for page, each in zip(value.pages, changes, strict=True))
    return replace(value, pages=pages, previous=str(before["as_of"]), changed=changed)
