"""May an act be taken back? Taking back is an act of its own and erases nothing; but what was done at OCLC stays done, and what
others built on an act must be taken back first. Pure; not for doing it (operations/taking_back.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oclc_console.project.acts import UNDONE, standing
from oclc_console.project.signatures import why_it_stays

Act = Mapping[str, Any]
# the data by which acts name what they are about
_NAMES = ("milestone", "task", "collection", "run", "decision", "person", "unit", "row", "event", "window")
# acts of one kind about one thing that don't touch the others: a claim says nothing of a signature
_FACETS = {"task.claimed": "claim", "task.released": "claim"}
# nothing rests on such an act by itself; what rests on a gate's signatures is its passing (signatures.py)
_ALONE = frozenset({"task.noted", "task.planned", "evidence.entered", "gate.signed", "gate.overridden", "gate.withdrawn"})
_FOUND = ("approval.lapsed",)  # what the console itself found; nobody did it
_CLOSES = ("task.done", "task.not_applicable")


def why_not(acts: Sequence[Act], act: Act, milestone_of: Mapping[str, str]) -> str | None:
    """Why an act, one of these (all on one symbol, oldest first), can't be taken back, in a sentence; None when it can.
    `milestone_of` says of each task's id in which milestone it is."""
    stands = standing(acts)
    undoers = {one.get("of"): one for one in _undoings(acts)}
    if (by := undoers.get(act["seq"])) is not None:
        return f"line {act['seq']} was taken back already, by {by.get('by')} ({by.get('reason', '')})"
    target = _target(acts, act)
    if target["act"] in _FOUND:
        return f"{target['act']} tells what the console found ({target.get('reason', '')}); nobody did it"
    if gate := why_it_stays(acts, act["seq"]):
        return gate
    later = [one for one in stands if one["seq"] > act["seq"]]
    if (stone := _signed_on(later, target, milestone_of)) is not None:
        return (f"the milestone {stone['milestone']} was signed in line {stone['seq']} on the strength of it: take that back "
                "first, or reopen the milestone")
    rests = next((one for one in reversed(later) if _same(one, target)), None)
    if rests is not None:
        return f"line {rests['seq']} ({rests['act']}, by {rests.get('by')}) came after it: take that back first"
    return None


def _undoings(acts: Sequence[Act]) -> list[Act]:
    """The takings back that count: those that were not taken back themselves."""
    taken: set[Any] = set()
    counting = []
    for act in reversed(acts):
        if act["act"] == UNDONE and act["seq"] not in taken:
            taken.add(act.get("of"))
            counting.append(act)
    return counting


def _target(acts: Sequence[Act], act: Act) -> Act:
    """What a taking back is about: the act it names, and so on."""
    by_seq = {one["seq"]: one for one in acts}
    while act["act"] == UNDONE and act.get("of") in by_seq:
        act = by_seq[act["of"]]
    return act


def _thing(act: Act) -> tuple[Any, ...]:
    kind = act["act"].partition(".")[0]
    return (kind, _FACETS.get(act["act"], ""), *(act.get(name) for name in _NAMES))


def _same(later: Act, act: Act) -> bool:
    return not {later["act"], act["act"]} & _ALONE and _thing(later) == _thing(act)


def _signed_on(later: Sequence[Act], act: Act, milestone_of: Mapping[str, str]) -> Act | None:
    """The later signature of the task's milestone, where it counted the task as closed."""
    if act["act"] not in _CLOSES or (stone := milestone_of.get(str(act.get("task")))) is None:
        return None
    return next((one for one in later if one["act"] == "milestone.done" and one.get("milestone") == stone
                 and act.get("task") not in (one.get("open") or ())), None)

