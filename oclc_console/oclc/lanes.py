"""One file's bytes through one channel of a connection or several at once: each lane is a channel with a handle of its own on
the same remote file, and takes the next block whenever it has room. What counts is the byte up to which every block, through
whichever lane, was acknowledged. Not for opening channels (channels.py), nor for the file's first handle, its size and its
close (sending.py).
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import paramiko
from paramiko.sftp import CMD_HANDLE, CMD_OPEN, CMD_WRITE, SFTP_FLAG_WRITE

from oclc_console.oclc.channels import ChannelCount
from oclc_console.oclc.faults import WIRE_ERRORS, Stopped
from oclc_console.oclc.replies import Replies
from oclc_console.oclc.watch import Watch

IN_FLIGHT = 4 << 20  # bytes under way at once on a lane; more gains nothing against the server's window of 2 MiB
LARGE, SMALL = 255 << 10, 32 << 10  # bytes of a write: OpenSSH takes 256 KiB a message, others are promised 32 KiB only
SETTLE = 1 << 20  # bytes whose acknowledgements are read in one go, so that two threads don't take turns for each
ONE_WINDOW = 2 << 20  # bytes that a channel takes at once: a file that has no more is no faster through several
LOOK_EVERY = 0.1  # seconds

_CHANNEL_DATA = 94  # RFC 4254, SSH_MSG_CHANNEL_DATA


def span(channels: int) -> int:
    """Bytes behind the first one that is not acknowledged in which the next block may begin. Lanes don't keep step, and none
    is to wait for another while both have room."""
    return IN_FLIGHT * (channels + 1 if channels > 1 else 1)


def back_off(channels: int) -> int:
    """Of a file whose upload through at most so many channels was cut, these last bytes may have arrived with gaps."""
    return span(channels) + LARGE


class Packet:
    """A finished SSH message, as paramiko's transport wants one."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def asbytes(self) -> bytes:
        """The message."""
        return self._content


def write_size(transport: paramiko.Transport) -> int:
    """Bytes of one write to this server."""
    return LARGE - 64 if "OpenSSH" in str(transport.remote_version) else SMALL


class Blocks:
    """A file's blocks from `start` on, dealt out in order, acknowledged in any order. Every byte before `upto` is
    acknowledged, and no block that begins at `upto + span` or behind it was dealt out. For several threads."""

    def __init__(self, source: BinaryIO, start: int, span: int, progress: Callable[[int], None]) -> None:
        self._source, self._span, self._progress = source, span, progress
        self._next = self.upto = start
        self._apart: dict[int, int] = {}  # acknowledged blocks behind a gap: where each begins and ends
        self._moved = threading.Condition()
        source.seek(start)

    def deal(self, block: memoryview) -> tuple[int, int] | None:
        """Reads the next block into this memory: its place in the file and its length, 0 at the end; None while it would lie
        too far behind the first byte that is not acknowledged."""
        with self._moved:
            if self._next - self.upto >= self._span:
                return None
            at, length = self._next, self._source.readinto(block)  # type: ignore[attr-defined]
            self._next += length
            return at, length

    def acknowledge(self, begin: int, end: int) -> None:
        """A block has arrived."""
        with self._moved:
            self._apart[begin] = end
            if begin == self.upto:
                while self.upto in self._apart:
                    self.upto = self._apart.pop(self.upto)
                self._progress(self.upto)
                self._moved.notify_all()

    def wait(self, seconds: float) -> None:
        """Returns when the next block may be dealt out, or after so many seconds."""
        with self._moved:
            self._moved.wait_for(lambda: self._next - self.upto < self._span, seconds)

    @property
    def quiet(self) -> bool:
        """Whether everything that was dealt out is acknowledged."""
        with self._moved:
            return self._next == self.upto


class Lane:
    """One channel and its handle on the file, empty while it has none. It tells the connection's watch of everything that
    moves. Not for two threads at once."""

    def __init__(self, sftp: paramiko.SFTPClient, watch: Watch) -> None:
        self.sftp, self.handle, self._watch = sftp, b"", watch
        self._channel = sftp.get_channel()
        self.transport: paramiko.Transport = self._channel.get_transport()
        self._replies = Replies(sftp)
        self._pending: deque[tuple[int, int, int]] = deque()
        self.under_way = 0  # bytes

    def ask(self, kind: int, *words: object) -> int:
        """Sends a request and returns its number."""
        number: int = self.sftp._async_request(self._replies, kind, *words)
        return number

    def answer(self, number: int) -> tuple[int, paramiko.Message]:
        """The answer to a request; raises what a status that is not OK means."""
        return self._replies.wait(number)

    def open(self, remote: bytes, flags: int) -> None:
        """Opens the file; raises what the server says."""
        kind, message = self.answer(self.ask(CMD_OPEN, remote, flags, paramiko.SFTPAttributes()))
        if kind != CMD_HANDLE:
            raise paramiko.SFTPError("it answered something else than a handle")
        self.handle = message.get_binary()

    def link_lost(self, error: BaseException) -> bool:
        """Whether it is the link that failed; else the server has answered so."""
        answered = isinstance(error, OSError) and not isinstance(error, TimeoutError)
        return not answered or self._channel.closed or not self.transport.is_active()

    def write(self, position: int, data: memoryview) -> None:
        """Sends one block; its acknowledgement is read by `settle`."""
        number = self._replies.announce()
        handle = self.handle
        lead = struct.pack(">IBII", 21 + len(handle) + len(data), CMD_WRITE, number, len(handle)) + handle
        lead += struct.pack(">QI", position, len(data))
        self._pending.append((number, position, position + len(data)))
        self.under_way += len(data)
        sent, most = 0, self._channel.out_max_packet_size - 64
        while sent < len(data):
            part = min(most - len(lead), len(data) - sent)
            self._put(lead, data[sent : sent + part])
            sent, lead = sent + part, b""

    def _put(self, lead: bytes, data: memoryview) -> None:
        """Sends bytes through the channel, as much at a time as the server's window takes."""
        content = memoryview(lead + data)
        channel = self._channel
        while content:
            with channel.lock:
                size = channel._wait_for_send_window(len(content))
            if not size:
                raise EOFError
            message = struct.pack(">BII", _CHANNEL_DATA, channel.remote_chanid, size) + content[:size]
            self.transport._send_user_message(Packet(message))
            content = content[size:]

    def settle(self, left: int, blocks: Blocks) -> None:
        """Reads acknowledgements until at most `left` bytes are under way; raises on any status that is not OK."""
        while self._pending and self.under_way > left:
            number, begin, end = self._pending.popleft()
            self._replies.wait(number)
            self.under_way -= end - begin
            self._watch.tick()
            blocks.acknowledge(begin, end)


@dataclass(frozen=True)
class Failure:
    """The first thing that went wrong on any lane; `said` when the server itself refused, and not the link failed."""

    error: BaseException
    said: bool


class Lanes:
    """The lanes of one file. Whatever fails on one of them hangs up the connection, which ends the others. While `paused` is
    set nothing more is sent and the connection stays."""

    def __init__(self, lanes: Sequence[Lane], watch: Watch, hang_up: Callable[[], None], stop: threading.Event,
                 paused: threading.Event, count: ChannelCount | None) -> None:
        self._first, self._further = lanes[0], list(lanes[1:])
        self._transport, self._watch, self._hang_up = self._first.transport, watch, hang_up
        self._stop, self._paused, self._count = stop, paused, count
        self._lock = threading.Lock()
        self.failure: Failure | None = None

    @property
    def open(self) -> list[Lane]:
        """Those that have a handle on the file."""
        return [lane for lane in (self._first, *self._further) if lane.handle]

    def blocks(self, source: BinaryIO, start: int, progress: Callable[[int], None]) -> Blocks:
        """The blocks of an open file from `start` on, for these lanes."""
        return Blocks(source, start, span(1 + len(self._further)), progress)

    def carry(self, blocks: Blocks, remote: bytes) -> None:
        """Sends every block, and returns when each is acknowledged. The first lane has its handle; a further one opens its
        own meanwhile, and never makes the file. Raises what went wrong first."""
        if self._further:
            with ThreadPoolExecutor(len(self._further), thread_name_prefix="lane") as pool:
                for lane in self._further:
                    pool.submit(self._safely, self._join_in, lane, blocks, remote)
                self._safely(self._work, self._first, blocks)
        else:
            self._safely(self._work, self._first, blocks)
        if self.failure is not None:
            raise self.failure.error

    def _safely(self, work: Callable[..., None], lane: Lane, *more: object) -> None:
        """Does this work; what it raises is kept for `carry`, with whose fault it was before hanging up blurs that."""
        try:
            work(lane, *more)
        except BaseException as error:
            with self._lock:
                if self.failure is None:
                    self.failure = Failure(error, isinstance(error, WIRE_ERRORS) and not lane.link_lost(error))
            self._hang_up()

    def _join_in(self, lane: Lane, blocks: Blocks, remote: bytes) -> None:
        try:
            lane.open(remote, SFTP_FLAG_WRITE)
        except WIRE_ERRORS as error:
            lost = lane.link_lost(error)
            if self._count is not None and not self._ended_otherwise():
                said = str(error).strip(" :") or type(error).__name__
                self._count.fewer(1, "the connection was lost while a file was being opened a second time" if lost else
                                  f"the server does not open a file a second time ({said})")
            if lost:
                raise
            return
        self._work(lane, blocks)

    def _ended_otherwise(self) -> bool:
        """Whether another lane has failed by something else than a lost link, which may be how a server refuses."""
        failure = self.failure
        return failure is not None and (failure.said or not isinstance(failure.error, WIRE_ERRORS))

    def _work(self, lane: Lane, blocks: Blocks) -> None:
        block = memoryview(bytearray(write_size(self._transport)))
        while True:
            self._hold(lane, blocks)
            dealt = blocks.deal(block)
            if dealt is None:
                self._make_room(lane, blocks)
                continue
            position, length = dealt
            if not length:
                break
            lane.write(position, block[:length])
            if lane.under_way >= IN_FLIGHT:
                lane.settle(IN_FLIGHT - SETTLE, blocks)
        lane.settle(0, blocks)

    def _make_room(self, lane: Lane, blocks: Blocks) -> None:
        """Waits until the first byte that is not acknowledged has moved on, which may be another lane's."""
        if lane.under_way:
            lane.settle(max(0, lane.under_way - SETTLE), blocks)
            return
        blocks.wait(LOOK_EVERY)
        self._still_there()

    def _still_there(self) -> None:
        if not self._transport.is_active():
            raise EOFError

    def _hold(self, lane: Lane, blocks: Blocks) -> None:
        """Stops where a person asked to; while it is paused nothing is under way and nothing is sent."""
        while self._paused.is_set() and not self._stop.is_set():
            lane.settle(0, blocks)
            if blocks.quiet:
                self._watch.tick()  # nothing moves, and nothing should
            self._still_there()
            self._stop.wait(LOOK_EVERY)
        if self._stop.is_set():
            raise Stopped
