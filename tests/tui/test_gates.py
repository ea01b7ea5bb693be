"""The gate page and the boards at 80x24, by keyboard: looking, entering evidence, signing for a red condition, signing."""

from __future__ import annotations

from pathlib import Path

import pytest

from oclc_console import clock
from oclc_console.operations.entering import enter
from oclc_console.operations.signing import gate, override, sign
from oclc_console.store import log
from oclc_console.tui.screens.approvals import ApprovalsScreen
from oclc_console.tui.screens.boards import BoardScreen, RetirementScreen
from oclc_console.tui.screens.gate import GateScreen
from oclc_console.workspace import Workspace
from tests.project.eight import TODAY, enter_evidence, make_eight
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts, until
from tests.tui.stage import HeldClock

SIZE = (80, 24)


@pytest.fixture
def eight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The eight symbols on their Monday, seen by jdoe."""
    monkeypatch.setattr(clock, "now", HeldClock(TODAY).now)
    workspace = make_eight(tmp_path)
    enter_evidence(workspace)
    return workspace


def other(workspace: Workspace) -> Workspace:
    """The same workspace, seen by somebody else."""
    return Workspace(workspace.root, "lts")


async def test_g_on_a_symbol_shows_its_gate_with_every_condition_in_words_and_its_effect(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        await press(pilot, "2", *["right_square_bracket"] * 2, "g")
        screen = await shows(pilot, "ZDO · Approve the scan/delete date 2020-08-14 · gate 1 of 8", "✖ closed: 1 of 11 red")
        assert "✔ green      uploaded        5 of 5 files sent" in screen
        assert "▌✖ red        unrouted        4 unrouted" in screen and "✖ red        second-person" in screen
        assert "What it does: removes 15,436 holdings older than 2020-08-14" in screen
        assert "→ Route and send them, or sign with a reason that they lose it." in screen
        await press(pilot, "s")
        assert toasts(app)[-1] == "1 condition is red: unrouted."
        await press(pilot, "enter")
        await shows(pilot, "✔ green · Every file is uploaded and its report is in")


async def test_two_people_sign_from_their_consoles_with_symbol_and_date_typed_by_hand(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZDO"))
        await shows(pilot, "closed: 1 of 11 red")
        await press(pilot, "o", "enter")
        await shows(pilot, "✖ Say in a few words why.")
        await press(pilot, *"a withdrawn gift", "enter")
        await shows(pilot, "▌! signed for unrouted", "◐ two people sign")
        await press(pilot, "s")
        screen = await shows(pilot, "This removes 15,436 holdings older than 2020-08-14; 1,070 of them", "You sign as jdoe.")
        assert "Red, and signed for: unrouted." in screen and "Then a second person signs, under another login." in screen
        await press(pilot, *"ZDO", "enter", *"2020-08-15", "enter", "enter")
        await shows(pilot, "✖ 2020-08-15 is not the date to sign for. Nothing was signed.")
        await press(pilot, "escape")
        assert gate(eight, "scan-delete", "ZDO").first is None
        await press(pilot, "s", *"ZDO", "enter", *"2020-08-14", "enter", *"seen by the director", "enter")
        await shows(pilot, "Now a second person signs, under another", "It counts while the evidence stays")
        await press(pilot, "escape")
        await shows(pilot, "◐ a second person signs, after jdoe")
        await press(pilot, "s")
        assert "jdoe has signed already" in toasts(app)[-1].replace("Jdoe", "jdoe")
    colleague = console(other(eight))
    async with colleague.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        colleague.push_screen(BoardScreen())
        await shows(pilot, "◐ 2nd person ZDO", "a second person after")
        await press(pilot, "down", "enter", "s")
        await shows(pilot, "jdoe signed first: yours is the second signature, and")
        await press(pilot, *"ZDO", "enter", *"2020-08-14", "enter", "enter")
        await shows(pilot, "✔ signed by jdoe and lts")
    assert [line.act for line in log.read(eight)[-3:]] == ["gate.overridden", "gate.signed", "gate.signed"]


@pytest.mark.slow
async def test_evidence_is_entered_from_the_condition_it_is_for(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZLS"))
        await shows(pilot, "ZLS · Retire the symbol", "removes 7,050,000 holdings, all there are under ZLS")
        await press(pilot, *["down"] * 5)
        await shows(pilot, "The Connexion save file is empty", "7,214 records in the save file")
        await press(pilot, "i")
        await shows(pilot, "Evidence for ZLS", "records in the Connexion save file", "So far: 7,214 (entered by jdoe")
        await press(pilot, *"none", "enter", *"Connexion", "enter", "enter", "enter")
        await shows(pilot, "of 0 or more. Type a number of 0 or more.")
        await press(pilot, "escape", "i", *"12", "enter", *"Connexion", "enter", "enter", "enter")
        screen = await shows(pilot, "save-file       12 records in the save file")
        assert "entered by jdoe: Connexion, as of 2020-11-16" in flat(screen)
    assert log.read(eight)[-1].data["value"] == 12


async def test_how_much_goes_is_entered_where_people_sign_for_it(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZYN"))
        await shows(pilot, "ZYN · Approve the scan/delete date", "What it does: removes an unknown number of holdings")
        await press(pilot, "end")
        await shows(pilot, "! Nobody knows how many holdings go: press i to enter what OCLC has.")
        await press(pilot, "i")
        await shows(pilot, "holdings OCLC has under the symbol", "Nobody knows it yet.")
        await press(pilot, *"905,000", "enter", *"OCLC's mail", "enter", "enter", "enter")
        await until(pilot, lambda: "Nobody knows how many" not in text_of(app))
    assert log.read(eight)[-1].data["value"] == 905_000


async def test_what_changed_while_one_looked_is_not_signed_and_is_told(
    eight: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    override(eight, "scan-delete", "ZDO", "unrouted", "a withdrawn gift")
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZDO"))
        await shows(pilot, "◐ two people sign")
        await press(pilot, "s")
        await shows(pilot, "You sign as jdoe.")
        enter(other(eight), "ZDO", "withdrawn_since_extraction", "3", "the museum's mail", "2020-11-15")
        await press(pilot, *"ZDO", "enter", *"2020-08-14", "enter", "enter")
        await shows(pilot, "it has changed while you looked: withdrawn was", "Nothing was signed.")
        await press(pilot, "escape")
        await shows(pilot, "✖ red        withdrawn       3 holdings withdrawn since")


@pytest.mark.slow
async def test_the_cut_off_trap_is_seen_and_another_day_can_be_looked_at(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZUL"))
        await shows(pilot, "Approve the scan/delete date 2020-09-18", "2 of 11 red")
        await press(pilot, *["down"] * 7)
        screen = await shows(pilot, "The cut-off is not later than the first load of another symbol")
        assert "2020-09-18 is later than the load of ZHG of 2020-06-08: 731,873 holdings would go" in flat(screen)
        await press(pilot, "d", *"2020-06-08", "enter")
        await shows(pilot, "Approve the scan/delete date 2020-06-08", "✔ green      other-loads")
        await press(pilot, "n")
        await shows(pilot, "ZUL · Upload the waiting files · gate 2 of 8")


async def test_a_first_signature_is_taken_back_with_a_reason(eight: Workspace) -> None:
    override(eight, "scan-delete", "ZDO", "unrouted", "a withdrawn gift")
    sign(eight, "scan-delete", "ZDO", "ZDO 2020-08-14")
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(GateScreen("ZDO"))
        await shows(pilot, "◐ a second person signs, after jdoe")
        await press(pilot, "z", *"not yet", "enter")
        await shows(pilot, "◐ two people sign")
    assert log.read(eight)[-1].act == "gate.withdrawn"


async def test_the_boards_show_all_symbols_with_what_blocks_each_and_enter_opens_its_gate(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(BoardScreen())
        screen = await shows(pilot, "Scan/delete board · 6 symbols", "not here: ZHG, ZLS")
        assert "✖ blocked    ZUL" in screen and "793,804" in screen
        await press(pilot, "end")
        await shows(pilot, "✖ other-loads: 2020-09-18 is later than the load of ZHG of 2020-06-08:")
        await press(pilot, "t")
        await shows(pilot, "Retirement board · 2 symbols", "✖ blocked    ZLS")
        await press(pilot, "end", "enter")
        await shows(pilot, "ZLS · Retire the symbol", "326 ILL requests open")
        await press(pilot, "escape", "escape")
        app.push_screen(RetirementScreen())
        await shows(pilot, "◐ ready      ZHG")


@pytest.mark.slow
async def test_streams_are_approved_for_runs_with_nobody_there_by_two_people(eight: Workspace) -> None:
    app = console(eight)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZUL")
        app.push_screen(ApprovalsScreen())
        await shows(pilot, "0 of 30 streams may go out unattended", "Nobody has approved full runs.")
        await press(pilot, "x")
        assert toasts(app)[-1] == "Nobody has approved it."
        await press(pilot, "s", *"many", "enter", "enter")
        await shows(pilot, "✖ 'many' is no number of records.")
        await press(pilot, "escape", "s", *"5000", "enter", "enter")
        await shows(pilot, "▌✔ approved  ZBN", "1 of 30 streams", "jdoe, about 5,000 records")
        await press(pilot, "s")
        assert toasts(app)[-1].startswith("It is approved: full runs of about 5,000 records approved by jdoe")
        await press(pilot, "x", *"the vendor's file looks odd", "enter")
        await shows(pilot, "0 of 30 streams", "the vendor's file looks odd")
