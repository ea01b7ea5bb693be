"""Each condition of a gate: green with its evidence, red with what would turn it green, and red while it is not known."""

from __future__ import annotations

from typing import Any

import pytest

from oclc_console.project.evidence import CATALOGUE, Value
from oclc_console.project.gates import GATES, SECOND_PERSON, ConditionState, gate_state
from tests.project.gate_cases import GREEN, case, known


def condition(gate: str, condition_id: str, subject: str | None = None, today: str = "2020-11-16",
              **facts: Any) -> ConditionState:
    found = gate_state(case(gate, subject, today=today), known(gate, **facts), [])
    return next(one for one in found.conditions if one.id == condition_id)


@pytest.mark.parametrize("gate", sorted(GATES))
def test_when_all_is_as_it_should_be_every_condition_is_green_with_its_evidence_and_its_time(gate: str) -> None:
    for one in gate_state(case(gate), known(gate), []).conditions:
        if one.id != SECOND_PERSON:
            assert (one.state, one.as_of) == ("green", "2020-11-10") and one.words and not one.then, one


@pytest.mark.parametrize("gate", sorted(GATES))
def test_what_nobody_knows_is_red_never_green_and_says_what_would_turn_it_green(gate: str) -> None:
    for one in gate_state(case(gate), {}, []).conditions:
        assert one.state == "red" and one.then and not one.as_of, one
        if one.id != SECOND_PERSON:
            assert "not known" in one.words, one


@pytest.mark.parametrize(("gate", "key"), [(gate.id, key) for gate in GATES.values() for condition in gate.conditions
                                           for key in condition.needs])
def test_one_thing_that_is_not_known_turns_its_condition_red(gate: str, key: str) -> None:
    unknown: dict[str, Any] = {key: None}
    found = gate_state(case(gate), known(gate, **unknown), [])
    red = {one.id for one in found.red}
    needing = {one.id for one in GATES[gate].conditions if key in one.needs}
    assert needing <= red
    for one in found.red:
        if one.id in needing:
            assert CATALOGUE[key].name in one.words and CATALOGUE[key].hint in one.then


@pytest.mark.parametrize(("gate", "key"), [(gate.id, key) for gate in GATES.values() for condition in gate.conditions
                                           for key in (*condition.needs, *condition.also)])
def test_every_thing_a_condition_looks_at_is_in_the_catalogue(gate: str, key: str) -> None:
    assert key in CATALOGUE and all(one in CATALOGUE for one in GREEN[gate])


def test_a_value_of_another_kind_is_not_known() -> None:
    for wrong in ("0", -1, False):
        assert condition("scan-delete", "unrouted", unrouted=wrong).state == "red"


RED: list[tuple[str, str, dict[str, Value], str]] = [
    ("upload", "names", {"files_misnamed": 1}, "1 file with a name that disagrees"),
    ("upload", "set-count", {"set_count": 318265}, "5 missing"),
    ("upload", "set-count", {"set_count": 318250}, "10 too many"),
    ("upload", "routed", {"unrouted": 58}, "58 unrouted"),
    ("upload", "one-stream", {"double": 3}, "3 wanted by two streams"),
    ("upload", "duplicate-lsns", {"duplicate_lsns": 2}, "2 local numbers twice"),
    ("upload", "not-sent-before", {"files_sent_before": 1}, "1 waiting file that was sent before"),
    ("upload", "size", {"largest_file_records": 3_000_000}, "a file has 3,000,000 records"),
    ("writeback", "newest", {"newest_report_loaded": False}, "a newer report has come"),
    ("writeback", "sample", {"newest_report_day": "2020-11-11"}, "before the newest report of 2020-11-11"),
    ("writeback", "reproductions", {"reproductions_left_out": False}, "reproductions are among them"),
    ("writeback", "unchanged", {"changed_in_alma_since": 7}, "7 records changed in Alma"),
    ("submit", "symbol", {"collection_symbol": "ZUL"}, "ZUL on OCLC's form, ZDO in console.toml"),
    ("submit", "type", {"collection_type": "local holdings"}, "local holdings on OCLC's form, bibliographic is what"),
    ("submit", "match", {"match_type": "trusted ocn"}, "trusted ocn on OCLC's form, all in console.toml"),
    ("submit", "match", {"match_type": None}, "not known"),
    ("submit", "lsn", {"lsn_tag": "001"}, "001 on OCLC's form, 852$8 comes first in console.toml"),
    ("submit", "test", {"test_records_back": 4}, "4 of 5 test records came back"),
    ("scan-delete", "uploaded", {"files_prepared": 0, "files_sent": 0, "files_reported": 0}, "nothing was prepared"),
    ("scan-delete", "uploaded", {"files_sent": 4}, "4 of 5 files sent"),
    ("scan-delete", "uploaded", {"files_reported": 3}, "3 of 5 files have a report: not yet the others"),
    ("scan-delete", "uploaded", {"files_in_doubt": 1}, "1 file in doubt"),
    ("scan-delete", "accounted", {"accounted": 315652, "not_reported": 1}, "315,652 of 315,653 records sent"),
    ("scan-delete", "accounted", {"reruns_unsettled": 1}, "1 rerun is not settled"),
    ("scan-delete", "accounted", {"sent": 0, "accounted": 0}, "no record was sent"),
    ("scan-delete", "unrouted", {"unrouted": 44}, "44 unrouted: they would lose their holding"),
    ("scan-delete", "unresolved", {"leftovers_accepted_by": None}, "1,070 unresolved and 19 that OCLC could not take"),
    ("scan-delete", "unresolved", {"leftovers_accepted_by": "VIL"}, "not accepted yet by GDN"),
    ("scan-delete", "unresolved", {"newest_report_day": "2020-11-11"}, "the newest report is of 2020-11-11"),
    ("scan-delete", "ocn-changes", {"ocn_changes_reviewed": 1503}, "1,503 of 1,504 changes reviewed"),
    ("scan-delete", "ocn-changes", {"ocn_changes_reviewed": 1505}, "1,505 of 1,504 changes reviewed"),
    ("scan-delete", "left-out", {"extraction_day": "2020-11-11"}, "before the export of 2020-11-11"),
    ("scan-delete", "cutoff", {"cutoff_proposed": "2020-08-15"}, "OCLC proposed 2020-08-15, not 2020-08-14"),
    ("scan-delete", "cutoff", {"extraction_day": "2020-08-13"}, "later than the export of 2020-08-13"),
    ("scan-delete", "withdrawn", {"withdrawn_since_extraction": 3}, "3 holdings withdrawn"),
    ("scan-delete", "withdrawn", {"extraction_day": "2020-11-11"}, "before the export of 2020-11-11"),
    ("retire", "own-records", {"files_reported": 4}, "4 of 5 files have a report"),
    ("retire", "own-records", {"not_reported": 2}, "2 not reported"),
    ("retire", "successor", {"successor_files_reported": 4}, "4 of 5 files of ZUL have a report"),
    ("retire", "ill-supplier", {"ill_supplier_off": "2020-11-16"}, "becomes No on 2020-11-16, at midnight Eastern"),
    ("retire", "ill-requests", {"ill_open_requests": 326}, "326 ILL requests open"),
    ("retire", "ill-requests", {"ill_supplier_off": "2020-11-12"}, "requests could come until 2020-11-12"),
    ("retire", "connexion-users", {"connexion_users_left": 2}, "2 Connexion users left"),
    ("retire", "save-file", {"save_file_count": 7214}, "7,214 records in the save file"),
    ("retire", "constant-data", {"constant_data_documented": False}, "not documented"),
    ("retire", "announcement", {"announcement_sent": False}, "not sent"),
    ("unset", "list", {"unset_records": 0}, "the list is empty"),
    ("unset", "complete", {"unset_list_checked": False}, "not checked"),
    ("unset", "local-data", {"unset_local_data": 3}, "3 local records would be deleted too, and no copy is kept"),
]


@pytest.mark.parametrize(("gate", "condition_id", "facts", "words"), RED)
def test_a_red_condition_says_what_is_wrong_with_its_numbers_and_what_would_turn_it_green(
    gate: str, condition_id: str, facts: dict[str, Any], words: str
) -> None:
    found = condition(gate, condition_id, **facts)
    assert found.state == "red" and words in found.words and found.then


def test_every_condition_has_been_seen_red() -> None:
    seen = {(gate, condition_id) for gate, condition_id, _facts, _words in RED}
    rest = {(gate.id, one.id) for gate in GATES.values() for one in gate.conditions} - seen
    assert rest == {("writeback", "before-image"), ("scan-delete", "lhr"), ("scan-delete", "other-loads"),
                    ("retire", "lhrs"), ("retire", "feeds")}  # answers of yes, a choice, and the trap, which has its own test


def test_the_eleven_conditions_of_scan_delete_stand_in_the_order_of_the_procedure() -> None:
    found = [one.id for one in gate_state(case("scan-delete"), known("scan-delete"), []).conditions]
    assert found == ["uploaded", "accounted", "unrouted", "unresolved", "ocn-changes", "left-out", "cutoff", "withdrawn", "lhr",
                     "other-loads", SECOND_PERSON]


def test_a_cut_off_later_than_another_symbols_load_is_refused_with_the_holdings_at_risk() -> None:
    loads: dict[str, Any] = {"other_loads": 1, "earliest_standing_load": "2020-06-08", "earliest_standing_load_of": "ZHG",
                             "earliest_standing_load_holdings": 731873, "extraction_day": "2020-09-18"}
    found = condition("scan-delete", "other-loads", "2020-09-18", **loads)
    assert found.state == "red"
    assert found.words == "2020-09-18 is later than the load of ZHG of 2020-06-08: 731,873 holdings would go with it"
    assert "2020-06-08 or an earlier day" in found.then and "send ZHG's records again" in found.then
    assert condition("scan-delete", "other-loads", "2020-06-08", **loads).state == "green"
    assert condition("scan-delete", "other-loads", "2020-06-09", **loads).state == "red"


def test_another_symbols_load_of_a_day_nobody_knows_is_red() -> None:
    assert "since when is not known" in condition("scan-delete", "other-loads", other_loads=1).words


def test_a_cut_off_that_is_no_day_is_never_green() -> None:
    loads: dict[str, Any] = {"other_loads": 1, "earliest_standing_load": "2020-06-08", "cutoff_proposed": "0"}
    for word in ("0", "soon", "2020-6-1"):
        assert condition("scan-delete", "cutoff", word).state == "red"
        assert condition("scan-delete", "other-loads", word, **loads).state == "red"


def test_unrouted_records_that_were_accepted_may_be_left_out_of_an_upload_but_not_of_a_scan_delete() -> None:
    why: dict[str, Any] = {"unrouted": 4, "unrouted_accepted": "four maps"}
    assert condition("upload", "routed", **why).words == "4 unrouted, accepted: four maps"
    assert condition("scan-delete", "unrouted", **why).state == "red"


def test_almas_count_of_the_set_is_compared_where_it_is_stated() -> None:
    found = condition("upload", "set-count", set_count=None)
    assert found.state == "not applicable" and "was not stated" in found.words


def test_only_a_bibliographic_collection_has_a_match_type() -> None:
    facts: dict[str, Any] = {"stream_kind": "lhr", "collection_type": "local holdings", "match_type": None}
    assert condition("submit", "match", **facts).state == "not applicable"
    assert condition("submit", "type", **facts).state == "green"


def test_nothing_unresolved_needs_nobody_to_accept_it() -> None:
    found = condition("scan-delete", "unresolved", unresolved=0, data_errors=0, leftovers_accepted_by=None)
    assert (found.state, found.words) == ("green", "none unresolved")


def test_a_successor_whose_scan_delete_was_signed_is_synced_whatever_its_newest_files_do() -> None:
    found = condition("retire", "successor", successor_scan_delete="2020-06-08", successor_files_reported=0)
    assert found.state == "green" and "cut-off 2020-06-08" in found.words


def test_a_condition_says_who_entered_what_it_looks_at_and_shows_the_oldest_of_its_times() -> None:
    facts = known("retire") | known("retire", entered_by="jdoe", day="2020-11-09", ill_open_requests=0)
    found = gate_state(case("retire"), {**known("retire"), "ill_open_requests": facts["ill_open_requests"]}, [])
    ill = next(one for one in found.conditions if one.id == "ill-requests")
    assert ill.as_of == "2020-11-09" and ill.sources == "entered by jdoe: the console, as of 2020-11-09"
