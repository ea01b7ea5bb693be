"""The SFTP channels of one connection. A server takes only so many bytes at once from a channel (OpenSSH: 2 MiB a round trip),
whatever the line would carry, so far away a file gets through faster by several of them. OCLC documents neither a second
channel nor a second handle on one file: where a server refuses either, what it takes is enough, and that is told once. Not
for what goes through them (lanes.py).
"""

from __future__ import annotations

import threading
import time

import paramiko

from oclc_console.oclc.faults import WIRE_ERRORS
from oclc_console.oclc.watch import Watch

STEPS = 3  # times `stall`: as long as opening a further channel can take at most
LAST_WORDS = 0.5  # seconds in which a connection that has lost a channel shows whether it is lost itself


class ChannelCount:
    """How many channels one file may go through: as many as asked for, until a server refuses. All connections of an upload
    share one, from several threads."""

    def __init__(self, asked: int) -> None:
        self.most = asked
        self._lock = threading.Lock()
        self._news = ""

    def fewer(self, most: int, why: str) -> None:
        """No more than `most` from here on, and why."""
        with self._lock:
            if most < self.most:
                self.most = most
                through = "one channel" if most == 1 else f"{most} channels"
                self._news = f"{why}: files go through {through}, though exchange.channels asks for more"

    def news(self) -> str | None:
        """That there are fewer, and why; once."""
        with self._lock:
            news, self._news = self._news, ""
        return news or None


class Channels:
    """The channels of one connection: the `first`, and further ones that are opened when they are first wanted. A further
    one that takes longer to come about than the connection may stand still (`stall` seconds) counts as refused."""

    def __init__(self, first: paramiko.SFTPClient, watch: Watch, stall: float) -> None:
        self.first, self.watch, self.stall = first, watch, stall
        self.transport: paramiko.Transport = first.get_channel().get_transport()
        self._further: list[paramiko.SFTPClient] = []
        watch.signs = self._signs

    def _signs(self) -> list[tuple[int, int]]:
        """What changes when a server answers or takes more, long before a block is acknowledged on a slow link: the bytes that
        came and were not read yet, and those that it gives room for. A server's keep-alives are no such sign."""
        channels = [sftp.get_channel() for sftp in (self.first, *self._further)]
        return [(len(channel.in_buffer), channel.out_window_size) for channel in channels]

    def up_to(self, count: ChannelCount | None) -> list[paramiko.SFTPClient]:
        """The first channel, and further ones as far as `count` allows and the server opens them. Raises what a lost link
        raises; the same number is not tried again then, because it may have been the server's way to refuse."""
        self._further = [sftp for sftp in self._further if not sftp.get_channel().closed]
        while count is not None and 1 + len(self._further) < count.most:
            try:
                self._further.append(self._open())
            except WIRE_ERRORS as error:
                if not isinstance(error, paramiko.ChannelException):
                    self.transport.join(LAST_WORDS)
                lost = not self.transport.is_active()
                count.fewer(1 if lost else 1 + len(self._further), _no_more(error, lost))
                if lost:
                    raise
            self.watch.tick()
        return [self.first, *self._further][: count.most if count else 1]

    def _open(self) -> paramiko.SFTPClient:
        began = time.monotonic()
        channel = self.transport.open_session(timeout=self.stall)
        channel.settimeout(self.stall)
        overdue = threading.Timer(self.stall, channel.close)  # starting the subsystem has no time-out of its own
        overdue.daemon = True
        overdue.start()
        try:
            channel.invoke_subsystem("sftp")
            sftp = paramiko.SFTPClient(channel)
            channel.settimeout(None)
            return sftp
        except WIRE_ERRORS as error:
            channel.close()
            if time.monotonic() - began >= self.stall:
                raise TimeoutError from error
            raise
        finally:
            overdue.cancel()


def _no_more(error: BaseException, lost: bool) -> str:
    if lost:
        return "the connection was lost while another channel of it was being opened"
    said = error.text if isinstance(error, paramiko.ChannelException) else str(error).strip(" :") or "no answer in time"
    return f"the server opens no further channel ({said})"
