"""The log as a list with filters and as a file: what fits, and that nothing written into it does anything when it is opened."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.errors import CallError
from oclc_console.operations.markdown import escaped, table
from oclc_console.operations.reading_log import Wanted, export_log, fits, wanted_of
from oclc_console.store import log
from oclc_console.store.log import LogLine
from oclc_console.workspace import Workspace
from tests.core.samples import workspace

NASTY = "=HYPERLINK(\"http://x\") | [a](b) <b>&amp;</b> `c` *d* \x1b[31m\nnew line \u202e"


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = workspace(tmp_path / "w", acting_as="jdoe")
    log.append(made, "milestone.done", "ZUL", milestone="logins", date="2020-11-03", note=NASTY)
    log.append(made, "milestone.reopened", "ZMD", milestone="logins", reason="too early")
    log.append(made, "decision.taken", None, choice="=1+1")
    return made


def line(**changed: object) -> LogLine:
    given_ = {"seq": 1, "at": "2020-11-03T12:00:00.000Z", "by": "jdoe", "act": "milestone.done", "symbol": "ZUL",
              "data": {"note": "all moved"}, "prev": "", "hash": ""}
    return LogLine(**{**given_, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("typed", "is_one"), [
    ("", True), ("moved", True), ("moved all", True), ("moved gone", False), ("!gone", True), ("!moved", False),
    ("symbol:zul", True), ("symbol:ZMD", False), ("symbol:-", False), ("by:jdoe", True), ("by:jd", False),
    ("act:milestone", True), ("act:milestone.done", True), ("act:mile", False), ("act:decision", False),
    ("since:2020-11-03 until:2020-11-03", True), ("since:2020-11-04", False), ("until:2020-11-02", False),
    ("symbol:ZUL by:jdoe moved since:2020-01-01", True),
])
def test_a_filter_takes_words_and_names_in_front_of_them(typed: str, is_one: bool) -> None:
    assert fits(line(), wanted_of(typed)) is is_one


def test_a_line_on_the_whole_project_is_asked_for_with_a_dash() -> None:
    assert fits(line(symbol=None), wanted_of("symbol:-"))


def test_a_filter_is_written_as_it_was_typed() -> None:
    typed = "symbol:ZUL by:jdoe act:milestone since:2020-11-01 until:2020-11-30 moved !gone"
    assert wanted_of(typed).text == typed and wanted_of(wanted_of(typed).text) == wanted_of(typed)


def test_a_day_that_is_none_is_said_with_how_to_write_it() -> None:
    with pytest.raises(CallError, match="'November' is no day"):
        wanted_of("since:November")


def test_a_line_whose_time_nobody_can_read_fits_no_day_and_every_other_filter() -> None:
    assert fits(line(at="soon"), wanted_of("moved")) and not fits(line(at="soon"), Wanted(since=date(1900, 1, 1)))


def test_a_spreadsheet_of_the_log_runs_nothing_and_has_every_cell(ws: Workspace, tmp_path: Path) -> None:
    done = export_log(ws, Wanted(), tmp_path / "log.csv")
    text = done.path.read_bytes().decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert (done.lines, done.of) == (3, 3) and " ".join(rows[0]) == "line at by symbol act said data prev hash"
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)
    assert orjson.loads(rows[3][6]) == {"choice": "=1+1"}
    assert [row[8] for row in rows[1:]] == [each.hash for each in log.read(ws)]


def test_the_lines_as_they_are_can_be_proved_by_anybody(ws: Workspace, tmp_path: Path) -> None:
    done = export_log(ws, Wanted(), tmp_path / "copy.jsonl")
    assert done.path.read_bytes() == ws.log.read_bytes()
    assert export_log(ws, wanted_of("symbol:ZMD"), done.path).lines == 1
    assert done.path.read_bytes() == ws.log.read_bytes().splitlines(keepends=True)[1]


def test_a_page_of_the_log_has_one_row_a_line_and_says_whether_it_is_sound(ws: Workspace, tmp_path: Path) -> None:
    page = export_log(ws, wanted_of("by:jdoe"), tmp_path / "log.md").path.read_text()
    rows = [text for text in page.splitlines() if text.startswith("|")]
    assert len(rows) == 2 + 3 and {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}
    assert "The chain is unbroken" in page and log.head(ws).hash in page and "<b>" not in page and "\x1b" not in page
    ws.log.write_bytes(ws.log.read_bytes().replace(b"too early", b"in time!!"))
    assert "**The log is not sound:** line 2" in export_log(ws, Wanted(), tmp_path / "log.md").path.read_text()


@given(st.text() | st.text(alphabet="|\\\\\u2028\u2029\x85\x0b\r\n<&[*"))
def test_text_in_a_table_of_a_page_stays_one_cell_of_one_line(text: str) -> None:
    *_, row = table(["a", "b"], [[text, "x"]])
    assert len(row.splitlines()) == 1 and len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3
    assert "<" not in escaped(text)


@pytest.mark.parametrize("name", ["log.jsonl", "console.csv", "sub/x.md"])
def test_an_export_never_takes_the_place_of_a_file_of_the_workspace(ws: Workspace, name: str) -> None:
    target = ws.root / name
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        target.write_text("mine")
    before = target.read_bytes()
    with pytest.raises(CallError, match="belongs to the workspace"):
        export_log(ws, Wanted(), target)
    assert target.read_bytes() == before


def test_a_name_that_tells_no_form_is_refused_with_those_there_are(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"\.csv .* \.jsonl .* \.md"):
        export_log(ws, Wanted(), tmp_path / "log.xlsx")


def test_without_a_place_it_goes_among_the_exports_under_a_name_of_its_own(ws: Workspace) -> None:
    done = export_log(ws, Wanted(), form="md")
    assert done.path.parent == ws.root / "exports" and re.fullmatch(r"log-\d{8}T\d{6}Z\.md", done.path.name)
