"""The workbench: rejections found, marked, claimed, mended, taken back; one record with its remedy and its MARC as sent."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest
from textual.pilot import Pilot

from oclc_console.operations.import_reports import file_report
from oclc_console.store.desk import gather
from oclc_console.store.events import ReportFiled
from oclc_console.store.reviews import Change, Reviews
from oclc_console.store.standing import State
from oclc_console.workspace import Workspace
from tests.tui.conftest import console
from tests.tui.driving import Console, flat, press, shows, text_of, toasts, until

SIZE = (80, 24)
FIRST, SECOND = "220000000079999", "220000000099999"  # as the list stands: by severity, then by fault
STEM = "ZMD-ZMD.1000043.IN.BIB.D20201104.T041400000"
KEY = "ZMD_1000043_1604481240000"


def filed(workspace: Workspace, upload: str, exceptions: Sequence[str], outcomes: Sequence[str] = ()) -> None:
    """Files the reports of an upload, each given as its lines behind the record key."""
    for kind, lines in (("BibExceptionReport", exceptions), ("BibProcessingReport", outcomes)):
        if lines:
            body = "".join(f"{KEY}::bib::{line}\n" for line in lines).encode()
            done = file_report(workspace, f"{STEM}.{upload}.mrc.{kind}.txt", body, "ZMD")
            assert isinstance(done, ReportFiled), done


async def opened(pilot: Pilot[tuple[str, str]], *keys: str) -> str:
    """Goes to the workbench, and presses keys there."""
    await shows(pilot, "3 of 3")
    await press(pilot, "4", "a")
    screen = await shows(pilot, "Rejections 4 of 4 · to do")
    if keys:
        await press(pilot, *keys)
        app = pilot.app
        assert isinstance(app, Console)
        screen = text_of(app)
    return screen


@pytest.mark.slow
async def test_it_lists_what_is_to_do_worst_first_with_counts_and_denominators(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        screen = await opened(pilot)
        assert f"▌  {FIRST}     ✖ CRITICAL   · open        –        Hanguk [sajin]" in screen
        assert "By fault 2 · of 4 records" in screen and "Record is sparse [/x]." in screen
        assert "4 100 %" in screen
        assert "f: by library, state, severity, owner" in screen


async def test_a_wide_terminal_has_all_facets_the_library_and_what_the_record_is_about(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        screen = await opened(pilot)
        for facet in ("By fault 2", "By library 1", "By state 1", "By severity 1", "By owner 1"):
            assert f"{facet} · of 4 records" in screen
        assert "● to do" in screen and "nobody" in screen
        assert "Nobody has explained this sentence yet." in screen, "what mends the record under the cursor"
        assert "r Alma list" in screen.splitlines()[-1], "a wide key line has room for more keys"


@pytest.mark.slow
async def test_f_goes_through_the_facets_and_enter_shows_only_those_records(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "f")
        await press(pilot, "down", "enter")
        screen = await shows(pilot, "4 of 4 · to do · ")
        assert "$6 and 880" in screen or "Record is sparse" in screen
        await press(pilot, "f", "f", "f")
        await shows(pilot, "By state 1 · of 4 records")
        await press(pilot, "escape", "backspace")
        await shows(pilot, "Rejections 4 of 4 · to do ─")
        await press(pilot, "backspace")
        await shows(pilot, "Rejections 4 of 4 ─")


@pytest.mark.slow
async def test_the_filter_looks_everywhere_is_inverted_by_a_sign_and_an_empty_list_says_what_next(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "slash", *"220000000079999", "enter")
        await shows(pilot, f"Rejections 1 of 4 · to do · filter: {FIRST}")
        await press(pilot, "slash", "home", "!", "enter")
        await shows(pilot, f"Rejections 3 of 4 · to do · filter: !{FIRST}")
        await press(pilot, "slash", *["end"], *["backspace"] * 20, *"[no such] word", "enter")
        screen = await shows(pilot, "Rejections 0 of 4")
        assert "None of 4 records fits to do · filter: [no such] word. Press Backspace" in flat(screen)
        await press(pilot, "backspace")
        await shows(pilot, "Rejections 4 of 4 · to do ─")


async def test_claiming_a_record_shows_whose_it_is_and_z_takes_it_back(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "t")
        await shows(pilot, f"▌  {FIRST}     ✖ CRITICAL   ◐ claimed     lts")
        review = Reviews(workspace, "ZMD").get(FIRST)
        assert review is not None and (review.state, review.owner) == (State.CLAIMED, "lts")
        await press(pilot, "z")
        await shows(pilot, f"▌  {FIRST}     ✖ CRITICAL   · open        –")
        await press(pilot, "z")
        assert toasts(app)[-1] == "There is nothing of yours to take back."


async def test_marked_records_are_changed_together_and_closed_ones_leave_what_is_to_do(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "space", "down", "v")
        screen = await shows(pilot, "● 3 marked")
        assert screen.count("● 22") == 3
        await press(pilot, "A")
        await shows(pilot, "● 4 marked")
        await press(pilot, "s", "enter")
        screen = await shows(pilot, "✔ fixed")
        await until(pilot, lambda: text_of(pilot.app).count("✔ fixed       lts") == 4)  # type: ignore[arg-type]
        await press(pilot, "escape")
        await until(pilot, lambda: "marked" not in text_of(pilot.app))  # type: ignore[arg-type]
        await press(pilot, "o")
        screen = await shows(pilot, "Rejections 0 of 4 · to do")
        assert "Nothing is left here: none of 4 is to do. Press Backspace to see all." in flat(screen)
    assert all(review.state is State.FIXED and review.owner == "lts" for review in Reviews(workspace, "ZMD").all())


async def test_one_change_over_two_symbols_is_taken_back_by_one_key(workspace: Workspace) -> None:
    name = "ZLW-ZLW.1000021.IN.BIB.D20201104.T041400000.law.mrc.BibExceptionReport.txt"
    line = b"ZLW_1000021_1604481240000::bib::10|225550009999|1||Validation Error|CRITICAL|Record is sparse.\n"
    assert isinstance(file_report(workspace, name, line, "ZLW"), ReportFiled)
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a")
        await shows(pilot, "Rejections 5 of 5")
        await press(pilot, "A", "t")
        await until(pilot, lambda: text_of(app).count("◐ claimed     lts") == 5)
        await press(pilot, "z")
        await until(pilot, lambda: "◐ claimed" not in text_of(app).replace("▌ ◐ claimed", ""))
    assert all(review.owner is None for symbol in ("ZLW", "ZMD") for review in Reviews(workspace, symbol).all())


@pytest.mark.slow
async def test_a_note_stays_with_the_record_and_is_found_by_its_words(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "n", *"ask [the] =curator", "enter")
        await press(pilot, "slash", *"=curator", "enter")
        await shows(pilot, "Rejections 1 of 4 · to do · filter: =curator")
        await press(pilot, "enter")
        await shows(pilot, "What was done") if "What was done" in text_of(pilot.app) else await press(pilot, "end")  # type: ignore[arg-type]
        assert "lts “ask [the] =curator”" in flat(await shows(pilot, "“ask [the] =curator”"))


@pytest.mark.slow
async def test_what_somebody_else_has_is_left_alone_until_one_says_so(workspace: Workspace) -> None:
    theirs = Reviews(Workspace(workspace.root, "cat.b"), "ZMD")
    theirs.change([FIRST], Change(State.CLAIMED, "cat.b"))
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "A", "t")
        screen = await shows(pilot, "1 record left as it was")
        assert "Somebody else is at work there (cat.b has it: 1)." in flat(screen)
        await press(pilot, "n")
        await shows(pilot, f"{FIRST}     ✖ CRITICAL   ◐ claimed     cat.b", "◐ claimed     lts")
        await press(pilot, "t")
        await shows(pilot, "1 record left as it was")
        await press(pilot, "y")
        await shows(pilot, f"{FIRST}     ✖ CRITICAL   ◐ claimed     lts")


async def test_what_another_console_does_shows_up_by_itself(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot)
        Reviews(Workspace(workspace.root, "cat.b"), "ZMD").change([SECOND], Change(State.WAITING, "cat.b"))
        await shows(pilot, f"{SECOND}     ✖ CRITICAL   ◐ waiting     cat.b")
        await press(pilot, "f", "f", "f", "f", "f")
        await shows(pilot, "By owner 2 · of 4 records", "cat.b")


@pytest.mark.slow
async def test_a_report_that_comes_in_shows_up_while_the_workbench_is_open(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "down")
        filed(workspace, "new", ["10|220000009999999|1||Validation Error|CRITICAL|$b in 245 occurs too many times."])
        screen = await shows(pilot, "Rejections 5 of 5 · to do", "Something stands there more")
        assert f"▌  {SECOND}" in screen, "the cursor stays on its record"


@pytest.mark.slow
async def test_the_order_goes_by_column_can_be_turned_and_one_jumps_to_a_record(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, *["o"] * 6)
        await shows(pilot, "by LSN ↓", f"▌  {FIRST}")
        await press(pilot, "O")
        screen = await shows(pilot, "by LSN ↑")
        assert f"▌  {FIRST}" not in screen
        await press(pilot, "ctrl+g", *FIRST, "enter")
        await shows(pilot, f"▌  {FIRST}")
        await press(pilot, "ctrl+g", *"#1", "enter")
        await until(pilot, lambda: f"▌  {FIRST}" not in text_of(app))
        await press(pilot, "ctrl+g", *"12345", "enter")
        assert toasts(app)[-1].startswith("12345 is not among the 4 shown.")


async def test_r_writes_all_records_with_the_same_fault_to_one_list_for_alma_and_marks_them(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "down", "r")
        screen = await shows(pilot, "List for Alma: Record is sparse [/x].")
        assert "4 MMS ids of 4 records with the same fault stand in" in screen
        assert "exports/ZMD/20201116T091400Z-record-is-sparse-x-mms-ids.txt" in screen
        await press(pilot, "escape")
        await shows(pilot, "● 4 marked")
    (written,) = (workspace.root / "exports" / "ZMD").iterdir()
    heading, *ids = written.read_text().split()
    assert (f"{heading} {ids[0]}", len(ids)) == ("MMS ID", 5)
    assert all(mms.startswith("99") for mms in ids[1:])


async def test_c_copies_the_lsn_and_capital_c_the_ocn_that_was_sent_never_the_staging_number(workspace: Workspace) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "c")
        assert app.clipboard == FIRST
        await press(pilot, "C")
        assert app.clipboard == "52345002"
        await press(pilot, "enter", "C")
        await shows(pilot, "1390150802 is a staging number: never load it.")
        assert app.clipboard == "52345002"
    assert f"Copied LSN {FIRST}." in toasts(app)


@pytest.mark.slow
async def test_a_record_shows_what_oclc_wrote_its_remedy_and_its_marc_with_the_place_marked(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await opened(pilot, "enter")
        screen = await shows(pilot, "As sent · 1000037.zmd.vern.20201103.001.mrc", "▲▲ ▲▲▲▲▲▲")
        assert "! SEVERE  1st $6 in 1st 260 has invalid linking data." in screen
        assert "Give both fields of the pair the same number" in flat(screen)
        assert "✖ 260 ·· $6 880-03 $a Soul  ! its 880 is missing" in screen
        assert "880 10 $6 245-01 $a 한국 [사진]" in screen
        assert "by ␛[31mnobody" in screen, "outside text stands verbatim, ESC as a picture"
        assert "1 minor hidden, m shows them" in screen and "· minor" not in screen
        await press(pilot, "m")
        await shows(pilot, "· minor  1st $e in 1st 700 is not a relator term.", "minor shown")
        await press(pilot, "right_square_bracket")
        await shows(pilot, f"ZMD {SECOND}", "2 of 4")


@pytest.mark.slow
async def test_what_is_done_on_the_page_of_a_record_stands_in_its_history_and_in_the_list(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await opened(pilot, "enter", "t")
        screen = flat(await shows(pilot, "◐ claimed · lts"))
        assert "16 Nov 09:14 lts ◐ claimed, lts has it 3 Nov 09:14 OCLC refused it: unresolved" in screen
        await press(pilot, "right_square_bracket", "escape")
        await shows(pilot, f"▌  {SECOND}", "◐ claimed      lts")


async def test_a_record_whose_file_is_gone_says_why_it_can_not_be_shown(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / "outbox" / "ZMD")
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "enter")
        screen = await shows(pilot, "The record can't be shown")
    assert "is not in this workspace's outbox" in flat(screen)


async def test_records_with_only_minor_lines_are_hidden_and_counted_until_m(workspace: Workspace) -> None:
    filed(workspace, "fine", ["10|220000008889999|1||Validation Error|MINOR|1st $e in 1st 700 is not a relator term."],
          ["10|220000008889999|1|1|match"])
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a")
        screen = await shows(pilot, "Rejections 4 of 5", "1 minor hidden, m shows them")
        assert "220000008889999" not in screen
        await press(pilot, "m")
        await shows(pilot, "Rejections 5 of 5", "220000008889999", "minor shown")


@pytest.mark.slow
async def test_exact_duplicates_and_noise_are_folded_and_come_back_with_m(workspace: Workspace) -> None:
    same = "10|220000008889999|1||Validation Error|SEVERE|$b in 245 occurs too many times."
    filed(workspace, "folded", [same, same, same,
                                "10|220000008889999|1||Validation Error|SEVERE|Invalid subfield 1st $0 in 1st 264."])
    async with console(workspace).run_test(size=(160, 48)) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a")
        await shows(pilot, "Rejections 5 of 5")
        await press(pilot, "slash", *"220000008889999", "enter", "enter")
        screen = await shows(pilot, "$b in 245 occurs too many times.  x3", "1 minor hidden")
        assert "$0 in 1st 264" not in screen
        await press(pilot, "m")
        await shows(pilot, "Invalid subfield 1st $0 in 1st 264.")


async def test_enter_on_a_report_opens_its_records_whatever_became_of_them(workspace: Workspace) -> None:
    Reviews(workspace, "ZMD").change([FIRST, SECOND], Change(State.ACCEPTED))
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "down", "enter")
        await shows(pilot, "Rejections 2 of 4 · report exceptions of trusted 001")
        await press(pilot, "escape")
        await shows(pilot, "Reports 4")


async def test_the_workbench_opens_again_as_it_was_left(workspace: Workspace) -> None:
    async with console(workspace).run_test(size=SIZE) as pilot:
        await opened(pilot, "f", "f", "enter")
        await shows(pilot, "Rejections 4 of 4 · to do · MED")
        await press(pilot, "escape", "a")
        await shows(pilot, "Rejections 4 of 4 · to do · MED")


async def test_reports_that_reject_nothing_say_so(workspace: Workspace) -> None:
    shutil.rmtree(workspace.root / "reports")
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a")
        assert "there is nothing to mend" in toasts(app)[-1]


@pytest.mark.slow
async def test_twenty_thousand_rejections_open_page_by_page_and_are_claimed_in_one_act(workspace: Workspace) -> None:
    filed(workspace, "big", [f"{n * 10}|33{n:013d}|1||Validation Error|SEVERE|[/x] again" for n in range(1, 20_001)])
    gather(workspace, "ZMD")  # as at the end of an import
    async with console(workspace).run_test(size=SIZE) as pilot:
        await shows(pilot, "3 of 3")
        await press(pilot, "4", "a")
        await shows(pilot, "Rejections 20,004 of 20,004")
        await press(pilot, *["o"] * 6, "end")
        await shows(pilot, "330000000020000")
        await press(pilot, "home", "A")
        await pilot.press("t")
        await shows(pilot, "● 20,004 marked", "◐ claimed     lts")
    reviews = Reviews(workspace, "ZMD")
    assert sum(review.owner == "lts" for review in reviews.all()) == 20_004
    assert [act.count for act in reviews.acts()] == [20_004]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["enter", "t", "s", "n", "space", "r", "A", "c", "ctrl+g"])
async def test_a_dead_key_explains_itself(workspace: Workspace, key: str) -> None:
    app = console(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await opened(pilot, "slash", *"nothing like it", "enter")
        await shows(pilot, "Rejections 0 of 4")
        before = len(toasts(app))
        await press(pilot, key)
        assert len(toasts(app)) > before


