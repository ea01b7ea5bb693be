"""The gates in front of what can't be taken back: how one stands, signing it, taking a red condition upon oneself, and taking a
signature back. Each act is checked against what stands inside the log's lock, and refused when that is not what the person
had before their eyes. Signing triggers nothing at OCLC. Not for what is known (gate_facts.py) nor for judging it
(project/gates.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from oclc_console import clock
from oclc_console.errors import CallError, Refused
from oclc_console.operations.gate_facts import SCAN_DELETE, Facts, World, facts_of, passed, world
from oclc_console.project.conditions import Case
from oclc_console.project.evidence import entered
from oclc_console.project.gates import (
    ConditionState,
    GateState,
    gate_of,
    gate_state,
    gates_of,
    may_pass,
    override_data,
    signature_data,
    to_type,
    withdrawal_data,
)
from oclc_console.project.signatures import OVERRIDDEN, SIGNED, WITHDRAWN
from oclc_console.store import log
from oclc_console.store.log_check import require_sound
from oclc_console.workspace import Workspace

_ORDER = ("scan-delete", "retire", "upload", "writeback", "submit", "unset")
NEEDS_A_SUBJECT = {"submit": "a collection id", "unset": "the list of what is to be unset"}


@dataclass(frozen=True)
class Looked:
    """A gate as it stands, and what is known of the symbol that it was judged on."""

    state: GateState
    known: Facts


def gate(workspace: Workspace, gate_id: str, symbol: str, subject: str = "", seen: World | None = None) -> GateState:
    """How a gate of a symbol stands now; as `look`, without what it was judged on."""
    return look(workspace, gate_id, symbol, subject, seen).state


def look(workspace: Workspace, gate_id: str, symbol: str, subject: str = "", seen: World | None = None) -> Looked:
    """How a gate of a symbol stands now. `subject` is the collection id (submit), the cut-off day (scan-delete; without it the
    one that was signed for, else the one OCLC proposed) or the list (unset). Raises CallError for a gate or a subject that
    won't do. It may take a moment: the ledger is counted."""
    gate_of(gate_id)
    seen = seen or world(workspace)
    found = workspace.settings.symbol(symbol)
    about = subject.strip() or _usual_subject(seen, gate_id, found.code)
    known = facts_of(workspace, found.code, gate_id, about if gate_id in NEEDS_A_SUBJECT else "", seen)
    case = Case(gate_id, found.code, about, found.disposition, found.libraries, found.successor,
                clock.now().astimezone().date().isoformat())
    return Looked(gate_state(case, known, seen.project.of(found.code)), known)


def gate_pages(workspace: Workspace, symbol: str, seen: World | None = None) -> tuple[tuple[str, str], ...]:
    """The gates of a symbol with what each is about, (gate, subject), the one that cannot be undone first: one for each
    collection that may be submitted, and for each list that anybody named."""
    seen = seen or world(workspace)
    found = workspace.settings.symbol(symbol)
    pages: list[tuple[str, str]] = []
    for each in sorted(gates_of(found.disposition), key=lambda each: _ORDER.index(each.id)):
        if each.id == "submit":
            pages += [(each.id, stream.collection) for stream in found.streams]
        elif each.id == "unset":
            lists = (str(act.get("subject")) for act in seen.project.of(found.code)
                     if act.get("gate") == each.id or str(act.get("key", "")).startswith("unset_"))
            pages += [(each.id, about) for about in dict.fromkeys(lists)]
        else:
            pages.append((each.id, _usual_subject(seen, each.id, found.code)))
    return tuple(pages)


def sign(workspace: Workspace, gate_id: str, symbol: str, typed: str, subject: str = "", note: str = "",
         shown: GateState | None = None) -> GateState:
    """Signs a gate for the acting person, who has typed the symbol and the date by hand (`ZUL 2020-06-08`). `shown` is the gate
    as they saw it. Raises Refused when it has changed since, when a condition is red, or when this login has signed already;
    CallError when what was typed is not what is being signed for; HereError when any line of the log was changed."""
    with log.writing(workspace) as writer:
        require_sound(workspace)
        now = gate(workspace, gate_id, symbol, subject or (shown.case.subject if shown else ""))
        _require_as_shown(now, shown)
        writer.append(SIGNED, now.case.symbol, **signature_data(now, workspace.actor, typed, note))
    return gate(workspace, gate_id, now.case.symbol, now.case.subject)


def override(workspace: Workspace, gate_id: str, symbol: str, condition: str, reason: str, subject: str = "",
             shown: GateState | None = None) -> GateState:
    """Takes a red condition upon the acting person, with a reason: it counts for the evidence as it is now. Raises Refused when
    the condition is not as it was shown, CallError without a reason or where nothing is red."""
    with log.writing(workspace) as writer:
        require_sound(workspace)
        now = gate(workspace, gate_id, symbol, subject or (shown.case.subject if shown else ""))
        _require_as_shown(now, shown, condition)
        writer.append(OVERRIDDEN, now.case.symbol, **override_data(now, condition, reason))
    return gate(workspace, gate_id, now.case.symbol, now.case.subject)


def withdraw(workspace: Workspace, gate_id: str, symbol: str, reason: str, subject: str = "",
             of: int | None = None) -> GateState:
    """Takes an override or a first signature back, by the number of its line in the log; without one the newest of the acting
    person's. Raises Refused once two people have signed and for another person's, CallError without a reason or when there
    is no such act."""
    with log.writing(workspace) as writer:
        now = gate(workspace, gate_id, symbol, subject)
        line = _newest_of(now, workspace.actor) if of is None else of
        _require_own(now, line, workspace.actor)
        writer.append(WITHDRAWN, now.case.symbol, **withdrawal_data(now, line, reason))
    return gate(workspace, gate_id, now.case.symbol, now.case.subject)


def _newest_of(now: GateState, person: str) -> int:
    mine = [act.seq for act in now.history if act.seq in now.standing and act.by == person]
    if not mine and now.passed is None:
        raise CallError(f"{person} has signed nothing here that stands", where=f"{now.gate.id} {now.case.subject}",
                        then="Name the line of the log that is to be taken back.")
    return mine[-1] if mine else 0


def _require_own(now: GateState, line: int, person: str) -> None:
    """Raises Refused for a line that is somebody else's."""
    whose = next((act.by for act in now.history if act.seq == line), person)
    if whose != person and now.passed is None:
        raise Refused(f"line {line} is {whose}'s: nobody takes back what another person signed",
                      where=f"{now.gate.id} {now.case.subject}", then=f"Ask {whose}.")


def _usual_subject(seen: World, gate_id: str, code: str) -> str:
    """What a gate is about when nobody says it."""
    if gate_id in NEEDS_A_SUBJECT:
        raise CallError(f"the gate {gate_id} is about {NEEDS_A_SUBJECT[gate_id]}, and none was named", where=code,
                        then="Name it: --subject ...")
    if gate_id != SCAN_DELETE:
        return code
    acts = seen.project.of(code)
    if done := passed(acts, SCAN_DELETE):
        return max(done, key=lambda each: each.at).subject
    proposed = entered(acts).get("cutoff_proposed")
    return str(proposed.value) if proposed and proposed.value else ""


def _require_as_shown(now: GateState, shown: GateState | None, condition: str = "") -> None:
    """Raises Refused when the gate (or one of its conditions) is not what the person saw."""
    if shown is None:
        return
    if shown.case.symbol != now.case.symbol or shown.gate.id != now.gate.id or shown.case.subject != now.case.subject:
        raise CallError("what was shown is another gate", where=f"{now.gate.id} {now.case.subject}", then="Look at it again.")
    changed = differences(shown, now, condition)
    if not changed and (condition or shown.fingerprint == now.fingerprint):
        return
    what = "; ".join(changed) or "what lies behind it is not the same"
    raise Refused(f"it has changed while you looked: {what}. Nothing was signed", where=f"{now.gate.id} {now.case.subject}",
                  then="Look at it again, then decide.")


def differences(before: GateState, now: GateState, condition: str = "") -> tuple[str, ...]:
    """What of a gate is not as it was, in sentences; of one condition where it is named."""
    was = {one.id: one for one in before.conditions}
    found = [_difference(was.get(one.id), one) for one in now.conditions if condition in ("", one.id)]
    if not condition and before.effect.words != now.effect.words:
        found.append(f"the effect was: {before.effect.words}; it is: {now.effect.words}")
    return tuple(words for words in found if words)


def _difference(before: ConditionState | None, now: ConditionState) -> str:
    if before is None or (before.state, before.fingerprint, before.override) == (now.state, now.fingerprint, now.override):
        return ""
    return f"{now.id} was {before.state} ({before.words}), it is {now.state} ({now.words})"


def to_json(state: GateState) -> dict[str, Any]:
    """A gate as `sign --json` prints it."""
    return {
        "gate": state.gate.id, "step": state.gate.step, "kind": state.gate.kind, "symbol": state.case.symbol,
        "subject": state.case.subject, "not_for": state.not_for, "open": may_pass(state), "fingerprint": state.fingerprint,
        "conditions": [_condition_json(one) for one in state.conditions],
        "effect": state.effect.words, "numbers": dict(state.effect.numbers),
        "to_type": to_type(state.case) if state.gate.kind == "signed" else None,
        "signed": _signed_json(state), "lapsed": [{"by": one.by, "at": one.at, "changes": list(changes)}
                                                  for one, changes in state.lapsed],
        "changes": list(state.changes), "missing": missing(state),
        "history": [asdict(act) for act in state.history]}


def _condition_json(one: ConditionState) -> dict[str, Any]:
    return {"id": one.id, "sentence": one.sentence, "state": one.state, "words": one.words, "then": one.then,
            "as_of": one.as_of or None, "sources": one.sources, "override": asdict(one.override) if one.override else None}


def _signed_json(state: GateState) -> list[dict[str, str]]:
    given = [state.passed.first, state.passed.second] if state.passed else [state.first] if state.first else []
    return [{"by": one.by, "at": one.at, "note": one.note} for one in given]


def missing(state: GateState) -> Sequence[str]:
    """What keeps the gate closed, each in a sentence; empty when it is open, or when the symbol has no such gate."""
    if state.not_for or may_pass(state):
        return []
    return [f"{one.id}: {one.words}" for one in state.conditions if one.state == "red"]
