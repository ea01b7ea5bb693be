"""The command line: one object on stdout, words on stderr, the right exit code, and one clear sentence for every mistake."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.cli.gates import NAMES
from oclc_console.project.gates import GATES
from tests.operations.stage import rehearsing, reproduction, trusted, workspace_in, write


def command(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command itself."""
    return subprocess.run([sys.executable, "-m", "oclc_console", *map(str, words)], capture_output=True, text=True,
                          check=False, **more)


def adds_up(row: dict[str, Any]) -> bool:
    """Both identities of a demo row."""
    outcomes = ("match", "create", "replace", "field_transfer", "unresolved", "data_error", "processing_error")
    said = sum(row[word] for word in outcomes) + sum(row["other"].values()) + row["not_reported"]
    placed = sum(row["excluded"].values()) + row["quarantined"] + row["unrouted"] + row["routed"]
    return bool(row["sent"] == said and row["in_set"] == placed)


@pytest.mark.slow
def test_the_headless_demo_accounts_for_every_record_of_every_symbol(tmp_path: Path) -> None:
    done = command("demo", "--headless", "--json", "--records", "600", "--dir", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    result = orjson.loads(done.stdout)
    assert [row["symbol"] for row in result["symbols"]] == ["ZHG", "ZMD", "ZUL"]
    assert all(adds_up(row) and row["not_reported"] == 0 and row["rejections"] > 0 for row in result["symbols"])
    assert sum(row["in_set"] for row in result["symbols"]) == 600
    for symbol in ("ZHG", "ZMD", "ZUL"):
        account = orjson.loads(command("--workspace", tmp_path / "demo", "account", symbol, "--json").stdout)
        assert all(adds_up({**file, "in_set": 0, "excluded": {}, "quarantined": 0, "unrouted": 0, "routed": 0})
                   for file in account["files"])
        streams = {file["stream"] for file in account["files"]}
        assert streams == {"manuscripts", "reproductions", "vern", "nonvern", "trusted"}
    _nothing_on_screen_breaks(tmp_path / "demo")


def _nothing_on_screen_breaks(workspace: Path) -> None:
    status = orjson.loads(command("--workspace", workspace, "status", "--json").stdout)
    assert {row["symbol"] for row in status["symbols"]} == {"ZHG", "ZMD", "ZUL"}
    for words in (["status"], ["account", "ZUL"], ["reports", "list"], ["log"], ["checklist", "ZHG"]):
        shown = command("--workspace", workspace, *words)
        assert shown.returncode == 0 and shown.stdout.strip()
        assert "\x1b" not in shown.stdout and "Traceback" not in shown.stderr


@pytest.mark.slow
def test_the_same_seed_makes_the_same_demo(tmp_path: Path) -> None:
    results = []
    for name in ("a", "b"):
        done = command("demo", "--headless", "--json", "--records", "200", "--seed", "7", "--dir", tmp_path / name)
        results.append(orjson.loads(done.stdout)["symbols"])
    assert results[0] == results[1]


@pytest.mark.slow
def test_a_demo_killed_again_and_again_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    calm = orjson.loads(command("demo", "--headless", "--json", "--records", "600", "--dir", tmp_path / "calm").stdout)
    words = [sys.executable, "-m", "oclc_console", "demo", "--headless", "--json", "--records", "600", "--dir",
             str(tmp_path / "wild")]
    for pause in (1.2, 1.5, 1.8):
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["symbols"] == calm["symbols"]


@pytest.mark.slow
def test_a_demo_killed_while_it_makes_its_workspace_makes_it_anew(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "oclc_console", "demo", "--headless", "--json", "--records", "3000", "--dir",
             str(tmp_path / "demo")]
    for pause in (0.3, 0.5, 0.7, 0.9):
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sum(row["in_set"] for row in orjson.loads(done.stdout)["symbols"]) == 3000
    status = orjson.loads(command("--workspace", tmp_path / "demo", "status", "--json").stdout)
    accounts = {row["symbol"]: row["rejections"] for row in orjson.loads(done.stdout)["symbols"]}
    assert {row["symbol"]: row["rejections"] for row in status["symbols"]} == accounts


def test_a_demo_does_not_touch_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = command("demo", "--headless", "--dir", tmp_path)
    assert done.returncode == 2 and "something else here" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_prepare_prints_one_object_on_stdout_and_its_words_on_stderr(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    done = command("--workspace", workspace.root, "prepare", "zaa", source, "--set-count", "1", "--json")
    result = orjson.loads(done.stdout)
    keys = {"run", "symbol", "in_set", "set_count", "excluded", "routed", "unrouted", "double", "quarantined", "files"}
    assert keys <= set(result) and done.returncode == 0
    assert set(result["files"][0]) == {"name", "stream", "collection", "records", "bytes", "sha256"}
    assert "ready 1000002.zaa.trusted" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("words", "code", "sentence"), [
    (["prepare", "ZXX", "a.mrc"], 2, "the symbol ZXX is not in it"),
    (["prepare", "ZAA", "none.mrc"], 2, "there is no such file"),
    (["prepare", "ZAA", "text.txt"], 2, "plain text, not MARC"),
    (["prepare", "ZAA", "empty.mrc"], 2, "no records"),
    (["prepare", "ZAA", "loose.mrc"], 4, "1 unrouted and 0 double of 1"),
    (["prepare", "ZAA", "a.mrc", "--accept-unrouted", " "], 2, "the reason is empty"),
    (["reports", "show", "nothing"], 2, "nothing is known of nothing"),
    (["checklist", "ZAA", "logins"], 2, "go together"),
    (["checklist", "ZAA", "lunch", "--done", "2026-01-01"], 2, "lunch"),
])
def test_each_mistake_is_one_sentence_with_a_remedy_and_its_exit_code(
    tmp_path: Path, words: list[str], code: int, sentence: str
) -> None:
    workspace = workspace_in(tmp_path)
    write(tmp_path / "a.mrc", trusted(1))
    write(tmp_path / "loose.mrc", reproduction(1))
    (tmp_path / "text.txt").write_text("Dear OCLC")
    (tmp_path / "empty.mrc").write_bytes(b"")
    done = command("--workspace", workspace.root, *words, "--json", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert "error" in orjson.loads(done.stdout)


def test_a_typo_in_the_settings_names_file_line_key_and_the_word_that_was_meant(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text().replace("disposition = \"retained\"", "dispositon = \"retained\"", 1))
    done = command("--workspace", workspace.root, "status")
    assert done.returncode == 2
    assert "console.toml, line 9" in done.stderr and "did you mean 'disposition'" in done.stderr


def test_without_a_workspace_every_command_says_how_to_get_one(tmp_path: Path) -> None:
    done = command("status", cwd=tmp_path)
    assert done.returncode == 2
    assert "oclc-console init" in done.stderr and "oclc-console demo" in done.stderr


def test_acting_as_somebody_else_works_in_a_rehearsal_only(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    words = ["--workspace", str(workspace.root), "checklist", "ZAA", "logins", "--done", "2026-01-02", "--note",
             "all units", "--as", "jdoe"]
    assert command(*words).returncode == 0
    shown = orjson.loads(command("--workspace", workspace.root, "log", "--json").stdout)
    assert shown["lines"][-1]["by"] == "jdoe"
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text() + '\n[exchange]\nhost = "filex-m1.oclc.org"\n')
    refused = command(*words)
    assert refused.returncode == 2 and "only in a rehearsal" in refused.stderr


def test_check_tells_the_truth_and_sends_nothing(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    with rehearsing(workspace):
        done = command("--workspace", workspace.root, "check", "ZAA", "--json")
        assert done.returncode == 0, done.stderr
        lines = [line["what"] for line in orjson.loads(done.stdout)["lines"]]
        assert any("logged in" in line for line in lines) and any("SHA256:" in line for line in lines)
        assert any("sub-directory: metacoll/in/bib" in line for line in lines)
        assert not (workspace.rehearsal / "taken").exists() or not list((workspace.rehearsal / "taken").rglob("*.*"))
        sent = command("--workspace", workspace.root, "check", "ZAA", "--send")
        assert "gone at once, as OCLC does: good" in sent.stdout


def test_a_probe_to_a_real_host_needs_a_typed_yes(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    settings = workspace.root / "console.toml"
    settings.write_text(settings.read_text() + '\n[exchange]\nhost = "filex-m1.oclc.org"\n')
    done = command("--workspace", workspace.root, "check", "ZAA", "--send", stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "nothing was sent" in done.stderr


def test_importing_reports_twice_changes_nothing(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    report = tmp_path / "any name.txt"
    report.write_bytes(b"ZAA_1000001_1689177452756::bib::2527306|22|1|1|match\nbroken line\n")
    first = command("--workspace", workspace.root, "reports", "import", report, "--json")
    assert first.returncode == 1, "a line was refused"
    (file,) = orjson.loads(first.stdout)["files"]
    assert (file["rows"], file["refused"], file["already"]) == (1, 1, False)
    before = _tree(workspace.root)
    second = orjson.loads(command("--workspace", workspace.root, "reports", "import", report, "--json").stdout)
    assert second["files"][0]["already"] is True and second["files"][0]["rows"] == 1
    assert _tree(workspace.root) == before


@pytest.mark.slow
def test_records_without_a_local_number_are_told_each_with_where_or_why_not(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    report = tmp_path / "any name.txt"
    report.write_bytes(b"ZAA_1000001_1689177452756::bib::2527306||||Data Error||crosswalk_error\n")
    command("--workspace", workspace.root, "reports", "import", report)
    (row,) = orjson.loads(command("--workspace", workspace.root, "reports", "nameless", "--json").stdout)["records"]
    assert (row["n"], row["said"], row["located"]) == (2527306, ["crosswalk_error"], False)
    shown = command("--workspace", workspace.root, "reports", "nameless", "ZAA")
    assert shown.returncode == 0 and "not locatable: the report's name does not say which upload" in shown.stdout


def _tree(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in root.rglob("*") if path.is_file() and "runs" not in path.parts and path.suffix != ".lock"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("a small disk can't be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(tmp_path: Path, small_disk: Path) -> None:
    workspace = workspace_in(small_disk)
    source = write(tmp_path / "a.mrc", *(trusted(n) for n in range(12000)))
    done = command("--workspace", workspace.root, "prepare", "ZAA", source)
    assert done.returncode == 3, done.stderr
    assert "No space left" in done.stderr and "Free some space" in done.stderr and "Traceback" not in done.stderr
    assert not list((workspace.root / "outbox").rglob("*.mrc")) and not list(workspace.runs.glob("*/out"))
    small = write(tmp_path / "b.mrc", trusted(1))
    assert command("--workspace", workspace.root, "prepare", "ZAA", small).returncode == 0


def test_the_help_of_sign_names_every_gate() -> None:
    assert NAMES.split(", ") == list(GATES)


def test_starting_loads_no_library_that_the_first_screen_does_not_need() -> None:
    heavy = ("textual", "paramiko", "duckdb", "pyarrow", "tinydb", "pymarc", "asyncssh")
    code = ("import sys; from oclc_console.cli.arguments import parser; parser(); "
            f"print([m for m in {heavy} if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
