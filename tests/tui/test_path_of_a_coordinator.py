"""A coordinator's whole path by keyboard, on the smallest terminal, for a symbol that is retained, one that others go into, and
one that retires: every task and milestone signed, what people know entered on the way, and the gate before what can't be undone
passed by two people at two consoles."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from oclc_console.operations.boards import board
from oclc_console.operations.checklist import checklist
from oclc_console.operations.entering import enter
from oclc_console.operations.signing import gate
from oclc_console.project.milestones import MILESTONES
from oclc_console.project.tasks import Step
from oclc_console.store import log
from oclc_console.workspace import Workspace, make_workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts, until
from tests.tui.stage import HeldClock

TOML = """
[institution]
name = "Example University Library"
[exchange]
host = "rehearsal"
[people.jdoe]
name = "Coordinator"
roles = ["coordinator"]
[people.asmith]
name = "Second coordinator"
roles = ["coordinator"]
[symbols.ZDO]
name = "Museum and garden library"
disposition = "retained"
libraries = ["GDN"]
[symbols.ZUL]
name = "University-wide"
disposition = "target"
libraries = ["NET"]
[symbols.ZLS]
name = "Main stacks"
disposition = "retiring"
successor = "ZUL"
"""
EXPORT = "2020-09-18"
# what a person knows and the console doesn't: typed on the way, at the task it belongs to
TYPED = {
    "no-shared-logins": ("0", "survey"), "constant-data": ("yes", "Connexion"), "save-file-empty": ("0", "Connexion"),
    "old-logins-closed": ("0", "OCLC's list"), "pause-updates": ("2020-11-02", "OCLC"),
    "withdrawals-frozen": ("2020-09-14", "mail"), "supplier-no": ("2020-11-09", "Policies Directory"),
    "loans-returned": ("0", "ILL system"), "holdings-counted": ("330,000", "OCLC"), "left-out-signed": ("the director", "mail"),
    "lhr-choice": ("keep", "minutes"), "cutoff-proposed": (EXPORT, "OCLC's mail"), "old-lhrs-listed": ("yes", "OCLC's list"),
    "feeds-repointed": ("yes", "vendors"), "retirement-announced": ("yes", "mail"), "updates-on": ("2020-11-16", "OCLC")}
LIBRARIES = {"ZDO": "GDN", "ZUL": "NET"}
# what the console computes of its own files and reports, which went through none here: so much was sent, and all came back
BEFORE: dict[str, int | str] = {
          "files_prepared": 5, "files_sent": 5, "files_in_doubt": 0, "files_refused": 0, "files_reported": 5, "sent": 315_653,
          "accounted": 315_653, "not_reported": 0, "reruns_unsettled": 0, "unresolved": 1_070, "data_errors": 0,
          "ocn_changed": 1_504, "ocn_changes_reviewed": 1_504, "excluded": 2_603, "quarantined": 0, "unrouted": 0,
          "extraction_day": EXPORT, "newest_report_day": "2020-09-28", "holdings_refreshed": 314_564}
GATED = {"cutoff-approved": "scan-delete", "retired": "retire"}
TO_TYPE = {"cutoff-approved": EXPORT, "retired": "2020-11-16"}


@pytest.fixture
def ws(tmp_path: Path, held: HeldClock) -> Workspace:
    make_workspace(tmp_path / "w", TOML)
    found = Workspace(tmp_path / "w", "jdoe")
    for symbol in found.settings.symbols:
        for key, value in BEFORE.items():
            enter(found, symbol, key, value, "done before there was a console", "2020-10-01")
    return found


@pytest.mark.parametrize(("symbol", "keys", "tasks", "milestones"), [
    pytest.param("ZDO", (), 38, "12356", marks=pytest.mark.slow),
    pytest.param("ZUL", ("right_square_bracket",), 39, "12356", marks=pytest.mark.slow),
    ("ZLS", ("left_square_bracket",), 41, "123456"),
])
async def test_from_the_first_task_to_the_last_by_keyboard(
    ws: Workspace, symbol: str, keys: tuple[str, ...], tasks: int, milestones: str
) -> None:
    known = log.head(ws).seq
    async with console(ws).run_test(size=(80, 24)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", *keys)
        await shows(pilot, f"{symbol} ")
        while (steps := checklist(ws, symbol).steps):
            await _one_step(pilot, ws, symbol, steps, keys)
        screen = await shows(pilot, "6 of 6 behind")
        assert "Next: nothing: all of it is behind." in screen
    found = checklist(ws, symbol)
    assert len(found.tasks) == tasks and not any(state.is_open for state in found.tasks)
    assert _signed_in_order(ws) == milestones
    assert all(state.state in ("done", "not_applicable") for state in found.milestones)
    lines = [line for line in log.read(ws) if line.seq > known]
    assert {line.symbol for line in lines} == {symbol} and log.verify(ws).ok
    assert [line.by for line in lines if line.act == "gate.signed"] == ["jdoe", "asmith"]
    assert {line.by for line in lines if line.act != "gate.signed"} == {"jdoe"}
    assert not any(line.data.get("gate_open") for line in lines), "nothing was signed past a gate"
    (row,) = (row for row in board(ws, "retire" if symbol == "ZLS" else "scan-delete").rows if row.symbol == symbol)
    assert (row.state, row.waits_for, row.since) == ("done", "", "2020-11-16")


async def _one_step(pilot: Pilot[tuple[str, str]], ws: Workspace, symbol: str, steps: tuple[Step, ...],
                    keys: tuple[str, ...]) -> None:
    """Does what the cursor stands on, which is what the screen says is next: reads it, enters what is known, signs."""
    step = steps[0]
    screen = await _on(pilot, ws, symbol, steps)
    title = next((stone.title for stone in MILESTONES if stone.id == step.id), step.title)
    assert f"Waits for {step.on}" in flat(screen)
    known = TYPED | {"leftovers-accepted": (LIBRARIES.get(symbol, ""), "mail")}
    if step.id in known:
        value, source = known[step.id]
        await press(pilot, "i", *value, "enter", *source, "enter", "enter", "enter")
        await until(pilot, lambda: log.read(ws)[-1].data.get("source") == source, f"evidence for {step.id}")
    if step.id == "freeze-agreed":
        await press(pilot, "p", *"2021-01-04", "enter")
        await shows(pilot, "; planned 4 Jan 21")
    if step.id == "tell-resource-sharing":
        await press(pilot, "c")
        await shows(pilot, "Waits for jdoe")
    if step.id in GATED:
        await _gate(pilot, ws, symbol, step.id, keys)
    if step.id == "lhr-publishing":
        await press(pilot, "n", *"no LHRs", "enter")
    else:
        await press(pilot, "s")
        await shows(pilot, f"Sign off {symbol}: ", "Completed on")
        await press(pilot, "enter")
    assert step.id not in {each.id for each in checklist(ws, symbol).steps}, f"{title} was signed\n{text_of(pilot.app)}"  # type: ignore[arg-type]


async def _gate(pilot: Pilot[tuple[str, str]], ws: Workspace, symbol: str, task: str, keys: tuple[str, ...]) -> None:
    """Passes the gate before the step: one person signs here, another at a console of their own that is open beside it."""
    await shows(pilot, f"◐ Two people pass the gate {GATED[task]} first: press g.")
    await press(pilot, "s", "enter")
    await shows(pilot, f"! Two people have yet to pass the gate {GATED[task]}: Esc, then g.", "✖ First two people pass")
    await press(pilot, "escape", "g")
    if GATED[task] == "scan-delete":
        await shows(pilot, "✖ closed: 1 of 11 red", "▌✖ red        withdrawn")
        await press(pilot, "s")
        assert toasts(pilot.app)[-1] == "1 condition is red: withdrawn."  # type: ignore[arg-type]
        await press(pilot, "i", "enter", *"0", "enter", *"the units", "enter", "enter", "enter")
    await shows(pilot, "◐ two people sign")
    await press(pilot, "s", *symbol, "enter", *TO_TYPE[task], "enter", "enter")
    await shows(pilot, "Now a second person signs")
    await press(pilot, "escape")
    await shows(pilot, "◐ a second person signs, after jdoe")
    async with console(Workspace(ws.root, "asmith")).run_test(size=(80, 24)) as colleague:
        await shows(colleague, "3 of 3")
        await press(colleague, "2", *keys, "g")
        await shows(colleague, "◐ a second person signs, after jdoe")
        await press(colleague, "s", *symbol, "enter", *TO_TYPE[task], "enter", "enter")
        await shows(colleague, "✔ signed by jdoe and asmith")
    await shows(pilot, "✔ signed by jdoe and asmith")
    passed = gate(ws, GATED[task], symbol).passed
    assert passed is not None and (passed.first.by, passed.second.by) == ("jdoe", "asmith")
    await press(pilot, "escape")
    await shows(pilot, f"{symbol} ")


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
