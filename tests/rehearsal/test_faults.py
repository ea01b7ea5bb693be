from __future__ import annotations

import random
from pathlib import Path

import pytest

from oclc_console.rehearsal.bibs import PLAIN, TRUSTED, VERNACULAR, holding_fields, make_bib
from oclc_console.rehearsal.draft import Draft, data
from oclc_console.rehearsal.faults import FAULTS, KINDS, ROUND, label_of
from oclc_console.rehearsal.labels import Label, read_labels, write_labels
from oclc_console.rehearsal.uploads import read
from oclc_console.rehearsal.worldcat import ACTED_ON, Upload, WorldCat

LSN = "220000000000009999"


def good(kind: str, seed: int) -> Draft:
    rng = random.Random(seed)
    bib = make_bib(rng, kind, "990000000000029999", 4_711_000 + seed, long=False)
    return bib.draft.add(*holding_fields(rng, bib, "MED", LSN))


def outcome(draft: Draft, label: Label, folder: Path) -> str:
    worldcat = WorldCat(1, folder / "state.json")
    upload = Upload("one", ("852$8", "001"), ("079$a", "035$a"))
    return worldcat.answer(read(draft.bytes_of(), 1), 1_520_000_500, upload, {LSN: [label]}).outcome


def test_a_round_of_broken_records_holds_every_kind() -> None:
    assert set(ROUND) == set(KINDS)


@pytest.mark.parametrize("stream", [TRUSTED, VERNACULAR, PLAIN])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_record_is_rejected_until_it_is_mended_whatever_else_is_edited(
        kind: str, seed: int, stream: str, tmp_path: Path) -> None:
    broken = FAULTS[kind].harm(good(stream, seed), random.Random(seed))
    label = label_of(kind, broken, LSN)
    expected = (label.outcome,) if label.outcome else ACTED_ON
    assert outcome(broken.draft, label, tmp_path) in expected
    edited = broken.draft.add(data("999", "  ", "a", "an edit elsewhere")).at_leader(5, b"d")
    assert label.holds(edited.leader, edited.fields)
    assert outcome(edited, label, tmp_path) in expected
    mended = FAULTS[kind].mend(broken.draft)
    assert not label.holds(mended.leader, mended.fields)
    assert outcome(mended, label, tmp_path) in ACTED_ON


def test_a_fault_that_only_draws_complaints_is_minor_and_the_others_have_a_severe_line() -> None:
    for kind in KINDS:
        for seed in range(20):
            broken = FAULTS[kind].harm(good(TRUSTED, seed), random.Random(seed))
            severities = {severity for severity, _ in broken.lines}
            if broken.outcome == "unresolved":
                assert severities & {"SEVERE", "CRITICAL"}, (kind, broken.lines)
            elif broken.outcome == "":
                assert severities == {"MINOR"}
            else:
                assert severities == {""}


def test_labels_are_kept_once_however_often_they_are_written(tmp_path: Path) -> None:
    labels = [label_of(kind, FAULTS[kind].harm(good(PLAIN, 1), random.Random(1)), LSN) for kind in KINDS]
    write_labels(tmp_path, labels[:3])
    before = (tmp_path / "labels.jsonl").read_bytes()
    write_labels(tmp_path, labels[:3])
    assert (tmp_path / "labels.jsonl").read_bytes() == before
    write_labels(tmp_path, labels)
    assert read_labels(tmp_path) == {LSN: labels}


def test_without_labels_nothing_is_rejected(tmp_path: Path) -> None:
    assert read_labels(tmp_path) == {}
