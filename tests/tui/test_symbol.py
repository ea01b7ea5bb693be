"""The checklist of a symbol: six milestones and their tasks, signing, claiming, reopening, taking back, evidence, and keys that
say why they can't be used."""

from __future__ import annotations

from datetime import date

import pytest

from oclc_console.operations.checklist import checklist, claim, sign_off
from oclc_console.operations.entering import enter
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
        screen = await shows(pilot, "ZMD Medical library · Checklist · 3 of 6 behind", "▌    ◐ Name the metadata contact")
        assert "Next: 3 Reclamation: Name the metadata contact" in flat(screen) and "rejected 4 of 20" in flat(screen)
        await press(pilot, "home", "down", "down", "enter")
        screen = await shows(pilot, "▌◐ 3 Reclamation ▸ 0/17")
    rows = [line for line in screen.splitlines() if line[3:5] in ("1 ", "2 ", "3 ", "4 ", "5 ", "6 ") or line[4:6] in (
        "1 ", "2 ", "3 ", "4 ", "5 ", "6 ")]
    assert [row.strip("│ ▌").split()[1] for row in rows[:6]] == ["1", "2", "3", "4", "5", "6"]
    assert "5 Oct 20  lts        all 14 log…" in screen


async def test_signing_off_lands_in_the_log_with_day_person_and_note(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket")
        await shows(pilot, "▌    ◐ Name the metadata contact")
        await press(pilot, "s")
        await shows(pilot, "Sign off ZMD: Name the metadata contact", "2020-11-16")
        await press(pilot, *"B. [Nov]", "enter")
        screen = await shows(pilot, "✔ Name the metadata contact", "16 Nov 20", "B. [Nov]")
        assert "▌    ◐ Find coding problems" in screen, "the cursor goes on to what is next"
        assert "Waits for Metadata contact since 16 Nov 09:14" in flat(screen)
    last = log.read(workspace)[-1]
    assert (last.act, last.symbol, last.by) == ("task.done", "ZMD", "lts")
    assert last.data == {"task": "name-contact", "title": "Name the metadata contact of the libraries", "date": "2020-11-16",
                         "note": "B. [Nov]"}


async def test_a_milestone_with_open_tasks_is_signed_only_with_a_reason_in_its_note(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket", "home", "down", "down", "s")
        await shows(pilot, "Sign off ZMD: 3 Reclamation", "17 of its tasks are open", "why it is signed without them")
        await press(pilot, "enter")
        await shows(pilot, "Say in a few words why it is signed with tasks open")
        await press(pilot, *"done before", "enter")
        screen = await shows(pilot, "✔ 3 Reclamation", "done befo", "4 of 6 behind")
        assert "Next: 5 Deletion: Ask OCLC how many holdings" in flat(screen)
    last = log.read(workspace)[-1]
    assert last.act == "milestone.done" and last.data["note"] == "done before" and len(last.data["open"]) == 17


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
        await press(pilot, "2", "home", "n", *"no loans [here]", "enter")
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


async def test_a_milestone_is_opened_and_closed_and_dot_leads_back_to_what_is_next(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "home", "enter")
        screen = await shows(pilot, "▌◐ 1 Connexion authorizations aligned ▸ 0/4")
        assert "Replace logins" not in screen
        await press(pilot, "down", "enter")
        await shows(pilot, "▌· 2 Cataloguers use the new logins ▾ 0/2", "· Every cataloguer works")
        await press(pilot, "full_stop")
        await shows(pilot, "▌    ◐ Ask the units who catalogues")


async def test_a_task_is_claimed_planned_and_noted_and_the_screen_says_on_whom_it_waits(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "c")
        await shows(pilot, "Waits for lts.")
        await press(pilot, "p", *"2020-11-10", "enter")
        await shows(pilot, "6 d late")
        await press(pilot, "t", *"ask [Law]", "enter")
        await shows(pilot, "ask [Law]")
        await press(pilot, "c")
        await shows(pilot, "Waits for Authorizations coordinator. 6 d late.")
    assert [line.act for line in log.read(workspace)[6:]] == ["task.claimed", "task.planned", "task.noted", "task.released"]


async def test_what_somebody_else_claimed_is_released_only_after_asking(workspace: Workspace) -> None:
    claim(Workspace(workspace.root, "jdoe"), "ZLW", "survey-units")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "c")
        await shows(pilot, "jdoe has it since 16 Nov 09:14. Release it?")
        await press(pilot, "escape", "c", "y")
        await shows(pilot, "Waits for Authorizations coordinator")
    assert [(line.act, line.by) for line in log.read(workspace)[6:]] == [("task.claimed", "jdoe"), ("task.released", "lts")]


async def test_the_last_act_is_taken_back_with_a_reason_and_the_history_shows_both(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "z")
        assert "Nobody has entered anything here" in toasts(app)[-1]
        await press(pilot, "s", "enter", "up", "z")
        await shows(pilot, "Take back for ZLW", "symbol: completed on", "line 7 of the log")
        await press(pilot, *"wrong", "enter")
        await shows(pilot, "▌    ◐ Ask the units")
        await press(pilot, "h")
        screen = flat(await shows(pilot, "(taken back)"))
        assert "lts took back line 7: wrong" in screen and "completed on 2020-11-16 (taken back) · line 7" in screen
        await press(pilot, "escape")
    assert dict(log.read(workspace)[-1].data) == {"of": 7, "reason": "wrong"}


@pytest.mark.slow
async def test_evidence_is_entered_with_its_source_and_shown_beside_its_task(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "down", "i")
        await shows(pilot, "logins used by more than one person", "Value: a number")
        await press(pilot, *"some", *["enter"] * 2)
        await press(pilot, *["enter"] * 2)
        await shows(pilot, "'some' is not a number")
        await press(pilot, *["shift+tab"] * 3, *["backspace"] * 4, *"0", "enter", *"[survey]", "enter", "enter", "enter")
        await shows(pilot, "✔ logins used by more than one person: 0 (entered by lts: [survey]")
        assert "✔ shown" in text_of(app), "the evidence is there, and a person signs all the same"
    last = log.read(workspace)[-1]
    assert last.act == "evidence.entered" and (last.data["key"], last.data["value"]) == ("shared_logins", 0)


@pytest.mark.slow
async def test_what_the_console_knows_stands_beside_its_task_with_its_time(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket", *["down"] * 9)
        screen = flat(await shows(pilot, "files sent: 3"))
        assert "✔ files sent: 3 (" in screen and "as of 2020-11-" in screen


async def test_worldcat_updates_say_since_when_they_are_paused(workspace: Workspace) -> None:
    enter(workspace, "ZMD", "updates_paused_since", "2020-02-10", "Collection Manager", "2020-02-10")
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "right_square_bracket")
        await shows(pilot, "paused since 10 Feb 20")
        await press(pilot, "end", "up")
        await shows(pilot, "WorldCat Updates paused since 10 Feb 20 (280 d).")


async def test_a_mistake_in_the_template_is_told_and_entries_of_tasks_that_are_gone_are_listed(workspace: Workspace) -> None:
    sign_off(workspace, "ZLW", "survey-units", date(2020, 11, 16), "14 [people]")
    own = workspace.root / "checklist.toml"
    own.write_text('[[tasks]]\nid = "mine"\nmilestone = "logins"\ntask = "My own [task]"\n')
    checklist(workspace, "ZLW")  # seen while it was right
    own.write_text(own.read_text() + "hwo = 1\n")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "end")
        screen = await shows(pilot, "No longer in the template ▾ 1/1", "✔ Ask the units", "14 [peop")
        assert "! checklist.toml, line 5, key tasks[1].hwo" in flat(screen)
        await press(pilot, "s")
        await shows(pilot, "no longer in the template: what was entered stays")


async def test_a_wide_terminal_shows_the_columns_libraries_use(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2")
        screen = await shows(pilot, "record type", "system", "phase", "planned", "completed")
    assert "Communication Email            Planning       Authorizatio" in screen
