"""Brings the work home that people did in a pack: what is new is added to the histories here. Where both sides changed the same
record since the pack went out, nothing is taken until somebody decides which side holds; its history tells both then.
Merging twice changes nothing. Not for opening a pack (open_pack.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from oclc_console.errors import CallError, InputError
from oclc_console.operations.open_pack import pack_of, work_in
from oclc_console.operations.pack import workspace_id
from oclc_console.store import log
from oclc_console.store.desk import Ref
from oclc_console.store.gathered import Gathered, gathered_path, load_gathered
from oclc_console.store.histories import Histories, of_reviews
from oclc_console.store.pack_file import About, PackFile
from oclc_console.store.reviews import Reviews
from oclc_console.store.standing import Entry, State
from oclc_console.workspace import Workspace

Side = Literal["ours", "theirs"]
Standing = tuple[State | None, str | None, str | None]


@dataclass(frozen=True)
class Conflict:
    """A record that both sides changed. `ours` and `theirs` are the lines of its history that the other side lacks; `kept` is
    the side that was decided for, empty while nobody did."""

    symbol: str
    key: str
    title: str
    ours: tuple[Entry, ...]
    theirs: tuple[Entry, ...]
    kept: Side | Literal[""] = ""

    @property
    def ref(self) -> Ref:
        """What names the record among all symbols."""
        return self.symbol, self.key


@dataclass(frozen=True)
class Merged:
    """What a merge came to: the records whose work was taken in, those that had nothing new, and every conflict, decided or
    not. Of those not decided nothing was taken."""

    about: About
    taken: tuple[Ref, ...]
    unchanged: int
    conflicts: tuple[Conflict, ...]

    @property
    def undecided(self) -> tuple[Conflict, ...]:
        """The conflicts that wait for somebody."""
        return tuple(conflict for conflict in self.conflicts if not conflict.kept)


@dataclass(frozen=True)
class _Coming:
    """What a pack brings for one record: `home` is its key here, `news` the lines that are missing here."""

    key: str
    home: str
    news: tuple[Entry, ...]
    side: Side
    conflict: Conflict | None


def merge(
    workspace: Workspace, path: Path, keep: Mapping[str, Side] | None = None, rest: Side | None = None, *,
    only_look: bool = False,
) -> Merged:
    """Takes in a pack's work: `path` is its file, or the folder it was unpacked into. `keep` decides conflicts by the record's
    key, `rest` all others. `only_look`: says what would happen and changes nothing. Raises InputError for a pack that is
    damaged or of another workspace, CallError for a decision about a record that is not in it."""
    about, work = _opened(path)
    if about.workspace != workspace_id(workspace):
        raise InputError(f"it was packed in another workspace ({about.institution}, {about.made_at[:10]})", where=str(path),
                         then="Merge it there.")
    decisions = dict(keep or {})
    if unknown := decisions.keys() - {key for histories in work.values() for key in histories}:
        raise CallError(f"nobody did anything about {sorted(unknown)[0]} in this pack", where="--keep",
                        then="Name a record as the conflict names it.")

    def decide(key: str) -> Side | None:
        return decisions.get(key, rest)

    taken: list[Ref] = []
    conflicts: list[Conflict] = []
    unchanged = 0
    for symbol, histories in work.items():
        done, met, idle = _merge_symbol(workspace, symbol, histories, decide, only_look=only_look)
        taken += done
        conflicts += met
        unchanged += idle
    if taken and not only_look:
        log.append(workspace, "pack.merged", None, pack=about.id, library=about.library, records=len(taken),
                   waiting=sum(not conflict.kept for conflict in conflicts))
    return Merged(about, tuple(taken), unchanged, tuple(conflicts))


def _opened(path: Path) -> tuple[About, dict[str, Histories]]:
    """What a pack says of itself, and what people did, by symbol."""
    if path.is_dir():
        unpacked = Workspace(path.absolute())
        found = pack_of(unpacked)
        if found is None:
            raise InputError("this folder was not unpacked from a pack", where=str(path), then="Name the pack's file.")
        return found, {symbol.folder: of_reviews(Reviews(unpacked, symbol.folder)) for symbol in found.symbols}
    with PackFile(path) as pack:
        return pack.about, {symbol.folder: work_in(pack, symbol.folder) for symbol in pack.about.symbols}


def _merge_symbol(
    workspace: Workspace, symbol: str, theirs: Histories, decide: Callable[[str], Side | None], *, only_look: bool
) -> tuple[list[Ref], list[Conflict], int]:
    """One symbol, under the lock of its journal: what was compared still holds when it is written."""
    if not theirs:
        return [], [], 0
    reviews = Reviews(workspace, symbol)
    gathered = load_gathered(gathered_path(workspace, symbol))
    if gathered is None and not reviews.path.is_file():
        raise InputError(f"it brings work on {symbol}, of which nothing is known here", where="reports merge",
                         then="Import that symbol's reports first.")
    reviews.refresh()
    with reviews.journal.writing():
        coming = [found for found in _coming(symbol, theirs, of_reviews(reviews), gathered) if found.news]
        decided: list[_Coming] = []
        conflicts: list[Conflict] = []
        for each in coming:
            side = each.side
            if each.conflict is not None:
                kept = decide(each.key)
                conflicts.append(_decided(each.conflict, kept))
                if kept is None:
                    continue
                side = kept
            decided.append(_Coming(each.key, each.home, each.news, side, each.conflict))
        if not only_look:
            reviews.adopt({each.home: each.news for each in decided}, [each.home for each in decided if each.side == "ours"])
    return [(symbol, each.key) for each in decided], conflicts, len(theirs) - len(coming)


def _decided(conflict: Conflict, kept: Side | None) -> Conflict:
    return Conflict(conflict.symbol, conflict.key, conflict.title, conflict.ours, conflict.theirs, kept or "")


def _coming(symbol: str, theirs: Histories, ours: Histories, gathered: Gathered | None) -> Sequence[_Coming]:
    """What a pack brings, record by record. A record may have got its local number since the pack went out: it is known by
    all its names."""
    names = list(dict.fromkeys([*theirs, *ours]))
    rows = gathered.rows_of(names) if gathered is not None else np.full(len(names), -1)
    record = {name: int(row) if row >= 0 else name for name, row in zip(names, rows.tolist(), strict=True)}
    here: dict[int | str, list[str]] = {}
    for key in ours:
        here.setdefault(record[key], []).append(key)
    found = []
    for key, entries in theirs.items():
        keys = here.get(record[key], [])
        row = record[key]
        title = gathered.texts["title"][row] if gathered is not None and isinstance(row, int) else ""
        found.append(_compared(symbol, key, title, entries, {name: ours[name] for name in keys}))
    return found


def _compared(symbol: str, key: str, title: str, theirs: Sequence[Entry], ours: Mapping[str, Sequence[Entry]]) -> _Coming:
    home = max(ours, key=lambda name: ours[name][-1].at, default=key)
    known = {entry.act for entries in ours.values() for entry in entries}
    acts = {entry.act for entry in theirs}
    news = tuple(entry for entry in theirs if entry.act not in known)
    common = [entry for entry in theirs if entry.act in known]
    began = _stands(common)  # how the record stood when the two sides parted
    now_here, now_there = _stands(ours.get(home, ())), _stands(theirs)
    if now_there == began or now_here[:2] == now_there[:2]:
        return _Coming(key, home, news, "ours", None)  # only notes, or both said the same
    if now_here == began:
        return _Coming(key, home, news, "theirs", None)
    lacking = sorted((entry for entries in ours.values() for entry in entries if entry.act not in acts), key=lambda e: e.at)
    return _Coming(key, home, news, "theirs", Conflict(symbol, key, title, tuple(lacking), news))


def _stands(entries: Sequence[Entry]) -> Standing:
    if not entries:
        return None, None, None
    last = entries[-1]
    return last.state, last.owner, last.since
