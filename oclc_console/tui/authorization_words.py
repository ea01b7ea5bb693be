"""How the roster of authorizations is drawn: its four lists (people, what to look at, units, what to ask of OCLC),
and what is said of the line under the cursor. Pure; the keys are screens/authorizations.py's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.operations.authorizations import Authorizations, SurveyTaken, UnitTaken
from oclc_console.project.authorization_requests import AT_ONCE
from oclc_console.project.authorizations import ACTIVE, DELETED, LEFT, MOVED, STATES, WANTED, KnownSymbol, Person
from oclc_console.project.roster_checks import Finding, Unit
from oclc_console.tui import words
from oclc_console.tui.widgets.drawing import Cell, Line, Piece, wrap
from oclc_console.tui.widgets.filter import holds
from oclc_console.tui.widgets.table import Column

PEOPLE, CHECK, UNITS, REQUESTS = "people", "to look at", "units", "to ask of OCLC"
VIEWS = (PEOPLE, CHECK, UNITS, REQUESTS)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    PEOPLE: (Column("unit", 6), Column("who", 10, grows=True), Column("symbol", 9), Column("level", 7),
             Column("number", 11), Column("stands", 17)),
    CHECK: (Column("what", 24), Column("about", 20, grows=True)),
    UNITS: (Column("unit", 14), Column("symbols", 12, grows=True), Column("answered", 18), Column("people", 6, right=True),
            Column("moved", 6, right=True)),
    REQUESTS: (Column("symbol", 7), Column("to do", 7), Column("who", 10, grows=True), Column("no. / level", 11),
               Column("why", 28)),
}
_NOBODY = ("Nobody is in the roster yet. Press i to take in a unit's survey: a CSV or Excel file with a row of headings "
           "such as "
           "Name, Unit, Current symbol, Target symbol, Level, Authorization number. Leave passwords out.")
_EMPTY: Mapping[str, str] = {
    PEOPLE: "Nobody fits. Press ⌫ to see all.",
    CHECK: "Nothing is wrong with the roster as far as it is here. Press v for the units: who has not answered yet?",
    UNITS: "console.toml names no libraries yet. Press 2 and then e to add them to a symbol.",
    REQUESTS: "There is nothing to ask of OCLC: nobody needs a number, and none is to be deleted. Press v for the people.",
}
_STANDS: Mapping[str, Piece] = {ACTIVE: ("✔ in place", "good"), WANTED: ("· wants a number", ""), MOVED: ("✔ moved", "good"),
                                LEFT: ("– left", "muted"), DELETED: ("– deleted", "muted")}


@dataclass(frozen=True)
class Shown:
    """A list as it is shown: its rows, a key each, its columns, how many there would be unfiltered, and what an empty
    one says."""

    rows: Sequence[Sequence[Cell]]
    keys: Sequence[str]
    columns: Sequence[Column]
    every: int
    empty: str


def stands(person: Person, symbols: Mapping[str, KnownSymbol]) -> Piece:
    """Where somebody stands, in a word with its glyph."""
    present = symbols.get(person.symbol)
    if person.gone and person.state not in (LEFT, DELETED):
        return "? not in survey", "warn"
    asked = [each for each in person.asked if each.kind == "add"]
    if person.state in (ACTIVE, WANTED) and asked and not person.new_number:
        return f"◐ asked {words.day(asked[-1].at)}", "accent"
    if person.state in (ACTIVE, WANTED) and present is not None and present.goes_away:
        return ("! to move" if person.new_number else "! no number yet"), "warn"
    return _STANDS[person.state]


def shown(found: Authorizations, view: str, wanted: str, only: Collection[str] | None) -> Shown:
    """A list of the roster; `wanted` filters it by a word, `only` (keys) narrows the people down."""
    make = {PEOPLE: _people, CHECK: _check, UNITS: _units, REQUESTS: _requests}[view]
    every = make(found, only)
    kept = [(key, row) for key, row, text in every if holds(wanted, text)]
    empty = _EMPTY[view] if not wanted else f"Nothing holds {wanted!r}. Press / and Esc to see all."
    if not found.roster.people and not found.roster.surveys and view != UNITS:
        empty = _NOBODY
    return Shown([row for _, row in kept], [key for key, _ in kept], COLUMNS[view], len(every), empty)


_Rows = list[tuple[str, Sequence[Cell], str]]  # (key, cells, what a filter looks at)


def _people(found: Authorizations, only: Collection[str] | None) -> _Rows:
    rows: _Rows = []
    for person in found.roster.people:
        if only is not None and person.key not in only:
            continue
        standing = stands(person, found.symbols)
        moves = person.symbol if person.target in ("", person.symbol) else f"{person.symbol or '?'}→{person.target}"
        number = person.new_number or person.number
        text = " ".join((person.unit, person.name, moves, person.level, person.number, person.new_number, person.status,
                         person.email, person.note, standing[0], *person.more.values()))
        cells: list[Cell] = [person.unit, (person.name, "strong"), moves or "?", person.level, number or "–", standing]
        rows.append((person.key, cells, text))
    return rows


def _check(found: Authorizations, only: Collection[str] | None) -> _Rows:
    return [(f"{number}", [(f"! {each.title}", "warn"), each.sentence], f"{each.title} {each.sentence}")
            for number, each in enumerate(found.findings)]


def _units(found: Authorizations, only: Collection[str] | None) -> _Rows:
    rows: _Rows = []
    for unit in found.units:
        answered: Piece = (f"✔ {words.day(unit.survey.at)}", "good") if unit.survey else ("· not yet", "")
        symbols = " ".join(unit.symbols) if unit.known else "! not in console.toml"
        cells: list[Cell] = [(unit.code, "strong"), symbols, answered, *_counts(unit)]
        rows.append((unit.code, cells, f"{unit.code} {symbols} {answered[0]}"))
    return rows


def _counts(unit: Unit) -> list[Cell]:
    return [f"{unit.people:,}", f"{unit.moved:,}"] if unit.survey or unit.people else ["–", "–"]


def _requests(found: Authorizations, only: Collection[str] | None) -> _Rows:
    rows: _Rows = []
    for number, batch in enumerate(found.batches):
        for need in batch.needs:
            key = f"{number}|{need.kind}|{need.person.key}"
            cells: list[Cell] = [(need.symbol, "strong"), need.kind, need.person.name, need.number or need.level, need.why]
            rows.append((key, cells, f"{need.symbol} {need.kind} {need.person.name} {need.number} {need.why}"))
    for each in found.held:
        cells = [(each.symbol, "strong"), each.kind, each.person.name, ("! held", "warn"), each.reason]
        text = f"{each.symbol} {each.kind} {each.person.name} {each.reason}"
        rows.append((f"held|{each.kind}|{each.person.key}", cells, text))
    return rows


def titles(found: Authorizations, view: str, drawn: Shown, wanted: str, narrowed: str) -> tuple[str, str]:
    """(what is shown and how much of it, how far the survey is)."""
    known = [unit for unit in found.units if unit.known]
    answered = sum(unit.survey is not None for unit in known)
    which = f" · {narrowed}" if narrowed and view == PEOPLE else ""
    left = f"Authorizations · {view} {len(drawn.rows):,} of {drawn.every:,}{which}{f' · filter: {wanted}' if wanted else ''}"
    return left, f"{answered:,} of {len(known):,} units answered · {len(found.findings):,} to look at"


# the line under the cursor


def about_person(person: Person, found: Authorizations, width: int) -> list[Line]:
    """Somebody in a few lines: what is wrong first, then numbers, what was asked, what the unit wrote."""
    lines: list[Line] = []
    for each in found.findings:
        if person.key in each.keys:
            lines += wrap([("! ", "warn"), (f"{each.sentence}. {each.then}", "")], width, 2)
    lines += [line for part in person_words(person) for line in wrap(part, width, 2)]
    return lines


def person_words(person: Person) -> list[str]:
    """Everything the roster has of somebody, in words."""
    numbers = ", ".join(f"{number} under {symbol or 'no symbol'}" for number, symbol in person.numbers) or "no number"
    status = f"{person.status} ({STATES[person.state]})" if person.status else STATES[person.state]
    gone = "; not in the newest one" if person.gone else ""
    by_hand = f"changed here: {', '.join(sorted(person.by_hand)).replace('_', ' ')}" if person.by_hand else ""
    levels = f"{person.level or 'level not told'}{f', wants {person.new_level}' if person.new_level else ''}"
    return [part for part in (
        f"{person.name}{f' <{person.email}>' if person.email else ''}, {levels}: {numbers}", f"Status: {status}",
        *(f"Asked of OCLC on {words.day(each.at)} by {each.by}: {each.kind} under {each.symbol}, request {each.request}"
          for each in person.asked),
        f"Note: {person.note}" if person.note else "",
        f"Row {person.row} of {person.unit}'s survey{gone}" + (f"; {by_hand}" if by_hand else ""),
        *(f"{title}: {text}" for title, text in person.more.items())) if part]


def about_finding(finding: Finding, width: int) -> list[Line]:
    """What to look at, in full, with what to do about it."""
    return [*wrap((f"{finding.sentence}.", "strong"), width), *wrap(finding.then, width),
            *wrap((f"Press Enter for {words.plural(len(finding.keys), 'person', 'people')} it is about.", "muted"), width)]


def about_unit(unit: Unit, width: int) -> list[Line]:
    """A unit and its newest survey."""
    if unit.survey is None:
        return [*wrap(f"{unit.code} has not answered yet. When its survey is here, press i to take it in.", width)]
    said = (f"{unit.code}: {unit.survey.file}, taken in {words.moment(unit.survey.at)} by {unit.survey.by}, names "
            f"{words.plural(unit.survey.people, 'person', 'people')}. {unit.moved:,} of {unit.people:,} in the roster are "
            "under "
            "no symbol that goes away.")
    stranger = "" if unit.known else "! console.toml has no library of this code: correct the survey, or add it."
    return [*wrap(said, width), *wrap((stranger, "warn"), width)]


def about_requests(found: Authorizations, width: int) -> list[Line]:
    """What the form takes at once, and what comes next."""
    most = ", ".join(f"{count} {kind}s" for kind, count in AT_ONCE.items())
    count = len(found.batches)
    then = f"Press w to write {words.plural(count, 'request')}." if count else "Nothing is to be written."
    return [*wrap(f"OCLC's form takes {most} at a time, for one symbol. {then}", width),
            *wrap(("OCLC makes the passwords; none is ever in these files.", "muted"), width)]


# what an act did


def taken_words(taken: SurveyTaken) -> str:
    """What became of a survey, for a window."""
    lines = [line for unit in taken.units for line in _unit_words(unit)]
    if taken.survey.unknown:
        kept = ", ".join(f"{title} ({count:,} filled)" for title, count in taken.survey.unknown.items())
        lines += ["", f"Columns kept as they are: {kept}"]
    if taken.survey.above:
        lines += ["", f"{words.plural(taken.survey.above, 'row')} above the headings not read."]
    lines += [f"! Sheet {sheet} has no headings: left out." for sheet in taken.survey.left_out]
    return "\n".join(lines)


def _unit_words(unit: UnitTaken) -> list[str]:
    if unit.already:
        return [f"{unit.unit}: this file was taken in already. Nothing was changed."]
    stranger = "" if unit.known else " ! console.toml has no such library."
    return [f"{unit.unit}: {words.plural(unit.people, 'person', 'people')}; {len(unit.added):,} new, "
            f"{len(unit.changed):,} fields "
            f"changed, {len(unit.gone):,} no longer named.{stranger}",
            *(f"  + {name}" for name in unit.added),
            *(f"  ~ {each.person}: {each.field.replace('_', ' ')} {each.before or '(empty)'} → {each.after or '(empty)'}"
              for each in unit.changed),
            *(f"  – {name}" for name in unit.gone)]
