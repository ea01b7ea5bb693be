"""Timelines in a workspace: people enter days, the runs know some, and the command draws them."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest

from oclc_console import clock
from oclc_console.cli import main
from oclc_console.errors import CallError, SettingsError
from oclc_console.operations.checklist import sign_off
from oclc_console.operations.timeline import behind, enter, timelines
from oclc_console.project import mapping_table, timeline
from oclc_console.project.timeline import Entry, Kind, RowState, Span, span_of
from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.core.samples import workspace
from tests.tui.stage import HeldClock, make_stage

NOW = datetime(2020, 11, 16, 12, 0, tzinfo=UTC)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return workspace(tmp_path / "w", acting_as="jdoe")


def row(ws: Workspace, symbol: str, name: str) -> RowState:
    (found,) = timelines(ws, symbol)
    return next(state for state in found.rows if state.row.id == name)


def test_a_draft_is_a_line_of_the_log_and_stands_in_the_timeline(ws: Workspace) -> None:
    found = enter(ws, "zmd", "Bib reclamation", "draft", span_of("2020-12-01..2021-01-15"), note=" after the exams ")
    assert (found.symbol, found.rows[0].plan and found.rows[0].plan.span.words) == ("ZMD", "2020-12-01 to 2021-01-15")
    [line] = log.read(ws)
    assert (line.act, line.symbol, line.by) == ("timeline.set", "ZMD", "jdoe")
    assert dict(line.data) == {"row": "bibs", "kind": "draft", "begin": "2020-12-01", "end": "2021-01-15", "who": "", "on": "",
                               "note": "after the exams"}


def test_what_oclc_confirmed_has_the_person_there_and_the_day(ws: Workspace) -> None:
    with pytest.raises(CallError, match="needs the person there"):
        enter(ws, "ZMD", "bibs", "confirmed", span_of("2020-12-01.."))
    enter(ws, "ZMD", "bibs", "confirmed", span_of("2020-12-01.."), who="OCLC database specialist", on=date(2020, 11, 9))
    confirmed = row(ws, "ZMD", "bibs").confirmed
    assert confirmed is not None and (confirmed.who, confirmed.on) == ("OCLC database specialist", "2020-11-09")
    with pytest.raises(CallError, match=r"can't have been confirmed on 2020-12-24; today is 2020-11-16"):
        enter(ws, "ZMD", "bibs", "confirmed", span_of("2020-12-02.."), who="x", on=date(2020, 12, 24))


@pytest.mark.parametrize(("kind", "days", "said"), [
    ("actual", "2020-12-01..", "2020-12-01 is still to come; today is 2020-11-16"),
    ("actual", "2020-11-01..2020-11-20", "2020-11-20 is still to come"),
    ("draft", "0200-11-01..2020-11-20", "the year can't be meant"),
    ("guess", "2020-11-01", "'guess' is neither a draft, confirmed nor actual"),
])
def test_days_that_cannot_be_are_refused(ws: Workspace, kind: Kind, days: str, said: str) -> None:
    with pytest.raises(CallError, match=said):
        enter(ws, "ZMD", "bibs", kind, span_of(days))
    with pytest.raises(CallError, match="before it begins"):
        enter(ws, "ZMD", "bibs", "draft", Span(date(2020, 11, 2), date(2020, 11, 1)))
    assert not ws.log.exists()


def test_an_unknown_symbol_or_a_misspelt_row_is_refused_with_those_there_are(ws: Workspace) -> None:
    with pytest.raises(SettingsError, match="ZUL, ZMD, ZLW"):
        enter(ws, "XXX", "bibs", "draft", span_of("2020-12-01"))
    with pytest.raises(CallError, match=r"did you mean lhrs.*bibs, lhrs, bib-updates"):
        enter(ws, "ZMD", "lhr", "draft", span_of("2020-12-01"))


def test_the_same_entry_twice_is_refused_and_another_one_replaces_it(ws: Workspace) -> None:
    for _ in range(2):
        enter(ws, "ZMD", "Training", "draft", span_of("2020-12-01"))
        enter(ws, "ZMD", "training", "draft", span_of("2020-12-02"))
    with pytest.raises(CallError, match=r"stands already: 2020-12-02, entered by jdoe"):
        enter(ws, "ZMD", "Training", "draft", span_of("2020-12-02"))
    assert len(log.read(ws)) == 4 and [state.row.id for state in timelines(ws, "ZMD")[0].rows][6:] == ["Training"]


def test_of_several_who_enter_the_same_at_once_one_does(ws: Workspace) -> None:
    told: list[str] = []

    def draft() -> None:
        try:
            enter(Workspace(ws.root, "jdoe"), "ZMD", "bibs", "draft", span_of("2020-12-01"))
        except CallError as error:
            told.append(error.what)

    threads = [threading.Thread(target=draft) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 3 and len(log.read(ws)) == 1 and log.verify(ws).ok


def test_the_row_that_is_furthest_behind_comes_first(ws: Workspace) -> None:
    enter(ws, "ZMD", "bibs", "draft", span_of("2020-11-10..2020-12-01"))
    enter(ws, "ZUL", "ill-freeze", "draft", span_of("2020-10-01.."))
    enter(ws, "ZUL", "lhrs", "draft", span_of("2020-12-01.."))
    assert [(each.symbol, state.row.id, slip.days) for each, state, slip in behind(timelines(ws))] == [
        ("ZUL", "ill-freeze", 46), ("ZMD", "bibs", 6)]


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    held = HeldClock()
    monkeypatch.setattr(clock, "now", held.now)
    return make_stage(tmp_path / "stage", held)


def test_the_runs_know_when_the_first_file_went_out_and_that_reports_are_missing(staged: Workspace) -> None:
    assert row(staged, "ZMD", "bibs").actual == Entry("actual", Span(date(2020, 11, 3), None), computed=True)
    assert row(staged, "ZLW", "bibs").actual is None


def test_once_every_file_is_reported_the_last_report_ends_it(staged: Workspace) -> None:
    from oclc_console.operations.outbox import read_outbox
    from tests.tui.stage import report

    report(staged, read_outbox(staged, "ZMD")[2])
    assert row(staged, "ZMD", "bibs").actual == Entry("actual", Span(date(2020, 11, 3), date(2020, 11, 16)), computed=True)


def test_what_goes_out_after_the_reclamation_was_signed_is_an_incremental_update(staged: Workspace) -> None:
    sign_off(staged, "ZMD", "reclamation", date(2020, 11, 2), "as agreed")
    assert row(staged, "ZMD", "bibs").actual is None
    assert row(staged, "ZMD", "bib-updates").actual == Entry("actual", Span(date(2020, 11, 3), None), computed=True)


def command(ws: Workspace, *arguments: str) -> int:
    return main(["--workspace", str(ws.root), "--as", "jdoe", "timeline", *arguments])


def test_the_command_draws_the_bars_and_says_what_slipped(
    ws: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "104")
    assert command(ws) == 0
    assert "Nothing is planned yet. Next: oclc-console timeline SYMBOL bibs --draft" in capsys.readouterr().out
    assert command(ws, "ZMD", "bibs", "--draft", "2020-10-05..2020-11-05") == 0
    confirmed = ("--confirmed", "2020-10-19..2020-11-12", "--with", "a specialist", "--on", "2020-10-09")
    assert command(ws, "ZMD", "bibs", *confirmed) == 0
    assert command(ws, "ZMD", "bibs", "--actual", "2020-11-03..") == 0
    capsys.readouterr()
    assert command(ws) == 0
    said = capsys.readouterr().out
    assert "ZMD    Bib reclamation            draft" in said and "┄┄┄" in said and "═══" in said and "██▶" in said
    assert "ZLW    nothing planned yet" in said
    assert ("! ZMD Bib reclamation: confirmed to begin 14 days later than drafted; confirmed to end 7 days later than drafted; "
            "began 15 days late; should have ended on 2020-11-12, 4 days ago, and goes on") in said
    assert max(map(len, said.splitlines()[:-1])) <= 104


def test_the_command_gives_one_object_with_every_row(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(ws, "ZUL", "ill-freeze", "--draft", "2020-10-01..2020-10-15", "--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    [symbol] = told["symbols"]
    assert told["as_of"] == "2020-11-16" and [each["row"] for each in symbol["rows"]][4] == "ill-freeze"
    assert symbol["rows"][4]["draft"]["end"] == "2020-10-15" and symbol["rows"][4]["slipped_days"] == 46
    assert symbol["rows"][0] == {"row": "bibs", "title": "Bib reclamation", "draft": None, "confirmed": None, "actual": None,
                                 "computed": None, "slipped_days": 0, "slipped": []}


@pytest.mark.parametrize("arguments", [("ZMD", "bibs"), ("ZMD", "--draft", "2020-10-05"),
                                       ("ZMD", "bibs", "--draft", "2020-10-05", "--with", "somebody")])
def test_half_of_what_an_entry_takes_is_refused(
    ws: Workspace, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(ws, *arguments) == 2
    assert "For example:" in capsys.readouterr().err


def test_the_help_names_every_row_and_every_column() -> None:
    from oclc_console.cli.planning_arguments import COLUMNS, ROWS

    assert ROWS.split(", ") == [each.id for each in timeline.ROWS]
    assert COLUMNS.removeprefix("Its columns: ").removesuffix(".").split(", ") == list(mapping_table.COLUMNS)


def test_days_that_are_none_are_refused_with_how_to_write_them(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command(ws, "ZMD", "bibs", "--draft", "next week")
    assert "'next week' is no day; write 2020-11-22" in capsys.readouterr().err
