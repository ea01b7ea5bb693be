"""One file through two channels of one connection, against Debian's sshd: both carry it, its first handle makes it and is the
first to be closed, and a server that takes only one channel or one handle gets it through one, which is said once. The faults
are in test_faults.py."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from oclc_console.store.runs import list_runs
from oclc_console.store.wishes import Wishes, change_wishes
from tests.operations.stage import holding
from tests.sshd.mover import AT_CLOSE, WHEN_QUIET
from tests.sshd.server import needs_sshd
from tests.sshd.site import NOTE, SshdSite

KILLS = int(os.environ.get("OCLC_CONSOLE_CHANNEL_KILLS", "5"))
LARGE = 96  # records of a file, 67 KB each

pytestmark = [*needs_sshd, pytest.mark.slow]
Open = Callable[..., SshdSite]


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Open]:
    """Opens a site with a file of 6.4 MB and a small one waiting."""
    sites: list[SshdSite] = []

    def begin(mode: str = AT_CLOSE, channels: int = 2, **server: Any) -> SshdSite:
        site = SshdSite(tmp_path, mode, channels=channels, **{"large": LARGE, **server})
        sites.append(site)
        site.some_files()
        return site

    yield begin
    for site in sites:
        site.close()


def whole(site: SshdSite) -> bool:
    """Whether every file was taken once, as it is here."""
    taken = sorted((take.name, take.sha256) for take in site.settle())
    return taken == sorted((file.name, file.sha256) for file in site.files)


def handles(site: SshdSite) -> list[dict[str, Any]]:
    """What happened to handles on the first file, in order."""
    every = [orjson.loads(line) for line in (site.server.place / "handles").read_bytes().splitlines()]
    made = [number for number, entry in enumerate(every) if entry["did"] == "open" and not entry["further"]]
    return every[: made[1]]


@pytest.mark.parametrize("channels", [2, 4])
def test_every_channel_carries_a_part_and_the_handle_that_made_the_file_is_closed_before_any_other(
        sshd: Open, channels: int) -> None:
    site = sshd(go_between=True, channels=channels)
    site.wire.bytes_a_second = 10_000_000
    assert site.upload().code == 0 and whole(site)
    seen = handles(site)
    first, further = seen[0], [entry for entry in seen if entry["did"] == "open"][1:]
    assert not first["further"] and all(entry["further"] for entry in further) and len(further) == channels - 1
    assert [entry["did"] for entry in seen[:2]] == ["open", "opened"], "no other opens it before it is made"
    closing = [(entry["session"], entry["did"]) for entry in seen if entry["did"] in ("close", "closed")]
    assert closing[:2] == [(first["session"], "close"), (first["session"], "closed")]
    written = [entry["written"] for entry in seen if entry["did"] == "close"]
    assert len(written) == channels and all(written) and sum(written) == site.files[0].bytes


def test_a_file_that_one_window_takes_goes_through_one_channel(sshd: Open) -> None:
    site = SshdSite(sshd().place / "other", AT_CLOSE, large=24, channels=2, go_between=True)
    try:
        site.some_files()
        assert site.upload().code == 0 and whole(site)
        assert [entry["did"] for entry in handles(site)] == ["open", "opened", "close", "closed"]
    finally:
        site.close()


@pytest.mark.parametrize(
    ("server", "plan", "said"),
    [({"sessions": 1}, {}, "opens no further channel"),
     ({}, {"on": "open", "do": "fail", "further": True}, "does not open a file a second time (Failure)"),
     ({}, {"on": "open", "do": "fail", "further": True, "code": 3}, "does not open a file a second time")],
    ids=["one channel", "one handle", "permission denied"])
def test_a_server_that_takes_only_one_gets_every_file_through_one_and_it_is_said_once(
        sshd: Open, server: dict[str, Any], plan: dict[str, Any], said: str) -> None:
    site = sshd(go_between=bool(plan), **server)
    site.prepare(*(holding(n, *[NOTE] * 7) for n in range(5000, 5000 + LARGE)))
    if plan:
        site.plan(**plan)
    ran = site.upload()
    assert ran.code == 0 and whole(site), ran.said
    assert ran.said.count(said) == 1 and ran.said.count("through one channel") == 1, ran.said
    assert not any(event["kind"] == "FileNotSent" for event in site.events())


def test_a_server_that_hangs_up_at_the_second_handle_is_not_asked_for_one_again(sshd: Open) -> None:
    site = sshd(WHEN_QUIET, go_between=True)
    site.plan("open", "drop", further=True)
    ran = site.upload()
    assert ran.code == 0 and whole(site), ran.said
    assert ran.said.count("opened a second time") == 1
    assert sum(event["kind"] == "Connected" for event in site.events()) == 2


def test_a_further_handle_that_can_not_be_closed_makes_no_file_sent_and_names_the_setting(sshd: Open) -> None:
    site = sshd(go_between=True)
    site.plan("close", "fail", further=True)
    ran = site.upload()
    assert ran.code == 3 and "exchange.channels = 1" in ran.said
    assert site.shown()[site.files[0].name].state == "partial"
    site.lift()
    assert site.upload().code == 1
    assert [file.state for file in site.shown().values()] == ["uncertain", "sent"]
    assert whole(site)


def test_stopped_and_paused_with_two_channels_under_way_it_goes_on_where_it_surely_arrived(sshd: Open) -> None:
    site = sshd(WHEN_QUIET, quiet=20.0, large=2 * LARGE)
    site.wire.bytes_a_second = 1_000_000
    child = site.start("upload", "ZAA")
    until = time.monotonic() + 30
    while not (progress := _done(site)) and time.monotonic() < until:
        time.sleep(0.05)
    folder = list_runs(site.workspace, "upload")[-1].path
    change_wishes(folder, lambda _: Wishes(paused=True))
    paused = 0
    while (done := _done(site)) != paused:  # what is under way when it is asked for still arrives
        paused = done
        time.sleep(1.5)
    time.sleep(site.stall * 1.5)
    assert progress and _done(site) == paused < site.files[0].bytes and child.poll() is None
    change_wishes(folder, lambda _: Wishes())
    while _done(site) <= paused and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGTERM)
    child.communicate(timeout=20)
    (partial, _) = site.shown().values()
    assert partial.state == "partial" and partial.acknowledged >= paused
    site.wire.lift()
    assert site.upload().code == 0
    assert whole(site)
    starts = [event for event in site.events() if event["kind"] == "FileStarted" and event["name"] == partial.name]
    assert starts[-1]["start"] >= partial.acknowledged


def _done(site: SshdSite) -> int:
    """Bytes of the newest upload that are acknowledged."""
    runs = list_runs(site.workspace, "upload")
    return int(runs[-1].progress.get("done", 0)) if runs else 0


@pytest.mark.parametrize("mode", [WHEN_QUIET, AT_CLOSE])
def test_killed_with_two_channels_under_way_nothing_goes_twice_and_what_resumes_is_whole(tmp_path: Path, mode: str) -> None:
    rng = random.Random(11)
    site = SshdSite(tmp_path, mode, quiet=10.0, large=LARGE * 3, channels=2)
    site.wire.bytes_a_second = 30_000_000
    kills = 0
    try:
        while kills < KILLS:
            if not any(file.state in ("waiting", "partial") for file in site.shown().values()):
                site.prepare(*(holding(kills * 1000 + n, *[NOTE] * 7) for n in range(LARGE * 3)))
            connected = sum(event["kind"] == "FileOpened" for event in site.events())
            child = site.start("upload", "ZAA")
            while child.poll() is None and sum(event["kind"] == "FileOpened" for event in site.events()) == connected:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 0.8))
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
                kills += 1
            child.communicate()
        site.console("upload", "ZAA")
        files, every = site.shown(), site.mover.settle(60)
    finally:
        site.close()
    print(f"\n{mode}: {kills} kills, {[file.state for file in files.values()]}")
    for name, file in files.items():
        taken = [take.sha256 for take in every if take.name == name and take.size]
        assert len(taken) <= 1, "nothing goes twice"
        assert file.state in ("sent", "uncertain", "taken_cut")
        if file.state == "sent" or mode == WHEN_QUIET:
            assert taken == [file.sha256], (name, file.state)
