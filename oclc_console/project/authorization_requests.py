"""What is to be asked of OCLC for the people of the roster, in the batches of its Access and Authorization form: at
most 5 adds, 5 changes and 10 deletes in one. Pure; writing the files and the log is operations/authorizations.py's.

Source: OCLC, "What are the steps for completing the Access and Authorization form?" (the form is filled in for one
institution symbol; what it asks for changes and deletes is not shown there, so only number, name and what is to
change are given). """

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from oclc_console.project.authorizations import ACTIVE, LEFT, MOVED, WANTED, KnownSymbol, Person, Roster
from oclc_console.project.roster_checks import target_of
from oclc_console.project.survey import is_number

AT_ONCE: Mapping[str, int] = {"add": 5, "change": 5, "delete": 10}
FORM = "https://www.oclc.org/app/sysacc/header.pl"


@dataclass(frozen=True)
class Need:
    """One line of a request: what is to be done (add, change, delete) under which symbol, for whom, and why."""

    kind: str
    symbol: str
    person: Person
    number: str
    level: str
    why: str


@dataclass(frozen=True)
class HeldBack:
    """Something that would be asked, were it not for `reason`."""

    kind: str
    symbol: str
    person: Person
    reason: str


@dataclass(frozen=True)
class Batch:
    """One filling-in of the form, for one symbol."""

    symbol: str
    add: tuple[Need, ...]
    change: tuple[Need, ...]
    delete: tuple[Need, ...]

    @property
    def needs(self) -> tuple[Need, ...]:
        """All of its lines, in the order of the form."""
        return self.add + self.change + self.delete


def requests_of(roster: Roster, symbols: Mapping[str, KnownSymbol]) -> tuple[tuple[Batch, ...], tuple[HeldBack, ...]]:
    """(what is to be asked, in batches; what is held back, and why), without what was asked already."""
    needs: list[Need] = []
    held: list[HeldBack] = []
    users = _users(roster)
    deleted: set[str] = set()
    for person in roster.people:
        for need in _needs(person, symbols):
            if any((asked.kind, asked.symbol) == (need.kind, need.symbol) for asked in person.asked):
                continue
            reason = _held(need, users, symbols)
            if not reason and need.kind == "delete" and need.number in deleted:
                reason = f"{need.number} is to be deleted already, for somebody else"
            if reason:
                held.append(HeldBack(need.kind, need.symbol, person, reason))
            else:
                needs.append(need)
                deleted |= {need.number} if need.kind == "delete" else set()
    return tuple(_batches(needs)), tuple(held)


def _needs(person: Person, symbols: Mapping[str, KnownSymbol]) -> Iterator[Need]:
    present, target = symbols.get(person.symbol), target_of(person, symbols)
    goes_away = present is not None and present.goes_away
    working = person.state in (ACTIVE, WANTED) and not person.gone
    level = person.new_level or person.level
    moves = bool(target) and target != person.symbol
    if working and target and not person.new_number and (moves or person.state == WANTED):
        why = f"now under {person.symbol}" if moves and person.symbol else "needs a number of their own"
        yield Need("add", target, person, "", level, why)
    elif working and person.number and not moves and not goes_away and person.new_level not in ("", person.level):
        yield Need("change", person.symbol, person, person.number, person.new_level,
                   f"level {person.level or 'not told'} to {person.new_level}")
    if person.number and person.symbol and person.state == LEFT:
        yield Need("delete", person.symbol, person, person.number, "", "does not catalog any more")
    elif person.number and person.symbol and person.state == MOVED and (goes_away or moves):
        yield Need("delete", person.symbol, person, person.number, "", f"uses a number under {target or 'another symbol'} now")


def _users(roster: Roster) -> dict[str, list[Person]]:
    """Who uses each number, of those who still work with one."""
    users: dict[str, list[Person]] = {}
    for person in roster.people:
        if person.state in (ACTIVE, WANTED):
            for number, _ in person.numbers:
                users.setdefault(number, []).append(person)
    return users


def _held(need: Need, users: Mapping[str, Sequence[Person]], symbols: Mapping[str, KnownSymbol]) -> str:
    """Why this must not be asked as it is; empty when it may."""
    if need.symbol not in symbols:
        return f"console.toml does not have the symbol {need.symbol}"
    if need.kind == "add":
        if symbols[need.symbol].goes_away:
            return f"{need.symbol} goes away itself"
        return "" if need.person.person else "nobody is named"
    if not is_number(need.number):
        return f"{need.number!r} is no authorization number"
    others = [each for each in users.get(need.number, ()) if each.key != need.person.key]
    if need.kind == "delete" and others:
        return f"{others[0].name} still uses {need.number}"
    return ""


def _batches(needs: Iterable[Need]) -> Iterator[Batch]:
    by_symbol: dict[str, dict[str, list[Need]]] = {}
    for need in needs:
        by_symbol.setdefault(need.symbol, {kind: [] for kind in AT_ONCE})[need.kind].append(need)
    for symbol, lists in sorted(by_symbol.items()):
        while any(lists.values()):
            parts = {kind: _take(lists[kind], most) for kind, most in AT_ONCE.items()}
            yield Batch(symbol, parts["add"], parts["change"], parts["delete"])


def _take(needs: list[Need], most: int) -> tuple[Need, ...]:
    taken = tuple(needs[:most])
    del needs[:most]
    return taken


# the form's own words; what we can't know stays empty, to be filled in by hand
CSV_HEADING = ("request", "oclc symbol", "action", "operator name", "logon greeting", "authorization number",
               "cataloging service mode", "default classification scheme", "default subject heading", "notes", "unit", "email")


def csv_rows(batch: Batch, number: int) -> list[tuple[str, ...]]:
    """A row for each line of a batch, under CSV_HEADING."""
    return [(str(number), batch.symbol, need.kind, need.person.name, _greeting(need), need.number, need.level,
             need.person.classification, need.person.subjects, need.why, need.person.unit, need.person.email)
            for need in batch.needs]


def form_lines(batch: Batch, number: int, institution: str, contact: str) -> list[str]:
    """A batch as text, in the order in which the form asks."""
    lines = [f"OCLC Access and Authorization form, request {number}", FORM, "",
             f"Contact Name: {contact}", "Email: ", "Phone number: ", f"Institution Name: {institution}",
             f"OCLC symbol: {batch.symbol}"]
    for kind, title in (("add", "Add New Authorization(s)"), ("change", "Update Existing Authorization(s)"),
                        ("delete", "Delete Existing Authorization(s)")):
        needs: Sequence[Need] = getattr(batch, kind)
        if needs:
            lines += ["", f"{title}: {len(needs)}, of at most {AT_ONCE[kind]}"]
            for place, need in enumerate(needs, 1):
                lines += ["", *_line_of_form(need, place)]
    return [*lines, "", "OCLC answers in two to three days; what it changes works on the day after. OCLC makes each",
            "password, and the authorized contact gets it by a secure link: it belongs in no file and in no mail."]


def _line_of_form(need: Need, place: int) -> Iterator[str]:
    person = need.person
    yield f"{place}. Operator Name: {person.name}"
    if need.kind != "add":
        yield f"   Authorization number: {need.number}"
        yield f"   Notes: {'delete this authorization' if need.kind == 'delete' else need.why}"
        return
    yield f"   Logon Greeting: {_greeting(need)}"
    yield f"   Cataloging Service Mode: {need.level}"
    yield "   Local Holdings Maintenance: "
    yield f"   Default Classification Scheme: {person.classification}"
    yield f"   Default Subject Heading: {person.subjects}"


def _greeting(need: Need) -> str:
    """What Connexion greets them with: as they asked, else their first name. Source: Harvard's request page
    ("typically the user's first name")."""
    if need.kind != "add":
        return ""
    if need.person.greeting or not need.person.person:
        return need.person.greeting
    family, comma, given = need.person.person.partition(",")
    words = (given if comma else family).split()
    return words[0] if words else ""
