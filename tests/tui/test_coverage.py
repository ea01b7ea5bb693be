"""The coverage of a symbol: a waterfall whose every number has its rule and its records, and a remainder that is accepted only
with a reason."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from oclc_console.operations.prepare import prepare
from oclc_console.store import log
from oclc_console.store.runs import list_runs
from oclc_console.tui.coverage_words import bar_at, share
from oclc_console.tui.id_pages import PAGE
from oclc_console.tui.launch import Launched, Launcher
from oclc_console.tui.screens.coverage_ids import CoverageIdsScreen
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import flat, press, shows, text_of, toasts, until
from tests.tui.stage import HeldClock, ran, records

SIZE = (80, 24)
OPEN_ZMD = ("2", "right_square_bracket", "v")
OPEN_ZHG = ("2", "left_square_bracket", "v")


@dataclass
class Recorder(Launcher):
    """Starts nothing, remembers what it was asked."""

    asked: list[Sequence[str]] = field(default_factory=list)

    def start(self, workspace: Workspace, *arguments: str) -> Launched:
        """Remembers, and starts a process that only says that it ran."""
        self.asked.append(arguments)
        return Launcher(command=("true",)).start(workspace, *arguments)


def refused(workspace: Workspace) -> Path:
    """The folder of the run that stands refused."""
    return list_runs(workspace, "prepare", "ZHG")[-1].path


def with_ledger(workspace: Workspace, beside: Path) -> None:
    """As if the refused run had kept its ledger: that of an accepted run over the same file."""
    shutil.copytree(workspace.root, beside)
    twin = Workspace(beside, "lts")
    source = twin.at("inbox", "ZHG") / "RBK_2020111608_1.mrc"
    ran(twin, prepare(twin, "ZHG", [source], accept_unrouted="to get its ledger"))
    (ledger,) = (beside / "ledger" / "ZHG").glob("*.parquet")
    shutil.copy(ledger, refused(workspace) / "ledger.parquet")


async def test_the_waterfall_shows_every_number_with_its_share_and_a_bar(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD)
        screen = await shows(pilot, "ZMD Medical library · Coverage", "Alma counted 30: the same")
        assert "▌= in set                                         30   100 % ████████████████" in screen
        assert "→ stream      Trusted OCN                        10  33.3 %      █████▍" in screen
        assert "✔ unrouted                                        0     0 %" in screen
        assert "in set 30 = excluded 0 + quarantined 0 + unrouted 0 + routed 30 (double 0)" in screen
        assert "Counted 3 Nov 08:12 by lts: ✔ done." in screen
        await press(pilot, "down", "down")
        screen = await shows(pilot, "10 of 30 records")
        assert "Collection 1000037: kept when there is an 880, and never when there is an 843." in flat(screen)


async def test_a_wide_terminal_has_the_rules_beside_the_bars(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD)
        await shows(pilot, "█" * 40, "collection 1000034: kept when there is an 843")


@pytest.mark.slow
async def test_enter_lists_the_records_of_the_part_and_slash_filters_them(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD, "down", "down", "enter")
        screen = await shows(pilot, "ZMD · stream:Vernacular · 10 of 10 records", "▌990000000019999")
        assert "220000000019999" in screen and "MED_2020110208_1.mrc" in screen
        assert "stream to vern record 1 of MED_2020110208_1.mrc" in flat(screen)
        await press(pilot, "slash", *"000000049", "enter")
        screen = await shows(pilot, "1 of 10 records · filter: 000000049", "▌990000000049999")
        await press(pilot, "slash", *["backspace"] * 9, *"nowhere", "enter")
        await shows(pilot, "No record holds 'nowhere'. Press / and then Esc to see all 10.")
        await press(pilot, "slash", "escape")
        await shows(pilot, "10 of 10 records")
        await press(pilot, "c")
        assert toasts(pilot.app)[-1] == "Copied LSN 220000000019999."  # type: ignore[arg-type]
        await press(pilot, "escape")
        await shows(pilot, "Medical library · Coverage")


async def test_thousands_of_records_are_read_page_by_page(workspace: Workspace, held: HeldClock) -> None:
    source = workspace.at("inbox", "ZMD") / "more.mrc"
    source.write_bytes(records(10_000, 3_000))
    ran(workspace, prepare(workspace, "ZMD", [source]))
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD, "enter")
        await shows(pilot, "ZMD · in set · 3,030 of 3,030 records", "▌990000000019999")
        await press(pilot, "end")
        await shows(pilot, "▌990000129999999", "record 3,000 of more.mrc")
        screen = app.screen
        assert isinstance(screen, CoverageIdsScreen) and screen._pages is not None
        assert len(screen._pages._pages) * PAGE < 1_000, "only what was looked at"


@pytest.mark.slow
@pytest.mark.parametrize(("choice", "ending", "heading"), [
    ((), "-stream-vernacular.csv", "mms id"), (("down",), "-stream-vernacular-mms-ids.txt", "MMS ID")])
async def test_x_writes_the_records_and_says_where(
    workspace: Workspace, choice: tuple[str, ...], ending: str, heading: str
) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD, "down", "down", "x")
        await shows(pilot, "Write stream:Vernacular of ZMD as", "Alma list")
        await press(pilot, *choice, "enter")
        await until(pilot, lambda: any(ending in said for said in toasts(app)))
    (path,) = (workspace.root / "exports" / "ZMD").iterdir()
    assert toasts(app)[-1] == f"exports/ZMD/{path.name}"
    with open(path, newline="", encoding="utf-8") as handle:
        first, *lines = csv.reader(handle)
    assert first[0] == heading and len(lines) == 10 and lines[0][0] == "990000000019999"


@pytest.mark.slow
async def test_what_a_filter_leaves_is_what_is_written(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD, "enter", "slash", *"00000004", "enter", "x", "enter")
        await until(pilot, lambda: any("exports/ZMD" in said for said in toasts(app)))
    (path,) = (workspace.root / "exports" / "ZMD").iterdir()
    assert len(path.read_text().splitlines()) == 2


async def test_a_refused_remainder_stands_out_and_leads_to_its_records(workspace: Workspace, tmp_path: Path) -> None:
    with_ledger(workspace, tmp_path / "beside")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZHG, "end", "up")
        screen = flat(await shows(pilot, "▌✖ unrouted", "1 of 5 records"))
        assert "Counted 16 Nov 08:24 by lts: ✖ refused. Nothing of it is in the outbox." in screen
        assert "Press e to mend the rules in console.toml and prepare again, or a to go on with a reason." in screen
        assert "sent as ZMD" in screen
        await press(pilot, "enter")
        await shows(pilot, "ZHG · unrouted · 1 of 1 record", "▌990000007049999")


async def test_a_refused_run_without_a_ledger_says_that_there_are_no_ids(workspace: Workspace) -> None:
    (refused(workspace) / "ledger.parquet").unlink(missing_ok=True)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZHG, "end", "up")
        screen = await shows(pilot, "▌✖ unrouted", "→ routed")
        assert "It kept no ledger: numbers, but no ids." in flat(screen)
        assert "Vernacular" not in screen, "how many went to each stream is not known, which is not 0"
        await press(pilot, "enter")
        assert "unrouted.csv" in toasts(app)[-1]


async def test_accepting_asks_for_a_reason_and_gives_the_same_command_again(workspace: Workspace) -> None:
    recorder = Recorder()
    async with console(workspace, launcher=recorder).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZHG, "a")
        await shows(pilot, "Accept for ZHG", "1 of 5 records go to no stream")
        await press(pilot, "enter")
        await shows(pilot, "Say in a few words why.")
        assert not recorder.asked
        await press(pilot, *"-a [test]", "enter")
    ((verb, symbol, file, reason),) = recorder.asked
    assert (verb, symbol, reason) == ("prepare", "ZHG", "--accept-unrouted=-a [test]")
    assert file.endswith("RBK_2020111608_1.mrc")


@pytest.mark.slow
async def test_what_was_accepted_is_in_the_log_and_stands_refused_no_more(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZHG, "a", *"a duplicate", "enter")
        screen = await shows(pilot, "! unrouted", "by lts: ✔ done")
        assert "What is unrouted or double was accepted: a duplicate." in flat(screen)
        await press(pilot, "a")
        assert any("Nothing stands refused here" in toast for toast in toasts(app))
    last = log.read(workspace)[-1]
    assert (last.act, last.symbol, last.by, last.data["reason"]) == ("prepare.accepted", "ZHG", "lts", "a duplicate")


@pytest.mark.slow
async def test_r_goes_from_run_to_run_and_back_to_all_of_them(workspace: Workspace, held: HeldClock) -> None:
    app = console(workspace)
    source = workspace.at("inbox", "ZMD") / "more.mrc"
    source.write_bytes(records(100, 3))
    ran(workspace, prepare(workspace, "ZMD", [source], set_count=4))
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD)
        await shows(pilot, "Coverage · 2 runs together", "Alma counted 34: 1 missing here", "Counted by 2 runs")
        await press(pilot, "r")
        await shows(pilot, "Coverage · run 1 of 2", "Alma counted 30: the same")
        await press(pilot, "r")
        await shows(pilot, "Coverage · run 2 of 2", "Alma counted 4: 1 missing here", "3 of 3 records")
        await press(pilot, "enter")
        await shows(pilot, "ZMD · in set · 3 of 3 records")
        await press(pilot, "escape", "r")
        await shows(pilot, "2 runs together")


@pytest.mark.slow
async def test_nothing_prepared_yet_says_what_to_do(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "2", "v")
        await shows(pilot, "Nothing of ZLW was prepared yet. Press 3 and then p to prepare Alma's files.")
        await press(pilot, "enter")
        assert "Nothing was prepared yet" in toasts(app)[-1]
        await press(pilot, "right_square_bracket")
        await shows(pilot, "ZMD Medical library · Coverage")
        await press(pilot, "r")
        assert "in one run" in toasts(app)[-1]
        await press(pilot, "end", "enter")
        assert toasts(app)[-1] == "There is no record in double."
        await press(pilot, "escape")
        await shows(pilot, "ZMD Medical library · Checklist")


async def test_a_damaged_ledger_is_told_and_the_console_goes_on(workspace: Workspace) -> None:
    for path in (workspace.root / "ledger" / "ZMD").glob("*-prepare-*.parquet"):
        path.write_bytes(b"PAR1 nothing PAR1")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, *OPEN_ZMD)
        await shows(pilot, "✖ the coverage", "can't be read")
        await press(pilot, "escape", "escape")
        assert "Checklist" in text_of(app)


@pytest.mark.parametrize(("start", "count", "whole", "drawn"), [
    (0, 80, 80, "██████████"), (0, 0, 80, ""), (0, 1, 1_000_000, "▏"), (40, 20, 80, "     ██▌"),
    (999_999, 1, 1_000_000, "         ▏"), (0, 12, 80, "█▌"), (79, 1, 80, "         ▏"),
])
def test_a_bar_begins_where_the_one_before_ended_and_is_never_too_small_to_see(
    start: int, count: int, whole: int, drawn: str
) -> None:
    assert bar_at(start, count, whole, 10) == drawn


@pytest.mark.parametrize(("count", "whole", "said"), [
    (0, 10, "0 %"), (1, 10_000_000, "<0.1 %"), (9_999_999, 10_000_000, "99.9 %"), (10, 10, "100 %"), (1, 3, "33.3 %")])
def test_a_share_is_never_nothing_for_some_nor_all_for_not_all(count: int, whole: int, said: str) -> None:
    assert share(count, whole) == said
