"""`authorizations import | list | check | requests | set`: the roster of Connexion authorizations from the shell. Not for what
it means (project/) nor for the acts themselves (operations/authorizations.py)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oclc_console.cli import show
from oclc_console.cli.people import FIELDS
from oclc_console.errors import CallError
from oclc_console.workspace import Workspace

if TYPE_CHECKING:
    from oclc_console.operations.authorizations import Authorizations, Requested, SurveyTaken, UnitTaken
    from oclc_console.project.authorization_requests import Batch
    from oclc_console.project.authorizations import Person

_SHOWN = 20  # changes of one unit that are told one by one


def run(workspace: Workspace, options: argparse.Namespace, *, as_json: bool) -> int:
    """Does one action. Exit 1 when `check` finds something, or a request was held back."""
    from oclc_console.operations import authorizations as work

    if options.action == "import":
        taken = work.import_survey(workspace, Path(options.file), options.unit)
        show.answer(_taken_json(taken), as_json, _taken_words(taken))
        return 0
    if options.action == "set":
        given = {name: getattr(options, name) for name in FIELDS if getattr(options, name) is not None}
        if not given:
            raise CallError("nothing to change", where="authorizations set",
                            then='For example: oclc-console authorizations set "Doe, Jane" --status moved')
        person = work.change_person(workspace, options.who, given, options.reason)
        show.answer(person_json(person), as_json, [_person_line(person)])
        return 0
    if options.action == "requests" and options.write:
        done = work.write_requests(workspace)
        show.answer(_written_json(done), as_json, _written_words(done))
        return 1 if done.held else 0
    found = work.authorizations(workspace)
    if options.action == "requests":
        show.answer(_requests_json(found), as_json, _requests_words(found))
        return 1 if found.held else 0
    if options.action == "check":
        show.answer(_check_json(found), as_json, _check_words(found))
        return 1 if found.findings else 0
    show.answer(_list_json(found, options.unit), as_json, _list_words(found, options.unit))
    return 0


# surveys


def _taken_json(taken: SurveyTaken) -> dict[str, Any]:
    return {"file": taken.file, "sha256": taken.sha256, "units": [asdict(unit) for unit in taken.units],
            "columns": dict(taken.survey.known), "unknown_columns": dict(taken.survey.unknown),
            "rows_above": taken.survey.above, "sheets_left_out": list(taken.survey.left_out)}


def _taken_words(taken: SurveyTaken) -> Iterator[str]:
    for unit in taken.units:
        yield from _unit_words(unit)
    survey = taken.survey
    yield "Columns: " + ", ".join(f"{title} = {field.replace('_', ' ')}" for title, field in survey.known.items())
    if survey.unknown:
        told = ", ".join(f"{title} ({count:,})" for title, count in survey.unknown.items())
        yield f"Kept as they are (cells with something in them): {told}"
    if survey.above:
        yield f"{survey.above:,} rows above the headings were not read."
    for sheet in survey.left_out:
        yield f"! sheet {sheet} has no headings and was left out."
    yield "Next: oclc-console authorizations check"


def _unit_words(unit: UnitTaken) -> Iterator[str]:
    stranger = "" if unit.known else "  ! console.toml has no such library"
    if unit.already:
        yield f"{unit.unit}: this file was taken in already, nothing was changed{stranger}"
        return
    yield (f"{unit.unit}: {unit.people:,} people; {len(unit.added):,} new, {len(unit.changed):,} fields changed, "
           f"{len(unit.gone):,} no longer named{stranger}")
    lines = [*(f"  + {name}" for name in unit.added),
             *(f"  ~ {each.person}: {each.field.replace('_', ' ')} {each.before or '(empty)'} -> {each.after or '(empty)'}"
               for each in unit.changed),
             *(f"  - {name}" for name in unit.gone)]
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN:,} more: see oclc-console authorizations list --unit {unit.unit}"


# the roster


def person_json(person: Person) -> dict[str, Any]:
    """A person for scripts."""
    return {**asdict(person), "by_hand": sorted(person.by_hand), "state": person.state, "name": person.name}


def _person_line(person: Person) -> str:
    target = f" -> {person.target}" if person.target and person.target != person.symbol else ""
    numbers = " -> ".join(number for number in (person.number, person.new_number) if number)
    gone = "  (not in the newest survey)" if person.gone else ""
    return (f"{person.unit:<6} {person.name:<28} {(person.symbol or '?') + target:<14} {person.level:<8} {numbers:<27} "
            f"{person.state}{gone}")


def _list_json(found: Authorizations, unit: str | None) -> dict[str, Any]:
    people = [person for person in found.roster.people if unit is None or person.unit.casefold() == unit.casefold()]
    return {"as_of": found.as_of, "people": [person_json(person) for person in people],
            "units": [asdict(each) for each in found.units],
            "answered": sum(each.survey is not None for each in found.units if each.known),
            "of_units": sum(each.known for each in found.units), "findings": len(found.findings)}


def _list_words(found: Authorizations, unit: str | None) -> Iterator[str]:
    people = [person for person in found.roster.people if unit is None or person.unit.casefold() == unit.casefold()]
    yield from map(_person_line, people)
    if not people:
        yield "Nobody is in the roster yet. Take in a survey: oclc-console authorizations import FILE --unit U"
    known = [each for each in found.units if each.known]
    missing = [f"{each.code} ({' '.join(each.symbols)})" for each in known if each.survey is None]
    yield f"{len(people):,} people; {len(known) - len(missing):,} of {len(known):,} units have answered"
    if missing:
        yield f"No answer yet: {', '.join(missing)}"
    if found.findings:
        yield f"{len(found.findings):,} things to look at: oclc-console authorizations check"


def _check_json(found: Authorizations) -> dict[str, Any]:
    return {"as_of": found.as_of, "findings": [{**asdict(each), "title": each.title} for each in found.findings],
            "people": len(found.roster.people)}


def _check_words(found: Authorizations) -> Iterator[str]:
    kind = ""
    for each in found.findings:
        if each.kind != kind:
            kind = each.kind
            same = [other for other in found.findings if other.kind == kind]
            yield f"{each.title}: {len(same):,}"
        yield f"  {each.sentence}. {each.then}"
    yield f"{len(found.findings):,} things to look at among {len(found.roster.people):,} people"


# requests


def _batch_json(batch: Batch) -> dict[str, Any]:
    return {"symbol": batch.symbol, **{kind: [
        {"key": need.person.key, "name": need.person.name, "number": need.number, "level": need.level, "why": need.why}
        for need in getattr(batch, kind)] for kind in ("add", "change", "delete")}}


def _requests_json(found: Authorizations) -> dict[str, Any]:
    held = [{"kind": each.kind, "symbol": each.symbol, "name": each.person.name, "reason": each.reason} for each in found.held]
    return {"batches": [_batch_json(batch) for batch in found.batches], "held_back": held}


def _requests_words(found: Authorizations) -> Iterator[str]:
    for batch in found.batches:
        yield f"{batch.symbol}: {len(batch.add)} adds, {len(batch.change)} changes, {len(batch.delete)} deletes"
        yield from (f"  {need.kind:<7} {need.person.name:<28} {need.number:<12} {need.level:<8} {need.why}"
                    for need in batch.needs)
    yield from (f"! not asked: {each.kind} {each.person.name} under {each.symbol}: {each.reason}" for each in found.held)
    yield ("Next: oclc-console authorizations requests --write" if found.batches else "There is nothing to ask of OCLC.")


def _written_json(done: Requested) -> dict[str, Any]:
    return {"requests": [{"number": number, **_batch_json(batch), "text": str(text), "csv": str(table)}
                         for number, batch, text, table in done.written],
            "held_back": [{"kind": each.kind, "symbol": each.symbol, "name": each.person.name, "reason": each.reason}
                          for each in done.held]}


def _written_words(done: Requested) -> Iterator[str]:
    for number, batch, text, table in done.written:
        yield (f"request {number} for {batch.symbol}: {len(batch.add)} adds, {len(batch.change)} changes, "
               f"{len(batch.delete)} deletes")
        yield f"  {text}"
        yield f"  {table}"
    yield from (f"! not asked: {each.kind} {each.person.name} under {each.symbol}: {each.reason}" for each in done.held)
    if not done.written:
        yield "There is nothing to ask of OCLC; nothing was written."
