"""The tasks of a symbol: what is next, on whom it waits and since when, and that an edited template loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oclc_console.project.acts import UNDONE
from oclc_console.project.milestones import fold_milestones
from oclc_console.project.tasks import GROUPS, Task, TaskList, TaskState, Template, fold_tasks
from oclc_console.project.template import packaged

AT = "2020-11-{:02d}T08:00:00.000Z"


def acts_of(*told: dict[str, Any] | tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Acts, one a day from the first of November: (word, data)."""
    acts = []
    for number, one in enumerate(told, 1):
        word, data = one if isinstance(one, tuple) else (one.pop("act"), one)
        acts.append({"seq": number, "at": AT.format(number), "by": "jdoe", "act": word, "symbol": "ZUL", **data})
    return acts


def task(word: str, task_id: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return f"task.{word}", {"task": task_id, **data}


def stone(word: str, milestone: str, **data: Any) -> tuple[str, dict[str, Any]]:
    return f"milestone.{word}", {"milestone": milestone, **data}


def folded(disposition: str, acts: Sequence[dict[str, Any]], template: Template | None = None) -> TaskList:
    return fold_tasks(template or packaged(), disposition, acts, fold_milestones(disposition, acts))


def one(found: TaskList, task_id: str) -> TaskState:
    return next(state for state in (*found.tasks, *found.gone) if state.task.id == task_id)


def all_of(milestone: str, disposition: str = "retained") -> list[tuple[str, dict[str, Any]]]:
    return [task("done", each.id, date="2020-10-01", title=each.task)
            for each in packaged().of(disposition) if each.milestone == milestone]


def test_at_first_the_first_task_is_next_and_the_others_come_after_it() -> None:
    found = folded("retained", [])
    assert [step.id for step in found.next] == ["survey-units"]
    assert one(found, "survey-units").state == "current" and one(found, "survey-units").since is None
    assert one(found, "switch-logins").after == "Ask the units who catalogues, and under which symbol"
    assert found.next[0].on == "Authorizations coordinator"


def test_a_signed_task_has_its_day_and_its_note_and_the_next_one_waits_since_it_was_signed() -> None:
    found = folded("retained", acts_of(task("done", "survey-units", date="2020-10-20", note="14 people")))
    signed = one(found, "survey-units")
    assert (signed.state, signed.completed, signed.by, signed.note) == ("done", "2020-10-20", "jdoe", "14 people")
    assert found.next[0].id == "no-shared-logins" and found.next[0].since == AT.format(1)


def test_a_task_waits_on_whoever_claimed_it_until_it_is_released() -> None:
    claimed = acts_of(task("claimed", "survey-units"), task("planned", "survey-units", date="2020-12-01"))
    found = folded("retained", claimed)
    assert (found.next[0].on, found.next[0].planned) == ("jdoe", "2020-12-01")
    assert one(found, "survey-units").claimed_at == AT.format(1)
    released = [*claimed, {"seq": 3, "at": AT.format(3), "by": "lts", "act": "task.released", "task": "survey-units"}]
    assert folded("retained", released).next[0].on == "Authorizations coordinator"


def test_when_all_tasks_of_a_milestone_are_closed_the_milestone_waits_to_be_signed() -> None:
    found = folded("retained", acts_of(*all_of("authorizations")))
    [step] = found.next
    assert step.is_milestone and step.id == "authorizations" and step.on == "authorizations coordinator"
    assert step.since == AT.format(4)
    signed = folded("retained", acts_of(*all_of("authorizations"), stone("done", "authorizations", date="2020-11-01")))
    assert signed.next[0].id == "announce-switch" and signed.next[0].since == AT.format(5)


def test_open_tasks_of_a_signed_milestone_stay_to_be_seen_but_are_not_next() -> None:
    found = folded("retained", acts_of(stone("done", "authorizations", date="2020-11-01", note="by mail", open=["x"])))
    left = one(found, "survey-units")
    assert left.is_open and left.state == "to_come" and left.after is None
    assert found.next[0].id == "announce-switch"


def test_the_tasks_of_a_milestone_that_is_not_applicable_are_not_either() -> None:
    found = folded("retained", acts_of(stone("not_applicable", "updates", note="never had them")))
    assert {state.state for state in found.tasks if state.task.milestone == "updates"} == {"not_applicable"}


def test_what_comes_after_the_six_does_not_wait_for_worldcat_updates() -> None:
    behind = ("authorizations", "logins", "reclamation", "deletion")
    signed = [stone("done", group, date="2020-11-01", note="x") for group in behind]
    found = folded("retained", acts_of(*signed))
    assert [step.id for step in found.next] == ["updates-profile", "lhr-publishing"]


def test_a_reopened_task_waits_since_it_was_reopened() -> None:
    found = folded("retained", acts_of(task("done", "survey-units", date="2020-10-20"),
                                       task("reopened", "survey-units", reason="a unit was forgotten")))
    assert found.next[0].id == "survey-units" and found.next[0].since == AT.format(2)
    assert one(found, "survey-units").note == "a unit was forgotten"


def test_what_was_taken_back_counts_no_more_and_stays_in_the_history() -> None:
    found = folded("retained", acts_of(task("done", "survey-units", date="2020-10-20"),
                                       (UNDONE, {"of": 1, "reason": "the wrong symbol"})))
    state = one(found, "survey-units")
    assert state.state == "current" and state.completed is None
    assert [(line.words, line.taken_back) for line in state.history] == [
        ("completed on 2020-10-20", True), ("took back line 1: the wrong symbol", False)]


def test_a_task_that_was_renamed_says_how_it_was_called_when_it_was_signed() -> None:
    signed = acts_of(task("done", "a", date="2020-10-20", title="Ask three units"))
    state = one(folded("retained", signed, Template((Task("a", "logins", "Ask all units"),))), "a")
    assert (state.task.task, state.called) == ("Ask all units", "Ask three units")


def test_what_was_entered_about_a_task_that_is_gone_is_shown_by_its_last_title_with_why() -> None:
    signed = acts_of(task("done", "old", date="2020-10-20", title="An old thing", note="n"))
    found = folded("retained", signed, Template(()))
    [state] = found.gone
    assert (state.task.task, state.completed, state.note, state.gone) == (
        "An old thing", "2020-10-20", "n", "no longer in the template")
    moved = Template((Task("old", "freeze", "An old thing", dispositions=frozenset({"retiring"})),))
    assert folded("retained", signed, moved).gone[0].gone == "no longer for a symbol of this disposition"


IDS = ("a", "b", "c", "d")
templates = st.lists(
    st.builds(Task, st.sampled_from(IDS), st.sampled_from(GROUPS), st.text("xyz", min_size=1, max_size=3),
              dispositions=st.frozensets(st.sampled_from(("retained", "target", "retiring")))),
    max_size=4, unique_by=lambda each: each.id).map(lambda tasks: Template(tuple(tasks)))
histories = st.lists(st.one_of(
    st.tuples(st.sampled_from(("done", "not_applicable", "reopened", "claimed", "released", "planned", "noted", "of tomorrow")),
              st.sampled_from(IDS)).map(lambda pair: task(pair[0], pair[1], date="2020-11-01", note="n", title="t")),
    st.tuples(st.sampled_from(("done", "not_applicable", "reopened", "applicable")), st.sampled_from(GROUPS[:-1])).map(
        lambda pair: stone(pair[0], pair[1], date="2020-11-01", note="n")),
    st.integers(1, 12).map(lambda seq: (UNDONE, {"of": seq, "reason": "r"})),
), max_size=14)


@given(histories, templates, templates, st.sampled_from(("retained", "target", "retiring")))
def test_however_the_template_is_edited_every_entry_stays_to_be_seen(
    told: list[tuple[str, dict[str, Any]]], before: Template, after: Template, disposition: str
) -> None:
    acts = acts_of(*told)
    seen = []
    for template in (before, after):
        found = folded(disposition, acts, template)
        seen.append({line.seq for state in (*found.tasks, *found.gone) for line in state.history})
        entered = {act["seq"] for act in acts if act["act"].startswith("task.")}
        assert entered <= seen[-1]
        assert [state.task.id for state in found.tasks] == [each.id for each in template.of(disposition)]
    assert seen[0] == seen[1]
    for task_id in IDS:  # and what it adds up to is the same, wherever it is shown; a milestone may set open ones aside
        states = [next((state for state in (*found.tasks, *found.gone) if state.task.id == task_id), None)
                  for found in (folded(disposition, acts, before), folded(disposition, acts, after))]
        if states[0] and states[1] and states[0].closed_at:
            assert (states[1].state, states[1].completed, states[1].planned, states[1].by) == (
                states[0].state, states[0].completed, states[0].planned, states[0].by)


@given(histories, templates, st.sampled_from(("retained", "target", "retiring")))
def test_whatever_happened_what_is_next_is_open_and_nothing_else_is_current(
    told: list[tuple[str, dict[str, Any]]], template: Template, disposition: str
) -> None:
    found = folded(disposition, acts_of(*told), template)
    current = [state.task.id for state in found.tasks if state.state == "current"]
    assert current == [step.id for step in found.next if not step.is_milestone] and len(found.next) <= 2
