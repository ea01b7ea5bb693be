"""Random histories at every gate of every disposition: people enter, change their minds, sign, sign for each other's red
conditions, take back and take back the taking back; the log gets acts it should never get; the evidence changes all the while.
Whatever happens, nothing irreversible is passed with a red condition nobody signed for, and nothing signed is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oclc_console.errors import CallError, ConsoleError, Refused
from oclc_console.project.acts import standing
from oclc_console.project.conditions import Case
from oclc_console.project.evidence import CATALOGUE, Evidence, Known, Value, entered, together
from oclc_console.project.gates import GATES, SECOND_PERSON, GateState, gate_state, may_pass, require
from oclc_console.project.signatures import Passed, fold_gate, why_it_stays
from tests.project.gate_cases import CUT_OFF, GREEN, Acts, case

PEOPLE = ("jdoe", "kroe", "lpoe")
EARLY, LATE = "2020-08-01", "2020-11-10"  # before and after the export and the reports
DISPOSITIONS = ("retained", "target", "retiring")


@dataclass(frozen=True)
class Seen:
    """The facts as the plain rules below read them."""

    of: Case
    known: Mapping[str, Known]

    def __getitem__(self, key: str) -> Any:
        return self.known[key].value if key in self.known else None

    def zero(self, *keys: str) -> bool:
        return all(self[key] == 0 for key in keys)

    def same(self, *keys: str) -> bool:
        return self[keys[0]] is not None and len({self[key] for key in keys}) == 1

    def after(self, key: str, day: str) -> bool:
        return self[day] is not None and key in self.known and self.known[key].day >= self[day]


def files_in(seen: Seen) -> bool:
    return (seen.same("files_prepared", "files_sent", "files_reported") and seen["files_sent"] > 0
            and seen.zero("files_in_doubt", "files_refused"))


def accounted(seen: Seen) -> bool:
    return seen.same("sent", "accounted") and seen["sent"] > 0 and seen.zero("not_reported", "reruns_unsettled")


def agreed(key: str, day: str) -> Callable[[Seen], bool]:
    return lambda seen: seen[key] is True and seen.after(key, day)


def none_or_accepted(key: str) -> Callable[[Seen], bool]:
    return lambda seen: seen[key] is not None and (seen[key] == 0 or bool(seen[f"{key}_accepted"]))


# The conditions once more, as plainly as can be, written from the procedure (facts, 3.4) and not from the code.
PLAIN: Mapping[tuple[str, str], Callable[[Seen], bool]] = {
    ("upload", "names"): lambda seen: seen.zero("files_misnamed"),
    ("upload", "set-count"): lambda seen: seen["in_set"] is not None and seen["set_count"] in (None, seen["in_set"]),
    ("upload", "routed"): none_or_accepted("unrouted"),
    ("upload", "one-stream"): none_or_accepted("double"),
    ("upload", "duplicate-lsns"): lambda seen: seen.zero("duplicate_lsns"),
    ("upload", "not-sent-before"): lambda seen: seen.zero("files_sent_before"),
    ("upload", "size"): lambda seen: seen["largest_file_records"] is not None and seen["largest_file_records"] < 3_000_000,
    ("writeback", "newest"): lambda seen: seen["newest_report_loaded"] is True,
    ("writeback", "before-image"): agreed("before_image_kept", "newest_report_day"),
    ("writeback", "reproductions"): lambda seen: seen["reproductions_left_out"] is True,
    ("writeback", "sample"): agreed("sample_of_20_seen", "newest_report_day"),
    ("writeback", "unchanged"): lambda seen: seen.zero("changed_in_alma_since"),
    ("submit", "symbol"): lambda seen: seen.same("collection_symbol", "stream_symbol"),
    ("submit", "type"): lambda seen: (seen["stream_kind"], seen["collection_type"]) in (
        ("bib", "bibliographic"), ("lhr", "local holdings"), ("delete", "delete")),
    ("submit", "match"): lambda seen: seen["stream_kind"] is not None and seen["stream_match"] is not None and (
        seen["stream_kind"] != "bib" or seen["match_type"] == seen["stream_match"]),
    ("submit", "lsn"): lambda seen: seen["lsn_tag"] is not None and seen["stream_lsn"] is not None
    and seen["stream_lsn"].split(",")[0] == seen["lsn_tag"],
    ("submit", "test"): lambda seen: seen["test_records_back"] is not None and seen["test_records_back"] >= 5,
    ("scan-delete", "uploaded"): files_in,
    ("scan-delete", "accounted"): accounted,
    ("scan-delete", "unrouted"): lambda seen: seen.zero("unrouted"),
    ("scan-delete", "unresolved"): lambda seen: seen.zero("unresolved", "data_errors") or (
        seen["unresolved"] is not None and seen["data_errors"] is not None and seen["leftovers_accepted_by"] == "GDN"
        and seen.after("leftovers_accepted_by", "newest_report_day")),
    ("scan-delete", "ocn-changes"): lambda seen: seen.same("ocn_changed", "ocn_changes_reviewed"),
    ("scan-delete", "left-out"): lambda seen: None not in (seen["excluded"], seen["quarantined"], seen["excluded_signed_by"])
    and seen.after("excluded_signed_by", "extraction_day"),
    ("scan-delete", "cutoff"): lambda seen: seen["cutoff_proposed"] == seen.of.subject
    and seen["extraction_day"] is not None and seen.of.subject <= seen["extraction_day"],
    ("scan-delete", "withdrawn"): lambda seen: seen.zero("withdrawn_since_extraction")
    and seen.after("withdrawn_since_extraction", "extraction_day"),
    ("scan-delete", "lhr"): lambda seen: seen["lhr_choice"] in ("keep", "delete"),
    ("scan-delete", "other-loads"): lambda seen: seen.zero("other_loads") or (
        seen["other_loads"] is not None and seen["earliest_standing_load"] is not None
        and seen.of.subject <= seen["earliest_standing_load"]),
    ("retire", "own-records"): lambda seen: files_in(seen) and accounted(seen),
    ("retire", "successor"): lambda seen: seen.of.successor is not None and (seen["successor_scan_delete"] is not None or (
        seen.same("successor_files_prepared", "successor_files_reported") and seen["successor_files_reported"] > 0)),
    ("retire", "ill-supplier"): lambda seen: seen["ill_supplier_off"] is not None and seen["ill_supplier_off"] < seen.of.today,
    ("retire", "ill-requests"): lambda seen: seen.zero("ill_open_requests")
    and (seen["ill_supplier_off"] is None or seen.known["ill_open_requests"].day >= seen["ill_supplier_off"]),
    ("retire", "connexion-users"): lambda seen: seen.zero("connexion_users_left"),
    ("retire", "save-file"): lambda seen: seen.zero("save_file_count"),
    ("retire", "constant-data"): lambda seen: seen["constant_data_documented"] is True,
    ("retire", "lhrs"): lambda seen: seen["lhrs_listed"] is True,
    ("retire", "feeds"): lambda seen: seen["feeds_repointed"] is True,
    ("retire", "announcement"): lambda seen: seen["announcement_sent"] is True,
    ("unset", "list"): lambda seen: seen["unset_list"] is not None and bool(seen["unset_records"]),
    ("unset", "complete"): lambda seen: seen["unset_list_checked"] is True,
    ("unset", "local-data"): lambda seen: seen.zero("unset_local_data") or (
        seen["unset_local_data"] is not None and seen["unset_local_data_kept"] is True),
}


def test_every_condition_has_its_plain_rule() -> None:
    assert set(PLAIN) == {(gate.id, condition.id) for gate in GATES.values() for condition in gate.conditions}


def values_of(thing: Evidence, as_green: Value) -> st.SearchStrategy[Value]:
    """Values a thing can have, the green one often."""
    usual: list[Value] = [None, as_green, as_green]
    of_kind: Mapping[str, list[Value]] = {
        "count": [0, 1, 5, 3_000_000], "yes": [True, False], "text": ["GDN", "VIL", "four maps"],
        "day": ["2020-06-08", CUT_OFF, "2020-08-15", "2020-11-16"], "choice": list(thing.choices)}
    return st.sampled_from(usual + of_kind[thing.kind])


@st.composite
def any_case(draw: st.DrawFn) -> tuple[Case, dict[str, Known]]:
    """A gate of a symbol of any disposition, with facts of which many are as they should be."""
    of = case(draw(st.sampled_from(sorted(GATES))), disposition=draw(st.sampled_from(DISPOSITIONS)))
    facts = {key: Known(key, value, LATE, "the console") for key, value in GREEN[of.gate].items()}
    for one in draw(st.lists(st.sampled_from(GATES[of.gate].conditions), max_size=3)):
        for key in (*one.needs, *one.also):
            value = draw(values_of(CATALOGUE[key], GREEN[of.gate].get(key)))
            facts[key] = Known(key, value, draw(st.sampled_from([LATE, EARLY])), "the console")
    return of, facts


@given(any_case())
@settings(max_examples=600, deadline=None)
def test_whatever_the_evidence_a_condition_is_red_exactly_when_its_plain_rule_says_so(
    found: tuple[Case, dict[str, Known]]
) -> None:
    of, facts = found
    red = {one.id for one in gate_state(of, facts, []).red}
    assert red == {one.id for one in GATES[of.gate].conditions if not PLAIN[of.gate, one.id](Seen(of, facts))}


class AtOneGate(RuleBasedStateMachine):
    """One gate of one symbol. `given` are the values an act was made on, by its line, as this test wrote them down."""

    def __init__(self) -> None:
        super().__init__()
        self.acts = Acts()
        self.computed: dict[str, Known] = {}
        self.given: dict[int, tuple[str, str]] = {}
        self.first_passed: tuple[Passed, str] | None = None

    @initialize(gate=st.sampled_from(sorted(GATES)), disposition=st.sampled_from(DISPOSITIONS))
    def begin(self, gate: str, disposition: str) -> None:
        self.case = case(gate, disposition=disposition)
        self.keys = sorted({key for one in GATES[gate].conditions for key in (*one.needs, *one.also)} | set(GREEN[gate]))
        self.repair()

    @property
    def known(self) -> dict[str, Known]:
        return together(self.computed, entered(self.acts.lines, self.case.subject))

    @property
    def state(self) -> GateState:
        return gate_state(self.case, self.known, self.acts.lines)

    def values(self, condition_id: str) -> str:
        """The values a condition looks at now, written down."""
        condition = next(one for one in self.state.gate.conditions if one.id == condition_id)
        known = self.known
        return json.dumps([known[key].value if key in known else None for key in (*condition.needs, *condition.also)])

    @rule()
    def repair(self) -> None:
        self.computed = {key: Known(key, value, LATE, "the console") for key, value in GREEN[self.case.gate].items()}

    @rule(data=st.data(), day=st.sampled_from([LATE, LATE, EARLY]))
    def evidence_changes(self, data: st.DataObject, day: str) -> None:
        key = data.draw(st.sampled_from(self.keys))
        value = data.draw(values_of(CATALOGUE[key], GREEN[self.case.gate].get(key)))
        self.computed[key] = Known(key, value, day, "the console")

    @rule()
    def time_goes_by(self) -> None:
        self.computed = {key: Known(key, one.value, one.as_of + "T12:00:00.000Z" if one.as_of == LATE else one.as_of, "x")
                         for key, one in self.computed.items()}

    @rule(by=st.sampled_from(PEOPLE))
    def all_is_put_right_and_somebody_signs(self, by: str) -> None:
        self.repair()
        self.somebody_signs(by)

    @rule(data=st.data(), by=st.sampled_from(PEOPLE), day=st.sampled_from([LATE, EARLY]))
    def somebody_enters(self, data: st.DataObject, by: str, day: str) -> None:
        key = data.draw(st.sampled_from(self.keys))
        value = data.draw(values_of(CATALOGUE[key], GREEN[self.case.gate].get(key)))
        subject = "" if CATALOGUE[key].about == "symbol" else self.case.subject
        self.acts.add(by, "evidence.entered", key=key, value=value, source="a mail", day=day, note="", subject=subject)

    @rule(data=st.data(), by=st.sampled_from(PEOPLE))
    def somebody_signs_for_a_condition(self, data: st.DataObject, by: str) -> None:
        red = [one.id for one in self.state.red]
        condition = data.draw(st.sampled_from(red or [one.id for one in self.state.conditions]))
        values = "" if condition == SECOND_PERSON else self.values(condition)
        try:
            seq = self.acts.override(by, self.case, self.known, condition, data.draw(st.sampled_from(["agreed", "known", " "])))
        except ConsoleError as error:
            assert isinstance(error, (CallError, Refused))
        else:
            self.given[seq] = (condition, values)

    @rule(by=st.sampled_from(PEOPLE))
    def somebody_signs(self, by: str) -> None:
        before = self.state
        try:
            self.acts.sign(by, self.case, self.known)
        except Refused:
            assert (before.red or before.not_for or before.passed or before.gate.kind == "checked"
                    or (before.first is not None and before.first.by == by))
            return
        assert before.passed is None and not self.red_by_the_plain_rules(), "signed over a red condition"
        after = self.state.passed
        assert (after is not None) == (before.first is not None)
        if after is not None:
            self.first_passed = (after, json.dumps(self.acts.lines))

    @rule(by=st.sampled_from(PEOPLE), line=st.integers(0, 40))
    def somebody_withdraws(self, by: str, line: int) -> None:
        state = self.state
        of = state.standing[line % len(state.standing)] if state.standing else line
        try:
            self.acts.withdraw(by, self.case, self.known, of)
        except ConsoleError:
            assert state.passed is not None or not state.standing

    @precondition(lambda self: self.acts.lines)
    @rule(by=st.sampled_from(PEOPLE), back=st.integers(1, 8))
    def somebody_takes_back(self, by: str, back: int) -> None:
        seq = max(1, len(self.acts.lines) + 1 - back)
        if self.first_passed is not None and self.acts.lines[seq - 1]["act"].startswith("gate."):
            assert why_it_stays(self.acts.lines, seq)
        self.acts.undo(seq, by)  # even where why_it_stays says no: the log might have it

    @precondition(lambda self: fold_gate(self.acts.lines, self.case.gate, self.case.subject).first is not None)
    @rule(data=st.data(), wrong=st.sampled_from(["the same person", "other evidence", "a red condition", "another symbol"]))
    def the_log_has_a_signature_that_does_not_count(self, data: st.DataObject, wrong: str) -> None:
        waiting = fold_gate(self.acts.lines, self.case.gate, self.case.subject).first
        assert waiting is not None
        line = self.acts.lines[waiting.seq - 1]
        signed = {key: value for key, value in line.items() if key not in ("seq", "at", "by", "act", "symbol")}
        shown = {"lhr": {"state": "red", "words": "", "fingerprint": ""}}
        changed: Mapping[str, dict[str, Any]] = {
            "other evidence": {"fingerprint": f"other {len(self.acts.lines)}"}, "a red condition": {"conditions": shown},
            "another symbol": {"typed": f"ZUL {CUT_OFF}"}, "the same person": {}}
        self.acts.add(line["by"] if wrong == "the same person" else data.draw(st.sampled_from(PEOPLE)), "gate.signed",
                      **{**signed, **changed[wrong]})

    @rule(data=st.data())
    def the_log_has_an_override_of_other_evidence(self, data: st.DataObject) -> None:
        condition = data.draw(st.sampled_from([one.id for one in self.state.conditions]))
        self.acts.add("jdoe", "gate.overridden", gate=self.case.gate, subject=self.case.subject, condition=condition,
                      reason="agreed", fingerprint="other", words="")

    def red_by_the_plain_rules(self) -> set[str]:
        """The conditions that are not met, and for which no standing act was made on the values as they are now."""
        alive = standing(self.acts.lines)
        gone = {act["of"] for act in alive if act["act"] == "gate.withdrawn"}
        signed_for = {self.given[act["seq"]] for act in alive if act["seq"] in self.given and act["seq"] not in gone}
        seen = Seen(self.case, self.known)
        return {one.id for one in GATES[self.case.gate].conditions
                if not PLAIN[self.case.gate, one.id](seen) and (one.id, self.values(one.id)) not in signed_for}

    @invariant()
    def a_condition_is_red_exactly_when_the_plain_rules_say_so(self) -> None:
        if self.first_passed is None:
            assert {one.id for one in self.state.red} == self.red_by_the_plain_rules()

    @invariant()
    def nothing_is_passed_with_a_red_condition_or_by_one_person(self) -> None:
        state = self.state
        assert may_pass(state) == (state.passed is not None if state.gate.kind == "signed"
                                   else not state.not_for and not self.red_by_the_plain_rules())
        try:
            require(state)
        except Refused:
            assert not may_pass(state)
        else:
            assert may_pass(state)
        assert state.first is None or state.first.fingerprint == state.fingerprint  # else it has lapsed, and is told so
        assert all(why for _signature, why in state.lapsed)
        if state.passed is not None:
            assert state.gate.kind == "signed" and not state.not_for
            assert state.passed.first.by != state.passed.second.by
            assert state.passed.first.fingerprint == state.passed.second.fingerprint

    @invariant()
    def once_passed_it_stays_passed_by_the_same_two_and_the_evidence_they_saw(self) -> None:
        state = self.state
        assert state.passed == (self.first_passed[0] if self.first_passed else None)
        if self.first_passed is not None:
            assert bool(state.changes) == (state.fingerprint != self.first_passed[0].second.fingerprint)

    @invariant()
    def no_act_is_ever_missing_from_the_history_or_changed_by_a_later_one(self) -> None:
        here = {"gate.overridden", "gate.signed", "gate.withdrawn"}
        acts = {line["seq"] for line in self.acts.lines if line["act"] in here}
        shown = {act.seq: act for act in self.state.history}
        backs = {line["seq"] for line in self.acts.lines if line["act"] == "act.undone" and line["of"] in shown}
        assert set(shown) == acts | backs
        assert all((one.by, one.at) == (self.acts.lines[seq - 1]["by"], self.acts.lines[seq - 1]["at"])
                   for seq, one in shown.items())
        if self.first_passed is not None:
            assert json.dumps(self.acts.lines).startswith(self.first_passed[1][:-1])


def test_no_history_passes_a_gate_with_a_red_condition_nobody_signed_for_and_nothing_signed_is_ever_lost() -> None:
    run_state_machine_as_test(AtOneGate, settings=settings(max_examples=150, stateful_step_count=30, deadline=None))
