"""An older workspace is brought up to date when it is opened, with a backup; a newer one is refused with a sentence."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import orjson
import pytest

from oclc_console.cli import main
from oclc_console.errors import ConsoleError, SettingsError
from oclc_console.operations import migration
from oclc_console.operations.migration import STEPS, Step, migrate
from oclc_console.store import log
from oclc_console.store.project import check_fold, project
from oclc_console.workspace import VERSION, Workspace, find_workspace, version_of, write_version
from tests.core.samples import workspace


@pytest.fixture
def old(tmp_path: Path) -> Workspace:
    """A workspace as version 1 left it: no workspace.json, a project.json without a hash of its own."""
    made = workspace(tmp_path / "w")
    log.append(made, "milestone.done", "ZUL", milestone="logins", date="2020-11-03", note="")
    project(made)
    tables = orjson.loads(made.project.read_bytes())
    del tables["log"]["1"]["sum"]
    made.project.write_bytes(orjson.dumps(tables))
    (made.root / "workspace.json").unlink()
    return made


def backups(ws: Workspace) -> list[Path]:
    return sorted(ws.root.glob("backup-*"))


def test_a_new_workspace_says_its_version_and_needs_nothing(tmp_path: Path) -> None:
    made = workspace(tmp_path / "w")
    assert version_of(made.root) == VERSION and migrate(made) is None and backups(made) == []


def test_an_older_one_is_brought_up_to_date_and_what_it_was_is_kept(old: Workspace) -> None:
    before, words = old.project.read_bytes(), old.log.read_bytes()
    done = migrate(old)
    assert done is not None and (done.before, done.now) == (1, VERSION)
    [backup] = backups(old)
    assert (backup / "project.json").read_bytes() == before and backup.name in done.sentence
    assert version_of(old.root) == VERSION and check_fold(old).state == "whole" and old.log.read_bytes() == words
    assert migrate(old) is None and backups(old) == [backup]


def test_an_older_one_in_which_nothing_has_to_change_makes_no_backup(tmp_path: Path) -> None:
    made = workspace(tmp_path / "w")
    (made.root / "workspace.json").unlink()
    done = migrate(made)
    assert done is not None and done.backup is None and version_of(made.root) == VERSION


def test_an_older_one_whose_log_was_changed_keeps_its_evidence_and_still_opens(old: Workspace) -> None:
    log.append(old, "milestone.done", "ZUL", milestone="updates", date="2020-11-03", note="")
    project(old)
    before = old.project.read_bytes()
    old.log.write_bytes(old.log.read_bytes().splitlines(keepends=True)[0])
    assert migrate(old) is not None
    assert old.project.read_bytes() == before and not log.verify(old).ok


def test_opening_it_by_any_command_says_what_was_done(old: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(old.root), "status", "--json"]) == 0
    shown = capsys.readouterr()
    assert "Brought from version 1 to" in shown.err and "as_of" in orjson.loads(shown.out)
    assert main(["--workspace", str(old.root), "status"]) == 0
    assert "Brought" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["log", "verify"], []])
def test_a_newer_one_is_refused_with_what_to_do_and_nothing_in_it_is_touched(
        old: Workspace, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write_version(old.root, VERSION + 1)
    before = {path: path.read_bytes() for path in sorted(old.root.rglob("*")) if path.is_file()}
    assert main(["--workspace", str(old.root), *words]) == 2
    said = capsys.readouterr().err
    assert f"of version {VERSION + 1}, made by a newer oclc-console" in said and "pip install --upgrade" in said
    assert {path: path.read_bytes() for path in sorted(old.root.rglob("*")) if path.is_file()} == before


def test_nothing_is_signed_in_a_workspace_that_a_newer_program_has_changed_meanwhile(old: Workspace) -> None:
    write_version(old.root, VERSION + 1)
    with pytest.raises(SettingsError, match="newer oclc-console"):
        log.append(old, "milestone.done", "ZUL", milestone="updates")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"version": "2"}', b'{"version": 0}', b'{"version": true}',
                                     b'{"version": null}', b"\xff", b"[" * 100_000])
def test_a_version_nobody_can_read_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    made = workspace(tmp_path / "w")
    (made.root / "workspace.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"workspace\.json"):
        find_workspace(str(made.root))


def test_every_older_version_has_its_step() -> None:
    assert set(STEPS) == set(range(1, VERSION))


def test_the_next_version_is_one_more_step_and_both_are_done_in_order(
        old: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    more = {**STEPS, VERSION: Step(("console.toml",), lambda ws: done.append(version_of(ws.root)), "nothing much")}
    monkeypatch.setattr(migration, "STEPS", more)
    monkeypatch.setattr(migration, "VERSION", VERSION + 1)
    monkeypatch.setattr("oclc_console.workspace.VERSION", VERSION + 1)
    migrated = migrate(old)
    assert migrated is not None and done == [VERSION] and len(migrated.did) == VERSION
    [backup] = backups(old)
    assert {path.name for path in backup.iterdir()} == {"project.json", "console.toml"}
    assert version_of(old.root) == VERSION + 1


def test_a_step_that_fails_leaves_the_version_and_is_done_again_next_time(
        old: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(ws: Workspace) -> None:
        raise OSError(28, "No space left on device", str(ws.root))

    with monkeypatch.context() as broken:
        broken.setattr(migration, "STEPS", {1: Step(("project.json",), fails, "")})
        with pytest.raises(ConsoleError, match="while bringing the workspace up to date"):
            migrate(old)
    assert version_of(old.root) == 1
    assert migrate(old) is not None and len(backups(old)) == 2


def test_two_consoles_that_open_it_at_once_migrate_it_once(old: Workspace) -> None:
    program = ("import sys, pathlib\nfrom oclc_console.operations.migration import migrate\n"
               "from oclc_console.workspace import Workspace\n"
               "print(migrate(Workspace(pathlib.Path(sys.argv[1]))) is not None)")
    told: list[str] = []

    def opens() -> None:
        told.append(subprocess.run([sys.executable, "-c", program, str(old.root)], capture_output=True, text=True,
                                   check=True, timeout=60).stdout.strip())

    both = [threading.Thread(target=opens) for _ in range(3)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(told) == ["False", "False", "True"] and len(backups(old)) == 1
