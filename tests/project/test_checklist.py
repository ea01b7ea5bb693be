"""The checklist of a symbol: people sign, set aside and reopen milestones; the log keeps all of it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.errors import CallError, SettingsError
from oclc_console.operations.checklist import Checklist, checklist, mark_not_applicable, reopen, sign_off
from oclc_console.project.milestones import MilestoneState
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

NOW = datetime(2020, 11, 20, 12, 0, tzinfo=UTC)
DAY = date(2020, 11, 3)
WHY = "signed as a whole: the tasks were not listed one by one"


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return workspace(tmp_path / "w", acting_as="jdoe")


def state(found: Checklist, milestone: str) -> MilestoneState:
    return next(s for s in found.milestones if s.milestone.id == milestone)


def test_a_new_symbol_has_an_open_checklist_and_its_first_milestone_next(ws: Workspace) -> None:
    found = checklist(ws, "zul")
    assert (found.symbol, found.name, found.disposition) == ("ZUL", "University-wide", "target")
    assert found.next is not None and found.next.milestone.id == "authorizations"
    assert found.as_of == "2020-11-20T12:00:00.000Z"
    assert set(found.history.values()) == {()} and len(found.history) == 6
    assert not ws.log.exists()


def test_signing_writes_the_log_and_gives_the_new_checklist(ws: Workspace) -> None:
    found = sign_off(ws, "ZUL", "authorizations", DAY, " all [12] units ")
    signed = state(found, "authorizations")
    assert (signed.state, signed.completed, signed.who, signed.note) == ("done", "2020-11-03", "jdoe", "all [12] units")
    assert found.next is not None and found.next.milestone.id == "logins"
    [line] = log.read(ws)
    assert (line.act, line.symbol, line.by) == ("milestone.done", "ZUL", "jdoe")
    assert dict(line.data) == {"milestone": "authorizations", "date": "2020-11-03", "note": "all [12] units",
                               "open": [task.task.id for task in found.of("authorizations")]}


def test_what_one_console_signs_another_one_sees(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "authorizations", DAY, WHY)
    assert state(checklist(Workspace(ws.root), "ZUL"), "authorizations").state == "done"
    assert state(checklist(ws, "ZMD"), "authorizations").state == "current"


def test_the_history_of_a_milestone_tells_every_act_in_order(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "authorizations", DAY, "first")
    reopen(ws, "ZUL", "authorizations", "two shared logins")
    mark_not_applicable(ws, "ZUL", "authorizations", "no Connexion here")
    reopen(ws, "ZUL", "authorizations", "there is")
    found = sign_off(ws, "ZUL", "authorizations", DAY, WHY)
    assert [line.words for line in found.history["authorizations"]] == [
        "completed on 2020-11-03, 4 of its tasks open: first", "reopened: two shared logins",
        "not applicable: no Connexion here", "applicable after all: there is",
        f"completed on 2020-11-03, 4 of its tasks open: {WHY}"]
    assert {line.by for line in found.history["authorizations"]} == {"jdoe"}
    assert found.history["logins"] == ()


def test_a_day_to_come_is_refused_and_today_is_named(ws: Workspace) -> None:
    with pytest.raises(CallError, match=r"2020-12-24 is still to come; today is 2020-11-"):
        sign_off(ws, "ZUL", "logins", date(2020, 12, 24))
    assert not ws.log.exists()


def test_today_can_be_signed(ws: Workspace) -> None:
    today = NOW.astimezone().date()
    assert state(sign_off(ws, "ZUL", "logins", today, WHY), "logins").completed == str(today)
    with pytest.raises(CallError):
        sign_off(ws, "ZUL", "reclamation", today + timedelta(days=1))


def test_a_milestone_that_does_not_exist_is_refused_with_those_that_do(ws: Workspace) -> None:
    there = r"'nosuch' is no milestone.*authorizations, logins, reclamation, freeze, deletion, updates"
    with pytest.raises(CallError, match=there):
        sign_off(ws, "ZUL", "nosuch", DAY)
    with pytest.raises(CallError, match=there):
        mark_not_applicable(ws, "ZUL", "nosuch")
    with pytest.raises(CallError, match=there):
        reopen(ws, "ZUL", "nosuch", "x")


def test_a_symbol_that_does_not_exist_is_refused_with_those_that_do(ws: Workspace) -> None:
    with pytest.raises(SettingsError, match="ZUL, ZMD, ZLW"):
        sign_off(ws, "XXX", "logins", DAY)


def test_signing_twice_says_when_and_by_whom_and_that_it_can_be_reopened(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "logins", DAY, WHY)
    signed = r"completed on 2020-11-03 by jdoe.*reopen it with a reason"
    with pytest.raises(CallError, match=signed):
        sign_off(ws, "ZUL", "logins", DAY, WHY)
    with pytest.raises(CallError, match=signed):
        mark_not_applicable(ws, "ZUL", "logins")
    assert len(log.read(ws)) == 1


def test_what_is_not_applicable_is_reopened_before_it_is_signed(ws: Workspace) -> None:
    with pytest.raises(CallError, match=r"not applicable to ZUL.*reopen"):
        sign_off(ws, "ZUL", "freeze", DAY, WHY)
    assert state(reopen(ws, "ZUL", "freeze", "they lend after all"), "freeze").state == "to_come"
    assert state(sign_off(ws, "ZUL", "freeze", DAY, WHY), "freeze").state == "done"


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_reopening_needs_a_reason(ws: Workspace, reason: str) -> None:
    sign_off(ws, "ZUL", "logins", DAY, WHY)
    with pytest.raises(CallError, match="needs a reason"):
        reopen(ws, "ZUL", "logins", reason)
    assert state(checklist(ws, "ZUL"), "logins").state == "done"


def test_what_is_open_cannot_be_reopened(ws: Workspace) -> None:
    with pytest.raises(CallError, match="is open: nobody signed it"):
        reopen(ws, "ZUL", "logins", "x")


def test_the_deletion_says_that_signing_triggers_nothing(ws: Workspace) -> None:
    assert "it triggers nothing" in state(checklist(ws, "ZUL"), "deletion").milestone.explanation


def test_of_two_people_who_sign_at_once_one_signs_and_one_is_told(ws: Workspace) -> None:
    told: list[str] = []

    def sign() -> None:
        try:
            sign_off(Workspace(ws.root, "jdoe"), "ZUL", "logins", DAY, WHY)
        except CallError as error:
            told.append(error.what)

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3 and len(log.read(ws)) == 1 and log.verify(ws).ok
