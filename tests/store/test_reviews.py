"""What people do about rejections: kept through kills, full disks and several writers, and never forgotten."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import where

from oclc_console import clock
from oclc_console.errors import CallError, HereError
from oclc_console.store.board import settled
from oclc_console.store.reviews import Change, Review, Reviews
from oclc_console.store.standing import (
    BY_PEOPLE,
    STATES,
    Entry,
    State,
    Verdict,
    in_force,
    in_ms,
    standing,
)
from oclc_console.workspace import Workspace

KILLS = int(os.environ.get("OCLC_CONSOLE_KILLS", "10"))
CLAIM = Change(State.CLAIMED, "jdoe")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A folder is all that reviews need."""
    return Workspace(tmp_path / "workspace", "jdoe")


@pytest.fixture
def reviews(workspace: Workspace) -> Reviews:
    """Those of one symbol."""
    return Reviews(workspace, "ZMD")


def stands(reviews: Reviews, key: str) -> tuple[State | None, str | None]:
    """The state and owner that people set."""
    review = reviews.get(key)
    return (review.state, review.owner) if review else (None, None)


def test_looking_writes_nothing(reviews: Reviews) -> None:
    assert reviews.get("991") is None and list(reviews.all()) == [] and reviews.undo() is None
    assert not reviews.path.exists()


def test_what_was_changed_is_told_by_another_console(workspace: Workspace, reviews: Reviews) -> None:
    assert reviews.change(["991", "@ZMD_1000031_1::bib::5"], CLAIM).done == ("991", "@ZMD_1000031_1::bib::5")
    other = Reviews(workspace, "ZMD")
    assert stands(other, "991") == stands(other, "@ZMD_1000031_1::bib::5") == (State.CLAIMED, "jdoe")
    other.change(["991"], Change(State.FIXED, note="050 mended"), "jdoe")
    review = reviews.get("991")
    assert review is not None and review.state is State.FIXED and review.owner == "jdoe"
    assert [note.note for note in review.notes] == ["050 mended"]


def test_a_history_says_who_did_what_when(
    reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2026, 11, 3, 8, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: start)
    reviews.change(["991"], CLAIM)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(hours=1))
    reviews.change(["991"], Change(note="asked Widener"), "asmith")
    review = reviews.get("991")
    assert review is not None
    assert [(entry.at, entry.by, entry.note) for entry in review.history] == [
        ("2026-11-03T08:00:00.000Z", "jdoe", ""), ("2026-11-03T09:00:00.000Z", "asmith", "asked Widener")]
    assert (review.state, review.since, review.owner) == (State.CLAIMED, "2026-11-03T08:00:00.000Z", "jdoe")


def test_what_somebody_else_owns_is_left_alone_unless_it_is_taken_over(reviews: Reviews) -> None:
    reviews.change(["991"], CLAIM)
    changed = reviews.change(["991", "992"], Change(State.FIXED), "asmith")
    assert changed.done == ("992",) and changed.held == (("991", "jdoe has it"),)
    assert reviews.change(["991"], Change(note="have you seen this?"), "asmith").done == ("991",)
    assert reviews.change(["991"], Change(State.CLAIMED, "asmith"), "asmith", take_over=True).done == ("991",)
    assert stands(reviews, "991") == (State.CLAIMED, "asmith")


def test_nobody_can_confirm_a_record_by_hand(reviews: Reviews) -> None:
    for state in (State.CONFIRMED, State.CAME_BACK):
        with pytest.raises(CallError, match="report"):
            reviews.change(["991"], Change(state))
    assert not reviews.path.exists()


def test_undo_takes_back_the_last_act_and_the_history_keeps_both(reviews: Reviews) -> None:
    reviews.change(["991", "992"], CLAIM)
    reviews.change(["991", "992"], Change(State.FIXED, note="done"))
    changed = reviews.undo()
    assert changed is not None and changed.did == "undo" and changed.done == ("991", "992")
    review = reviews.get("991")
    assert review is not None and (review.state, review.owner) == (State.CLAIMED, "jdoe") and review.notes == ()
    assert [entry.did for entry in review.history] == ["change", "change", "undo"]
    assert review.history[1].note == "done"
    assert reviews.undo() is not None and stands(reviews, "991") == (None, None)
    assert reviews.undo() is None


def test_undo_takes_back_ones_own_acts_only(reviews: Reviews) -> None:
    reviews.change(["991"], CLAIM)
    reviews.change(["992"], Change(State.WAITING), "asmith")
    assert reviews.undo("jdoe") is not None and stands(reviews, "992") == (State.WAITING, None)
    assert reviews.undo("jdoe") is None and reviews.undo("nobody") is None


def test_undo_leaves_alone_what_somebody_changed_since(reviews: Reviews) -> None:
    reviews.change(["991", "992"], Change(State.OPEN))
    reviews.change(["992"], Change(State.FIXED), "asmith")
    changed = reviews.undo("jdoe")
    assert changed is not None and changed.done == ("991",) and changed.held == (("992", "asmith changed it since"),)
    assert stands(reviews, "992") == (State.FIXED, None)
    assert reviews.undo("jdoe") is None


def test_five_thousand_records_are_changed_by_one_line_of_the_journal(reviews: Reviews) -> None:
    reviews.change(["991"], CLAIM)
    lines = reviews.path.read_bytes().count(b"\n")
    keys = [f"99{i:013d}" for i in range(5000)]
    assert len(reviews.change(keys, Change(State.FIXED)).done) == 5000
    assert reviews.path.read_bytes().count(b"\n") == lines + 1
    act = reviews.last_act()
    assert act is not None and act.count == 5000
    changed = reviews.undo()
    assert changed is not None and len(changed.done) == 5000 and stands(reviews, keys[-1]) == (None, None)


def test_the_stock_tinydb_api_reads_and_writes_the_same(workspace: Workspace, reviews: Reviews) -> None:
    reviews.change(["991", "992", "993"], CLAIM)
    table = reviews.tinydb().table("reviews")
    (found,) = table.search(where("key") == "992")
    assert found["state"] == "claimed" and found["owner"] == "jdoe" and len(table) == 3
    Reviews(workspace, "ZMD").change(["994"], Change(State.WAITING))
    assert {each["key"] for each in table.all()} == {"991", "992", "993", "994"}
    assert table.count(where("state") == "waiting") == 1
    things = reviews.tinydb().table("things")
    assert things.insert_multiple([{"a": 1}, {"a": 2}]) == [1, 2] and things.insert({"a": 3}) == 3
    things.update({"b": 1}, where("a") > 1)
    things.remove(where("a") == 3)
    other = Reviews(workspace, "ZMD").tinydb().table("things")
    assert [dict(each) for each in other.all()] == [{"a": 1}, {"a": 2, "b": 1}]
    assert other.insert({"a": 4}) == 3 and stands(reviews, "994") == (State.WAITING, None)


def test_a_torn_last_line_is_ignored_and_cut_by_the_next_writer(workspace: Workspace, reviews: Reviews) -> None:
    reviews.change(["991"], CLAIM)
    sound = reviews.path.read_bytes()
    for torn in (b"8b01d2aa [[\"reviews\",\"1", b"00000000 []\n", b"\0" * 40, b"x"):
        reviews.path.write_bytes(sound + torn)
        other = Reviews(workspace, "ZMD")
        assert stands(other, "991") == (State.CLAIMED, "jdoe")
        other.change(["992"], CLAIM)
        assert torn not in reviews.path.read_bytes().removeprefix(sound)
        assert stands(Reviews(workspace, "ZMD"), "992") == (State.CLAIMED, "jdoe")


def test_a_damaged_line_that_others_follow_is_told_and_nothing_is_written(workspace: Workspace, reviews: Reviews) -> None:
    for key in ("991", "992", "993"):
        reviews.change([key], CLAIM)
    content = reviews.path.read_bytes().replace(b'"992"', b'"999"', 1)
    reviews.path.write_bytes(content)
    for attempt in (lambda: Reviews(workspace, "ZMD").get("991"), lambda: Reviews(workspace, "ZMD").change(["9"], CLAIM)):
        with pytest.raises(HereError, match="damaged") as raised:
            attempt()
        assert str(reviews.path) in str(raised.value) and "backup" in str(raised.value)
    assert reviews.path.read_bytes() == content


def test_a_full_disk_leaves_everything_as_it_was(
    workspace: Workspace, reviews: Reviews, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews.change(["991"], CLAIM)
    before, write = reviews.path.read_bytes(), os.write

    def half(handle: int, line: bytes) -> int:
        if len(line) < 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, line[: len(line) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(HereError, match="space"):
        reviews.change(["991", "992"], Change(State.FIXED))
    monkeypatch.undo()
    assert reviews.path.read_bytes() == before
    assert stands(reviews, "991") == stands(Reviews(workspace, "ZMD"), "991") == (State.CLAIMED, "jdoe")
    assert reviews.change(["991"], Change(State.FIXED)).done == ("991",)


TOO_LARGE = """
import resource, signal, sys
from pathlib import Path
from oclc_console.errors import HereError
from oclc_console.store.reviews import Change, Reviews
from oclc_console.workspace import Workspace
reviews = Reviews(Workspace(Path(sys.argv[1]), "jdoe"), "ZMD")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (reviews.path.stat().st_size + 50, -1))
try:
    reviews.change(["991"], Change(note="longer than there is room for " * 20))
except HereError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_where_the_system_gives_no_more_room_the_half_written_line_is_taken_back(
    workspace: Workspace, reviews: Reviews
) -> None:
    reviews.change(["991"], CLAIM)
    before = reviews.path.read_bytes()
    done = subprocess.run([sys.executable, "-c", TOO_LARGE, str(workspace.root)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    assert b"too large" in done.stdout and reviews.path.read_bytes() == before
    reviews.change(["991"], Change(State.FIXED))
    assert stands(reviews, "991") == (State.FIXED, "jdoe")


def test_a_line_that_was_seen_and_then_cut_back_is_forgotten_by_readers(workspace: Workspace, reviews: Reviews) -> None:
    reviews.change(["991"], CLAIM)
    size = reviews.path.stat().st_size
    reviews.change(["991"], Change(State.FIXED))
    reader = Reviews(workspace, "ZMD")
    assert stands(reader, "991") == (State.FIXED, "jdoe")
    os.truncate(reviews.path, size)
    assert stands(reader, "991") == (State.CLAIMED, "jdoe")
    Reviews(workspace, "ZMD").change(["991"], Change(State.ACCEPTED, note="longer than what was cut back " * 20))
    assert stands(reader, "991") == (State.ACCEPTED, "jdoe")


def test_compaction_loses_nothing_and_others_notice(workspace: Workspace, reviews: Reviews) -> None:
    other = Reviews(workspace, "ZMD")
    for number in range(1200):
        reviews.change([f"99{number % 7}"], Change(State.OPEN if number % 2 else State.WAITING))
    expected = {review.key: review for review in other.all()}
    assert reviews.compact_if_due() and not reviews.compact_if_due()
    assert {review.key: review for review in reviews.all()} == {review.key: review for review in other.all()} == expected
    other.change(["995"], CLAIM, take_over=True)
    assert stands(reviews, "995") == (State.CLAIMED, "jdoe") and reviews.undo() is not None
    assert len(expected["991"].history) == 172


WRITER = """
import sys
from pathlib import Path
from oclc_console.store.reviews import Change, Reviews
from oclc_console.workspace import Workspace
who, rounds, shared = sys.argv[2], int(sys.argv[3]), sys.argv[4]
reviews = Reviews(Workspace(Path(sys.argv[1]), who), "ZMD")
print("ready", flush=True)
for number in range(rounds):
    reviews.change([shared, f"{who}-{number}"], Change(note=f"{who} {number}"))
    print(number, flush=True)
"""


def writer(workspace: Workspace, who: str, rounds: int, shared: str = "991") -> subprocess.Popen[bytes]:
    """Another console, or a timer, at work in a process of its own."""
    return subprocess.Popen([sys.executable, "-c", WRITER, str(workspace.root), who, str(rounds), shared], cwd=ROOT,
                            stdout=subprocess.PIPE)


def test_two_consoles_and_a_timer_write_at_once_and_no_update_is_lost(workspace: Workspace, reviews: Reviews) -> None:
    at_work = [writer(workspace, who, 30) for who in ("jdoe", "asmith", "timer")]
    for number in range(30):
        reviews.change(["991"], Change(note=f"here {number}"), "here")
    for process in at_work:
        process.communicate()
        assert process.returncode == 0
    review = reviews.get("991")
    assert review is not None and len(review.history) == 120
    told = [note.note for note in review.notes]
    for who in ("jdoe", "asmith", "timer", "here"):
        assert [note for note in told if note.startswith(who)] == [f"{who} {number}" for number in range(30)]
    assert sum(review.key.startswith(("jdoe-", "asmith-", "timer-")) for review in reviews.all()) == 90


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_moment_the_last_acknowledged_change_is_there(workspace: Workspace, reviews: Reviews) -> None:
    draw = random.Random(7)
    for number in range(KILLS):
        process = writer(workspace, f"console{number}", 1_000_000, f"99{number}")
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(draw.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        acknowledged = [int(line) for line in process.communicate()[0].splitlines(keepends=True) if line.endswith(b"\n")]
        review = reviews.get(f"99{number}")
        kept = len(review.history) if review else 0
        assert kept >= len(acknowledged)
        if draw.random() < 0.3:
            reviews.compact_if_due()
        reviews.change(["after"], Change(note=f"kill {number}"))
    after = reviews.get("after")
    assert after is not None and len(after.history) == KILLS


def test_what_was_done_elsewhere_is_adopted_once_and_conflicts_end_as_decided(tmp_path: Path) -> None:
    ours, theirs = (Reviews(Workspace(tmp_path / name, name), "ZMD") for name in ("ours", "theirs"))
    ours.change(["991", "992", "993"], Change(State.CLAIMED, "ours"))
    theirs.adopt({review.key: review.history for review in ours.all()})
    theirs.change(["991", "992"], Change(State.FIXED, "theirs", note="on the laptop"), take_over=True)
    ours.change(["992"], Change(State.WAITING, note="asked OCLC"))
    back = {review.key: review.history for review in theirs.all()}
    changed = ours.adopt(back, keep_ours=["992"], who="boss")
    assert set(changed.done) == {"991", "992", "993"} and stands(ours, "991") == (State.FIXED, "theirs")
    assert stands(ours, "992") == (State.WAITING, "ours")
    review = ours.get("992")
    assert review is not None and {note.note for note in review.notes} == {"on the laptop", "asked OCLC"}
    assert ours.adopt(back).done == ()


# any sequence of acts


ACTS = st.lists(st.tuples(
    st.sampled_from(["change", "undo"]), st.sampled_from(["jdoe", "asmith"]),
    st.lists(st.sampled_from(["991", "992", "993"]), min_size=1, max_size=3, unique=True),
    st.sampled_from([None, *BY_PEOPLE]), st.sampled_from([None, "", "jdoe", "asmith"]), st.text(max_size=5)), max_size=12)


@given(acts=ACTS)
def test_after_any_sequence_of_changes_and_undos_nothing_is_forgotten(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, str, list[str], State | None, str | None, str]]
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("w"), "jdoe")
    reviews = Reviews(workspace, "ZMD")
    before: dict[str, Review] = {}
    for did, who, keys, state, owner, note in acts:
        if did == "change":
            reviews.change(keys, Change(state, owner, note), who, take_over=True)
        else:
            last = reviews.last_act(who)
            changed = reviews.undo(who)
            assert (changed is None) == (last is None)
        here = {review.key: review for review in reviews.all()}
        for key, review in before.items():
            assert here[key].history[: len(review.history)] == review.history
        for review in here.values():
            force = in_force(review.history)
            assert (review.state, review.since, review.owner) == (
                (force[-1].state, force[-1].since, force[-1].owner) if force else (None, None, None))
        before = here
    assert {review.key: review for review in Reviews(workspace, "ZMD").all()} == before


MOMENTS = st.integers(0, 12)
VERDICTS = st.lists(st.builds(Verdict, MOMENTS, st.just("a report"), st.sampled_from(["refused", "taken", "same"])), max_size=6)
SAID = st.lists(st.tuples(MOMENTS, st.sampled_from(BY_PEOPLE)), max_size=4)


def entries_of(said: list[tuple[int, State]]) -> list[Entry]:
    """A history in which somebody said this, at these milliseconds of the epoch."""
    times = [clock.iso(datetime.fromtimestamp(at / 1000, UTC)) for at, _ in said]
    return [Entry(str(number), time, "jdoe", "change", state, time)
            for number, (time, (_, state)) in enumerate(zip(times, said, strict=True))]


@given(verdicts=VERDICTS, said=SAID, order=st.randoms())
def test_where_a_record_stands_does_not_depend_on_the_order_of_imports(
    verdicts: list[Verdict], said: list[tuple[int, State]], order: random.Random
) -> None:
    entries, mixed = entries_of(said), list(verdicts)
    order.shuffle(mixed)
    stands = standing(entries, verdicts)
    assert standing(entries, mixed) == stands == standing(entries, [*verdicts, *verdicts])
    refused = max((verdict.at_ms for verdict in verdicts if verdict.word == "refused"), default=-1)
    held = {verdict.at_ms for verdict in verdicts if verdict.word == "refused"}
    taken = max((v.at_ms for v in verdicts if v.word == "taken" and v.at_ms not in held), default=-1)
    state, since = (entries[-1].state, in_ms(entries[-1].since or "")) if entries else (None, -1)
    facts = [np.array([number]) for number in (STATES.index(state or State.OPEN), since, refused, taken)]
    assert STATES[settled(*facts)[0]] is stands.state


def test_a_fix_is_judged_by_uploads_that_came_after_it_only() -> None:
    fixed = entries_of([(5, State.FIXED)])
    assert standing(fixed, [Verdict(3, "a", "refused")]).state is State.FIXED
    assert standing(fixed, [Verdict(3, "a", "refused"), Verdict(7, "b", "taken")]).report == "b"
    back = standing(fixed, [Verdict(3, "a", "refused"), Verdict(7, "b", "refused"), Verdict(9, "c", "refused")])
    assert (back.state, back.came_back, back.report) == (State.CAME_BACK, 1, "b")
    again = standing([*fixed, *entries_of([(8, State.FIXED)])], [Verdict(7, "b", "refused"), Verdict(9, "c", "refused")])
    assert (again.state, again.came_back) == (State.CAME_BACK, 2)


def test_who_accepts_a_record_as_it_is_is_not_asked_again_when_it_is_refused_again() -> None:
    for state in (State.ACCEPTED, State.CLAIMED, State.OPEN):
        assert standing(entries_of([(5, state)]), [Verdict(7, "b", "refused")]).state is state
    for state in (State.FIXED, State.EXCLUDED, State.REPORTED, State.WAITING):
        assert standing(entries_of([(5, state)]), [Verdict(7, "b", "refused")]).state is State.CAME_BACK
