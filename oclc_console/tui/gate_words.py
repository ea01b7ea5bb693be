"""How a gate and a board are drawn: every condition with a mark and a word, what it looked at and when, what would turn it
green; the step's effect in numbers; who has signed and who has to. Pure drawing. Not for the keys (screens/gate.py)."""

from __future__ import annotations

from collections.abc import Sequence

from oclc_console.operations.boards import Board, Row
from oclc_console.project.conditions import Condition
from oclc_console.project.evidence import CATALOGUE, Evidence, Known, value_words
from oclc_console.project.gates import SECOND_PERSON, ConditionState, GateState
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.table import Column

STATES: dict[str, tuple[str, str, str]] = {  # a condition's state -> glyph, word, kind
    "green": ("✔", "green", "good"),
    "red": ("✖", "red", "bad"),
    "overridden": ("!", "signed for", "warn"),
    "not applicable": ("–", "n/a", "muted"),
}
ROWS: dict[str, tuple[str, str, str]] = {  # a board row's state -> glyph, word, kind
    "done": ("✔", "done", "good"),
    "signed": ("✔", "signed", "good"),
    "second": ("◐", "2nd person", "accent"),
    "ready": ("◐", "ready", "accent"),
    "blocked": ("✖", "blocked", "bad"),
}
CONDITIONS = (Column("", 1), Column("state", 10), Column("condition", 15), Column("what is known", 20, grows=True),
              Column("as of", 9))
BOARD = (Column("", 1), Column("state", 10), Column("symbol", 6), Column("met", 5, right=True),
         Column("what blocks", 18, grows=True), Column("waits for", 22), Column("removes", 10, right=True))


def condition_rows(state: GateState) -> list[list[Cell]]:
    """A row a condition."""
    rows: list[list[Cell]] = []
    for one in state.conditions:
        glyph, word, kind = STATES[one.state]
        rows.append([(glyph, kind), (word, kind), one.id, one.words, words.day(one.as_of) if one.as_of else "–"])
    return rows


def title_of(state: GateState, at: int, total: int) -> str:
    """What gate this is: `ZUL · Approve the scan/delete date 2020-09-18 · gate 2 of 4`."""
    about = f" {state.case.subject}" if state.case.subject not in ("", state.case.symbol) else ""
    return f"{state.case.symbol} · {state.gate.step}{about} · gate {at} of {total}"


def standing(state: GateState) -> Piece:
    """How the gate stands, in a few words."""
    if state.not_for:
        return "no such gate here", "muted"
    if state.passed:
        return f"✔ signed by {state.passed.first.by} and {state.passed.second.by}", "good"
    if state.red:
        return f"✖ closed: {len(state.red)} of {len(state.conditions)} red", "bad"
    if state.gate.kind == "checked":
        return "✔ open", "good"
    return (f"◐ a second person signs, after {state.first.by}" if state.first else "◐ two people sign"), "accent"


def effect_lines(state: GateState, width: int) -> list[Line]:
    """What the step does, and what comes next."""
    lines: list[Line] = [*wrap([("What it does: ", "strong"), (state.effect.words, "")], width, 2)]
    if state.changes:
        lines += wrap([("! Since it was signed: ", "warn"), ("; ".join(state.changes), "")], width, 2)
    for signature, changes in state.lapsed[-1:]:
        lines += wrap([(f"! {signature.by} had signed on {words.day(signature.at)}; since then ", "warn"),
                       ("; ".join(changes), "")], width, 2)
    return lines


def condition_lines(state: GateState, one: ConditionState, width: int) -> list[Line]:
    """One condition in full: its sentence, what is known with where from, what would turn it green, who signed for it; where
    people sign, how they get to see how much goes."""
    glyph, word, kind = STATES[one.state]
    lines: list[Line] = [*wrap([(f"{glyph} {word}: ", kind), (f"{one.words}.", "")], width, 2)]
    if one.then and one.state == "red":
        lines += wrap([("→ ", "accent"), (one.then, "")], width, 2)
    if one.id == SECOND_PERSON and _how_many(state) == (None,):
        lines += wrap([("! ", "warn"), ("Nobody knows how many holdings go: press i to enter what OCLC has.", "")], width, 2)
    if one.sources:
        lines += wrap([(one.sources, "muted")], width, 2)
    elif one.as_of:
        lines += wrap([(f"computed by the console, as of {words.short_moment(one.as_of)}", "muted")], width, 2)
    return lines


def whole_text(state: GateState) -> str:
    """The gate in full, as text to read or copy."""
    lines = [f"{state.gate.step}: {standing(state)[0]}", state.effect.words, ""]
    for one in state.conditions:
        glyph, word, _ = STATES[one.state]
        lines += [f"{glyph} {word} · {one.sentence}", f"    {one.words}"]
        lines += [f"    → {one.then}"] if one.then and one.state == "red" else []
        lines += [f"    {one.sources}"] if one.sources else []
    return "\n".join([*lines, "", *history_text(state)])


def history_text(state: GateState) -> list[str]:
    """Every act on the gate, oldest first."""
    return [f"{act.seq} {words.moment(act.at)} {act.by}: {act.words}{'' if act.counts else ' (counts no more)'}"
            for act in state.history] or ["Nobody has signed anything here yet."]


def evidence_of(state: GateState, condition_id: str) -> tuple[Evidence, ...]:
    """The things a condition looks at, in its order; before people sign for what goes, how many holdings OCLC has."""
    if condition_id == SECOND_PERSON and _how_many(state) is not None:
        return (CATALOGUE["holdings_at_oclc"],)
    found: Condition | None = next((each for each in state.gate.conditions if each.id == condition_id), None)
    return tuple(CATALOGUE[key] for key in (*found.needs, *found.also)) if found else ()


def _how_many(state: GateState) -> tuple[int | None] | None:
    """How many holdings OCLC has under the symbol, None in it where nobody knows; None where the gate removes none."""
    numbers = dict(state.effect.numbers)
    key = {"scan-delete": "holdings_at_oclc", "retire": "removed"}.get(state.gate.id)
    return (numbers.get(key),) if key else None


def shown_value(known: Known | None) -> str:
    """What is known of a thing, in a few words."""
    return value_words(known.key, known.value) if known else "not known"


def board_rows(found: Board) -> list[list[Cell]]:
    """A row a symbol."""
    rows: list[list[Cell]] = []
    for row in found.rows:
        glyph, word, kind = ROWS[row.state]
        removes = dict(row.numbers).get("removed")
        rows.append([(glyph, kind), (word, kind), (row.symbol, "strong"), f"{row.met}/{row.conditions}", _blocks(row),
                     row.waits_for or "–", words.number(removes, "not known")])
    return rows


def _blocks(row: Row) -> str:
    if row.blocks:
        return ", ".join(id_ for id_, _ in row.blocks)
    return "nothing" if row.state != "done" else f"done on {words.day(row.since)}" if row.since else "done"


def row_lines(row: Row, width: int) -> list[Line]:
    """One symbol of a board: what blocks, each with its words, the effect, who signed."""
    about = f" {row.subject}" if row.subject not in ("", row.symbol) else ""
    lines: list[Line] = [*wrap([(f"{row.name}{about}: ", "strong"), (row.effect, "")], width, 2)]
    if row.signatures:
        lines += wrap("Signed by " + " and ".join(f"{by} on {words.day(day)}" for by, day in row.signatures) + ".", width, 2)
    for id_, said in row.blocks:
        lines += wrap([("✖ ", "bad"), (f"{id_}: ", "strong"), (said, "")], width, 2)
    return lines


def elsewhere_words(pairs: Sequence[tuple[str, str]]) -> str:
    """The symbols that a board does not concern."""
    return f"not here: {', '.join(symbol for symbol, _ in pairs)}" if pairs else ""
