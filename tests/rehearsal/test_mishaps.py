"""demo --fault: whatever goes wrong on purpose, the demo ends with a true account and a sentence that says what happened and
what to do next."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.errors import CallError
from oclc_console.rehearsal.folder import prepare_rehearsal
from oclc_console.rehearsal.jobs import read_journal
from oclc_console.rehearsal.mishaps import MISHAPS, Trouble, forget, happened
from tests.rehearsal.conftest import ZMD

QUICK = ("drop-taken",)
OUTCOMES = ("match", "create", "replace", "field_transfer", "unresolved", "data_error", "processing_error")
STATES = {  # what the files may come to; every other mishap comes to nothing but sent
    "drop-taken": {"sent", "taken_cut"}, "refuse-login": {"waiting"}, "host-key-changed": {"waiting"}, "no-sftp": {"waiting"},
    "read-only": {"waiting"}, "disk-full": {"sent", "partial", "waiting"}, "close-fails": {"sent", "partial", "waiting"},
}


def demo(place: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    """The headless demo: exit code, object, words."""
    command = [sys.executable, "-m", "oclc_console", "demo", "--headless", "--json", "--records", "150", "--dir", str(place)]
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, orjson.loads(done.stdout), done.stderr


def _each() -> list[object]:
    return [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in MISHAPS]


@pytest.mark.slow
@pytest.mark.parametrize("name", _each())
def test_the_demo_of_a_mishap_ends_with_a_true_account_and_the_next_step_and_without_it_ends_well(
        name: str, tmp_path: Path) -> None:
    place = tmp_path / "demo"
    code, result, said = demo(place, "--fault", name)
    told = result["fault"]
    assert told["name"] == name and f"What happened: {MISHAPS[name].happens}" in told["sentence"]
    assert told["happened"] > 0 or name in ("slow", "report-late")
    assert set(told["states"]) <= STATES.get(name, {"sent"}), said
    for row in result["symbols"]:
        answered = sum(row[outcome] for outcome in OUTCOMES) + sum(row["other"].values())
        assert row["sent"] == answered + row["not_reported"]
    _true(place, told)
    well = set(told["states"]) == {"sent"} and not told["not_reported"]
    assert ("nothing is left to do" in told["sentence"]) == well
    words = MISHAPS[name].then.split("SYMBOL")[0].split("--again")[0]
    assert well or words in told["sentence"]
    named = {row["symbol"] for row in result["symbols"] if f"upload {row['symbol']} --again 1" in told["sentence"]}
    assert bool(named) == ("taken_cut" in told["states"]), "what is to be signed for is named"
    assert (code == 0) == well
    if set(told["states"]) & {"waiting", "partial"}:
        assert code == 3
        code, result, said = demo(place)
        assert code == 0 and all(row["not_reported"] == 0 for row in result["symbols"]), said


def _true(place: Path, told: dict[str, Any]) -> None:
    """As many files have arrived whole, and once, as are shown as sent."""
    arrived = [place / "rehearsal" / taken.place for taken in read_journal(place / "rehearsal")[0] if not taken.second_run]
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in arrived]
    assert len(hashes) == len(set(hashes)), "nothing went twice"
    ours = {hashlib.sha256(path.read_bytes()).hexdigest() for path in place.glob("outbox/*/*.mrc")}
    assert sum(one in ours for one in hashes) == told["states"].get("sent", 0)


def test_a_mishap_happens_as_often_as_it_is_set_to_and_anew_when_it_was_forgotten(tmp_path: Path) -> None:
    trouble = Trouble(tmp_path)
    assert [trouble.happens("drop", "drop", 2, "a.mrc") for _ in range(3)] == [True, True, False]
    assert not trouble.happens("freeze", "drop", 9, "a.mrc")
    assert [entry["file"] for entry in happened(tmp_path)] == ["a.mrc", "a.mrc"]
    forget(tmp_path)
    assert all(trouble.happens("drop", "drop", 0, "") for _ in range(5)), "0 is always"


def test_a_mishap_nobody_knows_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no mishap") as refused:
        prepare_rehearsal(tmp_path, accounts=[ZMD], seed=1, fault="earthquake")
    assert "reply-lost" in refused.value.then
    done = subprocess.run([sys.executable, "-m", "oclc_console", "demo", "--help"], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in MISHAPS)
