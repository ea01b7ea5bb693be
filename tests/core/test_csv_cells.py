"""What a spreadsheet may see of a record."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.csv_cells import cell, csv_line, csv_lines


@pytest.mark.parametrize(("value", "shown"), [
    ("=1+1", "'=1+1"), ("+49", "'+49"), ("-x", "'-x"), ("@SUM(A1)", "'@SUM(A1)"), ("[Letters]", "[Letters]"),
    ("990148820310209999", "990148820310209999"), ("a\x1b[31m\x1fb", "a␛[31m␟b"), ("\t=1", "␉=1"), ("", ""), (None, ""), (7, 7),
])
def test_nothing_that_a_spreadsheet_would_run_stands_at_the_beginning_of_a_cell(
    value: str | int | None, shown: str | int
) -> None:
    assert cell(value) == shown


@given(st.text())
def test_whatever_a_record_holds_stays_one_cell_of_one_line(value: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerow([cell(value), 1])
    written = text.getvalue().encode("utf-8", "strict").decode()
    assert list(csv.reader(io.StringIO(written))) == [[str(cell(value)), "1"]]
    assert not str(cell(value)).startswith(("=", "+", "-", "@"))
    assert not any(character < " " or character == "\x7f" for character in str(cell(value)))


@given(st.lists(st.lists(st.text() | st.integers() | st.none(), min_size=1), max_size=5), st.integers(0, 2_000))
def test_many_lines_at_a_time_are_the_same_lines(rows: list[list[str | int | None]], again: int) -> None:
    many = rows * again
    assert b"".join(csv_lines(many)) == b"".join(map(csv_line, many))
