"""What happened to one milestone or one task, act by act and in words: those taken back among them, since nothing is ever
erased. Pure; not for what the acts add up to (milestones.py, tasks.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oclc_console.project.acts import UNDONE, standing

Act = Mapping[str, Any]
_DID = {"done": "completed on {date}", "not_applicable": "not applicable", "reopened": "reopened",
        "applicable": "applicable after all", "claimed": "claimed", "released": "released", "planned": "planned for {date}",
        "noted": "noted"}


@dataclass(frozen=True)
class HistoryLine:
    """One act: when (ISO instant), by whom (login), and what, in words. `seq` is its line in the log; `taken_back` says that
    it counts no more, `undoes` that it is a taking back itself."""

    at: str
    by: str
    words: str
    seq: int = 0
    taken_back: bool = False
    undoes: bool = False


def history_of(acts: Iterable[Act], kind: str, thing: str) -> tuple[HistoryLine, ...]:
    """Every act of this kind on one thing (`kind` is milestone or task, `thing` its id), and each taking back of one, oldest
    first."""
    every = list(acts)
    counts = {id(act) for act in standing(every)}
    mine = {id(act) for act in every if act["act"].startswith(f"{kind}.") and str(act.get(kind)) == thing}
    seqs = {act.get("seq") for act in every if id(act) in mine} - {None}
    lines = []
    for act in every:
        if id(act) in mine:
            lines.append(_line(act, act_words(act), id(act) not in counts))
        elif act["act"] == UNDONE and act.get("of") in seqs:
            lines.append(_line(act, f"took back line {act['of']}: {act.get('reason', '')}".removesuffix(": "), False, True))
    return tuple(lines)


def act_words(act: Act) -> str:
    """An act on a milestone or a task in words: `completed on 2020-11-03: all units`."""
    word = act["act"].partition(".")[2]
    what = _DID.get(word, word.replace("_", " ")).format(date=act.get("date"))
    if act.get("open"):
        what += f", {len(act['open'])} of its tasks open"
    said = act.get("reason") or act.get("note")
    return f"{what}: {said}" if said else what


def _line(act: Act, words: str, taken_back: bool, undoes: bool = False) -> HistoryLine:
    return HistoryLine(str(act.get("at", "")), str(act.get("by", "")), words, int(act.get("seq", 0)), taken_back, undoes)


def newest(history: Sequence[HistoryLine]) -> HistoryLine | None:
    """The last act that counts, the one to take back; None when there is none."""
    return next((line for line in reversed(history) if not line.taken_back and not line.undoes), None)
