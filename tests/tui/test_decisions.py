"""The page of the register, driven by keys at 80x24: deciding with a reason, testing options, reopening, new decisions."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from oclc_console.operations.decisions import add_option, choose, decision
from oclc_console.store import log
from oclc_console.tui.screens.decisions import DecisionsScreen, summary
from oclc_console.tui.widgets.frame import KeyLine
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts

SIZE = (80, 24)


async def test_every_key_of_the_footer_fits_and_has_a_sentence(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        footer = text_of(pilot.app).splitlines()[-1]  # type: ignore[arg-type]
        for active in pilot.app.screen.query_one(KeyLine).shown():
            assert active.binding.tooltip
            assert active.binding.id == "app.quit" or f" {active.binding.description}" in footer


async def opened(pilot: Pilot[tuple[str, str]]) -> None:
    """The page, as it is opened from place 5."""
    await shows(pilot, "3 of 3")
    await press(pilot, "5")
    await pilot.app.push_screen(DecisionsScreen())
    await settled(pilot)


async def test_the_register_begins_with_the_whole_project_and_goes_on_symbol_by_symbol(workspace: Workspace) -> None:
    assert summary(workspace) == "0 of 8 decided for the whole project, 0 of 35 for 3 symbols"
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        screen = await shows(pilot, "Decisions · the whole project", "0 of 8 decided")
        assert "▌· open     Distribution of new authoriza… usually authorizati" in screen
        assert "How do people get their new numbers" in screen
        await press(pilot, "right_square_bracket")
        await shows(pilot, "Decisions · ZLW Law library", "Libraries of the symbol")
        await press(pilot, "left_square_bracket", "left_square_bracket")
        await shows(pilot, "Decisions · ZHG Rare books [and manuscripts]", "0 of 11 decided")


@pytest.mark.slow
async def test_a_decision_is_taken_with_its_option_reason_and_link(workspace: Workspace) -> None:
    add_option(workspace, "lhr-publishing", "2", "200 of 200 [came] back")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "slash", *"lhrs from", "enter", "c")
        await shows(pilot, "Decide: How to publish LHRs from Alma", "200 of 200 [came] back", "Something else")
        await press(pilot, "down", "enter")
        await shows(pilot, "A general publishing profile with normalization rules.", "Who decided", "2020-11-16")
        await press(pilot, *"tests [/x]", "enter", *"wiki/1", "enter", "enter", "enter")
        screen = await shows(pilot, "✔ decided", "16 Nov 20", "Written down: wiki/1", "Why: tests [/x]")
        assert "✔ 2 A general publishing profile" in screen
        await press(pilot, "c")
        assert "press o to open it again" in toasts(pilot.app)[-1]  # type: ignore[arg-type]
    last = log.read(workspace)[-1]
    assert (last.act, last.by, last.data["reason"]) == ("decision.recorded", "lts", "tests [/x]")


@pytest.mark.slow
async def test_any_text_can_be_chosen_where_there_are_no_options_and_a_reason_is_wanted(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "right_square_bracket", "slash", *"cut-off", "enter", "c")
        await shows(pilot, "Which cut-off date is agreed with OCLC?", "What was decided")
        await press(pilot, *"2020-06-08", "enter", "enter", "enter", "enter", "enter")
        await shows(pilot, "Say in a few words why")
        await press(pilot, "shift+tab", "shift+tab", "shift+tab", *"mail", "enter", "enter", "enter", "enter")
        await shows(pilot, "2020-06-08", "✔ decided")
    assert log.read(workspace)[-1].symbol == "ZLW"


@pytest.mark.slow
async def test_reopening_asks_why_and_enter_shows_the_whole_history(workspace: Workspace) -> None:
    choose(Workspace(workspace.root, "anna"), "documentation", "A wiki page", "people read it")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "slash", *"documentation", "enter")
        await shows(pilot, "Decided on 16 Nov 20 by anna: A wiki page")
        await press(pilot, "o", *"nobody does", "enter")
        await shows(pilot, "! reopened", "Open again: nobody does")
        await press(pilot, "enter")
        screen = flat(await shows(pilot, "History", "reopened: nobody does"))
        assert "anna: chosen on 2020-11-16: A wiki page. people read it" in screen


@pytest.mark.slow
async def test_options_and_new_decisions_are_added_by_keys(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "t", *"By owl", "enter", *"slow", "enter")
        await shows(pilot, "3 By owl · tested: slow (lts, 16 Nov 20)")
        await press(pilot, "o")
        assert "nothing was decided" in toasts(pilot.app)[-1]  # type: ignore[arg-type]
        await press(pilot, "n", *"Colour", "enter", "enter", "end")
        await shows(pilot, "0 of 9 decided", "· open     Colour")
    assert decision(workspace, "colour").own
