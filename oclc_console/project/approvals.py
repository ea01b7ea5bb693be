"""Standing approvals: whether a stream may be uploaded by a timer, with nobody looking. One person signs for full runs, two
when it passes to incremental; an approval holds for the stream's settings as they were and for about the usual number of
records. Pure.

    approval.signed    {stream, collection, run: full | incremental, settings_fingerprint, usual_count, note}
    approval.withdrawn {collection, run, reason}      ends what was signed before it
    approval.lapsed    {collection, run, reason}      the console found that a run's count had jumped: it ends it too
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from oclc_console.errors import CallError, Refused
from oclc_console.project.acts import Act, standing

SIGNED, WITHDRAWN, LAPSED = "approval.signed", "approval.withdrawn", "approval.lapsed"
Run = Literal["full", "incremental"]
NEEDED = {"full": 1, "incremental": 2}  # signatures, each of another login
FACTOR = 1.5  # a run of more than so many times the usual count, or fewer than the usual count over this, has jumped


@dataclass(frozen=True)
class Approval:
    """One person's signature under a stream's unattended runs: for which settings and which usual number of records."""

    seq: int
    at: str
    by: str
    settings_fingerprint: str
    usual_count: int
    note: str


@dataclass(frozen=True)
class ApprovalState:
    """How the approval of a stream stands for one kind of run. `signatures` count now; `stands` when there are enough of them
    and nothing made them lapse. `words` say so for a person, `then` what to do; `last` is the newest signature, whether or not
    it counts, `count` the number of records of the run that was asked about (None: no run in hand)."""

    collection: str
    run: Run
    needed: int
    signatures: tuple[Approval, ...]
    last: Approval | None
    count: int | None
    stands: bool
    words: str
    then: str


def approval_state(acts: Iterable[Act], collection: str, run: Run, settings_fingerprint: str,
                   count: int | None = None, factor: float = FACTOR) -> ApprovalState:
    """How the approval of a collection stands, given the acts of its symbol, oldest first, the stream's settings as they are,
    and for a run in hand how many records it has."""
    signatures, ended = _signed(acts, collection, run)
    needed, last = NEEDED[run], signatures[-1] if signatures else None

    def state(counting: tuple[Approval, ...], stands: bool, words: str, then: str) -> ApprovalState:
        return ApprovalState(collection, run, needed, counting, last, count, stands, words, then)
    if last is None:
        return state((), False, ended or f"nobody has approved {run} runs", _then(needed))
    if last.settings_fingerprint != settings_fingerprint:
        return state((), False, f"lapsed: the stream's settings changed since {last.by} signed on {last.at[:10]}",
                     _then(needed))
    jumped = jump(last.usual_count, count, factor)
    if jumped:
        return state((), False, f"lapsed: {jumped}", f"Look at the run. {_then(needed)}")
    who = " and ".join(f"{one.by} on {one.at[:10]}" for one in signatures)
    if len(signatures) < needed:
        return state(signatures, False, f"signed by {who}, by nobody else yet", "A second person signs, from another login.")
    return state(signatures, True, f"{run} runs of about {last.usual_count:,} records approved by {who}", "")


def may_run(state: ApprovalState) -> bool:
    """Whether a run may go out with nobody looking: the approval stands, and the run's count is known and usual."""
    return state.stands and state.count is not None


def jump(usual: int, count: int | None, factor: float = FACTOR) -> str:
    """How a count has jumped from the usual one, with both numbers; empty when it has not."""
    if count is None or (count <= usual * factor and count * factor >= usual):
        return ""
    far = f"more than {factor:g} times as many" if count > usual else f"fewer than {usual:,} divided by {factor:g}"
    return f"this run has {count:,} records where {usual:,} are usual: {far}"


def approval_data(state: ApprovalState, by: str, stream: str, settings_fingerprint: str, usual_count: int,
                  note: str = "") -> dict[str, Any]:
    """What is logged as approval.signed. Raises Refused when this login has signed the same already, CallError for a usual
    count that is none."""
    if usual_count < 0:
        raise CallError(f"{usual_count} is no number of records", where=stream, then="Say how many records a run usually has.")
    same = [one for one in state.signatures
            if (one.settings_fingerprint, one.usual_count) == (settings_fingerprint, usual_count)]
    if any(one.by == by for one in same):
        then = "The second signature is another person's, from another login." if state.needed > len(same) else ""
        raise Refused(f"{by} has signed already", where=stream, then=then)
    if state.stands and same:
        raise Refused(f"it is approved: {state.words}", where=stream)
    return {"stream": stream, "collection": state.collection, "run": state.run, "settings_fingerprint": settings_fingerprint,
            "usual_count": usual_count, "note": note.strip()}


def _signed(acts: Iterable[Act], collection: str, run: Run) -> tuple[tuple[Approval, ...], str]:
    """The signatures that stand for the newest thing that was signed for (settings and usual count), one a login, and if there
    is none, what ended those before, in words."""
    found: list[Approval] = []
    ended = ""
    for act in standing(acts):
        if act.get("collection") != collection or act.get("run") != run:
            continue
        if act["act"] in (WITHDRAWN, LAPSED):
            found = []
            word = "lapsed" if act["act"] == LAPSED else f"withdrawn by {act['by']}"
            ended = f"{word} on {str(act['at'])[:10]}: {act.get('reason') or 'no reason said'}"
        one = _approval(act) if act["act"] == SIGNED else None
        if one is not None:
            same = [old for old in found if (old.settings_fingerprint, old.usual_count)
                    == (one.settings_fingerprint, one.usual_count)]
            found = same if any(old.by == one.by for old in same) else [*same, one]
    return tuple(found), ended


def _approval(act: Act) -> Approval | None:
    """The signature of an act; None when it doesn't say for how many records."""
    usual = act.get("usual_count")
    if not isinstance(usual, int) or isinstance(usual, bool):
        return None
    return Approval(act["seq"], act["at"], act["by"], str(act.get("settings_fingerprint") or ""), usual,
                    str(act.get("note") or ""))


def _then(needed: int) -> str:
    return "Approve it: " + ("one person signs." if needed == 1 else "two people sign, each from their own login.")
