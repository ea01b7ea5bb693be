"""The commands for the work on rejected records: show one, mark, undo. Each in a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oclc_console.workspace import Workspace
from tests.reports.rejected import EPOCH, answer, console, lsn, rejected, told


@pytest.fixture
def office(tmp_path: Path) -> Workspace:
    """Four records that OCLC rejected."""
    return rejected(tmp_path, 3)


def shown(office: Workspace, name: str) -> dict[str, Any]:
    records: Any = told(console(office.root, "reports", "show", name, "--json"))["records"]
    assert len(records) == 1
    return dict(records[0])


@pytest.mark.slow
def test_one_record_is_shown_with_its_exceptions_their_meaning_its_state_and_its_history(office: Workspace) -> None:
    console(office.root, "reports", "mark", lsn(1), "--claim", "--note", "[Letters] =1+1", login="ada")
    one = shown(office, lsn(1))
    assert (one["key"], one["library"], one["state"], one["owner"]) == (lsn(1), "MED", "claimed", "ada")
    (seen,) = one["appearances"]
    assert seen["complaints"][0]["text"] == "Invalid code in 2nd $2 in 3rd 650."
    assert seen["complaints"][0]["group"]["mends"].startswith("Correct the code")
    assert [(entry["by"], entry["note"]) for entry in one["history"]] == [("ada", "[Letters] =1+1")]
    words = console(office.root, "reports", "show", lsn(1)).stdout
    for said in ("$2 in 3rd 650", "What mends it: Correct the code", "claimed, ada has it", '"[Letters] =1+1"', "MED",
                 "is a staging number: never load it"):
        assert said in words


@pytest.mark.slow
def test_a_record_is_found_by_oclcs_key_too_and_has_its_rows_as_before(office: Workspace) -> None:
    one = shown(office, lsn(1))
    assert shown(office, one["record_key"]) == one
    located = shown(office, lsn(3))
    assert located["located"] and shown(office, located["record_key"]) == located, "OCLC gave no number in its line"
    rows: Any = told(console(office.root, "reports", "show", lsn(1), "--json"))["rows"]
    assert [row["lsn"] for row in rows] == [lsn(1)] * 2


@pytest.mark.slow
def test_marking_records_that_somebody_else_has_leaves_them_alone_and_says_so(office: Workspace) -> None:
    assert console(office.root, "reports", "mark", lsn(1), lsn(2), "--claim", login="ada").returncode == 0
    held = told(console(office.root, "reports", "mark", lsn(1), lsn(3), "--state", "fixed in alma", "--json", login="ben"), 1)
    assert held["held"] == [{"symbol": "ZUL", "key": lsn(1), "reason": "ada has it"}]
    assert held["done"] == [{"symbol": "ZUL", "key": lsn(3)}]
    assert console(office.root, "reports", "mark", lsn(1), "--state", "fixed", "--take-over", login="ben").returncode == 0
    assert shown(office, lsn(1))["state"] == "fixed"


@pytest.mark.slow
def test_undo_takes_back_ones_own_last_act_only(office: Workspace) -> None:
    console(office.root, "reports", "mark", lsn(1), lsn(2), "--state", "accepted", login="ada")
    console(office.root, "reports", "mark", lsn(2), "--note", "really?", login="ben")
    undone = told(console(office.root, "reports", "undo", "--json", login="ada"), 1)
    assert undone["done"] == [{"symbol": "ZUL", "key": lsn(1)}] and "ben changed it since" in str(undone["held"])
    assert (shown(office, lsn(1))["state"], shown(office, lsn(2))["state"]) == ("open", "accepted")
    nothing = console(office.root, "reports", "undo", login="ada")
    assert nothing.returncode == 2 and "nothing of yours to take back" in nothing.stderr


@pytest.mark.slow
def test_a_fixed_record_that_a_later_report_takes_is_shown_confirmed(office: Workspace) -> None:
    answer(office, EPOCH + 3_600_000)
    console(office.root, "reports", "mark", lsn(1), "--state", "fixed")
    one = shown(office, lsn(1))
    assert one["state"] == "fixed" and one["times_seen"] == 1, "the same bytes again are a rerun, not a new appearance"


@pytest.mark.slow
@pytest.mark.parametrize(("words", "said"), [
    (["mark", "123", "--claim"], "OCLC never complained about 123"),
    (["mark", lsn(1)], "nothing to do"),
    (["mark", lsn(1), "--state", "confirmed"], "no state that a person sets"),
    (["show", "123"], "nothing is known of 123"),
    (["merge", "x.pack"], "No such file"),
    (["merge", "x.pack", "--keep", "mine"], "'mine' decides nothing"),
    (["pack"], "a pack is for one library"),
    (["export", "NOPE"], "NOPE"),
])
def test_a_call_that_makes_no_sense_is_refused_in_one_sentence(office: Workspace, words: list[str], said: str) -> None:
    done = console(office.root, "reports", *words)
    assert done.returncode in (2, 3) and said in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
