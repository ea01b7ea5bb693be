"""The stand-in OCLC's SFTP server (asyncssh, so that it shares no code with our paramiko client): loopback only, key login
only, one account a symbol. The moment a client closes an upload the file is gone from the listing. Run as a process of its
own: `python -m oclc_console.rehearsal.server FOLDER [--port N] [--parent PID] [--idle SECONDS]`."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncssh
import orjson
from asyncssh.sftp import FXF_WRITE, SFTPServerHandler
from asyncssh.stream import SSHServerStreamSession

from oclc_console import clock, files
from oclc_console.errors import ConsoleError, HereError, from_os_error
from oclc_console.rehearsal import folder as places
from oclc_console.rehearsal.jobs import Journal, Taken
from oclc_console.rehearsal.mishaps import TORN, Trouble
from oclc_console.rehearsal.office import Office
from oclc_console.rehearsal.starting import HOST, SERVER_FILE, SERVER_LOCK, is_alive

LONGEST_NAME = 150  # bytes; a report's name holds the file's name and some 90 bytes more
_LOOK_EVERY = 0.1
_TRY_AGAIN_AFTER = 1.0
_MID_FILE = ("drop", "drop-taken", "freeze", "disk-full")
_log = logging.getLogger("rehearsal")


class _State:
    """What a running server knows: how many connections are open, since when none is, and whether it shall end."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self.journal, self.trouble = folder, journal, Trouble(folder)
        self.connections = 0
        self.quiet_since = time.monotonic()
        self.stopping = asyncio.Event()

    def happens(self, fault: str, file: str = "") -> bool:
        """Whether this mishap happens now, to this file."""
        behaviour = places.load(self.folder).behaviour
        return self.trouble.happens(fault, behaviour.fault, behaviour.fault_times, file)


class _Login(asyncssh.SSHServer):  # type: ignore[misc]
    """Lets in whoever holds the rehearsal's key, under the name of one of its accounts."""

    def __init__(self, state: _State) -> None:
        self.state = state

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.state.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.state.connections -= 1
        self.state.quiet_since = time.monotonic()

    def session_requested(self) -> _Channel:
        return _Channel(self.state)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        rehearsal = places.load(self.state.folder)
        if rehearsal.behaviour.refuse_login or rehearsal.account(username) is None:
            return False
        if self.state.happens("refuse-login"):
            return False
        expected = asyncssh.read_public_key(rehearsal.client_key.with_suffix(".pub"))
        return bool(key.public_data == expected.public_data)


class _Files(asyncssh.SFTPServer):  # type: ignore[misc]
    """One account's files. An upload that is closed is taken; one whose link died is kept or taken as the settings say."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], state: _State) -> None:
        self.login = str(channel.get_extra_info("username"))
        self.rehearsal = places.load(state.folder)
        self.state = state
        self.link_died = False
        self.full = False  # this session has met a full disk: it stays full
        self.stuck = False  # nothing more of what is under way is written
        self.opened = 0
        root = self.rehearsal.root(self.login)
        self.inbox = Path(os.path.realpath(root)) / places.IN_BIB
        super().__init__(channel, chroot=os.fsencode(root))

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        if len(path.rpartition(b"/")[2]) > LONGEST_NAME:
            raise OSError(errno.ENAMETOOLONG, f"The name has more than {LONGEST_NAME} bytes")
        if not pflags & FXF_WRITE:
            return super().open(path, pflags, attrs)
        name = os.fsdecode(path.rpartition(b"/")[2])
        self.opened += 1
        if self.state.happens("read-only", name):
            raise PermissionError(errno.EACCES, "Permission denied")
        if self.opened > 1 and self.state.happens("end-channel", name):
            self.channel.close()
            await self._never()
        opened = super().open(path, pflags, attrs)
        if self.state.happens("drop-at-open", name):
            opened.close()
            await self._drop()
        return opened

    async def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        """Writes, unless something goes wrong here: it then has so many bytes of the file, and no more."""
        if self.stuck:
            await self._never()
        behaviour, name = self.rehearsal.behaviour, Path(os.fsdecode(file_obj.name)).name
        if behaviour.fault == "slow":
            await asyncio.sleep(len(data) / max(behaviour.fault_bytes * 16, 1))
        room = behaviour.fault_bytes - offset
        if behaviour.fault in _MID_FILE and len(data) >= room and (self.full or self.state.happens(behaviour.fault, name)):
            super().write(file_obj, offset, data[: max(room, 0)])
            if behaviour.fault == "disk-full":
                self.full = True
                raise OSError(errno.ENOSPC, "No space left on device")
            file_obj.flush()
            self.stuck = True
            if behaviour.fault == "freeze":
                await self._never()
            await self._drop()
        return int(super().write(file_obj, offset, data))

    async def close(self, file_obj: Any) -> None:
        path, written = Path(os.fsdecode(file_obj.name)), file_obj.writable()
        ours = written and path.parent == self.inbox
        if ours and not self.link_died and self.state.happens("drop-at-close", path.name):
            file_obj.close()
            await self._drop()
        super().close(file_obj)
        if not ours or not path.exists():
            return
        if not self.link_died and self.state.happens("close-fails", path.name):
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        if self.link_died and TORN.get(self.rehearsal.behaviour.fault, self.rehearsal.behaviour.torn) == "keep":
            return
        self.state.journal.take(path, self.login)
        if not self.link_died and self.state.happens("reply-lost", path.name):
            await self._drop()

    async def _drop(self) -> None:
        """Cuts the link; whoever asked gets no answer any more."""
        self.channel.get_connection().abort()
        await self._never()

    async def _never(self) -> None:
        """No answer, for as long as the link stands: it is the end of this request that lets the files of a dead link be
        closed."""
        await self.channel.get_connection().wait_closed()
        raise ConnectionResetError


class _Session(SFTPServerHandler):  # type: ignore[misc]
    """asyncssh closes the handles of a dead link by the same call as a client does; this tells the two apart."""

    async def _cleanup(self, exc: Exception | None) -> None:
        if isinstance(self._server, _Files):
            self._server.link_died = True
        await super()._cleanup(exc)


class _Channel(SSHServerStreamSession):  # type: ignore[misc]
    """One channel of a connection: file exchange and nothing else (no shell, no commands)."""

    def __init__(self, state: _State) -> None:
        super().__init__(None)
        self.state = state

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp" and not self.state.happens("no-sftp")

    def session_started(self) -> None:
        self._chan.set_encoding(None)
        self._encoding = None
        reader, writer = asyncssh.SSHReader(self, self._chan), asyncssh.SSHWriter(self, self._chan)
        self._conn.create_task(_Session(_Files(self._chan, self.state), reader, writer, 3).run(), reader.logger)


def serve(folder: Path, *, port: int = 0, parent: int | None = None, idle_seconds: float = 60) -> None:
    """Runs the stand-in OCLC of `folder` in the foreground until SIGTERM, or until the process `parent` is gone (or there is
    none) and nobody has been connected for `idle_seconds` and no file waits. Says where it listens in server.json. Raises
    HereError when it runs already or the port is taken."""
    with files.locked(folder / SERVER_LOCK, doing="serving this rehearsal", wait_seconds=2):
        journal = Journal(folder)
        try:
            asyncio.run(_serve(folder, journal, port, parent, idle_seconds))
        except OSError as error:
            raise from_os_error(error, f"serving the rehearsal on {HOST}:{port}") from error
        finally:
            (folder / SERVER_FILE).unlink(missing_ok=True)
            journal.close()


async def _serve(folder: Path, journal: Journal, port: int, parent: int | None, idle_seconds: float) -> None:
    rehearsal = places.load(folder)
    state = _State(folder, journal)
    _end_on_sigterm(state)
    shown: Any = str(rehearsal.host_key)
    if state.happens("host-key-changed"):
        shown = asyncssh.generate_private_key("ssh-ed25519")
    acceptor = await asyncssh.listen(
        HOST, port, server_factory=lambda: _Login(state), server_host_keys=[shown],
        encoding=None, allow_pty=False, agent_forwarding=False, x11_forwarding=False,
        login_timeout=rehearsal.behaviour.login_seconds, keepalive_interval=15,
    )
    public = rehearsal.host_key.with_suffix(".pub").read_text().split()
    listening = {"host": HOST, "port": acceptor.get_port(), "pid": os.getpid(), "host_key": " ".join(public[:2]),
                 "started": clock.iso(clock.now())}
    files.replace_file(folder / SERVER_FILE, orjson.dumps(listening))
    try:
        with ThreadPoolExecutor(1, "office") as pool:
            await _work(state, pool, parent, idle_seconds)
    finally:
        (folder / SERVER_FILE).unlink(missing_ok=True)
        acceptor.close()
        await acceptor.wait_closed()


def _end_on_sigterm(state: _State) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if os.name == "nt":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(state.stopping.set))
        else:
            loop.add_signal_handler(number, state.stopping.set)


async def _work(state: _State, pool: ThreadPoolExecutor, parent: int | None, idle_seconds: float) -> None:
    """Works off what is due, in the order it came, until the server shall end."""
    loop = asyncio.get_running_loop()
    office = Office(state.folder, state.journal)
    not_before = 0.0
    while not state.stopping.is_set():
        state.journal.asked_again()
        due = _next_due(state) if time.monotonic() >= not_before else None
        if due is not None:
            try:
                await loop.run_in_executor(pool, office.work_through, due)
            except (OSError, HereError):
                _log.exception("%s waits: it could not be worked through", due.name)
                not_before = time.monotonic() + _TRY_AGAIN_AFTER
            continue
        if _may_end(state, parent, idle_seconds):
            return
        await asyncio.sleep(_LOOK_EVERY)


def _next_due(state: _State) -> Taken | None:
    if not state.journal.waiting:
        return None
    behaviour, now = places.load(state.folder).behaviour, clock.now().timestamp()
    held = _held_back(state)
    return next((taken for taken in state.journal.waiting
                 if taken.received / 1000 + behaviour.turn_around_seconds + (behaviour.fault_seconds if taken in held else 0)
                 <= now), None)


def _held_back(state: _State) -> list[Taken]:
    """The taken files whose reports come late on purpose: the first of all."""
    behaviour = places.load(state.folder).behaviour
    return state.journal.everything[: behaviour.fault_times] if behaviour.fault == "report-late" else []


def _may_end(state: _State, parent: int | None, idle_seconds: float) -> bool:
    held = _held_back(state) if state.journal.waiting else []
    if any(taken not in held for taken in state.journal.waiting):
        return False  # a report that is late on purpose is not waited for
    if state.connections or (parent is not None and is_alive(parent)):
        return False
    return time.monotonic() - state.quiet_since >= idle_seconds


def main(arguments: list[str] | None = None) -> int:
    """The process: serves until its end; says on stderr why it can't."""
    parser = argparse.ArgumentParser(prog="python -m oclc_console.rehearsal.server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent", type=int, default=None)
    parser.add_argument("--idle", type=float, default=60)
    asked = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        serve(asked.folder, port=asked.port, parent=asked.parent, idle_seconds=asked.idle)
    except ConsoleError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
