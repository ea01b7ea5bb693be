"""The dashboard: the state of the whole project, what needs a person, and console.toml's mistakes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from oclc_console.operations.checklist import sign_off
from oclc_console.store import log
from oclc_console.tui.screens.symbol import SymbolScreen
from oclc_console.workspace import Workspace, make_workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, settled, shows, toasts, until
from tests.tui.stage import HeldClock, live_upload

SIZE = (80, 24)


async def test_it_shows_a_row_for_each_symbol_with_its_milestones_and_counts(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "ZLW", "ZMD", "ZHG")
    row = next(line for line in screen.splitlines() if " ZMD " in line and "✔" in line)
    assert "✔ ✔ ◐ – · ·" in row
    assert "4/20" in row, "rejected stand over what was reported"
    assert "OCLC: reports" in row and "d" in row
    assert "REHEARSAL" in screen and "as of Mon 16 Nov 2020" in screen


async def test_a_symbol_without_reports_shows_a_dash_and_never_a_zero(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "ZLW")
    row = next(line for line in screen.splitlines() if "▌ZLW" in line)
    assert " – LTS: prepare" in row and "0/" not in row


async def test_what_needs_a_person_stands_below_with_the_next_step(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "Needs you 3")
    assert "! ZLW prepare 1 file → p in Runs" in screen
    lines = screen.splitlines()
    at = next(number for number, line in enumerate(lines) if "! ZHG prepare refused" in line)
    refused = flat("\n".join(lines[at:at + 2]))
    assert "refused: runs/20201116T082400Z-prepare-ZHG/unrouted.csv: 1 unrouted" in refused, "the path from the workspace on"
    assert "→ look at it in Runs" in refused, "two lines are enough"


async def test_enter_opens_the_symbol_under_the_cursor(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "▌ZLW")
        await press(pilot, "down", "enter")
        screen = await shows(pilot, "ZMD Medical library · Checklist")
        assert isinstance(app.screen, SymbolScreen)
    assert "▸2 Symbol ZMD" in screen


async def test_the_filter_narrows_the_board_and_escape_clears_it(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "slash", *"rare", "enter")
        screen = await shows(pilot, "Symbols 1 of 3 · filter: rare")
        assert " ZMD ✔" not in screen
        await press(pilot, "slash", "escape")
        await shows(pilot, "3 of 3")
        await press(pilot, "slash", *"nowhere", "enter", "enter")
        screen = await shows(pilot, "No symbol holds 'nowhere'")
        assert app.current_mode == "dashboard", "there is nothing to open"


async def test_a_wide_terminal_shows_the_dates_of_the_milestones(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        screen = await shows(pilot, "✔ 5 Oct 20", "✔ 20 Oct 20")
    assert "4 ILL freeze" in screen and "Medical library" in screen


async def test_a_run_at_work_shows_in_the_strip_and_beside_its_place(workspace: Workspace) -> None:
    with live_upload(workspace) as live:
        async with console(workspace).run_test(size=SIZE) as pilot:
            screen = await shows(pilot, "Running 1", "◐ upload ZMD")
            assert "51 %" in screen and "3 Runs ◐1" in screen
            live.goes_on(done=500_000_000, file="x", file_done=1, file_total=2)
            await shows(pilot, "64 %")


async def test_a_mistake_in_the_settings_is_told_with_its_key_and_mending_it_goes_on(workspace: Workspace) -> None:
    toml = workspace.root / "console.toml"
    right = toml.read_text()
    toml.write_text(right.replace('disposition = "retiring"', 'disposition = "retired"'))
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "✖ settings console.toml, line 35, key")
        assert "symbols.ZHG.disposition" in flat(screen) and "Press e to mend it" in flat(screen)
        toml.write_text(right)
        await shows(pilot, "3 of 3")


async def test_a_later_mistake_keeps_the_last_good_settings_and_says_so(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        (workspace.root / "console.toml").write_text("[institution\n")
        screen = await shows(pilot, "✖ settings", "not TOML")
    assert "ZMD" in screen, "what was right before still shows"


async def test_e_lends_the_terminal_to_an_editor_or_says_where_the_file_is(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "e")
        await shows(pilot, "No editor here", "console.toml")


async def test_without_a_symbol_it_says_what_to_do(tmp_path: Path, held: HeldClock) -> None:
    empty = make_workspace(tmp_path / "w", '[institution]\nname = "Nobody [yet]"\n')
    app = console(Workspace(empty.root, "lts"))
    async with app.run_test(size=SIZE) as pilot:
        screen = await shows(pilot, "There is no symbol yet. Press e")
        assert "Nobody [yet]" in screen
        await press(pilot, "enter")
        assert toasts(app)


async def test_what_somebody_else_signs_appears_without_a_key(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "ZHG ✔ ◐")
        sign_off(workspace, "ZHG", "logins", workspace_day(), "all on the new login")
        await shows(pilot, "ZHG ✔ ✔ !")
        await settled(pilot)
        assert len(log.read(workspace)) == 7


def workspace_day() -> date:
    """A day that has passed on the stage."""
    return date(2020, 11, 2)


async def test_s_writes_the_status_for_the_committee_and_says_where(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "s")
        await until(pilot, lambda: any("exports/status-20201116.html" in toast for toast in toasts(app)))
    page = (workspace.root / "exports" / "status-20201116.html").read_text()
    assert "Rare books [and manuscripts]" in page and page.count("<section>") == 3
