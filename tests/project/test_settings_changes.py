"""A change of console.toml is logged: which keys, once, by whoever opened the workspace first afterwards."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from oclc_console.cli import main
from oclc_console.operations.settings_changes import changed_keys, notice
from oclc_console.store import log
from oclc_console.tui.follow import Follower
from oclc_console.tui.launch import Launcher
from oclc_console.workspace import Workspace
from tests.core.samples import SETTINGS, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = workspace(tmp_path / "w", acting_as="jdoe")
    notice(made)
    return made


def change(ws: Workspace, before: str, after: str) -> None:
    path = ws.root / "console.toml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


def keys(ws: Workspace) -> list[str]:
    return [str(line.data["keys"]) for line in log.read(ws) if line.act == "settings.changed"]


def test_a_workspace_that_is_opened_for_the_first_time_logs_nothing(ws: Workspace) -> None:
    assert notice(ws) == "" and not ws.log.exists()


def test_a_change_is_logged_once_with_its_keys_and_by_whoever_saw_it_first(ws: Workspace) -> None:
    change(ws, 'libraries = ["NET", "ARC"]', 'libraries = ["NET"]')
    change(ws, 'name = "All"', 'name = "Everything"')
    assert notice(ws) == "symbols.ZUL.libraries, symbols.ZMD.streams[1].name"
    assert notice(Workspace(ws.root, "asmith")) == ""
    [line] = log.read(ws)
    assert (line.act, line.symbol, line.by) == ("settings.changed", None, "jdoe")
    assert line.data["keys"] == "symbols.ZUL.libraries, symbols.ZMD.streams[1].name"


def test_a_change_that_is_taken_back_by_hand_is_a_change_too(ws: Workspace) -> None:
    for before, after in (("University-wide", "Main"), ("Main", "University-wide"), ("University-wide", "Main")):
        change(ws, before, after)
        notice(ws)
    assert keys(ws) == ["symbols.ZUL.name"] * 3


def test_a_table_that_came_or_went_is_one_key() -> None:
    assert changed_keys(SETTINGS, SETTINGS + '[symbols.ZYN]\nname = "East Asian"\n') == ["symbols.ZYN"]
    assert changed_keys(SETTINGS, SETTINGS.replace('disposition = "retained"\n', "")) == ["symbols.ZMD.disposition"]
    assert changed_keys(SETTINGS, SETTINGS + '[[symbols.ZMD.streams]]\nname = "B"\n') == ["symbols.ZMD.streams[2]"]


def test_a_comment_is_no_change(ws: Workspace) -> None:
    change(ws, "[institution]", "# ours\n[institution]")
    assert notice(ws) == "" and not ws.log.exists()


def test_a_mistake_is_not_a_change_until_it_is_mended(ws: Workspace) -> None:
    change(ws, '"retained"', '"kept"')
    assert notice(ws) == "" and not ws.log.exists()
    change(ws, '"kept"', '"target"')
    assert notice(ws) == "symbols.ZMD.disposition" and len(log.read(ws)) == 1


def test_without_the_copy_it_is_still_told_that_something_changed(ws: Workspace) -> None:
    change(ws, "University-wide", "Main")
    notice(ws)
    (ws.root / ".console.toml.seen").unlink()
    assert notice(ws) == ""
    (ws.root / ".console.toml.seen").unlink()
    change(ws, "Main", "Everything")
    assert notice(ws) == "not known: the copy is gone"
    assert keys(ws) == ["symbols.ZUL.name", "not known: the copy is gone"]


def test_of_several_who_open_it_at_once_one_logs_it(ws: Workspace) -> None:
    change(ws, "University-wide", "Main")
    threads = [threading.Thread(target=notice, args=(Workspace(ws.root, f"p{number}"),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys(ws) == ["symbols.ZUL.name"] and log.verify(ws).ok


def test_a_command_logs_it_and_says_so(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    change(ws, "University-wide", "Main")
    assert main(["--workspace", str(ws.root), "--as", "asmith", "status"]) == 0
    assert "console.toml was changed, and that is logged: symbols.ZUL.name" in capsys.readouterr().err
    assert [line.by for line in log.read(ws)] == ["asmith"]


def test_the_console_logs_it_while_it_is_open_and_keeps_the_last_good_settings(ws: Workspace) -> None:
    follower = Follower(ws, Launcher())
    follower.look()
    change(ws, "University-wide", "Main [stacks]")
    facts, _ = follower.look()
    assert facts.problem == "" and keys(ws) == ["symbols.ZUL.name"]
    change(ws, '"retained"', '"kept"')
    facts, _ = follower.look()
    assert "disposition" in facts.problem and facts.workspace.settings.symbol("ZUL").name == "Main [stacks]"
    assert len(log.read(ws)) == 1


def test_a_log_that_is_not_sound_is_said_and_looking_goes_on(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    change(ws, "University-wide", "Main")
    ws.log.write_bytes(b'{"seq": 1}\n')
    assert main(["--workspace", str(ws.root), "--as", "asmith", "coverage", "ZUL"]) == 0
    assert "can't be logged" in capsys.readouterr().err
