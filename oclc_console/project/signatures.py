"""Who signed for what at one gate: overrides of red conditions, first and second signatures, and what was taken back, as a
fold over the acts of a symbol. Two people who signed for the same evidence have passed the gate for ever: no later act changes
that. Pure. Not for what the evidence is now: gates.py compares the two.

    gate.overridden {gate, subject, condition, reason, fingerprint, words}     for one red condition, on this evidence
    gate.signed     {gate, subject, fingerprint, effect, numbers, typed, note, conditions: {id: {state, words, fingerprint}}}
    gate.withdrawn  {gate, subject, of, reason}      takes back one of these before two have signed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.project.acts import UNDONE, Act, standing
from oclc_console.project.evidence import is_day

OVERRIDDEN, SIGNED, WITHDRAWN = "gate.overridden", "gate.signed", "gate.withdrawn"
MET = ("green", "overridden", "not applicable")  # states of a condition that doesn't keep the gate closed


@dataclass(frozen=True)
class Override:
    """Somebody took a red condition upon themselves, with a reason. It counts for the evidence of this `fingerprint` alone;
    `words` are what the condition said then."""

    seq: int
    at: str
    by: str
    condition: str
    reason: str
    fingerprint: str
    words: str


@dataclass(frozen=True)
class Shown:
    """A condition as a signer had it before their eyes."""

    state: str
    words: str
    fingerprint: str


@dataclass(frozen=True)
class Signature:
    """One person's signature: for which evidence (`fingerprint`), with which effect in words and which conditions (by id)
    before their eyes, what they typed, and their note."""

    seq: int
    at: str
    by: str
    fingerprint: str
    effect: str
    typed: str
    note: str
    conditions: Mapping[str, Shown]


@dataclass(frozen=True)
class Passed:
    """Two people signed for the same evidence: the gate is passed, for ever."""

    first: Signature
    second: Signature

    @property
    def at(self) -> str:
        """The instant of the second signature."""
        return self.second.at


@dataclass(frozen=True)
class GateAct:
    """One act on the gate in words, for its history: `seq` is the line of the log. `counts` is False for one that was taken
    back or lapsed, or that changes nothing any more."""

    seq: int
    at: str
    by: str
    words: str
    counts: bool


@dataclass(frozen=True)
class Signed:
    """What people did at one gate. `overrides` stand, oldest first. `first` waits for a second person, if its evidence is
    still the same; `lapsed` are first signatures whose evidence had changed when somebody else signed. Once passed, `overrides`
    are those of that moment. `standing` are the lines of the log that can be withdrawn; `history` has every act, whatever
    became of it."""

    overrides: tuple[Override, ...]
    first: Signature | None
    lapsed: tuple[Signature, ...]
    passed: Passed | None
    standing: tuple[int, ...]
    history: tuple[GateAct, ...]


def fold_gate(acts: Iterable[Act], gate: str, subject: str) -> Signed:
    """What the acts of one symbol, oldest first, add up to at one gate for one subject."""
    lines = list(acts)
    passed, end = _passed(lines, gate, subject)
    alive = _alive(lines[:end], gate, subject)
    first, lapsed = _waiting([act for act in alive if act["act"] == SIGNED])
    if passed is not None:
        first = None
        lapsed = tuple(one for one in lapsed if one != passed.first)
    overrides = tuple(_override(act) for act in alive if act["act"] == OVERRIDDEN)
    signing = (passed.first, passed.second) if passed is not None else (first,) if first is not None else ()
    counting = {one.seq for one in (*overrides, *signing)}
    can_go = () if passed is not None else tuple(int(act["seq"]) for act in alive)
    return Signed(overrides, first, lapsed, passed, can_go, _history(lines, gate, subject, counting, passed))


def why_it_stays(acts: Iterable[Act], seq: int) -> str:
    """Why the act of this line can't be taken back, as a sentence; empty when it can. Once two people have signed, nothing at
    that gate can be: what was done at OCLC can't be undone."""
    lines = list(acts)
    named = {act["seq"]: act for act in lines}
    act = named.get(seq)
    while act is not None and act["act"] == UNDONE:
        act = named.get(act["of"])
    if act is None or act["act"] not in (OVERRIDDEN, SIGNED, WITHDRAWN):
        return ""
    passed = fold_gate(lines, str(act.get("gate")), str(act.get("subject"))).passed
    if passed is None:
        return ""
    return (f"{passed.first.by} and {passed.second.by} have signed {act['gate']} for {act['subject']}: what is done at OCLC "
            "can't be undone, and their signatures stay")


def typed_fits(gate: str, symbol: str, subject: str, typed: str, today: str | None = None) -> bool:
    """Whether what was typed is the symbol and the date, as `ZUL 2020-06-08`: the cut-off day at scan-delete, else the day of
    signing (`today`; None: any day, for a signature of another day)."""
    word, _, day = " ".join(typed.split()).partition(" ")
    if word != symbol or not is_day(day):
        return False
    if gate == "scan-delete":
        return day == subject
    return today is None or day == today


def _passed(lines: Sequence[Act], gate: str, subject: str) -> tuple[Passed | None, int]:
    """The first two signatures that passed the gate, and how many acts there were then; else None and all of them."""
    for number, act in enumerate(lines):
        if act["act"] != SIGNED or not _is_of(act, gate, subject) or not _valid(act):
            continue
        before = _alive(lines[:number], gate, subject)
        first, _lapsed = _waiting([one for one in before if one["act"] == SIGNED])
        second = _signature(act)
        if first is not None and first.by != second.by and first.fingerprint == second.fingerprint:
            return Passed(first, second), number + 1
    return None, len(lines)


def _alive(lines: Sequence[Act], gate: str, subject: str) -> list[Act]:
    """The overrides and signatures of a gate that stand: neither undone nor withdrawn."""
    mine = [act for act in standing(lines) if _is_of(act, gate, subject)]
    back = {act.get("of") for act in mine if act["act"] == WITHDRAWN}
    return [act for act in mine if act["act"] in (OVERRIDDEN, SIGNED) and act["seq"] not in back]


def _waiting(signed: Sequence[Act]) -> tuple[Signature | None, tuple[Signature, ...]]:
    """The signature that waits for a second one, and those that lapsed before it. Signed for other evidence: the one before it
    has lapsed. Signed again by the same login for the same evidence: that changes nothing."""
    first: Signature | None = None
    lapsed: list[Signature] = []
    for act in signed:
        if not _valid(act):
            continue
        signature = _signature(act)
        if first is None:
            first = signature
        elif signature.fingerprint != first.fingerprint:
            lapsed.append(first)
            first = signature
    return first, tuple(lapsed)


def _valid(act: Act) -> bool:
    """Whether a signature may count: its symbol and date were typed, and none of its conditions was red when it was given."""
    signature = _signature(act)
    return (bool(signature.fingerprint) and bool(signature.conditions)
            and all(shown.state in MET for shown in signature.conditions.values())
            and typed_fits(str(act["gate"]), str(act["symbol"]), str(act["subject"]), signature.typed))


def _is_of(act: Act, gate: str, subject: str) -> bool:
    return act["act"] in (OVERRIDDEN, SIGNED, WITHDRAWN) and act.get("gate") == gate and act.get("subject") == subject


def _signature(act: Act) -> Signature:
    shown = act.get("conditions")
    conditions = {str(key): Shown(str(one.get("state")), str(one.get("words")), str(one.get("fingerprint")))
                  for key, one in shown.items() if isinstance(one, Mapping)} if isinstance(shown, Mapping) else {}
    return Signature(act["seq"], act["at"], act["by"], str(act.get("fingerprint") or ""), str(act.get("effect") or ""),
                     str(act.get("typed") or ""), str(act.get("note") or ""), conditions)


def _override(act: Act) -> Override:
    return Override(act["seq"], act["at"], act["by"], str(act.get("condition") or ""), str(act.get("reason") or ""),
                    str(act.get("fingerprint") or ""), str(act.get("words") or ""))


def _history(lines: Sequence[Act], gate: str, subject: str, counting: set[int],
             passed: Passed | None) -> tuple[GateAct, ...]:
    """Every act on the gate and every taking back of one, oldest first."""
    mine: set[int] = set()
    found: list[GateAct] = []
    for act in lines:
        late = passed is not None and act["seq"] > passed.second.seq
        after = "; changes nothing: two people had signed" if late else ""
        if act["act"] == UNDONE and act.get("of") in mine:
            words = f"took back line {act['of']}: {act.get('reason') or 'no reason said'}"
        elif _is_of(act, gate, subject):
            words = _words(act)
        else:
            continue
        mine.add(act["seq"])
        taking = act["act"] in (UNDONE, WITHDRAWN)
        found.append(GateAct(act["seq"], act["at"], act["by"], words + after,
                             not late and (taking or act["seq"] in counting)))
    return tuple(found)


def _words(act: Act) -> str:
    if act["act"] == OVERRIDDEN:
        return f"signed for {act.get('condition')} ({act.get('words')}): {act.get('reason')}"
    if act["act"] == WITHDRAWN:
        return f"withdrew line {act.get('of')}: {act.get('reason')}"
    note = f": {act['note']}" if act.get("note") else ""
    return f"signed {act.get('typed')}: {act.get('effect')}{note}"
