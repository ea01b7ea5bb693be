"""What is wrong with the roster, in sentences, and which units have answered the survey: shared logins, numbers under
two symbols, people without a target, people who still work under a symbol that goes away. Pure; it only looks, people
decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.project.authorizations import (
    ACTIVE,
    DELETED,
    LEFT,
    MOVED,
    WANTED,
    Imported,
    KnownSymbol,
    Person,
    Roster,
    same_people,
    state_of,
)
from oclc_console.project.survey import is_number

# kind of finding -> what it is called in a list, the gravest first
KINDS: Mapping[str, str] = {
    "shared": "shared login",
    "two_symbols": "number under 2 symbols",
    "defunct": "under a defunct symbol",
    "no_target": "no target symbol",
    "bad_target": "target that goes away",
    "unknown_symbol": "unknown symbol",
    "malformed": "malformed number",
    "twice": "twice in the roster",
    "gone": "not in newest survey",
    "unnamed": "nobody named",
    "new_word": "status not understood",
}


@dataclass(frozen=True)
class Finding:
    """Something to look at: its kind, a sentence, what to do about it, and whom it concerns (keys of the roster)."""

    kind: str
    sentence: str
    then: str
    keys: tuple[str, ...]

    @property
    def title(self) -> str:
        """The kind in words."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Unit:
    """A unit of the survey: a library of console.toml with its symbols, or (not `known`) one that only a survey
    names. `survey` is None while it has not answered; `people` are in the roster, `moved` of them no longer use a
    number that goes away."""

    code: str
    symbols: tuple[str, ...]
    known: bool
    survey: Imported | None
    people: int
    moved: int


def findings_of(roster: Roster, symbols: Mapping[str, KnownSymbol]) -> tuple[Finding, ...]:
    """Everything to look at, the gravest first. `symbols` by their code in capitals."""
    here = [person for person in roster.people if person.state != DELETED]
    found = [*_numbers(here), *(each for person in here for each in _of_one(person, symbols)), *_twice(here)]
    order = list(KINDS)
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def target_of(person: Person, symbols: Mapping[str, KnownSymbol]) -> str:
    """The symbol somebody is to work under: the one that was said, else the present one where it stays; empty if
    neither."""
    if person.target:
        return person.target
    present = symbols.get(person.symbol)
    return present.code.upper() if present is not None and not present.goes_away else ""


def units_of(roster: Roster, symbols: Mapping[str, KnownSymbol]) -> tuple[Unit, ...]:
    """The units, those of console.toml first, in its order."""
    under: dict[str, list[str]] = {}
    for symbol in symbols.values():
        for library in symbol.libraries:
            under.setdefault(library, []).append(symbol.code)
    others = sorted(set(roster.surveys) - set(under))
    return tuple(_unit(roster, code, tuple(under.get(code, ())), symbols) for code in [*under, *others])


def _unit(roster: Roster, code: str, under: tuple[str, ...], symbols: Mapping[str, KnownSymbol]) -> Unit:
    people = [person for person in roster.people if person.unit == code]
    left = sum(_is_defunct(person, symbols) for person in people)
    return Unit(code, under, bool(under), roster.surveys.get(code), len(people), len(people) - left)


def _is_defunct(person: Person, symbols: Mapping[str, KnownSymbol]) -> bool:
    present = symbols.get(person.symbol)
    return present is not None and present.goes_away and person.state in (ACTIVE, WANTED)


def shared_numbers(roster: Roster, symbol: str) -> tuple[str, ...]:
    """The numbers under a symbol that more than one person still uses."""
    holders: dict[str, list[Person]] = {}
    for person in roster.people:
        if person.state in (ACTIVE, WANTED, MOVED):
            for number, under in person.numbers:
                if under == symbol.upper():
                    holders.setdefault(number, []).append(person)
    return tuple(number for number, held in holders.items() if len(same_people(held)) > 1)


def _numbers(people: Sequence[Person]) -> Iterator[Finding]:
    holders: dict[str, list[tuple[Person, str]]] = {}
    for person in people:
        for number, symbol in person.numbers:
            holders.setdefault(number, []).append((person, symbol))
    for number, held in holders.items():
        keys = tuple(dict.fromkeys(person.key for person, _ in held))
        persons = same_people({person.key: person for person, _ in held}.values())
        if len(persons) > 1:
            yield Finding("shared", f"{number} is used by {_and([rows[0].name for rows in persons])}",
                          "Each needs a number of their own: a shared one is nobody's. Set the status of those who are to get "
                          "one to wanted.", keys)
        under = list(dict.fromkeys(symbol for _, symbol in held if symbol))
        if len(under) > 1:
            yield Finding("two_symbols", f"{number} stands under {_and(under)}",
                          "A number belongs to one symbol: find out which, and correct the others.", keys)


def _of_one(person: Person, symbols: Mapping[str, KnownSymbol]) -> Iterator[Finding]:
    key, working = (person.key,), person.state in (ACTIVE, WANTED)
    present, wanted = symbols.get(person.symbol), symbols.get(person.target)
    if working and present is not None and present.goes_away:
        yield Finding("defunct", f"{person.name} still works under {person.symbol}",
                      "When they use the new number, set their status to moved.", key)
    if working and not target_of(person, symbols):
        then = f"{person.symbol}'s successor is {present.successor}." if present and present.successor else ""
        yield Finding("no_target", f"{person.name} has no target symbol", f"Ask their unit, then set it. {then}".strip(), key)
    if wanted is not None and wanted.goes_away:
        then = f" Its successor is {wanted.successor}." if wanted.successor else ""
        yield Finding("bad_target", f"{person.name} is to move to {person.target}, which goes away itself",
                      f"Set another target.{then}", key)
    for symbol in dict.fromkeys((person.symbol, person.target)):
        if symbol and symbol not in symbols:
            yield Finding("unknown_symbol", f"{person.name} has the symbol {symbol}, which console.toml does not have",
                          "Correct it here, or add it to console.toml.", key)
    for number, _ in person.numbers:
        if not is_number(number):
            yield Finding("malformed", f"{person.name} has the number {number!r}",
                          "A number for cataloging is written 100-123-456: ask them, then correct it.", key)
    if person.gone and person.state != LEFT:
        yield Finding("gone", f"{person.name} is no longer in {person.unit}'s survey",
                      "If they left, set their status to left: their number works until it is deleted.", key)
    if not person.person and not person.email:
        yield Finding("unnamed", f"row {person.row} of {person.unit} names nobody", "Ask the unit whose it is.", key)
    if person.status and state_of(person.status) is None:
        yield Finding("new_word", f"{person.name} has the status {person.status!r}, taken for active",
                      "Set it to active, wanted, moved, left or deleted.", key)


def _twice(people: Sequence[Person]) -> Iterator[Finding]:
    """People with two rows under the same symbol; a row for each of two symbols is as it should be."""
    for rows in same_people(people):
        by_symbol: dict[str, list[Person]] = {}
        for person in rows:
            by_symbol.setdefault(person.symbol, []).append(person)
        for same in by_symbol.values():
            if len(same) > 1:
                where = _and([f"{person.unit} row {person.row}" for person in same])
                yield Finding("twice", f"{same[0].name} stands {len(same)} times in the roster: {where}",
                              "If it is one person, have one of the units take them out of its survey.",
                              tuple(person.key for person in same))


def _and(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
