"""The whole life of two rejections through the console itself, with the rehearsal's server running: both are claimed and said
to be fixed; the next upload's report confirms the one that was mended, and brings back the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from oclc_console.marc.record import take_apart
from oclc_console.rehearsal.labels import Label, digest_of, write_labels
from oclc_console.store.reviews import Reviews
from oclc_console.store.runs import list_runs
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace, make_workspace
from tests.operations.stage import holding, rehearsing, trusted, write
from tests.tui.driving import Console, flat, press, shows, text_of, until

TOML = """
[institution]
name = "Example University Library"
suffix = "9999"
[exchange]
host = "rehearsal"
[symbols.ZAA]
name = "Everything"
libraries = ["MED"]
[[symbols.ZAA.streams]]
name = "All"
word = "all"
collection = "1000001"
"""
GOOD, MENDED, FORGOTTEN = 1, 2, 3
SENTENCE = "Invalid code in 1st $2 in 1st 650."


def lsn(number: int) -> str:
    """The local number of a record."""
    return f"22{number:010d}9999"


def subject(number: int, code: str) -> bytes:
    """A record with a number and a subject whose $2 names a vocabulary."""
    return holding(number, (b"079", b"  \x1fa%d" % (1000 + number)), (b"650", b" 7\x1faRivers.\x1f2" + code.encode()))


def labelled(number: int, raw: bytes) -> Label:
    """What makes the stand-in OCLC reject this record for as long as its 650 stays as it is."""
    record = take_apart(raw)
    pairs = list(zip(record.tags, record.fields, strict=True))
    return Label(lsn(number), "code", ("650",), digest_of(record.leader, pairs, ("650",)), "unresolved",
                 (("SEVERE", SENTENCE),))


async def goes_through(pilot: Pilot[tuple[str, str]], workspace: Workspace, verb: str, *keys: str) -> None:
    """Starts an operation by its keys and waits until it is done."""
    app = pilot.app
    assert isinstance(app, Console)
    before = len(list_runs(workspace, verb, "ZAA"))
    await press(pilot, "3", *keys)
    for _ in range(8):  # `until` has its own patience; processes on a busy machine need more
        if len(runs := list_runs(workspace, verb, "ZAA")) > before and runs[-1].state == "done":
            break
        await pilot.pause(0.5)
    await until(pilot, lambda: [run.state for run in list_runs(workspace, verb, "ZAA")][before:] == ["done"], verb)


async def sent_and_answered(pilot: Pilot[tuple[str, str]], workspace: Workspace, reports: int) -> None:
    """Prepares what Alma published last, uploads it and fetches until so many reports are here."""
    await goes_through(pilot, workspace, "prepare", "p", "enter", "enter")
    await goes_through(pilot, workspace, "upload", "u", "enter", "enter")
    for _ in range(20):
        await goes_through(pilot, workspace, "fetch", "f", "enter")
        if len(list((workspace.root / "reports" / "ZAA").glob("*.txt"))) >= reports:
            return
    raise AssertionError("no report came")


@pytest.mark.slow
async def test_one_fix_is_confirmed_by_the_next_report_and_one_comes_back(tmp_path: Path) -> None:
    make_workspace(tmp_path / "workspace", TOML)
    workspace = Workspace(tmp_path / "workspace", "cat.a")
    inbox = workspace.at("inbox", "ZAA")
    broken = {number: subject(number, "fastt") for number in (MENDED, FORGOTTEN)}
    write(inbox / "ZAA_1_new.mrc", trusted(GOOD), *broken.values())
    with rehearsing(workspace):
        write_labels(workspace.rehearsal, [labelled(number, raw) for number, raw in broken.items()])
        app = Console(workspace, workspace.root)
        app.quick_seconds = app.quiet_seconds = 0.1
        async with app.run_test(size=(100, 30)) as pilot:
            await shows(pilot, "1 of 1")
            await sent_and_answered(pilot, workspace, 2)

            await press(pilot, "4", "a")
            screen = await shows(pilot, "Rejections 2 of 2 · to do", "$2 names no vocabulary")
            assert screen.count("! SEVERE     · open") == 2
            await press(pilot, "A", "t")
            await until(pilot, lambda: text_of(app).count("◐ claimed     cat.a") == 2)
            await press(pilot, "escape", "enter")
            await shows(pilot, SENTENCE, "▲▲ ▲▲▲▲▲")
            await press(pilot, "escape", "A", "s", "enter")
            await until(pilot, lambda: text_of(app).count("✔ fixed       cat.a") == 2)

            (inbox / "ZAA_1_new.mrc").unlink()
            write(inbox / "ZAA_2_new.mrc", trusted(GOOD), subject(MENDED, "fast"), broken[FORGOTTEN])
            await sent_and_answered(pilot, workspace, 4)

            await press(pilot, "4", "a")
            await shows(pilot, "Rejections 1 of 2 · to do", f"{lsn(FORGOTTEN)}    ! SEVERE     ! came back   cat.a")
            await press(pilot, "enter")
            screen = flat(await shows(pilot, "! came back · cat.a"))
            assert "1 of 2 uploads" in screen
            await press(pilot, "escape", "backspace")
            await shows(pilot, "Rejections 2 of 2", f"{lsn(MENDED)}    ! SEVERE     ✔ confirmed   cat.a")
            await press(pilot, "ctrl+g", *lsn(MENDED), "enter", "enter", "end")
            await shows(pilot, "OCLC took it: match", "cat.a ✔ fixed", "cat.a ◐ claimed")
    reviews = Reviews(workspace, "ZAA")
    for number in (MENDED, FORGOTTEN):
        review = reviews.get(lsn(number))
        assert review is not None and review.state is State.FIXED, "confirmed and came back are nobody's words but OCLC's"
