"""project.json: what the log adds up to, as a TinyDB that can be thrown away. It is folded from the log whenever it is
missing, unreadable or behind, and replaced whole, so that a kill leaves the old one or the new one. Not a place to
write to: acts go into the log. What the acts mean is decided in project/, not here.

    tables: log (one row: the last line folded in), then one for each kind of act (a row an act; its id is the line's number)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from oclc_console.files import replace_file
from oclc_console.store import log
from oclc_console.store.log import Head, LogLine
from oclc_console.workspace import Workspace

Act = dict[str, Any]
# the first part of an act's word -> its table; other acts stand in the log alone
TABLES = {"milestone": "milestones", "task": "tasks", "evidence": "evidence", "gate": "gates", "approval": "approvals",
          "decision": "decisions", "roster": "roster", "timeline": "timeline", "act": "taken_back"}
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
        _head_of(tables), _by_symbol(tables)
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(tables)


def _head_of(tables: Mapping[str, Any]) -> Head:
    mark = tables["log"]["1"]
    if mark["seq"] and mark["kinds"] != _KINDS:
        raise ValueError
    return Head(mark["seq"], mark["hash"])


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
        return dict(orjson.loads(orjson.dumps(database.storage.read())))


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
        replace_file(workspace.project, orjson.dumps(tables))
    except OSError:
        return  # a full disk must not keep anybody from reading; the next reader folds the log again
