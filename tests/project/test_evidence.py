"""What a gate or a task can look at: the catalogue, what people enter, and what counts of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import CallError
from oclc_console.project.acts import UNDONE
from oclc_console.project.evidence import (
    CATALOGUE,
    ENTERED,
    Known,
    check_entry,
    entered,
    fits,
    read_value,
    source_words,
    together,
    value_words,
)


def act(seq: int, word: str = ENTERED, by: str = "jdoe", **data: Any) -> dict[str, Any]:
    return {"seq": seq, "at": f"2020-11-{seq:02}T12:00:00.000Z", "by": by, "act": word, "symbol": "ZLS", **data}


def entry(seq: int, key: str, value: Any, **data: Any) -> dict[str, Any]:
    return act(seq, key=key, value=value, source="ILLiad", day="2020-11-01", note="", **data)


def test_the_entry_made_last_counts_with_its_source_its_day_and_who_entered_it() -> None:
    known = entered([entry(1, "ill_open_requests", 400), entry(2, "ill_open_requests", 326)])
    assert known == {"ill_open_requests": Known("ill_open_requests", 326, "2020-11-01", "ILLiad", "jdoe")}
    assert source_words(known["ill_open_requests"]) == "entered by jdoe: ILLiad, as of 2020-11-01"


def test_an_entry_that_was_taken_back_gives_place_to_the_one_before_it() -> None:
    acts = [entry(1, "ill_open_requests", 400), entry(2, "ill_open_requests", 0), act(3, UNDONE, of=2, reason="typo")]
    assert entered(acts)["ill_open_requests"].value == 400
    assert entered([entry(1, "ill_open_requests", 400), act(2, UNDONE, of=1, reason="x")]) == {}


def test_what_is_entered_of_one_collection_is_not_known_of_another() -> None:
    acts = [entry(1, "test_records_back", 5, subject="1000031"), entry(2, "test_records_back", 3, subject="1000032")]
    assert entered(acts, "1000031")["test_records_back"].value == 5
    assert entered(acts) == {}


def test_what_is_not_of_its_kind_in_the_log_is_not_known_and_never_nothing() -> None:
    for wrong in ("0", -1, None, True, 1.0):
        assert entered([entry(1, "ill_open_requests", wrong)])["ill_open_requests"].value is None
    assert entered([entry(1, "kb_switch_off", "2020-13-01")])["kb_switch_off"].value is None
    assert value_words("ill_open_requests", None) == "not known"


def test_things_a_newer_version_knows_change_nothing() -> None:
    assert entered([entry(1, "weather", "rain"), act(2, "evidence.weighed", key="sent", value=1)]) == {}


def test_what_the_console_computes_counts_before_what_was_entered_and_that_counts_while_it_does_not_know() -> None:
    said = {"sent": Known("sent", 731873, "2020-06-09", "OCLC's mail", "jdoe")}
    assert together({"sent": Known("sent", None, "2020-11-16", "ledger")}, said)["sent"].value == 731873
    assert together({"sent": Known("sent", 12, "2020-11-16", "ledger")}, said)["sent"].value == 12


@pytest.mark.parametrize(("key", "text", "value"), [
    ("save_file_count", " 7,214 ", 7214), ("lhrs_listed", "Yes", True), ("lhrs_listed", "no", False),
    ("lhr_choice", "Keep", "keep"), ("cutoff_proposed", "2020-08-14", "2020-08-14"),
    ("excluded_signed_by", "K. Roe, e-resources", "K. Roe, e-resources")])
def test_a_typed_text_is_read_as_a_value_of_its_kind(key: str, text: str, value: object) -> None:
    assert read_value(key, text) == value


@pytest.mark.parametrize(("key", "text", "sentence"), [
    ("save_file_count", "many", "is not a number of 0 or more"), ("save_file_count", "-3", "is not a number of 0 or more"),
    ("lhr_choice", "perhaps", "is not one of keep, delete"), ("cutoff_proposed", "14 Aug", "is not a day"),
    ("lhrs_listed", "soon", "is not yes or no"), ("excluded_signed_by", "  ", "nothing was typed"),
    ("weather", "rain", "is nothing that can be entered"), ("settings_fingerprint", "ab12", "the console itself computes")])
def test_what_cannot_be_entered_is_refused_with_a_sentence(key: str, text: str, sentence: str) -> None:
    with pytest.raises(CallError, match=sentence):
        read_value(key, text)


def test_an_entry_needs_a_source_and_a_day_that_is_not_to_come() -> None:
    check_entry("ill_open_requests", 0, "ILLiad", "2020-11-16", "2020-11-16")
    with pytest.raises(CallError, match="still to come"):
        check_entry("ill_open_requests", 0, "ILLiad", "2020-11-17", "2020-11-16")
    with pytest.raises(CallError, match="where this is known from"):
        check_entry("ill_open_requests", 0, " ", "2020-11-16", "2020-11-16")
    with pytest.raises(CallError, match="is not a day"):
        check_entry("ill_open_requests", 0, "ILLiad", "yesterday", "2020-11-16")


@given(st.sampled_from(sorted(CATALOGUE)), st.text(max_size=12))
def test_whatever_is_typed_is_a_value_of_its_kind_or_a_sentence(key: str, text: str) -> None:
    try:
        value = read_value(key, text)
    except CallError as error:
        assert error.then
    else:
        assert value is not None and fits(CATALOGUE[key], value)
