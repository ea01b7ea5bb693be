"""A fetch that is killed, stopped or cut off, and then run again: the end is that of an undisturbed one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from oclc_console.errors import OtherSideError
from oclc_console.operations.fetch import fetch
from oclc_console.operations.import_reports import reports_table
from oclc_console.store.events import Ended
from oclc_console.store.runs import run
from oclc_console.workspace import Workspace
from tests.operations.oclc_stage import at_oclc, fetch_once, name_of, named, odd_oclc, quiet_workspace, rows, zipped
from tests.operations.stage import rehearsing
from tests.reports.made_up import tree

FETCH = """
import os, signal, sys, threading
from pathlib import Path
from oclc_console.operations.fetch import fetch
from oclc_console.store.runs import run
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
for event in run(workspace, fetch(workspace, "ZAA"), threading.Event()):
    pass
"""
KINDS = ("reports", "records", "ledger", "rejections")
RECORDS = random.Random(5).randbytes(400_000)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return with_files(tmp_path)


def with_files(folder: Path) -> Workspace:
    """A workspace whose OCLC has three reports (one zipped), records, and a placeholder."""
    workspace = quiet_workspace(folder)
    reports, rerun = at_oclc(workspace), name_of(time="041200123")
    (reports / name_of()).write_bytes(rows(40))
    (reports / f"{rerun}.zip").write_bytes(zipped(rerun, rows(20, 1604394720123)))
    (reports / name_of("BibCrossRefReport")).write_bytes(b"991\t1\n")
    (reports / f"{name_of(time='051200123')}-stub.txt").write_bytes(b"")
    for kind in ("new", "updates"):
        (at_oclc(workspace, f"out/ongoing/{kind}") / f"metacoll.ZAA.{kind}.D20201101.T240553.1.mrc").write_bytes(RECORDS)
    return workspace


def here(workspace: Workspace) -> dict[str, str]:
    """Everything that fetching made, by what it holds."""
    return {name: digest for name, digest in tree(workspace.root).items() if name.startswith(KINDS)}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_write_and_run_again_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    whole = with_files(tmp_path / "undisturbed")
    with rehearsing(whole):
        fetch_once(whole)
    expected = here(whole)
    assert len([name for name in expected if name.startswith("records")]) == 2 and reports_table(whole)[0].superseded
    for at_sync in (3, 8, 12, 18, 27, 40, 46):
        workspace = with_files(tmp_path / str(at_sync))
        with rehearsing(workspace):
            killed = subprocess.run([sys.executable, "-c", FETCH, str(at_sync), str(workspace.root)], check=False,
                                    cwd=Path(__file__).parents[2])
            half = here(workspace)
            final = {name for name in half if name.startswith(("reports", "records")) and "/." not in name}
            assert all(expected[name] == half[name] for name in final), f"something half at write {at_sync}"
            fetch_once(workspace)
        assert here(workspace) == expected, f"killed at write {at_sync}"
        assert killed.returncode == -signal.SIGKILL, f"there are fewer than {at_sync} writes"
        assert not list(workspace.root.rglob("*.part")), "what the dead had half-fetched is cleared away"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def size_of(part: Path) -> int:
    """Its bytes; none when it has just got its name."""
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_fetch_killed_while_a_file_is_coming_leaves_a_part_of_it_which_the_next_one_clears(workspace: Workspace) -> None:
    large = at_oclc(workspace, "out/ongoing/new") / "metacoll.ZAA.new.D20201102.T240553.1.mrc"
    large.write_bytes(RECORDS * 200)
    with odd_oclc(workspace):
        command = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "fetch", "ZAA"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
        while not any(size_of(part) > 1 << 20 for part in workspace.runs.glob("*/*.part")):
            assert child.poll() is None, "it was over before it could be killed"
            time.sleep(0.002)
        child.kill()
        child.wait()
        assert len(list(workspace.runs.glob("*/*.part"))) == 1
        (dead,) = workspace.runs.glob("*-fetch-ZAA*")
        (dead / "report-old.part").write_bytes(b"left by an earlier version")
        result, _ = fetch_once(workspace)
    assert not list(workspace.root.rglob("*.part"))
    assert large.name in named(result["records"])
    assert (workspace.root / "records/ZAA/new" / large.name).stat().st_size == large.stat().st_size


def test_a_stop_in_the_middle_of_a_file_leaves_nothing_half(workspace: Workspace) -> None:
    expected_left = name_of()
    stop = threading.Event()
    opened: list[str] = []

    def at_the_third(path: Path) -> None:
        opened.append(path.name)
        if len(opened) == 3:
            stop.set()

    with odd_oclc(workspace, opening=at_the_third):
        events = list(run(workspace, fetch(workspace, "ZAA"), stop))
    assert isinstance(events[-1], Ended) and events[-1].state == "stopped"
    assert len(reports_table(workspace)) == 2 and expected_left not in here(workspace)
    assert not list(workspace.root.rglob("*.part"))
    with odd_oclc(workspace):
        result, _ = fetch_once(workspace)
    assert len(result["reports"]) == 1 and len(result["records"]) == 2


def test_a_stop_while_the_server_says_nothing_is_not_kept_waiting_for_it(workspace: Workspace) -> None:
    stop, over = threading.Event(), threading.Event()

    def silent(path: Path) -> None:
        stop.set()
        over.wait(60)  # longer than the time after which a silent link is given up

    with odd_oclc(workspace, opening=silent):
        events = list(run(workspace, fetch(workspace, "ZAA"), stop))
        over.set()
    assert isinstance(events[-1], Ended) and events[-1].state == "stopped"
    assert not list(workspace.root.rglob("*.part"))


def test_a_link_that_dies_in_the_middle_fails_the_fetch_and_the_next_one_goes_on(workspace: Workspace) -> None:
    opened: list[str] = []

    def dies(path: Path) -> None:
        opened.append(path.name)
        if path.name.startswith("metacoll"):
            raise ConnectionResetError("the link is dead")

    with odd_oclc(workspace, opening=dies), pytest.raises(OtherSideError):
        fetch_once(workspace)
    assert len(reports_table(workspace)) == 3 and not list((workspace.root / "records").rglob("*.mrc"))
    assert not list(workspace.root.rglob("*.part"))
    with odd_oclc(workspace):
        result, _ = fetch_once(workspace)
    assert (result["reports"], len(result["records"])) == ([], 2)


def test_two_fetches_of_one_account_at_once_bring_everything_once(workspace: Workspace) -> None:
    both = threading.Barrier(2)
    results: dict[str, list[str]] = {}

    def bring(symbol: str) -> None:
        both.wait()
        result, _ = fetch_once(workspace, symbol)
        results[symbol] = named(result["reports"])

    with odd_oclc(workspace):
        threads = [threading.Thread(target=bring, args=(symbol,)) for symbol in ("ZAA", "ZOLD")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results["ZAA"] + results["ZOLD"]) == sorted(info.name for info in reports_table(workspace))
    assert len(reports_table(workspace)) == 3 and len(list((workspace.root / "records").rglob("*.mrc"))) == 2
