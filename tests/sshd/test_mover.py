"""The mover that the other tests judge by: what it takes, when, and what it writes down."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sshd.mover import AT_CLOSE, WHEN_QUIET, Mover, takes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the mover needs Linux (inotify)")
Start = Callable[..., Mover]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a mover over an empty upload folder."""
    running = []

    def begin(mode: str, seconds: float = 0.5) -> Mover:
        uploads = tmp_path / "root/xfer/metacoll/in/bib"
        uploads.mkdir(parents=True)
        running.append(Mover(uploads, tmp_path / "mover", mode, seconds))
        return running[-1]

    yield begin
    for mover in running:
        mover.stop()


def _until(what: Callable[[], object]) -> None:
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_at_close_takes_a_file_when_its_handle_is_closed_and_not_before(start: Start) -> None:
    mover = start(AT_CLOSE)
    with open(mover.uploads / "a.mrc", "wb", buffering=0) as handle:
        handle.write(b"whole")
        time.sleep(0.3)
        assert takes(mover.log) == [] and (mover.uploads / "a.mrc").exists()
    _until(lambda: takes(mover.log))
    (take,) = takes(mover.log)
    assert (take.name, take.size, take.sha256) == ("a.mrc", 5, hashlib.sha256(b"whole").hexdigest())
    assert not (mover.uploads / "a.mrc").exists()


def test_when_quiet_takes_a_file_only_once_it_has_stopped_growing(start: Start) -> None:
    mover = start(WHEN_QUIET, 1.0)
    with open(mover.uploads / "a.mrc", "wb", buffering=0) as handle:
        for _ in range(15):
            handle.write(b"x")
            time.sleep(0.1)
        assert takes(mover.log) == []
        _until(lambda: takes(mover.log))
        assert takes(mover.log)[0].size == 15
        handle.write(b"too late")
    time.sleep(0.2)
    assert takes(mover.log)[0].sha256 == hashlib.sha256(b"x" * 15).hexdigest()
    assert len(takes(mover.log)) == 1


def test_the_same_name_twice_is_two_takes(start: Start) -> None:
    mover = start(AT_CLOSE)
    for content in (b"1", b"22"):
        (mover.uploads / "a.mrc").write_bytes(content)
        _until(lambda: not (mover.uploads / "a.mrc").exists())
    _until(lambda: len(takes(mover.log)) == 2)
    assert [take.size for take in takes(mover.log)] == [1, 2]
