"""The checkpoint of a journal of reviews: the same answers without reading everything, and never an answer of its own."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oclc_console.store import checkpoint, columns
from oclc_console.store.checkpoint import load_checkpoint
from oclc_console.store.journal import checkpoint_path
from oclc_console.store.reviews import Change, Review, Reviews
from oclc_console.store.standing import BY_PEOPLE, State
from oclc_console.workspace import Workspace

CLAIM = Change(State.CLAIMED, "jdoe")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which every journal is worth a checkpoint."""
    monkeypatch.setattr(checkpoint, "_WORTH", 1)
    return Workspace(tmp_path, "jdoe")


def again(workspace: Workspace) -> Reviews:
    """The reviews, opened by another process."""
    return Reviews(workspace, "ZMD")


def told(reviews: Reviews) -> dict[str, Review]:
    """Everything they tell, by key."""
    return {review.key: review for review in reviews.all()}


def kept(workspace: Workspace) -> Reviews:
    """Reviews with a checkpoint after two acts, and one act since."""
    reviews = again(workspace)
    reviews.change(["991", "992", "é3"], CLAIM)
    reviews.change(["991"], Change(State.FIXED, note="Mended"))
    assert reviews.keep_checkpoint() and not reviews.keep_checkpoint()
    reviews.change(["992"], Change(State.WAITING, note="asked OCLC"))
    return reviews


def test_what_stands_behind_a_checkpoint_is_all_that_is_read_of_the_journal(workspace: Workspace) -> None:
    reviews = kept(workspace)
    other = again(workspace)
    assert told(other) == told(reviews) and other.acts() == reviews.acts()
    assert other.checkpoint is not None and other.journal.touched == [("acts", "3"), ("reviews", "2")]
    review = other.get("991")
    assert review is not None and [entry.note for entry in review.history] == ["", "Mended"] and other.get("994") is None
    assert other.undo() is not None and other.undo() is not None
    other.change(["994"], CLAIM)
    assert [other.number_of(key) for key in ("991", "é3", "994", "nobody")] == ["1", "3", "4", None]
    assert told(other) == told(reviews) == told(again(workspace))


def test_tinydb_reads_and_changes_what_a_checkpoint_holds(workspace: Workspace) -> None:
    from tinydb import where

    reviews = kept(workspace)
    table = again(workspace).tinydb().table("reviews")
    assert {each["key"]: each["state"] for each in table.all()} == {"991": "fixed", "992": "waiting", "é3": "claimed"}
    table.remove(where("key") == "é3")
    table.update({"owner": "asmith"}, where("key") == "991")
    assert set(told(reviews)) == set(told(again(workspace))) == {"991", "992"}
    assert [told(each)["991"].owner for each in (reviews, again(workspace))] == ["asmith", "asmith"]


def test_a_checkpoint_that_is_damaged_cut_or_of_another_journal_is_left_aside(workspace: Workspace) -> None:
    expected = told(kept(workspace))
    path = checkpoint_path(again(workspace).path)
    sound, journal = path.read_bytes(), again(workspace).path.read_bytes()
    for damaged in (sound[:-1], sound[:40], b"", b"{}\n", sound.replace(b'"fixed"', b'"opens"'),
                    sound.replace(b"Mended", b"Mangle"), sound.replace(b"mended", b"mangle")):
        path.write_bytes(damaged)
        assert damaged != sound and load_checkpoint(again(workspace).path) is None
        assert told(again(workspace)) == expected
    path.write_bytes(sound)
    assert load_checkpoint(again(workspace).path) is not None
    head, rest = journal.split(b"\n", 1)
    for other in (journal[: len(head) + 1], journal.replace(b"Mended", b"Minded"), b"0" * len(head) + b"\n" + rest):
        again(workspace).path.write_bytes(other)
        assert load_checkpoint(again(workspace).path) is None


def test_a_checkpoint_whose_journal_is_gone_brings_nothing_back(workspace: Workspace) -> None:
    reviews = kept(workspace)
    reviews.path.unlink()
    assert told(again(workspace)) == {} and told(reviews) == {}
    again(workspace).change(["995"], CLAIM)
    assert set(told(again(workspace))) == {"995"}


def test_who_may_only_read_works_without_a_new_checkpoint(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = kept(workspace)
    expected = told(reviews)

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(columns, "replace_file", refused)
    assert not reviews.keep_checkpoint() and told(again(workspace)) == expected


def test_a_journal_cut_back_or_compacted_behind_an_open_checkpoint_is_read_anew(workspace: Workspace) -> None:
    reviews = kept(workspace)
    other = again(workspace)
    other.refresh()
    expected = told(reviews)
    reviews.journal.write(reviews.journal.read())
    assert told(other) == expected and other.checkpoint is None
    assert other.keep_checkpoint() and again(workspace).journal.path == other.path
    late = again(workspace)
    assert told(late) == expected and late.checkpoint is not None


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_and_whenever_one_is_kept_the_reviews_are_the_same(workspace: Workspace, seed: int) -> None:
    draw = random.Random(seed)
    consoles = [again(workspace), again(workspace)]
    for _ in range(60):
        reviews, who = draw.choice(consoles), draw.choice(("jdoe", "asmith"))
        what = draw.random()
        if what < 0.15:
            reviews.undo(who)
        elif what < 0.3:
            reviews.keep_checkpoint()
        elif what < 0.35:
            reviews.journal.write(reviews.journal.read())
        elif what < 0.5:
            consoles[draw.randrange(2)] = again(workspace)
        else:
            keys = draw.sample([f"99{number}" for number in range(9)], draw.randint(1, 4))
            reviews.change(keys, Change(draw.choice([None, *BY_PEOPLE]), who, draw.choice(("", "Note é"))), who,
                           take_over=draw.random() < 0.5)
    with_it = [told(each) for each in (*consoles, again(workspace))]
    checkpoint_path(again(workspace).path).unlink(missing_ok=True)
    assert with_it == [told(again(workspace))] * 3


KEEPER = """
import sys
from pathlib import Path
from oclc_console.store import checkpoint, columns
from oclc_console.store.reviews import Change, Reviews
from oclc_console.workspace import Workspace
checkpoint._WORTH = 1
reviews = Reviews(Workspace(Path(sys.argv[1]), sys.argv[2]), "ZMD")
print("ready", flush=True)
for number in range(1_000_000):
    reviews.change([sys.argv[2], f"{sys.argv[2]}-{number}"], Change(note=f"note {number}"))
    print(number, flush=True)
    if number % 2:
        reviews.keep_checkpoint()
    if number % 7 == 6:
        reviews.journal.write(reviews.journal.read())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_while_checkpoints_are_kept_whoever_opens_next_finds_every_acknowledged_change(workspace: Workspace) -> None:
    draw = random.Random(11)
    for number in range(5):
        process = subprocess.Popen([sys.executable, "-c", KEEPER, str(workspace.root), f"console{number}"],
                                   cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(draw.uniform(0.1, 0.4))
        process.send_signal(signal.SIGKILL)
        acknowledged = [line for line in process.communicate()[0].splitlines(keepends=True) if line.endswith(b"\n")]
        review = again(workspace).get(f"console{number}")
        assert len(review.history if review else ()) >= len(acknowledged)
    with_it = told(again(workspace))
    checkpoint_path(again(workspace).path).unlink(missing_ok=True)
    assert with_it == told(again(workspace))
