"""One SFTP connection to OCLC's file exchange: connect with a pinned host key, list, send a file so that every byte is
acknowledged, fetch a file. Every fault becomes a sentence. Not for deciding what to send or what a lost link means for a
file (operations/upload.py).

Why not paramiko's put(): with confirm=True it looks for the file after closing it, which fails at OCLC because the file is
taken at once; with confirm=False it reads no write status for small files and ignores a failed close, so a truncated file
counts as sent (measured with paramiko 5.1). Here every write's status is read, the size is asked on the open handle, and
the close's own status counts.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import paramiko
from paramiko.sftp import CMD_CLOSE, CMD_NAME, CMD_OPENDIR, CMD_READDIR, CMD_WRITE, int64

from oclc_console.errors import HereError, OtherSideError, SettingsError

DEPTH = 64  # writes under way at once; more gains nothing against the server's 2 MiB window
CONNECT_SECONDS = 15.0
STALL_SECONDS = 30.0


@dataclass(frozen=True)
class Address:
    """Where to connect and as whom. `auth` is key (the file `key`) or agent."""

    host: str
    port: int
    account: str
    auth: str
    key: Path


@dataclass(frozen=True)
class Entry:
    """A file in a listing; size in bytes, `modified` in epoch seconds where the server says."""

    name: str
    size: int
    modified: float | None


class UnknownHostKey(OtherSideError):
    """The server's key is not pinned yet (or another one is): nobody may go on before a person has compared it."""

    def __init__(self, host: str, line: str, fingerprint: str) -> None:
        self.line, self.fingerprint = line, fingerprint
        super().__init__(f"its host key {fingerprint} is not pinned", where=host,
                         then="Compare it with what OCLC tells you, then pin it with: oclc-console check "
                              f"--host-key {fingerprint}")


class Stopped(Exception):
    """The person asked to stop; the file in hand was left unclosed, so the server must not take it for complete."""


class SendFailed(OtherSideError):
    """A file did not go through. `stage` is opening, writing or closing; `acknowledged` in bytes; `server_said` is true
    when the server itself refused, false when the link failed."""

    def __init__(self, what: str, where: str, stage: str, acknowledged: int, server_said: bool) -> None:
        self.stage, self.acknowledged, self.server_said = stage, acknowledged, server_said
        super().__init__(what, where=where)


def fingerprint(key: paramiko.PKey) -> str:
    """`SHA256:...` as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def host_in_known_hosts(host: str, port: int) -> str:
    """How a host stands in known_hosts: `[host]:port` where the port is not 22."""
    return host if port == 22 else f"[{host}]:{port}"


class _Transport(paramiko.Transport):  # type: ignore[misc]
    """AES-GCM first: it needs no separate MAC, which saves a quarter of the client's work."""

    _preferred_ciphers = (
        "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
        *(name for name in paramiko.Transport._preferred_ciphers if name.endswith("-ctr")),
    )


class _NeverAccept(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        line = f"{hostname} {key.get_name()} {key.get_base64()}"
        raise UnknownHostKey(hostname, line, fingerprint(key))


class _Watch:
    """Closes the transport when nothing has moved for `seconds`: frees a thread stuck anywhere in paramiko at once."""

    def __init__(self, transport: paramiko.Transport, seconds: float) -> None:
        self._transport, self._seconds = transport, seconds
        self._done = threading.Event()
        self._last = time.monotonic()
        self.fired = False

    def tick(self) -> None:
        self._last = time.monotonic()

    def __enter__(self) -> _Watch:
        self.tick()
        threading.Thread(target=self._loop, name="stall watch", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _loop(self) -> None:
        while not self._done.wait(0.25):
            if time.monotonic() - self._last > self._seconds:
                self.fired = True
                self._transport.close()
                return


def connect(address: Address, known_hosts: Path, *, seconds: float = CONNECT_SECONDS,
            stall: float = STALL_SECONDS) -> Link:
    """A connection, logged in, with SFTP started. Raises UnknownHostKey, OtherSideError, HereError or SettingsError."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_NeverAccept())
    _load_pins(client, known_hosts)
    where = f"{address.host}:{address.port}"
    plug = _plug(address, seconds, stall)
    try:
        client.connect(
            address.host, address.port, address.account, sock=plug, pkey=_key(address), timeout=seconds,
            banner_timeout=seconds, auth_timeout=seconds, channel_timeout=seconds, allow_agent=address.auth == "agent",
            look_for_keys=False, transport_factory=_Transport,
        )
        transport = client.get_transport()
        assert transport is not None
        transport.set_keepalive(15)
        with _Watch(transport, seconds):  # starting the subsystem has no time-out of its own
            sftp = client.open_sftp()
        sftp.get_channel().settimeout(stall)
        return Link(client, sftp, transport, where, stall)
    except BaseException as error:
        client.close()
        plug.close()
        if isinstance(error, paramiko.SSHException | OSError | EOFError | paramiko.SFTPError):
            raise in_words(error, where, address.account) from error
        raise


def _plug(address: Address, seconds: float, stall: float) -> socket.socket:
    where = f"{address.host}:{address.port}"
    try:
        plug = socket.create_connection((address.host, address.port), timeout=seconds)
    except OSError as error:
        raise in_words(error, where, address.account) from error
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall * 1000))
    return plug


def _load_pins(client: paramiko.SSHClient, known_hosts: Path) -> None:
    if not known_hosts.exists():
        return
    try:
        client.load_host_keys(str(known_hosts))
    except (paramiko.hostkeys.InvalidHostKey, OSError, ValueError) as error:
        raise SettingsError(f"a line in it can't be read ({error})", where=str(known_hosts),
                            then="Delete that line, then pin the host key again with: oclc-console check") from None


def _key(address: Address) -> paramiko.PKey | None:
    if address.auth == "agent":
        return None
    path = address.key.expanduser()
    try:
        return paramiko.PKey.from_path(path)
    except FileNotFoundError:
        raise SettingsError("there is no private key", where=str(path),
                            then="Name the key file in console.toml, exchange.key, or use auth = \"agent\".") from None
    except paramiko.PasswordRequiredException:
        raise SettingsError("the private key has a passphrase", where=str(path),
                            then="Load it into ssh-agent and set auth = \"agent\" in console.toml.") from None
    except (paramiko.SSHException, ValueError, OSError) as error:
        raise SettingsError(f"this is no private key we can use ({type(error).__name__})", where=str(path),
                            then="It must be an OpenSSH private key (not the .pub).") from None


def in_words(error: BaseException, where: str, account: str) -> OtherSideError:
    """What a paramiko, socket or SFTP error means for the operator."""
    again = "Run the same command again; nothing is sent twice."
    if isinstance(error, OtherSideError):
        return error
    if isinstance(error, paramiko.BadHostKeyException):
        return OtherSideError(
            f"THE HOST KEY HAS CHANGED: the server shows {fingerprint(error.key)}, pinned is "
            f"{fingerprint(error.expected_key)}", where=where,
            then="Somebody may be in between, or OCLC has a new key: ask OCLC before you change known_hosts.")
    if isinstance(error, paramiko.AuthenticationException) and "timeout" not in str(error).lower():
        return OtherSideError(f"it does not let {account} in with this key", where=where,
                              then="Check the account in console.toml, and that the public key stands in OCLC's "
                                   ".ssh/authorized_keys.")
    if isinstance(error, socket.gaierror):
        return OtherSideError("there is no such host, or no network", where=where,
                              then="Check exchange.host in console.toml and the network.")
    if isinstance(error, TimeoutError) or "timeout" in str(error).lower():
        return OtherSideError("it did not answer in time", where=where, then=again)
    if isinstance(error, ConnectionRefusedError | paramiko.ssh_exception.NoValidConnectionsError):
        return OtherSideError("it refuses connections", where=where, then=again)
    if isinstance(error, PermissionError):
        return OtherSideError("it says permission denied", where=where,
                              then=f"Ask OCLC whether {account} may write there.")
    if isinstance(error, FileNotFoundError):
        return OtherSideError("it says there is no such folder or file", where=where,
                              then="Check upload_folder and reports_folder in console.toml.")
    said = str(error) or type(error).__name__
    if isinstance(error, EOFError) or "closed" in said.lower() or "dropped" in said.lower() or "banner" in said.lower():
        return OtherSideError(f"the connection was lost ({said})", where=where, then=again)
    return OtherSideError(f"it answered: {said}", where=where, then=again)


class Link:
    """A standing connection. Not for two threads at once."""

    def __init__(self, client: paramiko.SSHClient, sftp: paramiko.SFTPClient, transport: paramiko.Transport,
                 where: str, stall: float = STALL_SECONDS) -> None:
        self._client, self._sftp, self._transport, self._where = client, sftp, transport, where
        self.stall_seconds = stall
        self.host_key = fingerprint(transport.get_remote_server_key())

    def __enter__(self) -> Link:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; a file still open dies with it and is not closed by us."""
        self._client.close()

    def listing(self, folder: str) -> list[Entry]:
        """The files of a folder, by name. Raises OtherSideError."""
        try:
            with _Watch(self._transport, self.stall_seconds):
                found = list(self._read_folder(folder))
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            raise in_words(error, f"{self._where} {folder}", "this account") from error
        return sorted(found, key=lambda entry: entry.name)

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
            with _Watch(self._transport, self.stall_seconds) as watch:
                def moved(done: int, _total: int) -> None:
                    watch.tick()
                    progress(done)

                size: int = self._sftp.getfo(remote, target, callback=moved)
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            if isinstance(error, OSError) and error.errno == 28:
                raise  # our own disk is full
            raise in_words(error, f"{self._where} {remote}", "this account") from error
        return size

    def begin(self, local: Path, remote: str, progress: Callable[[int], None], stop: threading.Event) -> Sending:
        """Opens the remote file for sending `local`. Raises SendFailed, in which case this connection is gone."""
        sending = Sending(self, f"{self._where} {remote}", progress, stop)
        sending.open(local, remote)
        return sending


class Sending:
    """One file on its way: `open`, `write_all`, `close`, each returning only when the server has confirmed it. Whatever
    fails closes the connection and never the handle: a closed handle would tell the server that the file is complete."""

    def __init__(self, link: Link, where: str, progress: Callable[[int], None], stop: threading.Event) -> None:
        self._link, self._sftp, self._transport = link, link._sftp, link._transport
        self._where, self._progress, self._stop = where, progress, stop
        self._pending: deque[tuple[int, int]] = deque()
        self._handle = b""
        self.acknowledged = 0

    @contextlib.contextmanager
    def _at(self, stage: str) -> Iterator[_Watch]:
        """Turns whatever goes wrong at this stage into SendFailed."""
        try:
            with _Watch(self._transport, self._link.stall_seconds) as watch:
                yield watch
        except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
            said = self._transport.is_active() and not isinstance(error, EOFError | TimeoutError)
            self._link.close()
            words = f"nothing moved for {self._link.stall_seconds:.0f} s" if watch.fired else in_words(error, self._where, "it").what
            raise SendFailed(words, self._where, stage, self.acknowledged, said) from error
        except BaseException:
            self._link.close()
            raise

    def open(self, local: Path, remote: str) -> None:
        """Opens both ends. Raises SendFailed or OSError for the local file."""
        self._local = open(local, "rb", buffering=0)  # noqa: SIM115  closed by write_all
        with self._at("opening"):
            self._file = self._sftp.open(remote, "wb")
        self._handle = self._file.handle
        self._file._closed = True  # closing is ours alone: paramiko's own close hides a failed one, and runs on errors

    def write_all(self) -> None:
        """Sends every byte and returns when each was acknowledged and the server has the whole size. Raises SendFailed,
        Stopped, or HereError when the local file changes meanwhile."""
        with self._local as source, self._at("writing") as watch:
            size = os.fstat(source.fileno()).st_size
            # one WRITE that fits one SSH packet: a tiny second packet would wait for the first one's acknowledgement
            chunk = min(32768, self._sftp.get_channel().out_max_packet_size - 64 - 25 - len(self._handle))
            position = 0
            while data := source.read(chunk):
                if self._stop.is_set():
                    raise Stopped
                request = self._sftp._async_request(type(None), CMD_WRITE, self._handle, int64(position), data)
                self._pending.append((request, len(data)))
                position += len(data)
                if len(self._pending) >= DEPTH:
                    self._settle(watch)
            while self._pending:
                self._settle(watch)
            if position != size:
                raise HereError(f"the file changed while it was being sent ({position:,} bytes read of {size:,})",
                                where=str(source.name), then="Prepare it again.")
            self._compare(size)

    def _settle(self, watch: _Watch) -> None:
        request, length = self._pending.popleft()
        self._sftp._read_response(request)  # raises on any error status
        self.acknowledged += length
        watch.tick()
        self._progress(self.acknowledged)

    def _compare(self, size: int) -> None:
        """Asks the size on the open handle: that works although the server takes the file once it is closed."""
        there = self._file.stat().st_size
        if there is not None and there != size:
            raise SendFailed(f"the server has {there:,} of {size:,} bytes", self._where, "writing", self.acknowledged, True)

    def close(self) -> None:
        """Closes the file; its status counts. Raises SendFailed."""
        with self._at("closing"):
            self._sftp._request(CMD_CLOSE, self._handle)
