"""People at work on the tasks of a symbol: signing, claiming, planning, noting, taking back, entering evidence; and the
workspace's own checklist.toml."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.errors import CallError, SettingsError
from oclc_console.operations import checklist as tasks
from oclc_console.operations.checklist import Checklist, checklist, sign_off
from oclc_console.operations.checklist_file import followed, write_template
from oclc_console.operations.entering import enter, evidence_beside, evidence_list, known, updates_paused
from oclc_console.operations.taking_back import take_back
from oclc_console.project.history import newest
from oclc_console.project.tasks import TaskState
from oclc_console.project.template import PACKAGED
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

NOW = datetime(2020, 11, 20, 12, 0, tzinfo=UTC)
DAY = date(2020, 11, 3)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return workspace(tmp_path / "w", acting_as="jdoe")


def task(found: Checklist, task_id: str) -> TaskState:
    return next(state for state in (*found.tasks, *found.gone) if state.task.id == task_id)


def sign_all(ws: Workspace, symbol: str, milestone: str) -> None:
    for state in checklist(ws, symbol).open_in(milestone):
        sign_off(ws, symbol, state.task.id, DAY)


def test_signing_a_task_writes_what_it_was_called_and_the_next_one_is_next(ws: Workspace) -> None:
    found = sign_off(ws, "zul", "survey-units", DAY, " 14 [people] ")
    signed = task(found, "survey-units")
    assert (signed.state, signed.completed, signed.by, signed.note) == ("done", "2020-11-03", "jdoe", "14 [people]")
    assert found.steps[0].id == "no-shared-logins"
    [line] = log.read(ws)
    assert line.act == "task.done" and dict(line.data) == {
        "task": "survey-units", "title": "Ask the units who catalogues, and under which symbol", "date": "2020-11-03",
        "note": "14 [people]"}


def test_a_milestone_with_open_tasks_is_signed_only_with_a_note_that_says_why(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    with pytest.raises(CallError, match=r"has 3 of 4 tasks open: no-shared-logins, .*say in a note why"):
        sign_off(ws, "ZUL", "authorizations", DAY, "  ")
    found = sign_off(ws, "ZUL", "authorizations", DAY, "done by mail before there was a console")
    assert found.next is not None and found.next.milestone.id == "logins"
    assert log.read(ws)[-1].data["open"] == ["no-shared-logins", "request-authorizations", "hand-out-authorizations"]


def test_a_milestone_whose_tasks_are_done_or_not_applicable_is_signed_without_a_word(ws: Workspace) -> None:
    tasks.mark_not_applicable(ws, "ZUL", "no-shared-logins", "never had any")
    sign_all(ws, "ZUL", "authorizations")
    assert [(step.id, step.is_milestone) for step in checklist(ws, "ZUL").steps] == [("authorizations", True)]
    found = sign_off(ws, "ZUL", "authorizations", DAY)
    assert found.milestones[0].state == "done" and "open" not in log.read(ws)[-1].data


def test_signing_a_task_twice_or_on_a_day_to_come_is_refused(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    with pytest.raises(CallError, match=r"completed on 2020-11-03 by jdoe.*reopen it"):
        sign_off(ws, "ZUL", "survey-units", DAY)
    with pytest.raises(CallError, match="still to come"):
        sign_off(ws, "ZUL", "no-shared-logins", date(2020, 12, 24))


def test_a_task_of_a_signed_milestone_is_reopened_only_after_the_milestone(ws: Workspace) -> None:
    sign_all(ws, "ZUL", "authorizations")
    sign_off(ws, "ZUL", "authorizations", DAY)
    with pytest.raises(CallError, match="Reopen authorizations first"):
        tasks.reopen(ws, "ZUL", "survey-units", "a unit was forgotten")
    tasks.reopen(ws, "ZUL", "authorizations", "a unit was forgotten")
    found = tasks.reopen(ws, "ZUL", "survey-units", "a unit was forgotten")
    assert found.steps[0].id == "survey-units" and found.steps[0].since == "2020-11-20T12:00:00.000Z"


def test_a_claimed_task_is_somebodys_until_it_is_released_or_signed(ws: Workspace) -> None:
    tasks.claim(ws, "ZUL", "survey-units")
    other = Workspace(ws.root, "asmith")
    with pytest.raises(CallError, match=r"is jdoe's since .*released first"):
        tasks.claim(other, "ZUL", "survey-units")
    with pytest.raises(CallError, match="yours already"):
        tasks.claim(ws, "ZUL", "survey-units")
    tasks.release(other, "ZUL", "survey-units")
    with pytest.raises(CallError, match="nothing to release"):
        tasks.release(other, "ZUL", "survey-units")
    assert task(tasks.claim(other, "ZUL", "survey-units"), "survey-units").on == "asmith"
    assert task(sign_off(ws, "ZUL", "survey-units", DAY), "survey-units").claimed_by is None


def test_of_two_people_who_claim_at_once_one_has_it_and_the_other_is_told_whose_it_is(ws: Workspace) -> None:
    told: list[str] = []

    def try_it(login: str) -> None:
        try:
            tasks.claim(Workspace(ws.root, login), "ZUL", "survey-units")
        except CallError as error:
            told.append(error.what)

    threads = [threading.Thread(target=try_it, args=(login,)) for login in ("jdoe", "asmith")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holder = task(checklist(ws, "ZUL"), "survey-units").claimed_by
    assert len(told) == 1 and f"is {holder}'s since" in told[0] and len(log.read(ws)) == 1


def test_of_a_task_signed_and_its_milestone_signed_at_once_whatever_comes_first_both_make_sense(ws: Workspace) -> None:
    for state in checklist(ws, "ZUL").open_in("authorizations")[1:]:
        sign_off(ws, "ZUL", state.task.id, DAY)
    told: list[str] = []

    def try_it(login: str, item: str) -> None:
        try:
            sign_off(Workspace(ws.root, login), "ZUL", item, DAY)
        except CallError as error:
            told.append(error.what)

    threads = [threading.Thread(target=try_it, args=pair) for pair in (("jdoe", "survey-units"), ("asmith", "authorizations"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = checklist(ws, "ZUL")
    assert task(found, "survey-units").state == "done" and log.verify(ws).ok
    assert (found.milestones[0].state == "done") == (not told), "signed only if its task was signed before"


def test_plans_and_notes_are_of_tasks_and_stay_with_them(ws: Workspace) -> None:
    tasks.plan(ws, "ZUL", "survey-units", date(2020, 12, 1))
    found = tasks.note(ws, "ZUL", "survey-units", "ask Law too")
    assert (task(found, "survey-units").planned, task(found, "survey-units").note) == ("2020-12-01", "ask Law too")
    with pytest.raises(CallError, match=r"only a task is planned.*survey-units"):
        tasks.plan(ws, "ZUL", "authorizations", date(2020, 12, 1))
    with pytest.raises(CallError, match="the note is empty"):
        tasks.note(ws, "ZUL", "survey-units", " ")


# the workspace's own template

def test_the_template_is_written_out_once_and_never_over_an_edited_one(ws: Workspace) -> None:
    path = write_template(ws)
    assert path.read_bytes() == PACKAGED.read_bytes()
    path.write_text(path.read_text().replace("Ask the units who catalogues", "Call the units"))
    with pytest.raises(CallError, match="there is one already"):
        write_template(ws)
    assert "Call the units" in task(checklist(ws, "ZUL"), "survey-units").task.task


def test_a_task_taken_out_of_the_template_keeps_what_was_entered_under_its_own_heading(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY, "14 people")
    (ws.root / "checklist.toml").write_text('[[tasks]]\nid = "other"\nmilestone = "logins"\ntask = "Another"\n')
    found = checklist(ws, "ZUL")
    assert [state.task.id for state in found.tasks] == ["other"]
    [gone] = found.gone
    assert (gone.task.task, gone.completed, gone.note) == (
        "Ask the units who catalogues, and under which symbol", "2020-11-03", "14 people")
    with pytest.raises(CallError, match=r"no longer in the template.*put the task back"):
        tasks.reopen(ws, "ZUL", "survey-units", "x")


def test_a_mistake_in_the_template_is_told_and_the_last_good_one_is_followed(ws: Workspace) -> None:
    own = ws.root / "checklist.toml"
    own.write_text('[[tasks]]\nid = "mine"\nmilestone = "logins"\ntask = "Mine"\n')
    assert not followed(ws).problem
    own.write_text(own.read_text() + 'hwo = "x"\n')
    found = checklist(ws, "ZUL")
    assert [state.task.id for state in found.tasks] == ["mine"]
    assert "line 5, key tasks[1].hwo" in found.problem and "as it last was right" in found.problem
    assert task(sign_off(ws, "ZUL", "mine", DAY), "mine").state == "done", "work goes on"


def test_a_template_that_never_was_right_shows_the_consoles_own_and_nothing_is_signed_by_it(ws: Workspace) -> None:
    (ws.root / "checklist.toml").write_bytes(b"\xff")
    found = checklist(ws, "ZUL")
    assert found.tasks and "not UTF-8" in found.problem and "the console's own" in found.problem
    with pytest.raises(SettingsError, match="Nothing was written"):
        sign_off(ws, "ZUL", "survey-units", DAY)
    assert not log.read(ws)


# taking back

def test_an_act_is_taken_back_with_a_reason_and_both_stay_in_the_history(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    line = take_back(ws, 1, " the wrong symbol ")
    assert (line.act, line.symbol, dict(line.data)) == ("act.undone", "ZUL", {"of": 1, "reason": "the wrong symbol"})
    state = task(checklist(ws, "ZUL"), "survey-units")
    assert state.state == "current" and len(state.history) == 2 and state.history[0].taken_back
    assert newest(state.history) is None and log.verify(ws).ok


def test_what_was_taken_back_can_be_taken_back_again_by_taking_back_that(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    take_back(ws, 1, "wrong")
    with pytest.raises(CallError, match=r"taken back already, by jdoe \(wrong\)"):
        take_back(ws, 1, "again")
    take_back(ws, 2, "it was right")
    assert task(checklist(ws, "ZUL"), "survey-units").state == "done"
    with pytest.raises(CallError, match="taken back already"):
        take_back(ws, 2, "again")


def test_an_act_that_others_were_built_on_is_taken_back_after_them(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    tasks.reopen(ws, "ZUL", "survey-units", "a unit was forgotten")
    tasks.note(ws, "ZUL", "survey-units", "Law")
    with pytest.raises(CallError, match=r"line 2 \(task.reopened, by jdoe\) came after it: take that back first"):
        take_back(ws, 1, "x")
    take_back(ws, 2, "it was not")
    take_back(ws, 1, "nobody was asked")
    assert task(checklist(ws, "ZUL"), "survey-units").state == "current"


def test_a_task_a_signed_milestone_counted_on_is_not_taken_back_before_the_milestone(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    sign_off(ws, "ZUL", "authorizations", DAY, "the rest by mail")
    sign_off(ws, "ZUL", "no-shared-logins", DAY)
    with pytest.raises(CallError, match="milestone authorizations was signed in line 2 on the strength of it"):
        take_back(ws, 1, "x")
    take_back(ws, 3, "it was open when the milestone was signed")
    take_back(ws, 2, "too early")
    take_back(ws, 1, "x")
    assert [step.id for step in checklist(ws, "ZUL").steps] == ["survey-units"]


def test_taking_back_a_taking_back_is_refused_once_the_task_was_signed_anew(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    take_back(ws, 1, "wrong day")
    sign_off(ws, "ZUL", "survey-units", date(2020, 11, 4))
    with pytest.raises(CallError, match=r"line 3 \(task.done, by jdoe\) came after it"):
        take_back(ws, 2, "x")


def test_what_is_no_act_of_a_person_on_the_project_is_not_taken_back(ws: Workspace) -> None:
    log.append(ws, "settings.changed", None, file="console.toml")
    with pytest.raises(CallError, match=r"settings\.changed tells what happened"):
        take_back(ws, 1, "x")
    with pytest.raises(CallError, match="no such line; it has 1"):
        take_back(ws, 7, "x")
    with pytest.raises(CallError, match="needs a reason"):
        take_back(ws, 1, " ")


def test_an_act_on_another_symbol_is_not_taken_back_by_mistake(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    with pytest.raises(CallError, match="it is an act on ZUL, not on ZMD"):
        take_back(ws, 1, "x", "ZMD")


def test_of_two_people_who_take_back_at_once_one_does_and_the_other_is_told(ws: Workspace) -> None:
    sign_off(ws, "ZUL", "survey-units", DAY)
    told: list[str] = []

    def try_it(login: str) -> None:
        try:
            take_back(Workspace(ws.root, login), 1, login)
        except CallError as error:
            told.append(error.what)

    threads = [threading.Thread(target=try_it, args=(login,)) for login in ("jdoe", "asmith", "bnov")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 2 and len(log.read(ws)) == 2


# evidence

def test_evidence_is_entered_with_its_source_and_its_day_and_stands_beside_its_task(ws: Workspace) -> None:
    told = enter(ws, "zlw", "save_file_count", "7,214", "Connexion", "2020-11-16", "of 9,999")
    assert (told.value, told.entered_by) == (7214, "jdoe")
    [beside] = evidence_beside(ws, "ZLW")["save-file-empty"]
    assert beside.fulfilled is False
    assert beside.words == ("records in the Connexion save file (of 9,999): 7,214, not 0 "
                            "(entered by jdoe: Connexion, as of 2020-11-16)")
    enter(ws, "ZLW", "save_file_count", "0", "Connexion", "2020-11-20")
    assert evidence_beside(ws, "ZLW")["save-file-empty"][0].fulfilled is True
    assert task(checklist(ws, "ZLW"), "save-file-empty").is_open, "a person signs all the same"


@pytest.mark.parametrize(("key", "value", "source", "day", "said"), [
    ("save_files", "0", "Connexion", "2020-11-16", "nothing that can be entered"),
    ("save_file_count", "some", "Connexion", "2020-11-16", "a number of 0 or more"),
    ("save_file_count", "3", " ", "2020-11-16", "where this is known from is not said"),
    ("save_file_count", "3", "Connexion", "2020-12-16", "still to come"),
    ("save_file_count", "3", "Connexion", "16.11.2020", "is not a day"),
    ("match_type", "all", "Collection Manager", "2020-11-16", "belongs to one collection"),
])
def test_evidence_that_will_not_do_is_refused_with_a_sentence_and_nothing_is_written(
    ws: Workspace, key: str, value: str, source: str, day: str, said: str
) -> None:
    with pytest.raises(CallError, match=said):
        enter(ws, "ZLW", key, value, source, day)
    assert not log.read(ws)


def test_evidence_that_was_taken_back_is_not_known_and_the_entry_before_it_counts_again(ws: Workspace) -> None:
    enter(ws, "ZLW", "ill_open_requests", "326", "ILL system", "2020-11-16")
    enter(ws, "ZLW", "ill_open_requests", "0", "ILL system", "2020-11-17")
    take_back(ws, 2, "it was another symbol")
    assert known(ws, "ZLW")["ill_open_requests"].value == 326


def test_the_list_of_evidence_says_what_is_known_and_what_is_missing_for_this_symbol(ws: Workspace) -> None:
    enter(ws, "ZLW", "ill_open_requests", "326", "ILL system", "2020-11-16")
    lines = {line.evidence.key: line for line in evidence_list(ws, "ZLW")}
    assert not lines["ill_open_requests"].is_missing and lines["ill_open_requests"].tasks == ("loans-returned",)
    assert lines["save_file_count"].is_missing
    assert "cutoff_proposed" not in lines, "a retiring symbol has no scan/delete of its own"
    assert "save_file_count" not in {line.evidence.key for line in evidence_list(ws, "ZMD")}


def test_worldcat_updates_are_paused_since_a_day_until_they_are_reactivated_or_signed(ws: Workspace) -> None:
    assert updates_paused(checklist(ws, "ZUL")) is None
    enter(ws, "ZUL", "updates_paused_since", "2020-02-10", "Collection Manager", "2020-02-10")
    paused = updates_paused(checklist(ws, "ZUL"))
    assert paused is not None and paused.value == "2020-02-10"
    enter(ws, "ZUL", "updates_reactivated", "2020-11-02", "Collection Manager", "2020-11-02")
    assert updates_paused(checklist(ws, "ZUL")) is None
    sign_off(ws, "ZUL", "updates", DAY, "no tasks here")
    assert updates_paused(checklist(ws, "ZUL")) is None


# signatures

def signature(ws: Workspace, login: str) -> int:
    """Signs the cut-off of ZUL in somebody's name, straight into the log; the line's number."""
    return log.append(Workspace(ws.root, login), "gate.signed", "ZUL", gate="scan-delete", subject="2020-06-08",
                      fingerprint="f", effect="removes 12 holdings", typed="ZUL 2020-06-08", note="",
                      conditions={"unrouted": {"state": "green", "words": "0 unrouted", "fingerprint": "x"}}).seq


def test_a_first_signature_is_taken_back_by_its_signer_and_by_nobody_else(ws: Workspace) -> None:
    first = signature(ws, "asmith")
    with pytest.raises(CallError, match=r"asmith's signature.*Only asmith"):
        take_back(ws, first, "x")
    take_back(Workspace(ws.root, "asmith"), first, "too early")
    assert log.read(ws)[-1].act == "act.undone"


def test_once_two_people_have_signed_a_gate_neither_signature_is_ever_taken_back(ws: Workspace) -> None:
    first, second = signature(ws, "asmith"), signature(ws, "jdoe")
    for seq, login in ((first, "asmith"), (second, "jdoe")):
        with pytest.raises(CallError, match="can't be undone, and their signatures stay"):
            take_back(Workspace(ws.root, login), seq, "a mistake")
    assert len(log.read(ws)) == 2
