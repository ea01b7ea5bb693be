"""Standing approvals of a stream's unattended runs: who signed, for how many records, and what makes them lapse."""

from __future__ import annotations

from typing import Any

import pytest

from oclc_console.errors import CallError, Refused
from oclc_console.project.approvals import ApprovalState, Run, approval_data, approval_state, jump, may_run

COLLECTION = "1000031"


class Approvals:
    """A log in memory with the acts on one stream."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.lines: list[dict[str, Any]] = []

    def add(self, by: str, word: str, **data: Any) -> int:
        seq = len(self.lines) + 1
        self.lines.append({"collection": COLLECTION, "run": self.run, **data, "seq": seq, "by": by, "act": word,
                           "at": f"2020-11-{seq:02}T12:00:00.000Z", "symbol": "ZMD"})
        return seq

    def sign(self, by: str, usual: int = 1200, settings: str = "s1") -> int:
        data = approval_data(self.state(settings=settings), by, "Trusted OCN", settings, usual)
        return self.add(by, "approval.signed", **data)

    def state(self, count: int | None = None, settings: str = "s1", run: Run | None = None) -> ApprovalState:
        return approval_state(self.lines, COLLECTION, run or self.run, settings, count)


def test_full_runs_need_one_person_and_incremental_ones_two() -> None:
    full, daily = Approvals("full"), Approvals("incremental")
    assert not full.state(1200).stands and full.state().words == "nobody has approved full runs"
    full.sign("jdoe")
    assert may_run(full.state(1200))
    daily.sign("jdoe")
    found = daily.state(1200)
    assert not found.stands and found.words == "signed by jdoe on 2020-11-01, by nobody else yet"
    daily.sign("kroe")
    found = daily.state(1200)
    assert may_run(found)
    assert found.words == "incremental runs of about 1,200 records approved by jdoe on 2020-11-01 and kroe on 2020-11-02"


def test_an_approval_of_full_runs_is_none_of_incremental_ones() -> None:
    full = Approvals("full")
    full.sign("jdoe")
    assert not full.state(1200, run="incremental").stands


def test_the_same_login_cannot_sign_twice_and_a_second_line_of_theirs_in_the_log_counts_for_nothing() -> None:
    daily = Approvals("incremental")
    daily.sign("jdoe")
    with pytest.raises(Refused, match="jdoe has signed already"):
        daily.sign("jdoe")
    daily.add("jdoe", "approval.signed", settings_fingerprint="s1", usual_count=1200)
    assert not daily.state(1200).stands


def test_what_is_approved_needs_no_third_signature() -> None:
    daily = Approvals("incremental")
    daily.sign("jdoe")
    daily.sign("kroe")
    with pytest.raises(Refused, match="it is approved"):
        daily.sign("lpoe")


def test_two_people_who_sign_for_another_usual_count_or_other_settings_have_not_signed_for_the_same() -> None:
    daily = Approvals("incremental")
    daily.sign("jdoe", 1200)
    daily.sign("kroe", 900)
    assert not daily.state(1000).stands and [one.by for one in daily.state(1000).signatures] == ["kroe"]
    daily.sign("jdoe", 900)
    assert daily.state(1000).stands


def test_it_lapses_when_the_streams_settings_change_and_says_who_had_signed() -> None:
    full = Approvals("full")
    full.sign("jdoe")
    found = full.state(1200, settings="s2")
    assert not may_run(found) and found.words == "lapsed: the stream's settings changed since jdoe signed on 2020-11-01"
    assert found.last is not None and not found.signatures and "one person signs" in found.then
    full.sign("jdoe", settings="s2")
    assert may_run(full.state(1200, settings="s2"))


@pytest.mark.parametrize(("count", "words"), [
    (1801, "this run has 1,801 records where 1,200 are usual: more than 1.5 times as many"),
    (799, "this run has 799 records where 1,200 are usual: fewer than 1,200 divided by 1.5"),
    (0, "this run has 0 records where 1,200 are usual: fewer than 1,200 divided by 1.5"), (1800, ""), (800, ""), (1200, "")])
def test_it_lapses_when_a_runs_count_jumps_and_says_the_numbers(count: int, words: str) -> None:
    assert jump(1200, count) == words
    full = Approvals("full")
    full.sign("jdoe")
    assert may_run(full.state(count)) is not bool(words) and words in full.state(count).words


def test_a_run_of_which_nobody_knows_the_count_does_not_go_out_unattended() -> None:
    full = Approvals("full")
    full.sign("jdoe")
    assert full.state().stands and not may_run(full.state())


def test_nothing_is_far_from_nothing_only() -> None:
    assert jump(0, 0) == "" and jump(0, 1) != ""


@pytest.mark.parametrize("word", ["approval.withdrawn", "approval.lapsed"])
def test_one_that_was_ended_needs_new_signatures_though_the_next_run_is_usual_again(word: str) -> None:
    daily = Approvals("incremental")
    daily.sign("jdoe")
    daily.sign("kroe")
    daily.add("jdoe", word, reason="5,000 records")
    assert not daily.state(1200).stands and "5,000 records" in daily.state(1200).words
    daily.sign("kroe")
    assert not daily.state(1200).stands
    daily.sign("jdoe")
    assert daily.state(1200).stands


def test_a_signature_that_was_taken_back_does_not_count() -> None:
    daily = Approvals("incremental")
    daily.sign("jdoe")
    seq = daily.sign("kroe")
    daily.add("kroe", "act.undone", of=seq, reason="the wrong stream")
    assert not daily.state(1200).stands and [one.by for one in daily.state(1200).signatures] == ["jdoe"]


def test_a_signature_without_a_usual_count_is_none() -> None:
    full = Approvals("full")
    full.add("jdoe", "approval.signed", settings_fingerprint="s1", usual_count=None)
    assert not full.state(1200).stands
    with pytest.raises(CallError, match="no number of records"):
        full.sign("jdoe", -1)
