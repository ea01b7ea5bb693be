"""The roster of Connexion authorizations: surveys come in and change, nothing that people said here is overwritten
silently, what is wrong is told, and OCLC is asked in its own batches."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console import clock
from oclc_console.errors import CallError, ConsoleError, InputError
from oclc_console.operations.authorizations import (
    Authorizations,
    SurveyTaken,
    authorizations,
    change_person,
    import_survey,
    shared_logins,
    users_left,
    write_requests,
)
from oclc_console.project.acts import UNDONE
from oclc_console.project.authorizations import Person, keyed, same_people, state_of, still_under
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
from tests.project.rosters import HEADINGS, csv_survey, project_with_people, xlsx_survey

NOW = datetime(2020, 11, 16, 9, 14, tzinfo=UTC)
JANE = ("Doe, Jane", "RBK", "ZHG", "ZUL", "full", "100123456", "", "active")
MAX = ("Max [Roe]", "RBK", "ZHG", "ZUL", "Full", "100-222-333", "", "")


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return project_with_people(tmp_path / "w")


def took(ws: Workspace, *rows: tuple[str, ...], unit: str | None = None) -> SurveyTaken:
    """A survey with these rows, taken in."""
    return import_survey(ws, csv_survey(ws.root / "survey.csv", *rows), unit)


def kinds(ws: Workspace) -> list[tuple[str, str]]:
    """(kind, sentence) of everything there is to look at."""
    return [(each.kind, each.sentence) for each in authorizations(ws).findings]


def person(ws: Workspace, name: str) -> Person:
    """The person of this name."""
    (found,) = [each for each in authorizations(ws).roster.people if each.name == name]
    return found


# surveys


def test_a_survey_becomes_the_roster_and_one_act_of_the_log_for_each_unit(ws: Workspace) -> None:
    taken = took(ws, JANE, MAX, ("Kim Poe", "med", "ZMD", "", "NACO", "100 333 444", "", "yes"))
    assert [(unit.unit, unit.known, unit.people, unit.added) for unit in taken.units] == [
        ("RBK", True, 2, ("Doe, Jane", "Max [Roe]")), ("MED", True, 1, ("Kim Poe",))]
    first, second = log.read(ws)
    assert (first.act, first.symbol, first.by) == ("roster.imported", None, "jdoe")
    assert (first.data["unit"], first.data["file"], first.data["sha256"]) == ("RBK", "survey.csv", taken.sha256)
    assert second.data["unit"] == "MED"
    jane = person(ws, "Doe, Jane")
    assert (jane.symbol, jane.target, jane.level, jane.number, jane.state, jane.row) == (
        "ZHG", "ZUL", "Full", "100-123-456", "active", 2)


def test_the_same_file_again_changes_nothing_and_says_so(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    before = ws.log.read_bytes()
    (unit,) = took(ws, JANE, MAX).units
    assert unit.already and unit.people == 2 and not unit.added
    assert ws.log.read_bytes() == before


def test_a_changed_file_shows_what_changed_and_who_is_no_longer_named(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    (unit,) = took(ws, (*JANE[:4], "NACO", *JANE[5:]), ("Kim Poe", "RBK", "ZHG", "", "", "", "", "")).units
    changed = [(each.person, each.field, each.before, each.after) for each in unit.changed]
    assert changed == [("Doe, Jane", "level", "Full", "NACO")]
    assert (unit.added, unit.gone) == (("Kim Poe",), ("Max [Roe]",))
    assert person(ws, "Max [Roe]").gone
    assert ("gone", "Max [Roe] is no longer in RBK's survey") in kinds(ws)


def test_rows_in_another_order_are_no_change(ws: Workspace) -> None:
    twice = ("Doe, Jane", "RBK", "ZUL", "", "Full", "100-999-888", "", "")
    took(ws, JANE, twice, MAX)
    (unit,) = took(ws, MAX, twice, JANE).units
    assert (unit.already, unit.added, unit.changed, unit.gone) == (False, (), (), ())


def test_what_was_changed_here_stays_while_the_survey_says_the_same_as_before(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    change_person(ws, "jane doe", {"status": "moved", "level": "naco"}, "she told me")
    took(ws, JANE, MAX, ("Kim Poe", "RBK", "ZHG", "", "", "", "", ""))
    jane = person(ws, "Doe, Jane")
    assert (jane.status, jane.level, sorted(jane.by_hand)) == ("moved", "NACO", ["level", "status"])
    took(ws, (*JANE[:7], "left"), MAX)
    jane = person(ws, "Doe, Jane")
    assert (jane.status, jane.level) == ("left", "NACO")


def test_a_column_that_a_newer_survey_does_not_have_says_nothing(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    change_person(ws, "jane doe", {"status": "wanted"})
    path = csv_survey(ws.root / "new.csv", ("Jane Doe", "RBK", "100777888"), ("Max [Roe]", "RBK", ""),
                      headings=("Name", "Unit", "New login"))
    (unit,) = import_survey(ws, path).units
    assert [(each.field, each.after) for each in unit.changed] == [("person", "Jane Doe"), ("new_number", "100-777-888")]
    jane = person(ws, "Jane Doe")
    assert (jane.symbol, jane.number, jane.level, jane.status) == ("ZHG", "100-123-456", "Full", "wanted")


def test_the_log_tells_of_a_survey_in_one_short_line(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    write_requests(ws)
    survey, request = (line.words for line in log.read(ws))
    assert "unit RBK" in survey and "people (2)" in survey and "Jane" not in survey
    assert "symbol=ZUL add=(2) change=(0) delete=(0)" in request


def test_a_unit_that_has_nobody_answers_all_the_same(ws: Workspace) -> None:
    (unit,) = took(ws, unit="the").units
    assert (unit.unit, unit.people, unit.known) == ("THE", 0, True)
    answered = {each.code: each.survey is not None for each in authorizations(ws).units}
    assert answered == {"NET": False, "ARC": False, "MED": False, "RBK": False, "THE": True}


def test_a_unit_that_console_toml_does_not_have_is_kept_and_said(ws: Workspace) -> None:
    (unit,) = took(ws, (*JANE[:1], "Map room", *JANE[2:])).units
    assert (unit.unit, unit.known) == ("Map room", False)
    assert [(each.code, each.known) for each in authorizations(ws).units][-1] == ("Map room", False)


def test_rows_of_no_unit_are_refused_until_it_is_said_whose_they_are(ws: Workspace) -> None:
    homeless = ("Doe, Jane", "", *JANE[2:])
    with pytest.raises(InputError, match=r"row 2 names no unit.*--unit"):
        took(ws, homeless, MAX)
    assert not ws.log.exists()
    assert [unit.people for unit in took(ws, homeless, MAX, unit="rbk").units] == [2]


def test_a_survey_with_passwords_leaves_no_trace(ws: Workspace) -> None:
    path = csv_survey(ws.root / "s.csv", ("Jane", "RBK", "hunter2"), headings=("Name", "Unit", "Password"))
    with pytest.raises(InputError, match="for passwords"):
        import_survey(ws, path)
    path.unlink()
    left = [file for file in ws.root.rglob("*") if file.is_file() and b"hunter2" in file.read_bytes()]
    assert left == [] and not ws.log.exists()


def test_a_survey_that_is_taken_back_leaves_the_older_one(ws: Workspace) -> None:
    took(ws, JANE)
    took(ws, MAX)
    log.append(ws, UNDONE, None, of=2, reason="the wrong file")
    (left,) = authorizations(ws).roster.people
    assert (left.name, left.gone) == ("Doe, Jane", False)
    assert not took(ws, MAX).units[0].already


def test_the_roster_of_a_workbook_is_that_of_the_same_rows_in_csv(ws: Workspace, tmp_path: Path) -> None:
    took(ws, JANE, MAX)
    other = project_with_people(tmp_path / "other")
    import_survey(other, xlsx_survey(tmp_path / "s.xlsx", (*JANE[:5], 100123456, "", "active"), MAX))
    assert authorizations(other).roster.people == authorizations(ws).roster.people


CELL = st.text(max_size=12)
ROWS = st.lists(st.tuples(*[CELL] * len(HEADINGS)), max_size=6)


@pytest.mark.slow
@given(first=ROWS, second=ROWS)
def test_whatever_two_surveys_hold_nobody_vanishes_from_the_roster(tmp_path_factory: pytest.TempPathFactory, first: Rows,
                                                                   second: Rows) -> None:
    ws = project_with_people(tmp_path_factory.mktemp("w") / "w")
    named: set[str] = set()
    for rows in (first, second):
        try:
            (unit,) = took(ws, *((f"x{row[0]}", "RBK", *row[2:]) for row in rows), unit="RBK").units
        except ConsoleError as error:
            assert error.then
            continue
        found = authorizations(ws)
        named |= {each.key for each in found.roster.people if not each.gone}
        assert unit.already or len([each for each in found.roster.people if not each.gone]) == len(rows)
        assert {each.key for each in found.roster.people} == named
        _is_sound(found)


Rows = list[tuple[str, ...]]


def _is_sound(found: Authorizations) -> None:
    """Every finding is about people who are there, and nobody is asked for twice in one request."""
    keys = {each.key for each in found.roster.people}
    assert all(set(finding.keys) <= keys and finding.then for finding in found.findings)
    lines = [(need.kind, need.person.key) for batch in found.batches for need in batch.needs]
    assert len(lines) == len(set(lines))
    assert all(len(batch.add) <= 5 and len(batch.change) <= 5 and len(batch.delete) <= 10 for batch in found.batches)


# one person


def test_people_are_found_by_name_in_any_order_address_and_number(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    for who in ("Doe, Jane", "jane doe", "100-123-456", "RBK/doe jane"):
        assert change_person(ws, who, {"note": who}).note == who
    for who in ("nobody", ""):
        with pytest.raises(CallError, match="has nobody called"):
            change_person(ws, who, {"note": "x"})


def test_somebody_who_is_there_twice_is_named_by_the_key(ws: Workspace) -> None:
    took(ws, JANE, JANE)
    with pytest.raises(CallError, match=r"2 people .* Say which: 'RBK/doe jane', 'RBK/doe jane#2'"):
        change_person(ws, "Jane Doe", {"status": "left"})
    assert change_person(ws, "RBK/doe jane#2", {"status": "left"}).state == "left"


@pytest.mark.parametrize(("changes", "said"), [
    ({"status": "sleepy"}, "'sleepy' is no status. Choose one of: active, wanted, moved, left, deleted"),
    ({"unit": "ARC"}, "'unit' can't be changed"),
    ({"level": "full"}, "that is so already"),
])
def test_a_change_that_means_nothing_is_refused(ws: Workspace, changes: dict[str, str], said: str) -> None:
    took(ws, JANE)
    with pytest.raises(CallError, match=said):
        change_person(ws, "Jane Doe", changes)
    assert len(log.read(ws)) == 1


@pytest.mark.parametrize(("word", "state"), [("Yes", "active"), ("NO", "left"), ("in use", "active"), ("to be deleted", "left"),
                                             ("Moved.", "moved"), ("maybe", None), ("", None)])
def test_the_words_units_use_for_a_status_are_understood(word: str, state: str | None) -> None:
    assert state_of(word) == state


# what is wrong


def test_a_shared_login_is_told_with_everybody_who_uses_it(ws: Workspace) -> None:
    took(ws, JANE, (*MAX[:5], "100123456", "", ""), ("Kim Poe", "MED", "ZMD", "", "", "100-123-456", "", ""))
    assert ("shared", "100-123-456 is used by Kim Poe, Doe, Jane and Max [Roe]") in kinds(ws)


def test_one_person_with_two_rows_is_not_a_shared_login_but_a_number_under_two_symbols(ws: Workspace) -> None:
    took(ws, JANE, ("Jane Doe", "MED", "ZMD", "", "", "100123456", "", ""))
    found = kinds(ws)
    assert ("two_symbols", "100-123-456 stands under ZMD and ZHG") in found
    assert not [each for each in found if each[0] in ("shared", "twice")]


def test_a_new_number_that_is_the_old_one_is_told(ws: Workspace) -> None:
    took(ws, (*JANE[:6], "100-123-456", ""))
    assert ("two_symbols", "100-123-456 stands under ZHG and ZUL") in kinds(ws)


def test_people_still_under_a_symbol_that_goes_away_are_told_until_they_have_moved(ws: Workspace) -> None:
    took(ws, JANE, (*MAX[:7], "moved"))
    assert [each for each in kinds(ws) if each[0] == "defunct"] == [("defunct", "Doe, Jane still works under ZHG")]
    change_person(ws, "Jane Doe", {"status": "moved"})
    assert kinds(ws) == []


def test_people_without_a_target_are_told_only_where_their_symbol_goes_away_or_is_not_known(ws: Workspace) -> None:
    took(ws, ("A", "RBK", "ZHG", "", "", "", "", ""), ("B", "MED", "ZMD", "", "", "", "", ""),
         ("C", "MED", "", "", "", "", "", ""))
    assert [each for each in kinds(ws) if each[0] == "no_target"] == [
        ("no_target", "C has no target symbol"), ("no_target", "A has no target symbol")]
    (finding,) = [each for each in authorizations(ws).findings if each.sentence == "A has no target symbol"]
    assert "ZHG's successor is ZUL" in finding.then


def test_malformed_numbers_strange_symbols_strange_words_and_doubles_are_told(ws: Workspace) -> None:
    took(ws, ("A", "MED", "ZXX", "ZHG", "", "12345", "", "maybe"), ("B", "MED", "ZMD", "", "", "", "", ""),
         ("b", "MED", "ZMD", "", "", "", "", ""), ("", "MED", "ZMD", "", "", "100-555-666", "", ""))
    assert kinds(ws) == [
        ("bad_target", "A is to move to ZHG, which goes away itself"),
        ("unknown_symbol", "A has the symbol ZXX, which console.toml does not have"),
        ("malformed", "A has the number '12345'"),
        ("twice", "B stands 2 times in the roster: MED row 3 and MED row 4"),
        ("unnamed", "row 5 of MED names nobody"),
        ("new_word", "A has the status 'maybe', taken for active"),
    ]


def test_rows_of_one_person_are_joined_by_name_and_by_address(ws: Workspace) -> None:
    def row(key: str, name: str, email: str) -> Person:
        return Person(key, "RBK", person=name, email=email)

    people = [row("1", "Jane Doe", ""), row("2", "J. Doe", "JD@x.edu"), row("3", "Doe Jane", "jd@x.edu"), row("4", "", ""),
              row("5", "Max", "m@x.edu")]
    assert [[each.key for each in rows] for rows in same_people(people)] == [["1", "2", "3"], ["5"]]


def test_keys_of_people_with_one_name_do_not_depend_on_the_order_of_the_rows() -> None:
    rows = [{"person": "Jane", "symbol": symbol, "row": place} for place, symbol in enumerate(("B", "A", "C"))]
    forward = {entry["symbol"]: entry["key"] for entry in keyed(rows, "U")}
    assert forward == {entry["symbol"]: entry["key"] for entry in keyed(rows[::-1], "U")}
    assert forward == {"A": "U/jane", "B": "U/jane#2", "C": "U/jane#3"}


# the evidence for retiring a symbol


def test_how_many_still_work_under_a_symbol_is_not_known_before_anybody_answered(ws: Workspace) -> None:
    assert users_left(ws, "ZHG") is None
    took(ws, JANE, MAX, (*JANE[:1], "MED", *JANE[2:]))
    left = users_left(ws, "zhg")
    assert left is not None and (left.symbol, left.count, left.people, left.answered, left.units) == ("ZHG", 3, 3, 1, 2)
    assert left.words == "3 of 3 people in the roster still work under ZHG; 1 of 2 units answered the survey"
    assert left.as_of == "2020-11-16T09:14:00.000Z"
    change_person(ws, "Max [Roe]", {"status": "left"})
    left = users_left(ws, "ZHG")
    assert left is not None and left.count == 2
    assert users_left(ws, "ZUL") is None


def test_shared_logins_are_counted_for_each_symbol_of_those_who_still_use_them(ws: Workspace) -> None:
    assert shared_logins(ws, "ZHG") is None
    took(ws, JANE, (*MAX[:5], "100123456", "", ""), ("Kim Poe", "MED", "ZMD", "", "", "100-333-444", "", ""))
    assert (shared_logins(ws, "ZHG"), shared_logins(ws, "ZMD")) == (1, 0)
    change_person(ws, "max roe", {"status": "left"})
    assert shared_logins(ws, "ZHG") == 0


def test_whom_a_newer_survey_leaves_out_still_counts_until_somebody_says_what_became_of_them(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    took(ws, JANE)
    assert [each.name for each in still_under(authorizations(ws).roster, "ZHG")] == ["Doe, Jane", "Max [Roe]"]


# requests


def test_requests_come_in_the_batches_of_the_form_one_symbol_each(ws: Workspace) -> None:
    movers = [(f"Mover {n:02}", "RBK", "ZHG", "ZUL", "Full", f"100-000-{n:03}", "", "") for n in range(7)]
    leavers = [(f"Leaver {n:02}", "MED", "ZMD", "", "Full", f"100-001-{n:03}", "", "left") for n in range(12)]
    took(ws, *movers, *leavers)
    sizes = [(batch.symbol, len(batch.add), len(batch.change), len(batch.delete)) for batch in authorizations(ws).batches]
    assert sizes == [("ZMD", 0, 0, 10), ("ZMD", 0, 0, 2), ("ZUL", 5, 0, 0), ("ZUL", 2, 0, 0)]


def test_a_written_request_is_a_text_a_table_and_an_act_and_is_not_asked_again(ws: Workspace) -> None:
    took(ws, JANE, MAX)
    ((number, batch, text, table),) = write_requests(ws).written
    assert number == 1 and [need.person.name for need in batch.add] == ["Doe, Jane", "Max [Roe]"]
    words = text.read_text()
    assert "OCLC symbol: ZUL" in words and "Contact Name: J. Doe" in words
    assert "Add New Authorization(s): 2, of at most 5" in words
    assert "1. Operator Name: Doe, Jane\n   Logon Greeting: Jane\n   Cataloging Service Mode: Full\n" in words
    with open(table, newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["action"], row["oclc symbol"], row["operator name"]) for row in rows] == [
        ("add", "ZUL", "Doe, Jane"), ("add", "ZUL", "Max [Roe]")]
    act = log.read(ws)[-1]
    assert act.act == "roster.requested" and act.data["batch"]["add"] == ["RBK/doe jane", "RBK/max roe"]
    assert authorizations(ws).batches == () and write_requests(ws).written == ()
    (asked,) = person(ws, "Doe, Jane").asked
    assert (asked.kind, asked.symbol, asked.request, asked.by) == ("add", "ZUL", "1", "jdoe")


def test_a_request_that_is_taken_back_is_asked_again_under_a_new_number(ws: Workspace) -> None:
    took(ws, JANE)
    write_requests(ws)
    log.append(ws, UNDONE, None, of=2, reason="never sent")
    assert [number for number, *_ in write_requests(ws).written] == [2]


def test_a_request_names_no_cell_that_a_spreadsheet_would_run(ws: Workspace) -> None:
    took(ws, ("=cmd|' /C calc'!A0", *JANE[1:]))
    ((_, _, _, table),) = write_requests(ws).written
    assert b"'=cmd" in table.read_bytes()


def test_a_number_that_somebody_else_still_uses_is_not_deleted(ws: Workspace) -> None:
    took(ws, (*JANE[:7], "left"), (*MAX[:5], "100123456", "100-777-888", ""))
    found = authorizations(ws)
    assert found.batches == ()
    assert [(each.kind, each.reason) for each in found.held] == [("delete", "Max [Roe] still uses 100-123-456")]
    change_person(ws, "max roe", {"status": "moved"})
    found = authorizations(ws)
    assert [(need.kind, need.number) for batch in found.batches for need in batch.needs] == [("delete", "100-123-456")]
    assert [each.reason for each in found.held] == ["100-123-456 is to be deleted already, for somebody else"]


def test_a_symbol_that_goes_away_and_one_nobody_knows_get_no_new_numbers(ws: Workspace) -> None:
    took(ws, (*JANE[:3], "ZXX", *JANE[4:]), (*MAX[:2], "ZUL", "ZHG", *MAX[4:]))
    assert [each.reason for each in authorizations(ws).held] == [
        "console.toml does not have the symbol ZXX", "ZHG goes away itself"]


def test_another_level_under_the_same_symbol_is_a_change(ws: Workspace) -> None:
    path = csv_survey(ws.root / "s.csv", ("Kim", "MED", "ZMD", "Full", "NACO", "100-111-222"),
                      headings=("Name", "Unit", "Symbol", "Level", "New level", "Auth number"))
    import_survey(ws, path)
    ((need,),) = [batch.change for batch in authorizations(ws).batches]
    assert (need.kind, need.number, need.level, need.why) == ("change", "100-111-222", "NACO", "level Full to NACO")


# two at once


def test_two_consoles_that_take_in_the_same_file_at_once_make_one_act(ws: Workspace) -> None:
    path = csv_survey(ws.root / "s.csv", JANE, MAX)
    taken: list[SurveyTaken] = []
    for _ in _at_once(lambda who: taken.append(import_survey(Workspace(ws.root, who), path)), "jdoe", "lts", "anna", "otto"):
        pass
    assert sorted(each.units[0].already for each in taken) == [False, True, True, True]
    assert len(log.read(ws)) == 1 and log.verify(ws).ok


def test_two_consoles_that_write_the_requests_at_once_ask_everybody_once(ws: Workspace) -> None:
    took(ws, *[(f"Mover {n:02}", "RBK", "ZHG", "ZUL", "Full", "", "", "") for n in range(12)])
    numbers: list[int] = []
    for _ in _at_once(lambda who: numbers.extend(number for number, *_ in write_requests(Workspace(ws.root, who)).written),
                      "jdoe", "lts"):
        pass
    assert sorted(numbers) == [1, 2, 3]
    asked = [key for act in project(ws).of(None) if act["act"] == "roster.requested" for key in act["batch"]["add"]]
    assert len(asked) == len(set(asked)) == 12


def _at_once(work: object, *logins: str) -> Iterator[None]:
    """Does it once for each login, in threads that begin together."""
    assert callable(work)
    ready = threading.Barrier(len(logins))

    def begin(who: str) -> None:
        ready.wait()
        work(who)

    threads = [threading.Thread(target=begin, args=(who,)) for who in logins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
        yield
