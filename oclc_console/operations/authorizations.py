"""The roster of Connexion authorizations: taking in a unit's survey, changing a person, and writing OCLC's request
forms. Every act is a line of the log, checked under its lock against what stands. Not for what the roster means
(project/authorizations.py) nor for passwords, which the console never holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oclc_console import clock
from oclc_console.csv_cells import csv_lines, visible
from oclc_console.errors import CallError, InputError, from_os_error
from oclc_console.files import make_folder, replace_file, shown_name
from oclc_console.operations.survey_file import read_sheets
from oclc_console.project.authorization_requests import CSV_HEADING, Batch, HeldBack, csv_rows, form_lines, requests_of
from oclc_console.project.authorizations import (
    CHANGEABLE,
    CHANGED,
    IMPORTED,
    REQUESTED,
    STATES,
    KnownSymbol,
    Person,
    Roster,
    entries_of,
    name_words,
    roster_of,
    state_of,
    still_under,
    tidied,
)
from oclc_console.project.roster_checks import Finding, Unit, findings_of, shared_numbers, units_of
from oclc_console.project.survey import Answer, Survey, read_survey
from oclc_console.settings import Settings
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace, folder_name


@dataclass(frozen=True)
class Authorizations:
    """Everything about the roster as it stands: the people, what is wrong, which units have answered, what is to be
    asked of OCLC in batches, and what is held back; `as_of` an ISO instant."""

    roster: Roster
    symbols: Mapping[str, KnownSymbol]
    findings: tuple[Finding, ...]
    units: tuple[Unit, ...]
    batches: tuple[Batch, ...]
    held: tuple[HeldBack, ...]
    as_of: str


@dataclass(frozen=True)
class ChangedField:
    """What a survey or a person changed: whose field, and what it was and is."""

    person: str
    field: str
    before: str
    after: str


@dataclass(frozen=True)
class UnitTaken:
    """What a survey made of one unit. `already`: this very file was taken in before, and nothing was written."""

    unit: str
    known: bool
    people: int
    already: bool
    added: tuple[str, ...] = ()
    changed: tuple[ChangedField, ...] = ()
    gone: tuple[str, ...] = ()


@dataclass(frozen=True)
class SurveyTaken:
    """What became of a survey file: its units, and how it was understood."""

    file: str
    sha256: str
    units: tuple[UnitTaken, ...]
    survey: Survey


@dataclass(frozen=True)
class Requested:
    """What was written: (its number, the batch, its text file, its CSV file) each, and what was held back."""

    written: tuple[tuple[int, Batch, Path, Path], ...]
    held: tuple[HeldBack, ...]


@dataclass(frozen=True)
class UsersLeft:
    """How many people still work under a symbol: `count` of the `people` whom the roster has under it, when
    `answered` of its `units` have answered the survey; `as_of` the instant of the last act on the roster."""

    symbol: str
    count: int
    people: int
    answered: int
    units: int
    as_of: str

    @property
    def words(self) -> str:
        """For people, with its denominators."""
        return (f"{self.count:,} of {self.people:,} people in the roster still work under {self.symbol}; "
                f"{self.answered} of {self.units} units answered the survey")


def known_symbols(settings: Settings) -> dict[str, KnownSymbol]:
    """The symbols of console.toml as the roster sees them, by their code in capitals."""
    return {each.code.upper(): KnownSymbol(each.code.upper(), each.disposition, each.successor, each.libraries)
            for each in settings.symbols.values()}


def authorizations(workspace: Workspace) -> Authorizations:
    """The roster as it stands, checked."""
    roster, symbols = roster_of(project(workspace).of(None)), known_symbols(workspace.settings)
    batches, held = requests_of(roster, symbols)
    return Authorizations(roster, symbols, findings_of(roster, symbols), units_of(roster, symbols), batches, held,
                          clock.iso(clock.now()))


def users_left(workspace: Workspace, symbol: str) -> UsersLeft | None:
    """How many people still work under a symbol, as far as the roster knows; None (not yet known, never 0) while it
    has nobody under it and none of its units has answered."""
    found = workspace.settings.symbol(symbol)
    acts = project(workspace).of(None)
    roster = roster_of(acts)
    code = found.code.upper()
    under = [person for person in roster.people if person.symbol == code]
    answered = sum(library in roster.surveys for library in found.libraries)
    if not under and not answered:
        return None
    as_of = max(act["at"] for act in acts if act["act"].startswith("roster."))
    return UsersLeft(found.code, len(still_under(roster, code)), len(under), answered, len(found.libraries), as_of)


def shared_logins(workspace: Workspace, symbol: str) -> int | None:
    """How many numbers under a symbol more than one person uses, as far as the roster knows; None as users_left does."""
    if users_left(workspace, symbol) is None:
        return None
    return len(shared_numbers(roster_of(project(workspace).of(None)), workspace.settings.symbol(symbol).code))


# surveys


def import_survey(workspace: Workspace, path: Path, unit: str | None = None) -> SurveyTaken:
    """Takes in a survey: each unit in it gets what the file says in place of its older survey. `unit` is whose rows
    are that name none. Raises InputError for a file that is no survey, holds passwords, or has rows of no unit."""
    content, sheets = read_sheets(path)
    name, sha256 = shown_name(path.name), hashlib.sha256(content).hexdigest()
    survey = read_survey(sheets, name)
    by_unit = _by_unit(survey.answers, unit, workspace.settings, name)
    with log.writing(workspace) as writer:
        acts = list(project(workspace).of(None))
        taken = []
        for code, answers in by_unit.items():
            before = roster_of(acts)
            people = [_kept(entry, before, survey) for entry in entries_of(answers, code)]
            data: dict[str, Any] = {"unit": code, "file": name, "sha256": sha256, "people": people,
                                    "unknown_columns": dict(survey.unknown)}
            last = before.surveys.get(code)
            if last is not None and last.sha256 == sha256:
                taken.append(UnitTaken(code, _is_known(code, workspace.settings), last.people, already=True))
                continue
            line = writer.append(IMPORTED, None, **data)
            acts.append({**data, "seq": line.seq, "at": line.at, "by": line.by, "act": line.act, "symbol": None})
            taken.append(_compared(code, before, roster_of(acts), len(answers), _is_known(code, workspace.settings)))
    return SurveyTaken(name, sha256, tuple(taken), survey)


def _kept(entry: Mapping[str, Any], before: Roster, survey: Survey) -> dict[str, Any]:
    """The entry with what the roster has of the person in columns that this survey does not have at all: a column that is
    missing says nothing, an empty cell says that it is empty."""
    person = before.person(str(entry["key"]))
    if person is None:
        return dict(entry)
    asked = set(survey.known.values())
    asked |= {"person"} if asked & {"given", "family"} else set()
    kept = {name: getattr(person, name) for name in CHANGEABLE if name not in asked and getattr(person, name)}
    more = {title: text for title, text in person.more.items() if title not in survey.unknown} | dict(entry.get("more", {}))
    return {**kept, **entry, **({"more": more} if more else {})}


def _by_unit(answers: Sequence[Answer], unit: str | None, settings: Settings, file: str) -> dict[str, list[Answer]]:
    given = _code(unit, settings) if unit and unit.strip() else None
    found: dict[str, list[Answer]] = {given: []} if given else {}
    homeless = [answer.row for answer in answers if not answer.fields.get("unit") and not given]
    if homeless:
        rows = ", ".join(map(str, homeless[:5])) + (f" and {len(homeless) - 5:,} more" if len(homeless) > 5 else "")
        raise InputError(f"row {rows} names no unit", where=file,
                         then="Say whose survey this is with --unit, such as --unit WID. Nothing of this file was taken.")
    for answer in answers:
        named = answer.fields.get("unit")
        found.setdefault(_code(named, settings) if named else str(given), []).append(answer)
    if given and answers and not found[given]:
        del found[given]  # every row names another unit: this one did not answer
    if not found:
        raise InputError("there is nobody in it", where=file,
                         then="If nobody of the unit catalogs in Connexion, say so: import it with --unit.")
    return found


def _code(unit: str, settings: Settings) -> str:
    """A unit as console.toml spells its library, whatever its case; else as it was written."""
    plain = " ".join(unit.split())
    libraries = {library.casefold(): library for symbol in settings.symbols.values() for library in symbol.libraries}
    return libraries.get(plain.casefold(), plain)


def _is_known(code: str, settings: Settings) -> bool:
    return any(code in symbol.libraries for symbol in settings.symbols.values())


def _compared(code: str, before: Roster, after: Roster, people: int, known: bool) -> UnitTaken:
    old = {person.key: person for person in before.people if person.unit == code}
    new = {person.key: person for person in after.people if person.unit == code}
    added = [person.name for key, person in new.items() if key not in old or (old[key].gone and not person.gone)]
    gone = [person.name for key, person in new.items() if person.gone and not (key in old and old[key].gone)]
    changed = [each for key, person in new.items() if key in old for each in _differences(old[key], person)]
    return UnitTaken(code, known, people, False, tuple(added), tuple(changed), tuple(gone))


def _differences(old: Person, new: Person) -> Iterable[ChangedField]:
    for name in CHANGEABLE:
        if (was := getattr(old, name)) != (now := getattr(new, name)):
            yield ChangedField(new.name, name, was, now)
    for title in dict.fromkeys([*old.more, *new.more]):
        if (was := old.more.get(title, "")) != (now := new.more.get(title, "")):
            yield ChangedField(new.name, title, was, now)


# one person


def find_person(roster: Roster, who: str) -> Person:
    """The person meant by a name, an address, a number or a key. Raises CallError for nobody, and for several."""
    plain = " ".join(who.split()).casefold()
    exact = roster.person(who)
    found = [exact] if exact else [
        person for person in roster.people
        if plain and (plain in (person.name.casefold(), person.email.casefold(), person.number, person.new_number)
                      or (person.person and name_words(person.person) == name_words(who)))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise CallError(f"the roster has nobody called {who!r}", where="authorizations",
                        then="Name somebody as oclc-console authorizations list shows them.")
    keys = ", ".join(repr(person.key) for person in found[:5])
    raise CallError(f"{len(found)} people of the roster are {who!r}", where="authorizations", then=f"Say which: {keys}.")


def change_person(workspace: Workspace, who: str, changes: Mapping[str, str], reason: str = "") -> Person:
    """Changes fields of a person; an empty value clears one. Raises CallError for nobody, several, a field there is
    not, a status that means nothing, or when all is so already."""
    for name in changes:
        if name not in CHANGEABLE:
            raise CallError(f"{name!r} can't be changed", where="authorizations", then=f"There are: {', '.join(CHANGEABLE)}.")
    wanted = {name: tidied(name, value) for name, value in changes.items()}
    if wanted.get("status") and state_of(wanted["status"]) is None:
        raise CallError(f"{wanted['status']!r} is no status", where="authorizations",
                        then=f"Choose one of: {', '.join(STATES)}.")
    with log.writing(workspace) as writer:
        person = find_person(roster_of(project(workspace).of(None)), who)
        new = {name: value for name, value in wanted.items() if value != getattr(person, name)}
        if not new:
            raise CallError("that is so already: nothing was changed", where=person.name,
                            then="Name a field and another value.")
        more = {"reason": reason.strip()} if reason.strip() else {}
        writer.append(CHANGED, None, person=person.key, name=person.name, changes=new, **more)
    return find_person(roster_of(project(workspace).of(None)), person.key)


# requests


def write_requests(workspace: Workspace) -> Requested:
    """Writes each batch that is to be asked of OCLC as a text and a CSV file below exports/authorizations, and
    records it: whoever is in it is not asked for again, unless that act is taken back."""
    settings = workspace.settings
    contact = settings.people[workspace.actor].name if workspace.actor in settings.people else workspace.actor
    written = []
    with log.writing(workspace) as writer:
        roster = roster_of(project(workspace).of(None))
        batches, held = requests_of(roster, known_symbols(settings))
        for number, batch in enumerate(batches, roster.requests + 1):
            stem = f"request-{number:03d}-{folder_name(batch.symbol)}"
            text, table = _write(workspace, stem, batch, number, form_lines(batch, number, settings.institution.name, contact))
            asked = {kind: [need.person.key for need in getattr(batch, kind)] for kind in ("add", "change", "delete")}
            writer.append(REQUESTED, None, batch={"number": number, "symbol": batch.symbol, **asked,
                                                  "files": [text.name, table.name]})
            written.append((number, batch, text, table))
    return Requested(tuple(written), held)


def _write(workspace: Workspace, stem: str, batch: Batch, number: int, lines: Sequence[str]) -> tuple[Path, Path]:
    folder = workspace.root / "exports" / "authorizations"
    text, table = folder / f"{stem}.txt", folder / f"{stem}.csv"
    try:
        make_folder(folder)
        replace_file(text, "".join(f"{visible(line)}\n" for line in lines).encode())
        replace_file(table, csv_lines([CSV_HEADING, *csv_rows(batch, number)]))
    except OSError as error:
        raise from_os_error(error, "writing the requests") from error
    return text, table
