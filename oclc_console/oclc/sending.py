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
from paramiko.sftp import CMD_ATTRS, CMD_CLOSE, CMD_FSTAT, CMD_HANDLE, CMD_OPEN, CMD_STATUS, CMD_WRITE
from paramiko.sftp import SFTP_FLAG_CREATE as CREATE
from paramiko.sftp import SFTP_FLAG_TRUNC as TRUNCATE
from paramiko.sftp import SFTP_FLAG_WRITE as WRITE

from oclc_console.errors import HereError
from oclc_console.oclc.faults import WIRE_ERRORS, SendFailed, Stopped, in_words
from oclc_console.oclc.watch import Watch

IN_FLIGHT = 4 << 20  # bytes under way at once; more gains nothing against the server's window of 2 MiB
LARGE, SMALL = 255 << 10, 32 << 10  # bytes of a write: OpenSSH takes 256 KiB a message, others are promised 32 KiB only
SETTLE = 1 << 20  # bytes whose acknowledgements are read in one go, so that two threads don't take turns for each
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


class Replies:
    """The server's answers to requests that are under way; they may come in any order."""

    def __init__(self, sftp: paramiko.SFTPClient) -> None:
        self._sftp = sftp
        self._here: dict[int, tuple[int, paramiko.Message]] = {}

    def _async_response(self, kind: int, message: paramiko.Message, number: int) -> None:
        """Called by paramiko's reader for a request whose owner we are."""
        self._here[number] = (kind, message)

    def announce(self) -> int:
        """The number of a request about to be sent, whose answer comes here."""
        with self._sftp._lock:
            number: int = self._sftp.request_number
            self._sftp._expecting[number] = self
            self._sftp.request_number += 1
        return number

    def wait(self, number: int) -> tuple[int, paramiko.Message]:
        """The answer to a request; raises what a status that is not OK means."""
        while number not in self._here:
            self._sftp._read_response()
        kind, message = self._here.pop(number)
        if kind == CMD_STATUS:
            self._sftp._convert_status(message)
        return kind, message


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
        self.acknowledged = 0

    @contextlib.contextmanager
    def _at(self, stage: str, patience: float = 1) -> Iterator[None]:
        """Turns whatever goes wrong at this stage into SendFailed, or Stopped where that is why."""
        seconds = self._stall * patience
        try:
            with self._watch.guard(seconds):
                yield
        except WIRE_ERRORS as error:
            link_stands = self._transport.is_active() and not self._channel.closed
            said = link_stands and isinstance(error, OSError) and not isinstance(error, TimeoutError)
            self._hang_up()
            if self._stop.is_set() and not said and not self._watch.stalled and stage != "closing":
                raise Stopped from error
            words = f"nothing moved for {seconds:.0f} s" if self._watch.stalled else in_words(error, self._where, "it").what
            raise SendFailed(words, self._where, stage, self.acknowledged, said) from error
        except BaseException:
            self._hang_up()
            raise

    def open(self, local: Path, remote: str, start: int = 0) -> None:
        """Opens both ends. With a `start` the remote file must be there and keeps its bytes before it; else it is made, or
        made empty. Raises SendFailed or OSError for the local file."""
        self._local: BinaryIO = open(local, "rb", buffering=0)  # noqa: SIM115  closed by write_all
        self._start = self.acknowledged = start
        with self._at("opening"):
            flags = WRITE if start else WRITE | CREATE | TRUNCATE
            kind, message = self._sftp._request(CMD_OPEN, self._sftp._adjust_cwd(remote), flags, paramiko.SFTPAttributes())
            if kind != CMD_HANDLE:
                raise paramiko.SFTPError("it answered something else than a handle")
            self._handle = message.get_binary()

    def write_all(self) -> None:
        """Sends every byte and returns when each was acknowledged and the server has the whole size. Raises SendFailed,
        Stopped, or HereError when the local file changes meanwhile."""
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
            if position != size:
                raise HereError(f"the file changed while it was being sent ({position:,} bytes read of {size:,})",
                                where=str(source.name), then="Prepare it again.")
            self._compare(size)

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
        """Asks the size on the open handle: that works although the server takes the file once it is closed."""
        try:
            kind, message = self._sftp._request(CMD_FSTAT, self._handle)
        except OSError:
            if self._channel.closed or not self._transport.is_active():
                raise
            return  # a server that does not tell: every write was acknowledged
        there = paramiko.SFTPAttributes._from_msg(message).st_size if kind == CMD_ATTRS else None
        if there is not None and there != size:
            raise SendFailed(f"the server has {there:,} of {size:,} bytes", self._where, "writing", self.acknowledged, True)

    def close(self) -> None:
        """Closes the file; its status counts. Raises SendFailed."""
        with self._at("closing", CLOSING):
            self._sftp._request(CMD_CLOSE, self._handle)
