"""The gates in front of the steps that can't be taken back: which there are for which symbol, how each stands, and what an
override or a signature has to be to count. Pure: operations compute what is known and append the acts.

How it is used: `gate_state(case, known, acts)` with what is known (evidence.together) and the acts of the symbol, oldest
first; then `may_pass` or `require` before a step; `override_data`, `signature_data` and `withdrawal_data` check an act against
the state and give what is logged as gate.overridden, gate.signed and gate.withdrawn (inside the log's lock, so that the state
is the one that stands). A signature counts for exactly the evidence it was given on: for the values, the overrides and the
effect's numbers, not for their times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from oclc_console.errors import CallError, Refused
from oclc_console.project.acts import Act
from oclc_console.project.conditions import Case, Condition, Judged, fingerprint, judge, many
from oclc_console.project.effects import Effect, effect
from oclc_console.project.evidence import Known
from oclc_console.project.removing import RETIRE, SCAN_DELETE, UNSET
from oclc_console.project.sending import SUBMIT, UPLOAD, WRITEBACK
from oclc_console.project.signatures import GateAct, Override, Passed, Signature, fold_gate, typed_fits

SECOND_PERSON = "second-person"  # the last condition of every signed gate: nobody can sign it away


@dataclass(frozen=True)
class Gate:
    """One gate: its id for commands and the log, the step it stands before, and its conditions. A checked gate is passed while
    no condition is red; a signed one when two people have signed. `not_for`: disposition -> why it has no such gate."""

    id: str
    step: str
    kind: Literal["checked", "signed"]
    conditions: tuple[Condition, ...]
    not_for: Mapping[str, str]


_LENT = "a retiring symbol has no collections of its own: its files go out under its successor's"
_STAYS = "only a retiring symbol is retired"
GATES: Mapping[str, Gate] = {gate.id: gate for gate in (
    Gate("upload", "Upload the waiting files", "checked", UPLOAD, {}),
    Gate("writeback", "Load OCLC's numbers into Alma", "checked", WRITEBACK, {}),
    Gate("submit", "Submit a collection", "signed", SUBMIT, {"retiring": _LENT}),
    Gate("scan-delete", "Approve the scan/delete date", "signed", SCAN_DELETE, {
        "retiring": "all holdings of a retiring symbol go when it is retired; no cut-off day is signed for it"}),
    Gate("retire", "Retire the symbol", "signed", RETIRE, {"retained": _STAYS, "target": _STAYS}),
    Gate("unset", "Unset holdings with cascade", "signed", UNSET, {}),
)}


@dataclass(frozen=True)
class ConditionState:
    """One condition as it stands. `state` is green, red, overridden or not applicable; `words` say what the evidence shows,
    `as_of` since when that is (ISO instant or day), `sources` where what people entered comes from, `then` what would turn it
    green. `override` counts; `void` was signed for other evidence and doesn't any more."""

    id: str
    sentence: str
    state: str
    words: str
    then: str
    as_of: str
    sources: str
    fingerprint: str
    override: Override | None = None
    void: Override | None = None


@dataclass(frozen=True)
class GateState:
    """How a gate stands. `not_for`: why this symbol has no such gate (empty: it has). `fingerprint` is what a signature is
    given for now. `first` waits for a second person; `lapsed` were first signatures, each with what has changed since.
    `passed`: two people signed; `changes` is then what has changed since, in sentences. `standing`: the lines of the log that
    can be withdrawn. `history`: every act, whatever became of it."""

    gate: Gate
    case: Case
    not_for: str
    conditions: tuple[ConditionState, ...]
    effect: Effect
    fingerprint: str
    first: Signature | None
    lapsed: tuple[tuple[Signature, tuple[str, ...]], ...]
    passed: Passed | None
    changes: tuple[str, ...]
    standing: tuple[int, ...]
    history: tuple[GateAct, ...]

    @property
    def red(self) -> tuple[ConditionState, ...]:
        """The conditions that keep it closed and that evidence or a reason could open: without the second person."""
        return tuple(one for one in self.conditions if one.state == "red" and one.id != SECOND_PERSON)


def gate_of(gate_id: str) -> Gate:
    """The gate with this id. Raises CallError naming those there are."""
    if gate_id in GATES:
        return GATES[gate_id]
    raise CallError(f"{gate_id!r} is no gate", then=f"There are: {', '.join(GATES)}.")


def gates_of(disposition: str) -> tuple[Gate, ...]:
    """The gates of a symbol with this disposition."""
    return tuple(gate for gate in GATES.values() if disposition not in gate.not_for)


def gate_state(case: Case, known: Mapping[str, Known], acts: Iterable[Act]) -> GateState:
    """How a gate stands for a case, given what is known and the acts of the symbol, oldest first. Raises CallError for a gate
    that there is not."""
    gate = gate_of(case.gate)
    signed = fold_gate(acts, gate.id, case.subject)
    conditions = tuple(_condition(judge(one, case, known), signed.overrides) for one in gate.conditions)
    does = effect(case, known)
    stamp = _fingerprint(case, conditions, does)
    first, history, lapsed = signed.first, signed.history, [(one, _changes(one, conditions, does)) for one in signed.lapsed]
    if first is not None and first.fingerprint != stamp:
        lapsed.append((first, _changes(first, conditions, does)))
        history = tuple(replace(act, counts=False) if act.seq == first.seq else act for act in history)
        first = None
    changed = signed.passed is not None and signed.passed.second.fingerprint != stamp
    changes = _changes(signed.passed.second, conditions, does) if signed.passed and changed else ()
    if gate.kind == "signed":
        conditions = (*conditions, _second_person(first, signed.passed))
    return GateState(gate, case, gate.not_for.get(case.disposition, ""), conditions, does, stamp, first, tuple(lapsed),
                     signed.passed, changes, signed.standing, history)


def may_pass(state: GateState) -> bool:
    """Whether the step may be taken. A signed gate: when two people have signed, and then for ever. A checked one: while none
    of its conditions is red."""
    if state.gate.kind == "signed":
        return state.passed is not None
    return not state.not_for and not state.red


def require(state: GateState) -> None:
    """Raises Refused, which ends a command with 4, when the step may not be taken; it names what is missing."""
    if may_pass(state):
        return
    where = f"{state.gate.id} {state.case.subject}"
    if state.not_for:
        raise Refused(f"{state.case.symbol} has no such gate: {state.not_for}", where=where)
    red = state.red or tuple(one for one in state.conditions if one.state == "red")
    first = red[0]
    more = f" (and {len(red) - 1} more)" if len(red) > 1 else ""
    raise Refused(f"{first.sentence}: {first.words}{more}", where=where, then=first.then)


def to_type(case: Case) -> str:
    """What a signer types by hand: the symbol and the date, which is the cut-off day at scan-delete, else today."""
    return f"{case.symbol} {case.subject if case.gate == 'scan-delete' else case.today}"


def why_not_sign(state: GateState, by: str) -> str:
    """Why this login can't sign now, as a sentence; empty when it can."""
    if state.gate.kind != "signed":
        return "this gate is passed when no condition is red: it takes no signature"
    if state.passed is not None:
        return f"{state.passed.first.by} and {state.passed.second.by} have signed: it is passed"
    if state.not_for:
        return state.not_for
    if state.red:
        return f"{many(len(state.red), 'condition is', 'conditions are')} red: {', '.join(one.id for one in state.red)}"
    if state.first is not None and state.first.by == by:
        return f"{by} has signed already: the second signature is another person's, from another login"
    return ""


def signature_data(state: GateState, by: str, typed: str, note: str = "") -> dict[str, Any]:
    """What is logged as gate.signed when `by` signs, having typed the symbol and the date. Raises Refused when they can't sign,
    CallError when what was typed is not these."""
    why, where = why_not_sign(state, by), f"{state.gate.id} {state.case.subject}"
    if why:
        raise Refused(why, where=where, then=state.red[0].then if state.red else "")
    if not typed_fits(state.gate.id, state.case.symbol, state.case.subject, typed, state.case.today):
        raise CallError(f"{typed!r} was typed, which is not the symbol and the date", where=where,
                        then=f"To sign, type {to_type(state.case)}")
    shown = {one.id: {"state": one.state, "words": one.words, "fingerprint": one.fingerprint}
             for one in state.conditions if one.id != SECOND_PERSON}
    return {"gate": state.gate.id, "subject": state.case.subject, "fingerprint": state.fingerprint,
            "effect": state.effect.words, "numbers": dict(state.effect.numbers), "typed": " ".join(typed.split()),
            "note": note.strip(), "conditions": shown}


def override_data(state: GateState, condition_id: str, reason: str) -> dict[str, Any]:
    """What is logged as gate.overridden when somebody takes a red condition upon themselves. Raises CallError without a reason
    or where there is nothing to override, Refused for what nobody can sign away."""
    where = f"{state.gate.id} {state.case.subject} {condition_id}"
    found = next((one for one in state.conditions if one.id == condition_id), None)
    if found is None:
        there = ", ".join(one.id for one in state.conditions)
        raise CallError(f"{condition_id!r} is no condition of it", where=where, then=f"There are: {there}.")
    if found.id == SECOND_PERSON:
        raise Refused("the second person can't be signed away", where=where,
                      then="Ask a colleague to sign, from their own login.")
    if state.passed is not None or state.not_for:
        raise CallError("it is passed" if state.passed else state.not_for, where=where, then="There is nothing to override.")
    if found.state != "red":
        raise CallError(f"it is {found.state}: {found.words}", where=where, then="There is nothing to override.")
    if not reason.strip():
        raise CallError("signing for a red condition needs a reason", where=where,
                        then="Say in a few words why; it stays in the log.")
    return {"gate": state.gate.id, "subject": state.case.subject, "condition": found.id, "reason": reason.strip(),
            "fingerprint": found.fingerprint, "words": found.words}


def withdrawal_data(state: GateState, of: int, reason: str) -> dict[str, Any]:
    """What is logged as gate.withdrawn when somebody takes an override or a first signature back (line `of` of the log). Raises
    Refused once two have signed, CallError without a reason or for a line that is neither."""
    where = f"{state.gate.id} {state.case.subject}"
    if state.passed is not None:
        raise Refused("two people have signed: what is done at OCLC can't be undone", where=where)
    if of not in state.standing:
        raise CallError(f"line {of} is no override and no signature that stands here", where=where,
                        then="The gate's history has their numbers.")
    if not reason.strip():
        raise CallError("taking it back needs a reason", where=where, then="Say in a few words why; it stays in the log.")
    return {"gate": state.gate.id, "subject": state.case.subject, "of": of, "reason": reason.strip()}


def _condition(judged: Judged, overrides: Sequence[Override]) -> ConditionState:
    mine = [one for one in overrides if one.condition == judged.condition.id]
    counts = next((one for one in reversed(mine) if one.fingerprint == judged.fingerprint), None)
    state: str = judged.state
    words, then, void = judged.words, judged.then, None
    if judged.state == "red" and counts is not None:
        state, then = "overridden", ""
        words = f"{words}; signed by {counts.by} on {counts.at[:10]}: {counts.reason}"
    elif judged.state == "red" and mine:
        void = mine[-1]
        words = (f"{words}; {void.by} had signed on {void.at[:10]} for other evidence ({void.words}), "
                 f"with the reason: {void.reason}")
    return ConditionState(judged.condition.id, judged.condition.sentence, state, words, then, judged.as_of, judged.sources,
                          judged.fingerprint, counts if state == "overridden" else None, void)


def _second_person(first: Signature | None, passed: Passed | None) -> ConditionState:
    sentence = "A second person signs"
    if passed is not None:
        words = (f"signed by {passed.first.by} on {passed.first.at[:10]} and by {passed.second.by} on "
                 f"{passed.second.at[:10]}")
        return ConditionState(SECOND_PERSON, sentence, "green", words, "", passed.at, "", "")
    if first is not None:
        return ConditionState(SECOND_PERSON, sentence, "red", f"signed by {first.by} on {first.at[:10]}, by nobody else yet",
                              "Another person signs, from another login.", first.at, "", "")
    return ConditionState(SECOND_PERSON, sentence, "red", "nobody has signed", "Two people sign, each from their own login.",
                          "", "", "")


def _fingerprint(case: Case, conditions: Sequence[ConditionState], does: Effect) -> str:
    """Stands for all a signer has before their eyes, without its times."""
    return fingerprint({
        "case": [case.gate, case.symbol, case.subject, case.disposition, list(case.libraries), case.successor],
        "conditions": [[one.id, one.state, one.fingerprint] for one in conditions],
        "overrides": [[one.id, one.override.by, one.override.reason] for one in conditions if one.override],
        "numbers": [list(pair) for pair in does.numbers]})


def _changes(signature: Signature, conditions: Sequence[ConditionState], does: Effect) -> tuple[str, ...]:
    """What is not any more as a signer saw it, in sentences; at least one, for somebody who asks why it lapsed."""
    found: list[str] = []
    for one in conditions:
        then = signature.conditions.get(one.id)
        if then is None:
            found.append(f"{one.id} was not asked then, is {one.state} ({one.words})")
        elif then.state != one.state or (then.fingerprint != one.fingerprint and then.words != one.words):
            found.append(f"{one.id} was {then.state} ({then.words}), is {one.state} ({one.words})")
    if signature.effect != does.words:
        found.append(f"the effect was: {signature.effect}; is: {does.words}")
    return tuple(found) or ("what console.toml says of the symbol, or who signed for a red condition, changed",)
