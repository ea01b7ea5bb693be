"""prepare's work is split: whoever does it, in whatever portions, the outcome is the same, and nothing is left behind."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from oclc_console.errors import CallError, HereError
from oclc_console.operations import prepare as module
from oclc_console.operations import preparing
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.prepare import prepare
from oclc_console.operations.workers import Processes
from oclc_console.store.runs import list_runs, run
from oclc_console.workspace import Workspace
from tests.operations.stage import (
    archival,
    carry_out,
    console,
    holding,
    ledger,
    reproduction,
    trusted,
    workspace_in,
    write,
)

KINDS: list[Callable[[int], bytes]] = [trusted, archival, holding]


def mixed(count: int) -> list[bytes]:
    """Records of every stream and fate, some broken, some twice."""
    records = [KINDS[n % 3](n) for n in range(count)]
    records[3::17] = [holding(n, (b"914", b"  \x1faNO-WORLDCAT")) for n in range(len(records[3::17]))]
    records[5::19] = [trusted(n)[:-3] + b"\x1d" for n in range(len(records[5::19]))]
    records[7::23] = [reproduction(n) for n in range(len(records[7::23]))]
    records[11::29] = [b"\r\n" + archival(n) for n in range(len(records[11::29]))]
    records[13::31] = [holding(n, without=[b"001"]) for n in range(len(records[13::31]))]
    return records


def outcome(workspace: Workspace) -> tuple[dict[str, str], list[dict[str, Any]], list[bytes]]:
    """The output files' digests by name, every ledger row, and what was set aside."""
    files = {file.name: hashlib.sha256(file.path.read_bytes()).hexdigest() for file in read_outbox(workspace, "ZAA")}
    aside = [path.read_bytes() for path in sorted((workspace.root / "quarantine" / "ZAA").iterdir())]
    return files, ledger(workspace, "ZAA"), aside


def prepared(folder: Path, sources: list[Path], **how: Any) -> tuple[Any, ...]:
    """The outcome of preparing the sources in a new workspace."""
    folder.mkdir()
    workspace = workspace_in(folder)
    result, events = carry_out(workspace, prepare(workspace, "ZAA", sources, accept_unrouted="in May", **how))
    told = [event.words for event in events if type(event).__name__ in ("SetAside", "SourceRead", "Counted")]
    listing = next(workspace.runs.glob("2*/unrouted.csv")).read_bytes()
    return *outcome(workspace), told, listing, {key: value for key, value in result.items() if key != "run"}


@pytest.fixture
def sources(tmp_path: Path) -> list[Path]:
    records = mixed(400)
    return [write(tmp_path / "a.mrc", *records[:250]), write(tmp_path / "b.mrc", *records[250:])]


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"workers": 2}], ids=["one worker", "two workers"])
@pytest.mark.parametrize("size", [
    pytest.param(400, marks=pytest.mark.slow), 5_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_bytes_ledger_and_events_are_the_same_whoever_did_the_work_in_whatever_chunks(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch, size: int, how: dict[str, Any]
) -> None:
    expected = prepared(tmp_path / "as it is", sources)
    monkeypatch.setattr(preparing, "CHUNK_BYTES", size if size > 400 or not how else 2_000)
    assert prepared(tmp_path / "otherwise", sources, **how) == expected
    assert sum(row["fate"] == "stream" for row in expected[1]) > 200


class TwiceExecutor(Executor):
    """An executor such as a cluster's that loses machines: it does every task twice, the last submitted first."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, function, arguments))
        threading.Timer(0.1, self._work).start()
        return future

    def _work(self) -> None:
        future, function, arguments = self._waiting.pop()
        function(*arguments)
        future.set_result(function(*arguments))


@pytest.mark.slow
def test_tasks_that_are_done_twice_and_out_of_order_do_no_harm(
    tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = prepared(tmp_path / "as it is", sources)

    @contextlib.contextmanager
    def twice(workers: int, cluster: str | None, begun: Processes | None) -> Iterator[Executor]:
        yield TwiceExecutor()

    monkeypatch.setattr(module, "executor", twice)
    monkeypatch.setattr(preparing, "CHUNK_BYTES", 5_000)
    assert prepared(tmp_path / "twice", sources) == expected


@pytest.mark.slow
def test_a_dask_cluster_does_the_same(tmp_path: Path, sources: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(preparing, "CHUNK_BYTES", 5_000)
    expected = prepared(tmp_path / "here", sources)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert prepared(tmp_path / "there", sources, cluster=cluster.scheduler_address) == expected


def test_all_copies_of_an_lsn_stand_in_the_file_of_the_first_however_far_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "CHUNK_BYTES", 900)
    workspace = workspace_in(tmp_path)
    records = [trusted(n) for n in (1, 2, 3, 4, 5, 6, 7, 1, 2, 8, 1)]
    carry_out(workspace, prepare(workspace, "ZAA", [write(tmp_path / "a.mrc", *records)]))
    files = read_outbox(workspace, "ZAA")
    assert [file.path.read_bytes() for file in files] == [
        b"".join(map(trusted, numbers)) for numbers in ((1, 2, 3, 1, 2, 1), (4, 5, 6), (7, 8))]
    homes: dict[str, set[str]] = {}
    whole = {file.name: file.path.read_bytes() for file in files}
    for row in ledger(workspace, "ZAA"):
        homes.setdefault(row["lsn"], set()).add(row["outbox"])
        raw = whole[row["outbox"]][row["end"] - row["length"] : row["end"]]
        assert hashlib.sha256(raw).digest() == row["sha256"]
    assert all(len(names) == 1 for names in homes.values())


def test_the_fragments_are_gone_when_a_run_has_ended(tmp_path: Path, sources: list[Path]) -> None:
    workspace = workspace_in(tmp_path)
    carry_out(workspace, prepare(workspace, "ZAA", sources, accept_unrouted="in May"))
    assert not [path for path in workspace.runs.rglob("*") if "fragments" in path.parts or path.name == "out"]


def big(folder: Path) -> Path:
    return write(folder / "big.mrc", *(trusted(n) for n in range(40_000)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_asked_to_stop_stops_and_leaves_nothing_but_its_events(tmp_path: Path, workers: int) -> None:
    workspace, stop = workspace_in(tmp_path), threading.Event()
    operation = prepare(workspace, "ZAA", [big(tmp_path)], workers=workers)
    threading.Timer(0.3, stop.set).start()
    list(run(workspace, operation, stop))
    (state,) = list_runs(workspace, "prepare")
    assert state.state == "stopped"
    assert read_outbox(workspace, "ZAA") == () and not (state.path / "out").exists()
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_one_sentence_and_nothing_is_half_written(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)

    def kill_one() -> None:
        while not (children := multiprocessing.active_children()):
            time.sleep(0.01)
        os.kill(children[0].pid or 0, signal.SIGKILL)

    murder = threading.Thread(target=kill_one)
    murder.start()
    with pytest.raises(HereError, match="a worker died"):
        carry_out(workspace, prepare(workspace, "ZAA", [big(tmp_path)], workers=2))
    murder.join()
    assert read_outbox(workspace, "ZAA") == () and not list(workspace.runs.glob("2*/out"))
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_do_not_outlive_a_console_that_was_killed(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    command = [sys.executable, "-m", "oclc_console", "--workspace", str(workspace.root), "prepare", "ZAA", str(big(tmp_path)),
               "--workers", "2"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (workers := [pid for pid in children_of(child.pid) if b"spawn_main" in command_line(pid)]):
        time.sleep(0.01)
    time.sleep(0.3)
    child.kill()
    child.wait()
    until = time.monotonic() + 10
    while any(b"spawn_main" in command_line(pid) for pid in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in workers if b"spawn_main" in command_line(pid)]


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
def test_what_a_worker_raises_reaches_the_console_as_it_was(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    with open(source, "rb+") as handle:
        handle.seek(70 << 20)  # a hole in the file: it takes no disk
        handle.write(b"x")
    with pytest.raises(Exception, match="no record ends within") as raised:
        carry_out(workspace, prepare(workspace, "ZAA", [source], workers=2))
    assert type(raised.value).__name__ == "InputError" and "a.mrc" in str(raised.value)


def test_workers_that_cannot_be_had_are_refused_before_anything_happens(tmp_path: Path) -> None:
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    for wrong in ({"workers": 0}, {"workers": 2, "cluster": "tcp://127.0.0.1:8786"}):
        with pytest.raises(CallError):
            prepare(workspace, "ZAA", [source], **wrong)
    assert not list(workspace.runs.glob("2*"))


def test_without_the_dask_client_the_sentence_names_the_extra_to_install(tmp_path: Path) -> None:
    with contextlib.suppress(ImportError):
        import distributed  # noqa: F401

        pytest.skip("the Dask client is installed")
    workspace = workspace_in(tmp_path)
    source = write(tmp_path / "a.mrc", trusted(1))
    done = console(workspace, "prepare", "ZAA", str(source), "--cluster", "tcp://127.0.0.1:8786")
    assert done.returncode == 2 and "oclc-console[cluster]" in done.stderr
