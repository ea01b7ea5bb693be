"""Sends one file over a standing connection so that every byte is acknowledged and the close counts. Not for deciding what
to send or what a lost link means for a file (operations/upload.py).

Why not paramiko's put(): with confirm=True it looks for the file after closing it, which fails at OCLC because the file is
taken at once; with confirm=False it reads no write status for small files and ignores a failed close, so a truncated file
counts as sent (measured with paramiko 5.1). Here every write's status is read, the size is asked on the open handle, and
the close's own status counts. Packets are put together here for the same reason that the statuses are read here: speed
(paramiko copies a write several times, and waits 40 ms for each when it does not fit one packet).
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import paramiko
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_FSETSTAT,
    CMD_FSTAT,
    CMD_HANDLE,
    CMD_OPEN,
    CMD_STAT,
    CMD_WRITE,
)
from paramiko.sftp import SFTP_FLAG_CREATE as CREATE
from paramiko.sftp import SFTP_FLAG_TRUNC as TRUNCATE
from paramiko.sftp import SFTP_FLAG_WRITE as WRITE

from oclc_console.errors import HereError
from oclc_console.files import FileMark, mark_of
from oclc_console.oclc.faults import WIRE_ERRORS, SendFailed, Stopped, TakenCut, in_words
from oclc_console.oclc.replies import Replies
from oclc_console.oclc.watch import Watch

IN_FLIGHT = 4 << 20  # bytes under way at once; more gains nothing against the server's window of 2 MiB
LARGE, SMALL = 255 << 10, 32 << 10  # bytes of a write: OpenSSH takes 256 KiB a message, others are promised 32 KiB only
SETTLE = 1 << 20  # bytes whose acknowledgements are read in one go, so that two threads don't take turns for each
BACK_OFF = IN_FLIGHT + LARGE  # of a file whose upload was cut, these last bytes may have arrived with gaps between them
CLOSING = 3  # times the usual patience: a close that is given up makes the file uncertain

_CHANNEL_DATA = 94  # RFC 4254, SSH_MSG_CHANNEL_DATA


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


class Sending:
    """One file on its way: `open`, `write_all`, `close`, each returning only when the server has confirmed it. Whatever
    fails closes the connection and never the handle: a closed handle would tell the server that the file is complete.
    While `paused` is set nothing more is sent and the connection stays."""

    def __init__(self, sftp: paramiko.SFTPClient, watch: Watch, hang_up: Callable[[], None], where: str, stall: float,
                 progress: Callable[[int], None], stop: threading.Event, paused: threading.Event | None = None) -> None:
        self._sftp, self._watch, self._hang_up, self._where, self._stall = sftp, watch, hang_up, where, stall
        self._channel = sftp.get_channel()
        self._transport = self._channel.get_transport()
        self._progress, self._stop, self._paused = progress, stop, paused or threading.Event()
        self._replies = Replies(sftp)
        self._pending: deque[tuple[int, int]] = deque()
        self._handle = b""
        self._remote = b""
        self._was_listed = False
        self.acknowledged = 0

    @contextlib.contextmanager
    def _at(self, stage: str, patience: float = 1) -> Iterator[None]:
        """Turns whatever goes wrong at this stage into SendFailed, or Stopped where that is why."""
        seconds = self._stall * patience
        try:
            with self._watch.guard(seconds):
                yield
        except WIRE_ERRORS as error:
            said = isinstance(error, OSError) and not self._link_lost(error)
            self._hang_up()
            if self._stop.is_set() and not said and not self._watch.stalled and stage != "closing":
                raise Stopped from error
            words = f"nothing moved for {seconds:.0f} s" if self._watch.stalled else in_words(error, self._where, "it").what
            raise SendFailed(words, self._where, stage, self.acknowledged, said) from error
        except BaseException:
            self._hang_up()
            raise

    def open(self, local: Path, remote: str, start: int = 0, *, listed: bool = False, mark: FileMark | None = None) -> None:
        """Opens both ends. With a `start`, or when its name was `listed` a moment ago, the remote file must be there: it is
        never made, and keeps its bytes before `start`. Else it is made, or made empty. Raises TakenCut when a listed file is
        gone, SendFailed, HereError when the local file is not the one that bears this `mark`, OSError for the local file."""
        self._local: BinaryIO = open(local, "rb", buffering=0)  # noqa: SIM115  closed by write_all
        self._mark = mark or mark_of(self._local.fileno())
        self._start = self.acknowledged = start
        try:
            self._unchanged()
            with self._at("opening"):
                self._open_there(remote, must_exist=listed or start > 0)
        except BaseException:
            self._local.close()
            raise

    def _open_there(self, remote: str, *, must_exist: bool) -> None:
        self._remote = self._sftp._adjust_cwd(remote)
        flags = WRITE if must_exist else WRITE | CREATE | TRUNCATE
        try:
            kind, message = self._sftp._request(CMD_OPEN, self._remote, flags, paramiko.SFTPAttributes())
        except FileNotFoundError:
            if not must_exist:
                raise
            raise self._taken("it was taken just before we opened it again") from None
        if kind != CMD_HANDLE:
            raise paramiko.SFTPError("it answered something else than a handle")
        self._handle = message.get_binary()
        there = self._is_listed()
        if must_exist and there is False:
            raise self._taken("it was taken as we opened it again")
        self._was_listed = there is True
        if must_exist and not self._start:
            self._empty()

    def _empty(self) -> None:
        """Makes the open file empty: by its handle and not by its name, because a file made anew under the name of one that
        was just taken would arrive twice. Where the server does not let us, what is there is written over, if it is no more
        than ours has, and no more than what nobody relies on after another cut. Raises SendFailed."""
        empty = paramiko.SFTPAttributes()
        empty.st_size = 0
        try:
            self._sftp._request(CMD_FSETSTAT, self._handle, empty)
        except OSError as error:
            if self._link_lost(error):
                raise
            there = self._size_there()
            if there is None or there > min(BACK_OFF, os.fstat(self._local.fileno()).st_size):
                much = "what is there of it" if there is None else f"the {there:,} bytes that are there of it"
                what = f"it does not let us empty {much}, which can't be gone on with ({error}); ask OCLC to remove it"
                raise SendFailed(what, self._where, "opening", self.acknowledged, True) from error

    def _taken(self, how: str) -> TakenCut:
        return TakenCut(how, self._where, self.acknowledged)

    def _is_listed(self) -> bool | None:
        """Whether the open file's name is there; None from a server that does not tell."""
        try:
            self._sftp._request(CMD_STAT, self._remote)
        except FileNotFoundError:
            return False
        except OSError as error:
            if self._link_lost(error):
                raise
            return None
        return True

    def _link_lost(self, error: OSError) -> bool:
        """Whether it is the link that failed; else the server has answered so."""
        return isinstance(error, TimeoutError) or self._channel.closed or not self._transport.is_active()

    def _unchanged(self) -> None:
        """Raises HereError when the local file is not any more what was prepared."""
        if mark_of(self._local.fileno()) != self._mark:
            raise HereError("the file changed here while it was being sent, so it was not closed and does not count as sent",
                            where=str(self._local.name),
                            then="Bring back what was prepared, from a backup, or prepare it again; then run the same command "
                                 "again.")

    def write_all(self) -> None:
        """Sends every byte and returns when each was acknowledged, the server has the whole size and, where it shows files
        that are being written, still lists this one. Raises SendFailed, TakenCut, Stopped, or HereError when the local file
        changes meanwhile."""
        with self._local as source, self._at("writing"):
            size = os.fstat(source.fileno()).st_size
            source.seek(self._start)
            position, block = self._start, memoryview(bytearray(write_size(self._transport)))
            while count := source.readinto(block):  # type: ignore[attr-defined]
                self._hold()
                self._write(position, block[:count])
                position += count
                if self._under_way() >= IN_FLIGHT:
                    self._settle(IN_FLIGHT - SETTLE)
            self._settle(0)
            self._unchanged()
            self._compare(size)
            # a handle outlives its name: what was written after the file was taken away went nowhere, and was acknowledged
            if self._was_listed and self._is_listed() is False:
                raise self._taken("it was taken before we closed it")

    def _under_way(self) -> int:
        return len(self._pending) and self._pending[-1][1] - self.acknowledged

    def _hold(self) -> None:
        """Stops where a person asked to; while it is paused nothing is under way and nothing is sent."""
        while self._paused.is_set() and not self._stop.is_set():
            self._settle(0)
            self._watch.tick()  # nothing moves, and nothing should
            if not self._transport.is_active():
                raise EOFError
            self._stop.wait(0.1)
        if self._stop.is_set():
            raise Stopped

    def _write(self, position: int, data: memoryview) -> None:
        number = self._replies.announce()
        handle = self._handle
        lead = struct.pack(">IBII", 21 + len(handle) + len(data), CMD_WRITE, number, len(handle)) + handle
        lead += struct.pack(">QI", position, len(data))
        self._pending.append((number, position + len(data)))
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
            self._transport._send_user_message(Packet(message))
            content = content[size:]

    def _settle(self, left: int) -> None:
        """Reads acknowledgements until at most `left` bytes are under way."""
        while self._pending and self._under_way() > left:
            number, end = self._pending.popleft()
            self._replies.wait(number)  # raises on any error status
            self.acknowledged = end
            self._watch.tick()
            self._progress(end)

    def _compare(self, size: int) -> None:
        """Raises SendFailed when the open file has another size; with a server that does not tell, every write was
        acknowledged."""
        there = self._size_there()
        if there is not None and there != size:
            raise SendFailed(f"the server has {there:,} of {size:,} bytes", self._where, "writing", self.acknowledged, True)

    def _size_there(self) -> int | None:
        """The size of the open file (bytes), asked on its handle: that works although the server takes the file once it is
        closed. None from a server that does not tell."""
        try:
            kind, message = self._sftp._request(CMD_FSTAT, self._handle)
        except OSError as error:
            if self._link_lost(error):
                raise
            return None
        size: int | None = paramiko.SFTPAttributes._from_msg(message).st_size if kind == CMD_ATTRS else None
        return size

    def close(self) -> None:
        """Closes the file; its status counts. Raises SendFailed."""
        with self._at("closing", CLOSING):
            self._sftp._request(CMD_CLOSE, self._handle)
