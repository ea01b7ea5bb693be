"""The timeline of a symbol: what was drafted, what OCLC confirmed, what happened, and by how many days it slipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.project.timeline import (
    ROWS,
    Entry,
    Kind,
    Row,
    RowState,
    Span,
    fold_timeline,
    row_of,
    slipped,
    span_of,
)
from oclc_console.project.timeline_bars import GOES_ON, MARKS, TODAY, Scale, axis, bar, moved, scale_for, scale_of

NOV = date(2020, 11, 16)


def act(seq: int, row: str, kind: str, days: str, **more: Any) -> dict[str, Any]:
    span = span_of(days)
    return {"seq": seq, "at": "2020-11-16T09:14:00.000Z", "by": "jdoe", "act": "timeline.set", "symbol": "ZMD", "row": row,
            "kind": kind, "begin": str(span.begin), "end": str(span.end) if span.end else "", **more}


def rows(*acts: Mapping[str, Any], known: Mapping[str, Span] | None = None) -> dict[str, RowState]:
    return {state.row.id: state for state in fold_timeline(acts, (known or {}).get)}


def slip(days: str | None = None, *, confirmed: str | None = None, actual: str | None = None) -> tuple[int, tuple[str, ...]]:
    """What slips on a row with this draft, this confirmation and this that happened."""
    def entry(kind: Kind, text: str | None) -> Entry | None:
        return Entry(kind, span_of(text)) if text else None

    state = RowState(ROWS[0], entry("draft", days), entry("confirmed", confirmed), entry("actual", actual))
    found = slipped(state, NOV)
    return found.days, found.words


def test_a_symbol_of_which_nothing_is_known_has_the_six_rows() -> None:
    found = fold_timeline([], lambda row: None)
    assert [state.row.id for state in found] == ["bibs", "lhrs", "bib-updates", "lhr-updates", "ill-freeze",
                                                 "withdrawals-freeze"]
    assert all(state.entries == () and slipped(state, NOV).words == () for state in found)


def test_the_newest_entry_of_its_kind_counts_and_keeps_who_said_it() -> None:
    found = rows(act(1, "bibs", "draft", "2020-10-01..2020-10-20"), act(2, "bibs", "draft", "2020-10-05..2020-11-05"),
                 act(3, "bibs", "confirmed", "2020-10-19..2020-11-12", who="a specialist", on="2020-10-09"))
    state = found["bibs"]
    assert state.draft is not None and state.draft.span == Span(date(2020, 10, 5), date(2020, 11, 5))
    assert state.plan is state.confirmed is not None
    assert (state.confirmed.who, state.confirmed.on, state.confirmed.by) == ("a specialist", "2020-10-09", "jdoe")


def test_an_entry_that_was_taken_back_leaves_the_one_before_it() -> None:
    undone = {"seq": 3, "at": "", "by": "jdoe", "act": "act.undone", "symbol": "ZMD", "of": 2, "reason": "mistyped"}
    found = rows(act(1, "bibs", "draft", "2020-10-01"), act(2, "bibs", "draft", "2020-10-05"), undone)
    assert found["bibs"].draft is not None and found["bibs"].draft.span.begin == date(2020, 10, 1)


def test_another_row_stands_after_the_six_by_its_name() -> None:
    assert list(rows(act(1, "Announcement to units", "draft", "2020-03-01")))[-1] == "Announcement to units"


def test_an_act_of_a_newer_version_is_left_out() -> None:
    assert rows(act(1, "bibs", "guessed", "2020-03-01"))["bibs"] == RowState(ROWS[0])


def test_what_the_runs_know_counts_until_a_person_says_otherwise() -> None:
    runs = Span(date(2020, 11, 3), None)
    assert rows(known={"bibs": runs})["bibs"].actual == Entry("actual", runs, computed=True)
    entered = rows(act(1, "bibs", "actual", "2020-11-02.."), known={"bibs": runs})["bibs"]
    assert entered.actual is not None and entered.actual.span.begin == date(2020, 11, 2)
    assert entered.computed is not None and entered.computed.span == runs


@pytest.mark.parametrize(("plan", "actual", "days", "said"), [
    ("2020-10-05..2020-11-05", "2020-10-05..2020-11-05", 0, ("began as planned", "ended as planned")),
    ("2020-10-05..2020-11-05", "2020-10-06..2020-11-05", 1, ("began 1 day late", "ended as planned")),
    ("2020-10-05..2020-11-05", "2020-10-01..2020-11-12", 7, ("began 4 days early", "ended 7 days late")),
    ("2020-10-05..2020-11-12", "2020-10-05..", 4,
     ("began as planned", "should have ended on 2020-11-12, 4 days ago, and goes on")),
    ("2020-10-05..2020-11-16", "2020-10-05..", 0, ("began as planned",)),
    ("2020-11-12..2020-12-05", None, 4, ("should have begun on 2020-11-12, 4 days ago",)),
    ("2020-11-16..2020-12-05", None, 0, ()),
    ("2020-10-05..", "2020-10-08..", 3, ("began 3 days late",)),
    (None, "2020-10-08..", 0, ()),
])
def test_what_slipped_is_said_in_days(plan: str | None, actual: str | None, days: int, said: tuple[str, ...]) -> None:
    assert slip(plan, actual=actual) == (days, said)


def test_what_slipped_is_counted_from_what_oclc_confirmed_and_the_move_from_the_draft_is_told() -> None:
    assert slip("2020-10-05..2020-11-05", confirmed="2020-10-19..2020-11-04", actual="2020-10-21..2020-11-04") == (
        2, ("confirmed to begin 14 days later than drafted", "confirmed to end 1 day earlier than drafted",
            "began 2 days late", "ended as planned"))


@pytest.mark.parametrize(("said", "meant"), [("bibs", "bibs"), ("LHR load", "lhrs"), ("ill freeze", "ill-freeze"),
                                             ("Withdrawals  freeze window", "withdrawals-freeze"), ("TRAINING", "Training"),
                                             ("Announcement to units", "Announcement to units")])
def test_a_row_is_known_by_its_id_or_its_title_or_is_another_one(said: str, meant: str) -> None:
    found = row_of(said, ["Training"])
    assert isinstance(found, Row) and found.id == meant


@pytest.mark.parametrize(("said", "answer"), [("bib", "did you mean bibs"), ("ill-frieze", "did you mean ill-freeze"),
                                              ("x", "two to forty"), ("a\nb\x1b", "two to forty"), ("x" * 41, "two to forty")])
def test_a_name_that_is_almost_a_row_or_no_name_is_refused(said: str, answer: str) -> None:
    found = row_of(said)
    assert isinstance(found, str) and answer in found


@pytest.mark.parametrize(("text", "span"), [
    ("2020-11-02..2020-12-05", Span(date(2020, 11, 2), date(2020, 12, 5))), ("2020-11-02..", Span(date(2020, 11, 2), None)),
    (" 2020-11-02 .. 2020-11-02 ", Span(date(2020, 11, 2), date(2020, 11, 2))),
    ("2020-11-02", Span(date(2020, 11, 2), date(2020, 11, 2)))])
def test_a_span_is_written_as_two_days(text: str, span: Span) -> None:
    assert span_of(text) == span
    assert span_of(span.words.replace(" to ", "..").replace(" on", "..")) == span


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.\.)?([0-9]{4}-[0-9]{2}-[0-9]{2})?"))
def test_any_other_text_is_refused_in_a_sentence(text: str) -> None:
    try:
        span = span_of(text)
    except ValueError as mistake:
        assert "write 2020-11-22" in str(mistake) or "before it begins" in str(mistake)
    else:
        assert span.end is None or span.begin <= span.end


# the bars

DAYS = st.dates(date(1971, 1, 1), date(2190, 12, 31))
KINDS: st.SearchStrategy[Kind] = st.sampled_from(("draft", "confirmed", "actual"))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    begin = draw(DAYS)
    return Span(begin, draw(st.none() | st.integers(0, 900).map(lambda days: begin + timedelta(days=days))))


@given(spans(), KINDS, DAYS, st.integers(1, 200), st.integers(1, 240), st.integers(-60, 60))
def test_a_bar_is_as_wide_as_its_scale_wherever_its_span_lies(
    span: Span, kind: Kind, today: date, width: int, months: int, by: int
) -> None:
    for scale in (scale_of(months, today, width), moved(scale_of(months, today, width), by)):
        assert len(bar(scale, span, kind, today)) == width
        assert [len(line) for line in axis(scale)] == [width, width]


@given(st.lists(spans(), max_size=5), KINDS, DAYS, st.integers(20, 150))
def test_on_the_scale_that_fits_every_span_and_today_can_be_seen(
    all_spans: list[Span], kind: Kind, today: date, width: int
) -> None:
    scale = scale_for(all_spans, today, width)
    assert 0 <= scale.cell(today) < width
    for span in all_spans:
        drawn = bar(scale, span, kind, today)
        assert set(drawn) & {MARKS[kind], "┼", "╪", GOES_ON, "›", "‹"}
        assert 0 <= scale.cell(span.begin) < width


def test_a_bar_begins_and_ends_on_its_days() -> None:
    scale = Scale(date(2020, 11, 1), 1, 30)
    assert bar(scale, span_of("2020-11-03..2020-11-05"), "confirmed", NOV) == "  ═══          │              "
    assert bar(scale, span_of("2020-11-14..2020-11-18"), "draft", NOV) == "             ┄┄┼┄┄            "
    assert bar(scale, span_of("2020-11-14..2020-11-18"), "confirmed", NOV) == "             ══╪══            "
    assert bar(scale, span_of("2020-11-12.."), "actual", NOV) == "           ████▶              "
    assert bar(scale, span_of("2020-11-20.."), "draft", NOV) == "               │   ┄┄┄┄┄┄┄┄┄┄›"
    assert bar(scale, span_of("2020-10-20..2020-11-02"), "actual", NOV) == "‹█             │              "
    assert bar(scale, span_of("2020-09-20..2020-09-30"), "actual", NOV)[0] == "‹"
    assert bar(scale, span_of("2021-09-20..2021-09-30"), "actual", NOV)[-1] == "›"


def test_the_marks_differ_by_their_characters() -> None:
    assert len({*MARKS.values(), TODAY, GOES_ON}) == 5


def test_months_are_named_as_the_room_allows() -> None:
    years, months = axis(scale_of(3, NOV, 60))
    assert years.split() == ["2020"] and months.split() == ["Oct", "Nov", "Dec"]
    years, months = axis(scale_of(24, NOV, 48))
    assert years.split() == ["2020", "2021"] and months.split()[:3] == ["D", "J", "F"]
    assert axis(scale_of(60, NOV, 20))[1].strip()
