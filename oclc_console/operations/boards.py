"""A question: how does a gate stand for every symbol at once? The scan/delete board and the retirement board: a row a symbol,
how many conditions are met, what blocks, whom it waits for, what the step would do in numbers, who signed. Reads everything
once. Not for one gate in full (signing.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from oclc_console.operations.gate_facts import SCAN_DELETE, World, world
from oclc_console.operations.signing import gate
from oclc_console.project.gates import SECOND_PERSON, ConditionState, GateState, gate_of
from oclc_console.project.milestones import fold_milestones
from oclc_console.project.signatures import MET, SIGNED, fold_gate
from oclc_console.store.project import project
from oclc_console.workspace import Workspace

RETIRE = "retire"
BOARDS = {SCAN_DELETE: "Scan/delete", RETIRE: "Retirement"}
_STEP_DONE = "deletion"  # the milestone that says that the step was taken at OCLC

# whom a condition waits for when it is red: design 1's roles
_WAITS_FOR = {
    "uploaded": "LTS", "accounted": "LTS", "unrouted": "LTS", "own-records": "LTS", "successor": "LTS", "feeds": "LTS",
    "unresolved": "unit cataloguers", "ocn-changes": "unit cataloguers", "left-out": "coordinator", "cutoff": "coordinator",
    "other-loads": "coordinator", "withdrawn": "units", "lhr": "coordinator", "announcement": "coordinator",
    "ill-supplier": "ILL lead", "ill-requests": "ILL lead", "connexion-users": "authorizations coordinator",
    "save-file": "authorizations coordinator", "constant-data": "authorizations coordinator", "lhrs": "coordinator"}


@dataclass(frozen=True)
class Row:
    """One symbol on a board. `state`: done (the step was taken), signed (by two, not yet done), second (waits for a second
    person), ready (nothing is red), blocked. `met` of `conditions` are met, the second person among them; `blocks` are the red
    ones (id, words), most telling first; `waits_for` whom, in words; `signatures` are logins with days."""

    symbol: str
    name: str
    disposition: str
    subject: str
    state: str
    met: int
    conditions: int
    blocks: tuple[tuple[str, str], ...]
    waits_for: str
    effect: str
    numbers: tuple[tuple[str, int | None], ...]
    signatures: tuple[tuple[str, str], ...]
    since: str | None
    gate: GateState

    def to_json(self) -> dict[str, Any]:
        """As `sign --json` prints it."""
        told = {name: getattr(self, name) for name in (
            "symbol", "name", "disposition", "subject", "state", "met", "conditions", "waits_for", "effect", "since")}
        return {**told, "numbers": dict(self.numbers), "blocks": [{"id": id_, "words": words} for id_, words in self.blocks],
                "signatures": [{"by": by, "on": day} for by, day in self.signatures]}


@dataclass(frozen=True)
class Board:
    """One gate for all symbols that have it; `elsewhere` are those that have not, each with why. `as_of` is an ISO instant."""

    gate: str
    title: str
    as_of: str
    rows: tuple[Row, ...]
    elsewhere: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """As `sign --json` prints it."""
        return {"gate": self.gate, "title": self.title, "as_of": self.as_of, "rows": [row.to_json() for row in self.rows],
                "elsewhere": [dict(zip(("symbol", "why"), pair, strict=True)) for pair in self.elsewhere]}

    def words(self) -> Iterator[str]:
        """As a table for a plain terminal."""
        yield f"{self.title} board, as of {self.as_of}"
        for row in self.rows:
            about = f" {row.subject}" if row.subject not in ("", row.symbol) else ""
            yield (f"{row.symbol:<6} {row.state:<8} {row.met:>2}/{row.conditions:<3} {row.effect.partition(';')[0]}{about}"
                   f"{f'; waits for {row.waits_for}' if row.waits_for else ''}")
            yield from (f"         ✖ {id_}: {words}" for id_, words in row.blocks)
        yield ""


def board(workspace: Workspace, gate_id: str, seen: World | None = None) -> Board:
    """One gate for all symbols. It may take a moment: every symbol's ledger is counted."""
    seen = seen or world(workspace)
    states = [gate(workspace, gate_id, code, seen=seen) for code in workspace.settings.symbols]
    rows = tuple(_row(seen, state) for state in states if not state.not_for)
    elsewhere = tuple((state.case.symbol, state.not_for) for state in states if state.not_for)
    return Board(gate_id, BOARDS.get(gate_id, gate_id), seen.as_of, rows, elsewhere)


def boards(workspace: Workspace) -> tuple[Board, ...]:
    """The scan/delete board and the retirement board, of one moment."""
    seen = world(workspace)
    return tuple(board(workspace, gate_id, seen) for gate_id in BOARDS)


def _row(seen: World, state: GateState) -> Row:
    symbol = seen.workspace.settings.symbols[state.case.symbol]
    milestones = fold_milestones(symbol.disposition, seen.project.of(symbol.code))
    done = next((each for each in milestones if each.milestone.id == _STEP_DONE and each.state == "done"), None)
    red = [one for one in state.conditions if one.state == "red" and one.id != SECOND_PERSON]
    stands = _standing(state, done is not None)
    given = [state.passed.first, state.passed.second] if state.passed else [state.first] if state.first else []
    waits = "" if stands == "done" else _waits_for(state, red)
    since = done.completed if done else max((one.at for one in given), default=None)
    return Row(symbol.code, symbol.name, symbol.disposition, state.case.subject, stands,
               sum(one.state in MET for one in state.conditions), len(state.conditions),
               () if stands == "done" else tuple((one.id, one.words) for one in _telling(red)), waits, state.effect.words,
               state.effect.numbers, tuple((one.by, one.at[:10]) for one in given), since, state)


def _standing(state: GateState, done: bool) -> str:
    if done:
        return "done"
    if state.passed:
        return "signed"
    if state.red:
        return "blocked"
    return "second" if state.first else "ready"


def _telling(red: list[ConditionState]) -> list[ConditionState]:
    """Those that are known to be red before those of which nothing is known."""
    return sorted(red, key=lambda one: one.words.startswith("not known"))


def _waits_for(state: GateState, red: list[ConditionState]) -> str:
    """Whom the gate waits for, each named once."""
    if state.passed:
        return "OCLC"
    if red:
        return ", ".join(dict.fromkeys(_WAITS_FOR.get(one.id, "coordinator") for one in _telling(red)))
    return f"a second person after {state.first.by}" if state.first else "two signatures"


def summary(workspace: Workspace, gate_id: str = SCAN_DELETE) -> str:
    """A board in one line, from the log alone: how many symbols have taken the step, signed for it, wait for another."""
    decided, counts = project(workspace), Counter[str]()
    for symbol in workspace.settings.symbols.values():
        if symbol.disposition in gate_of(gate_id).not_for:
            continue
        acts = decided.of(symbol.code)
        milestones = fold_milestones(symbol.disposition, acts)
        done = any(each.milestone.id == _STEP_DONE and each.state == "done" for each in milestones)
        subjects = dict.fromkeys(str(act.get("subject")) for act in acts if act["act"] == SIGNED and act.get("gate") == gate_id)
        folded = [fold_gate(acts, gate_id, subject) for subject in subjects]
        signed = any(each.passed for each in folded)
        counts["done" if done else "signed" if signed else "second" if any(each.first for each in folded) else "to come"] += 1
    words = {"done": "done", "signed": "signed by two", "second": "waiting for a second person", "to come": "to come"}
    return ", ".join(f"{counts[state]} {word}" for state, word in words.items() if counts[state]) or "no symbol has this step"
