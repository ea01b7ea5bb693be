"""The folder everything lives in, and who is acting in it."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from oclc_console.errors import CallError, SettingsError
from oclc_console.workspace import VARIABLE, find_workspace, folder_name, make_workspace
from tests.core.samples import SETTINGS, workspace

REAL = SETTINGS + '[exchange]\nhost = "filex-m1.oclc.org"\n'


def test_a_new_workspace_has_its_folders_and_an_inbox_for_each_symbol(tmp_path: Path) -> None:
    made = workspace(tmp_path / "w")
    assert {"inbox", "runs", "outbox", "reports", "ledger"} <= {entry.name for entry in made.root.iterdir()}
    assert {entry.name for entry in (made.root / "inbox").iterdir()} == {"ZUL", "ZMD", "ZLW"}


def test_a_workspace_is_never_made_over_another(tmp_path: Path) -> None:
    workspace(tmp_path / "w")
    with pytest.raises(CallError, match="there is a workspace here already"):
        make_workspace(tmp_path / "w", SETTINGS)


def test_the_workspace_named_wins_over_the_variable_and_that_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        workspace(tmp_path / name)
    monkeypatch.chdir(tmp_path / "c")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_workspace(None).root == tmp_path / "c"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "b"))
    assert find_workspace(None).root == tmp_path / "b"
    assert find_workspace(str(tmp_path / "a")).root == tmp_path / "a"


def test_a_folder_without_a_workspace_says_the_three_ways_on(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--workspace DIR.*oclc-console init DIR.*oclc-console demo"):
        find_workspace(str(tmp_path))


def test_everybody_acts_under_their_own_login(tmp_path: Path) -> None:
    assert workspace(tmp_path / "w").actor == getpass.getuser()


def test_acting_as_somebody_else_works_in_a_rehearsal_only(tmp_path: Path) -> None:
    workspace(tmp_path / "rehearsal")
    workspace(tmp_path / "real", REAL)
    assert find_workspace(str(tmp_path / "rehearsal"), "jdoe").actor == "jdoe"
    with pytest.raises(CallError, match="only in a rehearsal"):
        find_workspace(str(tmp_path / "real"), "jdoe")


def test_a_symbols_folder_is_escaped_as_oclc_escapes_it_and_has_one_spelling(tmp_path: Path) -> None:
    assert folder_name("a$b") == "A_36B"
    made = workspace(tmp_path / "w")
    assert made.at("outbox", "zul") == made.root / "outbox" / "ZUL"
    assert made.at("outbox", "zul").is_dir()
