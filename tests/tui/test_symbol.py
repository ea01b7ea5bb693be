"""The checklist of a symbol: six milestones, signing, reopening, and keys that say why they can't be used."""

from __future__ import annotations

from oclc_console.store import log
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts

SIZE = (80, 24)


async def test_the_six_milestones_stand_in_order_with_completed_who_and_note(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket")
        screen = await shows(pilot, "ZMD Medical library · Checklist · 3 of 6 behind")
    rows = [line for line in screen.splitlines() if line[3:5] in ("1 ", "2 ", "3 ", "4 ", "5 ", "6 ") or line[4:6] in (
        "1 ", "2 ", "3 ", "4 ", "5 ", "6 ")]
    assert [row.strip("│ ▌").split()[1] for row in rows[:6]] == ["1", "2", "3", "4", "5", "6"]
    assert "5 Oct 20  lts        all 14 logins mov…" in screen
    assert "Next: 3 Reclamation" in screen and "rejected 4 of 20" in flat(screen)
    assert "▌◐ 3 Reclamation" in screen, "the cursor stands on what is next"


async def test_signing_off_lands_in_the_log_with_day_person_and_note(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket")
        await shows(pilot, "▌◐ 3 Reclamation")
        await press(pilot, "s")
        await shows(pilot, "Sign off ZMD: 3 Reclamation", "2020-11-16")
        await press(pilot, *"all [in]", "enter")
        await shows(pilot, "✔ 3 Reclamation", "16 Nov 20", "all [in]")
    last = log.read(workspace)[-1]
    assert (last.act, last.symbol, last.by) == ("milestone.done", "ZMD", "lts")
    assert last.data == {"milestone": "reclamation", "date": "2020-11-16", "note": "all [in]"}


async def test_a_day_to_come_or_no_day_is_refused_in_the_window_and_nothing_is_written(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "s", "shift+tab", "end", *["backspace"] * 2, *"30", "enter", "enter")
        await shows(pilot, "2020-11-30 is still to come")
        await press(pilot, "shift+tab", "end", *["backspace"] * 10, *"soon", "enter", "enter")
        await shows(pilot, "'soon' is no day")
        await press(pilot, "escape")
    assert len(log.read(workspace)) == 6


async def test_escape_leaves_the_window_without_signing(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "s", "escape")
        assert "Sign off" in text_of(pilot.app) and "Completed on" not in text_of(pilot.app)  # type: ignore[arg-type]
    assert len(log.read(workspace)) == 6


async def test_reopening_asks_for_a_reason_and_keeps_what_was_signed(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket", "home", "o", "enter")
        await shows(pilot, "Say in a few words why.")
        await press(pilot, *"a mistake", "enter")
        screen = await shows(pilot, "◐ 1 Connexion authorizations")
        assert "reopened: a mistake" in flat(screen)
        assert "completed on 2020-10-05" in flat(screen), "nothing is erased"
    assert log.read(workspace)[-1].act == "milestone.reopened"


async def test_not_applicable_asks_why(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "n", *"no loans [here]", "enter")
        await shows(pilot, "– 1 Connexion authorizations", "no loans [here]")
    assert log.read(workspace)[-1].data == {"milestone": "authorizations", "note": "no loans [here]"}


async def test_a_key_that_can_not_be_used_says_why(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "o")
        assert "is open: there is nothing to reopen" in toasts(app)[-1]
        await press(pilot, "right_square_bracket", "home", "s")
        assert "is done already" in toasts(app)[-1] and "press o" in toasts(app)[-1]
    assert len(log.read(workspace)) == 6


async def test_brackets_go_to_the_neighbouring_symbols_round_and_round(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "left_square_bracket")
        await shows(pilot, "ZHG Rare books [and manuscripts] · Checklist")
        await press(pilot, "right_square_bracket")
        await shows(pilot, "ZLW Law library · Checklist")
