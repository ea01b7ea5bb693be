"""Who may catalog under which symbol: the roster of Connexion authorizations, folded from what the units' surveys
said and what people changed since. A number belongs to one symbol, so a symbol that goes away means new numbers.
Pure; the checks are in roster_checks.py, OCLC's request form in authorization_requests.py. No passwords, ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oclc_console.project.acts import Act, of_kind, standing
from oclc_console.project.survey import FIELDS, Answer, plain_number

IMPORTED, CHANGED, REQUESTED = "roster.imported", "roster.changed", "roster.requested"
CHANGEABLE = tuple(each for each in FIELDS if each != "unit")
# Source: OCLC, authorization levels; Harvard's request page adds BIBCO
LEVELS = ("Search", "Limited", "Full", "NACO", "BIBCO", "Agent", "Enhance", "CONSER", "Master")
ACTIVE, WANTED, MOVED, LEFT, DELETED = "active", "wanted", "moved", "left", "deleted"
STATES: Mapping[str, str] = {
    ACTIVE: "uses the number they have",
    WANTED: "has no number of their own yet",
    MOVED: "uses the new number",
    LEFT: "does not catalog any more; the number is to be deleted",
    DELETED: "the number is deleted at OCLC",
}
_STATE_WORDS = {
    ACTIVE: "active, yes, y, true, current, in use, used, uses, working",
    WANTED: "wanted, new, needed, needs, wants, required, requested, to be requested, needs number, needs login",
    MOVED: "moved, switched, migrated, done, changed, transferred, moved over, uses new login, uses new number",
    LEFT: "left, no, n, false, inactive, not active, retired, gone, departed, resigned, not in use, unused, delete, "
          "to be deleted",
    DELETED: "deleted, cancelled, canceled, closed, removed",
}
_STATE_OF = {word: state for state, words in _STATE_WORDS.items() for word in words.split(", ")}


@dataclass(frozen=True)
class KnownSymbol:
    """What the roster has to know of a symbol of console.toml."""

    code: str
    disposition: str
    successor: str | None
    libraries: tuple[str, ...]

    @property
    def goes_away(self) -> bool:
        """Whether nobody will catalog under it."""
        return self.disposition == "retiring"


@dataclass(frozen=True)
class Asked:
    """What OCLC was asked for a person: add, change or delete, under which symbol, in which request, when and by
    whom."""

    kind: str
    symbol: str
    request: str
    at: str
    by: str


@dataclass(frozen=True)
class Person:
    """One row of the roster. `number` is the authorization under `symbol`, `new_number` the one under `target`;
    `status` is as the unit wrote it. `more` is what stood under unknown headings, `row` where in the unit's file;
    `gone`: the unit's newest survey does not have them any more; `by_hand` are the fields that people changed here
    since."""

    key: str
    unit: str
    person: str = ""
    symbol: str = ""
    target: str = ""
    level: str = ""
    new_level: str = ""
    number: str = ""
    new_number: str = ""
    status: str = ""
    email: str = ""
    greeting: str = ""
    classification: str = ""
    subjects: str = ""
    note: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    row: int = 0
    gone: bool = False
    by_hand: frozenset[str] = frozenset()
    asked: tuple[Asked, ...] = ()

    @property
    def name(self) -> str:
        """What to call them."""
        return self.person or self.email or self.number or f"row {self.row} of {self.unit}"

    @property
    def state(self) -> str:
        """Their status as one of STATES; a word nobody foresaw counts as active, so that nobody is overlooked."""
        return state_of(self.status) or ACTIVE

    @property
    def numbers(self) -> tuple[tuple[str, str], ...]:
        """(number, the symbol it belongs to), of those they have."""
        pairs = ((self.number, self.symbol), (self.new_number, self.target or self.symbol))
        return tuple((number, symbol) for number, symbol in pairs if number)


@dataclass(frozen=True)
class Imported:
    """The newest survey of a unit: its file, when (ISO instant) and by whom it was taken in, and how many it names."""

    unit: str
    file: str
    sha256: str
    at: str
    by: str
    people: int


@dataclass(frozen=True)
class Roster:
    """Everybody, by unit and name, and the newest survey of each unit."""

    people: tuple[Person, ...] = ()
    surveys: Mapping[str, Imported] = field(default_factory=dict)
    requests: int = 0  # ever recorded, those taken back too: the next request has the number after it

    def person(self, key: str) -> Person | None:
        """The person with this key."""
        return next((person for person in self.people if person.key == key), None)


def state_of(word: str) -> str | None:
    """The state that a status word means; None for a word nobody foresaw, and for none at all."""
    return _STATE_OF.get(" ".join(re.findall(r"\w+", word.casefold())))


def name_words(name: str) -> str:
    """A name as its words in one order: `Doe, Jane` and `jane doe` are one."""
    return " ".join(sorted(re.findall(r"\w+", name.casefold()))) or name.casefold().strip()


def same_people(people: Iterable[Person]) -> list[list[Person]]:
    """The rows of each person: those with the same e-mail address, or the same name in whatever order. Rows that name
    nobody are left out."""
    groups: dict[int, list[Person]] = {}
    group_of: dict[tuple[str, str], int] = {}
    for number, person in enumerate(people):
        marks = [mark for mark in (("mail", person.email.casefold()), ("name", name_words(person.person))) if mark[1]]
        if not marks:
            continue
        joined = sorted({group_of[mark] for mark in marks if mark in group_of})
        into = joined[0] if joined else number
        rows = [row for group in joined for row in groups.pop(group)]
        groups[into] = [*rows, person]
        group_of.update(dict.fromkeys(marks, into))
        group_of.update({mark: into for mark, group in group_of.items() if group in joined[1:]} if joined[1:] else {})
    return list(groups.values())


def level_of(text: str) -> str:
    """A level as OCLC writes it, where it is one; else as it was given."""
    return next((level for level in LEVELS if level.casefold() == text.casefold()), text)


def entries_of(answers: Iterable[Answer], unit: str) -> list[dict[str, Any]]:
    """The people of one unit's survey as they stand in an act: fields that are not empty, `more` and `row`."""
    found: list[dict[str, Any]] = []
    for answer in answers:
        entry: dict[str, Any] = {key: value for key, value in answer.fields.items() if key != "unit"}
        for name in ("level", "new_level"):
            if name in entry:
                entry[name] = level_of(entry[name])
        found.append({**entry, **({"more": dict(answer.more)} if answer.more else {}), "row": answer.row})
    return keyed(found, unit)


def keyed(entries: Sequence[Mapping[str, Any]], unit: str) -> list[dict[str, Any]]:
    """The entries with a key each that stays the same from survey to survey: unit and name (else address, else
    number); a second row of the same name is told apart by its place among them when they are put in order of symbol
    and number."""
    named: dict[str, list[Mapping[str, Any]]] = {}
    for entry in entries:
        named.setdefault(_identity(entry), []).append(entry)
    keys: dict[int, str] = {}
    for identity, rows in named.items():
        for place, row in enumerate(sorted(rows, key=_order), 1):
            keys[id(row)] = f"{unit}/{identity}" + (f"#{place}" if place > 1 else "")
    return [{"key": keys[id(entry)], **entry} for entry in entries]


def _identity(entry: Mapping[str, Any]) -> str:
    for name in ("person", "email", "number", "new_number"):
        if entry.get(name):
            text = str(entry[name])
            return (name_words(text) if name == "person" else text.casefold()).replace("#", "")
    return "nobody named"


def _order(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(entry.get(name, "")) for name in ("symbol", "number", "email", "target", "row"))


def roster_of(acts: Iterable[Act]) -> Roster:
    """The roster after these acts on the whole project, oldest first. A newer survey of a unit takes the place of the
    older one, yet what was changed here by hand stays wherever the survey says the same as before; whom it leaves out
    stays as gone."""
    everything = list(acts)
    folding = _Folding()
    for act in of_kind(standing(everything), "roster"):
        if act["act"] == IMPORTED:
            folding.take_survey(act)
        elif act["act"] == CHANGED:
            folding.by_hand.setdefault(str(act["person"]), {}).update(act["changes"])
        elif act["act"] == REQUESTED:
            folding.take_request(act)
    people = sorted((folding.person(key) for key in folding.rows),
                    key=lambda each: (each.unit, name_words(each.name), each.key))
    return Roster(tuple(people), folding.surveys, sum(act["act"] == REQUESTED for act in everything))


class _Folding:
    """The roster while it is folded: what the surveys say by person, and what was changed by hand since."""

    def __init__(self) -> None:
        self.surveys: dict[str, Imported] = {}
        self.rows: dict[str, Mapping[str, Any]] = {}
        self.units: dict[str, str] = {}
        self.gone: set[str] = set()
        self.by_hand: dict[str, dict[str, str]] = {}
        self.asked: dict[str, list[Asked]] = {}

    def take_survey(self, act: Act) -> None:
        unit = str(act["unit"])
        fresh = {str(entry["key"]): entry for entry in act["people"]}
        for key, entry in fresh.items():
            before = self.rows.get(key)
            if before is not None:
                changed = self.by_hand.get(key, {})
                self.by_hand[key] = {name: value for name, value in changed.items()
                                     if before.get(name, "") == entry.get(name, "")}
        self.gone |= {key for key, place in self.units.items() if place == unit}
        self.gone -= set(fresh)
        self.rows.update(fresh)
        self.units.update(dict.fromkeys(fresh, unit))
        self.surveys[unit] = Imported(unit, str(act["file"]), str(act["sha256"]), act["at"], act["by"], len(fresh))

    def take_request(self, act: Act) -> None:
        batch = act["batch"]
        for kind in ("add", "change", "delete"):
            for key in batch.get(kind, ()):
                asked = Asked(kind, str(batch["symbol"]), str(batch["number"]), act["at"], act["by"])
                self.asked.setdefault(str(key), []).append(asked)

    def person(self, key: str) -> Person:
        row, changed = self.rows[key], self.by_hand.get(key, {})
        values = {name: str(changed.get(name, row.get(name, ""))) for name in CHANGEABLE}
        return Person(key, self.units[key], **values, more=dict(row.get("more", {})), row=int(row.get("row", 0)),
                      gone=key in self.gone, by_hand=frozenset(changed), asked=tuple(self.asked.get(key, ())))


def tidied(name: str, value: str) -> str:
    """A value that somebody typed for a field, in the form in which surveys are read."""
    text = " ".join(value.split())
    if name in ("symbol", "target"):
        return text.upper()
    if name in ("number", "new_number"):
        return plain_number(text)
    return level_of(text) if name in ("level", "new_level") else text


def still_under(roster: Roster, symbol: str) -> tuple[Person, ...]:
    """Who still works under a symbol: those with it as their current symbol who have neither moved nor left. Whom a
    newer survey leaves out counts until somebody says what became of them."""
    return tuple(person for person in roster.people
                 if person.symbol == symbol.upper() and person.state in (ACTIVE, WANTED))
