"""Acts taken back: both stay in the log, and what is folded from it is as if the first had not been."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oclc_console.project.acts import UNDONE, of_kind, standing


def act(seq: int, word: str = "task.done", **data: Any) -> dict[str, Any]:
    return {"seq": seq, "at": "2020-11-20T12:00:00.000Z", "by": "jdoe", "act": word, "symbol": "ZUL", **data}


def test_an_act_that_was_taken_back_does_not_count_and_neither_does_the_taking_back() -> None:
    assert [a["seq"] for a in standing([act(1), act(2), act(3, UNDONE, of=1)])] == [2]


def test_taking_back_a_taking_back_brings_the_first_act_back() -> None:
    assert [a["seq"] for a in standing([act(1), act(2, UNDONE, of=1), act(3, UNDONE, of=2)])] == [1]


def test_acts_of_one_kind_are_told_by_the_first_part_of_their_word() -> None:
    assert [a["seq"] for a in of_kind([act(1), act(2, "tasks.done"), act(3, "task.noted")], "task")] == [1, 3]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=30))
def test_what_stands_never_holds_an_act_that_a_standing_act_takes_back(history: list[tuple[bool, int]]) -> None:
    acts = [act(seq, UNDONE, of=min(of, seq - 1)) if back and seq > 1 else act(seq)
            for seq, (back, of) in enumerate(history, 1)]
    kept = {a["seq"] for a in standing(acts)}
    alive = {a["seq"] for a in acts if a["act"] != UNDONE} | {a["seq"] for a in acts if a["act"] == UNDONE}
    for a in reversed(acts):  # newest first: who is alive when it speaks takes back what it names
        if a["act"] == UNDONE and a["seq"] in alive:
            alive.discard(a["of"])
    assert kept == {seq for seq in alive if acts[seq - 1]["act"] != UNDONE}
