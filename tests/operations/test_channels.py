"""One file through several channels: in whatever order they are acknowledged and wherever the link dies, what goes on from
there ends as the same bytes. Against rules alone with any order hypothesis thinks of, and against a real server that answers
late and in any order and hangs up at any write."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oclc_console.oclc import lanes
from oclc_console.oclc.exchange import Address, ChannelCount, SendFailed, connect, resume_at
from oclc_console.oclc.lanes import LARGE, Blocks, back_off, span
from oclc_console.operations.check import check
from oclc_console.operations.outbox import read_outbox
from oclc_console.operations.upload import upload
from oclc_console.store.events import Event, FileCompared, FileOpened, FileStarted, Note
from oclc_console.store.runs import Operation, RunFolder, run
from tests.operations.stage import carry_out, rehearsing, taken
from tests.operations.test_upload import ALL, big
from tests.operations.test_upload_resume import INBOX

BLOCK = LARGE - 64


class _Lanes:
    """Lanes as the rules know them: what each has dealt to it, what of it has arrived, and what of that is acknowledged."""

    def __init__(self, channels: int, there: bytearray, whole: bytes, start: int) -> None:
        self.blocks = Blocks(io.BytesIO(whole), start, span(channels), lambda _: None)
        self.there, self.whole, self.block = there, whole, memoryview(bytearray(BLOCK))
        self.sent: list[list[tuple[int, int]]] = [[] for _ in range(channels)]
        self.arrived: list[tuple[int, int]] = []

    def send(self, lane: int) -> None:
        if (dealt := self.blocks.deal(self.block)) is not None and dealt[1]:
            assert bytes(self.block[: dealt[1]]) == self.whole[dealt[0] : sum(dealt)]
            self.sent[lane].append(dealt)

    def arrive(self, lane: int) -> None:
        """A channel keeps its order; how far each has come is anybody's guess."""
        if self.sent[lane]:
            at, length = self.sent[lane].pop(0)
            if len(self.there) < at + length:
                self.there.extend(bytes(at + length - len(self.there)))
            self.there[at : at + length] = self.whole[at : at + length]
            self.arrived.append((at, at + length))

    def acknowledge(self, which: int) -> None:
        if self.arrived:
            self.blocks.acknowledge(*self.arrived.pop(which % len(self.arrived)))


WHOLE = random.Random(3).randbytes(20_000_000)
ACTS = st.lists(st.tuples(st.sampled_from(["send", "send", "send", "arrive", "arrive", "acknowledge"]), st.integers(0, 3)),
                min_size=60, max_size=150)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(1, 4), ACTS), min_size=1, max_size=3), st.booleans())
def test_in_whatever_order_blocks_arrive_and_wherever_the_link_dies_nothing_before_the_resuming_byte_is_missing(
        attempts: list[tuple[int, list[tuple[str, int]]]], killed: bool) -> None:
    there, start, most = bytearray(), 0, 1
    for channels, acts in attempts:
        most = max(most, channels)
        moving = _Lanes(channels, there, WHOLE, start)
        for act, number in acts:
            if act == "acknowledge":
                moving.acknowledge(number)
            else:
                getattr(moving, act)(number % channels)
        assert there[: moving.blocks.upto] == WHOLE[: moving.blocks.upto]
        start = resume_at(len(WHOLE), len(there), 0 if killed else moving.blocks.upto, most)
        assert start <= len(there) and there[:start] == WHOLE[:start]
        assert killed or start >= moving.blocks.upto


@pytest.mark.slow
@given(ACTS)
def test_no_block_goes_further_ahead_of_the_first_missing_one_than_a_cut_file_is_gone_back(acts: list[tuple[str, int]]) -> None:
    moving, furthest = _Lanes(2, bytearray(), WHOLE, 0), 0
    for act, number in acts * 3:
        if act == "send":
            moving.send(number % 2)
            furthest = max([furthest, *(sum(dealt) for lane in moving.sent for dealt in lane)])
        elif act == "arrive":
            moving.arrive(number % 2)
        elif moving.arrived and moving.arrived[0][0] == 0:
            continue  # the very first block is never acknowledged
        assert furthest <= back_off(2)


class _Wild(asyncssh.SFTPServer):  # type: ignore[misc]
    """Takes its time over each write, and hangs up at one of them."""

    def __init__(self, channel: Any, place: Path, wild: dict[str, Any]) -> None:
        super().__init__(channel, chroot=os.fsencode(place))
        self.wild = wild

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        await asyncio.sleep(self.wild["rng"].choice((0, 0, 0.001, 0.01)))
        self.wild["writes"] += 1
        if self.wild["writes"] == self.wild["last"]:
            self.channel.get_connection().abort()
        if self.wild["writes"] >= self.wild["last"]:
            raise ConnectionResetError
        return int(super().write(file_obj, offset, data))


@contextlib.contextmanager
def wild_server(place: Path, wild: dict[str, Any]) -> Iterator[Address]:
    """That server, in a thread; its key and ours stand in `place`."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(place / "key")
    (place / "arrived").mkdir()
    ready, loop, ports = threading.Event(), asyncio.new_event_loop(), []

    async def begin() -> None:
        listening = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], authorized_client_keys=asyncssh.import_authorized_keys(
                key.export_public_key().decode()), sftp_factory=lambda channel: _Wild(channel, place / "arrived", wild))
        ports.append(listening.get_port())
        ready.set()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(begin())
        loop.run_forever()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(20)
    public = " ".join(key.export_public_key().decode().split()[:2])
    (place / "known_hosts").write_text(f"[127.0.0.1]:{ports[0]} {public}\n")
    try:
        yield Address("127.0.0.1", ports[0], "anybody", "key", place / "key")
    finally:
        asyncio.run_coroutine_threadsafe(_end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _end() -> None:
    """Ends the sessions that are still about."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("channels", [2, 4])
def test_cut_again_and_again_by_a_server_that_answers_in_any_order_the_file_ends_as_the_same_bytes(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, channels: int) -> None:
    monkeypatch.setattr(lanes, "IN_FLIGHT", 256 << 10)  # so that a small file has many of them
    monkeypatch.setattr(lanes, "SETTLE", 64 << 10)
    rng = random.Random(seed)
    wild = {"rng": rng, "writes": 0, "last": 0}
    local, whole = tmp_path / "local", rng.randbytes(4_000_000)
    local.write_bytes(whole)
    start, cuts, resumed = 0, 0, 0
    there = tmp_path / "arrived" / "file"
    with wild_server(tmp_path, wild) as address:
        for _ in range(40):
            wild.update(writes=0, last=rng.randint(20, 110) if cuts < 5 else 10**9)
            count = ChannelCount(channels)
            with connect(address, tmp_path / "known_hosts") as link:
                try:
                    sending = link.begin(local, "/file", lambda _: None, threading.Event(), start=start, listed=start > 0,
                                         channels=count)
                    sending.write_all()
                    sending.close()
                    break
                except SendFailed as failed:
                    cuts += 1
                    known = failed.acknowledged if rng.random() < 0.5 else 0
                    start = resume_at(len(whole), there.stat().st_size, known, channels)
                    resumed += start > 0
                    assert there.read_bytes()[:start] == whole[:start]
    assert cuts and there.read_bytes() == whole and sending.acknowledged == len(whole)
    assert resumed or channels == 4, "not each time from its start"


TWO = "[exchange]\nchannels = 2\n" + ALL


def test_the_rehearsal_takes_a_file_through_two_channels_and_the_journal_says_so(tmp_path: Path) -> None:
    workspace = big(tmp_path, 6, TWO)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert taken(folder) == {file.name: file.path.read_bytes()}
    assert [event.channels for event in events if isinstance(event, FileStarted)] == [2]
    assert not any(isinstance(event, Note) for event in events)
    assert read_outbox(workspace, "ZAA")[0].channels == 2


def test_a_cut_file_that_ever_went_through_two_channels_is_gone_back_further_though_there_is_one_now(tmp_path: Path) -> None:
    workspace = big(tmp_path, 20)
    with rehearsing(workspace) as folder:
        (file,) = read_outbox(workspace, "ZAA")
        there = bytearray(file.path.read_bytes()[:18_000_000])
        there[-back_off(2) + 10 :] = bytes(back_off(2) - 10)

        def work(_: RunFolder) -> Iterator[Event]:
            yield FileStarted(file.name, file.bytes, file.sha256, 1, channels=2)
            yield FileOpened(file.name)
            yield FileStarted(file.name, file.bytes, file.sha256, 2)

        list(run(workspace, Operation("upload", "ZAA", {}, work, lambda events: {}), threading.Event()))
        (workspace.rehearsal / INBOX / file.name).write_bytes(there)
        _, events = carry_out(workspace, upload(workspace, "ZAA"))
        assert [event.start for event in events if isinstance(event, FileCompared)] == [18_000_000 - back_off(2)]
        assert taken(folder) == {file.name: file.path.read_bytes()}


def test_check_opens_its_probe_through_as_many_channels_as_asked_for_and_says_whether_it_could(tmp_path: Path) -> None:
    workspace = big(tmp_path, 1, TWO)
    with rehearsing(workspace):
        lines = list(check(workspace, workspace.settings.symbol("ZAA"), send=True))
    assert [line.state for line in lines if "through 2 channels at once" in line.what] == ["good"]
    assert not [line for line in lines if line.state == "bad"]
