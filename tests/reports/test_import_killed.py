"""kill -9 while reports are filed, then the same command again: the end is that of an undisturbed import."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oclc_console.oclc.reports import EXCEPTIONS, PROCESSING
from oclc_console.operations.import_reports import reports_table
from oclc_console.workspace import Workspace, make_workspace
from tests.reports.made_up import EPOCH, SETTINGS, exceptions, name_of, processing, run_import, tree, write

IMPORT = """
import os, signal, sys, threading
from pathlib import Path
from oclc_console.operations.import_reports import import_reports
from oclc_console.store import runs
from oclc_console.workspace import Workspace

left, sync = int(sys.argv[1]), os.fsync
def counted(handle):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = counted
workspace = Workspace(Path(sys.argv[2]))
print("ready", flush=True)
for event in runs.run(workspace, import_reports(workspace, [Path(name) for name in sys.argv[3:]]), threading.Event()):
    pass
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


def begun(workspace: Workspace, files: list[Path], at_sync: int) -> subprocess.Popen[bytes]:
    """An import in a process of its own, which kills itself at the given write to disk (0: never)."""
    return subprocess.Popen([sys.executable, "-c", IMPORT, str(at_sync), str(workspace.root), *map(str, files)],
                            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)


def three_reports(folder: Path, count: int) -> list[Path]:
    """A report, OCLC's exceptions, and the report of a rerun."""
    return [write(folder, name_of(PROCESSING), processing(count)),
            write(folder, name_of(EXCEPTIONS), exceptions(count)),
            write(folder, name_of(PROCESSING, time="041200123"), processing(count // 2, EPOCH + 3_600_000))]


def undisturbed(folder: Path, files: list[Path]) -> dict[str, str]:
    workspace = make_workspace(folder / "undisturbed", SETTINGS)
    run_import(workspace, *files)
    assert reports_table(workspace)[0].superseded > 0
    return tree(workspace.root)


@pytest.mark.slow
def test_killed_at_any_write_and_called_again_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    files = three_reports(tmp_path / "files", 60)
    expected = undisturbed(tmp_path, files)
    for at_sync in (2, 6, 8, 9, 11, 13, 15, 16, 19, 24, 29, 33):
        workspace = make_workspace(tmp_path / f"killed-{at_sync}", SETTINGS)
        with begun(workspace, files, at_sync) as process:
            assert process.wait() == -signal.SIGKILL
        standing = {info.name for info in reports_table(workspace)}
        assert standing <= {file.name for file in files}
        run_import(workspace, *files)
        assert tree(workspace.root) == expected, f"killed at write {at_sync}"


@pytest.mark.slow
def test_killed_at_random_moments_of_a_big_import_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    files = three_reports(tmp_path / "files", 20_000)
    expected = undisturbed(tmp_path, files)
    for attempt in range(4):
        workspace = make_workspace(tmp_path / f"killed-{attempt}", SETTINGS)
        for _ in range(2):
            with begun(workspace, files, 0) as process:
                assert process.stdout is not None and process.stdout.readline() == b"ready\n"
                time.sleep(random.uniform(0, 1.2))
                process.kill()
        run_import(workspace, *files)
        assert tree(workspace.root) == expected
