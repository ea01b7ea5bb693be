"""What people did, as the log has it, read for its meaning: which acts still stand after some were taken back, and which of
those concern one thing. Nothing is ever erased: taking back is an act of its own that names the one it takes back. Pure; not
for reading the log (store/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Act = Mapping[str, Any]  # flat: seq (number of its line), at (ISO instant), by (login), act (a word), symbol, and its data
UNDONE = "act.undone"  # with `of`, the number of the act that is taken back, and `reason`


def standing(acts: Iterable[Act]) -> list[Act]:
    """Of these acts, given oldest first, those that count, in the same order: without those taken back, and without the
    taking back itself. Whoever takes back a taking back has the first act again."""
    taken: set[int] = set()
    kept: list[Act] = []
    for act in reversed(list(acts)):
        if act.get("seq") in taken:
            continue
        if act["act"] == UNDONE:
            taken.add(int(act["of"]))
        else:
            kept.append(act)
    return kept[::-1]


def of_kind(acts: Iterable[Act], kind: str) -> list[Act]:
    """Those whose word begins with `kind` and a dot, as in milestone.done."""
    return [act for act in acts if act["act"].partition(".")[0] == kind]
