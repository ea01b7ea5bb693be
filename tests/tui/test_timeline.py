"""The timeline's page: bars on a scale of months, entered and read by keyboard at 80x24."""

from __future__ import annotations

from typing import Any

import pytest

from oclc_console.operations.timeline import enter
from oclc_console.project.timeline import span_of
from oclc_console.store import log
from oclc_console.tui.screens.timeline import summary
from oclc_console.workspace import Workspace, make_workspace
from tests.tui.conftest import console
from tests.tui.driving import Console, flat, press, settled, shows, text_of, toasts
from tests.tui.stage import HeldClock

SIZE = (80, 24)


async def opened(app: Console, pilot: Any, wait: str = "Timeline ·") -> str:
    """The page, from the project's place."""
    await shows(pilot, "as of")
    await press(pilot, "5", "t")
    await shows(pilot, wait)
    await settled(pilot)
    return text_of(app)


def plan(workspace: Workspace) -> None:
    enter(workspace, "ZMD", "bibs", "draft", span_of("2020-10-05..2020-11-05"))
    enter(workspace, "ZMD", "bibs", "confirmed", span_of("2020-10-19..2020-11-12"), who="a [specialist]")
    enter(workspace, "ZMD", "bib-updates", "draft", span_of("2021-03-01.."))
    enter(workspace, "ZHG", "ill-freeze", "draft", span_of("2021-01-04..2021-01-15"), note="[/x] after the holidays")


async def test_all_symbols_are_drawn_on_one_scale(workspace: Workspace) -> None:
    plan(workspace)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(app, pilot)
        lines = [line[1:-1] for line in screen.splitlines()]
        assert "Timeline · 3 symbols · 1 row behind: ZMD Bib reclamation 15 days" in screen
        assert "2020                 2021" in screen and "Oct    Nov    Dec    Jan    Feb   Mar" in screen
        assert "▌ZLW    nothing yet" in screen
        draft, oclc, actual = (next(line for line in lines if f" {word} " in line[24:36])
                               for word in ("draft", "OCLC", "actual"))
        assert "ZMD    ! Bib reclamation   draft  ┄┄┄┄┄┄┄┄  │" in draft
        assert "═════ │" in oclc and "██▶│" in actual.replace(" ▶", "▶")
        assert "ZHG    ILL freeze          draft            │          ┄┄┄" in screen
        assert "┄ draft  ═ OCLC  █ actual  ▶ goes on  │ today" in screen


@pytest.mark.slow
async def test_the_row_under_the_cursor_is_told_in_words(workspace: Workspace) -> None:
    plan(workspace)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await press(pilot, "down")
        screen = flat(await shows(pilot, "─ ZMD Bib reclamation ─"))
        assert ("! confirmed to begin 14 days later than drafted; confirmed to end 7 days later than drafted; began 15 days "
                "late; should have ended on 2020-11-12, 4 days ago, and goes on") in screen
        assert "drafted 2020-10-05 to 2020-11-05 (lts, line" in screen
        assert "confirmed 2020-10-19 to 2020-11-12, a [specialist] at OCLC on 2020-11-16 (lts, line" in screen
        assert "actual 2020-11-03 on, as the runs say" in screen
        await press(pilot, "end")
        line = log.read(workspace)[-1].seq
        assert f"drafted 2021-01-04 to 2021-01-15 (lts, line {line} of the log) · [/x] after the holidays" in flat(
            await shows(pilot, "─ ZHG ILL freeze window ─"))


@pytest.mark.slow
async def test_a_draft_a_confirmation_and_what_happened_are_entered_by_keyboard(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await press(pilot, "d")
        assert "Press s to see all rows" in toasts(app)[-1]
        await press(pilot, "s", "down", "d")
        await shows(pilot, "Draft: ZLW LHR load")
        await press(pilot, *"2020-12-01", "enter", *"2020-11-01", "enter", *"soon", "enter")
        assert "It would end on 2020-11-01, before it begins on 2020-12-01." in flat(text_of(app))
        await press(pilot, "shift+tab", *["backspace"] * 10, *"2021-01-15", "enter", "enter")
        await shows(pilot, "ZLW    LHR load            draft")
        await press(pilot, "o")
        await shows(pilot, "Confirmed with OCLC: ZLW LHR load", "2020-12-01", "2021-01-15")
        await press(pilot, "enter", "enter", "enter", "enter", "enter")
        assert "Say who at OCLC confirmed it." in text_of(app)
        await press(pilot, "shift+tab", "shift+tab", *"their specialist", "enter", "enter", "enter")
        await shows(pilot, "confirmed 2020-12-01 to 2021-01-15, their specialist at OCLC on 2020-11-16")
        await press(pilot, "a", *"2020-12-01", "enter", "enter", "enter")
        assert "2020-12-01 is still to come; today is 2020-11-16." in text_of(app)
        await press(pilot, "escape", "n")
        await shows(pilot, "Draft: another row of ZLW")
        await press(pilot, *"Training [day]", "enter", *"2020-11-10", "enter", *"2020-11-10", "enter", "enter")
        await shows(pilot, "ZLW    ! Training [day]")
        assert toasts(app)[-1] == "ZLW: 1 row behind: ZLW Training [day] 6 days."
    assert [(line.data["row"], line.data["kind"], line.by) for line in log.read(workspace) if line.act == "timeline.set"] == [
        ("lhrs", "draft", "lts"), ("lhrs", "confirmed", "lts"), ("Training [day]", "draft", "lts")]


async def test_one_symbol_shows_all_its_rows_and_the_brackets_go_to_the_next(workspace: Workspace) -> None:
    plan(workspace)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await press(pilot, "s")
        screen = await shows(pilot, "Timeline · ZLW · nothing is behind its plan")
        for row in ("Bib reclamation", "LHR load", "Bib updates", "LHR updates", "ILL freeze", "Withdrawals freeze"):
            assert f"ZLW    {row:<19} –" in screen
        await press(pilot, "right_square_bracket")
        await shows(pilot, "Timeline · ZMD · 1 row behind")
        await press(pilot, "s")
        await shows(pilot, "Timeline · 3 symbols")


@pytest.mark.slow
async def test_the_scale_grows_shrinks_and_moves(workspace: Workspace) -> None:
    plan(workspace)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot)
        await press(pilot, "minus")
        assert "down to three months" in toasts(app)[-1]
        await press(pilot, "plus")
        await shows(pilot, "Oct           Nov          Dec")
        await press(pilot, "plus")
        assert len(toasts(app)) == 2
        await press(pilot, "right", "right", "right")
        screen = await shows(pilot, "Jan           Feb")
        assert "‹" in screen and "│ today" in screen
        await press(pilot, "minus")
        await shows(pilot, "Oct    Nov    Dec    Jan    Feb   Mar")


async def test_a_wide_terminal_has_the_whole_titles(workspace: Workspace) -> None:
    plan(workspace)
    app = console(workspace)
    async with app.run_test(size=(160, 48)) as pilot:
        screen = await opened(app, pilot)
        assert "Incremental bib updates    draft" in screen and "ILL freeze window          draft" in screen
        assert "═" * 16 in screen and "████████▶" in screen


@pytest.mark.slow
async def test_it_scrolls_where_there_are_more_rows_than_lines(workspace: Workspace) -> None:
    for number in range(12):
        enter(workspace, "ZMD", f"Step number {number}", "draft", span_of(f"2020-12-{number + 1:02}"))
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(app, pilot)
        assert "Step number 11" not in screen
        await press(pilot, "end", "up")
        await shows(pilot, "Step number 11", "Nov", "2020")


async def test_without_a_plan_and_without_symbols_it_says_what_to_do(tmp_path: Any, held: HeldClock) -> None:
    workspace = Workspace(make_workspace(tmp_path / "w", '[institution]\nname = "E"\n').root, "lts")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(app, pilot, "Press")
        assert "There is no symbol in console.toml yet" in flat(text_of(app))
        await press(pilot, "d", "s", "plus", "right")
        assert any("There is no symbol" in toast for toast in toasts(app))


def test_the_summary_says_how_many_rows_are_planned_and_what_begins_next(workspace: Workspace) -> None:
    assert summary(workspace) == "nothing is planned yet → draft the days of a symbol's rows"
    plan(workspace)
    assert summary(workspace) == "3 rows planned, 1 confirmed with OCLC; next: ZHG ILL freeze on 2021-01-04"
