"""What the fetch tests stand on: a workspace with one account, OCLC's folders of it to put files into, and a real SFTP
server that misbehaves where the rehearsal's does not (names that no disk holds, files that grow while they are read)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import os
import stat
import threading
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import orjson

from oclc_console.cli.rehearsal import accounts_of
from oclc_console.operations.fetch import fetch
from oclc_console.rehearsal.folder import Rehearsal, prepare_rehearsal
from oclc_console.store.events import Ended
from oclc_console.workspace import Workspace
from tests.operations.stage import carry_out, workspace_in

TOML = """
[institution]
name = "Example University Library"
[symbols.ZAA]
[[symbols.ZAA.streams]]
name = "All"
collection = "1000001"
[symbols.ZBB]
[[symbols.ZBB.streams]]
name = "Cancels"
collection = "1000002"
kind = "delete"
[symbols.ZOLD]
disposition = "retiring"
successor = "ZAA"
"""
ORIGINAL = "1000001.zaa.all.20201103.001.mrc"
EPOCH = 1604391120123  # 2020-11-03T08:12:00.123Z


def quiet_workspace(folder: Path) -> Workspace:
    """A workspace with a rehearsal that is prepared and has nothing to do."""
    workspace = workspace_in(folder, TOML)
    prepare_rehearsal(workspace.rehearsal, accounts=accounts_of(workspace.settings), seed=1)
    return workspace


def at_oclc(workspace: Workspace, folder: str = "reports", account: str = "fx_zaa") -> Path:
    """One of the account's folders at OCLC: `reports`, `out/ongoing/updates`."""
    return workspace.rehearsal / "accounts" / account / "xfer/metacoll" / folder


def name_of(
    word: str = "BibProcessingReport", *, time: str = "031200123", original: str = ORIGINAL, symbol: str = "ZAA"
) -> str:
    """A report's name as OCLC writes it."""
    return f"{symbol}-{symbol}.{original[:7]}.IN.BIB.D20201103.T{time}.{original}.{word}.txt"


def rows(count: int, epoch: int = EPOCH, symbol: str = "ZAA") -> bytes:
    """A processing report of so many rows."""
    return "".join(f"{symbol}_1000001_{epoch}::bib::{n * 100}|99{n:010d}9999|{n}|{n}|match\n"
                   for n in range(1, count + 1)).encode()


def zipped(inner: str, content: bytes) -> bytes:
    """A zip archive that holds one file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(inner, (2020, 11, 10, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def fetch_once(workspace: Workspace, symbol: str = "ZAA") -> tuple[dict[str, Any], int]:
    """Fetches to the end: the result, and the exit code."""
    result, events = carry_out(workspace, fetch(workspace, symbol))
    end = events[-1]
    assert isinstance(end, Ended)
    return result, end.exit_code


def named(items: list[dict[str, Any]]) -> list[str]:
    """The names of a part of a result."""
    return [item["name"] for item in items]


Hook = Callable[[Path], None]


class _Odd(asyncssh.SFTPServer):  # type: ignore[misc]
    """Lists names that no disk holds beside the real ones, and lets somebody act when a folder is listed or a file opened."""

    def __init__(self, channel: Any, rehearsal: Rehearsal, names: dict[bytes, int], opening: Hook, listing: Hook) -> None:
        self._root = rehearsal.root(str(channel.get_extra_info("username")))
        self._names, self._opening, self._listing, self._channel = names, opening, listing, channel
        super().__init__(channel, chroot=os.fsencode(self._root))

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        self._listing(self._root / os.fsdecode(path).lstrip("/"))
        async for entry in super().scandir(path):
            yield entry
        if path.endswith(b"reports"):
            for name, size in self._names.items():
                yield asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(size=size, permissions=stat.S_IFREG | 0o644))

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        try:
            self._opening(self._root / os.fsdecode(path).lstrip("/"))
        except ConnectionResetError:
            self._channel.get_connection().abort()
            raise
        return super().open(path, pflags, attrs)


class _Login(asyncssh.SSHServer):  # type: ignore[misc]
    """Remembers who is connected."""

    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)


@contextlib.contextmanager
def odd_oclc(workspace: Workspace, names: dict[bytes, int] | None = None, opening: Hook = lambda path: None,
             listing: Hook = lambda path: None) -> Iterator[None]:
    """A server in place of the rehearsal's (and, for the command itself, of OCLC's) while the block lasts. `names`, with
    sizes, are listed beside the reports; `opening` is called with a file that is being opened (it may raise
    ConnectionResetError: the link dies), `listing` with a folder."""
    rehearsal = prepare_rehearsal(workspace.rehearsal, accounts=accounts_of(workspace.settings), seed=1)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stopping = asyncio.Event()
    port: list[int] = []
    connections: list[asyncssh.SSHServerConnection] = []
    toml = workspace.root / "console.toml"
    before = toml.read_text()

    async def serve() -> None:
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=lambda: _Login(connections), encoding=None,
            server_host_keys=[str(rehearsal.host_key)],
            authorized_client_keys=str(rehearsal.client_key.with_suffix(".pub")),
            sftp_factory=lambda channel: _Odd(channel, rehearsal, names or {}, opening, listing))
        port.append(server.get_port())
        ready.set()
        await stopping.wait()
        server.close()
        for connection in connections:  # whatever is left behind would be told of by the garbage collector, in another test
            connection.abort()
        await asyncio.gather(server.wait_closed(), *(connection.wait_closed() for connection in connections))
        left = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*left, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(30)
    try:
        kind, key = rehearsal.host_key.with_suffix(".pub").read_text().split()[:2]
        (workspace.rehearsal / "server.json").write_bytes(orjson.dumps({"host": "127.0.0.1", "port": port[0]}))
        workspace.known_hosts.write_text(f"[127.0.0.1]:{port[0]} {kind} {key}\n")
        toml.write_text(f'{before}[exchange]\nhost = "127.0.0.1"\nport = {port[0]}\nkey = "{rehearsal.client_key}"\n')
        yield
    finally:
        toml.write_text(before)
        loop.call_soon_threadsafe(stopping.set)
        thread.join()
        loop.close()
        gc.collect()
        (workspace.rehearsal / "server.json").unlink()
