"""The page of the roster, driven by keys at 80x24: a survey comes in, what is wrong is found, people move, OCLC is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from oclc_console.operations.authorizations import authorizations, import_survey
from oclc_console.store import log
from oclc_console.tui.screens.authorizations import AuthorizationsScreen, summary
from oclc_console.tui.widgets.frame import KeyLine
from oclc_console.workspace import Workspace
from tests.project.rosters import csv_survey
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, text_of, toasts

SIZE = (80, 24)
JANE = ("Doe, Jane", "RBK", "ZHG", "ZMD", "Full", "100123456", "", "active")
MAX = ("Max [Roe] [/x]", "RBK", "ZHG", "ZMD", "Full", "100123456", "", "")
KIM = ("Kim \x1b[31mPoe", "MED", "ZMD", "", "NACO", "100-333-444", "", "left")


@pytest.fixture(autouse=True)
def survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A survey in the folder where the console was started."""
    monkeypatch.chdir(tmp_path)
    return csv_survey(tmp_path / "s.csv", JANE, MAX, KIM)


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
    await pilot.app.push_screen(AuthorizationsScreen())
    await settled(pilot)


async def test_an_empty_roster_says_what_to_do(workspace: Workspace) -> None:
    assert summary(workspace) == "nobody yet: 0 of 4 units answered the survey → take one in"
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        screen = await shows(pilot, "Press i to take in a unit's survey", "Authorizations · people 0 of 0")
        assert "0 of 4 units answered · 0 to look at" in screen
        await press(pilot, "s")
        assert "Which person?" in toasts(pilot.app)[-1]  # type: ignore[arg-type]
        await press(pilot, "v", "v")
        await shows(pilot, "units 4 of 4", "· not yet", "LAW has not answered yet")


@pytest.mark.slow
async def test_a_survey_is_taken_in_and_shows_everybody_with_what_is_wrong(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "i", *"nowhere.csv", "enter", "enter")
        await shows(pilot, "There is no file nowhere.csv")
        await press(pilot, "shift+tab", *["backspace"] * 11, *"s.csv", "enter", "enter")
        screen = await shows(pilot, "RBK: 2 people; 2 new", "+ Max [Roe] [/x]")
        await press(pilot, "escape")
        screen = await shows(pilot, "Authorizations · people 3 of 3", "2 of 4 units answered · 3 to look at")
        assert "Kim ␛[31mPoe" in screen and "– left" in screen
        assert "RBK    Doe, Jane" in screen and "ZHG→ZMD   Full    100-123-456 ! no number yet" in screen
        await press(pilot, "down")
        screen = flat(await shows(pilot, "! 100-123-456 is used by"))
        assert "! Doe, Jane still works under ZHG. When they use the new number" in screen
        await press(pilot, "enter")
        await shows(pilot, "100-123-456 under ZHG", "Row 2 of RBK's survey")
    assert summary(workspace) == "3 people, 2 of 4 units answered; 2 still to move, 3 to look at"


async def test_a_file_with_passwords_is_refused_in_a_window_to_read(workspace: Workspace, tmp_path: Path) -> None:
    csv_survey(tmp_path / "s.csv", ("Jane", "hunter2"), headings=("Name", "Password"))
    acts = len(log.read(workspace))
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "i", *"s.csv", "enter", "enter")
        screen = flat(await shows(pilot, "is for passwords"))
        assert "nothing of this file was taken" in screen and "hunter2" not in screen
    assert len(log.read(workspace)) == acts


@pytest.mark.slow
async def test_what_is_wrong_opens_the_people_it_is_about_and_backspace_shows_all_again(workspace: Workspace,
                                                                                        survey: Path) -> None:
    import_survey(workspace, survey)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "v")
        screen = await shows(pilot, "▌! shared login", "to look at 3 of 3", "Each needs a number of their own")
        assert "! under a defunct symbol" in screen
        await press(pilot, "enter")
        screen = await shows(pilot, "people 2 of 2 · shared login")
        assert "Kim" not in screen
        await press(pilot, "backspace")
        await shows(pilot, "people 3 of 3")
        await press(pilot, "slash", *"zhg", "enter")
        await shows(pilot, "people 2 of 3 · filter: zhg")


@pytest.mark.slow
async def test_a_status_is_set_and_a_field_changed_and_both_stand_in_the_log(workspace: Workspace, survey: Path) -> None:
    import_survey(workspace, survey)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "down", "s")
        await shows(pilot, "Status of Doe, Jane", "uses the new number")
        await press(pilot, "down", "down", "enter")
        await shows(pilot, "✔ moved")
        await press(pilot, "c")
        await shows(pilot, "Change Doe, Jane", "New number")
        await press(pilot, *"100777888", "enter", "enter")
        await shows(pilot, "100-777-888")
    first, second = log.read(workspace)[-2:]
    assert (first.act, first.data["changes"], first.by) == ("roster.changed", {"status": "moved"}, "lts")
    assert second.data["changes"] == {"new_number": "100-777-888"}


async def test_requests_are_written_only_after_a_yes_and_everybody_is_asked_for_once(workspace: Workspace,
                                                                                    survey: Path) -> None:
    import_survey(workspace, survey)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        await press(pilot, "v", "v", "v")
        screen = await shows(pilot, "to ask of OCLC 3 of 3", "OCLC's form takes 5 adds, 5 changes, 10 deletes at a time")
        assert "now under ZHG" in screen and "delete  Kim ␛[31mPoe" in screen
        await press(pilot, "w", "enter")
        assert authorizations(workspace).batches
        await press(pilot, "w", "y")
        await shows(pilot, "✔ 1 request written", "exports/authorizations/request-001-ZMD.txt")
        await press(pilot, "escape")
        await shows(pilot, "There is nothing to ask of OCLC")
        await press(pilot, "v")
        await shows(pilot, "◐ asked 16 Nov 20")
    assert [line.act for line in log.read(workspace)].count("roster.requested") == 1


@pytest.mark.slow
async def test_nothing_of_a_survey_reaches_the_terminal_as_an_order(workspace: Workspace, tmp_path: Path) -> None:
    wild = ("\x1b[31m[/x] \u202ered", "RBK", "Z\x1b]0;x\x07G", "[b]", "\x9b1m", "\x1bc", "", "\x00")
    import_survey(workspace, csv_survey(tmp_path / "s.csv", wild))
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        for keys in ((), ("enter",), ("escape", "c"), ("escape", "s"), ("down", "enter"), ("v",), ("v",), ("v",)):
            await press(pilot, *keys)
            screen = text_of(pilot.app)  # type: ignore[arg-type]
            assert not set(screen) & set("\x1b\x07\x9b\x00\u202e"), keys


async def test_what_another_console_does_is_seen_without_a_key(workspace: Workspace, survey: Path) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        import_survey(Workspace(workspace.root, "anna"), survey)
        await shows(pilot, "people 3 of 3")
        assert "anna" not in text_of(pilot.app)  # type: ignore[arg-type]
