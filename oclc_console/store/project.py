"""project.json: what the log adds up to, as a TinyDB that can be thrown away. It is folded from the log whenever it is
missing, unreadable, changed by hand or behind, and replaced whole, so that a kill leaves the old one or the new one. Not a
place to write to: acts go into the log. What the acts mean is decided in project/, not here.

    tables: log (one row: the last line folded in, and the hash of the tables), then one for each kind of act (a row an act;
    its id is the line's number)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from oclc_console import clock
from oclc_console.errors import HereError, from_os_error
from oclc_console.files import move_into_place, replace_file
from oclc_console.store import log
from oclc_console.store.log import Head, LogLine
from oclc_console.workspace import Workspace

Act = dict[str, Any]
# the first part of an act's word -> its table; other acts stand in the log alone
TABLES = {"milestone": "milestones", "task": "tasks", "evidence": "evidence", "gate": "gates", "approval": "approvals",
          "decision": "decisions", "roster": "roster", "timeline": "timeline", "act": "taken_back"}
CHANGED = "project.changed-"  # and the second it was found in
_KINDS = ",".join(sorted(TABLES))  # a fold made by a version that knew other kinds of acts is made anew


@dataclass(frozen=True)
class Project:
    """The acts on the project, by symbol (None: those on the whole project), oldest first, those taken back among them
    (project/acts.py tells which stand). An act is a flat mapping: seq, at, by, act, symbol and its data."""

    head: Head
    acts: Mapping[str | None, Sequence[Act]]

    def of(self, symbol: str | None) -> Sequence[Act]:
        """The acts on one symbol, or with None those on the whole project, oldest first."""
        return self.acts.get(symbol, ())


def project(workspace: Workspace) -> Project:
    """What people did on the project, as the log has it now. Raises HereError when the log can't be read."""
    head = log.head(workspace)
    tables = _saved(workspace)
    if tables is None or _head_of(tables) != head:
        tables = _fold(log.read(workspace))
        if not _altered(workspace, head):
            _save(workspace, tables)
    return Project(_head_of(tables), _by_symbol(tables))


def _saved(workspace: Workspace) -> dict[str, Any] | None:
    """project.json's tables, or None when it is missing or not what this module writes. Read as JSON, not through
    TinyDB: the first screen needs it, and importing TinyDB takes longer than the reading."""
    try:
        tables = orjson.loads(workspace.project.read_bytes())
        if _head_of(tables).seq and tables["log"]["1"]["sum"] != _sum(tables):
            return None
        _by_symbol(tables)
    except (FileNotFoundError, *log.UNREADABLE, AttributeError):
        return None
    return dict(tables)


@dataclass(frozen=True)
class FoldCheck:
    """What comparing project.json with the log found. `state` is whole, behind (it holds less than the log: the next reader
    adds the rest), absent, other version, unreadable (the last three: the next reader folds it anew), or changed: it says
    something that the log does not. `lines` is how many lines it was folded from, `sentence` what was found, for people."""

    state: str
    lines: int
    sentence: str

    @property
    def ok(self) -> bool:
        """Whether nothing in project.json contradicts the log."""
        return self.state != "changed"


def check_fold(workspace: Workspace) -> FoldCheck:
    """Whether project.json is what the log adds up to, by folding the log again. Raises HereError when the
    log can't be read."""
    try:
        tables = orjson.loads(workspace.project.read_bytes())  # before the log: then it can't know of a later line
        mark = tables["log"]["1"]
        seen, same_kinds = int(mark["seq"]), mark.get("kinds") == _KINDS and "sum" in mark
    except FileNotFoundError:
        then = ": the next reader folds it from the log" if log.head(workspace).seq else " yet"
        return FoldCheck("absent", 0, f"there is no project.json{then}")
    except (*log.UNREADABLE, AttributeError):
        return FoldCheck("unreadable", 0, "project.json can't be read: the next reader folds it anew")
    if not same_kinds:
        return FoldCheck("other version", seen, "project.json was folded by another version: the next reader folds it anew")
    lines = log.read(workspace)
    if tables != _fold(lines[:seen]):
        return FoldCheck("changed", seen, "project.json is not what the log adds up to: it was changed by something else")
    if seen < len(lines):
        return FoldCheck("behind", seen, f"project.json holds {seen:,} of {len(lines):,} lines: the next reader adds the rest")
    return FoldCheck("whole", seen, "project.json is what the log adds up to")


def rebuild(workspace: Workspace) -> int:
    """Folds project.json anew from a sound log; says how many lines it was folded from. A project.json that says something
    else is kept beside it. Raises HereError when the log is not sound (project.json is then the evidence), or the disk
    refuses."""
    found = log.verify(workspace)
    if not found.ok:
        raise HereError(f"{found.sentence}; project.json stays as it is, because it shows what the log was",
                        where=str(workspace.log), then="Bring the log back from a backup, then run: oclc-console log rebuild")
    if not found.lines:
        return 0
    if not check_fold(workspace).ok:
        _keep_changed(workspace)
    tables = _fold(log.read(workspace))
    try:
        replace_file(workspace.project, orjson.dumps(tables))
    except OSError as error:
        raise from_os_error(error, "writing project.json") from error
    return _head_of(tables).seq


def changed_ones(workspace: Workspace) -> list[Path]:
    """The project.json files that said something the log did not, kept as evidence, oldest first."""
    return sorted(workspace.root.glob(f"{CHANGED}*.json"))


def _keep_changed(workspace: Workspace) -> None:
    """Moves a project.json that was changed by hand out of the way."""
    target = workspace.root / f"{CHANGED}{clock.stamp(clock.now())}.json"
    with suppress(FileNotFoundError):  # somebody else has moved it just now
        move_into_place(workspace.project, target)


def _head_of(tables: Mapping[str, Any]) -> Head:
    mark = tables["log"]["1"]
    if mark["seq"] and mark["kinds"] != _KINDS:
        raise ValueError
    return Head(mark["seq"], mark["hash"])


def _sum(tables: Mapping[str, Any]) -> str:
    """The hash of the tables without the hash itself: a project.json that was changed by hand is not believed."""
    mark = {key: value for key, value in tables["log"]["1"].items() if key != "sum"}
    return hashlib.sha256(orjson.dumps({**tables, "log": {"1": mark}}, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _by_hand(workspace: Workspace) -> bool:
    """Whether project.json is one of this version that was changed since it was written."""
    try:
        tables = orjson.loads(workspace.project.read_bytes())
        mark = tables["log"]["1"]
        return bool(mark["kinds"] == _KINDS and mark["sum"] != _sum(tables))
    except (FileNotFoundError, *log.UNREADABLE, AttributeError):
        return False


def _by_symbol(tables: Mapping[str, Any]) -> dict[str | None, list[Act]]:
    acts: dict[str | None, list[Act]] = {}
    rows = [row for name in TABLES.values() for row in tables.get(name, {}).values()]
    for act in sorted(rows, key=lambda row: int(row["seq"])):
        acts.setdefault(act["symbol"], []).append(act)
    return acts


def _fold(lines: Sequence[LogLine]) -> dict[str, Any]:
    if not lines:
        return {"log": {"1": {"seq": 0, "hash": log.BEFORE_THE_FIRST}}}
    from tinydb import TinyDB
    from tinydb.storages import MemoryStorage
    from tinydb.table import Document

    with TinyDB(storage=MemoryStorage) as database:
        for name in TABLES.values():
            rows = [Document(_act(line), line.seq) for line in lines if _table(line) == name]
            if rows:
                database.table(name).insert_multiple(rows)
        last = {"seq": lines[-1].seq, "hash": lines[-1].hash, "kinds": _KINDS}
        database.table("log").insert(Document(last, 1))
        # through JSON and back, so that a fold just made and a fold just read are the same value
        tables = dict(orjson.loads(orjson.dumps(database.storage.read())))
    tables["log"]["1"]["sum"] = _sum(tables)
    return tables


def _table(line: LogLine) -> str | None:
    return TABLES.get(line.act.partition(".")[0])


def _act(line: LogLine) -> Act:
    return {**line.data, "seq": line.seq, "at": line.at, "by": line.by, "act": line.act, "symbol": line.symbol}


def _altered(workspace: Workspace, head: Head) -> bool:
    """Whether the log has lost lines that project.json had seen. Then project.json stays as it is: it is the evidence
    that `log verify` shows."""
    seen = log.seen_by_project(workspace)
    if seen is None or seen.seq == 0:
        return False
    return seen.seq > head.seq or log.read(workspace)[seen.seq - 1].hash != seen.hash


def _save(workspace: Workspace, tables: Mapping[str, Any]) -> None:
    if not tables.get("log", {}).get("1", {}).get("seq"):
        return  # no acts yet: nothing worth a file
    try:
        if _by_hand(workspace):
            _keep_changed(workspace)
        replace_file(workspace.project, orjson.dumps(tables))
    except OSError:
        return  # a full disk must not keep anybody from reading; the next reader folds the log again
