"""The register of decisions: the plan's own are there from the start, each is decided with a reason, and its history stays."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console import clock
from oclc_console.errors import CallError, SettingsError
from oclc_console.operations.decisions import (
    add_option,
    choose,
    decision,
    open_new,
    person_name,
    register,
    registers,
    reopen,
    template,
)
from oclc_console.project.acts import UNDONE
from oclc_console.project.decisions import OPENED, OPTION, RECORDED, REOPENED, decisions_of, questions_of
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.project.rosters import project_with_people

NOW = datetime(2020, 11, 16, 9, 14, tzinfo=UTC)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return project_with_people(tmp_path / "w")


def test_the_decisions_of_the_plan_are_in_the_register_from_the_start(ws: Workspace) -> None:
    whole = register(ws)
    assert [each.id for each in whole.decisions[:7]] == [
        "authorization-distribution", "error-reports", "lhr-creation", "deferred-cataloging", "documentation",
        "ill-configuration", "lhr-publishing"]
    assert whole.decided == 0 and not ws.log.exists()
    assert all(each.title and each.question and each.state == "open" for each in whole.decisions)


def test_each_symbol_has_the_decisions_that_its_disposition_asks_for(ws: Workspace) -> None:
    retiring, target = ({each.id for each in register(ws, symbol).decisions} for symbol in ("zhg", "ZUL"))
    assert retiring - target == {"ill-freeze", "save-file", "retirement"}
    assert target - retiring == {"match-type", "add-or-staging", "updates-resumed", "ongoing-sync"}
    assert "cut-off" in retiring & target


def test_a_decision_has_its_option_reason_link_person_and_day(ws: Workspace) -> None:
    found = choose(ws, "lhr-publishing", "2", " the test\n passed ", link="https://wiki/[1]")
    assert found.choice is not None and found.state == "decided"
    assert (found.choice.option, found.choice.reason, found.choice.link) == (
        "A general publishing profile with normalization rules", "the test passed", "https://wiki/[1]")
    assert (found.choice.decided_by, found.choice.day, found.choice.by) == ("jdoe", "2020-11-16", "jdoe")
    (line,) = log.read(ws)
    assert (line.act, line.symbol, line.data["decision"]) == ("decision.recorded", None, "lhr-publishing")


def test_a_decision_of_a_symbol_is_an_act_on_that_symbol_alone(ws: Workspace) -> None:
    choose(ws, "cut-off", "2020-06-08", "OCLC's mail", symbol="zul", decided_by="EOC", day="2020-06-09")
    (line,) = log.read(ws)
    assert (line.symbol, line.data["decided_by"], line.data["day"]) == ("ZUL", "EOC", "2020-06-09")
    assert (register(ws, "ZUL").decided, register(ws, "ZHG").decided, register(ws).decided) == (1, 0, 0)
    with pytest.raises(CallError, match=r"cut-off is decided for each symbol.*--symbol"):
        choose(ws, "cut-off", "2020-06-08", "x")


def test_options_get_the_results_of_their_tests_and_new_ones_come_beside_them(ws: Workspace) -> None:
    add_option(ws, "lhr-publishing", "1", "40 of 200 came back")
    add_option(ws, "lhr-publishing", "a general publishing profile WITH normalization rules", "200 of 200")
    found = add_option(ws, "lhr-publishing", "By mail")
    assert [(each.text[:9], each.result) for each in found.options] == [
        ("Alma's ow", "40 of 200 came back"), ("A general", "200 of 200"), ("Holdings ", ""), ("By mail", "")]
    assert found.options[0].by == "jdoe"
    assert [told.words for told in found.history][-1] == "option By mail"
    with pytest.raises(CallError, match="'By mail' is an option already"):
        add_option(ws, "lhr-publishing", "by mail")


def test_what_is_no_option_is_refused_with_those_there_are(ws: Workspace) -> None:
    with pytest.raises(CallError, match=r"'Maybe' is no option of New records.*1 Add new records to WorldCat; 2 Limit"):
        choose(ws, "add-or-staging", "Maybe", "x", symbol="ZUL")
    assert log.read(ws) == []
    assert choose(ws, "add", "limit them to worldcat staging", "x", symbol="ZUL").choice is not None


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_deciding_and_reopening_need_a_reason(ws: Workspace, reason: str) -> None:
    with pytest.raises(CallError, match="a decision needs a reason"):
        choose(ws, "documentation", "x", reason)
    choose(ws, "documentation", "x", "y")
    with pytest.raises(CallError, match="reopening needs a reason"):
        reopen(ws, "documentation", reason)
    assert len(log.read(ws)) == 1


def test_a_day_to_come_and_no_day_are_refused(ws: Workspace) -> None:
    with pytest.raises(CallError, match="2020-12-24 is still to come; today is 2020-11-1"):
        choose(ws, "documentation", "x", "y", day="2020-12-24")
    with pytest.raises(CallError, match="'soon' is no day"):
        choose(ws, "documentation", "x", "y", day="soon")


def test_what_is_decided_is_decided_again_only_after_it_was_reopened_and_the_history_keeps_both(ws: Workspace) -> None:
    choose(ws, "documentation", "A wiki page", "people read it")
    with pytest.raises(CallError, match=r"was decided on 2020-11-16 by jdoe: A wiki page.*reopen it"):
        choose(ws, "documentation", "A PDF", "x")
    found = reopen(ws, "documentation", "nobody reads it")
    assert (found.choice, found.state, found.reopened) == (None, "reopened", "nobody reads it")
    found = choose(ws, "documentation", "A PDF", "it prints")
    assert [told.words for told in found.history] == [
        "chosen on 2020-11-16: A wiki page. people read it", "reopened: nobody reads it",
        "chosen on 2020-11-16: A PDF. it prints"]
    with pytest.raises(CallError, match="is open: nothing was decided"):
        reopen(ws, "error-reports", "x")


def test_a_decision_that_was_taken_back_is_open_and_its_history_tells_both(ws: Workspace) -> None:
    choose(ws, "documentation", "A wiki page", "x")
    log.append(ws, UNDONE, None, of=1, reason="the wrong one")
    found = decision(ws, "documentation")
    assert (found.choice, found.state) == (None, "open")
    assert [(told.words, told.taken_back) for told in found.history] == [
        ("chosen on 2020-11-16: A wiki page. x", True), ("took line 1 of the log back: the wrong one", False)]


def test_the_decision_of_a_person_who_is_not_in_console_toml_stands_under_their_login(ws: Workspace) -> None:
    found = choose(Workspace(ws.root, "stranger"), "documentation", "A wiki page", "x")
    assert found.choice is not None
    assert person_name(ws, found.choice.decided_by) == "stranger"
    assert person_name(ws, "jdoe") == "J. Doe"


def test_a_new_decision_gets_an_id_of_its_title_and_is_decided_like_the_others(ws: Workspace) -> None:
    found = open_new(ws, "Couleur des [étiquettes]", "Which?")
    assert (found.id, found.title, found.question, found.own, found.takes_any_text) == (
        "couleur-des-etiquettes", "Couleur des [étiquettes]", "Which?", True, True)
    assert open_new(ws, "Couleur - des étiquettes!").id == "couleur-des-etiquettes-2"
    assert open_new(ws, "標籤", symbol="ZUL").id == "decision"
    with pytest.raises(CallError, match=r"is in the register already.*couleur-des-etiquettes"):
        open_new(ws, "couleur des [étiquettes]")
    choose(ws, "couleur-des-etiquettes", "red", "visible")
    assert register(ws).decided == 1


def test_a_name_that_means_nothing_or_several_is_refused_with_the_ids(ws: Workspace) -> None:
    with pytest.raises(CallError, match=r"there is no decision 'nosuch'.*error-reports"):
        decision(ws, "nosuch")
    with pytest.raises(CallError, match=r"'lhr' could be several decisions.*lhr-creation, lhr-publishing"):
        decision(ws, "lhr")
    with pytest.raises(SettingsError, match="ZXX"):
        register(ws, "ZXX")


def test_a_library_words_decisions_anew_and_adds_its_own_without_losing_what_was_decided(ws: Workspace) -> None:
    choose(ws, "documentation", "A wiki page", "x")
    choose(ws, "symbol-map", "As approved", "x")
    (ws.root / "decisions.toml").write_text(
        '[[decision]]\nid = "documentation"\ntitle = "Our pages"\n[[decision]]\nid = "parking"\ntitle = "Parking"\n')
    found = register(ws)
    titles = {each.id: each.title for each in found.decisions}
    assert (titles["documentation"], titles["parking"]) == ("Our pages", "Parking") and found.decided == 2


def test_what_has_an_act_is_shown_also_when_no_template_has_it_any_more(ws: Workspace) -> None:
    choose(ws, "ill-freeze", "4 to 15 January", "x", symbol="ZHG")
    toml = ws.root / "console.toml"
    toml.write_text(toml.read_text().replace('disposition = "retiring"\nsuccessor = "ZUL"', 'disposition = "retained"'))
    found = {each.id: each for each in register(Workspace(ws.root, "jdoe"), "ZHG").decisions}
    assert found["ill-freeze"].choice is not None and "retirement" not in found


@pytest.mark.parametrize(("toml", "said"), [
    ("[[decision]]\nid = 'a'", "it has no title"), ("[[decision]]\ntitle = 'a'", "it has no id"),
    ("x = 1", r"only \[\[decision\]\]"),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\ncolour = 'red'", "a decision has no colour"), ("[[", "it is not TOML"),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\nscope = 'planet'", "scope is"), ("decision = 1", "decision = ..."),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\noptions = 'x'", "options is a list"), ("decision = [1]", "is a table"),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\nfree = 'yes'", "free is true or false"),
    ("[[decision]]\nid = 'a'\ntitle = 1", "title is a text"),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\ndispositions = ['gone']", "'gone' is no disposition"),
    ("[[decision]]\nid = 'a'\ntitle = 'A'\n[[decision]]\nid = 'a'\ntitle = 'B'", "a stands in it twice"),
])
def test_a_mistake_in_a_librarys_own_file_is_a_sentence_that_names_the_entry(ws: Workspace, toml: str, said: str) -> None:
    (ws.root / "decisions.toml").write_text(toml)
    with pytest.raises(SettingsError, match=said) as refused:
        template(ws)
    assert "decisions.toml" in refused.value.where


def test_two_consoles_that_decide_at_once_leave_one_decision_and_one_refusal(ws: Workspace) -> None:
    ready, said = threading.Barrier(2), []

    def decide(login: str) -> None:
        ready.wait()
        try:
            choose(Workspace(ws.root, login), "documentation", f"{login}'s page", "x")
        except CallError as error:
            said.append(error.what)

    threads = [threading.Thread(target=decide, args=(login,)) for login in ("jdoe", "lts")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (line,) = log.read(ws)
    assert len(said) == 1 and f"by {line.by}: {line.by}'s page" in said[0]
    assert log.verify(ws).ok


def test_the_registers_of_all_symbols_come_in_the_order_of_console_toml(ws: Workspace) -> None:
    assert [each.symbol for each in registers(ws)] == [None, "ZUL", "ZMD", "ZHG"]


TEXT = st.text(max_size=6)
ACTS = st.lists(st.one_of(
    st.fixed_dictionaries({"act": st.just(OPENED), "decision": TEXT, "title": TEXT}),
    st.fixed_dictionaries({"act": st.just(OPTION), "decision": st.sampled_from(["documentation", "a"]), "option": TEXT,
                           "result": TEXT}),
    st.fixed_dictionaries({"act": st.just(RECORDED), "decision": st.sampled_from(["documentation", "a", "b"]), "choice": TEXT,
                           "reason": TEXT, "day": st.just("2020-11-16")}),
    st.fixed_dictionaries({"act": st.just(REOPENED), "decision": st.sampled_from(["documentation", "a"]), "reason": TEXT}),
    st.fixed_dictionaries({"act": st.just(UNDONE), "of": st.integers(1, 12), "reason": TEXT})), max_size=12)


@given(ACTS)
def test_whatever_happened_every_act_on_a_shown_decision_is_in_its_history(found: list[dict[str, str]]) -> None:
    acts = [{**act, "seq": number, "at": "2020-11-16T09:14:00.000Z", "by": "jdoe", "symbol": None}
            for number, act in enumerate(found, 1)]
    shown = decisions_of(questions_of(b"", ""), acts)
    for one in shown:
        about = [act["seq"] for act in acts if act.get("decision") == one.id]
        assert set(about) <= {told.seq for told in one.history}
        standing = [told for told in one.history if not told.taken_back and told.seq in about]
        last = [told for told in standing if told.words.startswith(("chosen", "reopened"))][-1:]
        assert (one.choice is not None) == bool(last and last[0].words.startswith("chosen"))
    ids = {one.id for one in shown}
    taken_back = {told.seq for one in shown for told in one.history if told.taken_back}
    assert all(act["decision"] in ids or act["seq"] not in taken_back for act in acts if act.get("decision"))
