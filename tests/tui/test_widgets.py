"""The parts the screens are drawn with: plain text, lines that fit, words for numbers and times, rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.tui import words
from oclc_console.tui.follow import Curve
from oclc_console.tui.widgets.drawing import cell_len, fit, shortened, width_of, wrap
from oclc_console.tui.widgets.filter import holds
from oclc_console.tui.widgets.plain import plain
from oclc_console.tui.widgets.table import Column, laid_out

START = datetime(2020, 11, 3, 9, 0, tzinfo=UTC)
WILD = st.text(alphabet=st.characters(exclude_categories=()), max_size=80)


@given(WILD)
def test_plain_text_holds_nothing_a_terminal_would_obey(text: str) -> None:
    shown = plain(text)
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in shown)
    shown.encode()


def test_plain_text_leaves_brackets_formulas_and_scripts_alone() -> None:
    assert plain("[Letters] [/red] =1+1 한국 Ünïcödé") == "[Letters] [/red] =1+1 한국 Ünïcödé"


@pytest.mark.parametrize(("given_text", "shown"), [("\x1b[31m", "␛[31m"), ("a\tb\n", "a␉b␊"), ("\x7f", "␡"), ("\x9b", "\\x9b"),
                                                   ("\u202e", "\\u202e"), ("\udce9", "\\xe9")])
def test_plain_text_shows_what_can_not_be_seen(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


@given(WILD, st.integers(1, 60), st.booleans())
def test_a_fitted_cell_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    assert width_of(fit(text, width, right)) == width


@given(WILD, st.integers(4, 60))
def test_a_wrapped_line_is_never_too_wide_and_loses_no_letter(text: str, width: int) -> None:
    lines = wrap(text, width, 2)
    assert all(width_of(line) <= width for line in lines)
    kept = "".join(part for line in lines for part, _ in line)
    assert "".join(kept.split()) == "".join(plain(text).split())


def test_a_cut_cell_shows_that_it_was_cut() -> None:
    assert "".join(text for text, _ in fit("Connexion authorizations", 10)) == "Connexion…"


def test_growing_columns_share_what_is_over() -> None:
    columns = [Column("a", 5), Column("b", 5, grows=True), Column("c", 5, grows=True)]
    assert laid_out(columns, 27) == [5, 10, 10]
    assert sum(laid_out(columns, 40)) + 2 == 40


@pytest.mark.parametrize(("needle", "found"), [("zmd", True), ("!zmd", False), ("", True), ("!", True), ("law", False)])
def test_a_filter_looks_for_a_word_and_an_exclamation_mark_inverts_it(needle: str, found: bool) -> None:
    assert holds(needle, "ZMD", "Medical") is found


def test_a_rate_is_taken_over_the_last_seconds_only() -> None:
    curve = Curve()
    for second in range(60):
        done = second * 100 if second < 40 else 4000 + (second - 40) * 1000
        curve = curve.with_sample(START + timedelta(seconds=second), done)
    assert curve.rate() == 1000
    assert len(curve.each(1)) == 60


def test_one_sample_has_no_rate_yet_and_an_old_sample_changes_nothing() -> None:
    curve = Curve().with_sample(START, 5)
    assert curve.rate() is None and curve.each(1) == []
    assert curve.with_sample(START, 9) is curve
    assert curve.still_for(START + timedelta(seconds=40)) == 40


@pytest.mark.parametrize(("done", "total", "shown"), [(0, 10, "0 %"), (9999, 10000, "99 %"), (10, 10, "100 %"), (5, 0, "0 %")])
def test_a_percentage_is_100_only_when_everything_is_done(done: int, total: int, shown: str) -> None:
    assert words.percent(done, total) == shown


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(2, 60))
def test_a_bar_is_full_only_when_everything_is_done(done: int, total: int, width: int) -> None:
    drawn = words.bar(done, total, width)
    assert len(drawn) == width
    assert (drawn == "█" * width) == (done >= total)


def test_sizes_and_counts_stand_over_their_denominators() -> None:
    assert words.of(612_000_000, 778_000_000, "bytes") == "612.0 of 778.0 MB"
    assert words.of(900_000, 778_000_000, "bytes") == "900.0 kB of 778.0 MB"
    assert words.of(3, 5, "files") == "3 of 5 files"


@pytest.mark.parametrize(("seconds", "shown"), [(5, "0:05"), (171, "2:51"), (3771, "1:02:51"), (273600, "3 d 4 h")])
def test_a_duration_reads_like_a_clock(seconds: float, shown: str) -> None:
    assert words.duration(seconds) == shown


@pytest.mark.parametrize(("ago", "shown"), [(40, "40 s"), (840, "14 "
                                                                "min"), (10800, "3 h"), (100000, "27 h"), (1123200, "13 d")])
def test_an_age_is_rough(ago: int, shown: str) -> None:
    assert words.age((START - timedelta(seconds=ago)).isoformat(), START) == shown


def test_a_long_name_keeps_both_its_ends() -> None:
    assert shortened("1000043.zmd.vern.20201103.001.mrc", 12) == "10000…01.mrc"
    assert shortened("short.mrc", 12) == "short.mrc"
    one, two = (shortened(f"MED_{'long' * 20}_new.mrc_{number}", 30) for number in (1, 2))
    assert one != two and one.startswith("MED_long") and two.endswith("_new.mrc_2")


@given(st.text(), st.integers(8, 40))
def test_a_shortened_name_is_never_wider_than_its_room(name: str, width: int) -> None:
    assert cell_len(shortened(name, width)) <= width


def test_a_text_is_cut_at_its_first_sentence_and_then_where_its_clauses_end() -> None:
    said = "runs/1/unrouted.csv: 1 of 5, no stream wants it; it is lost. Nothing was sent. Look."
    assert words.clauses(said) == ["runs/1/unrouted.csv: 1 of 5, no stream wants it; it is lost",
                                   "runs/1/unrouted.csv: 1 of 5, no stream wants it", "runs/1/unrouted.csv: 1 of 5",
                                   "runs/1/unrouted.csv"]
    assert words.clauses("") == [""]
    assert words.below("/w/x/runs/1: /w/xy is", Path("/w/x")) == "runs/1: /w/xy is"
