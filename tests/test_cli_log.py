"""`log` from the shell: the list with its filters, the proof, the export, and what is said of a torn line."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from oclc_console.cli import main
from oclc_console.store import log
from oclc_console.store.project import project
from oclc_console.workspace import Workspace
from tests.core.samples import workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = workspace(tmp_path / "w")
    for symbol, stone in (("ZUL", "logins"), ("ZMD", "logins"), ("ZUL", "updates")):
        log.append(made, "milestone.done", symbol, milestone=stone, date="2020-11-03", note="")
    project(made)
    return made


def run(ws: Workspace, *words: str) -> int:
    return main(["--workspace", str(ws.root), *words])


def test_the_list_takes_filters_and_says_how_many_of_how_many(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ws, "log", "--symbol", "ZUL", "updates") == 0
    out = capsys.readouterr().out
    assert "updates" in out and "logins" not in out and "1 of 3 lines" in out
    assert run(ws, "log", "--json", "--act", "milestone", "--until", "2000-01-01") == 0
    assert orjson.loads(capsys.readouterr().out) == {"lines": [], "of": 3}


def test_verify_proves_the_chain_and_that_project_json_says_the_same(
        ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ws, "log", "verify") == 0
    assert capsys.readouterr().out.splitlines() == ["3 lines, unbroken", "project.json is what the log adds up to"]
    ws.project.write_bytes(ws.project.read_bytes().replace(b"2020-11-03", b"2020-10-03"))
    assert run(ws, "log", "verify", "--json") == 1
    told = orjson.loads(capsys.readouterr().out)
    assert told["ok"] is True and told["fold"]["state"] == "changed"
    assert run(ws, "log", "rebuild") == 0
    assert "made anew from 3 lines" in capsys.readouterr().out
    assert run(ws, "log", "verify") == 0
    assert "said something else was set aside" in capsys.readouterr().out


def test_verify_names_the_line_that_was_changed_and_rebuild_then_refuses(
        ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    ws.log.write_bytes(ws.log.read_bytes().replace(b"ZMD", b"ZLW"))
    assert run(ws, "log", "verify", "--json") == 1
    told = orjson.loads(capsys.readouterr().out)
    assert (told["lines"], told["ok"], told["first_bad"], told["fold"]) == (3, False, 2, None)
    assert run(ws, "log", "rebuild") == 3
    assert "shows what the log was" in capsys.readouterr().err


def test_a_torn_line_is_said_on_stderr_when_it_is_set_aside_and_by_verify_ever_after(
        ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    with open(ws.log, "ab") as handle:
        handle.write(b'{"seq":4,')
    assert run(ws, "log", "verify") == 0
    assert "ends in 9 bytes of a torn line" in capsys.readouterr().out
    assert run(ws, "checklist", "ZMD", "updates", "--done", "2020-11-03", "--note", "as agreed") == 0
    said = capsys.readouterr().err
    [kept] = log.set_aside(ws)
    assert "a process was killed while it wrote it" in said and str(kept) in said
    assert run(ws, "log", "verify", "--json") == 0
    assert orjson.loads(capsys.readouterr().out)["torn"] == [str(kept)]


def test_export_writes_what_fits_into_the_file_that_was_named(
        ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ws, "log", "export", str(tmp_path / "out" / "log.csv"), "--symbol", "ZUL", "--json") == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["lines"], told["of"]) == (2, 3) and Path(told["file"]).read_bytes().count(b"\r\n") == 3
    assert run(ws, "log", "export") == 2
    assert "needs a file" in capsys.readouterr().err
