"""The coverage command, on a small workspace of made records: a table, one object, and files of ids."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.operations.prepare import prepare
from oclc_console.rehearsal.demo import make_demo
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, reproduction, trusted, workspace_in, write


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo's workspace, with every symbol prepared."""
    workspace = make_demo(tmp_path_factory.mktemp("demo") / "workspace", records=900, seed=3)
    for symbol in workspace.settings.symbols:
        carry_out(workspace, prepare(workspace, symbol, sorted(workspace.at("inbox", symbol).iterdir())))
    return workspace


def command(workspace: Workspace, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command itself."""
    line = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "coverage", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def counted(workspace: Workspace, symbol: str) -> dict[str, Any]:
    """What coverage --json says."""
    done = command(workspace, symbol, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = orjson.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_every_made_record_is_in_exactly_one_number_and_every_number_has_its_records(demo: Workspace, tmp_path: Path) -> None:
    for symbol in ("ZMD", "ZHG"):
        answer = counted(demo, symbol)
        assert answer["in_set"] == sum(answer["excluded"].values()) + answer["quarantined"] + answer["routed"]
        assert (answer["unrouted"], answer["double"], answer["balanced"]) == (0, 0, True)
        assert sum(answer["streams"].values()) == answer["routed"] > 0
        assert sum(answer["findings"].values()) == answer["quarantined"]
        for word in ("in_set", "routed", "quarantined", "stream:Trusted OCN"):
            out = tmp_path / f"{symbol}.csv"
            done = command(demo, symbol, "--export", word, "--out", out, "--json")
            assert done.returncode == 0, done.stderr
            with open(out, newline="", encoding="utf-8") as handle:
                rows = list(csv.DictReader(handle))
            wanted = answer["streams"]["Trusted OCN"] if word.startswith("stream") else answer[word]
            assert len(rows) == orjson.loads(done.stdout)["lines"] == wanted
            assert all(len(row["lsn"]) >= 16 for row in rows if row["lsn"]), "ids are text, digit for digit"


def test_a_retiring_symbol_is_told_in_its_successors_streams(demo: Workspace) -> None:
    answer = counted(demo, "zhg")
    assert (answer["symbol"], answer["sender"]) == ("ZHG", "ZUL")
    assert list(answer["streams"]) == [stream.name for stream in demo.settings.symbols["ZUL"].streams]


def test_in_words_each_number_has_its_rule(demo: Workspace) -> None:
    done = command(demo, "ZMD")
    assert done.returncode == 0 and not done.stderr
    assert "stream:Microforms & reproductions: collection 1000034: kept when there is an 843" in done.stdout
    assert "excluded:brief: left out when the record is brief" in done.stdout
    assert max(len(line) for line in done.stdout.split("\n\n")[0].splitlines()) <= 80


def test_almas_list_has_almas_header_and_each_bib_once(demo: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "set.txt"
    done = command(demo, "ZMD", "--export", "routed", "--format", "alma", "--out", out)
    assert done.returncode == 0 and str(out) in done.stdout
    heading, *ids = out.read_text().splitlines()
    assert heading == "MMS ID" and len(ids) == len(set(ids)) and all(each.isdigit() for each in ids)
    assert 0 < len(ids) < counted(demo, "ZMD")["routed"], "some bibs have several holdings"


@pytest.mark.slow
def test_a_refused_prepare_is_told_and_says_what_to_do(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1), reproduction(2))
    refused = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "prepare", "ZAA", str(source)]
    assert subprocess.run(refused, capture_output=True, check=False).returncode == 4
    answer = counted(workspace, "ZAA")
    (run,) = answer["runs"]
    assert (answer["in_set"], answer["unrouted"], run["state"]) == (2, 1, "refused")
    shown = command(workspace, "ZAA", "--run", run["run"])
    assert "--accept-unrouted" in shown.stdout and "Nothing of it was put in the outbox" in shown.stdout


@pytest.mark.parametrize(("words", "sentence"), [
    (["ZXX"], "the symbol ZXX is not in it"),
    (["ZMD", "--run", "yesterday"], "no prepare run yesterday"),
    (["ZMD", "--export", "lunch"], "no part lunch"),
    (["ZMD", "--out", "a.csv"], "there is nothing to write"),
    (["ZMD", "--format", "alma"], "there is nothing to write"),
])
def test_each_mistake_is_one_sentence_with_a_remedy(demo: Workspace, words: list[str], sentence: str) -> None:
    done = command(demo, *words)
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_place_that_can_not_be_written_to_is_one_sentence(demo: Workspace, tmp_path: Path) -> None:
    done = command(demo, "ZMD", "--export", "in_set", "--out", tmp_path / "nowhere" / "a.csv")
    assert done.returncode == 3
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr
