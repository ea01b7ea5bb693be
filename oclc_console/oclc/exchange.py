"""One SFTP connection to OCLC's file exchange: connect with a pinned host key, list, send a file (sending.py), compare what is
there of one with ours, fetch a file. Every fault becomes a sentence (faults.py). Not for deciding what to send or what a lost
link means for a file (operations/upload.py).
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_DATA, CMD_NAME, CMD_OPENDIR, CMD_READ, CMD_READDIR, int64

from oclc_console.errors import OtherSideError
from oclc_console.files import FileMark
from oclc_console.oclc.channels import LAST_WORDS, ChannelCount, Channels
from oclc_console.oclc.faults import (
    WIRE_ERRORS,
    LinkLost,
    LoginRefused,
    NoFileExchange,
    SendFailed,
    Stopped,
    TakenCut,
    in_words,
)
from oclc_console.oclc.host_keys import (
    HostKeyChanged,
    NeverAccept,
    UnknownHostKey,
    fingerprint,
    host_in_known_hosts,
    load_pins,
)
from oclc_console.oclc.lanes import back_off
from oclc_console.oclc.login import Address, GcmFirst, credentials, plug_in
from oclc_console.oclc.replies import Replies
from oclc_console.oclc.sending import Sending
from oclc_console.oclc.watch import Watch

__all__ = ["CONNECT_SECONDS", "STALL_SECONDS", "Address", "ChannelCount", "Entry", "HostKeyChanged", "Link", "LinkLost",
           "LoginRefused", "NoFileExchange", "SendFailed", "Sending", "Stopped", "TakenCut", "UnknownHostKey", "connect",
           "fingerprint", "host_in_known_hosts", "in_words", "resume_at", "shown_host_key"]

CONNECT_SECONDS = 15.0
STALL_SECONDS = 30.0
SAMPLE = 32 << 10
SAMPLES = 16


@dataclass(frozen=True)
class Entry:
    """A file in a listing; size in bytes, `modified` in epoch seconds where the server says."""

    name: str
    size: int
    modified: float | None


def connect(address: Address, known_hosts: Path, *, seconds: float = CONNECT_SECONDS, stall: float = STALL_SECONDS,
            stop: threading.Event | None = None) -> Link:
    """A connection, logged in, with SFTP started; it must stand within a few times `seconds`, and is given up later when
    nothing moves on it for `stall` seconds. Raises LinkLost (try again), LoginRefused, NoFileExchange, UnknownHostKey,
    HostKeyChanged, another OtherSideError, SettingsError, or Stopped within two seconds of `stop`."""
    opens = credentials(address)
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(NeverAccept())
    load_pins(client, known_hosts)
    plug = plug_in(address, seconds, stall, stop)
    watch = Watch(plug.close, stop)
    try:
        with watch.guard(4 * seconds):  # each step has its own time-out, but for the last
            client.connect(
                address.host, address.port, address.account, sock=plug, pkey=opens.key, password=opens.password,
                timeout=seconds, banner_timeout=seconds, auth_timeout=seconds, channel_timeout=seconds,
                allow_agent=address.auth == "agent", look_for_keys=False, transport_factory=GcmFirst,
            )
        transport = client.get_transport()
        assert transport is not None
        transport.set_keepalive(15)
        with watch.guard(seconds):  # starting the subsystem has no time-out of its own
            sftp = _file_exchange(client, transport, watch, address)
        return Link(client, sftp, transport, address.where, stall, stop)
    except BaseException as error:
        client.close()
        plug.close()
        if stop is not None and stop.is_set() and isinstance(error, WIRE_ERRORS):
            raise Stopped from error
        if isinstance(error, WIRE_ERRORS):
            raise in_words(error, address.where, address.account) from error
        raise
    finally:
        watch.end()


def _file_exchange(client: paramiko.SSHClient, transport: paramiko.Transport, watch: Watch, address: Address
                   ) -> paramiko.SFTPClient:
    """SFTP on a connection that stands. When that fails and the connection goes on standing, it was the server's answer:
    raises NoFileExchange; else whatever the lost link raises."""
    try:
        return client.open_sftp()
    except (EOFError, paramiko.SSHException) as error:
        transport.join(LAST_WORDS)  # a connection that is just ending has lost its channel a moment earlier
        if watch.stalled or not transport.is_active():
            raise
        raise NoFileExchange(address.where, address.account) from error


def shown_host_key(address: Address, known_hosts: Path, *, seconds: float = CONNECT_SECONDS) -> str:
    """The fingerprint of the host key the server shows, when it is the pinned one; nobody logs in. Raises UnknownHostKey,
    HostKeyChanged and what `connect` raises."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(NeverAccept())
    load_pins(client, known_hosts)
    plug = plug_in(address, seconds, STALL_SECONDS, None)
    try:
        client.connect(address.host, address.port, address.account, sock=plug, timeout=seconds, banner_timeout=seconds,
                       auth_timeout=seconds, channel_timeout=seconds, allow_agent=False, look_for_keys=False,
                       auth_strategy=_NoLogin(), transport_factory=GcmFirst)
    except _OnlyLooking:
        transport = client.get_transport()
        assert transport is not None
        return fingerprint(transport.get_remote_server_key())
    except WIRE_ERRORS as error:
        raise in_words(error, address.where, address.account) from error
    finally:
        client.close()
        plug.close()
    raise OtherSideError("it let us in without a login", where=address.where, then="Check exchange.host in console.toml.")


class _OnlyLooking(Exception):
    """The host key has been checked; here the look ends."""


class _NoLogin:
    """An authentication strategy, as paramiko calls it, that tries nothing."""

    def authenticate(self, transport: paramiko.Transport) -> None:
        raise _OnlyLooking


class Link:
    """A standing connection. Not for two threads at once."""

    def __init__(self, client: paramiko.SSHClient, sftp: paramiko.SFTPClient, transport: paramiko.Transport,
                 where: str, stall: float = STALL_SECONDS, stop: threading.Event | None = None) -> None:
        self._client, self._sftp, self._transport, self._where = client, sftp, transport, where
        self._watch = Watch(transport.close, stop)
        self._channels = Channels(sftp, self._watch, stall)
        self.stall_seconds = stall
        self.host_key = fingerprint(transport.get_remote_server_key())

    def __enter__(self) -> Link:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; a file still open dies with it and is not closed by us."""
        self._watch.end()
        self._client.close()

    def listing(self, folder: str) -> list[Entry]:
        """The files of a folder, by name. Raises OtherSideError (its cause is the server's own answer), LinkLost."""
        try:
            with self._watch.guard(self.stall_seconds):
                found = list(self._read_folder(folder))
        except WIRE_ERRORS as error:
            raise self._in_words(error, folder) from error
        return sorted(found, key=lambda entry: entry.name)

    def _in_words(self, error: BaseException, what: str) -> OtherSideError:
        where = f"{self._where} {what}"
        if self._watch.stalled:
            return LinkLost(f"nothing moved for {self.stall_seconds:.0f} s", where=where, then="Run the same command again.")
        return in_words(error, where, "this account")

    def _read_folder(self, folder: str) -> Iterator[Entry]:
        """paramiko's own listing fails as a whole at one name that is not UTF-8; here such a name is shown with \\xNN."""
        kind, message = self._sftp._request(CMD_OPENDIR, self._sftp._adjust_cwd(folder))
        handle = message.get_binary()
        while True:
            try:
                kind, message = self._sftp._request(CMD_READDIR, handle)
            except EOFError:
                if not self._transport.is_active():
                    raise
                break  # SFTP's way to say that the folder has no more names
            if kind != CMD_NAME:
                raise paramiko.SFTPError("it answered something else than names")
            self._watch.tick()
            for _ in range(message.get_int()):
                name = message.get_string().decode("utf-8", "backslashreplace")
                message.get_string()  # the line `ls -l` would show
                facts = paramiko.SFTPAttributes._from_msg(message)
                if not (facts.st_mode and stat.S_ISDIR(facts.st_mode)) and name not in (".", ".."):
                    yield Entry(name, facts.st_size or 0, facts.st_mtime)
        self._sftp._request(CMD_CLOSE, handle)

    def fetch(self, remote: str, target: BinaryIO, progress: Callable[[int], None]) -> int:
        """Copies a remote file into `target` and returns its size in bytes, compared with what the server says it is.
        Raises OtherSideError."""
        try:
            with self._watch.guard(self.stall_seconds) as watch:
                def moved(done: int, _total: int) -> None:
                    watch.tick()
                    progress(done)

                size: int = self._sftp.getfo(remote, target, callback=moved)
        except WIRE_ERRORS as error:
            if isinstance(error, OSError) and error.errno == 28:
                raise  # our own disk is full
            raise self._in_words(error, remote) from error
        return size

    def differs_at(self, local: Path, remote: str, upto: int) -> int | None:
        """Where the first `upto` bytes of a remote file are seen to differ from ours: the head, the tail and samples between
        them are read; None when all of those are the same. Raises PermissionError or FileNotFoundError as the server says,
        OtherSideError or LinkLost for anything else."""
        places = _samples(upto)
        with open(local, "rb") as ours:
            return self._differs_at(ours, remote, places)

    def _differs_at(self, ours: BinaryIO, remote: str, places: list[tuple[int, int]]) -> int | None:
        try:
            with self._watch.guard(self.stall_seconds):
                there = self._sftp.open(remote, "rb")
                try:
                    replies = Replies(self._sftp)
                    asked = [self._ask(replies, there.handle, at, length) for at, length in places]
                    for number, (at, length) in zip(asked, places, strict=True):
                        kind, message = replies.wait(number)
                        self._watch.tick()
                        ours.seek(at)
                        data = message.get_string() if kind == CMD_DATA else b""
                        if not data or data != ours.read(length)[: len(data)]:
                            return at
                finally:
                    there.close()
        except (PermissionError, FileNotFoundError):
            raise
        except WIRE_ERRORS as error:
            raise self._in_words(error, remote) from error
        return None

    def _ask(self, replies: Replies, handle: bytes, at: int, length: int) -> int:
        number = replies.announce()
        message = paramiko.Message()
        message.add_int(number)
        message.add_string(handle)
        message.add_int64(int64(at))
        message.add_int(length)
        self._sftp._send_packet(CMD_READ, message)
        return number

    def begin(self, local: Path, remote: str, progress: Callable[[int], None], stop: threading.Event, *, start: int = 0,
              listed: bool = False, mark: FileMark | None = None, paused: threading.Event | None = None,
              channels: ChannelCount | None = None) -> Sending:
        """Opens the remote file for sending `local`, which bears this `mark`, from byte `start` on; one that was `listed` is
        never made anew. It goes through as many `channels` of this connection as the server opens, without a word through
        one. Raises SendFailed, TakenCut, Stopped or HereError, in which case this connection is gone."""
        sending = Sending(self._channels, self.close, f"{self._where} {remote}", progress, stop, paused, channels)
        sending.open(local, remote, start, listed=listed, mark=mark)
        return sending


def resume_at(size: int, there: int, acknowledged: int, channels: int = 1) -> int:
    """The byte at which a cut upload of a file of `size` bytes may go on, `there` bytes of it being listed and at least
    `acknowledged` of them acknowledged, when it never went through more than so many channels: all before it has arrived."""
    if there > size:
        return 0
    sure = there - back_off(channels)
    return max(0, sure, acknowledged if acknowledged <= there else 0)


def _samples(upto: int) -> list[tuple[int, int]]:
    """(offset, length) of what is compared of the first `upto` bytes: all of few, else the head, the tail and samples."""
    tail = max(0, upto - SAMPLES * SAMPLE)
    starts = {*range(tail, upto, SAMPLE), 0, *(tail * n // SAMPLES for n in range(SAMPLES))}
    return [(at, min(SAMPLE, upto - at)) for at in sorted(starts) if at < upto]
