"""Gates: which there are for whom, who may sign what, and what a signature is worth when the evidence changes."""

from __future__ import annotations

from typing import Any

import pytest

from oclc_console.errors import CallError, Refused
from oclc_console.project.gates import (
    GATES,
    gate_of,
    gate_state,
    gates_of,
    may_pass,
    override_data,
    require,
    signature_data,
    to_type,
    why_not_sign,
    withdrawal_data,
)
from oclc_console.project.signatures import why_it_stays
from tests.project.gate_cases import CUT_OFF, Acts, case, known

SCAN = case("scan-delete")


def test_the_gates_of_a_symbol_follow_from_its_disposition() -> None:
    assert [gate.id for gate in gates_of("retained")] == ["upload", "writeback", "submit", "scan-delete", "unset"]
    assert gates_of("target") == gates_of("retained")
    assert [gate.id for gate in gates_of("retiring")] == ["upload", "writeback", "retire", "unset"]
    with pytest.raises(CallError, match="no gate"):
        gate_of("bridge")


def test_a_gate_that_a_symbol_has_not_takes_no_signature_and_is_never_passed_and_says_why() -> None:
    state = gate_state(case("retire", disposition="retained"), known("retire"), [])
    assert state.not_for == "only a retiring symbol is retired" and not may_pass(state)
    with pytest.raises(Refused, match="only a retiring symbol"):
        signature_data(state, "jdoe", "ZDO 2020-11-16")
    with pytest.raises(Refused, match="has no such gate"):
        require(state)


def test_two_people_pass_a_signed_gate_and_one_does_not() -> None:
    acts, facts = Acts(), known("scan-delete")
    acts.sign("jdoe", SCAN, facts)
    state = acts.state(SCAN, facts)
    assert not may_pass(state) and state.first is not None and state.first.by == "jdoe"
    assert state.conditions[-1].words == "signed by jdoe on 2020-11-16, by nobody else yet"
    acts.sign("kroe", SCAN, facts)
    state = acts.state(SCAN, facts)
    assert may_pass(state) and state.passed is not None and state.passed.second.by == "kroe"
    assert state.conditions[-1].state == "green"


def test_the_same_login_cannot_sign_twice() -> None:
    acts, facts = Acts(), known("scan-delete")
    acts.sign("jdoe", SCAN, facts)
    with pytest.raises(Refused, match="jdoe has signed already") as refused:
        acts.sign("jdoe", SCAN, facts)
    assert refused.value.exit_code == 4
    acts.add("jdoe", "gate.signed", **{key: value for key, value in acts.lines[0].items()
                                       if key not in ("seq", "at", "by", "act", "symbol")})
    assert acts.state(SCAN, facts).passed is None  # not even when the log has it


def test_the_symbol_and_the_date_are_typed_by_hand_and_a_mismatch_is_refused() -> None:
    state = gate_state(SCAN, known("scan-delete"), [])
    assert to_type(SCAN) == f"ZDO {CUT_OFF}" and to_type(case("retire")) == "ZDO 2020-11-16"
    for wrong in ("", "ZDO", "ZDO 2020-08-15", "ZUL 2020-08-14", "zdo 2020-08-14", "ZDO 2020-11-16", "yes"):
        with pytest.raises(CallError, match="not the symbol and the date"):
            signature_data(state, "jdoe", wrong)
    assert signature_data(state, "jdoe", f"  ZDO   {CUT_OFF} ")["typed"] == f"ZDO {CUT_OFF}"


def test_nobody_can_sign_while_a_condition_is_red() -> None:
    state = gate_state(SCAN, known("scan-delete", unrouted=44), [])
    assert why_not_sign(state, "jdoe") == "1 condition is red: unrouted"
    with pytest.raises(Refused, match="1 condition is red"):
        signature_data(state, "jdoe", to_type(SCAN))
    with pytest.raises(Refused, match="44 unrouted") as refused:
        require(state)
    assert "Route and send them" in str(refused.value) and refused.value.exit_code == 4


def test_a_red_condition_that_somebody_signed_for_lets_others_sign_and_says_who_and_why() -> None:
    acts, facts = Acts(), known("scan-delete", unrouted=4)
    acts.override("jdoe", SCAN, facts, "unrouted", "four maps, withdrawn")
    state = acts.state(SCAN, facts)
    found = next(one for one in state.conditions if one.id == "unrouted")
    assert found.state == "overridden" and "signed by jdoe on 2020-11-16: four maps, withdrawn" in found.words
    acts.sign("jdoe", SCAN, facts)
    acts.sign("kroe", SCAN, facts)
    assert may_pass(acts.state(SCAN, facts))


def test_an_override_counts_only_for_the_evidence_it_was_signed_on() -> None:
    acts, facts = Acts(), known("scan-delete", unrouted=4)
    acts.override("jdoe", SCAN, facts, "unrouted", "four maps")
    state = acts.state(SCAN, known("scan-delete", unrouted=44))
    found = next(one for one in state.conditions if one.id == "unrouted")
    assert found.state == "red" and found.void is not None and found.override is None
    assert "jdoe had signed on 2020-11-16 for other evidence (4 unrouted" in found.words and "four maps" in found.words
    other_day = gate_state(case("scan-delete", "2020-08-13"), facts, acts.lines)
    assert "unrouted" in [one.id for one in other_day.red]  # another cut-off day is another gate
    assert acts.state(SCAN, known("scan-delete", day="2020-11-12", unrouted=4)).red == ()  # a later time alone is no change


def test_only_a_red_condition_can_be_overridden_with_a_reason_and_never_the_second_person() -> None:
    state = gate_state(SCAN, known("scan-delete", unrouted=4), [])
    with pytest.raises(CallError, match="needs a reason"):
        override_data(state, "unrouted", " ")
    with pytest.raises(CallError, match="it is green"):
        override_data(state, "lhr", "x")
    with pytest.raises(CallError, match="no condition"):
        override_data(state, "weather", "x")
    with pytest.raises(Refused, match="second person"):
        override_data(state, "second-person", "x")


def test_a_first_signature_lapses_when_the_evidence_changes_and_says_what_changed_and_stays_in_the_history() -> None:
    acts, facts = Acts(), known("scan-delete")
    seq = acts.sign("jdoe", SCAN, facts)
    later = known("scan-delete", holdings_at_oclc=330000, excluded=2604)
    state = acts.state(SCAN, later)
    assert state.first is None and [one.by for one, _why in state.lapsed] == ["jdoe"]
    why = " ".join(state.lapsed[0][1])
    assert "left-out was green (2,603 excluded" in why and "removes 12,406 holdings" in why and "removes 15,406 holdings" in why
    assert [(act.seq, act.counts) for act in state.history] == [(seq, False)]
    acts.sign("kroe", SCAN, later)
    assert not may_pass(acts.state(SCAN, later)) and not may_pass(acts.state(SCAN, facts))
    acts.sign("jdoe", SCAN, later)  # jdoe signs again, for what there is now
    assert may_pass(acts.state(SCAN, later)) and len(acts.state(SCAN, later).history) == 3


def test_a_new_reason_for_a_red_condition_lapses_the_first_signature_too() -> None:
    acts, facts = Acts(), known("scan-delete", unrouted=4)
    one = acts.override("jdoe", SCAN, facts, "unrouted", "four maps")
    acts.sign("jdoe", SCAN, facts)
    acts.withdraw("kroe", SCAN, facts, one)
    acts.override("kroe", SCAN, facts, "unrouted", "four atlases")
    state = acts.state(SCAN, facts)
    assert state.first is None and state.lapsed and state.lapsed[0][1]
    acts.sign("kroe", SCAN, facts)
    assert not may_pass(acts.state(SCAN, facts))


def test_once_two_have_signed_the_gate_stays_passed_and_later_changes_are_shown_beside_it() -> None:
    acts, facts = Acts(), known("scan-delete", unrouted=4)
    over = acts.override("jdoe", SCAN, facts, "unrouted", "four maps")
    signed = [acts.sign("jdoe", SCAN, facts), acts.sign("kroe", SCAN, facts)]
    before = acts.state(SCAN, facts)
    assert before.changes == ()
    for seq in (over, *signed):
        acts.undo(seq)
        assert "can't be undone" in why_it_stays(acts.lines, seq)
    acts.add("jdoe", "gate.withdrawn", gate="scan-delete", subject=CUT_OFF, of=signed[0], reason="x")
    assert acts.state(SCAN, facts).changes == () and not acts.state(SCAN, facts).red  # what was signed for is what they saw
    later = acts.state(SCAN, known("scan-delete", unrouted=9))
    assert may_pass(later) and later.passed == before.passed
    assert any("unrouted was overridden" in line and "is red" in line for line in later.changes)
    assert len(later.history) == 7 and [act.counts for act in later.history] == [True] * 3 + [False] * 4
    assert "changes nothing" in later.history[-1].words
    with pytest.raises(Refused, match="can't be undone"):
        withdrawal_data(later, signed[0], "x")
    assert "is passed" in why_not_sign(later, "third")


def test_a_first_signature_and_an_override_can_be_taken_back_before_the_second() -> None:
    acts, facts = Acts(), known("scan-delete", unrouted=4)
    over = acts.override("jdoe", SCAN, facts, "unrouted")
    first = acts.sign("jdoe", SCAN, facts)
    assert why_it_stays(acts.lines, first) == ""
    acts.withdraw("jdoe", SCAN, facts, first)
    acts.sign("kroe", SCAN, facts)
    assert not may_pass(acts.state(SCAN, facts))
    acts.undo(over)
    state = acts.state(SCAN, facts)
    assert [one.id for one in state.red] == ["unrouted"] and state.first is None
    assert [act.counts for act in state.history] == [False, False, True, False, True]
    with pytest.raises(CallError, match="stands here"):
        withdrawal_data(state, over, "x")
    with pytest.raises(CallError, match="needs a reason"):
        withdrawal_data(state, 4, " ")


def test_a_signature_in_the_log_that_was_given_while_a_condition_was_red_does_not_count() -> None:
    acts, facts = Acts(), known("scan-delete")
    data = signature_data(acts.state(SCAN, facts), "jdoe", to_type(SCAN))
    shown = {**data["conditions"], "lhr": {"state": "red", "words": "", "fingerprint": ""}}
    for wrong in ({**data, "conditions": shown},
                  {**data, "typed": "ZDO 2020-08-15"}, {**data, "fingerprint": ""}, {**data, "conditions": {}}):
        acts.add("jdoe", "gate.signed", **wrong)
        acts.add("kroe", "gate.signed", **wrong)
    assert acts.state(SCAN, facts).passed is None


def test_a_checked_gate_is_passed_while_no_condition_is_red_and_takes_no_signature() -> None:
    upload = case("upload")
    assert may_pass(gate_state(upload, known("upload"), []))
    acts, facts = Acts(), known("upload", duplicate_lsns=2)
    assert not may_pass(acts.state(upload, facts))
    acts.override("jdoe", upload, facts, "duplicate-lsns", "two copies of one map")
    assert may_pass(acts.state(upload, facts)) and not may_pass(acts.state(upload, known("upload", duplicate_lsns=3)))
    assert "takes no signature" in why_not_sign(acts.state(upload, facts), "jdoe")


@pytest.mark.parametrize(("gate", "words"), [
    ("upload", "sends 5 files with 315,653 records"), ("writeback", "overwrites 314,564 records in Alma"),
    ("submit", "opens collection 1000031"),
    ("scan-delete", "removes 12,406 holdings older than 2020-08-14; 1,070 of them unresolved"),
    ("retire", "removes 12,406 holdings, all there are under ZDO; 384 of them unresolved"),
    ("unset", "removes 12 holdings and deletes 0 local records")])
def test_the_effect_of_a_step_is_said_in_numbers(gate: str, words: str) -> None:
    assert gate_state(case(gate), known(gate), []).effect.words.startswith(words)


def test_a_number_that_nobody_knows_is_said_to_be_unknown() -> None:
    found = gate_state(case("retire"), known("retire", holdings_at_oclc=None, unresolved=None), []).effect
    assert found.words.startswith("removes an unknown number of holdings")
    assert "how many of them unresolved is unknown" in found.words
    assert dict(found.numbers) == {"removed": None, "unresolved": None}
    scan = gate_state(SCAN, known("scan-delete", holdings_at_oclc=1), []).effect
    assert "an unknown number of holdings" in scan.words and "one of the two is wrong" in scan.words


def test_the_holdings_another_load_would_lose_are_in_the_effect_of_a_scan_delete() -> None:
    loads: dict[str, Any] = {"other_loads": 1, "earliest_standing_load": "2020-06-08", "other_loads_holdings": 731873,
                             "earliest_standing_load_holdings": 731873, "holdings_at_oclc": 1_900_000,
                             "holdings_refreshed": 1_000_000}
    trap = gate_state(case("scan-delete", "2020-09-18"), known("scan-delete", **loads), []).effect
    safe = gate_state(case("scan-delete", "2020-06-08"), known("scan-delete", **loads), []).effect
    assert trap.words.startswith("removes at least 900,000 holdings") and dict(safe.numbers)["removed"] == 900_000 - 731_873


def test_every_gate_is_either_checked_or_signed_and_its_conditions_have_ids_of_their_own() -> None:
    for gate in GATES.values():
        ids = [one.id for one in gate.conditions]
        assert len(set(ids)) == len(ids) and "second-person" not in ids
