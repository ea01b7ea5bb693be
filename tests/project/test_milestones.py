"""Where a symbol's six milestones stand, as a fold over what people signed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oclc_console.project.milestones import MILESTONES, STATES, MilestoneState, fold_milestones


def act(word: str, milestone: str, **data: Any) -> dict[str, Any]:
    return {"act": f"milestone.{word}", "milestone": milestone, "by": "jdoe", "at": "2020-11-03T08:12:00.000Z", **data}


def folded(disposition: str, *acts: dict[str, Any]) -> dict[str, MilestoneState]:
    return {state.milestone.id: state for state in fold_milestones(disposition, acts)}


def states(disposition: str, *acts: dict[str, Any]) -> list[str]:
    return [state.state for state in fold_milestones(disposition, acts)]


def test_there_are_six_milestones_in_the_projects_order() -> None:
    assert [m.id for m in MILESTONES] == ["authorizations", "logins", "reclamation", "freeze", "deletion", "updates"]
    assert [m.number for m in MILESTONES] == [1, 2, 3, 4, 5, 6]


def test_at_first_the_first_is_current_and_the_rest_are_to_come() -> None:
    assert states("retiring") == ["current", "to_come", "to_come", "to_come", "to_come", "to_come"]


def test_the_freeze_does_not_concern_a_symbol_that_stays() -> None:
    for disposition in ("retained", "target"):
        freeze = folded(disposition)["freeze"]
        assert freeze.state == "not_applicable" and freeze.note and freeze.who is None


def test_a_signed_milestone_has_its_day_its_signer_and_its_note_and_the_next_becomes_current() -> None:
    found = folded("target", act("done", "authorizations", date="2020-11-03", note="all 12 units"))
    first = found["authorizations"]
    assert (first.state, first.completed, first.who, first.note) == ("done", "2020-11-03", "jdoe", "all 12 units")
    assert found["logins"].state == "current"


def test_the_current_one_skips_what_is_done_or_not_applicable() -> None:
    acts = [act("done", m, date="2020-11-03") for m in ("authorizations", "logins", "reclamation")]
    assert states("target", *acts) == ["done", "done", "done", "not_applicable", "current", "to_come"]
    assert states("retiring", *acts) == ["done", "done", "done", "current", "to_come", "to_come"]


def test_one_may_be_signed_before_those_in_front_of_it() -> None:
    assert states("retiring", act("done", "reclamation", date="2020-11-03"))[:4] == [
        "current", "to_come", "done", "to_come"]


def test_a_reopened_milestone_is_open_again_and_says_why() -> None:
    found = folded("target", act("done", "authorizations", date="2020-11-03", note="x"),
                   act("done", "logins", date="2020-11-04"),
                   act("reopened", "authorizations", reason="two shared logins came to light"))
    first = found["authorizations"]
    assert (first.state, first.completed, first.note) == ("current", None, "two shared logins came to light")
    assert found["reclamation"].state == "to_come"


def test_a_reopened_milestone_behind_the_current_one_is_to_come() -> None:
    acts = [act("done", "logins", date="2020-11-04"), act("reopened", "logins", reason="x")]
    assert states("target", *acts)[:2] == ["current", "to_come"]


def test_a_milestone_can_be_set_aside_and_taken_up_again() -> None:
    aside = act("not_applicable", "updates", note="no WorldCat Updates here")
    assert folded("target", aside)["updates"].state == "not_applicable"
    assert folded("target", aside)["updates"].note == "no WorldCat Updates here"
    assert folded("target", aside, act("applicable", "updates", reason="now there is"))["updates"].state == "to_come"
    assert folded("retained", act("applicable", "freeze", reason="they lend after all"))["freeze"].state == "to_come"


def test_when_all_is_done_nothing_is_current() -> None:
    assert set(states("retiring", *[act("done", m.id, date="2020-11-03") for m in MILESTONES])) == {"done"}


def test_acts_and_milestones_of_a_newer_version_change_nothing() -> None:
    assert states("target", act("done", "seventh", date="2020-11-03"), act("postponed", "logins"),
                  {"act": "milestone.done", "by": "x"}) == states("target")


@given(st.lists(st.builds(lambda word, m: act(word.removeprefix("milestone."), m.id, date="2020-11-03", reason="r"),
                          st.sampled_from(sorted(STATES)), st.sampled_from(MILESTONES)), max_size=30),
       st.sampled_from(["retained", "target", "retiring"]))
def test_at_most_one_milestone_is_current_and_it_is_the_first_open_one(
    acts: list[dict[str, Any]], disposition: str
) -> None:
    found = states(disposition, *acts)
    still_open = [number for number, state in enumerate(found) if state in ("current", "to_come")]
    assert [number for number, state in enumerate(found) if state == "current"] == still_open[:1]
