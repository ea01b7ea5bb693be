"""Rejections leave the console by keys and come home again: files, a list for Alma, a pack, and a merge with a conflict."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook
from textual.pilot import Pilot

from oclc_console.operations.open_pack import open_pack, put_back
from oclc_console.operations.pack import pack
from oclc_console.store.desk import Desk
from oclc_console.store.reviews import Change, Reviews
from oclc_console.store.standing import State
from oclc_console.tui.pack_app import PackApp
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import Console, flat, press, shows, text_of, toasts, until
from tests.tui.test_workbench import FIRST, SECOND, SIZE, opened


class PackConsole(PackApp, Console):
    """The console on a pack, remembering its toasts."""


async def chosen(pilot: Pilot[tuple[str, str]], row: int) -> str:
    """Exports in one of the ways, by its place in the list."""
    await press(pilot, "e")
    await shows(pilot, "table for a spreadsheet (XLSX)", "↵ Choose")
    await press(pilot, *["down"] * row, "enter")
    return await shows(pilot, "✔ Written")


@pytest.mark.slow
async def test_what_is_shown_is_written_as_it_is_filtered_and_what_is_marked_alone(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        assert "4 records in 1 file in exports" in await chosen(pilot, 0)
        (path,) = (workspace.root / "exports").rglob("*-rejections-todo.xlsx")
        cells = [[cell.value for cell in row] for row in load_workbook(path).active.iter_rows()]
        assert len(cells) == 5 and all(isinstance(row[2], str) for row in cells) and FIRST in [row[2] for row in cells]
        await press(pilot, "escape", "space", "e")
        await shows(pilot, "Write 1 record that is marked")
        await press(pilot, *["down"] * 9, "enter")
        assert "1 record, 1 id" in await shows(pilot, "✔ Written")
        assert {path.read_text() for path in (workspace.root / "exports").rglob("*-numbers.txt")} == {f"{FIRST}\n"}


@pytest.mark.slow
async def test_a_list_of_mms_ids_for_each_library_says_how_many_have_none(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        said = flat(await chosen(pilot, 7))
        assert "4 records in 1 file in exports/" in said and "library-MED-mms-ids.txt: 4 records, 4 ids" in said
        assert "In Alma: Manage Sets" in said
        (path,) = (workspace.root / "exports").rglob("library-MED-mms-ids.txt")
        assert path.read_text().splitlines()[1:] == [f"99{number:09d}9999" for number in (7, 9, 22, 24)]


@pytest.mark.slow
async def test_a_pack_is_made_under_the_name_that_was_typed(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "p")
        await shows(pilot, "Pack for a laptop", "MED-20201116.pack")
        await press(pilot, "enter", "enter")
        said = flat(await shows(pilot, "✔ Pack of MED"))
        assert "exports/MED-20201116.pack" in said and "oclc-console MED-20201116.pack" in said and "4 Reports, m" in said
        await press(pilot, "escape", "p", "enter", "enter")
        await shows(pilot, "MED-20201116.pack is there already: choose another name.")
        await press(pilot, "escape")
    assert open_pack(workspace.root / "exports" / "MED-20201116.pack").is_pack


def taken_along(workspace: Workspace, folder: Path) -> tuple[Path, Workspace]:
    """A pack that went to a laptop: its file there, and the workspace it opens as."""
    folder.mkdir()
    with Desk.open(workspace) as desk:
        desk.catch_up()
    path = pack(workspace, "MED", folder / "MED.pack").path
    return path, Workspace(open_pack(path).root, "cleo")


@pytest.mark.slow
async def test_a_pack_opens_on_its_rejections_and_the_other_places_say_why_they_are_empty(
    workspace: Workspace, tmp_path: Path
) -> None:
    file, laptop = taken_along(workspace, tmp_path / "laptop")
    shutil.rmtree(workspace.root)
    app = PackConsole(laptop, laptop.root)
    app.quick_seconds = app.quiet_seconds = 0.1
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "▸4 Reports", "Press a to see those.")
        await press(pilot, "1", "i", "m")
        assert "▸4 Reports" in text_of(app) and len(toasts(app)) == 3
        await press(pilot, "a")
        await shows(pilot, "Rejections 4 of 4 · to do")
        await press(pilot, "t", "p")
        await until(pilot, lambda: any("already" in said for said in toasts(app)))
        await shows(pilot, "◐ claimed     cleo")
        await press(pilot, "enter")
        assert "As sent" in await shows(pilot, "Hanguk [sajin]")
    assert put_back(laptop).written and file.is_file()


def worked_on_by_both(workspace: Workspace, laptop: Workspace) -> None:
    """Both sides set a state of the first record, and the laptop also one of the second."""
    away, home = Reviews(laptop, "ZMD"), Reviews(workspace, "ZMD")
    away.change([FIRST, SECOND], Change(State.FIXED, "cleo", note="mended in Alma"))
    home.change([FIRST], Change(State.WAITING, "lts", note="OCLC was asked"))
    put_back(laptop)


async def merging(pilot: Pilot[tuple[str, str]], file: Path) -> str:
    """Goes to what a pack brings."""
    await shows(pilot, "3 of 3")
    await press(pilot, "4")
    await shows(pilot, "exceptions in all")
    await press(pilot, "m")
    await shows(pilot, "Merge a pack")
    await press(pilot, *str(file), "enter")
    return await shows(pilot, "worked on by both")


@pytest.mark.slow
async def test_a_conflict_is_shown_with_both_sides_and_decided_on_screen(workspace: Workspace, tmp_path: Path) -> None:
    file, laptop = taken_along(workspace, tmp_path / "laptop")
    worked_on_by_both(workspace, laptop)
    home = Reviews(workspace, "ZMD")
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = flat(await merging(pilot, file))
        assert "1 record to take in · 0 with nothing new · 1 worked on by both" in screen
        assert f"! decide {FIRST}" in screen and "“OCLC was asked”" in screen and "“mended in Alma”" in screen
        await press(pilot, "y")
        await shows(pilot, "✔ Merged the pack of MED", "1 record worked on by both")
        assert home.get(SECOND) is not None and len(home.get(FIRST).history) == 1  # type: ignore[union-attr]
        await press(pilot, "escape", "y")
        await until(pilot, lambda: any("Decide first" in said for said in toasts(pilot.app)))  # type: ignore[arg-type]
        await press(pilot, "t")
        await shows(pilot, "✔ theirs")
        await press(pilot, "y")
        await shows(pilot, "✔ Merged the pack of MED", "1 record taken in.", "exceptions in all")
    one = home.get(FIRST)
    assert one is not None and one.state is State.FIXED
    assert {entry.note for entry in one.notes} == {"OCLC was asked", "mended in Alma"}, "its history tells both"


@pytest.mark.slow
async def test_all_conflicts_are_decided_for_one_side_by_one_key(workspace: Workspace, tmp_path: Path) -> None:
    file, laptop = taken_along(workspace, tmp_path / "laptop")
    worked_on_by_both(workspace, laptop)
    Reviews(workspace, "ZMD").change([SECOND], Change(State.ACCEPTED, "lts"))
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        assert "0 records to take in · 0 with nothing new · 2 worked on by both" in flat(await merging(pilot, file))
        await press(pilot, "t", "O")
        screen = await shows(pilot, "✔ theirs", "✔ ours")
        assert "to decide" not in screen
        await press(pilot, "y")
        await shows(pilot, "✔ Merged", "2 records taken in.")
    states = [review.state for review in Reviews(workspace, "ZMD").all() if review.key in (FIRST, SECOND)]
    assert states == [State.FIXED, State.ACCEPTED]


@pytest.mark.slow
async def test_a_pack_of_another_workspace_is_refused_with_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    file, _ = taken_along(workspace, tmp_path / "laptop")
    (workspace.root / "workspace.id").write_text("0" * 32)
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4")
        await shows(pilot, "exceptions in all")
        await press(pilot, "m", *str(file), "enter")
        await shows(pilot, "it was packed in another workspace")
