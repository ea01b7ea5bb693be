"""Prepare and fetch, killed at any write to disk and called again, end as if nobody had disturbed them."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from oclc_console.operations.prepared import prepared_set
from oclc_console.workspace import Workspace
from tests.operations.stage import ledger, trusted, workspace_in, write
from tests.reports.made_up import tree
from tests.sshd.site import RehearsalSite

KILLED_AT = """
import os, signal, sys
from oclc_console import cli

left, sync = int(sys.argv.pop(1)), os.fsync
def counted(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = counted
sys.exit(cli.main())
"""
EVERY = pytest.param(1, marks=pytest.mark.slow, id="every write")
SOME = pytest.param(9, marks=pytest.mark.slow, id="every ninth write")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def called(workspace: Workspace, at_sync: int, *words: str) -> int:
    """The command, which kills itself at this write to disk (0: never)."""
    done = subprocess.run([sys.executable, "-c", KILLED_AT, str(at_sync), "--workspace", str(workspace.root), *words],
                          capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode in (0, 1, -signal.SIGKILL), done.stderr
    return done.returncode


def killed_everywhere(fresh: Callable[[str], Workspace], step: int, words: list[str],
                      alike: Callable[[Workspace], None]) -> int:
    """Kills the command at each `step`-th write, in a workspace of its own each, calls it again, and compares."""
    at_sync = kills = 0
    while True:
        at_sync += step
        workspace = fresh(f"killed-{at_sync}")
        if called(workspace, at_sync, *words) != -signal.SIGKILL:
            return kills
        kills += 1
        called(workspace, 0, *words)
        alike(workspace)
        shutil.rmtree(workspace.root)


@pytest.mark.parametrize("step", [SOME] if os.environ.get("OCLC_CONSOLE_KILLS") is None else [EVERY])
def test_a_fetch_killed_at_any_write_and_called_again_ends_as_an_undisturbed_one(tmp_path: Path, step: int) -> None:
    site = RehearsalSite(tmp_path, "keep", turn_around_seconds=0, large=1)
    try:
        site.prepare(*(trusted(n) for n in range(3)))
        assert site.upload().code == 0
        reports = site.folder / "accounts/fx_zaa/xfer/metacoll/reports"
        until = time.monotonic() + 30
        while sum("Processing" in path.name for path in reports.iterdir()) < len(site.files) and time.monotonic() < until:
            time.sleep(0.05)

        def fresh(name: str) -> Workspace:
            return Workspace(Path(shutil.copytree(site.workspace.root, tmp_path / name)))

        calm = fresh("calm")
        assert called(calm, 0, "fetch", "ZAA") == 0
        expected = tree(calm.root)
        assert any(name.startswith("reports/") for name in expected)

        def alike(workspace: Workspace) -> None:
            assert tree(workspace.root) == expected

        assert killed_everywhere(fresh, step, ["fetch", "ZAA"], alike) > 2
    finally:
        site.close()


@pytest.mark.parametrize("step", [SOME] if os.environ.get("OCLC_CONSOLE_KILLS") is None else [EVERY])
def test_a_prepare_killed_at_any_write_and_called_again_ends_as_an_undisturbed_one(tmp_path: Path, step: int) -> None:
    source = write(tmp_path / "a.mrc", *(trusted(n) for n in range(8)))

    def fresh(name: str) -> Workspace:
        (tmp_path / name).mkdir()
        return workspace_in(tmp_path / name)

    def state(workspace: Workspace) -> object:
        # killed at the very end, the first call had done it all: the second replaces its files under new names
        outbox = workspace.root / "outbox/ZAA"
        files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(outbox.glob("*.mrc"))]
        sidecars = [orjson.loads(path.read_bytes()) for path in sorted(outbox.glob("*.json"))]
        said = [{key: sidecar[key] for key in ("stream", "records", "bytes", "sha256")} for sidecar in sidecars]
        rows = {row["sha256"] for row in ledger(workspace, "ZAA")}
        return files, said, rows, prepared_set(workspace, "ZAA").in_set

    calm = fresh("calm")
    words = ["prepare", "ZAA", str(source)]
    assert called(calm, 0, *words) == 0
    expected = state(calm)

    def alike(workspace: Workspace) -> None:
        assert state(workspace) == expected
        assert not list(workspace.runs.glob("*/out"))

    assert killed_everywhere(fresh, step, words, alike) > 2
