"""A library's rejections in one file: out to a laptop, worked on there, and home again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oclc_console.errors import CallError, InputError
from oclc_console.operations.merge_pack import Merged, merge
from oclc_console.operations.open_pack import open_pack, put_back
from oclc_console.operations.pack import pack
from oclc_console.operations.record_as_sent import record_as_sent
from oclc_console.store import log
from oclc_console.store.desk import Desk, Filter
from oclc_console.store.reviews import Change, Reviews
from oclc_console.store.standing import BY_PEOPLE, Entry, State
from oclc_console.workspace import Workspace
from tests.reports.rejected import EPOCH, answer, console, lsn, rejected, told

FIXED, ACCEPTED = Change(State.FIXED), Change(State.ACCEPTED)
MED = [lsn(number) for number in (1, 2, 4, 5, 7, 8, 10, 11, 13)]


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    """A workspace with nine rejected records of MED and four of LAW, of which somebody claimed one before any pack."""
    workspace = rejected(tmp_path)
    change(workspace, 4, Change(State.CLAIMED, "ada", "mine"), "ada")
    return workspace


def change(workspace: Workspace, number: int, what: Change, who: str) -> None:
    done = Reviews(workspace, "ZUL").change([lsn(number)], what, who, take_over=True)
    assert done.done == (lsn(number),)


def history(workspace: Workspace, number: int) -> tuple[Entry, ...]:
    review = Reviews(workspace, "ZUL").get(lsn(number))
    return review.history if review else ()


def state(workspace: Workspace, number: int) -> State:
    with Desk.open(workspace) as desk:
        (one,) = desk.rejections([("ZUL", lsn(number))])
        return one.state


def carried(office: Workspace, folder: Path) -> tuple[Path, Workspace]:
    """A pack of MED on a laptop: its file, and the workspace it opens as."""
    made = pack(office, "MED", office.root / "MED.pack")
    assert (made.about.records, made.sent, made.not_sent) == (9, 9, ())
    folder.mkdir()
    file = Path(shutil.copy(made.path, folder))
    return file, open_pack(file)


# out


def test_a_pack_opens_with_all_that_is_known_of_the_librarys_records_and_nothing_else(
    office: Workspace, tmp_path: Path
) -> None:
    _, laptop = carried(office, tmp_path / "laptop")
    with Desk.open(office) as here, Desk.open(laptop) as there:
        assert not there.behind and not there.catch_up(), "there are no reports to gather from, and none is missed"
        which = Filter(library="MED", minor=True)
        assert list(there.query(Filter(minor=True))) == list(here.query(which)) and len(here.query(which)) == 9
        for ref in here.query(which).refs():
            one, packed = here.record(ref), there.record(ref)
            assert one is not None and packed is not None
            assert (one.rejection, one.review) == (packed.rejection, packed.review)
            for seen, packed_seen in zip(one.appearances, packed.appearances, strict=True):
                assert [said.text for said in seen.complaints] == [said.text for said in packed_seen.complaints]
                for said, packed_said in zip(seen.complaints, packed_seen.complaints, strict=True):
                    assert here.document("ZUL", said) == there.document("ZUL", packed_said)
        assert there.counts("library", Filter(minor=True))[0].value == "MED" and len(there.counts("library")) == 1


def test_every_record_is_shown_as_it_was_sent(office: Workspace, tmp_path: Path) -> None:
    answer(office, EPOCH + 3_600_000)  # a second run of the same upload
    _, laptop = carried(office, tmp_path / "laptop")
    with Desk.open(laptop) as desk:
        for one in desk.query(Filter(minor=True)):
            sent = record_as_sent(laptop, one.symbol, one.upload, one.end, one.lsn)
            assert sent.found and sent == record_as_sent(office, one.symbol, one.upload, one.end, one.lsn)
            assert record_as_sent(laptop, one.symbol, one.upload, None, one.lsn).found, "by its number, with no place told"
    missing = record_as_sent(laptop, "ZUL", "another.mrc", 1, lsn(1))
    assert not missing.found and missing.reason == "another.mrc is not in this pack"


def test_a_record_that_is_not_in_the_outbox_any_more_is_counted_with_the_reason(office: Workspace, tmp_path: Path) -> None:
    for path in (office.root / "outbox" / "ZUL").glob("*.mrc"):
        path.unlink()
    made = pack(office, "MED", tmp_path / "MED.pack")
    assert made.sent == 0 and sum(records for _, records in made.not_sent) == 9
    assert all("is not in this workspace's outbox" in reason for reason, _ in made.not_sent)
    laptop = open_pack(made.path)
    assert len(Reviews(laptop, "ZUL").path.parent.parent.parent.joinpath("sent", "ZUL", "sent.mrc").read_bytes()) == 0


def test_a_library_without_rejections_has_no_pack(office: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"no record of library WID. There are records of MED, LAW"):
        pack(office, "WID", tmp_path / "WID.pack")
    assert not list(tmp_path.glob("*.pack"))


def test_the_librarys_own_meanings_go_along(office: Workspace, tmp_path: Path) -> None:
    (office.root / "meanings.toml").write_text(
        '[[group]]\nid = "ours"\ntitle = "Ask Ada"\nwords = "Only Ada knows."\nsays = ["Record is sparse"]\n')
    _, laptop = carried(office, tmp_path / "laptop")
    with Desk.open(laptop) as desk:
        assert [one.key for one in desk.query(Filter(group="ours"))] == [lsn(4), lsn(8)]
        assert desk.group("ours").title == "Ask Ada"


def test_who_packed_what_and_who_merged_it_stands_in_the_log(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    put_back(laptop)
    merge(office, file)
    acts = [(line.act, line.data["library"], line.data["records"]) for line in log.read(office)]
    assert acts == [("pack.made", "MED", 9), ("pack.merged", "MED", 1)] and log.verify(office).ok


def test_opening_a_pack_again_opens_the_same_folder_with_the_work_in_it(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    again = open_pack(file)
    assert again.root == laptop.root and state(again, 1) is State.FIXED


def test_two_that_open_a_pack_at_once_open_the_same_folder(office: Workspace, tmp_path: Path) -> None:
    pack(office, "MED", tmp_path / "MED.pack")
    code = ("from pathlib import Path; from oclc_console.operations.open_pack import open_pack; "
            f"print(open_pack(Path({str(tmp_path / 'MED.pack')!r})).root)")
    running = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    folders = {process.communicate()[0].strip() for process in running}
    assert len(folders) == 1 and {process.returncode for process in running} == {0}
    assert not list(tmp_path.glob(".*tmp"))


def test_a_pack_that_could_not_be_unpacked_to_its_end_leaves_no_folder(
    office: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack(office, "MED", tmp_path / "MED.pack").path
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Exception, match="No space left on device"):
        open_pack(file)
    monkeypatch.undo()
    assert not [path for path in tmp_path.iterdir() if path.is_dir() and path.name != "office"]
    assert len(list(Reviews(open_pack(file), "ZUL").all())) == 1


def test_what_a_killed_process_left_is_cleared_away(office: Workspace, tmp_path: Path) -> None:
    made = pack(office, "MED", tmp_path / "MED.pack")
    left = tmp_path / f".MED-{made.about.id[:8]}.99999.tmp"
    (left / "rejections").mkdir(parents=True)
    open_pack(made.path)
    assert not left.exists()


# and home


def test_work_done_in_a_pack_comes_home_with_its_whole_history(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    change(laptop, 2, Change(note="asked the author"), "cleo")
    assert put_back(laptop).written
    merged = merge(office, file)
    assert {key for _, key in merged.taken} == {lsn(1), lsn(2)} and not merged.conflicts and merged.unchanged == 1
    assert state(office, 1) is State.FIXED and state(office, 2) is State.OPEN
    for number in (1, 2):
        assert [entry for entry in history(office, number) if entry.did != "merge"] == list(history(laptop, number))


def test_merging_twice_changes_nothing(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    put_back(laptop)
    merge(office, file)
    before = Reviews(office, "ZUL").path.read_bytes(), office.log.read_bytes()
    again = merge(office, file, rest="theirs")
    assert (again.taken, again.conflicts, again.unchanged) == ((), (), 2)
    assert (Reviews(office, "ZUL").path.read_bytes(), office.log.read_bytes()) == before


def in_conflict(office: Workspace, tmp_path: Path) -> tuple[Path, Workspace]:
    """Both sides changed record 5; only the laptop changed 1, only the office 2."""
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    change(laptop, 5, Change(State.FIXED, "cleo", "mended the $2"), "cleo")
    change(office, 2, ACCEPTED, "ada")
    change(office, 5, Change(State.REPORTED, "ada", "LTS does it in one batch"), "ada")
    put_back(laptop)
    return file, laptop


def test_a_record_both_sides_changed_waits_for_a_decision_and_the_others_come_home(
    office: Workspace, tmp_path: Path
) -> None:
    file, _ = in_conflict(office, tmp_path)
    before = history(office, 5)
    merged = merge(office, file)
    assert [key for _, key in merged.taken] == [lsn(1)]
    (conflict,) = merged.undecided
    assert (conflict.key, conflict.kept) == (lsn(5), "")
    assert [entry.by for entry in conflict.ours] == ["ada"] and [entry.note for entry in conflict.theirs] == ["mended the $2"]
    assert history(office, 5) == before and (state(office, 1), state(office, 2)) == (State.FIXED, State.ACCEPTED)


@pytest.mark.parametrize(("side", "wanted", "owner"), [("ours", State.REPORTED, "ada"), ("theirs", State.FIXED, "cleo")])
@pytest.mark.parametrize("by_key", [True, False])
def test_a_decision_says_which_side_holds_and_the_history_tells_both(
    office: Workspace, tmp_path: Path, side: Any, wanted: State, owner: str, by_key: bool
) -> None:
    file, laptop = in_conflict(office, tmp_path)
    ours, theirs = history(office, 5), history(laptop, 5)
    merged = merge(office, file, {lsn(5): side}) if by_key else merge(office, file, rest=side)
    assert not merged.undecided and merged.conflicts[0].kept == side
    assert state(office, 5) is wanted
    review = Reviews(office, "ZUL").get(lsn(5))
    assert review is not None and review.owner == owner
    assert {*ours, *theirs} <= {*review.history} and len(review.history) == len(ours) + len(theirs) + 1
    assert {entry.note for entry in review.notes} == {"mended the $2", "LTS does it in one batch"}
    assert merge(office, file).conflicts == (), "decided once is decided"


def test_looking_changes_nothing(office: Workspace, tmp_path: Path) -> None:
    file, _ = in_conflict(office, tmp_path)
    before = Reviews(office, "ZUL").path.read_bytes()
    seen = merge(office, file, rest="theirs", only_look=True)
    assert len(seen.taken) == 2 and Reviews(office, "ZUL").path.read_bytes() == before
    assert merge(office, file, rest="theirs").taken == seen.taken


def test_notes_on_both_sides_are_no_conflict_and_overwrite_no_state(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, Change(note="seen on the shelf"), "cleo")
    change(office, 1, FIXED, "ada")
    change(laptop, 2, FIXED, "cleo")
    change(office, 2, Change(note="ask Cleo"), "ada")
    put_back(laptop)
    assert not merge(office, file).conflicts
    assert (state(office, 1), state(office, 2)) == (State.FIXED, State.FIXED)
    notes = [entry.note for number in (1, 2) for entry in history(office, number) if entry.note]
    assert notes == ["seen on the shelf", "ask Cleo"]


def test_a_pack_that_is_worked_on_further_after_a_merge_comes_home_again(office: Workspace, tmp_path: Path) -> None:
    file, laptop = in_conflict(office, tmp_path)
    merge(office, file, rest="theirs")
    change(laptop, 5, ACCEPTED, "cleo")
    put_back(laptop)
    merged = merge(office, file)
    assert not merged.conflicts and state(office, 5) is State.ACCEPTED, "the laptop went on from where the office stood"


def test_an_undo_on_the_laptop_comes_home_too(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    put_back(laptop)
    merge(office, file)
    Reviews(laptop, "ZUL").undo("cleo")
    put_back(laptop)
    assert not merge(office, file).conflicts and state(office, 1) is State.OPEN


def test_a_record_that_got_its_number_while_the_pack_was_away_is_known_by_both_names(tmp_path: Path) -> None:
    office = rejected(tmp_path, 3)
    ledgers = list((office.root / "ledger" / "ZUL").glob("*-prepare-*.parquet"))
    hidden = [ledger.rename(tmp_path / ledger.name) for ledger in ledgers]
    with Desk.open(office) as desk:
        desk.catch_up()
        (nameless,) = [one for one in desk.query(Filter(minor=True)) if one.key.startswith("@")]
    file = pack(office, "", office.root / "none.pack").path
    laptop = open_pack(file)
    Reviews(laptop, "ZUL").change([nameless.key], FIXED, "cleo")
    put_back(laptop)
    for ledger in hidden:
        ledger.rename(office.root / "ledger" / "ZUL" / ledger.name)
    with Desk.open(office) as desk:
        desk.catch_up()
    change(office, 3, ACCEPTED, "ada")
    assert [conflict.key for conflict in merge(office, file).undecided] == [nameless.key]
    merge(office, file, rest="ours")
    with Desk.open(office) as desk:
        one = desk.record(("ZUL", lsn(3)))
    assert one is not None and one.rejection.state is State.ACCEPTED and one.review is not None
    assert {entry.by for entry in one.review.history if entry.did == "change"} == {"ada", "cleo"}


def test_the_folder_can_be_merged_as_well_as_the_file(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    change(laptop, 1, FIXED, "cleo")
    file.unlink()
    assert [key for _, key in merge(office, laptop.root).taken] == [lsn(1)]
    assert put_back(laptop).file == file and not merge(office, file).taken, "a file that is gone is written again"


def test_a_pack_is_merged_where_it_was_made_and_nowhere_else(office: Workspace, tmp_path: Path) -> None:
    file, _ = carried(office, tmp_path / "laptop")
    (tmp_path / "other").mkdir()
    other = rejected(tmp_path / "other")
    with pytest.raises(InputError, match="packed in another workspace"):
        merge(other, file)
    with pytest.raises(InputError, match="not unpacked from a pack"):
        merge(office, other.root)
    with pytest.raises(CallError, match="nobody did anything about 123"):
        merge(office, file, {"123": "ours"})


# the same file in several places


def test_a_file_that_comes_back_from_another_laptop_brings_its_work_along(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    (tmp_path / "second").mkdir()
    second = open_pack(Path(shutil.copy(file, tmp_path / "second")))
    change(second, 1, FIXED, "dora")
    put_back(second)
    shutil.copy(tmp_path / "second" / file.name, file)
    assert state(open_pack(file), 1) is State.FIXED
    change(laptop, 2, FIXED, "cleo")
    assert put_back(laptop).written
    assert {key for _, key in merge(office, file).taken} == {lsn(1), lsn(2)}


def test_a_file_somebody_else_worked_in_is_not_overwritten(office: Workspace, tmp_path: Path) -> None:
    file, laptop = carried(office, tmp_path / "laptop")
    (tmp_path / "second").mkdir()
    second = open_pack(Path(shutil.copy(file, tmp_path / "second")))
    change(second, 1, FIXED, "dora")
    change(laptop, 2, FIXED, "cleo")
    put_back(second)
    theirs = (tmp_path / "second" / file.name).read_bytes()
    file.write_bytes(theirs)
    done = put_back(laptop)
    assert not done.written and "somebody else worked in MED.pack" in done.why and file.read_bytes() == theirs
    with pytest.raises(CallError, match="merge both at home"):
        open_pack(file)
    merge(office, file)
    merge(office, laptop.root)
    assert (state(office, 1), state(office, 2)) == (State.FIXED, State.FIXED), "nothing is lost"


# random work on both sides

ACTS = st.tuples(st.booleans(), st.sampled_from([1, 2, 4]), st.sampled_from([None, *BY_PEOPLE]),
                 st.sampled_from(["", "ada", "cleo"]), st.text("ab ", max_size=3), st.booleans())


@pytest.fixture(scope="module")
def office_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return rejected(tmp_path_factory.mktemp("random"), 6)


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(before=st.lists(ACTS, max_size=3), after=st.lists(ACTS, max_size=8), rest=st.sampled_from([None, "ours", "theirs"]))
def test_whatever_both_sides_did_the_merged_history_has_everything_of_both(
    office_once: Workspace, tmp_path_factory: pytest.TempPathFactory, before: list[Any], after: list[Any], rest: Any
) -> None:
    office, folder = office_once, tmp_path_factory.mktemp("pack")
    Reviews(office, "ZUL").path.unlink(missing_ok=True)

    def act(workspace: Workspace, number: int, state: State | None, owner: str, note: str, undo: bool) -> None:
        reviews, who = Reviews(workspace, "ZUL"), "ada" if workspace is office else "cleo"
        if undo:
            reviews.undo(who)
        elif state or owner or note.strip():
            reviews.change([lsn(number)], Change(state, owner or None, note), who, take_over=True)

    for _, *what in before:
        act(office, *what)
    laptop = open_pack(pack(office, "MED", folder / "MED.pack").path)
    for at_home, *what in after:
        act(office if at_home else laptop, *what)
    ours = {review.key: review for review in Reviews(office, "ZUL").all()}
    theirs = {review.key: review for review in Reviews(laptop, "ZUL").all()}
    put_back(laptop)
    merged = merge(office, folder / "MED.pack", rest=rest)
    _everything_is_there(office, ours, theirs, merged)
    merge(office, folder / "MED.pack", rest="theirs")
    final = {review.key: review.history for review in Reviews(office, "ZUL").all()}
    for key in ours.keys() | theirs.keys():
        both = {entry for side in (ours, theirs) if key in side for entry in side[key].history}
        assert both <= set(final[key]) and len({entry.act for entry in final[key]}) == len(final[key])
    assert merge(office, folder / "MED.pack", rest="ours").taken == ()
    assert {review.key: review.history for review in Reviews(office, "ZUL").all()} == final


def _everything_is_there(office: Workspace, ours: dict[str, Any], theirs: dict[str, Any], merged: Merged) -> None:
    now = {review.key: review for review in Reviews(office, "ZUL").all()}
    undecided = {conflict.key for conflict in merged.undecided}
    for key, review in ours.items():
        assert set(review.history) <= set(now[key].history)
    for key, review in theirs.items():
        if key in undecided:
            assert now[key] == ours[key], "nothing of it was taken"
            continue
        assert set(review.history) <= set(now[key].history)
        stands = [(side[key].state, side[key].owner) for side in (ours, theirs) if key in side]
        assert (now[key].state, now[key].owner) in stands


# by command


def test_a_pack_goes_out_is_worked_on_by_a_second_console_and_comes_back_with_a_conflict(
    office: Workspace, tmp_path: Path
) -> None:
    made = told(console(office.root, "reports", "pack", "--library", "MED", "--to", tmp_path / "MED.pack", "--json"))
    assert (made["records"], made["sent"], made["symbols"]) == (9, 9, ["ZUL"])
    laptop = tmp_path / "laptop"
    laptop.mkdir()
    file = Path(shutil.copy(tmp_path / "MED.pack", laptop))
    line = [sys.executable, "-m", "oclc_console", str(file), "reports", "mark", lsn(1), lsn(5), "--state", "fixed",
            "--note", "done"]
    worked = subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, "LOGNAME": "cleo"})
    assert worked.returncode == 0 and f"Your work is in {file}: send it back." in worked.stderr
    held = console(file, "reports", "mark", lsn(4), "--claim", login="cleo")
    assert held.returncode == 1 and "ada has it" in held.stdout
    assert console(office.root, "reports", "mark", lsn(5), "--state", "accepted", login="ada").returncode == 0
    waiting = console(office.root, "reports", "merge", file)
    assert waiting.returncode == 1 and lsn(5) in waiting.stdout and "--keep" in waiting.stdout
    assert '    theirs  ' in waiting.stdout and 'cleo: fixed in Alma  "done"' in waiting.stdout
    both = told(console(office.root, "reports", "merge", file, "--json"), 1)
    assert (both["taken"], both["undecided"]) == ([], 1), "what could be taken in was, the first time"
    done = told(console(office.root, "reports", "merge", file, "--keep", f"{lsn(5)}=theirs", "--keep", "ours", "--json"))
    assert done["taken"] == [{"symbol": "ZUL", "key": lsn(5)}] and done["undecided"] == 0
    one = told(console(office.root, "reports", "show", lsn(5), "--json"))["records"][0]  # type: ignore[index]
    assert one["state"] == "fixed" and {entry["by"] for entry in one["history"] if entry["did"] == "change"} == {"ada", "cleo"}
    assert one["appearances"][0]["complaints"][0]["group"]["title"] == "$2 names no vocabulary"


@pytest.mark.slow
def test_in_a_pack_only_its_rejections_can_be_worked_on(office: Workspace, tmp_path: Path) -> None:
    file = pack(office, "MED", tmp_path / "MED.pack").path
    for words in (["upload", "ZUL"], ["fetch"], ["status"], ["reports", "import", "x"], ["reports", "merge", "x"]):
        done = console(file, *words)
        assert done.returncode == 2 and "this is a pack" in done.stderr, words
    for words in (["reports", "show", lsn(1)], ["reports", "export", "--to", str(tmp_path / "x.csv")], ["reports", "list"]):
        done = console(file, *words)
        assert done.returncode == 0, done.stderr
    listed: Any = told(console(file, "reports", "list", "--json"))["reports"]
    assert [report["rejected_here"] for report in listed] == [9, 9], "both reports name each of them"
    assert console(tmp_path / "NOT-HERE.pack", "reports", "list").returncode == 3


def test_a_pack_is_worked_on_with_no_way_to_lock_as_unix_does_and_no_password_database(
    office: Workspace, tmp_path: Path
) -> None:
    """Windows has neither fcntl nor pwd: opening a pack, working in it and putting the work back imports none of them."""
    file = pack(office, "MED", tmp_path / "MED.pack").path
    code = f"""
import sys
from pathlib import Path
import filelock, tempfile
for name in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[name] = None
from oclc_console.operations.open_pack import open_pack, put_back
from oclc_console.operations.export_rejections import export_rejections
from oclc_console.operations.record_as_sent import record_as_sent
from oclc_console.store.desk import Desk, Filter
from oclc_console.store.reviews import Change
from oclc_console.store.standing import State
laptop = open_pack(Path({str(file)!r}))
with Desk.open(laptop) as desk:
    one = desk.query(Filter(owner=""))[0]
    assert record_as_sent(laptop, one.symbol, one.upload, one.end, one.lsn).found
    desk.change([one.ref], Change(State.FIXED), "cleo")
export_rejections(laptop, Filter(), "csv")
assert put_back(laptop).written
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(merge(office, file).taken) == 1
