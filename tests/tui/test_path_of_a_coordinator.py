"""A coordinator's whole path through the checklist, by keyboard, on the smallest terminal: a symbol that is retained, one that
others go into, and one that retires."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from oclc_console.operations.checklist import checklist
from oclc_console.project.milestones import MILESTONES
from oclc_console.project.tasks import Step
from oclc_console.store import log
from oclc_console.workspace import Workspace, make_workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of
from tests.tui.stage import HeldClock

TOML = """
[institution]
name = "Example University Library"
[exchange]
host = "rehearsal"
[symbols.ZDO]
name = "Museum and garden library"
disposition = "retained"
[symbols.ZUL]
name = "University-wide"
disposition = "target"
[symbols.ZLS]
name = "Main stacks"
disposition = "retiring"
successor = "ZUL"
"""
# what a person knows and the console doesn't: typed on the way, at the task it belongs to
TYPED = {"no-shared-logins": ("0", "survey"), "save-file-empty": ("0", "Connexion"), "pause-updates": ("2020-11-02", "OCLC"),
         "loans-returned": ("0", "ILL system"), "updates-on": ("2020-11-16", "OCLC")}


@pytest.fixture
def ws(tmp_path: Path, held: HeldClock) -> Workspace:
    make_workspace(tmp_path / "w", TOML)
    return Workspace(tmp_path / "w", "jdoe")


@pytest.mark.parametrize(("symbol", "keys", "tasks", "milestones"), [
    pytest.param("ZDO", (), 38, "12356", marks=pytest.mark.slow),
    pytest.param("ZUL", ("right_square_bracket",), 39, "12356", marks=pytest.mark.slow),
    ("ZLS", ("left_square_bracket",), 41, "123456"),
])
async def test_from_the_first_task_to_the_last_by_keyboard(
    ws: Workspace, symbol: str, keys: tuple[str, ...], tasks: int, milestones: str
) -> None:
    async with console(ws).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", *keys)
        await shows(pilot, f"{symbol} ")
        while (steps := checklist(ws, symbol).steps):
            await _one_step(pilot, ws, symbol, steps)
        screen = await shows(pilot, "6 of 6 behind")
        assert "Next: nothing: all of it is behind." in screen
    found = checklist(ws, symbol)
    assert len(found.tasks) == tasks and not any(state.is_open for state in found.tasks)
    assert _signed_in_order(ws) == milestones
    assert all(state.state in ("done", "not_applicable") for state in found.milestones)
    assert all(line.by == "jdoe" and line.symbol == symbol for line in log.read(ws)) and log.verify(ws).ok


async def _one_step(pilot: Pilot[tuple[str, str]], ws: Workspace, symbol: str, steps: tuple[Step, ...]) -> None:
    """Does what the cursor stands on, which is what the screen says is next: reads it, enters what is known, signs."""
    step = steps[0]
    screen = await _on(pilot, ws, symbol, steps)
    title = next((stone.title for stone in MILESTONES if stone.id == step.id), step.title)
    assert f"Waits for {step.on}" in flat(screen)
    if step.id in TYPED:
        value, source = TYPED[step.id]
        await press(pilot, "i", *value, "enter", *source, "enter", "enter", "enter")
        await shows(pilot, "✔ shown" if step.id != "pause-updates" else source)
    if step.id == "freeze-agreed":
        await press(pilot, "p", *"2021-01-04", "enter")
        await shows(pilot, "; planned 4 Jan 21")
    if step.id == "tell-resource-sharing":
        await press(pilot, "c")
        await shows(pilot, "Waits for jdoe")
    if step.id == "lhr-publishing":
        await press(pilot, "n", *"no LHRs", "enter")
    else:
        await press(pilot, "s")
        await shows(pilot, f"Sign off {symbol}: ", "Completed on")
        await press(pilot, "enter")
    assert step.id not in {each.id for each in checklist(ws, symbol).steps}, f"{title} was signed\n{text_of(pilot.app)}"  # type: ignore[arg-type]


async def _on(pilot: Pilot[tuple[str, str]], ws: Workspace, symbol: str, steps: tuple[Step, ...]) -> str:
    """The screen once the cursor stands on the first step."""
    stone = next((each for each in MILESTONES if each.id == steps[0].id), None)
    title = f"{stone.number} {stone.title}" if stone else steps[0].title
    screen = text_of(pilot.app)  # type: ignore[arg-type]
    if f"╭─ {title} ─" not in screen:
        await press(pilot, "full_stop")
    return await shows(pilot, f"╭─ {title} ─")


def _signed_in_order(ws: Workspace) -> str:
    """The numbers of the milestones in the order in which they were signed."""
    numbers = {stone.id: stone.number for stone in MILESTONES}
    return "".join(str(numbers[line.data["milestone"]]) for line in log.read(ws) if line.act == "milestone.done")
