"""The command line where the ground gives way: no permission, no login name, no terminal, a full disk, a damaged file. It
is always one sentence and an exit code, and never a traceback."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import orjson
import pytest

from oclc_console.rehearsal.starting import stop_server
from oclc_console.workspace import Workspace, make_workspace
from tests.operations.stage import console, fetched, rehearsing, trusted, workspace_in, write

CONSOLE = [sys.executable, "-m", "oclc_console"]
ROOT = Path(__file__).parents[1]


def command(
    *words: str | bytes | Path, before: list[str] | None = None, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command itself, after `before`, with `env` on top of the environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.run([*(before or []), *CONSOLE, *words], capture_output=True, text=True, errors="backslashreplace",
                          check=False, cwd=cwd, env=environment, stdin=subprocess.DEVNULL)


def shell(line: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command with a shell's redirections."""
    whole = shlex.join([*CONSOLE, *map(str, words)]) + " " + line
    return subprocess.run(["bash", "-c", whole], capture_output=True, text=True, check=False)


def unprivileged() -> list[str]:
    """Words before a command that make permissions hold for it, whoever runs the tests."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root is held by no permission, and setpriv is not installed")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


def one_sentence(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Exit 3, one sentence on stderr, and the same as the one object on stdout."""
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    (sentence,) = [line for line in done.stderr.splitlines() if line.startswith("oclc-console: ")]
    assert all(part in sentence for part in parts), sentence
    error = orjson.loads(done.stdout)
    assert sentence == f"oclc-console: {error['error']}" and error["then"]


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    source.chmod(0)
    done = command("--workspace", workspace.root, "prepare", "ZAA", source, "--json", before=unprivileged())
    one_sentence(done, "a.mrc", "Permission denied", "right to it")


@pytest.mark.parametrize("words", [["init"], ["demo", "--headless", "--records", "50", "--dir"]])
def test_a_workspace_under_a_file_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    source = write(tmp_path / "a.mrc", trusted(1))
    one_sentence(command(*words, source / "w", "--json"), "a.mrc", "There is a file where a folder is wanted")


def test_a_workspace_in_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    one_sentence(command("init", write(tmp_path / "a.mrc", trusted(1)), "--json"), "a.mrc", "name another place")


def test_a_workspace_where_no_folder_can_be_is_one_sentence() -> None:
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc here")
    one_sentence(command("init", "/proc/xx", "--json"), "/proc/xx", "can't be made there")


def test_a_workspace_in_a_folder_of_somebody_else_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o555)
    done = command("init", tmp_path / "closed" / "w", "--json", before=unprivileged())
    one_sentence(done, "closed", "Permission denied while running init")


@pytest.mark.parametrize("words", [["upload", "ZAA"], ["fetch", "ZAA"], ["check", "ZAA"]])
def test_a_workspace_that_may_not_be_written_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    workspace = workspace_in(tmp_path)
    everything = [workspace.root, *workspace.root.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = command("--workspace", workspace.root, *words, "--json", before=unprivileged())
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    one_sentence(done, str(workspace.root), "Permission denied")


def test_a_command_stopped_from_the_keyboard_says_so_without_a_traceback(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    code = ("import sys, signal, os\nfrom oclc_console.cli import commands, main\n"
            "commands._status = lambda options: os.kill(os.getpid(), signal.SIGINT)\n"
            "sys.exit(main(sys.argv[1:]))")
    done = subprocess.run([sys.executable, "-c", code, "--workspace", str(workspace.root), "status", "--json"],
                          capture_output=True, text=True, check=False)
    one_sentence(done, "stopped", "Run the same command again")

@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="who began whom is read from /proc")
@pytest.mark.parametrize("later", [0, 0.08, 0.16])
def test_ctrl_c_while_the_workers_of_prepare_begin_is_one_sentence_too(tmp_path: Path, later: float) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "b.mrc", *map(trusted, range(3)))
    process = subprocess.Popen([*CONSOLE, "--workspace", workspace.root, "prepare", "ZAA", source, "--workers", "3"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
                               env={**os.environ, "PYTHONPATH": str(ROOT)})
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None and not children.read_text("ascii"):
        time.sleep(0.005)
    time.sleep(later)
    os.killpg(process.pid, signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert "Traceback" not in words and "Run the same command again" in words, words
    deadline = time.monotonic() + 10
    while (left := in_session(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def in_session(session: int) -> list[int]:
    """The processes of a session that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
            found += [int(folder.name)] if int(its_session) == session and state != "Z" else []
    return found


def nameless() -> list[str]:
    """Words before a command that make it run as a number without a name or a home, as in a container. It may read and
    write everything, wherever the tests and Python happen to stand."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become a login that has no name")
    hidden = [word for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME") for word in ("-u", name)]
    rights = "+dac_override,+dac_read_search"
    return ["env", *hidden, "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", f"--inh-caps={rights}",
            f"--ambient-caps={rights}"]


def test_a_login_without_a_name_or_a_home_makes_a_workspace_signs_as_its_number_and_rehearses(tmp_path: Path) -> None:
    before, root = nameless(), tmp_path / "w"
    try:
        made = command("init", root, before=before)
        assert made.returncode == 0, made.stderr
        assert tomllib.loads((root / "console.toml").read_text())["people"] == {
            "uid12345": {"name": "uid12345", "roles": ["coordinator", "lts"]}}
        signed = command("--workspace", root, "checklist", "ZZZ", "survey-units", "--done", "2026-01-02", before=before)
        assert signed.returncode == 0, signed.stderr
        assert orjson.loads((root / "log.jsonl").read_bytes().splitlines()[-1])["by"] == "uid12345"
        checked = command("--workspace", root, "check", before=before)
        assert checked.returncode == 0 and "logged in" in checked.stdout, checked.stderr
    finally:
        if (root / "rehearsal").exists():
            stop_server(root / "rehearsal")


def test_words_that_the_terminal_has_no_code_for_are_shown_as_escapes(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    done = command("--workspace", workspace.root, "checklist", "ZAA", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "\\u25d0" in done.stdout and "Traceback" not in done.stderr


def test_with_stderr_closed_the_object_on_stdout_stands_alone(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    done = shell("2>&-", "--workspace", workspace.root, "prepare", "ZAA", source, "--json")
    assert done.returncode == 0
    assert orjson.loads(done.stdout)["in_set"] == 1


def test_with_every_stream_closed_a_command_does_its_work_and_no_file_takes_their_place(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    done = shell("<&- >&- 2>&-", "--workspace", workspace.root, "prepare", "ZAA", source, "--json")
    assert done.returncode == 0
    (file,) = (workspace.root / "outbox" / "ZAA").glob("*.mrc")
    assert file.read_bytes() == trusted(1)
    for path in (path for path in workspace.root.rglob("*") if path.is_file()):
        assert b"in_set 1" not in path.read_bytes() and b"oclc-console:" not in path.read_bytes()


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_an_answer_that_can_not_be_written_is_a_failure(tmp_path: Path, more: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    workspace = workspace_in(tmp_path)
    done = shell(">/dev/full", "--workspace", workspace.root, "status", *more)
    assert done.returncode == 3
    assert done.stderr.startswith("oclc-console: No space left on device while writing the answer.")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_went_away_ends_the_command_without_a_word(tmp_path: Path) -> None:
    done = shell("| true; exit ${PIPESTATUS[0]}", "--workspace", tmp_path, "status", "--json")
    assert done.returncode in (2, 3) and "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.parametrize("name", ["A\nB", 'The "Old" \\ Library', "\x1b[31m\x07\x7f", "{name} [x]", "Ünï"])
def test_any_name_of_an_institution_makes_a_workspace_that_loads(tmp_path: Path, name: str) -> None:
    done = command("init", tmp_path / "q", "--name", name)
    assert done.returncode == 0, done.stderr
    assert Workspace(tmp_path / "q").settings.institution.name == name.strip()


def test_an_odd_login_is_a_person_of_the_new_workspace(tmp_path: Path) -> None:
    done = command("init", tmp_path / "q", env={"LOGNAME": 'j.doe@"example"\\é'})
    assert done.returncode == 0, done.stderr
    assert list(Workspace(tmp_path / "q").settings.people) == ['j.doe@"example"\\é']


def test_a_folder_whose_name_is_no_text_can_be_a_workspace(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path) + b"/caf\xe9"
    made = command("init", root, "--json")
    assert made.returncode == 0, made.stderr
    assert orjson.loads(made.stdout)["workspace"].endswith("caf\\xe9")
    again = command("init", root, "--json")
    assert again.returncode == 2 and orjson.loads(again.stdout)["where"].endswith("caf\\xe9")


def test_settings_that_do_not_load_leave_nothing_behind(tmp_path: Path) -> None:
    from oclc_console.errors import SettingsError

    with pytest.raises(SettingsError, match="this is not TOML"):
        make_workspace(tmp_path / "w", "name = ")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_of_the_outbox_is_named(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    assert console(workspace, "prepare", "ZAA", str(write(tmp_path / "a.mrc", trusted(1)))).returncode == 0
    (sidecar,) = (workspace.root / "outbox" / "ZAA").glob("*.mrc.json")
    sidecar.write_bytes(sidecar.read_bytes()[:40])
    done = command("--workspace", workspace.root, "account", "ZAA", "--json")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert sidecar.name in orjson.loads(done.stdout)["where"]


@pytest.mark.slow
def test_a_damaged_file_of_the_ledger_is_named(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    assert console(workspace, "prepare", "ZAA", str(write(tmp_path / "a.mrc", trusted(1)))).returncode == 0
    with rehearsing(workspace):
        assert console(workspace, "upload", "ZAA").returncode == 0
        fetched(workspace, "ZAA")
    (rows,) = [path for path in (workspace.root / "ledger" / "ZAA").glob("*.parquet") if ".txt" not in path.name]
    rows.write_bytes(rows.read_bytes()[:-20])
    done = command("--workspace", workspace.root, "account", "ZAA", "--json")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert rows.name in orjson.loads(done.stdout)["error"]


@pytest.mark.parametrize("words", [
    ["prepare", "ZAA", "a.mrc", "--set-count", "-5"], ["prepare", "ZAA", "a.mrc", "--set-count", "1e3"],
    ["reports", "show", "x", "--rows", "-1"], ["reports", "list", "NOPE"],
])
def test_a_wrong_call_is_refused(tmp_path: Path, words: list[str]) -> None:
    workspace = workspace_in(tmp_path)
    done = command("--workspace", workspace.root, *words, cwd=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stdout == ""


def test_reports_are_listed_of_a_symbol_that_only_the_reports_know(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    report = tmp_path / "any.txt"
    report.write_bytes(b"ZXX_1000001_1689177452756::bib::2527306|22|1|1|match\n")
    assert console(workspace, "reports", "import", str(report)).returncode == 0
    assert "any.txt" in console(workspace, "reports", "list", "zxx").stdout
    assert "No reports yet" in console(workspace, "reports", "list", "zaa").stdout


@pytest.mark.slow
def test_a_refused_line_is_told_with_its_number_and_why(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    report = tmp_path / "any.txt"
    lines = [b"ZAA_1000001_1689177452756::bib::2527306|22|1|1|match", *(b"a|b|c" for _ in range(7))]
    report.write_bytes(b"\n".join(lines))
    for _ in ("first", "already here"):
        done = console(workspace, "reports", "import", str(report), "--json")
        (file,) = orjson.loads(done.stdout)["files"]
        assert done.returncode == 1 and file["refused"] == 7
        assert [refused["line"] for refused in file["refused_lines"]] == [2, 3, 4, 5, 6]
        assert "it has 3 columns where a BibProcessingReport has 5" in file["refused_lines"][0]["why"]
    told = console(workspace_in(tmp_path / "other"), "reports", "import", str(report)).stderr
    assert "7 lines refused; line 2 could not be read: it has 3 columns" in told
    shown = console(workspace, "reports", "show", "any.txt")
    assert shown.returncode == 0 and len(shown.stdout.splitlines()) == 7
    assert shown.stdout.startswith("line 2 ") and "a BibProcessingReport has 5" in shown.stdout


def test_a_row_without_a_word_for_its_outcome_is_counted_as_blank(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    report = tmp_path / "any.txt"
    report.write_bytes(b"ZAA_1000001_1689177452756::bib::2527306|22|1|1|\n")
    assert console(workspace, "reports", "import", str(report)).returncode == 0
    (listed,) = orjson.loads(console(workspace, "reports", "list", "--json").stdout)["reports"]
    assert listed["outcomes"] == {"(blank)": 1}
    assert "there is no word for the outcome" in console(workspace, "reports", "show", "any.txt").stdout


@pytest.mark.slow
def test_a_headless_demo_that_is_stopped_says_that_it_can_go_on(tmp_path: Path) -> None:
    words = [*CONSOLE, "demo", "--headless", "--json", "--records", "2000", "--dir", str(tmp_path / "demo")]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    first = child.stderr.readline()
    child.terminate()
    out, err = child.communicate()
    stop_server(tmp_path / "demo" / "rehearsal")
    one_sentence(subprocess.CompletedProcess(words, child.returncode, out, first + err), "stopped", "it goes on")
