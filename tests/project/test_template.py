"""The template of the checklist: what it says, and that every mistake in it is told with line and key."""

from __future__ import annotations

import pytest

from oclc_console.errors import SettingsError
from oclc_console.project.evidence import CATALOGUE
from oclc_console.project.milestones import LEFT_OUT
from oclc_console.project.tasks import GROUPS, Wanted
from oclc_console.project.template import packaged, read_template

ONE = '[[tasks]]\nid = "a"\nmilestone = "logins"\ntask = "Do it"\n'


def test_the_template_that_ships_has_tasks_for_every_milestone_and_for_what_comes_after() -> None:
    groups = {task.milestone for task in packaged().tasks}
    assert groups == set(GROUPS)
    for task in packaged().tasks:
        assert task.record_type and task.system and task.phase and task.who, f"{task.id} leaves a column empty"


def test_each_milestone_that_concerns_a_symbol_has_a_task_for_it_and_none_that_does_not() -> None:
    for disposition, left_out in LEFT_OUT.items():
        mine = {task.milestone for task in packaged().of(disposition)}
        assert mine >= set(GROUPS) - set(left_out) - {"post"}, disposition
        assert not mine & set(left_out), disposition


def test_a_retiring_symbol_has_its_loans_its_save_file_and_its_own_deletion_and_nothing_of_scan_delete() -> None:
    retiring = [task.id for task in packaged().of("retiring")]
    assert {"loans-returned", "save-file-empty", "retired"} < set(retiring)
    assert not {"cutoff-approved", "lhr-load"} & set(retiring)
    assert "merged-loads-checked" in {task.id for task in packaged().of("target")}
    assert "merged-loads-checked" not in {task.id for task in packaged().of("retained")}


def test_all_evidence_of_the_template_is_in_the_catalogue() -> None:
    keys = {wanted.key for task in packaged().tasks for wanted in task.evidence}
    assert keys <= set(CATALOGUE) and "save_file_count" in keys and "ill_open_requests" in keys


def test_the_order_of_a_disposition_puts_the_named_tasks_in_front_and_leaves_the_rest() -> None:
    text = "".join(f'[[tasks]]\nid = "{name}"\nmilestone = "logins"\ntask = "{name}"\n' for name in "abcd")
    found = read_template(text + '[first.retiring]\nlogins = ["c", "b"]\n', "x")
    assert [task.id for task in found.of("retiring")] == ["c", "b", "a", "d"]
    assert [task.id for task in found.of("target")] == ["a", "b", "c", "d"]


def test_evidence_may_be_known_or_have_a_value_or_equal_another() -> None:
    [task] = read_template(ONE + 'evidence = ["set_count", "unrouted=0", "accounted = sent"]\n', "x").tasks
    assert task.evidence == (Wanted("set_count"), Wanted("unrouted", "0"), Wanted("accounted", "sent"))


def test_an_empty_file_has_no_tasks_and_is_no_mistake() -> None:
    assert read_template("", "x").tasks == ()


@pytest.mark.parametrize(("text", "where", "what"), [
    ("[[tasks]\n", "c.toml", "not TOML"),
    ('x = 1\n', "c.toml, line 1, key x", "not known"),
    ('tasks = 3\n', "c.toml, line 1, key tasks", r"\[\[tasks\]\]"),
    (ONE + 'hwo = "x"\n', "c.toml, line 5, key tasks[1].hwo", "did you mean 'who'"),
    (ONE + 'who = 3\n', "c.toml, line 5, key tasks[1].who", "text in quotes"),
    (ONE + ONE, "c.toml, line 6, key tasks[2].id", "'a' is the id of two tasks"),
    (ONE.replace('"a"', '"A b"'), "c.toml, line 2, key tasks[1].id", "small letters"),
    (ONE.replace('"a"', '"logins"'), "c.toml, line 2, key tasks[1].id", "a milestone is called so"),
    (ONE.replace('"Do it"', '" "'), "c.toml, line 4, key tasks[1].task", "empty"),
    (ONE.replace("logins", "login"), "c.toml, line 3, key tasks[1].milestone", "did you mean 'logins'"),
    ('[[tasks]]\nid = "a"\n', "c.toml, line 1, key tasks[1].milestone", "missing in task 1"),
    (ONE + 'dispositions = ["gone"]\n', "c.toml, line 5, key tasks[1].dispositions", "retained, target, retiring"),
    (ONE + 'dispositions = "target"\n', "c.toml, line 5, key tasks[1].dispositions", "a list"),
    (ONE + 'evidence = ["unruted = 0"]\n', "c.toml, line 5, key tasks[1].evidence", "did you mean 'unrouted'"),
    (ONE + 'evidence = ["unrouted = none"]\n', "c.toml, line 5, key tasks[1].evidence", "a number of 0 or more"),
    (ONE + '[first.retiring]\nlogins = ["b"]\n', "c.toml, line 6, key first.retiring.logins", "'b' won't do"),
    (ONE + '[first.gone]\nlogins = ["a"]\n', "c.toml, line 5, key first.gone", "'gone' won't do"),
])
def test_every_mistake_names_the_file_the_line_the_key_and_what_is_right(text: str, where: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what) as told:
        read_template(text, "c.toml")
    assert told.value.where == where and told.value.then
